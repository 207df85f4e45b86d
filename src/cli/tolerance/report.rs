//! What was found, for readers and for programs: table, JSON, picture.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use super::sizes::{DisturbanceKind, KINDS, Unit, kind, written};
use crate::error::Result;
use crate::evaluation::{Judged, Outcome};
use crate::plots::{Chart, ChartAxis, ChartPanel, PictureFormat, Series};

/// Figures of one kind and size for programs.
pub(super) fn as_json(outcome: &Outcome) -> serde_json::Value {
    let (kind, size) = kind(outcome.disturbance);
    let (lowest, highest) = outcome.accuracy_range();
    json!({
        "kind": kind.name,
        "size": size,
        "accuracy": outcome.accuracy(),
        "accuracy_lowest": lowest,
        "accuracy_highest": highest,
        "accuracy_draws": outcome.draws.iter().map(|draw| draw.accuracy).collect::<Vec<_>>(),
        "power_efficiency_input": outcome.power_efficiency_input(),
    })
}

/// The figures as text.
pub(in crate::cli) fn table(heading: &str, undisturbed: &Judged, outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "{heading}\n\n{:<16}{:>12}{:>11}{:>11}{:>11}{:>7}  true region / object\n",
        "error", "size", "accuracy", "lowest", "highest", "runs"
    );
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let power = |share: f64| format!("{:.3} %", 100.0 * share);
    let _ = writeln!(
        text,
        "{:<16}{:>12}{:>11}{:>11}{:>11}{:>7}  {:>20}",
        "none",
        "",
        percent(undisturbed.accuracy),
        "",
        "",
        1,
        power(undisturbed.power_efficiency_input)
    );
    let mut last = "";
    for outcome in outcomes {
        let (kind, _) = kind(outcome.disturbance);
        if kind.name != last {
            text.push('\n');
            last = kind.name;
        }
        let (lowest, highest) = outcome.accuracy_range();
        let _ = writeln!(
            text,
            "{:<16}{:>12}{:>11}{:>11}{:>11}{:>7}  {:>20}",
            kind.name,
            written(outcome.disturbance),
            percent(outcome.accuracy()),
            percent(lowest),
            percent(highest),
            outcome.draws.len(),
            power(outcome.power_efficiency_input())
        );
    }
    text
}

/// One curve of a kind of error.
pub(in crate::cli) struct CurveOf {
    /// The kind.
    pub(in crate::cli) kind: &'static DisturbanceKind,
    /// Name of the axis.
    pub(in crate::cli) sizes: String,
    /// Size in the unit of the axis, mean accuracy in %.
    pub(in crate::cli) points: Vec<(f64, f64)>,
    /// Lowest and highest accuracy at each of them.
    pub(in crate::cli) ranges: Vec<(f64, f64)>,
    /// The accuracy of the device as designed, from end to end of the axis.
    pub(in crate::cli) undisturbed: Vec<(f64, f64)>,
}

/// Accuracy against the size of each kind, beside the undisturbed device.
pub(in crate::cli) fn curves(undisturbed: &Judged, outcomes: &[Outcome]) -> Vec<CurveOf> {
    KINDS.iter().filter_map(|wanted| curve(wanted, 100.0 * undisturbed.accuracy, outcomes)).collect()
}

fn curve(wanted: &'static DisturbanceKind, undisturbed: f64, outcomes: &[Outcome]) -> Option<CurveOf> {
    let mut found: Vec<(f64, &Outcome)> = outcomes
        .iter()
        .map(|outcome| (kind(outcome.disturbance), outcome))
        .filter(|((kind, _), _)| kind.name == wanted.name)
        .map(|((_, size), outcome)| (size, outcome))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let largest = found.last()?.0;
    let (name, unit) = match wanted.unit {
        Unit::Of(unit) => ("", unit),
        Unit::Length if largest >= 1e-4 => (" mm", 1e-3),
        Unit::Length if largest >= 1e-7 => (" \u{b5}m", 1e-6),
        Unit::Length => (" nm", 1e-9),
        Unit::Power if largest >= 1e-3 => (" mW", 1e-3),
        Unit::Power if largest >= 1e-6 => (" \u{b5}W", 1e-6),
        Unit::Power if largest >= 1e-9 => (" nW", 1e-9),
        Unit::Power => (" pW", 1e-12),
    };
    let mut points = Vec::new();
    let mut ranges = Vec::new();
    // Without errors a device is as designed; that many levels or photons there are not.
    if !wanted.logarithmic {
        points.push((0.0, undisturbed));
        ranges.push((undisturbed, undisturbed));
    }
    for (size, outcome) in &found {
        let (low, high) = outcome.accuracy_range();
        points.push((size / unit, 100.0 * outcome.accuracy()));
        ranges.push((100.0 * low, 100.0 * high));
    }
    let ends = match [points[0].0, largest / unit] {
        // A single number of levels or photons: a line beside it to compare with.
        [first, last] if first == last => [first / 2.0, 2.0 * last],
        ends => ends,
    };
    let undisturbed = ends.map(|size| (size, undisturbed)).to_vec();
    Some(CurveOf { kind: wanted, sizes: format!("{}{name}", wanted.quantity), points, ranges, undisturbed })
}

/// Writes the picture to `path`.
pub(super) fn draw(
    curves: &[CurveOf],
    draws: usize,
    title: &str,
    note: Option<&str>,
    path: &Path,
    format: PictureFormat,
) -> Result<()> {
    let runs = match draws {
        1 => "one draw".to_owned(),
        _ => format!("mean and range of {draws} draws"),
    };
    let series: Vec<[Series; 2]> = curves
        .iter()
        .map(|curve| {
            let name = match curve.kind.name {
                "levels" => "rounded",
                "wavelength" => "longer and shorter",
                _ => runs.as_str(),
            };
            [
                Series { name, points: &curve.points, ranges: &curve.ranges, marked: true },
                Series { name: "as designed", points: &curve.undisturbed, ranges: &[], marked: false },
            ]
        })
        .collect();
    let panels: Vec<_> = curves
        .iter()
        .zip(&series)
        .map(|(curve, series)| ChartPanel {
            across: ChartAxis { name: &curve.sizes, logarithmic: curve.kind.logarithmic, names: &[] },
            upright: ChartAxis { name: "accuracy in %", logarithmic: false, names: &[] },
            series,
        })
        .collect();
    Chart { panels: &panels, level: true, title, note }.write(path, format)
}
