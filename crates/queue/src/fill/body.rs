//! A body that is too large for a segment: it comes into memory of its own.

use super::bounds::Refusal;
use super::unseal::Unseal;
use crate::header::LONGEST;
use crate::warm;
use bytes::Bytes;
use std::mem::MaybeUninit;

/// A large body under way, of a frame or a command.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Vec<u8>,
    /// Its full size, as it arrives.
    size: usize,
    /// It is a box, of which so many bytes are open.
    sealed: Option<usize>,
    /// Bytes that stand before it.
    skipped: usize,
}

impl Body {
    /// One of `size` bytes that begins with these. Few of them wait in little memory: when the others are read, the body before
    /// may be done with, whose memory is warm.
    pub(super) fn new(begun: &[u8], size: usize) -> Result<Self, Refusal> {
        let mut bytes = Vec::new();
        let memory = match begun.len() {
            few @ ..=LONGEST => bytes.try_reserve_exact(few),
            _ => warm::buffer(size).map(|warm| bytes = warm),
        };
        memory.map_err(|_| Refusal::NoMemory(size as u64))?;
        bytes.extend_from_slice(begun);
        Ok(Self { bytes, size, sealed: None, skipped: 0 })
    }

    /// A box of `size` bytes that begins with these.
    pub(super) fn sealed(begun: &[u8], size: usize) -> Result<Self, Refusal> {
        Ok(Self { sealed: Some(0), ..Self::new(begun, size)? })
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// Opens so much of the box as has come. Returns whether that is all of it.
    pub(super) fn open<U: Unseal>(&mut self, unseal: &mut U) -> Result<bool, U::Error> {
        let whole = self.is_whole();
        let opened = self.sealed.unwrap_or(self.size);
        self.sealed = Some(unseal.open_part(&mut self.bytes, opened, whole)?);
        Ok(whole)
    }

    /// The box is open: the flags of its plain body.
    pub(super) fn unseal<U: Unseal>(&mut self) -> u8 {
        self.sealed = None;
        self.skipped = U::OVERHEAD.min(self.size);
        U::flags(&self.bytes)
    }

    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() == self.size
    }

    /// So much of it as has come.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.skipped..).unwrap_or_default()
    }

    pub(super) fn into_bytes(self) -> Bytes {
        let skipped = self.skipped;
        warm::share(self.bytes).slice(skipped..)
    }

    /// The bytes that are missing.
    pub(super) fn missing(&self) -> usize {
        self.size - self.bytes.len()
    }

    /// The bytes that are missing and have a place.
    pub(super) fn room(&self) -> usize {
        self.bytes.capacity().min(self.size) - self.bytes.len()
    }

    /// The place of these.
    pub(super) fn spare(&mut self) -> &mut [MaybeUninit<u8>] {
        let room = self.room();
        &mut self.bytes.spare_capacity_mut()[..room]
    }

    /// # Safety
    /// The first `read` bytes of [`Body::spare`] have been written.
    pub(super) unsafe fn advance(&mut self, read: usize) {
        // SAFETY: by the contract; the spare bytes are inside the capacity.
        unsafe { self.bytes.set_len(self.bytes.len() + read) };
    }

    /// Whether nothing will be missing once that room is filled.
    pub(super) fn ends_in_room(&self) -> bool {
        self.bytes.len() + self.room() == self.size
    }

    /// The size of the plain body.
    pub(super) fn size(&self) -> usize {
        self.size - self.skipped
    }

    /// Takes in what there is room for. Returns its length.
    pub(super) fn take_in(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.room());
        self.bytes.extend_from_slice(&bytes[..taken]);
        taken
    }

    /// Makes room for more if there is none.
    pub(super) fn make_room(&mut self) -> Result<(), Refusal> {
        if self.bytes.len() == self.bytes.capacity() && !self.is_whole() {
            warm::grow(&mut self.bytes, self.size).map_err(|_| Refusal::NoMemory(self.size as u64))?;
        }
        Ok(())
    }
}
