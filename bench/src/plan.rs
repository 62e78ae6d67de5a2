//! The plan: the rows that there are, and the limits of each.

use crate::row::{Cpus, Row, Transport};
use crate::work::{Unit, Work};

/// The sizes at which bare sockets are the limit of messages of that very size.
const RAW_SIZES: [usize; 6] = [16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20];
/// The size of the limit of all others.
const RAW_SIZE: usize = 64 << 10;

/// Every row there is, or the few that tell most within a minute.
pub(crate) fn rows(quick: bool) -> Vec<Row> {
    if quick { quick_rows() } else { all_rows() }
}

/// The bare-socket rows to compare the given rows with, each once.
pub(crate) fn limits(rows: &[Row]) -> Vec<Row> {
    let mut limits = Vec::new();
    for limit in rows.iter().flat_map(limits_of) {
        if !limits.contains(&limit) {
            limits.push(limit);
        }
    }
    limits
}

/// Bare sockets are no limit to what is not a matter of bytes or of round trips.
fn limits_of(row: &Row) -> Vec<Row> {
    if row.transport == Transport::Inproc {
        return Vec::new();
    }
    let limits = match row.work.unit() {
        Unit::OneWay => vec![(Work::RawPingPong, row.size)],
        Unit::Deliveries => match row.work {
            Work::PubSub(subscribers) => vec![(Work::RawMessages(subscribers), row.size)],
            _ => Vec::new(),
        },
        Unit::Messages | Unit::MegaBytes if RAW_SIZES.contains(&row.size) => {
            vec![(Work::RawStream, row.size), (Work::RawMessages(1), row.size)]
        }
        Unit::Messages | Unit::MegaBytes => vec![(Work::RawStream, RAW_SIZE)],
        Unit::Delay | Unit::Connections | Unit::Bytes => Vec::new(),
    };
    limits.into_iter().map(|(work, size)| Row { work, size, hwm: None, ..row.clone() }).collect()
}

fn all_rows() -> Vec<Row> {
    let transports = [Transport::Inproc, Transport::Ipc, Transport::Tcp];
    let mut rows = Vec::new();
    transports.iter().for_each(|&transport| rows.extend(pipelines(transport)));
    for transport in transports {
        for subscribers in [1, 8, 64] {
            rows.extend([64, 1 << 10].map(|size| Row::new(Work::PubSub(subscribers), transport, size)));
        }
    }
    for transport in transports {
        for size in [64, 1 << 10, 64 << 10] {
            rows.extend([Cpus::One, Cpus::Two].map(|cpus| Row::new(Work::ReqRep, transport, size).on(cpus)));
        }
    }
    for work in [Work::DealerRouter, Work::Duplex] {
        for transport in transports {
            rows.extend([64, 1 << 10, 64 << 10].map(|size| Row::new(work, transport, size)));
        }
    }
    rows.extend([64, 1 << 10, 64 << 10].map(|size| Row::new(Work::CurvePushPull, Transport::Tcp, size)));
    rows.push(Row::new(Work::CurveReqRep, Transport::Tcp, 64).on(Cpus::One));
    for transport in [Transport::Ipc, Transport::Tcp] {
        rows.extend([1000, 10_000, 100_000].map(|rate| Row::new(Work::Paced(rate), transport, 64)));
    }
    rows.extend([Transport::Ipc, Transport::Tcp].map(|transport| Row::new(Work::Storm, transport, 64)));
    for peers in [Work::PushTo, Work::RouterTo, Work::PubTo] {
        rows.extend([1, 100, 1000].map(|count| Row::new(peers(count), Transport::Tcp, 64)));
    }
    // Not PUSH: one that connects so often at once overruns the listening socket's backlog, and waits for seconds.
    rows.extend([Work::RouterTo, Work::PubTo].map(|peers| Row::new(peers(10_000), Transport::Tcp, 64)));
    // With a high-water mark libzmq loses subscriptions.
    let topics = |count| Row::new(Work::Topics(count), Transport::Tcp, 64).unlimited();
    rows.extend([1, 1000, 1_000_000].map(topics));
    rows.extend([1000, 10_000].map(|count| Row::new(Work::Idle(count), Transport::Tcp, 64)));
    rows
}

/// PUSH to PULL, at all sizes.
fn pipelines(transport: Transport) -> impl Iterator<Item = Row> {
    let sizes = [16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20];
    let row = move |size| Row::new(Work::PushPull, transport, size);
    // Without a limit a fast sender fills the memory with large messages.
    let unlimited = sizes.into_iter().take(5).map(move |size| row(size).unlimited());
    sizes.into_iter().map(row).chain(unlimited)
}

fn quick_rows() -> Vec<Row> {
    use Transport::{Inproc, Ipc, Tcp};
    vec![
        Row::new(Work::PushPull, Inproc, 64),
        Row::new(Work::PushPull, Ipc, 64),
        Row::new(Work::PushPull, Tcp, 64),
        Row::new(Work::PushPull, Tcp, 1 << 10),
        Row::new(Work::PushPull, Tcp, 1 << 20),
        Row::new(Work::PubSub(8), Tcp, 64),
        Row::new(Work::ReqRep, Inproc, 64).on(Cpus::Two),
        Row::new(Work::ReqRep, Ipc, 64).on(Cpus::One),
        Row::new(Work::ReqRep, Tcp, 64).on(Cpus::One),
        Row::new(Work::DealerRouter, Tcp, 64),
        Row::new(Work::CurvePushPull, Tcp, 64),
        Row::new(Work::Duplex, Tcp, 64),
        Row::new(Work::Paced(10_000), Tcp, 64),
        Row::new(Work::Storm, Tcp, 64),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_its_text() {
        let rows = all_rows();
        for row in rows.iter().chain(&limits(&rows)) {
            assert_eq!(row.to_string().parse().as_ref(), Ok(row));
        }
    }

    #[test]
    fn no_row_comes_twice_and_the_quick_ones_are_among_all() {
        let rows = all_rows();
        for (index, row) in rows.iter().enumerate() {
            assert!(!rows[..index].contains(row), "{row}");
        }
        for row in quick_rows() {
            assert!(rows.contains(&row), "{row}");
        }
    }
}
