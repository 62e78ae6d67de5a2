//! The options of one socket, set and read.

use super::error::OptionError;
use super::form::Form;
use super::keys::{Options, XPUB_VERBOSE, XPUB_VERBOSER, by_number, cell};
use super::row::{Access, OptionKey, Row};
use super::value::Value;
use crate::socket_type::{Raw, SocketType};
use std::time::Duration;

/// Bits of `ROUTER_NOTIFY`.
pub(crate) const CONNECT: i32 = 1;
pub(crate) const DISCONNECT: i32 = 2;

impl Options {
    /// The options of a new socket of this type: the defaults, except that subscribers do not linger.
    #[must_use]
    pub(crate) fn new(socket: SocketType) -> Self {
        Self { linger: if socket.profile().subscribes { 0 } else { -1 }, ..Self::default() }
    }

    /// Whether a socket of this type speaks plain TCP: STREAM, and ROUTER with `ROUTER_RAW`.
    #[must_use]
    pub(crate) fn is_raw(&self, socket: SocketType) -> bool {
        match socket.profile().raw {
            Raw::Never => false,
            Raw::Router => self.router_raw,
            Raw::Stream => true,
        }
    }

    /// Whether an empty message tells of the coming of a connection, or of its going ([`CONNECT`], [`DISCONNECT`]).
    pub(crate) fn notifies(&self, socket: SocketType, event: i32) -> bool {
        match socket.profile().raw {
            Raw::Never => false,
            Raw::Router => self.router_raw || self.router_notify & event != 0,
            Raw::Stream => self.stream_notify,
        }
    }

    /// The first message to every new peer, for the types that have one (`HELLO_MSG`).
    pub(crate) fn hello(&self, socket: SocketType) -> Option<&[u8]> {
        Some(&*self.hello_msg).filter(|message| socket.profile().greets && !message.is_empty())
    }

    /// The message received when a peer leaves, on the types that want to know (`DISCONNECT_MSG`).
    pub(crate) fn disconnect_msg(&self, socket: SocketType) -> Option<&[u8]> {
        let hears = socket.profile().hears_disconnects;
        Some(&*self.disconnect_msg).filter(|message| hears && !message.is_empty())
    }

    /// The message received when a connection is lost that this side has made, on the types that want to know
    /// (`HICCUP_MSG`).
    pub(crate) fn hiccup(&self, socket: SocketType) -> Option<&[u8]> {
        Some(&*self.hiccup_msg).filter(|message| socket.profile().hears_hiccups && !message.is_empty())
    }

    /// How long a thread looks awake before it sleeps (`SPIN`).
    pub(crate) fn spin_time(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.spin).unwrap_or(0))
    }

    /// The value of an option.
    #[must_use]
    pub(crate) fn get<F: Form, G>(&self, option: OptionKey<F, G>) -> F::Value {
        let value = cell(option.row().number).map(|cell| (cell.get)(self));
        value.and_then(F::read).unwrap_or_default()
    }

    /// Sets the option of a row.
    ///
    /// # Errors
    /// [`OptionError::Value`], or [`OptionError::Access`] if it is state.
    pub(crate) fn set_value(&mut self, row: &Row, value: Value) -> Result<(), OptionError> {
        let settable = cell(row.number).filter(|_| row.access != Access::Get);
        let cell = settable.ok_or(OptionError::Access { name: row.name, set: true })?;
        let value = row.check(value)?;
        (cell.set)(self, value.clone()).ok_or_else(|| row.refuse(value))?;
        // One more option than there are states: each sets both.
        if row.number == XPUB_VERBOSE.row().number {
            self.xpub_verboser = false;
        } else if row.number == XPUB_VERBOSER.row().number {
            self.xpub_verbose = self.xpub_verboser;
        }
        self.choose_mechanism(row);
        Ok(())
    }

    /// The value of the option of a row.
    ///
    /// # Errors
    /// [`OptionError::Access`] if it is state.
    pub(crate) fn get_value(&self, row: &Row) -> Result<Value, OptionError> {
        let cell = cell(row.number).ok_or(OptionError::Access { name: row.name, set: false })?;
        Ok((cell.get)(self))
    }

    /// Reads an option as `zmq_getsockopt` does: only those that C may read.
    ///
    /// # Errors
    /// [`OptionError`].
    pub(crate) fn get_raw(&self, number: i32) -> Result<Value, OptionError> {
        let row = by_number(number).ok_or_else(|| OptionError::Unknown(number.to_string()))?;
        if row.access == Access::Set {
            return Err(OptionError::Access { name: row.name, set: false });
        }
        self.get_value(row)
    }
}

impl Row {
    /// The value in effect unless another is set; `None` for state.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        cell(self.number).map(|cell| (cell.get)(&Options::default()))
    }
}
