//! Writes the first inputs of each target into `FOLDER/TARGET`, made from conversations of true peers:
//! `cargo run --example seeds -- FOLDER`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};
use zincmq_fuzz::conversation::{Party, talk};
use zincmq_fuzz::feed::{Side, greeting};
use zincmq_fuzz::input::Input;
use zincmq_fuzz::parties;
use zmtp::{Flags, Keypair, Security, Verdict, Version, command, frame};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "corpus".into()));
    let seeds = [
        ("greeting", greetings()),
        ("null", nulls()),
        ("plain", plains()),
        ("curve", curves()),
        ("curve_message", curve_messages()),
        ("walk", walks()),
        ("command", commands()),
        ("zap", answers()),
        ("z85", keys()),
        ("endpoint", endpoints()),
        ("socks", proxies()),
        ("pgm_packet", packets()),
        ("pgm_source", source_inputs()),
        ("pgm_receiver", receiver_inputs()),
        ("pgm_stream", stream_inputs()),
    ];
    seeds.iter().try_for_each(|(target, seeds)| write(&folder.join(target), seeds))
}

fn write(folder: &Path, seeds: &[Vec<u8>]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    seeds.iter().enumerate().try_for_each(|(at, seed)| fs::write(folder.join(format!("seed-{at:02}")), seed))
}

/// All that client and server hear behind their greetings.
fn conversation(client: Security, server: Security, verdict: Verdict) -> [Vec<u8>; 2] {
    parties::reset(true);
    let mut client = Party::new(Side::new(parties::local(client, Some(b"me")), Verdict::Success));
    let mut server = Party::new(Side::new(parties::local(server, None), verdict));
    talk(&mut client, &mut server, &mut Input::new(b""));
    [client.heard, server.heard]
}

fn greetings() -> Vec<Vec<u8>> {
    const SIGNATURE: &[u8] = b"\xFF\0\0\0\0\0\0\0\x01\x7F";
    let modern = [(0, "NULL"), (1, "NULL"), (2, "PLAIN"), (3, "PLAIN"), (4, "CURVE"), (5, "CURVE")];
    let modern = modern.map(|(choice, mechanism)| [&[choice, 0][..], &greeting(mechanism)].concat());
    let old = [
        [SIGNATURE, b"\x01\x05\0\x02me"].concat(),
        [SIGNATURE, b"\0\x05\x03\0me"].concat(),
        b"\x03\0me".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ];
    let old = old.map(|bytes| [&[0x10, 2, 3, 1][..], &bytes].concat());
    [modern.to_vec(), old.to_vec()].concat()
}

/// Inputs of a target whose first byte is `choice`, with cuts at every byte.
fn raw(choice: u8, bytes: &[u8]) -> Vec<u8> {
    [&[choice, 1, 1][..], bytes].concat()
}

fn nulls() -> Vec<Vec<u8>> {
    let null = |zap| Security::Null { zap };
    let [client, server] = conversation(null(false), null(false), Verdict::Success);
    let [refused, _] = conversation(null(false), null(true), Verdict::AuthenticationFailure);
    vec![raw(0, &client), raw(1, &server), raw(4, &server), raw(0, &refused)]
}

fn plains() -> Vec<Vec<u8>> {
    let talk = |verdict| conversation(parties::plain_client(), Security::PlainServer, verdict);
    let [client, server] = talk(Verdict::Success);
    let [refused, _] = talk(Verdict::AuthenticationFailure);
    vec![raw(0, &client), raw(1, &server), raw(5, &server), raw(0, &refused)]
}

fn curves() -> Vec<Vec<u8>> {
    let talk = |verdict| conversation(parties::curve_client(), parties::curve_server(true), verdict);
    let [client, server] = talk(Verdict::Success);
    let [refused, _] = talk(Verdict::AuthenticationFailure);
    let mut seeds = vec![raw(0, &client), raw(6, &server), raw(0, &refused), vec![1], vec![3], vec![11]];
    // Each edit of each command.
    for which in 0..4 {
        seeds.extend((0..12).map(|edit| vec![3, which, edit, 0, 20, 4, 1, 2, 3, 4]));
    }
    seeds
}

/// Three frames with their boxes, and a change to them.
fn curve_messages() -> Vec<Vec<u8>> {
    let sent = [3, 1, 10, 2, 40, 6, 20];
    let whole = [0, 1, 2, 0x42].map(|choice| [&[choice][..], &sent, &[2]].concat());
    let changed = (0..10).map(|how| [&[how & 2][..], &sent, &[1, how, 1, 0, 2, 3, 4]].concat());
    let large = vec![2, 4, 0x18, 200, 0x19, 255, 0x1A, 150, 2, 5, 255];
    whole.into_iter().chain(changed).chain([large]).collect()
}

