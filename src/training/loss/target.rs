//! What a loss compares the readings of a sample with.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2};

use crate::bench::Bench;
use crate::detector::Watch;
use crate::evaluation::Sample;

/// What a loss asks for beside the readings of the regions and the class of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The power of the object ([`Target::entering`]).
    pub power: bool,
    /// More readings, of the whole detector plane ([`Detector::watching`](crate::detector::Detector::watching)).
    pub plane: Watch,
    /// The picture the object shows ([`Target::picture`]), in place of the class: labels may be any numbers then.
    pub picture: bool,
}

/// What the readings of one sample should say.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The true class.
    pub label: usize,
    /// Power of the object; not a number where the loss does not ask for it.
    pub entering: f64,
    /// What a picture of the object shows, as it is shown to the device; empty where the loss does not ask for it.
    pub picture: Array2<f64>,
}

impl Needs {
    /// What the readings of `image` (values 0 to 1) on `bench` of the class `label` should say, as far as it is needed.
    pub fn target(self, bench: &Bench, image: ArrayView2<'_, f32>, label: usize) -> Target {
        // Thousands of images a step: their power is not summed up in vain.
        let entering = if self.power { bench.entering(image) } else { f64::NAN };
        Target { label, entering, picture: self.picture_of(bench, image) }
    }

    /// [`Needs::target`] of a sample whose power is known.
    pub fn target_of(self, bench: &Bench, sample: &Sample<'_>) -> Target {
        let picture = self.picture_of(bench, sample.image);
        Target { label: sample.label, entering: sample.entering, picture }
    }

    /// The readings of `sample`, and behind them its power through the plane where that is what is needed of the plane. Of more
    /// nothing is known of a sample.
    pub fn readings_of<'a>(self, sample: &Sample<'a>) -> Cow<'a, [f64]> {
        match self.plane {
            Watch::Power => Cow::Owned([sample.readings, &[sample.plane]].concat()),
            Watch::Regions | Watch::Plane => Cow::Borrowed(sample.readings),
        }
    }

    fn picture_of(self, bench: &Bench, image: ArrayView2<'_, f32>) -> Array2<f64> {
        if self.picture { bench.object.picture(image) } else { Array2::zeros((0, 0)) }
    }
}
