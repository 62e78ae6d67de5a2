//! CURVE: both sides prove that they have their secret keys, and all traffic is encrypted, under keys that only this
//! connection has.
//!
//! ```text
//! client ─── HELLO C', box of zeros ───► server, which forgets it all
//!        ◄── WELCOME box of S', cookie ──
//!        ─── INITIATE cookie, box of C, vouch, metadata ──► opens its cookie, asks its authenticator about C
//!        ◄── READY box of metadata ─────
//! ```
//!
//! C and S are the long-term public keys, C' and S' those of this connection. Source: RFC 25 and 26; libzmq has the same
//! bytes.

mod client;
mod server;
mod wire;

pub(crate) use client::Client;
pub(crate) use server::Server;
