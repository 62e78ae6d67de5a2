//! The cycles that a box of CURVE takes, to seal and to open, by the functions that a connection uses.
//!
//! Each run has as many boxes as an I/O thread has at a time: 64 KiB of messages, or one that is as long. To seal includes the
//! copy of the body into the buffer that is sent. The cycles are those of the processor's time stamp counter, which counts
//! at a steady rate (shown, as measured beside the clock), and not those of its cores, whose rate changes. The best of the
//! runs: `cargo run --release -p bench-compare --bin cycles`.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};
use zmtp::{Cipher, Flags, Keypair, Local, OVERHEAD, Opening, Security, SocketName, Status, frame};

const RUNS: u32 = 3000;

/// The bytes of messages that an engine composes at a time.
const AHEAD: usize = 64 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    println!("time stamp counter: {:.3} GHz", rate());
    println!(
        "{:>8} {:>6}  {:>9} {:>8}  {:>9} {:>8}",
        "body", "boxes", "sealed", "a byte", "opened", "a byte"
    );
    for size in [64, 1 << 10, 64 << 10] {
        let count = (AHEAD / (size + OVERHEAD)).max(1);
        for count in if count > 1 { vec![1, count] } else { vec![1] } {
            let (sealed, opened) = measure(size, count)?;
            let a_byte = |cycles: f64| cycles / size as f64;
            println!(
                "{size:>8} {count:>6}  {sealed:>9.0} {:>8.2}  {opened:>9.0} {:>8.2}",
                a_byte(sealed),
                a_byte(opened)
            );
        }
    }
    Ok(())
}

/// The least cycles a box.
fn measure(size: usize, count: usize) -> Result<(f64, f64), Box<dyn Error>> {
    let (Cipher { mut sealer, .. }, Cipher { mut opener, .. }) = talk()?;
    let body = vec![0x5A; size];
    let (mut out, mut best) = (Vec::new(), [u64::MAX; 2]);
    for _ in 0..RUNS {
        out.clear();
        let begin = now();
        for _ in 0..count {
            sealer.append(&mut out, Flags::LAST, black_box(&body));
        }
        while sealer.seal(&mut out, usize::MAX)? < out.len() {}
        best[0] = best[0].min(now() - begin);
        let mut bodies = bodies(&mut out);
        let begin = now();
        match &mut bodies[..] {
            [body] if body.len() > AHEAD => _ = opener.open_part(body, 0, true)?,
            bodies => opener.open(bodies.iter_mut().map(|body| &mut **body))?,
        }
        best[1] = best[1].min(now() - begin);
        black_box(&mut out);
    }
    Ok((best[0] as f64 / count as f64, best[1] as f64 / count as f64))
}

/// The bodies of the frames that stand one behind the other.
fn bodies(mut rest: &mut [u8]) -> Vec<&mut [u8]> {
    let mut bodies = Vec::new();
    while let Some(header) = frame::decode_header(rest) {
        let (_, behind) = rest.split_at_mut(header.header_len);
        let (body, later) = behind.split_at_mut(header.size as usize);
        bodies.push(body);
        rest = later;
    }
    bodies
}

/// The ciphers of a client and its server, after a handshake.
fn talk() -> Result<(Cipher, Cipher), Box<dyn Error>> {
    let [client, server] = [[1; 32], [2; 32]].map(|bytes| Keypair::from(zmtp::SecretKey::new(bytes)));
    let theirs =
        Security::CurveClient { public: client.public, secret: client.secret, server: server.public };
    let ours = Security::CurveServer { secret: server.secret, zap: false };
    let [mut client, mut server] = [theirs, ours].map(|security| Opening::new(local(security)));
    let (mut open, mut said) = (0, Vec::new());
    while open < 2 {
        for turn in 0..2 {
            let (from, to) = if turn == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
            said.append(from.output());
            if said.is_empty() {
                continue;
            }
            let (taken, status) = to.feed(&said)?;
            said.drain(..taken);
            open += u32::from(matches!(status, Status::Open(_)));
        }
    }
    Ok((client.take_cipher().ok_or("no cipher")?, server.take_cipher().ok_or("no cipher")?))
}

fn local(security: Security) -> Local {
    Local {
        socket_type: SocketName { name: "DEALER", code: 5, peers: &["DEALER"] },
        routing_id: None,
        metadata: Vec::new(),
        security,
        random: zmtp::system_random,
        allow_old: false,
    }
}

/// What the counter counts in a nanosecond.
fn rate() -> f64 {
    let (time, cycles) = (Instant::now(), now());
    while time.elapsed() < Duration::from_millis(200) {}
    (now() - cycles) as f64 / time.elapsed().as_nanos() as f64
}

/// The time stamp counter.
#[cfg(target_arch = "x86_64")]
fn now() -> u64 {
    // SAFETY: it reads a register of the processor, and nothing else.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// Nanoseconds, where the processor's counter is not known.
#[cfg(not(target_arch = "x86_64"))]
fn now() -> u64 {
    static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    BEGIN.elapsed().as_nanos() as u64
}
