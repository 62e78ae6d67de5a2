//! Values that can be sent: all that can be read as one or more parts.

use crate::error::{Error, SendError};
use crate::message::{Frame, IntoParts, Message};
use crate::socket::filled::Filled;
use bytes::{Bytes, BytesMut};
use queue::Part;
use queue::warm::{Buffer, is_large};
use std::borrow::Cow;
use std::sync::Arc;

/// A value that can be sent: bytes or text as a message of one part, a [`Frame`], a [`Message`], or parts in an array, slice,
/// vector or tuple, where a message stands for its parts ([`IntoParts`]).
///
/// ```
/// # use std::borrow::Cow;
/// # use zincmq::{Context, Frame, Message, Pull, Push};
/// # fn main() -> zincmq::Result<()> {
/// # let context = Context::new();
/// # let mut pull = Pull::new(&context)?;
/// # pull.bind("inproc://x")?;
/// # let mut push = Push::new(&context)?;
/// # push.connect("inproc://x")?;
/// let frame = Frame::from("part");
/// push.send("text")?;
/// push.send(b"bytes")?;
/// push.send(42_u32.to_be_bytes())?;
/// push.send(Cow::from("text, owned or not"))?;
/// push.send(&frame)?;
/// push.send(("parts of", String::from("mixed"), &[1, 2, 3], frame))?;
/// push.send(("an envelope", "", Message::from(["and", "the", "rest"])))?;
/// push.send(["parts", "of a kind"])?;
/// push.send(vec!["as", "many", "as", "there", "are"])?;
/// # for _ in 0..9 { pull.recv()?; }
/// # Ok(()) }
/// ```
///
/// Borrowed bytes are copied into the queue. Owned bodies ([`Vec`], [`String`], [`Bytes`], [`Message`]) of 60 KiB and
/// more are not copied at all. The fastest way to send many large bodies is a [`Buffer`] for each, whose memory is used
/// again:
///
/// ```
/// # use zincmq::{Buffer, Context, Pull, Push};
/// # use std::io::Read;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let context = Context::new();
/// # let mut pull = Pull::new(&context)?;
/// # pull.bind("inproc://x")?;
/// # let mut push = Push::new(&context)?;
/// # push.connect("inproc://x")?;
/// # let mut picture = std::io::repeat(7).take(1 << 20);
/// let mut body = Buffer::with_capacity(1 << 20);
/// picture.read_to_end(&mut body)?;
/// push.send(body)?;
/// # assert_eq!(pull.recv()?.bytes().len(), 1 << 20);
/// # Ok(()) }
/// ```
///
/// What is not sent comes back ([`SendError`]): an owned value as it was or as a [`Frame`], parts as a [`Message`], and of
/// what is borrowed nothing, since the caller still has it.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be sent",
    note = "bytes and text can be, a `Frame`, a `Message`, and tuples, arrays, slices and vectors of parts"
)]
pub trait Outgoing {
    /// The form in which the value waits for an attempt to send it that succeeds.
    type Ready: Parts;

    /// The form in which the value comes back if it is not sent.
    type Unsent;

    /// Prepares the value for sending, once for all attempts: large owned bodies become shared, borrowed bytes stay
    /// borrowed.
    fn ready(self) -> Self::Ready;

    /// Gives the value back, no attempt having succeeded.
    fn unsent(ready: Self::Ready) -> Self::Unsent;
}

/// The error of a send, with what was not sent.
#[cold]
pub(super) fn refused<M: Outgoing>(ready: M::Ready, error: Error) -> SendError<M::Unsent> {
    SendError { error, message: M::unsent(ready) }
}

/// The parts of one message, which can be handed to any number of attempts to send it.
pub trait Parts {
    /// Calls `send` with the parts, and returns its result.
    #[doc(hidden)]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R;
}

impl Parts for &[u8] {
    #[inline(always)]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[Part::Slice(self)])
    }
}

impl<const N: usize> Parts for [u8; N] {
    #[inline(always)]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[Part::Slice(self)])
    }
}

impl Parts for Frame {
    #[inline(always)]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[self.as_part()])
    }
}

/// Nobody shares bodies of so many bytes: plain ones go the shortest way.
const SMALL: usize = 128;

impl Parts for Bytes {
    #[inline(always)]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[if self.len() > SMALL { Part::Shared(self) } else { Part::Slice(self) }])
    }
}

impl Parts for Filled {
    #[inline(always)]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        let bytes = self.as_ref();
        send(&[if is_large(bytes.len()) { Part::Kept(self) } else { Part::Slice(bytes) }])
    }
}

/// Messages of so many parts need no memory on their way.
const FEW: usize = 8;

impl Parts for Message {
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        if self.len() > FEW {
            let parts: Vec<_> = self.iter().map(Frame::as_part).collect();
            return send(&parts);
        }
        let mut parts = [Part::Slice(&[]); FEW];
        for (place, frame) in parts.iter_mut().zip(self) {
            *place = frame.as_part();
        }
        send(&parts[..self.len()])
    }
}

