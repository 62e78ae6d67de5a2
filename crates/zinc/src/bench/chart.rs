//! The figures as curves over the size of messages: a chart for each measure, a curve for each transport.

use crate::bench::measure::{Figures, Measure, Run, Transport};
use crate::failure::Failure;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;

/// Width and height of one chart, in pixels.
const CHART: (u32, u32) = (640, 400);

const CURVES: [(Transport, RGBColor); 3] = [
    (Transport::Tcp, RGBColor(0, 90, 200)),
    (Transport::Ipc, RGBColor(220, 100, 0)),
    (Transport::Inproc, RGBColor(0, 140, 80)),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws all to a file.
pub(super) fn svg(measured: &[(Run, Figures)], path: &Path) -> Result<(), Failure> {
    let measures = [Measure::Throughput, Measure::Latency]
        .map(|measure| measured.iter().filter(move |(run, _)| run.measure == measure).collect::<Vec<_>>());
    let shown: Vec<_> = measures.into_iter().filter(|runs| !runs.is_empty()).collect();
    let unable = |error: String| Failure::Failed(format!("cannot draw {}: {error}", path.display()));
    let draw = || {
        let root = SVGBackend::new(path, (CHART.0, CHART.1 * shown.len() as u32)).into_drawing_area();
        root.fill(&WHITE).map_err(text)?;
        for (area, runs) in root.split_evenly((shown.len(), 1)).iter().zip(&shown) {
            chart(area, runs)?;
        }
        root.present().map_err(text)
    };
    draw().map_err(unable)
}

/// Sizes on a scale of powers of two, figures on a scale of powers of ten.
fn chart(area: &Area<'_>, runs: &[&(Run, Figures)]) -> Result<(), String> {
    let (title, value): (_, fn(&Figures) -> f64) = match runs.first().map(|(run, _)| run.measure) {
        Some(Measure::Latency) => ("latency one way, median, microseconds", |figures| {
            figures.one_way_us.first().map_or(0.0, |(_, time)| *time)
        }),
        _ => ("throughput, messages a second", |figures| figures.rate),
    };
    let point = |(run, figures): &(Run, Figures)| ((run.size as f64).log2(), value(figures).max(1e-3));
    let sizes = span(runs.iter().map(|run| point(run).0));
    let figures = span(runs.iter().map(|run| point(run).1));
    let decades = 10f64.powf(figures.start.log10().floor())..10f64.powf(figures.end.log10().ceil() + 0.01);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(80)
        .build_cartesian_2d(sizes.start - 0.5..sizes.end + 0.5, decades.log_scale())
        .map_err(text)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("bytes")
        .x_label_formatter(&|power| format!("{:.0}", power.exp2()))
        .y_label_formatter(&|figure| crate::report::human(*figure))
        .draw()
        .map_err(text)?;
    for (transport, colour) in CURVES {
        let of_transport = runs.iter().filter(|(run, _)| run.transport == transport);
        let points: Vec<_> = of_transport.map(|run| point(run)).collect();
        if points.is_empty() {
            continue;
        }
        let marks = points.iter().map(|&point| Circle::new(point, 3, colour.filled())).collect::<Vec<_>>();
        let line = chart.draw_series(LineSeries::new(points, colour.stroke_width(2))).map_err(text)?;
        line.label(transport.name()).legend(move |(x, y)| Circle::new((x + 8, y), 4, colour.filled()));
        chart.draw_series(marks).map_err(text)?;
    }
    chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw().map_err(text)
}

/// From the least to the greatest.
fn span(values: impl Iterator<Item = f64>) -> Range<f64> {
    values.fold(f64::INFINITY..f64::NEG_INFINITY, |span, value| span.start.min(value)..span.end.max(value))
}

/// Plotters' errors borrow from its generic insides; their text is all that is needed.
fn text(error: impl Display) -> String {
    error.to_string()
}
