//! `d2nn evaluate --convergence`: the table that says whether a device is real.

use std::fmt::Write;

use serde_json::json;

use super::as_printed::{self, Printed};
use super::progress::Progress;
use super::stop::Stop;
use super::trial::first_images;
use super::{LabelledImages, ThreadsFlag, print, print_json};
use crate::dataset::Images;
use crate::design::Device;
use crate::error::{Error, Result};
use crate::evaluation::{Convergence, FIELD_IMAGES, GRIDS, convergence};
use crate::named::Named;
use crate::training::loss_of;

/// How many grids there are.
const ALL_GRIDS: usize = GRIDS.len();

/// Judges `device` on all grids by the first `limit` of `images`, with progress; on those done where `stop` is asked.
pub(super) fn judge(
    device: &Device,
    images: &Images,
    limit: Option<usize>,
    threads: usize,
    stop: &Stop,
) -> Result<Vec<Convergence>> {
    let indices = first_images(images, limit)?;
    let Some(loss) = device.design.loss() else {
        return Err(Error::Usage(format!(
            "--convergence compares answers, and {} forms images: evaluate it with --oversample and --padding",
            device.folder.display()
        )));
    };
    let mut progress = Progress::new("comparing grids", (ALL_GRIDS * indices.len()) as u64, "images");
    let rows = convergence(
        &device.design.bench,
        &device.masks,
        threads,
        images,
        &indices,
        &loss_of(&loss, &device.design.bench),
        &mut |done| {
            progress.update(done as u64, String::new);
            Ok(!stop.asked())
        },
    );
    progress.finish();
    rows
}

/// [`judge`], and prints the table.
pub(super) fn run(
    device: &Device,
    shown: &LabelledImages,
    limit: Option<usize>,
    threads: usize,
    as_json: bool,
    stop: &Stop,
) -> Result<()> {
    let rows = judge(device, &shown.images, limit, threads, stop)?;
    let judged = rows.first().map_or(0, |row| row.evaluation.images);
    let printed = match rows.len() {
        ALL_GRIDS => {
            let threads = ThreadsFlag { threads };
            as_printed::judge(device, None, &threads, &shown.images, judged, &|| Ok(!stop.asked()))?
        }
        _ => None,
    };
    let told = match rows.len() {
        ALL_GRIDS => Ok(()),
        0 => Err(Error::Interrupted("stopped before the first grid was done: nothing is told".into())),
        done => Err(Error::Interrupted(format!(
            "stopped after {done} of {ALL_GRIDS} grids: they are compared with the last of these, not with the finest"
        ))),
    };
    if as_json && !rows.is_empty() {
        print_json(&json!({
            "images": judged,
            "partial": rows.len() < ALL_GRIDS,
            "field_images": judged.min(FIELD_IMAGES),
            "data": shown.as_json(),
            "plate": device.design.plate_model().name(),
            "grids": rows.iter().map(row_json).collect::<Vec<_>>(),
            "as_printed": printed.as_ref().map(Printed::as_json),
        }))?;
    } else if !rows.is_empty() {
        let mut text = table(device, shown, &rows);
        if let Some(printed) = &printed {
            let _ = writeln!(text, "\n{}", printed.text());
            if let Some(warning) = printed.warning() {
                let _ = writeln!(text, "warning: {warning}");
            }
        } else if let Some(problem) = as_printed::why_not(device, None) {
            let _ = writeln!(text, "\nwarning: {problem}");
        }
        print(&text)?;
    }
    told
}

/// The rows as text.
pub(super) fn table(device: &Device, shown: &LabelledImages, rows: &[Convergence]) -> String {
    let judged = rows.first().map_or(0, |row| row.evaluation.images);
    let mut text = format!("{}\n\n", shown.heading_of_first(judged, &device.design));
    let _ = writeln!(
        text,
        "samples  padding  accuracy  same answers  field error  true region / object  true region / detector plane"
    );
    for row in rows {
        let _ = writeln!(
            text,
            "{:>7}  {:>7}  {:>6.2} %  {:>10.2} %  {:>11.4}  {:>18.3} %  {:>26.3} %",
            format!("{0} x {0}", row.oversample),
            row.padding,
            100.0 * row.evaluation.accuracy(),
            100.0 * row.same_answers,
            row.field_error,
            100.0 * row.evaluation.power_efficiency_input,
            100.0 * row.evaluation.power_efficiency_output
        );
    }
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let _ = writeln!(
            text,
            "\nagainst the last row: {:+.2} points of accuracy; field error: relative, at the centres of the detector \
             plane's pixels, {} images",
            100.0 * (last.evaluation.accuracy() - first.evaluation.accuracy()),
            judged.min(FIELD_IMAGES)
        );
    }
    text
}

fn row_json(row: &Convergence) -> serde_json::Value {
    json!({
        "oversample": row.oversample,
        "padding": row.padding,
        "accuracy": row.evaluation.accuracy(),
        "same_answers": row.same_answers,
        "field_error": row.field_error,
        "power_efficiency_input": row.evaluation.power_efficiency_input,
        "power_efficiency_output": row.evaluation.power_efficiency_output,
        "detector_share": row.evaluation.detector_share,
    })
}
