//! Bodies of messages, sealed or opened side by side: as many at a time as there are lanes.
//!
//! Each body needs blocks of key stream, of which the first has the key of its authenticator. The first blocks of all come
//! first, then those that follow; so the authenticators, too, are made side by side.

use dryoc::classic::crypto_onetimeauth::crypto_onetimeauth;
use salsa::poly::{self, Tag, Text};
use salsa::{BLOCK, Block, LANES, Lane, Place};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::boxes::{Key, MAC, MAC_KEY};
use crate::codec::command::MESSAGE;
use crate::error::Error;

const COUNT: usize = 8;
/// Where the authenticator stands, and where the encrypted bytes begin.
pub(super) const MAC_AT: usize = MESSAGE.len() + COUNT;
pub(super) const PLAIN_AT: usize = MAC_AT + MAC;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Seal,
    Open,
}

/// Seals or opens bodies in place.
///
/// # Errors
/// [`Error::Sealed`] for the first whose authenticator is wrong. None may be used then.
pub(super) fn run<'a>(key: &Key, bodies: impl Iterator<Item = &'a mut [u8]>, way: Way) -> Result<(), Error> {
    let mut bodies = bodies.filter_map(Job::new);
    let mut jobs = Vec::with_capacity(LANES);
    loop {
        jobs.extend(bodies.by_ref().take(LANES));
        if jobs.is_empty() {
            return Ok(());
        }
        together(key, &mut jobs, way)?;
        jobs.clear();
    }
}

/// A body under way.
struct Job<'a> {
    nonce: u64,
    mac: &'a mut [u8; MAC],
    text: &'a mut [u8],
}

impl<'a> Job<'a> {
    fn new(body: &'a mut [u8]) -> Option<Self> {
        let (head, text) = body.split_at_mut_checked(PLAIN_AT)?;
        let (name, mac) = head.split_at_mut_checked(MAC_AT)?;
        Some(Self { nonce: u64::from_le_bytes(*name.last_chunk()?), mac: mac.try_into().ok()?, text })
    }

    /// The blocks of key stream behind the first.
    fn later(&self) -> impl Iterator<Item = Place> {
        let blocks = self.text.len().saturating_sub(BLOCK - MAC_KEY).div_ceil(BLOCK) as u64;
        (1..=blocks).map(|block| Place { nonce: self.nonce, block })
    }

    /// The same, with the text under them.
    fn lanes(&mut self) -> impl Iterator<Item = Lane<'_>> {
        let later = self.text.get_mut(BLOCK - MAC_KEY..).unwrap_or_default();
        let places = (1..).map(|block| Place { nonce: self.nonce, block });
        later.chunks_mut(BLOCK).zip(places).map(|(text, place)| Lane { place, text })
    }
}

/// Not more jobs than lanes.
fn together(key: &Key, jobs: &mut [Job<'_>], way: Way) -> Result<(), Error> {
    let (mut places, mut used) = ([Place::default(); LANES], 0);
    let firsts = jobs.iter().map(|job| Place { nonce: job.nonce, block: 0 });
    for (place, wanted) in places.iter_mut().zip(firsts.chain(jobs.iter().flat_map(Job::later))) {
        *place = wanted;
        used += 1;
    }
    let mut stream = [[0; BLOCK]; LANES];
    salsa::keystream(&key.0, &places[..used], &mut stream[..used]);
    let done = under(key, jobs, &stream[..used], way);
    stream[..used].iter_mut().for_each(Zeroize::zeroize);
    done
}

/// With the first blocks of all jobs, and some that follow.
fn under(key: &Key, jobs: &mut [Job<'_>], stream: &[Block], way: Way) -> Result<(), Error> {
    let (firsts, others) = stream.split_at(jobs.len().min(stream.len()));
    if way == Way::Open {
        let differs =
            |(job, tag): (&Job<'_>, Tag)| u128::from_ne_bytes(tag).ct_ne(&u128::from_ne_bytes(*job.mac));
        if jobs.iter().zip(authenticators(jobs, firsts)).any(|both| differs(both).into()) {
            return Err(Error::Sealed { command: "MESSAGE" });
        }
    }
    crypt(key, jobs, firsts, others);
    if way == Way::Seal {
        let tags = authenticators(jobs, firsts);
        jobs.iter_mut().zip(tags).for_each(|(job, tag)| *job.mac = tag);
    }
    Ok(())
}

/// Encrypts or decrypts everything.
fn crypt(key: &Key, jobs: &mut [Job<'_>], firsts: &[Block], others: &[Block]) {
    for (job, first) in jobs.iter_mut().zip(firsts) {
        change(job.text, &first[MAC_KEY..]);
    }
    let mut later = jobs.iter_mut().flat_map(Job::lanes);
    for (stream, lane) in others.iter().zip(&mut later) {
        change(lane.text, stream);
    }
    salsa::crypt(&key.0, later);
}

/// Encrypts or decrypts as far as text and key stream go.
fn change(text: &mut [u8], stream: &[u8]) {
    text.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
}

/// The authenticators of what is encrypted, whose keys are in the first blocks: of short texts side by side, of others one
/// after the other, as is faster.
fn authenticators(jobs: &[Job<'_>], firsts: &[Block]) -> [Tag; LANES] {
    let mut tags = [Tag::default(); LANES];
    let keys = firsts.iter().filter_map(|block| block.first_chunk::<MAC_KEY>());
    let short = jobs.iter().filter(|job| job.text.len() <= poly::longest(LANES)).count();
    let longest = poly::longest(short);
    let (mut texts, mut owners, mut used) = ([Text { key: &[0; MAC_KEY], bytes: &[] }; LANES], [0; LANES], 0);
    for (owner, (job, key)) in jobs.iter().zip(keys).enumerate() {
        if job.text.len() > longest {
            crypto_onetimeauth(&mut tags[owner], job.text, key);
        } else {
            (texts[used], owners[used]) = (Text { key, bytes: job.text }, owner);
            used += 1;
        }
    }
    if used == jobs.len() {
        poly::authenticate(&texts[..used], &mut tags);
    } else if used > 0 {
        let mut made = [Tag::default(); LANES];
        poly::authenticate(&texts[..used], &mut made);
        for (owner, made) in owners[..used].iter().zip(made) {
            tags[*owner] = made;
        }
    }
    tags
}
