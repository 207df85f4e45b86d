//! Whether a loss fits what it is to be trained with, and what it says of images that are not learned from.

use super::assessment::Assessment;
use super::loss::Loss;
use super::{Epoch, Settings, Trainer};
use crate::bench::Bench;
use crate::dataset::Images;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{Sample, stream};

/// Refuses a loss that cannot be trained with such settings on `bench` by `images`.
pub(super) fn check_fit(loss: &dyn Loss, settings: &Settings, bench: &Bench, images: &Images) -> Result<()> {
    let needs = loss.needs();
    if needs.plane.readings() > bench.detector.watch().readings() {
        return Err(Error::Value(
            "a loss of the whole detector plane takes a detector that watches it (Detector::watching)".into(),
        ));
    }
    if settings.learn_temperature && loss.temperature().is_none() {
        return Err(Error::Value("a temperature is to be learnt, and this loss has none".into()));
    }
    if needs.picture {
        let ((rows, columns), regions) = (bench.object.image(), bench.readings());
        if regions != rows * columns {
            return Err(Error::Value(format!(
                "a detector of {regions} regions is no image of {rows} x {columns} values"
            )));
        }
        return Ok(());
    }
    let classes = bench.classes();
    match images.labels.iter().position(|label| usize::from(*label) >= classes) {
        Some(index) => Err(Error::Value(format!(
            "image {index} has the label {}: this device has {classes} classes",
            images.labels[index]
        ))),
        None => Ok(()),
    }
}

/// `loss` as judges take it: its value for a sample of the device on `bench`.
pub fn loss_of<'a>(loss: &'a dyn Loss, bench: &'a Bench) -> impl Fn(&Sample<'_>) -> f64 + 'a {
    move |sample| {
        let target = loss.needs().target_of(bench, sample);
        let readings = loss.needs().readings_of(sample);
        loss.evaluate(&readings, &target, &mut vec![0.0; readings.len()])
    }
}

/// What the validation images have said so far, in sums.
#[derive(Default)]
struct Sums {
    judged: f64,
    loss: f64,
    score: f64,
    /// Images with light on the regions.
    lit: f64,
    detector_share: f64,
}

impl Trainer<'_> {
    /// Writes what the validation images say into `row`.
    pub(super) fn validate(&self, engine: &dyn Engine, row: &mut Epoch) -> Result<()> {
        let (loss, temperature) = (&*self.loss, self.temperature());
        let (needs, mut sums) = (loss.needs(), Sums::default());
        let mut slopes = vec![0.0; engine.bench().readings() + needs.plane.readings()];
        stream(engine, self.images, &self.held.validation, &mut |_| Ok(true), &mut |sample| {
            let target = needs.target_of(engine.bench(), sample);
            // A picture without light has nothing to be compared with, as in `ImageFigures`.
            if needs.picture && (target.picture.sum() <= 0.0 || sample.plane <= 0.0) {
                return Ok(());
            }
            let readings = needs.readings_of(sample);
            let slopes = &mut slopes[..readings.len()];
            let assessment = Assessment::of(loss, temperature, &readings, &target, slopes);
            sums.judged += 1.0;
            sums.loss += assessment.loss;
            sums.score += assessment.score;
            let collected = sample.collected();
            if collected > 0.0 {
                sums.lit += 1.0;
                sums.detector_share += collected / sample.plane;
            }
            Ok(())
        })?;
        row.validation_loss = sums.loss / sums.judged.max(1.0);
        row.validation_accuracy = sums.score / sums.judged.max(1.0);
        row.detector_share = sums.detector_share / sums.lit.max(1.0);
        Ok(())
    }
}
