//! The opening with CURVE, on both sides: a side opens exactly if the commands of a true peer came, none changed, and
//! asks about the key of that peer alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq_fuzz::conversation::{Party, talk};
use zincmq_fuzz::feed::{self, Side};
use zincmq_fuzz::input::Input;
use zincmq_fuzz::{model, parties};
use zmtp::{Cipher, Error, Flags, OVERHEAD, Verdict};

/// The padding of a HELLO, which nobody looks at.
const PADDING: std::ops::Range<usize> = 8..80;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let choice = input.byte();
    if choice & 1 == 0 {
        strange(choice, input);
    } else {
        between(choice, input);
    }
});

/// A peer without keys, which says what the input says: nobody is let in, and no authenticator asked.
fn strange(choice: u8, mut input: Input<'_>) {
    let local = if choice & 2 == 0 {
        parties::local(parties::curve_client(), Some(b"me"))
    } else {
        parties::local(parties::curve_server(choice & 4 != 0), None)
    };
    let cuts = input.text();
    let bytes = [&feed::greeting("CURVE")[..], input.rest()].concat();
    let outcome = feed::outcome(&local, Verdict::Success, &bytes, cuts);
    assert!(!matches!(outcome.result, Ok(Some(_))), "opened without keys");
    assert!(outcome.told.is_empty(), "asked about a peer without keys");
}

/// Two true peers, and the input between them.
fn between(choice: u8, mut input: Input<'_>) {
    parties::reset(true);
    let (zap, verdict) = (choice & 2 != 0, feed::verdict(choice >> 2));
    let client = parties::local(parties::curve_client(), Some(b"me"));
    let server = parties::local(parties::curve_server(zap), None);
    let mut client = Party::new(Side::new(client, Verdict::Success));
    let mut server = Party::new(Side::new(server, verdict));
    talk(&mut client, &mut server, &mut input);

    check(&client, Ok(()));
    let letting_in = !zap || verdict == Verdict::Success;
    check(&server, if letting_in { Ok(()) } else { Err(verdict) });
    let asked = zap && came(&server);
    let key = parties::keys().0.public.as_bytes().to_vec();
    assert_eq!(server.side.outcome.told, Vec::from_iter(asked.then(|| ("CURVE", vec![key]))));
    if let Ok(Some(peer)) = &server.side.outcome.result {
        assert_eq!(peer.routing_id.as_deref(), Some(&b"me"[..]), "properties that the client did not say");
    }
    if let (Some(client), Some(server)) = (&mut client.side.cipher, &mut server.side.cipher) {
        carry(client, server);
        carry(server, client);
    }
}

/// Whether both commands of the true peer came, as the first ones, and none changed but in its padding.
fn came(party: &Party) -> bool {
    let bare = |body: &[u8]| {
        let mut body = body.to_vec();
        if body.starts_with(b"\x05HELLO") && body.len() >= PADDING.end {
            body[PADDING].fill(0);
        }
        body
    };
    let heard: Vec<_> = model::bodies(&party.heard).into_iter().take(2).map(bare).collect();
    let meant: Vec<_> = party.meant.iter().take(2).map(|body| bare(body)).collect();
    let refused = meant.last().is_some_and(|body| body.starts_with(b"\x05ERROR"));
    heard.len() == 2 && heard == meant && !refused
}

fn check(party: &Party, allowed: Result<(), Verdict>) {
    let outcome = &party.side.outcome;
    match (&outcome.result, came(party)) {
        (Ok(Some(_)), true) => assert_eq!(allowed, Ok(()), "let in against the verdict"),
        (Ok(Some(_)), false) => panic!("opened, and not by its peer"),
        (Err(Error::Denied { status }), true) => assert_eq!(allowed.map_err(Verdict::status), Err(*status)),
        (result, true) => panic!("the peer's own commands came, and led to {result:?}"),
        (_, false) => {}
    }
}

/// Both have the same keys.
fn carry(from: &mut Cipher, to: &mut Cipher) {
    let mut wire = Vec::new();
    from.sealer.append(&mut wire, Flags::MORE, b"hello");
    from.sealer.seal(&mut wire, usize::MAX).unwrap();
    let header = wire.len() - OVERHEAD - 5;
    to.opener.open([&mut wire[header..]]).unwrap();
    assert_eq!(
        (zmtp::sealed_flags(&wire[header..]), &wire[header + OVERHEAD..]),
        (Flags::MORE, &b"hello"[..])
    );
}
