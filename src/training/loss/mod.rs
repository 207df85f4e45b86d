//! What training minimises: from the readings of a sample to a number and its derivatives.
//!
//! [`Loss`] is open: `examples/own_loss.rs` trains with one that is not here.

use crate::detector::brightest;

mod class;
mod picture;
mod target;

pub use class::{ClassError, ClassLoss, Hinge, PlaneHinge};
pub use picture::ImageError;
pub use target::{Needs, Target};

/// What is minimised: the mean over the samples of a number that the readings of each give.
///
/// Samples are judged on many threads, each by itself: the value of one may depend on nothing but its readings and
/// its target.
pub trait Loss: Send + Sync {
    /// What it asks for beside the readings of the regions and the class.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Loss of `readings`, and its derivative by each of them into `slopes`, which may hold any numbers before.
    ///
    /// `readings` are the powers in all regions, network by network; more follow where it needs the plane
    /// ([`Needs::plane`]).
    fn evaluate(&self, readings: &[f64], target: &Target, slopes: &mut [f64]) -> f64;

    /// How well `readings` answer, at most 1, for people: it is shown beside the loss and moves nothing. By default 1
    /// where the region of the true class is the brightest and 0 elsewhere, which is right for single regions.
    fn score(&self, readings: &[f64], target: &Target) -> f64 {
        f64::from(u8::from(brightest(readings) == target.label))
    }

    /// The temperature, a factor of its logits, that can be learnt with the masks; none where it has none.
    fn temperature(&self) -> Option<f64> {
        None
    }

    /// [`Loss::evaluate`] at another temperature T, and the derivative of the loss by its logarithm, T dL/dT. A loss
    /// with a [`Loss::temperature`] must have this of its own.
    fn evaluate_at(
        &self,
        temperature: f64,
        readings: &[f64],
        target: &Target,
        slopes: &mut [f64],
    ) -> (f64, f64) {
        let _ = temperature;
        (self.evaluate(readings, target, slopes), 0.0)
    }
}