fn walks() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    frame::append(&mut frames, Flags::MORE, &[b"a"]);
    command::ping(&mut frames, 100, b"context");
    command::subscribe(&mut frames, b"topic", Version::V3_1);
    frame::append(&mut frames, Flags::LAST, &[b"b"]);
    command::cancel(&mut frames, b"topic", Version::V3_1);
    let begin = |choice, bounds| [&[choice, bounds, 0, 40, 0, 80, 3][..]].concat();
    let pieces = |bytes: &[u8]| -> Vec<u8> {
        bytes.chunks(32).flat_map(|piece| [&[(piece.len() - 1) as u8][..], piece].concat()).collect()
    };
    let mut boxed = Vec::new();
    for body in [&b"\0hello"[..], b"\x04\x09SUBSCRIBEtopic", b"\x01more"] {
        let plain = [&[0xAA; 32][..], body].concat();
        frame::append(&mut boxed, Flags::LAST, &[&plain.iter().map(|byte| !byte).collect::<Vec<u8>>()]);
    }
    // A header, and a run of bytes for its body.
    let large =
        |flags: u8| [&[8, flags | 2, 0, 0, 0, 0, 0, 1, 0x11, 0x70][..], &[0x82, 0x44, 0x5C, 7]].concat();
    vec![
        [begin(0, 0), pieces(&frames)].concat(),
        [begin(4, 7), pieces(&frames)].concat(),
        [begin(1, 0), pieces(&boxed)].concat(),
        [begin(3, 7), pieces(&boxed)].concat(),
        [begin(0, 0), large(0)].concat(),
        [begin(2, 0), large(1), large(0)].concat(),
    ]
}

fn commands() -> Vec<Vec<u8>> {
    let mut seeds = vec![b"\x04JOINgroup".to_vec(), b"\x05LEAVEgroup".to_vec(), b"\x05READY".to_vec()];
    let writes: [fn(&mut Vec<u8>); 5] = [
        |out| command::ping(out, 100, b"context"),
        |out| command::pong(out, b"context"),
        |out| command::subscribe(out, b"topic", Version::V3_1),
        |out| command::cancel(out, b"topic", Version::V3_1),
        |out| command::error(out, b"400"),
    ];
    for write in writes {
        let mut out = Vec::new();
        write(&mut out);
        seeds.extend([out[2..].to_vec(), out]);
    }
    seeds
}

fn answers() -> Vec<Vec<u8>> {
    let with_lengths = |parts: &[&[u8]]| -> Vec<u8> {
        parts.iter().flat_map(|part| [&[part.len() as u8][..], part].concat()).collect()
    };
    let behind = |status| with_lengths(&[status, b"OK", b"joe", b"\x05Hello\0\0\0\x05World"]);
    let statuses: [&[u8]; 4] = [b"200", b"300", b"400", b"500"];
    let whole = [&[0][..], &with_lengths(&[b"", b"1.0", b"1"]), &behind(b"200")].concat();
    statuses.iter().map(|status| [&[0x80][..], &behind(status)].concat()).chain([whole]).collect()
}

fn keys() -> Vec<Vec<u8>> {
    let Keypair { public, secret } = parties::keys().0.clone();
    vec![
        b"HelloWorld".to_vec(),
        b"%nSc0".to_vec(),
        b"%nSc1".to_vec(),
        public.to_string().into_bytes(),
        secret.to_z85().reveal().as_bytes().to_vec(),
        public.as_bytes().to_vec(),
    ]
}

