//! Reliable multicast, a subscriber: it takes readings, and knows whether any were lost.
//!
//! `mcsub [ENDPOINT] [COUNT]`: joins the group, and ends after so many readings.

use examples::{Result, number, text};
use zincmq::{Context, EventKind, Sub, option};

fn main() -> Result {
    let context = Context::new();
    let mut subscriber = Sub::new(&context)?;
    let mut monitor = subscriber.monitor(EventKind::SourceJoined | EventKind::Gap);
    // As at the publisher: together with RECOVERY_IVL it says how much this side can wait for.
    subscriber.set(option::RATE, 10_000)?;
    subscriber.subscribe("reading ")?;
    // To bind would be the same.
    subscriber.connect(text(1, "epgm://127.0.0.1;239.192.1.1:5555"))?;

    let mut readings = Vec::new();
    for _ in 0..number(2, 100) {
        let message = subscriber.recv()?;
        readings.push(message.as_str()?.trim_start_matches("reading ").parse::<u64>()?);
    }
    // Whoever joins late begins in the middle. From there on, what is missing was told as a gap.
    let in_a_row = readings.windows(2).all(|pair| matches!(pair, [one, next] if one + 1 == *next));
    let (mut sources, mut lost) = (0, 0);
    while let Ok(event) = monitor.try_recv() {
        match event.kind {
            EventKind::SourceJoined => sources += 1,
            EventKind::Gap => lost += event.value,
            _ => {}
        }
    }
    let order = if in_a_row { " in a row" } else { "" };
    println!("{} readings{order}, {sources} source, {lost} datagrams lost", readings.len());
    Ok(())
}
