//! Two true sides that talk, and a stranger between them who changes their commands.

use crate::feed::{GREETING, Side};
use crate::input::Input;
use crate::model;
use zmtp::{Flags, frame};

/// One party, and the bytes on their way to it.
#[derive(Debug)]
pub struct Party {
    pub side: Side,
    /// All that came to it behind the greeting.
    pub heard: Vec<u8>,
    /// The bodies of all commands that the other side sent it.
    pub meant: Vec<Vec<u8>>,
    greeted: usize,
}

impl Party {
    pub fn new(side: Side) -> Self {
        Self { side, heard: Vec::new(), meant: Vec::new(), greeted: 0 }
    }

    /// The commands that it says now, each a whole frame; its greeting goes to `other` as it is.
    fn say(&mut self, other: &mut Self) -> Vec<Vec<u8>> {
        let said = self.side.say();
        let (greeting, mut rest) = said.split_at(said.len().min(GREETING - self.greeted));
        self.greeted += greeting.len();
        other.side.hear(greeting);
        let mut commands = Vec::new();
        while let Some(found) = model::frame(rest) {
            assert!(found.is_whole() && found.flags & 4 != 0, "a command is sent in whole");
            let (command, later) = rest.split_at(found.header + found.body.len());
            other.meant.push(found.body.to_vec());
            commands.push(command.to_vec());
            rest = later;
        }
        commands
    }
}

/// Lets both talk until nothing more is said. Each edit of `input` concerns one of the commands, counted as they come.
pub fn talk(client: &mut Party, server: &mut Party, input: &mut Input<'_>) {
    let edits = read_edits(input);
    let mut past: Vec<Vec<u8>> = Vec::new();
    let mut silent = 0;
    for turn in 0.. {
        let (from, to) =
            if turn % 2 == 0 { (&mut *client, &mut *server) } else { (&mut *server, &mut *client) };
        let commands = from.say(to);
        silent = if commands.is_empty() && turn > 8 { silent + 1 } else { 0 };
        for command in commands {
            let mut bytes = command.clone();
            let due = edits.iter().filter(|(which, _)| *which == past.len() % 8);
            due.for_each(|(_, edit)| edit.apply(&mut bytes, &past));
            past.push(command);
            to.heard.extend_from_slice(&bytes);
            to.side.hear(&bytes);
        }
        if silent > 2 {
            break;
        }
    }
}

/// One change to a frame on its way.
#[derive(Debug)]
enum Edit<'a> {
    Flip {
        at: usize,
        by: u8,
    },
    Cut {
        at: usize,
    },
    /// As `Cut`, with a header that says so.
    Shorten {
        at: usize,
    },
    /// A body with more behind it, and a header that says so.
    Lengthen {
        with: &'a [u8],
    },
    Overwrite {
        at: usize,
        with: &'a [u8],
    },
    Insert {
        at: usize,
        with: &'a [u8],
    },
    Replace {
        with: &'a [u8],
    },
    /// Another command in front, in a frame of its own.
    Precede {
        with: &'a [u8],
    },
    /// A command that went before, in either direction, in front or instead.
    Replay {
        which: usize,
        instead: bool,
    },
    Again,
    /// Another header for the same body.
    Reframe {
        flags: u8,
    },
}

fn read_edits<'a>(input: &mut Input<'a>) -> Vec<(usize, Edit<'a>)> {
    let mut edits = Vec::new();
    while !input.is_over() && edits.len() < 8 {
        let which = usize::from(input.byte() % 8);
        let edit = match input.byte() % 12 {
            0 => Edit::Flip { at: input.word(), by: input.byte() },
            1 => Edit::Cut { at: input.word() },
            2 => Edit::Shorten { at: input.word() },
            3 => Edit::Lengthen { with: input.text() },
            4 => Edit::Overwrite { at: input.word(), with: input.text() },
            5 => Edit::Insert { at: input.word(), with: input.text() },
            6 => Edit::Replace { with: input.text() },
            7 => Edit::Precede { with: input.text() },
            8 => Edit::Replay { which: input.below(256), instead: false },
            9 => Edit::Replay { which: input.below(256), instead: true },
            10 => Edit::Again,
            _ => Edit::Reframe { flags: input.byte() },
        };
        edits.push((which, edit));
    }
    edits
}

impl Edit<'_> {
    fn apply(&self, bytes: &mut Vec<u8>, past: &[Vec<u8>]) {
        let place = |at: usize| at % bytes.len().max(1);
        match *self {
            Self::Flip { at, by } => {
                let at = place(at);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= by);
            }
            Self::Cut { at } => bytes.truncate(place(at)),
            Self::Shorten { at } => {
                let body = first_body(bytes);
                *bytes = framed(4, &[&body[..at % (body.len() + 1)]]);
            }
            Self::Lengthen { with } => *bytes = framed(4, &[&first_body(bytes), with]),
            Self::Overwrite { at, with } => {
                let at = place(at);
                bytes.iter_mut().skip(at).zip(with).for_each(|(byte, with)| *byte = *with);
            }
            Self::Insert { at, with } => {
                let at = place(at);
                bytes.splice(at..at, with.iter().copied());
            }
            Self::Replace { with } => *bytes = with.to_vec(),
            Self::Precede { with } => *bytes = [&framed(4, &[with])[..], bytes].concat(),
            Self::Replay { which, instead } => {
                let Some(command) = past.get(which % past.len().max(1)) else { return };
                *bytes = if instead { command.clone() } else { [&command[..], bytes].concat() };
            }
            Self::Again => *bytes = bytes.repeat(2),
            Self::Reframe { flags } => {
                let body = first_body(bytes);
                let header = [&[flags | 2][..], &(body.len() as u64).to_be_bytes()].concat();
                let long = flags & 2 != 0 || body.len() > 255;
                *bytes = if long { [header, body].concat() } else { framed(flags, &[&body]) };
            }
        }
    }
}

/// The body of the frame in front, as far as there is one.
fn first_body(bytes: &[u8]) -> Vec<u8> {
    model::frame(bytes).map_or(Vec::new(), |frame| frame.body.to_vec())
}

fn framed(flags: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::append(&mut out, Flags(flags), parts);
    out
}
