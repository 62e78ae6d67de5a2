//! The figures, as a table for the eye and as CSV for programs.

use std::fmt::Write as _;

use crate::plan::{Unit, hwm_text};
use crate::run::{Figure, Outcome};
use crate::task::Contender;

/// The header of the CSV.
const HEADER: &str = "work,transport,size,hwm,cpus,unit,zincmq,libzmq,ratio,zincmq_cpu_us,libzmq_cpu_us";

/// The head of the table.
pub(crate) fn table_head() -> String {
    format!(
        "{:<16}{:<10}{:>8}{:>6}{:>6}{:>11}{:>11}  {:<13}{:>7}{:>11}{:>11}",
        "work",
        "transport",
        "size",
        "hwm",
        "cpus",
        "zincmq",
        "libzmq",
        "unit",
        "ratio",
        "zincmq cpu",
        "libzmq cpu"
    )
}

/// A row of the table; failures follow on lines of their own.
pub(crate) fn table_row(outcome: &Outcome) -> String {
    let row = &outcome.row;
    let unit = row.work.unit();
    let (ours, theirs) = columns(outcome);
    let value = |figure: Option<Figure>| figure.map(|figure| short(figure.value, unit)).unwrap_or_default();
    let cpu =
        |figure: Option<Figure>| figure.map(|figure| format!("{:.3}", figure.cpu_us)).unwrap_or_default();
    let ratio = outcome.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
    let mut text = format!(
        "{:<16}{:<10}{:>8}{:>6}{:>6}{:>11}{:>11}  {:<13}{:>7}{:>11}{:>11}",
        row.work.to_string(),
        row.transport,
        size(row.size),
        hwm_text(row.hwm),
        row.cpus,
        value(ours),
        value(theirs),
        unit,
        ratio,
        cpu(ours),
        cpu(theirs),
    );
    for (side, reason) in outcome.failures() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {side:?} FAILED: {reason}");
    }
    text
}

/// The whole CSV. Latencies are in microseconds one way; the ratio says how many times better zincmq is; the
/// CPU time is that of both ends for each message. Raw rows have their figures in zincmq's columns.
pub(crate) fn csv(outcomes: &[Outcome]) -> String {
    let mut text = format!("{HEADER}\n");
    for outcome in outcomes {
        let row = &outcome.row;
        let (ours, theirs) = columns(outcome);
        let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
        let fields = [
            row.to_string(),
            row.work.unit().to_string(),
            number(ours.map(|figure| figure.value)),
            number(theirs.map(|figure| figure.value)),
            number(outcome.ratio()),
            number(ours.map(|figure| figure.cpu_us)),
            number(theirs.map(|figure| figure.cpu_us)),
        ];
        text += &fields.join(",");
        text.push('\n');
    }
    text
}

/// The figures in zincmq's columns and in libzmq's.
fn columns(outcome: &Outcome) -> (Option<Figure>, Option<Figure>) {
    let ours = outcome.figure(Contender::Zincmq).or_else(|| outcome.figure(Contender::Raw));
    (ours, outcome.figure(Contender::Libzmq))
}

/// A number of bytes, short.
pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes if bytes >= 1 << 10 => format!("{} KiB", bytes >> 10),
        bytes => format!("{bytes} B"),
    }
}

/// A figure with three or four digits that matter.
pub(crate) fn short(value: f64, unit: Unit) -> String {
    match unit {
        Unit::OneWay => format!("{value:.2}"),
        _ if value >= 1e6 => format!("{:.2} M", value / 1e6),
        _ if value >= 1e4 => format!("{:.1} k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}
