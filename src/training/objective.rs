//! What a device is trained for: to name the class of an image, or to form the image.

use ndarray::{Array2, ArrayView2};

use super::loss::{CrossEntropy, ImageError};
use crate::detector::brightest;
use crate::evaluation::imaging::likeness;
use crate::object::ObjectPlane;

/// What a device is trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// The region of the true class shall be the brightest.
    Classification(CrossEntropy),
    /// The readings shall be the image.
    Imaging(ImageError),
}

/// What the readings of one sample should say.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The true class.
    pub label: usize,
    /// What a picture of the object shows, as it is shown to the device.
    pub picture: Array2<f64>,
}

impl Target {
    /// The target of `image` (values 0 to 1, shape [`ObjectPlane::image`]) of the class `label`.
    pub fn new(object: &ObjectPlane, image: ArrayView2<'_, f32>, label: usize) -> Self {
        Target { label, picture: object.picture(image) }
    }
}

impl Objective {
    /// Loss of `readings`.
    pub fn value(&self, readings: &[f64], target: &Target) -> f64 {
        self.evaluate(readings, target, &mut vec![0.0; readings.len()])
    }

    /// Loss of `readings`, and its derivatives by each reading into `slopes`.
    pub fn evaluate(&self, readings: &[f64], target: &Target, slopes: &mut [f64]) -> f64 {
        match self {
            Objective::Classification(loss) => loss.evaluate(readings, target.label, slopes),
            Objective::Imaging(loss) => loss.evaluate(readings, &target.picture, slopes),
        }
    }

    /// How well `readings` answer: 1 for the right class and 0 for a wrong one; the structural similarity of an
    /// image, at most 1.
    pub fn score(&self, readings: &[f64], target: &Target) -> f64 {
        match self {
            Objective::Classification(_) if brightest(readings) == target.label => 1.0,
            Objective::Classification(_) => 0.0,
            Objective::Imaging(_) => likeness(readings, &target.picture),
        }
    }
}
