//! Publish and subscribe, a subscriber: the average temperature of one city.
//!
//! `wuclient [ENDPOINT] [CITY] [COUNT]`: connects, and ends after so many readings.

use examples::{Result, number, text};
use zincmq::{Context, Sub};

fn main() -> Result {
    let context = Context::new();
    let mut weather = Sub::new(&context)?;
    weather.connect(text(1, "tcp://127.0.0.1:5556"))?;
    let city = text(2, "Oslo");
    // A subscription is a prefix: the space keeps out whatever only begins like this city.
    weather.subscribe(format!("{city} "))?;
    let count = number(3, 100).max(1);
    let mut sum = 0.0;
    for _ in 0..count {
        let reading = weather.recv()?;
        let (_, temperature) = reading.as_str()?.split_once(' ').ok_or("a reading without temperature")?;
        sum += temperature.parse::<f64>()?;
    }
    println!("{city}: {:.1} degrees on average of {count} readings", sum / f64::from(count));
    Ok(())
}