fn endpoints() -> Vec<Vec<u8>> {
    let texts = [
        "tcp://*:5555",
        "tcp://127.0.0.1:*",
        "tcp://[::1]:80",
        "tcp://[fe80::1%2]:80",
        "tcp://127.0.0.1:0;127.0.0.1:80",
        "tcp://eth0:80",
        "tcp://host.example:80",
        "ipc:///tmp/a",
        "ipc://@abstract",
        "ipc://*",
        "inproc://x",
        "norm://x",
        "tcp:/x",
        "://x",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Answers of proxies with and without a login, for each kind of destination and of address in the reply.
fn proxies() -> Vec<Vec<u8>> {
    let begin = |choice: u8| [&[choice, 2][..], b"me", &[1], b"x", &[4], b"peer", &[0, 80, 2, 3, 4]].concat();
    let replies: [&[u8]; 5] = [
        b"\x05\0\0\x01\x7F\0\0\x01\0\x50",
        b"\x05\0\0\x03\x02hi\0\x50",
        b"\x05\0\0\x03\0\0\x50",
        b"\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50",
        b"\x05\x05\0\x01\0\0\0\0\0\0",
    ];
    let open = |choice| [&begin(choice)[..], b"\x05\0"].concat();
    let login = |choice| [&begin(choice)[..], b"\x05\x02\x01\0"].concat();
    let served = replies.iter().flat_map(|reply| {
        [open(0), open(4), login(3), login(5)].map(|answers| [&answers[..], reply, b"\xFFpeer"].concat())
    });
    let refused = [begin(0), begin(1)].into_iter().flat_map(|begin| {
        [&b"\x05\xFF"[..], b"\x05\x02\x01\x01", b"HTTP/1.1 400"].map(|answer| [&begin[..], answer].concat())
    });
    served.chain(refused).collect()
}

/// Packets that libzmq sent, without the long ones.
fn packets() -> Vec<Vec<u8>> {
    let lines = include_str!("../../crates/pgm/tests/data/golden-packets.txt").lines();
    let hex = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit(' ').next());
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    let all = hex.map(|hex| hex.as_bytes().chunks(2).map(byte).collect::<Vec<u8>>());
    let mut short: Vec<_> = all.filter(|packet| packet.len() < 120).collect();
    short.dedup();
    short
}

/// Data, requests for it and time.
fn source_inputs() -> Vec<Vec<u8>> {
    let send = [0, 0, 200];
    let ask = |behind: u8, count: u8| [&[1, 0, behind, count][..], &vec![1; usize::from(count)]].concat();
    vec![
        [&[0, 40][..], &send.repeat(20), &ask(3, 2), &[5, 0, 10, 4, 8]].concat(),
        [&[1, 5][..], &send.repeat(9), &ask(8, 8), &[4, 20, 2, 2, 5, 0, 30], &ask(1, 0), &[4, 90, 5, 9, 9]]
            .concat(),
    ]
}

/// Sources that lose some of their packets, tell it, and end.
fn receiver_inputs() -> Vec<Vec<u8>> {
    let data = |ahead: u8| [0, 0, 0, ahead, 0, 10];
    let repair = |ahead: u8| [0, 1, 0, ahead, 0, 10];
    let spm = |lead: u8, fin: u8| [0, 2, 0, lead, 0, fin];
    let confirm = |ahead: u8| [0, 3, 0, ahead, 0, 2];
    let time = |high: u8, low: u8| [2, high, low];
    let lossy =
        [&data(0)[..], &data(3), &time(0, 60), &confirm(1), &repair(1), &repair(2), &spm(5, 0)].concat();
    let ended =
        [&data(0)[..], &spm(4, 1), &time(0, 60), &repair(1), &repair(2), &repair(3), &repair(4)].concat();
    let slow = [&[4][..], &data(0), &data(1), &data(5), &time(1, 0), &[5], &repair(3), &[3, 3, 3]].concat();
    let genuine = packets().into_iter().filter(|packet| packet.len() < 60);
    let genuine: Vec<u8> =
        genuine.flat_map(|packet| [&[1, packet.len() as u8][..], &packet].concat()).collect();
    [lossy, ended, slow, genuine].map(|steps| [&[0, 4, 10][..], &steps].concat()).to_vec()
}

/// Messages through payloads of 20 bytes, with losses and pauses, and payloads that are not from there.
fn stream_inputs() -> Vec<Vec<u8>> {
    let begin = |limits: u8| [limits, 0, 50, 0, 200, 3, 0, 20];
    let push = |body: &[u8], more: u8| [&[3, body.len() as u8][..], body, &[more]].concat();
    let large = [2, b'x', 0, 100];
    let (payload, last, lost, gap, resume) = ([4, 2], [4, 3], [4, 0], [6], |until: u8| [7, until]);
    let payload_of = |bytes: &[u8]| [&[0, bytes.len() as u8][..], bytes].concat();
    let whole = [&push(b"topic", 1)[..], &push(b"body", 0), &push(b"", 0), &last].concat();
    let spanning = [&large[..], &push(b"end", 0), &payload.repeat(5), &last].concat();
    let lossy = [&large[..], &payload.repeat(2), &lost, &payload.repeat(3), &whole, &gap, &whole].concat();
    let paused = [&resume(1)[..], &push(b"a", 0).repeat(5), &last, &whole, &gap, &whole, &resume(0)].concat();
    let own =
        [&[1, 1, 0, 2, 1, 2, b'a', b'b', 0, 1, b'c'][..], &[1, 0, 0, 1, 2, 3, b'd', b'e', b'f']].concat();
    let false_ends =
        [payload_of(b"\0\0\x05\0ab"), payload_of(b"\0\x03cdX\x02\0e"), payload_of(b"\xFF\xFFe")].concat();
    let seeds = [whole, spanning, lossy, paused, own, false_ends];
    let seeds = seeds.iter().flat_map(|steps| [0, 7].map(|limits| [&begin(limits)[..], steps].concat()));
    seeds.collect()
}
