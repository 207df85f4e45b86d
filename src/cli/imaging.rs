//! Judging a device that forms images: beside free space, which forms some image too.

use std::fmt::Write;

use ndarray::Array2;
use serde_json::json;

use super::ThreadsFlag;
use super::evaluate::first_images;
use super::progress::Progress;
use crate::dataset::Images;
use crate::design::Design;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{ImageFigures, evaluate_images_until};
use crate::training::ImageError;

/// Figures of a device and of the same bench without masks.
pub(super) struct Compared {
    pub(super) device: ImageFigures,
    /// Perhaps of fewer images, or of none, where the work was stopped.
    pub(super) free_space: ImageFigures,
    /// Images that both were to be judged on.
    pub(super) wanted: usize,
}

impl Compared {
    /// Whether the work was stopped before its end.
    pub(super) fn is_partial(&self) -> bool {
        self.device.images.min(self.free_space.images) < self.wanted
    }
}

/// Judges a device and free space on the first `limit` of `images`, with progress; an error of `stopped` ends it
/// early.
pub(super) fn judge(
    engine: &dyn Engine,
    design: &Design,
    threads: &ThreadsFlag,
    images: &Images,
    limit: Option<usize>,
    stopped: &dyn Fn() -> Option<Error>,
) -> Result<Compared> {
    judge_until(engine, design, threads, images, limit, &|| stopped().map_or(Ok(true), Err))
}

/// [`judge`] up to where `go_on` says no; then free space has fewer images than the device.
pub(super) fn judge_until(
    engine: &dyn Engine,
    design: &Design,
    threads: &ThreadsFlag,
    images: &Images,
    limit: Option<usize>,
    go_on: &dyn Fn() -> Result<bool>,
) -> Result<Compared> {
    let indices = first_images(images, limit)?;
    let open = threads.bare_engine(design.simulated.free_space())?;
    let mut progress = Progress::new("evaluating", 2 * indices.len() as u64, "images");
    let loss = |readings: &[f64], picture: &Array2<f64>| ImageError.value(readings, picture);
    let mut figures = |engine: &dyn Engine, before: usize| {
        evaluate_images_until(engine, images, &indices, &loss, &mut |done| {
            progress.update((before + done) as u64, String::new);
            go_on()
        })
    };
    let wanted = indices.len();
    let judged = figures(engine, 0).and_then(|device| {
        let free_space = figures(&open, wanted)?;
        Ok(Compared { device, free_space, wanted })
    });
    progress.finish();
    judged
}

/// The figures as text.
pub(super) fn report(heading: &str, judged: &Compared) -> String {
    let (device, free) = (&judged.device, &judged.free_space);
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let mut text = format!("{heading}\n\n{:<26}{:>10}{:>12}\n", "", "device", "free space");
    for (name, value, open, meaning) in [
        (
            "SSIM",
            format!("{:.4}", device.ssim),
            format!("{:.4}", free.ssim),
            format!("mean structural similarity of {} images", device.images),
        ),
        (
            "mean squared error",
            format!("{:.5}", device.mean_squared_error),
            format!("{:.5}", free.mean_squared_error),
            "equally bright pictures, white = 1".into(),
        ),
        (
            "loss",
            format!("{:.4}", device.loss),
            format!("{:.4}", free.loss),
            "mean image error, as in training".into(),
        ),
        (
            "power efficiency, input",
            percent(device.power_efficiency_input),
            percent(free.power_efficiency_input),
            "area of the image / power of the object".into(),
        ),
        (
            "detector share",
            percent(device.detector_share),
            percent(free.detector_share),
            "area of the image / detector plane".into(),
        ),
    ] {
        let open = if free.images == 0 { "-" } else { &open };
        let _ = writeln!(text, "{name:<26}{value:>10}{open:>12}  {meaning}");
    }
    if free.images < device.images {
        let _ = writeln!(text, "free space: of {} images", free.images);
    }
    text
}

/// The figures for programs; `data` says of what.
pub(super) fn as_json(judged: &Compared, design: &Design, data: serde_json::Value) -> serde_json::Value {
    let figures = |figures: &ImageFigures| {
        json!({
            "ssim": figures.ssim,
            "mean_squared_error": figures.mean_squared_error,
            "loss": figures.loss,
            "power_efficiency_input": figures.power_efficiency_input,
            "detector_share": figures.detector_share,
        })
    };
    let mut object = figures(&judged.device);
    object["images"] = json!(judged.device.images);
    object["partial"] = json!(judged.is_partial());
    object["free_space"] = figures(&judged.free_space);
    object["free_space"]["images"] = json!(judged.free_space.images);
    object["padding"] = json!(design.padding());
    object["oversample"] = json!(design.simulated.oversample);
    object["extinction_coefficient"] = json!(design.material.extinction_coefficient());
    object["data"] = data;
    object
}
