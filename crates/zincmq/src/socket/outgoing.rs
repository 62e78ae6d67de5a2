//! Values that can be sent: all that can be read as one or more parts.

use crate::message::{Frame, Message};
use bytes::Bytes;
use queue::{Keep, Part};

/// A value that can be sent: bytes or text as a message of one part, a [`Frame`], a [`Message`], or parts in an array or
/// vector.
///
/// Borrowed bytes are copied into the queue. Owned bodies ([`Vec`], [`String`], [`Bytes`], [`Message`]) of 60 KiB and
/// more are not copied at all.
pub trait Outgoing {
    /// The form in which the value waits for an attempt to send it that succeeds.
    type Ready: Parts;

    /// Prepares the value for sending, once for all attempts: large owned bodies become shared, borrowed bytes stay
    /// borrowed.
    fn ready(self) -> Self::Ready;
}

/// The parts of one message, which can be handed to any number of attempts to send it.
pub trait Parts {
    /// Calls `send` with the parts, and returns its result.
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R;
}

impl Parts for &[u8] {
    #[inline]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[Part::Slice(self)])
    }
}

impl Parts for Frame {
    #[inline]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[self.as_part()])
    }
}

/// Nobody shares bodies of so many bytes: plain ones go the shortest way.
const SMALL: usize = 128;

/// Messages of so many parts need no memory on their way.
const FEW: usize = 8;

impl Parts for Message {
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        if self.len() > FEW {
            let parts: Vec<_> = self.iter().map(Frame::as_part).collect();
            return send(&parts);
        }
        let mut parts = [Part::Slice(&[]); FEW];
        for (place, frame) in parts.iter_mut().zip(self.iter()) {
            *place = frame.as_part();
        }
        send(&parts[..self.len()])
    }
}

impl Parts for &Message {
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        (**self).with(send)
    }
}

impl Parts for &Bytes {
    #[inline]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[if self.len() > SMALL { Part::Shared(self) } else { Part::Slice(self) }])
    }
}

impl Parts for &dyn Keep {
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[Part::Kept(*self)])
    }
}

impl<'a> Outgoing for &'a dyn Keep {
    type Ready = &'a dyn Keep;

    fn ready(self) -> Self::Ready {
        self
    }
}

impl<'a> Outgoing for &'a Bytes {
    type Ready = &'a Bytes;

    #[inline]
    fn ready(self) -> Self::Ready {
        self
    }
}

impl<'a> Outgoing for &'a [u8] {
    type Ready = &'a [u8];

    #[inline]
    fn ready(self) -> Self::Ready {
        self
    }
}

impl<'a, const N: usize> Outgoing for &'a [u8; N] {
    type Ready = &'a [u8];

    #[inline]
    fn ready(self) -> Self::Ready {
        self
    }
}

impl<'a> Outgoing for &'a str {
    type Ready = &'a [u8];

    #[inline]
    fn ready(self) -> Self::Ready {
        self.as_bytes()
    }
}

impl<'a> Outgoing for &'a Vec<u8> {
    type Ready = &'a [u8];

    #[inline]
    fn ready(self) -> Self::Ready {
        self
    }
}

impl<'a> Outgoing for &'a String {
    type Ready = &'a [u8];

    #[inline]
    fn ready(self) -> Self::Ready {
        self.as_bytes()
    }
}

impl<'a> Outgoing for &'a Message {
    type Ready = &'a Message;

    fn ready(self) -> Self::Ready {
        self
    }
}

macro_rules! owned {
    ($($kind:ty),*) => {$(
        impl Outgoing for $kind {
            type Ready = Frame;

            fn ready(self) -> Frame {
                let mut frame = Frame::from(self);
                frame.share_large();
                frame
            }
        }
    )*};
}

owned!(Vec<u8>, String, Bytes, Frame);

impl Outgoing for Message {
    type Ready = Self;

    fn ready(mut self) -> Self {
        self.share_large();
        self
    }
}

impl<F: Into<Frame>, const N: usize> Outgoing for [F; N] {
    type Ready = Message;

    fn ready(self) -> Message {
        Message::from(self).ready()
    }
}

impl Outgoing for Vec<Frame> {
    type Ready = Message;

    fn ready(self) -> Message {
        Message::from(self).ready()
    }
}
