//! Whether the figures are real, and what is left of them when the device is built.

use super::figured::Figured;
use super::figures::{Figures, TOLERANCE_DRAWS};
use super::words::{basis, device, figure, heads, name, paragraph, percent};
use crate::cli::tolerance::report::{self, CurveOf};
use crate::cli::tolerance::sizes::{kind, written};
use crate::error::Result;
use crate::evaluation::{FIELD_IMAGES, Judged, Outcome};
use crate::plots::report::{GraphCurve, Markup, Section, classed, element, graph, table};
use crate::units::trimmed;

/// The same device on finer grids and in wider windows.
pub(super) fn convergence(figures: &Figures<'_>) -> Section {
    let (anchor, title) = ("convergence", "Convergence");
    let command = format!("evaluate {} --convergence", device(figures));
    let Some(rows) = &figures.convergence else {
        return Section { anchor, title, content: left_out(figures, &command) };
    };
    let images = rows.first().map_or(0, |row| row.evaluation.images);
    let shown: Vec<_> = rows
        .iter()
        .map(|row| {
            vec![
                name(format!("{0} \u{d7} {0}", row.oversample)),
                figure(trimmed(row.padding, 2)),
                figure(percent(row.evaluation.accuracy(), 2)),
                figure(percent(row.same_answers, 2)),
                figure(format!("{:.4}", row.field_error)),
                figure(percent(row.evaluation.power_efficiency_input, 3)),
                figure(percent(row.evaluation.power_efficiency_output, 3)),
            ]
        })
        .collect();
    let own = figures.device.design.simulated.oversample;
    let content = vec![
        paragraph(
            "Does the answer depend on the grid? The same masks with more samples a pixel and in wider windows; the last \
             row is what the others are compared with.",
        ),
        table(
            &format!(
                "Grids; the device is simulated with {own} \u{d7} {own} samples elsewhere in this report"
            ),
            &heads(&[
                "samples a pixel",
                "padding",
                "accuracy",
                "same answers",
                "field error",
                "true region / object",
                "true region / detector plane",
            ]),
            &shown,
        ),
        classed("p", "quiet").text(format!(
            "Field error: relative, at the centres of the detector plane\u{2019}s pixels, mean of {} images.",
            images.min(FIELD_IMAGES)
        )),
        basis(figures, images, None, &command),
    ];
    Section { anchor, title, content }
}

fn left_out(figures: &Figures<'_>, command: &str) -> Vec<Markup> {
    if let Figured::Images(_) = figures.figured {
        return Vec::new();
    }
    vec![
        paragraph("Left out of this report. It is made by ")
            .with(element("code").text(format!("d2nn {command}"))),
    ]
}

/// Accuracy against errors of building the device.
pub(super) fn tolerance(figures: &Figures<'_>) -> Result<Section> {
    let (anchor, title) = ("tolerance", "Tolerance");
    let command = format!("tolerance {} --all", device(figures));
    let Some((undisturbed, outcomes)) = &figures.tolerance else {
        return Ok(Section { anchor, title, content: left_out(figures, &command) });
    };
    let content = vec![
        paragraph(
            "What is left of the accuracy when the device is built with errors, one kind at a time. The undisturbed device \
             is the dashed line; bars reach from the worst to the best draw.",
        ),
        curves(undisturbed, outcomes)?,
        rows(undisturbed, outcomes),
        basis(figures, figures.tolerance_images, Some(1), &command),
        classed("p", "quiet").text(format!(
            "{TOLERANCE_DRAWS} draws of each kind and size. The standard error of an accuracy of {} images is about {} \
             points; rows share their images and draws, so their differences are more certain than that.",
            figures.tolerance_images,
            trimmed(
                100.0
                    * (undisturbed.accuracy * (1.0 - undisturbed.accuracy)
                        / figures.tolerance_images.max(1) as f64)
                        .sqrt(),
                1
            )
        )),
    ];
    Ok(Section { anchor, title, content })
}

/// A small graph a kind.
fn curves(undisturbed: &Judged, outcomes: &[Outcome]) -> Result<Markup> {
    let lows = outcomes.iter().map(|outcome| outcome.accuracy_range().0);
    let highs = outcomes.iter().map(|outcome| outcome.accuracy_range().1);
    let low = 100.0 * lows.fold(undisturbed.accuracy, f64::min);
    let high = 100.0 * highs.fold(undisturbed.accuracy, f64::max);
    let upright = (low, if high > low { high } else { low + 1.0 });
    let mut graphs = classed("div", "graphs");
    for CurveOf { kind, sizes, points, ranges, undisturbed } in report::curves(undisturbed, outcomes) {
        let curve = GraphCurve { points, ranges, look: "first", ..GraphCurve::default() };
        let level = GraphCurve { points: undisturbed, look: "level", ..GraphCurve::default() };
        let alternative = format!("accuracy against {sizes}; the figures are in the table below");
        graphs = graphs.with(graph(
            &[curve, level],
            &sizes,
            "accuracy, %",
            kind.logarithmic,
            Some(upright),
            &alternative,
        )?);
    }
    Ok(graphs)
}

fn rows(undisturbed: &Judged, outcomes: &[Outcome]) -> Markup {
    let mut rows = vec![vec![
        name("none"),
        figure(""),
        figure(percent(undisturbed.accuracy, 2)),
        figure(""),
        figure(""),
        figure("1"),
        figure(percent(undisturbed.power_efficiency_input, 3)),
    ]];
    let mut last = "";
    for outcome in outcomes {
        let (kind, _) = kind(outcome.disturbance);
        let (low, high) = outcome.accuracy_range();
        let title = if kind.name == last { "" } else { kind.name };
        last = kind.name;
        rows.push(vec![
            name(title),
            figure(written(outcome.disturbance).replace("um", "\u{b5}m")),
            figure(percent(outcome.accuracy(), 2)),
            figure(percent(low, 2)),
            figure(percent(high, 2)),
            figure(outcome.draws.len().to_string()),
            figure(percent(outcome.power_efficiency_input(), 3)),
        ]);
    }
    table(
        "Accuracy under errors",
        &heads(&["error", "size", "accuracy", "lowest", "highest", "runs", "true region / object"]),
        &rows,
    )
}