impl<P: Parts> Parts for &P {
    #[inline(always)]
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        (**self).with(send)
    }
}

/// Kinds of values: what they wait as and how that is made, what comes back and how.
macro_rules! outgoing {
    ($([$($generic:tt)*] $kind:ty => $ready:ty: $make:expr, $unsent:ty: $back:expr;)+) => {$(
        impl<$($generic)*> Outgoing for $kind {
            type Ready = $ready;
            type Unsent = $unsent;

            #[inline]
            fn ready(self) -> $ready {
                let make: fn($kind) -> $ready = $make;
                make(self)
            }

            fn unsent(ready: $ready) -> $unsent {
                let back: fn($ready) -> $unsent = $back;
                back(ready)
            }
        }
    )+};
}

outgoing! {
    ['a] &'a [u8] => &'a [u8]: |bytes| bytes, (): drop;
    ['a, const N: usize] &'a [u8; N] => &'a [u8]: |bytes| bytes, (): drop;
    ['a] &'a Vec<u8> => &'a [u8]: |bytes| bytes, (): drop;
    ['a] &'a str => &'a [u8]: str::as_bytes, (): drop;
    ['a] &'a String => &'a [u8]: |text| text.as_bytes(), (): drop;
    ['a] &'a Bytes => &'a Bytes: |bytes| bytes, (): drop;
    ['a] &'a Frame => &'a Frame: |frame| frame, (): drop;
    ['a] &'a Message => &'a Message: |message| message, (): drop;
    [const N: usize] [u8; N] => [u8; N]: |bytes| bytes, [u8; N]: |bytes| bytes;
    [] Vec<u8> => Frame: |bytes| Frame::hold(bytes).shared(), Self: Frame::into_vec;
    [] String => Frame: |text| Frame::hold(text.into_bytes()).shared(), Self: text;
    [] Bytes => Self: |bytes| bytes, Self: |bytes| bytes;
    [] BytesMut => Bytes: Self::freeze, Bytes: |bytes| bytes;
    [] Buffer => Filled: Filled::from, Bytes: Bytes::from;
    [] Box<[u8]> => Frame: |bytes| Frame::from(bytes).shared(), Frame: |frame| frame;
    [] Box<str> => Frame: |text| Frame::from(text).shared(), Frame: |frame| frame;
    [] Arc<[u8]> => Frame: Frame::from, Frame: |frame| frame;
    [] Arc<str> => Frame: Frame::from, Frame: |frame| frame;
    [] Cow<'_, [u8]> => Frame: |bytes| Frame::from(bytes).shared(), Frame: |frame| frame;
    [] Cow<'_, str> => Frame: |text| Frame::from(text).shared(), Frame: |frame| frame;
    [] Frame => Self: Self::shared, Self: |frame| frame;
    [] Message => Self: Self::shared, Self: |message| message;
    [F: Into<Frame>, const N: usize] [F; N] => Message: |parts| Message::from(parts).shared(), Message: |message| message;
    [F: Into<Frame>] Vec<F> => Message: |parts| Message::from(parts).shared(), Message: |message| message;
}

/// The text that this was.
fn text(frame: Frame) -> String {
    frame.into_string().unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

macro_rules! borrowed {
    ($([$($generic:tt)*] $kind:ty;)+) => {$(
        impl<'a, F, $($generic)*> Outgoing for $kind
        where
            &'a F: Into<Frame>,
        {
            type Ready = Message;
            type Unsent = ();

            fn ready(self) -> Message {
                Message::from(self).shared()
            }

            fn unsent(_: Message) {}
        }
    )+};
}

borrowed! {
    [] &'a [F];
    [] &'a Vec<F>;
    [const N: usize] &'a [F; N];
}

macro_rules! tuples {
    ($(($($part:ident)+))+) => {$(
        impl<$($part: IntoParts),+> Outgoing for ($($part,)+) {
            type Ready = Message;
            type Unsent = Message;

            fn ready(self) -> Message {
                Message::from(self).shared()
            }

            fn unsent(ready: Message) -> Message {
                ready
            }
        }
    )+};
}

tuples!((A)(A B)(A B C)(A B C D)(A B C D E)(A B C D E F)(A B C D E F G)(A B C D E F G H));

/// What an iterator over borrowed values gives.
impl<'a, T: ?Sized> Outgoing for &&'a T
where
    &'a T: Outgoing,
{
    type Ready = <&'a T as Outgoing>::Ready;
    type Unsent = <&'a T as Outgoing>::Unsent;

    fn ready(self) -> Self::Ready {
        (*self).ready()
    }

    fn unsent(ready: Self::Ready) -> Self::Unsent {
        <&'a T as Outgoing>::unsent(ready)
    }
}
