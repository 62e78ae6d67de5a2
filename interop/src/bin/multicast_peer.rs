//! One multicast socket: of a library with libzmq's interface that it loads, or of zincmq itself.
//!
//! ```text
//! multicast_peer LIBRARY|native pub|xpub|sub|xsub bind|connect ENDPOINT [NAME=VALUE]...
//! ```
//!
//! The names are those of socket options; beside them there is `tally=1`. It says `ready`, or `refused` and the number
//! of the error. Then a publisher reads commands: `send TOPIC FIRST COUNT SIZE...` sends numbered messages, and
//! `flood MILLISECONDS SIZE` as many as it can. A subscriber says what each message is. With a tally it only counts
//! those with the topic `a`, and says the numbers so far when it receives one with the topic `z`, and at the end. When
//! the input ends it closes its socket, with what is set to linger, and says `closed`.

use std::error::Error;
use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use genuine::{Loaded, LoadedSocket};
use interop::multicast::{Messages, OURS, body, describe};
use zincmq::{AnySocket, Context, Message, SocketType, option};

/// A number of an error.
type Errno = i32;

/// How long a receive waits before the process looks whether it is to end.
const LOOK: &str = "rcvtimeo=50";

enum Socket {
    Native(Box<AnySocket>),
    Loaded(LoadedSocket),
}

impl Socket {
    fn open(library: &str, kind: SocketType) -> Result<Self, Box<dyn Error>> {
        Ok(match library {
            "native" => Self::Native(Box::new(AnySocket::with_type(&Context::new(), kind)?)),
            path => Self::Loaded(Loaded::open(path)?.socket(kind.number())?),
        })
    }

    fn set(&mut self, setting: &str) -> Result<(), Box<dyn Error>> {
        let (name, text) = setting.split_once('=').ok_or("an option without a value")?;
        match self {
            Self::Native(socket) if name == "subscribe" => socket.subscribe(text)?,
            Self::Loaded(socket) if name == "subscribe" => {
                socket.set(genuine::option::SUBSCRIBE, text.as_bytes())?;
            }
            _ => {
                let row = option::by_name(name).ok_or_else(|| format!("no option {name}"))?;
                let value = row.parse(text)?;
                match self {
                    Self::Native(socket) => socket.set_value(row, value)?,
                    Self::Loaded(socket) => socket.set(row.number, &value.encode())?,
                }
            }
        }
        Ok(())
    }

    fn open_endpoint(&mut self, binds: bool, endpoint: &str) -> Result<(), Errno> {
        match (self, binds) {
            (Self::Native(socket), true) => socket.bind(endpoint).map(drop).map_err(|error| error.errno()),
            (Self::Native(socket), false) => socket.connect(endpoint).map_err(|error| error.errno()),
            (Self::Loaded(socket), true) => socket.bind(endpoint).map_err(genuine::Error::errno),
            (Self::Loaded(socket), false) => socket.connect(endpoint).map_err(genuine::Error::errno),
        }
    }

