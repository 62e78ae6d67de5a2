//! `zinc dump`: conversations, decoded from a capture of the network or from the bytes of one stream.

mod capture;
mod conversation;
mod decode;
mod event;
mod handshake;
mod multicast;
mod reassembly;
mod show;
mod spoken;

use crate::failure::Failure;
use crate::input::bytes;
use capture::{Capture, Seen};
use clap::Args;
use conversation::Conversations;
use decode::Decoder;
use event::Event;
use multicast::Sources;
use show::Show;
use spoken::Spoken;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;

/// Decode ZMTP and multicast from a network capture, or ZMTP from a stream of bytes
///
/// Reads a capture (pcap, pcapng; Ethernet, Linux "any", loopback, raw IP), or the raw bytes of one direction of
/// a stream. Connections that do not begin as ZMTP are passed over. CURVE stays closed: names, sizes and the keys that
/// both sides make for one connection. Passwords are not shown. A handshake that fails has a line of its own, with the
/// step and the reason.
///
/// Multicast (PGM, in UDP or in IP itself) is shown packet by packet, each source under a number with a star, and the
/// messages follow the packet that completes them. A port of UDP is looked at once a packet has named it and its
/// checksum is right.
///
/// Exit codes: 0 success; 1 failure, also where none of it is ZMTP.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Dump {
    /// The capture; without it, or with -, the standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Print JSON lines
    #[arg(long)]
    json: bool,

    /// Print at most so many bytes of each body
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = bytes)]
    bytes: usize,

    /// Only what has this port at either end; may be given several times
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<u16>,
}

const EXAMPLES: &str = "\
Examples:
  tcpdump -i any -U -w - tcp port 5555 | zinc dump
  zinc dump trace.pcapng --port 5555 --json | jq 'select(.event == \"frame\")'
  tcpdump -i any -U -w - 'udp port 5555 or proto 113' | zinc dump   # multicast
  socat -u tcp:localhost:5555 - | zinc dump       # the greeting of a peer, raw";

impl Dump {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut input = self.open()?;
        let mut start = Vec::new();
        // The reader of captures wants a whole header at once; a pipe may give less.
        while let Some(missing) = capture::header_left(&start) {
            let read = (&mut input).take(missing).read_to_end(&mut start);
            if read.map_err(|error| self.unreadable(&error))? == 0 {
                break;
            }
        }
        let is_capture = capture::is_capture(&start);
        let input = Cursor::new(start).chain(input);
        if is_capture { self.dump_capture(input) } else { self.dump_stream(input) }
    }

    fn open(&self) -> Result<Box<dyn Read + Send>, Failure> {
        match self.file.as_deref().filter(|path| path.as_os_str() != "-") {
            None => Ok(Box::new(io::stdin())),
            Some(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(self.unreadable(&error)),
            },
        }
    }

    fn dump_capture(&self, input: impl Read + Send) -> Result<(), Failure> {
        let mut show = Show::new(self.json, self.bytes);
        let mut conversations = Conversations::new(self.bytes);
        let mut sources = Sources::new(self.bytes);
        let mut fragments = 0_u64;
        let mut capture = Capture::new(input)?;
        while let Some(seen) = capture.next()? {
            let spoken = match seen {
                Seen::Segment(segment) if self.wants([segment.from.port(), segment.to.port()]) => {
                    conversations.take(&segment)
                }
                Seen::Datagram(datagram) if self.wants(datagram.any_ports()) => sources.take(&datagram),
                Seen::Fragment => {
                    fragments += 1;
                    continue;
                }
                _ => continue,
            };
            spoken.iter().try_for_each(|spoken| show.print(spoken))?;
            show.flush()?;
        }
        let rest = conversations.end().into_iter().chain(sources.end());
        rest.into_iter().try_for_each(|spoken| show.print(&spoken))?;
        show.flush()?;
        let cut_off = if capture.is_cut_off() { "; the capture is cut off" } else { "" };
        if conversations.counts() != (0, 0) || sources.counts().0 == 0 {
            note!("zinc: {}{cut_off}", conversations.summary());
        }
        if sources.counts() != (0, 0) {
            note!("zinc: {}{cut_off}", sources.summary());
        }
        if fragments > 0 {
            note!(
                "zinc: {fragments} fragments of multicast datagrams passed over: they are larger than the MTU"
            );
        }
        match (conversations.counts(), sources.counts()) {
            (_, (1.., _)) => Ok(()),
            ((0, 0), (_, 0)) if capture.is_cut_off() => Err(Failure::Failed(
                "the capture is cut off before its first packet of TCP or UDP".to_owned(),
            )),
            ((0, 1..), _) => Err(Failure::Failed(
                "no connection in it is ZMTP from its beginning on: they may have begun before the capture"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Whether these are ports to look at.
    fn wants(&self, ports: [u16; 2]) -> bool {
        self.ports.is_empty() || ports.iter().any(|port| self.ports.contains(port))
    }

    /// One direction, without the other.
    fn dump_stream(&self, mut input: impl Read) -> Result<(), Failure> {
        let mut show = Show::new(self.json, self.bytes);
        let mut decoder = Decoder::new(self.bytes);
        let mut buffer = vec![0; 64 << 10];
        let mut broken = false;
        loop {
            let count = match input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|error| self.unreadable(&error))?,
            };
            if count == 0 {
                break;
            }
            decoder.feed(buffer.get(..count).unwrap_or_default());
            let events = decoder.advance(None);
            broken |= events.iter().any(|event| matches!(event, Event::Broken(_)));
            self.print(&mut show, events)?;
        }
        self.print(&mut show, decoder.end())?;
        if broken {
            let kinds = "neither a capture (pcap or pcapng, unpacked) nor one direction of ZMTP from its beginning on";
            return Err(Failure::Failed(format!("{} is {kinds}", self.name())));
        }
        Ok(())
    }

    fn print(&self, show: &mut Show, events: Vec<Event>) -> Result<(), Failure> {
        for event in events {
            show.print(&Spoken { event, place: None })?;
        }
        show.flush()
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::Failed(format!("cannot read {}: {error}", self.name()))
    }

    fn name(&self) -> String {
        self.file.as_ref().map_or_else(|| "the standard input".into(), |path| path.display().to_string())
    }
}
