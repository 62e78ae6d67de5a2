//! Encrypted request and reply, the server: greets the clients whose certificates it has, by the names in them.
//!
//! `ironserver [ENDPOINT] [FOLDER] [COUNT]`: with the keys of ironkeys; ends after so many requests.

use examples::{Result, number, text};
use std::path::Path;
use zincmq::authenticator::{Authenticator, Certificate, Rules};
use zincmq::{Context, Rep};

fn main() -> Result {
    let folder = text(2, "ironhouse");
    let folder = Path::new(&folder);
    let context = Context::new();
    // Lets in whoever has a certificate among these; the directory may change meanwhile.
    let rules = Rules::new().certificates(folder.join("friends"))?;
    let _authenticator = Authenticator::start(&context, rules)?;
    let mut rep = Rep::new(&context)?;
    rep.curve_server(&Certificate::read_keypair(folder.join("server.key_secret"))?)?;
    rep.bind(text(1, "tcp://127.0.0.1:5555"))?;
    for _ in 0..number(3, 10) {
        let request = rep.recv()?;
        // The authenticator's word, not the peer's.
        let user = String::from_utf8_lossy(request.metadata("User-Id").unwrap_or_default()).into_owned();
        rep.send(format!("{user}, this stays between us: {}", request.as_str()?))?;
    }
    Ok(())
}
