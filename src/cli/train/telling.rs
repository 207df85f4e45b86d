//! What a training says on its way.

use super::job::Job;
use crate::design::Stage;
use crate::training::{Epoch, Objective};

/// A mean score, named.
pub(super) fn score(objective: Objective, mean: f64) -> String {
    match objective {
        Objective::Classification(_) => format!("accuracy {:.2} %", 100.0 * mean),
        Objective::Imaging(_) => format!("SSIM {mean:.4}"),
    }
}

/// What is about to happen: images, epochs and steps of `stage`.
pub(super) fn stage_line(job: &Job, stage: &Stage, images: u64, steps: u64, threads: usize) -> String {
    let Stage { settings, bench, modes } = stage;
    let samples = match (settings.binning, bench.oversample) {
        (1, 1) => String::new(),
        (1, samples) => format!(" of {samples} x {samples} samples"),
        (bins, _) => format!(" in blocks of {bins} x {bins}"),
    };
    let means = modes.map_or_else(String::new, |modes| format!(" in {modes} modes"));
    format!(
        "{} {}: {} masks of {:?} pixels{samples}, {images} images from {}{means}, {} epochs of {steps} steps, \
         {threads} threads",
        if job.start.resumes() { "resuming" } else { "training" },
        job.folder.display(),
        bench.all_masks(),
        job.design.bench.mask_shape(),
        job.dataset.source.describe(),
        settings.epochs,
    )
}

/// What an epoch of `epochs` has brought.
pub(super) fn epoch_line(row: &Epoch, epochs: u64, objective: Objective) -> String {
    let validation = if row.validation_accuracy.is_finite() {
        format!(
            ", validation loss {:.4} {}, detector share {:.1} %",
            row.validation_loss,
            score(objective, row.validation_accuracy),
            100.0 * row.detector_share
        )
    } else {
        String::new()
    };
    format!(
        "epoch {}/{epochs}: training loss {:.4} {}{validation}, {:.0} s",
        row.epoch,
        row.training_loss,
        score(objective, row.training_accuracy),
        row.seconds
    )
}
