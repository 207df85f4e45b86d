//! Judging a device that forms images: beside free space, which forms some image too.

use std::fmt::Write;

use serde_json::json;

use super::ThreadsFlag;
use super::trial::{Pass, Trial};
use crate::design::Design;
use crate::engine::Engine;
use crate::error::Result;
use crate::evaluation::{ImageFigures, ImageJudge, Sample};
use crate::training::loss_of;

/// Figures of a device and of the same bench without masks.
pub(super) struct Compared {
    pub(super) device: ImageFigures,
    /// Perhaps of fewer images, or of none, where the work was stopped.
    pub(super) free_space: ImageFigures,
}

/// Judges a device and free space, with progress; `see` is shown what the device reads of each image in its turn. Where
/// `trial` is not to go on, free space has fewer images than the device, or none.
pub(super) fn judge(
    engine: &dyn Engine,
    trial: &Trial<'_>,
    threads: &ThreadsFlag,
    see: &mut dyn FnMut(&Sample<'_>),
) -> Result<Compared> {
    let open = threads.bare_engine(trial.design.simulated.free_space())?;
    let (mut device, mut free_space) = (ImageJudge::of(engine.bench())?, ImageJudge::of(open.bench())?);
    let loss = trial.design.objective().loss();
    let loss = loss_of(&*loss, engine.bench());
    let mut look = |sample: &Sample<'_>| {
        device.add(sample, &loss);
        see(sample);
        Ok(())
    };
    let mut look_without = |sample: &Sample<'_>| {
        free_space.add(sample, &loss);
        Ok(())
    };
    trial.run(&mut [Pass { engine, see: &mut look }, Pass { engine: &open, see: &mut look_without }])?;
    Ok(Compared { device: device.figures(), free_space: free_space.figures() })
}

/// Judges a device alone, with progress.
pub(super) fn judge_alone(engine: &dyn Engine, trial: &Trial<'_>) -> Result<ImageFigures> {
    let mut judge = ImageJudge::of(engine.bench())?;
    let loss = trial.design.objective().loss();
    let loss = loss_of(&*loss, engine.bench());
    let mut look = |sample: &Sample<'_>| {
        judge.add(sample, &loss);
        Ok(())
    };
    trial.run(&mut [Pass { engine, see: &mut look }])?;
    Ok(judge.figures())
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

/// The figures for programs; `partial` says whether the judging was stopped, `data` of what they are.
pub(super) fn as_json(
    judged: &Compared,
    design: &Design,
    partial: bool,
    data: serde_json::Value,
) -> serde_json::Value {
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
    object["partial"] = json!(partial);
    object["free_space"] = figures(&judged.free_space);
    object["free_space"]["images"] = json!(judged.free_space.images);
    object["padding"] = json!(design.padding());
    object["oversample"] = json!(design.simulated.oversample);
    object["extinction_coefficient"] = json!(design.material.extinction_coefficient());
    object["data"] = data;
    object
}
