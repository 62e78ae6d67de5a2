//! `--control`: the socket that steers the proxy, and its commands.

use crate::failure::Failure;
use crate::place::Place;
use crate::security::{Gate, Guard};
use serde_json::{Map, Value, json};
use std::thread;
use zincmq::{Context, Message, Rep, Req};

/// Where the proxy itself is told.
const INNER: &str = "inproc://control";

/// A socket that looks at the commands, in front of the one that the proxy obeys: the proxy answers to whatever it
/// does not know as it answers to PAUSE, and gives its numbers as bytes (zmq_proxy_steerable(3)).
pub(super) struct Control {
    /// For the proxy.
    pub(super) socket: Rep,
    /// Of the way between the two.
    between: Context,
}

impl Control {
    pub(super) fn open(
        context: &Context,
        place: &Place,
        (gate, guard): (&Gate, &Guard),
    ) -> Result<Self, Failure> {
        let mut outer = Rep::new(context)?;
        gate.secure(&mut outer, guard)?;
        place.open(&mut outer, true)?;
        let between = Context::new();
        let mut socket = Rep::new(&between)?;
        socket.bind(INNER)?;
        let mut proxy = Req::new(&between)?;
        proxy.connect(INNER)?;
        // It ends with one of the contexts.
        thread::spawn(move || while answer(&mut outer, &mut proxy).is_ok_and(|goes_on| goes_on) {});
        Ok(Self { socket, between })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.between.shutdown();
    }
}

/// Answers one command. Whether others may follow.
fn answer(outer: &mut Rep, proxy: &mut Req) -> zincmq::Result<bool> {
    let command = outer.recv()?;
    let mut obey = |command: &str| {
        proxy.send(command)?;
        proxy.recv()
    };
    let reply = match command.bytes() {
        b"TERMINATE" => {
            // With the proxy everything ends, this socket too.
            outer.send("")?;
            proxy.send("TERMINATE")?;
            return Ok(false);
        }
        b"PAUSE" => obey("PAUSE")?,
        b"RESUME" => obey("RESUME")?,
        b"STATISTICS" => obey("STATISTICS")?,
        b"STATISTICS JSON" => Message::from(as_json(&obey("STATISTICS")?).to_string()),
        other => {
            let start = String::from_utf8_lossy(other.get(..other.len().min(64)).unwrap_or_default());
            let known = "PAUSE, RESUME, TERMINATE, STATISTICS and STATISTICS JSON";
            Message::from(format!("there is no command {start:?}, but {known}"))
        }
    };
    outer.send(reply)?;
    Ok(true)
}

/// The eight numbers, by their names.
fn as_json(statistics: &Message) -> Value {
    let number = |part: &[u8]| part.try_into().map(u64::from_ne_bytes).unwrap_or_default();
    let numbers: Vec<u64> = statistics.iter().map(|part| number(part)).collect();
    let sides = ["frontend", "backend"].into_iter().zip(numbers.chunks(4));
    let named = |numbers: &[u64]| {
        let names = ["received", "received_bytes", "sent", "sent_bytes"];
        let members = names.into_iter().zip(numbers).map(|(name, number)| (name.to_owned(), json!(number)));
        Value::Object(members.collect())
    };
    Value::Object(sides.map(|(side, numbers)| (side.to_owned(), named(numbers))).collect::<Map<_, _>>())
}
