//! Shows conversations to people and to programs.

use crate::dump::event::Event;
use crate::dump::spoken::{Party, Place, Spoken};
use crate::failure::Failure;
use crate::output;
use crate::text::{hex, json_line, json_part};
use serde_json::{Map, Value, json};
use zincmq::SocketType;

pub(super) struct Show {
    json: bool,
    shown: usize,
    buffer: String,
    /// When the first thing was said.
    began: Option<f64>,
}

impl Show {
    pub(super) const fn new(json: bool, shown: usize) -> Self {
        Self { json, shown, buffer: String::new(), began: None }
    }

    pub(super) fn print(&mut self, spoken: &Spoken) -> Result<(), Failure> {
        if self.json {
            self.buffer += &json_line(&as_json(spoken));
        } else {
            if let Some(Place { time, party, from, to }) = spoken.place {
                let time = time - *self.began.get_or_insert(time);
                let party = match party {
                    Some(Party::Connection(number)) => format!("#{number}"),
                    Some(Party::Source(number)) => format!("*{number}"),
                    None => "?".to_owned(),
                };
                self.buffer += &format!("{time:11.6}  {party} {from} > {to}  ");
            }
            self.buffer += &self.as_text(&spoken.event);
        }
        self.buffer.push('\n');
        if self.buffer.len() > 64 << 10 { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        output::write(self.buffer.as_bytes())?;
        self.buffer.clear();
        Ok(())
    }

    fn as_text(&self, event: &Event) -> String {
        match event {
            Event::Greeting(greeting) => {
                let role = if greeting.as_server { ", as server" } else { "" };
                format!("greeting   ZMTP {}, {}{role}", greeting.version, greeting.mechanism.escape_debug())
            }
            Event::OldGreeting { version, socket_type } => {
                let name = type_name(*socket_type).map_or_else(String::new, |name| format!(", {name}"));
                format!("greeting   ZMTP {version}{name}")
            }
            Event::RoutingId(id) => format!("routing id {}", readable(id)),
            Event::Command { name, details } => command(name, details),
            Event::Handshake { mechanism, name, size, details } => {
                format!("{}  ({mechanism} handshake, {size} bytes)", command(name, details))
            }
            Event::Failed { mechanism, step, reason } => {
                format!("handshake failed: {}, at {step}: {reason}", mechanism.escape_debug())
            }
            Event::Frame { more, size, start } => {
                let rest = if *size > self.shown as u64 { "..." } else { "" };
                format!("frame{}     {size} bytes  {}{rest}", if *more { "+" } else { " " }, readable(start))
            }
            Event::Opaque { name, size } if name == "MESSAGE" => {
                format!("{name:<10} {size} bytes, encrypted: {} of content", content(*size))
            }
            Event::Opaque { name, size } => format!("{name:<10} {size} bytes, opaque"),
            Event::Gap(0) => "the capture begins in the middle of this stream: it cannot be read".to_owned(),
            Event::Gap(bytes) => {
                format!("{bytes} bytes are missing in the capture: the rest cannot be read")
            }
            Event::Multicast(told) => told.as_text(),
            Event::Lost { first, count: 1 } => {
                format!("gap        datagram {first} is missing, with all messages that had a part in it")
            }
            Event::Lost { first, count } => format!(
                "gap        {count} datagrams from {first} on are missing, with all messages that had a part in them"
            ),
            Event::Malformed(reason) => format!("malformed: {reason}"),
            Event::Broken(reason) => format!("not ZMTP: {reason}"),
            Event::CutOff => "cut off: the last thing said is not whole".to_owned(),
            Event::End => "end".to_owned(),
        }
    }
}

fn command(name: &str, details: &[(String, Vec<u8>)]) -> String {
    let detail = |(name, value): &(String, Vec<u8>)| format!(" {}={}", name.escape_debug(), readable(value));
    let name = name.escape_debug().to_string();
    format!("{name:<10}{}", details.iter().map(detail).collect::<String>())
}

/// The bytes of a message in a box of CURVE, which has its name, a count, an authenticator and flags besides.
const fn content(size: u64) -> u64 {
    size.saturating_sub(8 + 8 + 16 + 1)
}

/// Text as it is, other bytes as hexadecimal digits.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|sign| sign.is_control() && !sign.is_whitespace()) => {
            format!("{text:?}")
        }
        _ => format!("0x{}", hex(bytes)),
    }
}

fn type_name(number: u8) -> Option<&'static str> {
    SocketType::from_number(number.into()).map(SocketType::name)
}

fn members(details: &[(String, Vec<u8>)]) -> Map<String, Value> {
    details.iter().map(|(name, value)| (name.clone(), json_part(value))).collect()
}

fn as_json(spoken: &Spoken) -> Value {
    let mut object = Map::new();
    if let Some(Place { time, party, from, to }) = spoken.place {
        object.insert("time".to_owned(), json!(time));
        match party {
            Some(Party::Connection(number)) => _ = object.insert("connection".to_owned(), json!(number)),
            Some(Party::Source(number)) => _ = object.insert("source".to_owned(), json!(number)),
            None => {}
        }
        object.insert("from".to_owned(), json!(from.to_string()));
        object.insert("to".to_owned(), json!(to.to_string()));
    }
    let (name, members) = match &spoken.event {
        Event::Greeting(greeting) => (
            "greeting",
            json!({
                "version": greeting.version.to_string(), "mechanism": greeting.mechanism,
                "as_server": greeting.as_server,
            }),
        ),
        Event::OldGreeting { version, socket_type } => {
            ("greeting", json!({ "version": version.to_string(), "socket_type": type_name(*socket_type) }))
        }
        Event::RoutingId(id) => ("routing_id", json!({ "id": json_part(id) })),
        Event::Command { name, details } => ("command", json!({ "name": name, "details": members(details) })),
        Event::Handshake { mechanism, name, size, details } => (
            "command",
            json!({ "name": name, "details": members(details), "mechanism": mechanism, "size": size }),
        ),
        Event::Failed { mechanism, step, reason } => {
            ("handshake_failed", json!({ "mechanism": mechanism, "step": step, "reason": reason }))
        }
        Event::Frame { more, size, start } => {
            let cut = *size > start.len() as u64;
            ("frame", json!({ "more": more, "size": size, "body": json_part(start), "cut": cut }))
        }
        Event::Opaque { name, size } => ("opaque", json!({ "name": name, "size": size })),
        Event::Gap(bytes) => ("gap", json!({ "bytes": bytes })),
        Event::Multicast(told) => ("multicast", told.as_json()),
        Event::Lost { first, count } => ("gap", json!({ "first": first, "datagrams": count })),
        Event::Malformed(reason) => ("malformed", json!({ "reason": reason })),
        Event::Broken(reason) => ("broken", json!({ "reason": reason })),
        Event::CutOff => ("cut_off", json!({})),
        Event::End => ("end", json!({})),
    };
    object.insert("event".to_owned(), json!(name));
    if let Value::Object(members) = members {
        object.extend(members);
    }
    Value::Object(object)
}
