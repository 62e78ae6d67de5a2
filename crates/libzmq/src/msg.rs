//! `zmq_msg_t`: the 64 bytes that C keeps for one part of a message.

pub(crate) mod receive;

use crate::block::Block;
use crate::errno::Errno;
use bytes::Bytes;
use libc::{c_int, c_void};
use queue::{Common, Keep};
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::{ptr, slice};
use zincmq::{Frame, PeerInfo};

/// Bodies up to this many bytes live in the message itself.
pub(crate) const INLINE: usize = 45;
/// Parts of a message of several, up to this many bytes, are copied while it is gathered.
const GATHERED: usize = 512;
/// Bodies of this size and more travel by reference; over inproc all that have a function to be freed with.
const LARGE: usize = 60 << 10;

/// The values of `kind`; anything else is no message.
const CLOSED: u8 = 0;
const SHORT: u8 = 0x71;
const BLOCK: u8 = 0x72;
const CONSTANT: u8 = 0x73;
const COMMON: u8 = 0x74;

const PROPERTY_MORE: c_int = 1;
const PROPERTY_SRCFD: c_int = 2;
const PROPERTY_SHARED: c_int = 3;

/// `zmq_msg_t`: 64 bytes that may be moved by copying them.
#[repr(C, align(8))]
pub struct Msg {
    /// The body, or a block, or address and length of a constant, or a body that other subscribers have, too.
    body: [MaybeUninit<u8>; INLINE],
    kind: u8,
    /// The length of a short body.
    len: u8,
    /// Whether more parts follow: 0 or 1.
    more: u8,
    /// The connection it came by, from `Arc::into_raw`, or null.
    peer: *const PeerInfo,
    /// Null unless something is on it, from `Box::into_raw`.
    label: *mut Label,
}

const _: () = assert!(size_of::<Msg>() == 64);

/// Fields that only some draft socket types look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Label {
    pub(crate) routing_id: u32,
    pub(crate) group: CString,
}

/// A body as the socket takes it.
pub(crate) enum Body<'a> {
    /// To be copied.
    Slice(&'a [u8]),
    /// By reference where the socket can.
    Kept(&'a dyn Keep),
}

impl Body<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Slice(bytes) => bytes,
            Self::Kept(kept) => (*kept).as_ref(),
        }
    }

    /// A part to be gathered with others.
    pub(crate) fn into_frame(self) -> Frame {
        match self {
            Self::Slice(bytes) => bytes.into(),
            Self::Kept(kept) => Frame::kept(kept.share()),
        }
    }
}

