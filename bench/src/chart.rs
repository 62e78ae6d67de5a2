//! The figures, as curves: a row of charts for each family of rows, a column for each transport.

use std::fmt::Display;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::report::{count, short, size};
use crate::row::{Axis, Transport};
use crate::run::Outcome;
use crate::side::{Error, Result};
use crate::task::Contender;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Width and height of one chart, and the height of the legend above all, in pixels.
const CHART: (u32, u32) = (380, 260);
const LEGEND: u32 = 40;

const CURVES: [(Contender, RGBColor, &str); 3] = [
    (Contender::Zincmq, RGBColor(0, 90, 200), "zincmq"),
    (Contender::Libzmq, RGBColor(220, 100, 0), "libzmq"),
    (Contender::Raw, RGBColor(150, 150, 150), "bare sockets"),
];

/// Draws all that has figures to a file.
pub(crate) fn svg(outcomes: &[Outcome], path: &Path) -> Result<()> {
    let mut families: Vec<(String, usize)> = Vec::new();
    for outcome in outcomes {
        for statistic in 0..outcome.row.work.unit().statistics().len() {
            let family = (outcome.row.family(), statistic);
            if !families.contains(&family) {
                families.push(family);
            }
        }
    }
    let mut transports = vec![Transport::Inproc, Transport::Ipc, Transport::Tcp];
    transports.retain(|&transport| outcomes.iter().any(|outcome| outcome.row.transport == transport));
    let height = LEGEND + CHART.1 * u32::try_from(families.len())?;
    let root =
        SVGBackend::new(path, (CHART.0 * u32::try_from(transports.len())?, height)).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    let (top, rest) = root.split_vertically(LEGEND);
    legend(&top)?;
    for (index, area) in rest.split_evenly((families.len(), transports.len())).iter().enumerate() {
        let ((family, statistic), transport) =
            (&families[index / transports.len()], transports[index % transports.len()]);
        let shown = outcomes
            .iter()
            .filter(|outcome| outcome.row.transport == transport && outcome.row.family() == *family);
        chart(area, &format!("{family}, {transport}"), &shown.collect::<Vec<_>>(), *statistic)?;
    }
    root.present().map_err(text)
}

fn legend(area: &Area<'_>) -> Result<()> {
    for ((_, colour, name), x) in CURVES.into_iter().zip((20..).step_by(140)) {
        area.draw(&Circle::new((x, 20), 5, colour.filled())).map_err(text)?;
        area.draw(&Text::new(name, (x + 12, 13), ("sans-serif", 15))).map_err(text)?;
    }
    Ok(())
}

/// Sizes on a scale of powers of two, all else on scales of powers of ten.
fn chart(area: &Area<'_>, title: &str, outcomes: &[&Outcome], statistic: usize) -> Result<()> {
    let Some(row) = outcomes.first().map(|outcome| &outcome.row) else { return Ok(()) };
    let (axis, unit) = (row.place().0, row.work.unit());
    let curves = CURVES.map(|(side, colour, _)| {
        let point = |outcome: &&Outcome| {
            Some((axis.scaled(outcome.row.place().1), *outcome.figure(side)?.values.get(statistic)?))
        };
        (colour, outcomes.iter().filter_map(point).collect::<Vec<_>>())
    });
    let points: Vec<_> = curves.iter().flat_map(|(_, points)| points).collect();
    if points.is_empty() {
        return Ok(());
    }
    let (sizes, figures) =
        (span(points.iter().map(|point| point.0)), span(points.iter().map(|point| point.1)));
    let decades = 10f64.powf(figures.start.log10().floor())..10f64.powf(figures.end.log10().ceil());
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(28)
        .y_label_area_size(58)
        .build_cartesian_2d(sizes.start - 0.5..sizes.end + 0.5, decades.log_scale())
        .map_err(text)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels(6)
        .x_label_formatter(&|power| axis.label(*power))
        .y_labels(4)
        .y_desc(format!("{unit} {}", unit.statistics()[statistic]).trim_end())
        .y_label_formatter(&|figure| short(*figure, unit))
        .draw()
        .map_err(text)?;
    for (colour, points) in curves {
        let marks = points.iter().map(|&point| Circle::new(point, 3, colour.filled())).collect::<Vec<_>>();
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2))).map_err(text)?;
        chart.draw_series(marks).map_err(text)?;
    }
    Ok(())
}

impl Axis {
    /// The power of two or of ten at which a number is.
    fn scaled(self, number: usize) -> f64 {
        if self == Self::Size { (number as f64).log2() } else { (number as f64).log10() }
    }

    /// The text at a power, if it is a whole one.
    fn label(self, power: f64) -> String {
        if (power - power.round()).abs() > 1e-6 {
            return String::new();
        }
        match self {
            Self::Size => size(power.exp2().round() as usize),
            Self::Rate => format!("{}/s", count(10f64.powf(power))),
            Self::Peers | Self::Topics => count(10f64.powf(power)),
        }
    }
}

/// From the least to the greatest.
fn span(values: impl Iterator<Item = f64>) -> Range<f64> {
    values.fold(f64::INFINITY..f64::NEG_INFINITY, |span, value| span.start.min(value)..span.end.max(value))
}

/// Plotters' errors borrow from its generic insides; their text is all that we need.
fn text(error: impl Display) -> Error {
    error.to_string().into()
}