    fn send(&mut self, parts: &[impl AsRef<[u8]>]) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Native(socket) => socket.send(parts.iter().map(AsRef::as_ref).collect::<Message>())?,
            Self::Loaded(socket) => socket.send(parts)?,
        }
        Ok(())
    }

    /// Hands over the parts of a message; whether one came.
    fn recv(&mut self, into: &mut Message, mut each: impl FnMut(&[u8])) -> bool {
        match self {
            Self::Native(socket) => {
                let came = socket.recv_into(into).is_ok();
                if came {
                    into.iter().for_each(|part| each(part));
                }
                came
            }
            Self::Loaded(socket) => socket.recv(each).is_ok(),
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("multicast_peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [library, "probe"] = arguments[..] {
        // zincmq says too that it has pgm; only libzmq needs OpenPGM for it.
        let library = Loaded::open(library)?;
        return Ok(if library.has("pgm") && library.finds("pgm_init") {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let [library, kind, way, endpoint, ref settings @ ..] = arguments[..] else {
        return Err("the arguments are LIBRARY TYPE bind|connect ENDPOINT [NAME=VALUE]...".into());
    };
    let kind = SocketType::from_str(&kind.to_uppercase()).map_err(|_| format!("no type {kind}"))?;
    let mut socket = Socket::open(library, kind)?;
    let tally = settings.contains(&"tally=1");
    for setting in settings.iter().filter(|setting| **setting != "tally=1") {
        socket.set(setting)?;
    }
    if let Err(errno) = socket.open_endpoint(way == "bind", endpoint) {
        say(&format!("refused {errno}"));
        return Ok(ExitCode::SUCCESS);
    }
    let subscribes = settings.iter().any(|setting| setting.starts_with("subscribe="));
    match kind {
        SocketType::Sub if !subscribes => socket.set("subscribe=")?,
        SocketType::XSub => socket.send(&[b"\x01"])?,
        _ => {}
    }
    say("ready");
    match kind {
        SocketType::Pub | SocketType::XPub => publish(&mut socket)?,
        _ => subscribe(&mut socket, tally)?,
    }
    drop(socket);
    say("closed");
    Ok(ExitCode::SUCCESS)
}

/// Says a line, at once. Whoever does not listen any more has ended.
fn say(line: &str) {
    let mut output = io::stdout().lock();
    if writeln!(output, "{OURS}{line}").and_then(|()| output.flush()).is_err() {
        std::process::exit(1);
    }
}

fn publish(socket: &mut Socket) -> Result<(), Box<dyn Error>> {
    for command in io::stdin().lock().lines() {
        let command = command?;
        if let Some(messages) = Messages::parse(&command) {
            messages.parts().try_for_each(|parts| socket.send(&parts))?;
            say("sent");
        } else if let Some(flood) = command.strip_prefix("flood ") {
            let (time, size) = flood.split_once(' ').ok_or("flood MILLISECONDS SIZE")?;
            let sent = flood_for(socket, Duration::from_millis(time.parse()?), size.parse()?)?;
            say(&format!("flooded {sent}"));
        } else {
            return Err(format!("no command {command:?}").into());
        }
    }
    Ok(())
}

fn flood_for(socket: &mut Socket, time: Duration, size: usize) -> Result<u64, Box<dyn Error>> {
    let (message, until) = ([body('a', 0, size)], Instant::now() + time);
    let mut sent = 0;
    while Instant::now() < until {
        for _ in 0..10 {
            socket.send(&message)?;
        }
        sent += 10;
    }
    Ok(sent)
}

/// What a subscriber that does not say each message has received.
#[derive(Default)]
struct Tally {
    count: u64,
    bytes: u64,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Tally {
    fn add(&mut self, bytes: usize) {
        let now = Instant::now();
        (self.count, self.bytes) = (self.count + 1, self.bytes + bytes as u64);
        (self.first, self.last) = (self.first.or(Some(now)), Some(now));
    }

    /// `tally MESSAGES BYTES MICROSECONDS`, the last from the first message to the last.
    fn line(&self) -> String {
        let time = self.last.zip(self.first).map_or(Duration::ZERO, |(last, first)| last - first);
        format!("tally {} {} {}", self.count, self.bytes, time.as_micros())
    }
}

fn subscribe(socket: &mut Socket, tallies: bool) -> Result<(), Box<dyn Error>> {
    static ENDS: AtomicBool = AtomicBool::new(false);
    // It waits in a read until the input has ended; the process does not wait for it.
    thread::spawn(|| {
        _ = io::stdin().lock().read_to_end(&mut Vec::new());
        ENDS.store(true, Ordering::Relaxed);
    });
    socket.set(LOOK)?;
    let (mut message, mut tally) = (Message::new(), Tally::default());
    while !ENDS.load(Ordering::Relaxed) {
        if tallies {
            let mut topic = None;
            let tally = &mut tally;
            socket.recv(&mut message, |part| match part.first() {
                Some(b'a') => tally.add(part.len()),
                other => topic = other.copied(),
            });
            match topic {
                Some(b'z') => say(&tally.line()),
                Some(_) => say("heard"),
                None => {}
            }
        } else {
            let mut parts: Vec<Vec<u8>> = Vec::new();
            if socket.recv(&mut message, |part| parts.push(part.to_vec())) {
                say(&describe(&parts));
            }
        }
    }
    if tallies {
        say(&tally.line());
    }
    Ok(())
}
