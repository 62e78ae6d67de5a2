//! Clone, a client that has a copy of the table, and prints what changes in it.
//!
//! `clonesub [SNAPSHOTS] [UPDATES] [SUBTREE]`: runs until Ctrl-C.

use examples::clone::Replica;
use examples::{Result, text};
use zincmq::Context;

fn main() -> Result {
    let context = Context::new();
    let (snapshots, updates) = (text(1, "tcp://127.0.0.1:5556"), text(2, "tcp://127.0.0.1:5557"));
    let mut replica = Replica::new(&context, snapshots, updates, text(3, ""))?;
    loop {
        let (key, value) = replica.recv()?;
        match value {
            Some(value) => println!("{} is {}", key.as_str()?, value.as_str()?),
            None => println!("{} is gone", key.as_str()?),
        }
    }
}
