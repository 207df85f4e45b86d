//! `[training]` as it is typed: every key, with the value it has when it is left out.

use serde::{Deserialize, Serialize};

use super::named_key;
use super::typed::{Angle, Offset};
use crate::element::PlateModel;
use crate::named::named;
use crate::training::Start;

/// `[training]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingTable {
    /// Data set: a name, such as "fashion-mnist", or the path of files of one's own.
    pub data: String,
    /// How the training begins; left out, in modes unless `epochs` is given or the device has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimiser: Option<Optimiser>,
    /// Times every training image is shown in mini-batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// Images a step.
    pub batch: usize,
    /// Step size of Adam at the start of the cosine, radians.
    pub learning_rate: f64,
    /// Samples along one side of a pixel in these epochs.
    pub oversample: usize,
    /// Epochs after them on the grid of the bench, where that is finer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fine_epochs: Option<u64>,
    /// Step size of Adam at the start of those, radians.
    pub fine_learning_rate: f64,
    /// What is minimised.
    #[serde(with = "named_key")]
    pub loss: LossName,
    /// Temperature of the cross-entropy; left out, what the loss and the detector's scheme do best with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Whether the temperature is learnt with the masks.
    pub learn_temperature: bool,
    /// Share of the wanted probability that is spread over all classes.
    pub label_smoothing: f64,
    /// Weight of the term that asks for power in the true region.
    pub efficiency_weight: f64,
    /// Share of the object's power in the true region from which that term is zero.
    pub efficiency_target: f64,
    /// Weight of the term that asks for the light of the detector plane to be in the true region.
    pub output_efficiency_weight: f64,
    /// Share of the power through the detector plane in the true region from which that term is zero.
    pub output_efficiency_target: f64,
    /// Weight of the term that asks for signal contrast.
    pub contrast_weight: f64,
    /// Contrast from which that term is zero.
    pub contrast_target: f64,
    /// Weight of the roughness of the masks in the loss.
    pub smoothness: f64,
    /// Weight of the mean square slope of the reliefs from pixel to pixel.
    pub steepness: f64,
    /// Share of the training images held out for validation.
    pub validation: f64,
    /// Whether images are shown mirrored left to right half of the times.
    pub flips: bool,
    /// Memory of the running mean of the masks that is kept in place of the last ones; 0 for the last ones.
    pub averaging: f64,
    /// Where the phases begin.
    #[serde(with = "named_key")]
    pub start: Start,
    /// Seed of all that is drawn.
    pub seed: u64,
    /// How images are distorted at random.
    pub augmentation: AugmentationTable,
    /// What goes wrong in each step.
    pub perturbations: PerturbationsTable,
    /// The stages of a training that begins in modes; left out, those that suit the plates, [`TrainingTable::usual_stages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modes: Option<Vec<ModesTable>>,
}

/// `[training.augmentation]`: each image is distorted anew each time it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentationTable {
    /// Largest shift along y and along x, pixels of the image.
    pub shift: f64,
    /// Largest turn either way.
    pub rotation: Angle,
    /// Largest part by which it is larger or smaller.
    pub scale: f64,
    /// Standard deviation of what is added to each value.
    pub noise: f64,
}

impl Default for AugmentationTable {
    fn default() -> Self {
        AugmentationTable { shift: 0.0, rotation: Angle::known("0 deg", 0.0), scale: 0.0, noise: 0.0 }
    }
}

/// `[training.perturbations]`: errors drawn anew in each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerturbationsTable {
    /// Largest lateral displacement of each mask and of the detector, along y and along x.
    pub shift_xy: Offset,
    /// Largest axial displacement of each mask and of the detector.
    pub shift_z: Offset,
    /// Largest rotation of each mask in its plane.
    pub rotation: Angle,
    /// Largest relative error of the wavelength.
    pub wavelength: f64,
    /// Standard deviation of an error of the height of each pixel.
    pub height_noise: Offset,
    /// Levels a turn that phases are rounded to; 0 for none.
    pub levels: u32,
    /// Share of the steps of a stage in which all of these rise from nothing.
    pub ramp: f64,
}

impl Default for PerturbationsTable {
    fn default() -> Self {
        PerturbationsTable {
            shift_xy: Offset::known("0 mm", 0.0),
            shift_z: Offset::known("0 mm", 0.0),
            rotation: Angle::known("0 deg", 0.0),
            wavelength: 0.0,
            height_noise: Offset::known("0 um", 0.0),
            levels: 0,
            ramp: 0.0,
        }
    }
}

