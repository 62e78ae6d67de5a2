//! What a packet of PGM says, for people and for programs.

use pgm::{Body, Data, Packet, Request, Sequence};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::IpAddr;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    kind: &'static str,
    session: String,
    body: Said,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Spm {
        number: u32,
        trail: u32,
        lead: u32,
        source: IpAddr,
        fin: bool,
    },
    Data {
        number: u32,
        trail: u32,
        bytes: usize,
        /// Where the first message in it begins.
        offset: Option<u16>,
        again: bool,
    },
    Request {
        numbers: Vec<u32>,
        source: IpAddr,
        group: IpAddr,
    },
    Nothing,
}

impl Told {
    /// `again`: its data came before, or is lost already.
    pub(super) fn new(packet: &Packet<'_>, again: bool) -> Self {
        let (kind, body) = match packet.body {
            Body::Spm(spm) => {
                let (number, trail, lead) = (spm.sequence.0, spm.trail.0, spm.lead.0);
                ("SPM", Said::Spm { number, trail, lead, source: spm.nla, fin: spm.fin })
            }
            Body::Odata(data) => ("ODATA", said_data(&data, again)),
            Body::Rdata(data) => ("RDATA", said_data(&data, again)),
            Body::Nak(request) => ("NAK", said_request(&request)),
            Body::Ncf(request) => ("NCF", said_request(&request)),
            Body::Spmr => ("SPMR", Said::Nothing),
        };
        Self { kind, session: packet.tsi.to_string(), body }
    }

    pub(crate) fn as_text(&self) -> String {
        let Self { kind, session, body } = self;
        let mut text = format!("{kind:<10} session={session}");
        _ = match body {
            Said::Spm { number, trail, lead, source, fin } => {
                let window = if Sequence(*lead).next() == Sequence(*trail) {
                    "empty".to_owned()
                } else {
                    format!("{trail}..{lead}")
                };
                let fin = if *fin { " FIN: the session ends" } else { "" };
                write!(text, " number={number} window={window} source={source}{fin}")
            }
            Said::Data { number, trail, bytes, offset, again } => {
                let repair = if *kind == "RDATA" { " repair" } else { "" };
                let again = if *again { " again" } else { "" };
                let offset = offset.map_or_else(|| "none".to_owned(), |offset| offset.to_string());
                write!(text, " number={number} trail={trail} bytes={bytes} offset={offset}{repair}{again}")
            }
            Said::Request { numbers, source, group } => {
                write!(text, " numbers={} source={source} group={group}", runs(numbers))
            }
            Said::Nothing => Ok(()),
        };
        text
    }

    pub(crate) fn as_json(&self) -> Value {
        let Self { kind, session, body } = self;
        let mut value = json!({ "type": kind, "session": session });
        let more = match body {
            Said::Spm { number, trail, lead, source, fin } => {
                json!({ "number": number, "trail": trail, "lead": lead, "source_address": source, "fin": fin })
            }
            Said::Data { number, trail, bytes, offset, again } => json!({
                "number": number, "trail": trail, "bytes": bytes, "offset": offset,
                "repair": *kind == "RDATA", "again": again,
            }),
            Said::Request { numbers, source, group } => {
                json!({ "numbers": numbers, "source_address": source, "group": group })
            }
            Said::Nothing => Value::Null,
        };
        if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
            value.extend(more);
        }
        value
    }
}

fn said_data(data: &Data<'_>, again: bool) -> Said {
    let Data { sequence, trail, payload } = data;
    let offset = payload.first_chunk().map(|word| u16::from_be_bytes(*word));
    let offset = offset.filter(|offset| *offset != u16::MAX);
    Said::Data { number: sequence.0, trail: trail.0, bytes: payload.len(), offset, again }
}

fn said_request(request: &Request<'_>) -> Said {
    let numbers = request.sequences().map(|number| number.0).collect();
    Said::Request { numbers, source: request.source, group: request.group }
}

/// As 3,5..9: of numbers that follow each other only the first and the last.
fn runs(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|one, next| one.wrapping_add(1) == *next);
    let run = |run: &[u32]| match run {
        [first, .., last] => format!("{first}..{last}"),
        _ => run.iter().map(u32::to_string).collect(),
    };
    runs.map(run).collect::<Vec<_>>().join(",")
}
