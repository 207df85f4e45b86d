//! The stages of a training of a design, each on a grid of its own.

use super::file::DesignFile;
use super::objective::Objective;
use super::resolve::Design;
use super::training::BINNING;
use super::training_table::StageGrid;
use crate::bench::Bench;
use crate::element::PlateModel;
use crate::training::{ClassLoss, LearntTemperature, Settings};

/// Steps in which the step size of a stage in modes rises: without them a stage begins by losing most of what the one
/// before has learned.
const WARM_UP: u64 = 10;
/// Looks at the validation images in a stage of modes, whose epochs are short.
const LOOKS: u64 = 4;

/// A part of a training that runs on one grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// What is asked for.
    pub settings: Settings,
    /// What is simulated.
    pub bench: Bench,
    /// Leading modes of the images that gradients are made in; none for image by image.
    pub modes: Option<usize>,
}

impl Design {
    /// Settings of the mini-batches for a training set of `images` images.
    pub fn settings(&self, images: usize) -> Settings {
        let held_out = (self.training.validation * images as f64).round() as usize;
        Settings { validation: held_out, ..self.training.settings }
    }

    /// Whether stages on blocks of pixels are asked for and take place on single pixels, at four times the work: plane, a mask, image
    /// or regions are no whole number of blocks.
    pub fn has_no_blocks(&self) -> bool {
        let training = &self.training;
        training.binned.is_none() && training.modes.iter().any(|table| table.grid == StageGrid::Binned)
    }

    /// The stages of a training on `images` images, none without epochs: coarse grids first, where most is learned at a
    /// fraction of the cost, then the grid the device is judged on; in modes, then image by image.
    pub fn stages(&self, images: usize) -> Vec<Stage> {
        let training = &self.training;
        let settings = self.settings(images);
        let learned_from = images.saturating_sub(settings.validation).max(1);
        let in_modes = training.modes.iter().filter_map(|table| {
            let (binning, bench) = match table.grid {
                StageGrid::Fine if training.finer => (1, &self.simulated),
                StageGrid::Fine => return None,
                StageGrid::Binned if training.binned.is_some() => (BINNING, training.binned.as_ref()?),
                StageGrid::Binned | StageGrid::Coarse => (1, &training.coarse),
            };
            let epochs = table.steps.div_ceil(learned_from.div_ceil(table.batch) as u64);
            let settings = Settings {
                epochs,
                batch: table.batch,
                binning,
                learning_rate: table.learning_rate,
                warm_up: WARM_UP,
                validate_every: epochs.div_ceil(LOOKS),
                ..settings
            };
            let bench = self.with_plates_of(bench, table.plate);
            Some(Stage { settings, bench, modes: Some(table.modes) })
        });
        let coarse = Stage { settings, bench: self.with_plates_of(&training.coarse, None), modes: None };
        let (epochs, learning_rate) = training.fine;
        let fine = training.finer.then(|| Stage {
            settings: Settings { epochs, learning_rate, ..settings },
            bench: self.simulated.clone(),
            modes: None,
        });
        let mut stages: Vec<Stage> = in_modes.chain([coarse]).chain(fine).collect();
        stages.retain(|stage| stage.settings.epochs > 0);
        let watching = training.objective().loss().needs().plane;
        let mut first_epoch = 0;
        for Stage { settings, bench, .. } in &mut stages {
            bench.detector = bench.detector.clone().watching(watching);
            settings.first_epoch = first_epoch;
            first_epoch += settings.epochs;
        }
        stages
    }

    /// `bench`, one of the grids of the training, with plates of `model`: those of the device on the grid of the bench, and thin ones on a
    /// coarser one unless said otherwise. There the light inside plates would not be sampled.
    fn with_plates_of(&self, bench: &Bench, model: Option<PlateModel>) -> Bench {
        let usual = if bench.grid() == self.simulated.grid() { self.plate_model() } else { PlateModel::Thin };
        let plate = self.thickness().and_then(|thickness| thickness.simulated_as(model.unwrap_or(usual)));
        Bench { plate, ..bench.clone() }
    }

    /// Writes into `typed`, of which this design was made, what follows from keys that were left out.
    pub fn settle(&self, typed: &mut DesignFile) {
        typed.name = Some(self.name.clone());
        typed.training.optimiser = Some(self.training.optimiser);
        typed.training.epochs = Some(self.training.settings.epochs);
        typed.training.fine_epochs = Some(self.training.fine.0);
        typed.training.modes = Some(self.training.modes.clone());
        typed.detector.clone_from(&self.arrangement);
        if typed.object.size.is_none() {
            // Whole whatever the resampling: nothing but the key says how large the image is.
            typed.object.upsampling = Some(self.bench.object.extent().0 / self.bench.object.image().0);
        }
        typed.training.temperature = self.loss().and_then(|loss| loss.temperature());
    }

    /// How the plates are simulated.
    pub fn plate_model(&self) -> PlateModel {
        self.bench.plate_model()
    }

    /// What the device is trained for.
    pub fn objective(&self) -> Objective {
        self.training.objective()
    }

    /// Whether the device forms an image, rather than name a class.
    pub fn forms_image(&self) -> bool {
        matches!(self.objective(), Objective::Imaging(_))
    }

    /// The loss of a device that names classes; `None` for one that forms images.
    pub fn loss(&self) -> Option<ClassLoss> {
        self.training.loss()
    }

    /// The temperature that a training has come to, where it is learnt.
    pub fn learnt_temperature(&self, learnt: LearntTemperature) -> Option<f64> {
        let loss = self.loss().filter(|_| self.training.settings.learn_temperature)?;
        loss.temperature().map(|start| learnt.applied_to(start))
    }

    /// The seed of the training.
    pub fn seed(&self) -> u64 {
        self.training.settings.seed
    }
}
