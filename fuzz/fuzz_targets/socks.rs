//! The answers of a SOCKS5 proxy: the same end as a little parser's, the same bytes said, and none of the peer's taken, however
//! the stream is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use zincmq::fuzzing::{Proxied, through_proxy};
use zincmq_fuzz::input::Input;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let choice = input.byte();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (user, password) = (text(input.text()), text(input.text()));
    let login = (choice & 1 == 1).then_some((user.as_str(), password.as_str()));
    let name = text(input.text());
    let port = input.word() as u16;
    let destination = match choice >> 1 & 3 {
        0 => Ok(SocketAddr::from(([1, 2, 3, 4], port))),
        1 => Ok(SocketAddr::from(([1, 2, 3, 4, 5, 6, 7, 8], port))),
        _ => Err((name.as_str(), port)),
    };
    let cuts: Vec<usize> = input.text().iter().copied().chain([1]).map(usize::from).collect();
    let bytes = input.rest();
    let expected = expected(destination, login, bytes);
    for pieces in [&[usize::MAX][..], &[1], &cuts] {
        let mut found = through_proxy(destination, login, bytes, pieces);
        // The message of an error names what the proxy sent; that is for the tests of the client.
        found.connected = found.connected.map_err(|error| {
            assert!(!error.is_empty());
            String::new()
        });
        assert_eq!(found, expected, "in pieces of {pieces:?}");
    }
});

fn counted(text: &str) -> Vec<u8> {
    let kept: Vec<u8> = text.bytes().take(255).collect();
    [vec![kept.len() as u8], kept].concat()
}

fn request(destination: Result<SocketAddr, (&str, u16)>) -> Vec<u8> {
    let (kind, place, port) = match destination {
        Ok(SocketAddr::V4(address)) => (1, address.ip().octets().to_vec(), address.port()),
        Ok(SocketAddr::V6(address)) => (4, address.ip().octets().to_vec(), address.port()),
        Err((name, port)) => (3, counted(name), port),
    };
    [&[5, 1, 0, kind][..], &place, &port.to_be_bytes()].concat()
}

/// The end that RFC 1928 and RFC 1929 ask for.
fn expected(
    destination: Result<SocketAddr, (&str, u16)>,
    login: Option<(&str, &str)>,
    bytes: &[u8],
) -> Proxied {
    let method = if login.is_some() { 2 } else { 0 };
    let mut said = vec![5, 1, method];
    let fails = |said: &[u8]| Proxied { said: said.to_vec(), taken: 0, connected: Err(String::new()) };
    let waits = |said: &[u8]| Proxied { said: said.to_vec(), taken: bytes.len(), connected: Ok(false) };
    let mut at = 0;
    // Two bytes of an answer that let it go on.
    let mut answers = vec![([5, method], request(destination))];
    if let Some((user, password)) = login {
        answers[0].1 = [vec![1], counted(user), counted(password)].concat();
        answers.push(([1, 0], request(destination)));
    }
    for (accepts, next) in answers {
        let Some(answer) = bytes.get(at..at + 2) else { return waits(&said) };
        if answer != accepts {
            return fails(&said);
        }
        at += 2;
        said.extend(next);
    }
    let Some(&[version, reply, _, kind, first]) = bytes.get(at..at + 5) else { return waits(&said) };
    let place = match kind {
        1 => 4,
        3 => 1 + usize::from(first),
        4 => 16,
        _ => 0,
    };
    if version != 5 || reply != 0 || place == 0 {
        return fails(&said);
    }
    at += 4 + place + 2;
    if bytes.len() < at { waits(&said) } else { Proxied { said, taken: at, connected: Ok(true) } }
}
