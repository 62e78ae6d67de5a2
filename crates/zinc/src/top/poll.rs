//! Asks the statistics server in a thread of its own, so that the screen never waits.

use crate::failure::Failure;
use crate::place::Place;
use crate::security::{Gate, Guard};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use zincmq::poller::{Interest, Item, Token};
use zincmq::{Context, Error, Poller, Req, option};

/// The result of a question.
pub(super) enum Reading {
    Answer(String),
    /// Nothing within the timeout; the question is asked again.
    Silence,
}

pub(super) struct Poll {
    readings: Receiver<Reading>,
    context: Context,
    _gate: Gate,
}

impl Poll {
    pub(super) fn start(
        place: &Place,
        every: Duration,
        timeout: Duration,
        guard: &Guard,
    ) -> Result<Self, Failure> {
        let context = Context::builder().blocky(false).build();
        let gate = Gate::of_one(&context, guard)?;
        let mut req = Req::new(&context)?;
        gate.secure(&mut req, guard)?;
        req.set(option::REQ_RELAXED, true)?;
        req.set(option::REQ_CORRELATE, true)?;
        place.open(&mut req, false)?;
        // One reading waits at most: the thread that asks does not run ahead of the one that shows.
        let (sender, readings) = sync_channel(1);
        // It ends with the context, or when nobody wants to know any more.
        thread::spawn(move || ask_on(&mut req, &sender, every, timeout));
        Ok(Self { readings, context, _gate: gate })
    }

    /// Ends the polling: a thread that waits for readings gets none.
    pub(super) fn stopper(&self) -> Context {
        self.context.clone()
    }

    /// The next reading; none after the end.
    pub(super) fn wait(&self) -> Option<Reading> {
        self.readings.recv().ok()
    }

    /// The next reading if it is there, or the end.
    pub(super) fn look(&self) -> Result<Option<Reading>, Error> {
        match self.readings.try_recv() {
            Ok(reading) => Ok(Some(reading)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Error::Terminated),
        }
    }
}

fn ask_on(
    req: &mut Req,
    sender: &SyncSender<Reading>,
    every: Duration,
    timeout: Duration,
) -> Result<(), Error> {
    let mut poller = Poller::new();
    loop {
        let began = Instant::now();
        let reading = match ask(req, timeout) {
            Ok(text) => Reading::Answer(text),
            Err(Error::Timeout) => Reading::Silence,
            Err(error) => return Err(error),
        };
        if sender.send(reading).is_err() {
            return Ok(());
        }
        let left = every.saturating_sub(began.elapsed());
        poller.wait([Item::socket(Token(0), req, Interest::default())], Some(left))?;
    }
}

fn ask(req: &mut Req, timeout: Duration) -> Result<String, Error> {
    req.send_timeout("", timeout)?;
    let answer = req.recv_timeout(timeout)?;
    Ok(String::from_utf8_lossy(answer.bytes()).into_owned())
}
