//! The figures, as a table for the eye and as CSV for programs.

use std::fmt::Write as _;

use crate::row::hwm_text;
use crate::run::{Figure, Outcome};
use crate::task::Contender;
use crate::work::Unit;

/// The header of the CSV.
const HEADER: &str =
    "work,transport,size,hwm,cpus,statistic,unit,zincmq,libzmq,ratio,zincmq_cpu_us,libzmq_cpu_us";

/// A line of the table: its columns.
fn line(columns: [&str; 10]) -> String {
    let [work, transport, size, hwm, cpus, ours, theirs, unit, ratio, cpu] = columns;
    format!(
        "{work:<16}{transport:<10}{size:>8}{hwm:>6}{cpus:>6}{ours:>11}{theirs:>11}  {unit:<13}{ratio:>7}{cpu:>22}"
    )
}

/// The head of the table.
pub(crate) fn table_head() -> String {
    let cpu = format!("{:>11}{:>11}", "zincmq cpu", "libzmq cpu");
    line(["work", "transport", "size", "hwm", "cpus", "zincmq", "libzmq", "unit", "ratio", &cpu])
}

/// A row of the table: a line for each statistic; failures follow on lines of their own.
pub(crate) fn table_row(outcome: &Outcome) -> String {
    let row = &outcome.row;
    let unit = row.work.unit();
    let (ours, theirs) = columns(outcome);
    let lines = unit.statistics().iter().enumerate().map(|(index, statistic)| {
        let value = |figure: Option<&Figure>| {
            figure
                .and_then(|figure| figure.values.get(index))
                .map(|value| short(*value, unit))
                .unwrap_or_default()
        };
        // The processor time is that of the row, not of a statistic.
        let cpu = |figure: Option<&Figure>| {
            figure.filter(|_| index == 0).map(|figure| format!("{:.3}", figure.cpu_us)).unwrap_or_default()
        };
        line([
            &row.work.to_string(),
            &row.transport.to_string(),
            &size(row.size),
            &hwm_text(row.hwm),
            &row.cpus.to_string(),
            &value(ours),
            &value(theirs),
            format!("{unit} {statistic}").trim_end(),
            &outcome.ratio(index).map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            &format!("{:>11}{:>11}", cpu(ours), cpu(theirs)),
        ])
    });
    let mut text = lines.collect::<Vec<_>>().join("\n");
    for (side, reason) in outcome.failures() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {side:?} FAILED: {reason}");
    }
    text
}

/// The whole CSV: a line for each statistic of each row. Latencies are in microseconds one way; the ratio says how
/// many times better zincmq is; the CPU time is that of both ends for each message. Raw rows have their figures in
/// zincmq's columns.
pub(crate) fn csv(outcomes: &[Outcome]) -> String {
    let mut text = format!("{HEADER}\n");
    for outcome in outcomes {
        let row = &outcome.row;
        let (ours, theirs) = columns(outcome);
        let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
        for (index, statistic) in row.work.unit().statistics().iter().enumerate() {
            let value = |figure: Option<&Figure>| figure?.values.get(index).copied();
            let fields = [
                row.to_string(),
                (*statistic).into(),
                row.work.unit().to_string(),
                number(value(ours)),
                number(value(theirs)),
                number(outcome.ratio(index)),
                number(ours.map(|figure| figure.cpu_us)),
                number(theirs.map(|figure| figure.cpu_us)),
            ];
            text += &fields.join(",");
            text.push('\n');
        }
    }
    text
}

/// The figures in zincmq's columns and in libzmq's.
fn columns(outcome: &Outcome) -> (Option<&Figure>, Option<&Figure>) {
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
        Unit::OneWay | Unit::Delay if value < 1e4 => format!("{value:.2}"),
        _ => count(value),
    }
}

/// A number in ones, thousands or millions.
pub(crate) fn count(number: f64) -> String {
    match number {
        number if number >= 1e6 => format!("{:.2} M", number / 1e6),
        number if number >= 1e4 => format!("{:.1} k", number / 1e3),
        number => format!("{number:.0}"),
    }
}
