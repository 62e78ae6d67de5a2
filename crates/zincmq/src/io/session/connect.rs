//! A session that connects: lookups, attempts, and the pauses between them.

use super::state::{Fate, Phase, Session};
use crate::command::{ToIo, ToSocket};
use crate::io::reactor::{BOTH, Reactor, Timer};
use crate::monitor::EventKind;
use crate::trace::{event_of, span};
use crate::transport::Target;
use queue::Item;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

/// Bits of `RECONNECT_STOP`.
const REFUSED: i32 = 1;
pub(super) const HANDSHAKE_FAILED: i32 = 2;
const RELEASED: i32 = 4;

impl Session {
    /// Looks the address up and connects.
    pub(super) fn connect(&mut self, reactor: &mut Reactor) -> Fate {
        let Some(dialer) = &self.dialer else { return Fate::Ends };
        let transport = dialer.transport;
        let address = self.origin.address();
        if !transport.needs_lookup(address, &self.origin.options) {
            let target = transport.resolve(address, &self.origin.options);
            return self.resolved(target, reactor);
        }
        let options = self.origin.options.clone();
        let (inbox, session, address) = (reactor.inbox.clone(), self.timers.key(), address.to_owned());
        let span = span!("lookup", "lookup", address = &*address);
        let look_up = move || {
            let target = span.in_scope(|| transport.resolve(&address, &options));
            inbox.push(Item::Command(ToIo::Resolved { session, target }));
        };
        match std::thread::Builder::new().name("ZMQbg/resolver".to_owned()).spawn(look_up) {
            Ok(_) => Fate::Lives,
            Err(_) => self.retry(reactor),
        }
    }

    /// A lookup is done.
    pub(crate) fn resolved(&mut self, target: io::Result<Target>, reactor: &mut Reactor) -> Fate {
        let (Phase::Resting, Some(dialer)) = (&self.phase, &mut self.dialer) else { return Fate::Lives };
        let target = match target {
            Ok(target) => target,
            Err(error) => {
                event_of!(self.origin, INFO, "lookup", "no address", reason = format_args!("{error}"));
                return self.retry(reactor);
            }
        };
        let attempt = dialer.attempts;
        dialer.attempts += 1;
        let connected = dialer.transport.connect(&target, attempt, &self.origin.options);
        dialer.target = Some(Box::new(target));
        match connected {
            Ok((descriptor, connected)) => {
                if reactor.watch(descriptor.as_fd(), BOTH, self.timers.key()).is_err() {
                    return self.retry(reactor);
                }
                if connected {
                    return self.connected(descriptor, reactor);
                }
                self.emit(EventKind::ConnectDelayed, rustix::io::Errno::INPROGRESS.raw_os_error() as u64);
                self.set_deadline(self.origin.options.connect_timeout, reactor);
                self.phase = Phase::Connecting(descriptor);
                Fate::Lives
            }
            Err(error) => self.attempt_failed(None, &error, reactor),
        }
    }

    /// The attempt to connect has come to nothing.
    pub(super) fn attempt_failed(
        &mut self,
        descriptor: Option<OwnedFd>,
        error: &io::Error,
        reactor: &mut Reactor,
    ) -> Fate {
        event_of!(self.origin, DEBUG, "connection", "cannot connect", reason = format_args!("{error}"));
        let number = descriptor.as_ref().map_or(u64::MAX, |descriptor| descriptor.as_raw_fd() as u64);
        if let Some(descriptor) = descriptor {
            reactor.unwatch(descriptor.as_fd());
        }
        let refused = error.kind() == io::ErrorKind::ConnectionRefused;
        let last = self.is_last(refused && self.stops(REFUSED));
        if last {
            self.part();
        }
        self.emit(EventKind::Closed, number);
        if last { Fate::Ends } else { self.retry(reactor) }
    }

    pub(super) fn connected(&mut self, descriptor: OwnedFd, reactor: &mut Reactor) -> Fate {
        let Some(transport) = self.dialer.as_ref().map(|dialer| dialer.transport) else { return Fate::Ends };
        match transport.connected(descriptor.as_fd(), &self.origin.name, &self.origin.options) {
            Ok(link) => self.link = Some(Arc::new(link)),
            Err(error) => return self.attempt_failed(Some(descriptor), &error, reactor),
        }
        event_of!(self.origin, DEBUG, "connection", "connected");
        self.emit(EventKind::Connected, descriptor.as_raw_fd() as u64);
        let target = self.dialer.as_mut().and_then(|dialer| dialer.target.take());
        let proxy = target.and_then(|target| target.proxy(&self.origin.options));
        self.phase = Self::handshake(&self.origin, self.link.as_deref(), descriptor, proxy);
        self.shake_hands(reactor)
    }

    /// Connects again after a pause, if this side connects and may.
    pub(super) fn retry(&mut self, reactor: &mut Reactor) -> Fate {
        self.phase = Phase::Resting;
        if self.is_closing() && (self.check_linger() == Fate::Ends || !self.may_connect()) {
            return Fate::Ends;
        }
        let options = &self.origin.options;
        let Some(dialer) = &mut self.dialer else { return Fate::Ends };
        if options.reconnect_ivl <= 0 {
            self.part();
            return Fate::Ends;
        }
        let pause = dialer.next_pause(options);
        let pause_ms = pause.as_millis() as u64;
        event_of!(self.origin, DEBUG, "connection", "connects again", pause_ms = pause_ms);
        self.emit(EventKind::ConnectRetried, pause_ms);
        self.timers.set(Timer::Reconnect, Instant::now() + pause, reactor);
        Fate::Lives
    }

    /// Whether this is a reason not to connect again (`RECONNECT_STOP`).
    pub(super) fn stops(&self, reason: i32) -> bool {
        self.origin.options.reconnect_stop & reason != 0
    }

    pub(super) fn may_connect(&self) -> bool {
        self.dialer.is_some() && !(self.released && self.stops(RELEASED))
    }

    /// Whether there will be no other attempt: it would end like this one, or is not wanted.
    pub(super) fn is_last(&self, hopeless: bool) -> bool {
        hopeless || self.origin.options.reconnect_ivl <= 0
    }

    /// Never again. To be said before the monitor hears of it: a thread that waits for that may connect anew.
    pub(super) fn part(&mut self) {
        // Before the pipe ends: a caller that finds nobody to send to may disconnect, or connect by hand.
        if self.dialer.is_some() {
            self.origin.owner.inbox.push(Item::Command(ToSocket::Forget { endpoint: self.origin.endpoint }));
        }
        self.ends = None;
        self.origin.owner.inbox.push(Item::Command(ToSocket::Detach { pipe: self.pipe }));
    }
}
