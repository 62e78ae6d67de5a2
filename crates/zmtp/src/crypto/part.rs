//! A large body, sealed or opened in parts: each takes its share of an I/O thread's turn.

use std::fmt;

use dryoc::classic::crypto_onetimeauth::{
    OnetimeauthState, crypto_onetimeauth_final, crypto_onetimeauth_init, crypto_onetimeauth_update,
};
use zeroize::Zeroizing;

use super::boxes::{Key, MAC, MAC_KEY};
use salsa::{BLOCK, Lane, Place};

/// The bytes that are copied, encrypted and authenticated before the next ones: they stay in the fastest cache.
const STEP: usize = 16 << 10;

/// See the module.
pub(super) struct Part {
    nonce: u64,
    /// Bytes of the text that are done.
    done: usize,
    mac: OnetimeauthState,
    /// The first block of key stream, behind the authenticator's key.
    first: Zeroizing<[u8; BLOCK - MAC_KEY]>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("done", &self.done).finish_non_exhaustive()
    }
}

impl Part {
    /// The body of this count, from its beginning.
    pub(super) fn new(key: &Key, count: u64) -> Self {
        let nonce = u64::from_le_bytes(count.to_be_bytes());
        let mut block = Zeroizing::new([[0; BLOCK]]);
        salsa::keystream(&key.0, &[Place { nonce, block: 0 }], &mut *block);
        let (mut mac_key, mut first) = (Zeroizing::new([0; MAC_KEY]), Zeroizing::new([0; BLOCK - MAC_KEY]));
        mac_key.copy_from_slice(&block[0][..MAC_KEY]);
        first.copy_from_slice(&block[0][MAC_KEY..]);
        Self { nonce, done: 0, mac: crypto_onetimeauth_init(&mac_key), first }
    }

    /// The bytes of the text that are done.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Appends what follows in the text, encrypted while its copy is in the cache.
    pub(super) fn append(&mut self, key: &Key, text: &[u8], out: &mut Vec<u8>) {
        let mut rest = text;
        while !rest.is_empty() {
            let (step, later) = rest.split_at(self.step(rest.len()));
            let at = out.len();
            out.extend_from_slice(step);
            self.seal(key, &mut out[at..]);
            rest = later;
        }
    }

    /// Encrypts what follows in the text.
    pub(super) fn seal(&mut self, key: &Key, text: &mut [u8]) {
        let mut rest = text;
        while !rest.is_empty() {
            let (step, later) = rest.split_at_mut(self.step(rest.len()));
            self.crypt(key, step);
            crypto_onetimeauth_update(&mut self.mac, step);
            rest = later;
        }
    }

    /// Decrypts what follows in the text. It may be used only if the authenticator of the whole is right.
    pub(super) fn open(&mut self, key: &Key, text: &mut [u8]) {
        let mut rest = text;
        while !rest.is_empty() {
            let (step, later) = rest.split_at_mut(self.step(rest.len()));
            crypto_onetimeauth_update(&mut self.mac, step);
            self.crypt(key, step);
            rest = later;
        }
    }

    /// The length of the next step, which ends with a block of key stream, if there are so many bytes.
    fn step(&self, rest: usize) -> usize {
        rest.min(STEP - (MAC_KEY + self.done) % STEP)
    }

    /// The authenticator of the whole.
    pub(super) fn authenticator(self) -> [u8; MAC] {
        let mut mac = [0; MAC];
        crypto_onetimeauth_final(self.mac, &mut mac);
        mac
    }

    fn crypt(&mut self, key: &Key, text: &mut [u8]) {
        // What lies under the rest of a block, then whole ones.
        let at = MAC_KEY + self.done;
        let (mut block, skipped) = ((at / BLOCK) as u64, at % BLOCK);
        self.done += text.len();
        let (begun, whole) = text.split_at_mut(text.len().min((BLOCK - skipped) % BLOCK));
        if !begun.is_empty() {
            let mut stream = Zeroizing::new([[0; BLOCK]]);
            if block == 0 {
                stream[0][MAC_KEY..].copy_from_slice(&*self.first);
            } else {
                salsa::keystream(&key.0, &[Place { nonce: self.nonce, block }], &mut *stream);
            }
            begun.iter_mut().zip(&stream[0][skipped..]).for_each(|(byte, key)| *byte ^= key);
            block += 1;
        }
        let lanes = whole.chunks_mut(BLOCK).zip(block..);
        let place = |block| Place { nonce: self.nonce, block };
        salsa::crypt(&key.0, lanes.map(|(text, block)| Lane { place: place(block), text }));
    }
}
