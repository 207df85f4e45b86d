//! Whether a loss fits what it is to be trained with, and what it says of images that are not learned from.

use ndarray::Array2;

use super::loss::{Loss, Target};
use super::{Epoch, Settings, Trainer};
use crate::bench::Bench;
use crate::dataset::Images;
use crate::error::{Error, Result};
use crate::evaluation::{evaluate, evaluate_images};

/// Refuses a loss that cannot be trained with such settings on `bench` by `images`.
pub(super) fn check_fit(loss: &dyn Loss, settings: &Settings, bench: &Bench, images: &Images) -> Result<()> {
    let needs = loss.needs();
    if needs.plane && !bench.detector.watches_plane() {
        return Err(Error::Value(
            "a loss of the whole detector plane takes a detector that watches it (Detector::watching_plane)"
                .into(),
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

impl Trainer<'_> {
    /// Writes what the validation images say into `row`.
    pub(super) fn validate(&self, row: &mut Epoch) -> Result<()> {
        let (engine, indices) = (&*self.engine, &self.held.validation[..]);
        let progress = &mut |_| Ok(());
        let value = |readings: &[f64], target: &Target| {
            let slopes = &mut vec![0.0; readings.len()];
            match self.temperature() {
                Some(temperature) => self.loss.evaluate_at(temperature, readings, target, slopes).0,
                None => self.loss.evaluate(readings, target, slopes),
            }
        };
        if self.loss.needs().picture {
            let loss = |readings: &[f64], picture: &Array2<f64>| {
                value(readings, &Target { label: 0, entering: f64::NAN, picture: picture.clone() })
            };
            let judged = evaluate_images(engine, self.images, indices, &loss, progress)?;
            (row.validation_loss, row.validation_accuracy, row.detector_share) =
                (judged.loss, judged.ssim, judged.detector_share);
        } else {
            let loss = |readings: &[f64], label: usize, entering: f64| {
                value(readings, &Target { label, entering, picture: Array2::zeros((0, 0)) })
            };
            let judged = evaluate(engine, self.images, indices, &loss, progress)?;
            (row.validation_loss, row.validation_accuracy, row.detector_share) =
                (judged.loss, judged.accuracy(), judged.detector_share);
        }
        Ok(())
    }
}
