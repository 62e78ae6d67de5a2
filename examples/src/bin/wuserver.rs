//! Publish and subscribe, the publisher: temperatures of five cities, round after round.
//!
//! `wuserver [ENDPOINT] [ROUNDS] [SUBSCRIPTIONS]`: binds, waits for so many different subscriptions, publishes so
//! many rounds.

use examples::{Result, number, text};
use zincmq::{Context, XPub};

const CITIES: [&str; 5] = ["Bergen", "Cairo", "Lima", "Oslo", "Quito"];

fn main() -> Result {
    let context = Context::new();
    // XPUB publishes as PUB does, and also receives the subscriptions. What is published before anybody has
    // subscribed is gone, so this publisher waits.
    let mut weather = XPub::new(&context)?;
    weather.bind(text(1, "tcp://127.0.0.1:5556"))?;
    let rounds = number(2, 100);
    for _ in 0..number(3, 1) {
        weather.recv()?;
    }
    for round in 0..rounds {
        for (city, place) in CITIES.iter().zip(0..) {
            weather.send(format!("{city} {}", temperature(place, round)))?;
        }
    }
    Ok(())
}

/// It only has to look like weather.
fn temperature(place: u32, round: u32) -> u32 {
    (7 * place + 3 * round) % 30
}