/// `training.optimiser`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// First the stages of `[[training.modes]]`, exact gradients of large batches.
    Modes,
    /// Image by image from the start.
    MiniBatches,
}

/// A table of `[[training.modes]]`: a stage whose gradients are made in the leading modes of the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModesTable {
    /// Leading modes.
    pub modes: usize,
    /// What the light is simulated on.
    pub grid: StageGrid,
    /// How the plates are simulated; none for thin ones on grids that are coarser than that of the bench, and as the device
    /// on it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "named_key::optional")]
    pub plate: Option<PlateModel>,
    /// Images a step.
    pub batch: usize,
    /// Steps at least: they end with an epoch.
    pub steps: u64,
    /// Step size of Adam at the start of the cosine, radians.
    pub learning_rate: f64,
}

/// `grid` in `[[training.modes]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageGrid {
    /// Blocks of 2 x 2 pixels with one value and one sample, where that fits the device.
    Binned,
    /// `training.oversample` samples along a side of a pixel.
    Coarse,
    /// The grid of the bench; left out where that is no finer.
    Fine,
}

/// `training.loss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossName {
    /// Softmax cross-entropy of the scores: for classes.
    CrossEntropy,
    /// Softmax cross-entropy of the readings over the largest: for classes with single regions.
    PeakCrossEntropy,
    /// Squared error of the powers over that of the object: for classes.
    PowerError,
    /// Squared error of the intensity of every sample of the detector plane: for classes.
    PlaneMse,
    /// Squared error of the normalised image: for `layout = "image"`.
    ImageMse,
}

named! { LossName {
    CrossEntropy = "cross-entropy",
    PeakCrossEntropy = "peak-cross-entropy",
    PowerError = "power-error",
    PlaneMse = "plane-mse",
    ImageMse = "image-mse",
} }

impl Default for TrainingTable {
    fn default() -> Self {
        TrainingTable {
            data: "fashion-mnist".into(),
            optimiser: None,
            epochs: None,
            batch: 16,
            learning_rate: 0.03,
            oversample: 1,
            fine_epochs: None,
            fine_learning_rate: 0.005,
            loss: LossName::CrossEntropy,
            temperature: None,
            learn_temperature: false,
            label_smoothing: 0.0,
            efficiency_weight: 0.0,
            efficiency_target: 0.01,
            output_efficiency_weight: 0.0,
            output_efficiency_target: 0.1,
            contrast_weight: 0.0,
            contrast_target: 0.2,
            smoothness: 0.0,
            steepness: 0.0,
            validation: 0.1,
            flips: false,
            averaging: 0.0,
            start: Start::Flat,
            seed: 1,
            augmentation: AugmentationTable::default(),
            perturbations: PerturbationsTable::default(),
            modes: None,
        }
    }
}

impl TrainingTable {
    /// The stages of a design that lists none, with plates of this model and so many samples inside plates along one side of a
    /// sample outside. Thin sheets are trained longer. A step in plates with a thickness costs many times as much: what blocks of
    /// pixels can learn is learned with thin sheets, then comes one sample a pixel outside where plates have more inside.
    pub fn usual_stages(plates: PlateModel, finer: usize) -> Vec<ModesTable> {
        let stage = |modes, grid, plate, steps, learning_rate| ModesTable {
            modes,
            grid,
            plate,
            batch: 4000,
            steps,
            learning_rate,
        };
        match plates {
            PlateModel::Thin => vec![
                stage(64, StageGrid::Binned, None, 400, 0.3),
                stage(160, StageGrid::Binned, None, 400, 0.2),
                stage(160, StageGrid::Coarse, None, 300, 0.15),
                stage(300, StageGrid::Coarse, None, 200, 0.1),
                stage(160, StageGrid::Fine, None, 40, 0.03),
            ],
            PlateModel::Equivalent | PlateModel::Sliced | PlateModel::WavePropagation => {
                let most = if finer > 1 { StageGrid::Coarse } else { StageGrid::Fine };
                vec![
                    stage(160, StageGrid::Binned, Some(PlateModel::Thin), 300, 0.3),
                    stage(64, most, Some(plates), 112, 0.1),
                    stage(100, most, Some(plates), 126, 0.06),
                ]
            }
        }
    }
}
