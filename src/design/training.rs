//! `[training]` checked: what is learned, and the stages of a training, each on a grid of its own.

use super::file::{DesignFile, LossKey, StartKey};
use super::resolve::{Checked, Design};
use super::sampling;
use crate::network::Bench;
use crate::training::{CrossEntropy, ImageError, Objective, Settings, Start};

/// How a device is trained, whatever the number of images.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Training {
    /// Of the first epochs; `validation` waits for the number of images.
    settings: Settings,
    /// Share of the images held out.
    validation: f64,
    /// What the first epochs are simulated with.
    bench: Bench,
    /// Epochs on the grid of the bench and their step size, where that grid is finer.
    fine: Option<(u64, f64)>,
}

/// A part of a training that runs on one grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// What is asked for.
    pub settings: Settings,
    /// What is simulated.
    pub bench: Bench,
}

impl Design {
    /// Settings of the first epochs for a training set of `images` images.
    pub fn settings(&self, images: usize) -> Settings {
        let held_out = (self.training.validation * images as f64).round() as usize;
        Settings { validation: held_out, ..self.training.settings }
    }

    /// The stages of a training on `images` images, none without epochs: a coarse grid first, where most is learned at a
    /// fraction of the cost, then the grid the device is judged on.
    pub fn stages(&self, images: usize) -> Vec<Stage> {
        let settings = self.settings(images);
        let first = Stage { settings, bench: self.training.bench.clone() };
        let fine = self.training.fine.map(|(epochs, learning_rate)| Stage {
            settings: Settings { first_epoch: settings.epochs, epochs, learning_rate, ..settings },
            bench: self.simulated.clone(),
        });
        [Some(first), fine].into_iter().flatten().filter(|stage| stage.settings.epochs > 0).collect()
    }

    /// What the device is trained for.
    pub fn objective(&self) -> Objective {
        self.training.settings.objective
    }

    /// Whether the device forms an image, rather than name a class.
    pub fn forms_image(&self) -> bool {
        matches!(self.objective(), Objective::Imaging(_))
    }

    /// The loss of a device that names classes; `None` for one that forms images.
    pub fn loss(&self) -> Option<CrossEntropy> {
        match self.objective() {
            Objective::Classification(loss) => Some(loss),
            Objective::Imaging(_) => None,
        }
    }

    /// The seed of the training.
    pub fn seed(&self) -> u64 {
        self.training.settings.seed
    }
}

impl Training {
    /// What is wrong with the sampling of the first epochs, where they have a grid of their own.
    pub(super) fn sampling_problems(&self) -> Vec<String> {
        if self.fine.is_none() {
            return Vec::new();
        }
        let key = format!("training.oversample = {}", self.bench.oversample);
        sampling::problems(&self.bench).iter().map(|problem| format!("{key}: {problem}")).collect()
    }

    /// Checks `[training]` for a device drawn as `bench` and judged as `simulated`.
    pub(super) fn resolve(typed: &DesignFile, bench: &Bench, simulated: &Bench) -> Checked<Self> {
        let table = &typed.training;
        let settings = settings(typed)?;
        if table.oversample == 0 || table.oversample > simulated.oversample {
            return Err(format!(
                "training.oversample = {}: it must be 1 to bench.oversample = {}, the grid the device is judged on",
                table.oversample, simulated.oversample
            ));
        }
        let bench = if table.oversample == simulated.oversample {
            simulated.clone()
        } else {
            bench
                .sampled(table.oversample, typed.bench.padding)
                .map_err(|error| format!("training.oversample: {error}"))?
        };
        let finer = table.oversample < simulated.oversample;
        let fine = finer.then_some((table.fine_epochs, table.fine_learning_rate));
        Ok(Training { settings, validation: table.validation, bench, fine })
    }
}

fn settings(typed: &DesignFile) -> Checked<Settings> {
    let table = &typed.training;
    for (key, value, least, most) in [
        ("epochs", table.epochs, 0, 100_000),
        ("fine_epochs", table.fine_epochs, 0, 100_000),
        ("batch", table.batch as u64, 1, 4096),
    ] {
        if !(least..=most).contains(&value) {
            return Err(format!("training.{key} = {value}: it must be {least} to {most}"));
        }
    }
    for (key, value) in [
        ("learning_rate", table.learning_rate),
        ("fine_learning_rate", table.fine_learning_rate),
        ("temperature", table.temperature),
    ] {
        if !(value.is_finite() && value > 0.0) {
            return Err(format!("training.{key} = {value}: it must be a number above zero"));
        }
    }
    if !(0.0..=1e6).contains(&table.smoothness) {
        return Err(format!("training.smoothness = {}: it must be 0 to 1e6", table.smoothness));
    }
    if !(0.0..=0.9).contains(&table.validation) {
        return Err(format!(
            "training.validation = {}: the share held out must be 0 to 0.9",
            table.validation
        ));
    }
    if table.seed > i64::MAX as u64 {
        return Err(format!("training.seed = {}: a design file holds seeds up to {}", table.seed, i64::MAX));
    }
    Ok(Settings {
        first_epoch: 0,
        epochs: table.epochs,
        batch: table.batch,
        learning_rate: table.learning_rate,
        objective: match table.loss {
            LossKey::CrossEntropy => {
                Objective::Classification(CrossEntropy { temperature: table.temperature })
            }
            LossKey::ImageMse => Objective::Imaging(ImageError),
        },
        smoothness: table.smoothness,
        validation: 0,
        flips: table.flips,
        start: match table.start {
            StartKey::Flat => Start::Flat,
            StartKey::Random => Start::Random,
        },
        seed: table.seed,
    })
}
