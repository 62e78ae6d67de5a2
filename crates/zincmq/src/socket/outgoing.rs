//! What can be sent: everything that reads as one or more parts.

use crate::message::{Frame, Message};
use bytes::Bytes;
use queue::{Keep, Part};

/// Something that can be sent.
///
/// Borrowed bytes are copied into the queue; large owned ones ([`Vec`], [`String`], [`Bytes`], [`Message`]) are
/// not copied at all.
pub trait Outgoing {
    /// The form it is sent from.
    type Ready: Parts;

    /// Makes it ready.
    fn ready(self) -> Self::Ready;
}

/// Parts ready to be sent, as often as it takes.
pub trait Parts {
    /// Calls `send` with the parts.
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
