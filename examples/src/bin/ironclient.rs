//! Encrypted request and reply, a client: alice, who knows the server by its key.
//!
//! `ironclient [ENDPOINT] [FOLDER] [COUNT]`: with the keys of ironkeys.

use examples::{Result, number, text};
use std::path::Path;
use zincmq::authenticator::Certificate;
use zincmq::{Context, Req};

fn main() -> Result {
    let folder = text(2, "ironhouse");
    let folder = Path::new(&folder);
    let context = Context::new();
    let mut req = Req::new(&context)?;
    let server = Certificate::read(folder.join("server.key"))?.public;
    req.curve_client(&Certificate::read_keypair(folder.join("alice.key_secret"))?, server)?;
    req.connect(text(1, "tcp://127.0.0.1:5555"))?;
    for number in 1..=number(3, 10) {
        req.send(format!("secret {number}"))?;
        println!("{}", req.recv_string()?);
    }
    Ok(())
}
