//! Judging a device that forms images: beside free space, which forms some image too.

use std::fmt::Write;

use serde_json::{Value, json};

use super::ThreadsFlag;
use super::figures::json_of;
use super::trial::{Pass, Trial};
use crate::engine::Engine;
use crate::error::Result;
use crate::evaluation::{ImageFigures, ImageJudge, SSIM, Sample};
use crate::training::loss_of;

/// Figures of a device and of the same bench without masks.
pub(super) struct BesideFreeSpace {
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
) -> Result<BesideFreeSpace> {
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
    Ok(BesideFreeSpace { device: device.figures(), free_space: free_space.figures() })
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
pub(super) fn report(heading: &str, judged: &BesideFreeSpace) -> String {
    let mut text = format!("{heading}\n\n{:<26}{:>10}{:>12}\n", "", "device", "free space");
    let (device, free) = (&judged.device, &judged.free_space);
    for (figure, open) in device.figures().iter().zip(free.figures()) {
        let counted = format!("mean structural similarity of {} images", device.images);
        let meaning = if figure.key == SSIM.key { &counted } else { figure.of };
        let open = if free.images == 0 { "-".into() } else { open.told() };
        let _ = writeln!(text, "{:<26}{:>10}{open:>12}  {meaning}", figure.label, figure.told());
    }
    if free.images < device.images {
        let _ = writeln!(text, "free space: of {} images", free.images);
    }
    text
}

/// The figures for programs.
pub(super) fn as_json(judged: &BesideFreeSpace) -> Value {
    let mut object = json_of(&judged.device.figures());
    object["images"] = json!(judged.device.images);
    object["free_space"] = json_of(&judged.free_space.figures());
    object["free_space"]["images"] = json!(judged.free_space.images);
    object
}
