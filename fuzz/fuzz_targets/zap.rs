//! Answers of an authenticator: only one of seven parts that says what it must is an answer, and the first flaw is told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq_fuzz::input::Input;
use zincmq_fuzz::model;
use zmtp::zap::{Answer, Circumstances, answer, question};
use zmtp::{Error, Verdict, ZapFault, ZapRequest};

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let mut parts: Vec<&[u8]> = match input.byte() {
        // Most answers get far.
        0x80.. => vec![b"", b"1.0", b"1"],
        _ => Vec::new(),
    };
    while !input.is_over() && parts.len() < 10 {
        parts.push(input.text());
    }
    assert_eq!(answer(&parts), expected(&parts));
    ask(&parts);
});

fn expected(parts: &[&[u8]]) -> Result<Answer, Error> {
    let unless = |flaw, fault| if flaw { Err(Error::Zap(fault)) } else { Ok(()) };
    unless(parts.len() != 7, ZapFault::Parts)?;
    unless(!parts[0].is_empty(), ZapFault::Delimiter)?;
    unless(parts[1] != b"1.0", ZapFault::Version)?;
    unless(parts[2] != b"1", ZapFault::RequestId)?;
    let verdicts =
        [Verdict::Success, Verdict::TemporaryError, Verdict::AuthenticationFailure, Verdict::InternalError];
    let verdict = verdicts.into_iter().find(|verdict| verdict.status().to_string().as_bytes() == parts[3]);
    let verdict = verdict.ok_or(Error::Zap(ZapFault::Status))?;
    let told = model::properties(parts[6]).ok_or(Error::Zap(ZapFault::Metadata))?;
    let user = ("User-Id".to_owned(), parts[5].to_vec());
    Ok(Answer { verdict, properties: [vec![user], told].concat() })
}

/// A question has its parts in their order, whatever they hold.
fn ask(parts: &[&[u8]]) {
    let text = |at: usize| parts.get(at).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or_default();
    let credentials: Vec<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
    let request = ZapRequest { mechanism: "PLAIN", credentials: &credentials };
    let about = Circumstances { domain: text(4), address: text(5), routing_id: text(6).as_bytes() };
    let asked = question(&request, about);
    let fixed: [&[u8]; 7] =
        [b"", b"1.0", b"1", text(4).as_bytes(), text(5).as_bytes(), text(6).as_bytes(), b"PLAIN"];
    assert_eq!((&asked[..7], &asked[7..]), (&fixed[..], parts));
}
