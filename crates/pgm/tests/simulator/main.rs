//! Sources and receivers on a network that is as bad as a seed says, in a time that only exists here.
//!
//! Every event of every receiver is judged: it gets what was sent, in order, and nothing else, except the numbers that it
//! is told are lost. `SIMULATOR_SEEDS` sets how many networks of each kind are tried.

mod any_network;
mod chance;
mod crowds;
mod ledger;
mod lives;
mod network;
mod publisher;
mod rates;
mod subscriber;
mod world;

use std::net::{IpAddr, Ipv4Addr};

const PORT: u16 = 5_555;
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 192, 1, 1));

/// Tries something with many seeds, and says with which one it failed.
fn with_seeds(count: u64, attempt: impl Fn(u64)) {
    struct Told(u64);
    impl Drop for Told {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("with seed {}", self.0);
            }
        }
    }

    let count = std::env::var("SIMULATOR_SEEDS").map_or(count, |count| count.parse().expect("a number"));
    for seed in 0..count {
        let _told = Told(seed);
        attempt(seed);
    }
}
