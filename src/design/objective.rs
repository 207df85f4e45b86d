//! What a device is designed for, and `[training]` checked: what is minimised.

use super::training_table::{LossName, TrainingTable};
use super::work::{Broken, Checked, Work};
use crate::bench::Bench;
use crate::detector::Scheme;
use crate::evaluation::{ACCURACY, Figure, SSIM};
use crate::named::Named;
use crate::training::{self, ClassError, ClassLoss, Hinge, ImageError, PlaneHinge};

/// Temperatures that were found to answer best: of shares of single regions (docs/decisions.md), of readings over the
/// largest (Mengu et al. 2019), of differences of pairs (docs/training.md).
const SHARE_TEMPERATURE: f64 = 30.0;
const PEAK_TEMPERATURE: f64 = 10.0;
const PAIR_TEMPERATURE: f64 = 5.0;

/// What a device is designed for: to name the class of an image, or to form the image. Of the losses a training can
/// have ([`training::Loss`]), those a design file names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// The score of the true class shall be the highest.
    Classification(ClassLoss),
    /// The readings shall be the image.
    Imaging(ImageError),
}

impl Objective {
    /// What is minimised.
    pub fn loss(self) -> Box<dyn training::Loss> {
        match self {
            Objective::Classification(loss) => Box::new(loss),
            Objective::Imaging(loss) => Box::new(loss),
        }
    }

    /// The figure a device is judged by in the first place, without its value.
    pub fn score(self) -> Figure {
        match self {
            Objective::Classification(_) => ACCURACY,
            Objective::Imaging(_) => SSIM,
        }
    }
}

/// What `bench` is trained for.
pub(super) fn objective(table: &TrainingTable, bench: &Bench, broken: &mut Broken) -> Checked<Objective> {
    let scheme = bench.detector.scheme();
    let temperature = match (table.temperature, table.loss, scheme) {
        (Some(temperature), ..) if temperature.is_finite() && temperature > 0.0 => temperature,
        (Some(temperature), ..) => {
            return Err(format!("training.temperature = {temperature}: it must be a number above zero"));
        }
        (None, LossName::PeakCrossEntropy, _) => PEAK_TEMPERATURE,
        (None, _, Scheme::Single) => SHARE_TEMPERATURE,
        (None, _, Scheme::Differential) => PAIR_TEMPERATURE,
    };
    broken.or(Work::Training, refuse_idle_keys(table), ());
    let error = match table.loss {
        LossName::CrossEntropy => ClassError::CrossEntropy { temperature },
        LossName::PeakCrossEntropy if scheme == Scheme::Single => {
            ClassError::PeakCrossEntropy { temperature }
        }
        LossName::PeakCrossEntropy => {
            return Err(
                "training.loss = \"peak-cross-entropy\" is for single regions: take detector.scheme = \
                        \"single\", or loss = \"cross-entropy\""
                    .into(),
            );
        }
        LossName::PowerError => ClassError::PowerError,
        LossName::PlaneMse => {
            ClassError::PlaneError { regions: bench.readings(), area: area_of_a_region(bench) }
        }
        LossName::ImageMse => return Ok(Objective::Imaging(ImageError)),
    };
    let hinge = |weight: f64, target: f64| (weight > 0.0).then_some(Hinge { weight, target });
    Ok(Objective::Classification(ClassLoss {
        scheme,
        error,
        label_smoothing: table.label_smoothing,
        efficiency: hinge(table.efficiency_weight, table.efficiency_target),
        output_efficiency: hinge(table.output_efficiency_weight, table.output_efficiency_target)
            .map(|hinge| PlaneHinge { hinge, regions: bench.readings() }),
        contrast: hinge(table.contrast_weight, table.contrast_target),
    }))
}

/// The area of a region, square metres: all have `detector.region_size`.
fn area_of_a_region(bench: &Bench) -> f64 {
    let samples = bench.detector.regions().first().map_or(0, |region| region.width * region.height);
    samples as f64 * bench.grid().pixel_area()
}

/// Refuses what the loss would pass over in silence.
fn refuse_idle_keys(table: &TrainingTable) -> Checked<()> {
    let (has_probabilities, has_classes) = match table.loss {
        LossName::CrossEntropy | LossName::PeakCrossEntropy => (true, true),
        LossName::PowerError | LossName::PlaneMse => (false, true),
        LossName::ImageMse => (false, false),
    };
    for (key, asked, works) in [
        ("label_smoothing", table.label_smoothing > 0.0, has_probabilities),
        ("learn_temperature", table.learn_temperature, has_probabilities),
        ("efficiency_weight", table.efficiency_weight > 0.0, has_classes),
        ("output_efficiency_weight", table.output_efficiency_weight > 0.0, has_classes),
        ("contrast_weight", table.contrast_weight > 0.0, has_classes),
    ] {
        if asked && !works {
            return Err(format!(
                "training.{key} does nothing with training.loss = \"{}\": leave it out, or take another loss",
                table.loss.name()
            ));
        }
    }
    Ok(())
}
