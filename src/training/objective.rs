//! What a device is trained for: to name the class of an image, or to form the image.

use ndarray::{Array2, ArrayView2};

use super::loss::{ClassLoss, ImageError};
use crate::bench::Bench;
use crate::evaluation::imaging::likeness;

/// What a device is trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// The score of the true class shall be the highest.
    Classification(ClassLoss),
    /// The readings shall be the image.
    Imaging(ImageError),
}

/// What the readings of one sample should say.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The true class.
    pub label: usize,
    /// Power of the object; not a number where the loss does not ask for it.
    pub entering: f64,
    /// What a picture of the object shows, as it is shown to the device; empty where only the class counts.
    pub picture: Array2<f64>,
}

impl Objective {
    /// Whether it looks at the whole detector plane.
    pub fn watches_plane(&self) -> bool {
        matches!(self, Objective::Classification(loss) if loss.watches_plane())
    }

    /// What the readings of `image` (values 0 to 1) on `bench` of the class `label` should say.
    pub fn target(&self, bench: &Bench, image: ArrayView2<'_, f32>, label: usize) -> Target {
        match self {
            // Thousands of images a step: their power is not summed up in vain.
            Objective::Classification(loss) => {
                let entering = if loss.asks_for_power() { bench.entering(image) } else { f64::NAN };
                Target { label, entering, picture: Array2::zeros((0, 0)) }
            }
            Objective::Imaging(_) => {
                Target { label, entering: f64::NAN, picture: bench.object.picture(image) }
            }
        }
    }

    /// Loss of `readings`.
    pub fn value(&self, readings: &[f64], target: &Target) -> f64 {
        self.evaluate(readings, target, &mut vec![0.0; readings.len()])
    }

    /// Loss of `readings`, and its derivatives by each reading into `slopes`.
    pub fn evaluate(&self, readings: &[f64], target: &Target, slopes: &mut [f64]) -> f64 {
        match self {
            Objective::Classification(loss) => loss.evaluate(readings, target.label, target.entering, slopes),
            Objective::Imaging(loss) => loss.evaluate(readings, &target.picture, slopes),
        }
    }

    /// How well `readings` answer: 1 for the right class and 0 for a wrong one; the structural similarity of an
    /// image, at most 1.
    pub fn score(&self, readings: &[f64], target: &Target) -> f64 {
        match self {
            Objective::Classification(loss) if loss.answer(readings) == target.label => 1.0,
            Objective::Classification(_) => 0.0,
            Objective::Imaging(_) => likeness(readings, &target.picture),
        }
    }
}
