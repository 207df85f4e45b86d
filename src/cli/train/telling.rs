//! What a training says on its way.

use super::job::Job;
use crate::cli::mask_words::{mask_sizes, stage_plates};
use crate::design::{Objective, Stage};
use crate::training::Epoch;
use crate::units::counted;

/// A mean score, named.
pub(super) fn score(objective: Objective, mean: f64) -> String {
    let score = objective.score();
    format!("{} {}", score.label, score.unit.told(mean))
}

/// What is about to happen: images, epochs and steps of `stage`.
pub(super) fn stage_line(job: &Job, stage: &Stage, images: u64, steps: u64, threads: usize) -> String {
    let Stage { settings, bench, modes } = stage;
    let plates = stage_plates(&job.design, stage);
    let samples = match (settings.binning, bench.oversample) {
        (1, 1) => String::new(),
        (1, samples) => format!(" of {samples} x {samples} samples"),
        (bins, _) => format!(" in blocks of {bins} x {bins}"),
    };
    let sizes = mask_sizes(&job.design.bench);
    let means = modes.map_or_else(String::new, |modes| format!(" in {modes} modes"));
    format!(
        "{} {}: {} of {sizes} pixels{samples}{plates}, {images} images from {}{means}, {} of {}, {}",
        if job.start.resumes() { "resuming" } else { "training" },
        job.folder.display(),
        counted(bench.all_masks() as u64, "mask"),
        job.dataset.source.describe(),
        counted(settings.epochs, "epoch"),
        counted(steps, "step"),
        counted(threads as u64, "thread"),
    )
}

/// Widths of the columns of the table by epoch.
const COLUMNS: [usize; 8] = [9, 7, 13, 9, 15, 9, 14, 9];

fn row(cells: [String; 8]) -> String {
    let cells = cells.iter().zip(COLUMNS).map(|(cell, width)| format!("{cell:>width$}"));
    cells.collect::<Vec<_>>().join("  ")
}

/// The head of the table by epoch.
pub(super) fn table_head(objective: Objective) -> String {
    let score = objective.score().label;
    row(["epoch", "step", "training loss", score, "validation loss", score, "detector share", "time"]
        .map(str::to_owned))
}

/// What an epoch of `epochs` has brought, in the columns of [`table_head`].
pub(super) fn epoch_row(epoch: &Epoch, epochs: u64, objective: Objective) -> String {
    let score = |mean| objective.score().unit.told(mean);
    // Not every epoch looks at the validation images, and a loss of the whole plane is not known there.
    let judged = |value: f64, text: String| if value.is_finite() { text } else { "-".into() };
    row([
        format!("{}/{epochs}", epoch.epoch),
        epoch.steps.to_string(),
        format!("{:.4}", epoch.training_loss),
        score(epoch.training_accuracy),
        judged(epoch.validation_loss, format!("{:.4}", epoch.validation_loss)),
        judged(epoch.validation_accuracy, score(epoch.validation_accuracy)),
        judged(epoch.detector_share, format!("{:.1} %", 100.0 * epoch.detector_share)),
        duration(epoch.seconds),
    ])
}

/// "42 s", "7:03", "2:05:09".
fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes}:{rest:02}"),
        _ => format!("{hours}:{minutes:02}:{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        for (seconds, text) in [(0.2, "0 s"), (59.6, "1:00"), (423.0, "7:03"), (7509.0, "2:05:09")] {
            assert_eq!(duration(seconds), text);
        }
    }
}