/// Memory that stays as it is for ever.
#[derive(Debug)]
struct Constant(&'static [u8]);

impl AsRef<[u8]> for Constant {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl Keep for Constant {
    fn share(&self) -> Bytes {
        Bytes::from_static(self.0)
    }
}

impl Msg {
    pub(crate) const fn empty() -> Self {
        Self {
            body: [MaybeUninit::uninit(); INLINE],
            kind: SHORT,
            len: 0,
            more: 0,
            peer: ptr::null(),
            label: ptr::null_mut(),
        }
    }

    /// The message at an address that C gave.
    ///
    /// # Safety
    /// The address is NULL or that of 64 readable and writable bytes that nobody else uses.
    pub(crate) unsafe fn at<'a>(address: *mut Self) -> Result<&'a mut Self, Errno> {
        // SAFETY: the caller's word. `more` is read only from what was initialised here.
        let kind = if address.is_null() { CLOSED } else { unsafe { (&raw const (*address).kind).read() } };
        match kind {
            // SAFETY: as above.
            SHORT..=COMMON => Ok(unsafe { &mut *address }),
            _ => Err(Errno(libc::EFAULT)),
        }
    }

    /// Gives an empty message a body of `size` bytes, not initialised.
    #[inline]
    pub(crate) fn make_room(&mut self, size: usize) -> Result<(), Errno> {
        if size <= INLINE {
            self.set_short(size);
            return Ok(());
        }
        self.make_block(size)
    }

    /// Gives an empty message a short body, not initialised.
    #[inline]
    pub(crate) fn set_short(&mut self, size: usize) {
        self.len = size.min(INLINE) as u8;
    }

    #[inline]
    pub(crate) fn make_block(&mut self, size: usize) -> Result<(), Errno> {
        self.put_block(Block::with_room(size)?);
        Ok(())
    }

    pub(crate) fn constant(data: *mut c_void, size: usize) -> Self {
        let mut message = Self::empty();
        message.kind = CONSTANT;
        // SAFETY: the body has room for both, and is aligned as the message.
        unsafe { message.body.as_mut_ptr().cast::<(*mut c_void, usize)>().write((data, size)) };
        message
    }

    pub(crate) fn put_block(&mut self, block: Block) {
        self.kind = BLOCK;
        // SAFETY: as in `constant`.
        unsafe { self.body.as_mut_ptr().cast::<*mut c_void>().write(block.into_raw()) };
    }

    /// The block of a message of that kind.
    fn block(&self) -> std::mem::ManuallyDrop<Block> {
        // SAFETY: messages of the kind have one, which stays theirs.
        let block = unsafe { Block::from_raw(self.body.as_ptr().cast::<*mut c_void>().read()) };
        std::mem::ManuallyDrop::new(block)
    }

    fn put_common(&mut self, common: Common) {
        self.kind = COMMON;
        // SAFETY: as in `constant`.
        unsafe { self.body.as_mut_ptr().cast::<Common>().write(common) };
    }

    /// The common body of a message of that kind.
    fn common(&self) -> std::mem::ManuallyDrop<Common> {
        // SAFETY: messages of the kind have one, which stays theirs.
        std::mem::ManuallyDrop::new(unsafe { self.body.as_ptr().cast::<Common>().read() })
    }

    /// Copies as many bytes as the message has.
    #[inline]
    pub(crate) fn overwrite(&mut self, bytes: &[u8]) {
        let data = self.data();
        // SAFETY: the message has room for so many, since it was made for them.
        unsafe { sys::copy(bytes, data) };
    }

    pub(crate) fn data(&mut self) -> *mut u8 {
        match self.kind {
            BLOCK => self.block().data(),
            // By the rules of zmq_msg_copy(3) nobody writes shared bytes.
            COMMON => self.common().as_ptr().cast_mut(),
            // SAFETY: a constant's address stands first.
            CONSTANT => unsafe { self.body.as_ptr().cast::<*mut u8>().read() },
            _ => self.body.as_mut_ptr().cast(),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        let (data, size) = match self.kind {
            BLOCK => {
                let block = self.block();
                (block.data().cast_const(), block.as_ref().len())
            }
            COMMON => {
                let common = self.common();
                (common.as_ptr(), common.len())
            }
            // SAFETY: a constant is both.
            CONSTANT => unsafe { self.body.as_ptr().cast::<(*const u8, usize)>().read() },
            _ => (self.body.as_ptr().cast(), usize::from(self.len)),
        };
        if size == 0 {
            return &[];
        }
        // SAFETY: the maker of the message gave so many bytes, and initialises them before they are looked at.
        unsafe { slice::from_raw_parts(data, size) }
    }

    /// The body, if it is sent as a copy.
    #[inline]
    pub(crate) fn plain(&self) -> Option<&[u8]> {
        let (data, size) = match self.kind {
            SHORT => (self.body.as_ptr().cast(), usize::from(self.len)),
            BLOCK => self.block().own_bytes()?,
            _ => return None,
        };
        // SAFETY: as in `bytes`; neither is NULL.
        (size < LARGE).then(|| unsafe { slice::from_raw_parts(data, size) })
    }

    /// Calls `send` with the body as the socket takes it: by reference if it is large, or if somebody wants it back;
    /// `gathered`: smaller bodies, too.
    pub(crate) fn with_body<R>(&self, gathered: bool, send: impl FnOnce(Body<'_>) -> R) -> R {
        let bytes = self.bytes();
        let copied = if gathered { GATHERED } else { LARGE };
        match self.kind {
            BLOCK if bytes.len() >= copied || self.is_foreign() => send(Body::Kept(&*self.block())),
            COMMON if bytes.len() >= copied => send(Body::Kept(&*self.common())),
            CONSTANT if bytes.len() >= copied => {
                // SAFETY: the application keeps constants as long as the process lives.
                let bytes = unsafe { slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
                send(Body::Kept(&Constant(bytes)))
            }
            _ => send(Body::Slice(bytes)),
        }
    }

    /// Whether the memory of the body is not the block's own: the application's, perhaps.
    #[inline]
    pub(crate) fn is_foreign(&self) -> bool {
        self.kind == BLOCK && self.block().own_bytes().is_none()
    }

    /// Lets go of all that the message holds; it is none afterwards.
    #[inline]
    pub(crate) fn close(&mut self) {
        self.clear();
        self.kind = CLOSED;
    }

    /// Makes it an empty message.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.set_peer(None);
        self.empty_body();
    }

    /// Lets go of all but the connection.
    #[inline(always)]
    fn empty_body(&mut self) {
        self.len = 0;
        self.more = 0;
        if !self.label.is_null() {
            self.drop_label();
        }
        if self.kind != SHORT {
            self.drop_body();
        }
    }

    #[cold]
    fn drop_label(&mut self) {
        // SAFETY: it is from a box, and forgotten here.
        drop(unsafe { Box::from_raw(std::mem::replace(&mut self.label, ptr::null_mut())) });
    }

    #[inline(never)]
    fn drop_body(&mut self) {
        match std::mem::replace(&mut self.kind, SHORT) {
            BLOCK => drop(std::mem::ManuallyDrop::into_inner(self.block())),
            COMMON => drop(std::mem::ManuallyDrop::into_inner(self.common())),
            _ => {}
        }
    }

    /// Takes all that it holds; an empty message is left.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::empty())
    }

    pub(crate) fn share(&self) -> Self {
        let mut copy = Self { label: ptr::null_mut(), peer: ptr::null(), ..*self };
        match self.kind {
            BLOCK => copy.put_block((*self.block()).clone()),
            COMMON => copy.put_common((*self.common()).clone()),
            _ => {}
        }
        copy.set_peer(self.peer().as_deref());
        // SAFETY: it is from a box if there is one.
        if let Some(label) = unsafe { self.label.as_ref() } {
            copy.label = Box::into_raw(Box::new(label.clone()));
        }
        copy
    }

    /// The connection, borrowed.
    pub(crate) fn peer(&self) -> Option<std::mem::ManuallyDrop<Arc<PeerInfo>>> {
        // SAFETY: it is from an `Arc` that stays this message's.
        (!self.peer.is_null()).then(|| std::mem::ManuallyDrop::new(unsafe { Arc::from_raw(self.peer) }))
    }

    /// Costs nothing when it is the same as before.
    #[inline]
    fn set_peer(&mut self, peer: Option<&Arc<PeerInfo>>) {
        if self.peer != peer.map_or(ptr::null(), Arc::as_ptr) {
            self.change_peer(peer);
        }
    }

    #[cold]
    fn change_peer(&mut self, peer: Option<&Arc<PeerInfo>>) {
        let old = std::mem::replace(&mut self.peer, peer.cloned().map_or(ptr::null(), Arc::into_raw));
        if !old.is_null() {
            // SAFETY: it is from `Arc::into_raw`, and forgotten here.
            drop(unsafe { Arc::from_raw(old) });
        }
    }

    /// Whether more parts of the same message follow: 1, or 0.
    pub(crate) fn more(&self) -> u8 {
        self.more
    }

    /// The label, if it has one.
    pub(crate) fn known_label(&self) -> Option<&Label> {
        // SAFETY: it is from a box, and as long there as the message.
        unsafe { self.label.as_ref() }
    }

    /// The label, made where there was none.
    pub(crate) fn label(&mut self) -> &mut Label {
        if self.label.is_null() {
            self.label = Box::into_raw(Box::default());
        }
        // SAFETY: it is from a box.
        unsafe { &mut *self.label }
    }

    pub(crate) fn is_shared(&self) -> bool {
        match self.kind {
            BLOCK => self.block().is_shared(),
            COMMON => self.common().is_shared(),
            kind => kind == CONSTANT,
        }
    }

    pub(crate) fn property(&self, property: c_int) -> Result<c_int, Errno> {
        match property {
            PROPERTY_MORE => Ok(self.more.into()),
            PROPERTY_SRCFD => Ok(self.peer().map_or(-1, |peer| peer.descriptor)),
            PROPERTY_SHARED => Ok(self.is_shared().into()),
            _ => Err(Errno(libc::EINVAL)),
        }
    }
}

/// Writes an empty message over whatever is there, in its place: one made elsewhere and moved here would be read, by
/// wide loads, right after it was written by narrow stores, which the processor waits for.
///
/// # Safety
/// `message` is NULL or the address of 64 writable bytes that nobody else uses.
#[inline]
pub(crate) unsafe fn begin<'a>(message: *mut Msg) -> Result<&'a mut Msg, Errno> {
    if message.is_null() {
        return Err(Errno(libc::EFAULT));
    }
    // SAFETY: the caller's word; all fields but the body, which need not be, are initialised then.
    unsafe {
        (&raw mut (*message).kind).write(SHORT);
        (&raw mut (*message).len).write(0);
        (&raw mut (*message).more).write(0);
        (&raw mut (*message).peer).write(ptr::null());
        (&raw mut (*message).label).write(ptr::null_mut());
        Ok(&mut *message)
    }
}

/// The bytes that C points to; none at NULL. No memory has more than half of what addresses can tell.
///
/// # Safety
/// `data` is NULL or points to so many bytes.
pub(crate) unsafe fn bytes_at<'a>(data: *const c_void, size: usize) -> Result<&'a [u8], Errno> {
    match (data.is_null(), size) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Errno(libc::EFAULT)),
        _ if isize::try_from(size).is_err() => Err(Errno(libc::ENOMEM)),
        // SAFETY: the caller's word.
        _ => Ok(unsafe { slice::from_raw_parts(data.cast(), size) }),
    }
}
