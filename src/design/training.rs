//! `[training]` checked: what is learned, and the stages of a training, each on a grid of its own.

use std::f64::consts::{PI, TAU};

use super::file::DesignFile;
use super::objective::objective;
use super::purpose::{Broken, Purpose};
use super::resolve::{Checked, Design};
use super::sampling;
use super::training_table::{GridKey, LossKey, ModesTable, OptimiserKey, StartKey, TrainingTable};
use crate::material::Material;
use crate::misalignment::Tolerance;
use crate::network::Bench;
use crate::training::{
    Augmentation, ClassLoss, LearntTemperature, Objective, Perturbations, Settings, Start, too_many_values,
};
use crate::units::{Metres, Radians, format_length, parse_angle, parse_length};

/// Pixels along a side of a block of [`GridKey::Binned`].
const BINNING: usize = 2;
/// Epochs of mini-batches, and of those on the fine grid, where none are typed.
const EPOCHS: (u64, u64) = (12, FINE_EPOCHS);
pub(super) const FINE_EPOCHS: u64 = 1;
/// Steps in which the step size of a stage in modes rises: without them a stage begins by losing most of what the one
/// before has learned.
const WARM_UP: u64 = 10;
/// Looks at the validation images in a stage of modes, whose epochs are short.
const LOOKS: u64 = 4;

/// How a device is trained, whatever the number of images.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Training {
    /// Of the mini-batches; `validation` waits for the number of images.
    settings: Settings,
    /// Share of the images held out.
    validation: f64,
    /// How it begins.
    optimiser: OptimiserKey,
    /// The stages in modes, none with mini-batches only.
    modes: Vec<ModesTable>,
    /// The device with blocks of pixels in place of pixels, where they fit.
    binned: Option<Bench>,
    /// The device with `training.oversample` samples a pixel.
    coarse: Bench,
    /// Whether the grid of the bench is finer.
    finer: bool,
    /// Epochs of mini-batches on the grid of the bench, and their step size.
    fine: (u64, f64),
}

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

    /// Whether stages on blocks of pixels are asked for and take place on single pixels, at four times the work: plane, image
    /// or regions are no whole number of blocks.
    pub fn has_no_blocks(&self) -> bool {
        let training = &self.training;
        training.binned.is_none() && training.modes.iter().any(|table| table.grid == GridKey::Binned)
    }

    /// The stages of a training on `images` images, none without epochs: coarse grids first, where most is learned at a
    /// fraction of the cost, then the grid the device is judged on; in modes, then image by image.
    pub fn stages(&self, images: usize) -> Vec<Stage> {
        let training = &self.training;
        let settings = self.settings(images);
        let learned_from = images.saturating_sub(settings.validation).max(1);
        let in_modes = training.modes.iter().filter_map(|table| {
            let (binning, bench) = match table.grid {
                GridKey::Fine if training.finer => (1, &self.simulated),
                GridKey::Fine => return None,
                GridKey::Binned if training.binned.is_some() => (BINNING, training.binned.as_ref()?),
                GridKey::Binned | GridKey::Coarse => (1, &training.coarse),
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
            Some(Stage { settings, bench: bench.clone(), modes: Some(table.modes) })
        });
        let coarse = Stage { settings, bench: training.coarse.clone(), modes: None };
        let (epochs, learning_rate) = training.fine;
        let fine = training.finer.then(|| Stage {
            settings: Settings { epochs, learning_rate, ..settings },
            bench: self.simulated.clone(),
            modes: None,
        });
        let mut stages: Vec<Stage> = in_modes.chain([coarse]).chain(fine).collect();
        stages.retain(|stage| stage.settings.epochs > 0);
        let mut first_epoch = 0;
        for Stage { settings, bench, .. } in &mut stages {
            if settings.objective.watches_plane() {
                bench.detector = bench.detector.clone().watching_plane();
            }
            settings.first_epoch = first_epoch;
            first_epoch += settings.epochs;
        }
        stages
    }

    /// Writes into `typed`, of which this design was made, what follows from keys that were left out.
    pub fn settle(&self, typed: &mut DesignFile) {
        typed.name = Some(self.name.clone());
        typed.training.optimiser = Some(self.training.optimiser);
        typed.training.epochs = Some(self.training.settings.epochs);
        typed.training.fine_epochs = Some(self.training.fine.0);
        typed.training.modes.clone_from(&self.training.modes);
        typed.detector.clone_from(&self.arrangement);
        if typed.object.size.is_none() {
            typed.object.upsampling = self.bench.object.upsampling();
        }
        typed.training.temperature = self.loss().and_then(|loss| loss.temperature());
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
    pub fn loss(&self) -> Option<ClassLoss> {
        match self.objective() {
            Objective::Classification(loss) => Some(loss),
            Objective::Imaging(_) => None,
        }
    }

    /// The temperature that a training has come to, where it is learnt.
    pub fn learnt_temperature(&self, learnt: LearntTemperature) -> Option<f64> {
        let loss = self.loss().filter(|_| self.training.settings.learn_temperature)?;
        learnt.applied_to(loss).temperature()
    }

    /// Whether the grid of the bench is finer than that of the mini-batches.
    pub(super) fn is_finer(&self) -> bool {
        self.training.finer
    }

    /// Whether the training begins in modes.
    pub(super) fn is_in_modes(&self) -> bool {
        self.training.optimiser == OptimiserKey::Modes
    }

    /// Whether a stage of mini-batches takes place: on the grid of the bench after a coarser one (`fine`), or before.
    pub(super) fn has_mini_batches(&self, fine: bool) -> bool {
        let training = &self.training;
        if fine { training.finer && training.fine.0 > 0 } else { training.settings.epochs > 0 }
    }

    /// The seed of the training.
    pub fn seed(&self) -> u64 {
        self.training.settings.seed
    }
}

impl Training {
    /// What is wrong with the sampling of the coarse grid, where there is one.
    pub(super) fn sampling_problems(&self) -> Vec<String> {
        if !self.finer {
            return Vec::new();
        }
        let key = format!("training.oversample = {}", self.coarse.oversample);
        let told = |problem: &String| {
            format!("{key}: {problem}; or raise training.oversample, up to bench.oversample")
        };
        sampling::problems(&self.coarse).iter().map(told).collect()
    }

    /// Checks `[training]` for a device drawn as `bench` and judged as `simulated`; rules across keys that a training
    /// breaks go to `broken`, and what they forbid is left out.
    pub(super) fn resolve(
        typed: &DesignFile,
        material: &Material,
        bench: &Bench,
        simulated: &Bench,
        broken: &mut Broken,
    ) -> Checked<Self> {
        let table = &typed.training;
        let optimiser = broken.or(Purpose::Training, optimiser(typed, bench), OptimiserKey::MiniBatches);
        let (epochs, fine_epochs) = match optimiser {
            OptimiserKey::Modes => (0, 0),
            OptimiserKey::MiniBatches => EPOCHS,
        };
        let (epochs, fine_epochs) =
            (table.epochs.unwrap_or(epochs), table.fine_epochs.unwrap_or(fine_epochs));
        let settings = settings(typed, material, bench, (epochs, fine_epochs), broken)?;
        let modes = stages_in_modes(table, bench)?;
        let too_fine = format!(
            "training.oversample = {}: it must be 1 to bench.oversample = {}, the grid the device is judged on",
            table.oversample, simulated.oversample
        );
        if table.oversample == 0 {
            return Err(too_fine);
        }
        let no_finer = if table.oversample > simulated.oversample { Err(too_fine) } else { Ok(()) };
        broken.or(Purpose::Training, no_finer, ());
        let coarse = if table.oversample >= simulated.oversample {
            simulated.clone()
        } else {
            let sampled = bench.sampled(table.oversample, typed.bench.padding);
            let sampled = sampled.map_err(|error| format!("training.oversample: {error}"));
            broken.or(Purpose::Training, sampled, simulated.clone())
        };
        let binned = bench
            .binned(BINNING, typed.bench.padding)
            .filter(|bench| bench.check().is_ok() && sampling::problems(bench).is_empty());
        Ok(Training {
            settings,
            validation: table.validation,
            optimiser,
            modes: if optimiser == OptimiserKey::Modes { modes } else { Vec::new() },
            binned,
            coarse,
            finer: table.oversample < simulated.oversample,
            fine: (fine_epochs, table.fine_learning_rate),
        })
    }
}

/// Modes where they are asked for, or nothing speaks against them.
fn optimiser(typed: &DesignFile, bench: &Bench) -> Checked<OptimiserKey> {
    let table = &typed.training;
    let linear = bench.object.linear().is_some();
    let too_many = too_many_values(bench.object.image());
    if let (Some(OptimiserKey::Modes), Some(problem)) = (table.optimiser, &too_many) {
        return Err(format!(
            "training.optimiser = \"modes\": {problem}; take optimiser = \"mini-batches\", or smaller images"
        ));
    }
    match table.optimiser {
        Some(OptimiserKey::Modes) if !linear => Err(
            "training.optimiser = \"modes\": values that are interpolated and then become phases or holes have no modes; \
             take object.resampling = \"nearest\", or optimiser = \"mini-batches\""
                .into(),
        ),
        Some(OptimiserKey::Modes) if table.loss == LossKey::PlaneMse => Err(
            "training.optimiser = \"modes\": training.loss = \"plane-mse\" looks at the whole plane of each image; take \
             optimiser = \"mini-batches\""
                .into(),
        ),
        Some(optimiser) => Ok(optimiser),
        // Each value of an image, or sample of the plane, would be read of every image of a large batch.
        None if table.epochs.is_some()
            || !linear
            || too_many.is_some()
            || matches!(table.loss, LossKey::ImageMse | LossKey::PlaneMse) =>
        {
            Ok(OptimiserKey::MiniBatches)
        }
        None => Ok(OptimiserKey::Modes),
    }
}

/// The stages as typed; those that are left out take no more modes than an image has values.
fn stages_in_modes(table: &TrainingTable, bench: &Bench) -> Checked<Vec<ModesTable>> {
    let mut stages = table.modes.clone();
    if stages == TrainingTable::default().modes {
        let (rows, columns) = bench.object.image();
        stages.iter_mut().for_each(|stage| stage.modes = stage.modes.min(rows * columns));
    }
    stages.iter().try_for_each(|stage| check_modes(stage, bench))?;
    Ok(stages)
}

fn check_modes(stage: &ModesTable, bench: &Bench) -> Checked<()> {
    let (rows, columns) = bench.object.image();
    for (key, value, most) in [
        ("modes", stage.modes as u64, (rows * columns) as u64),
        ("batch", stage.batch as u64, 100_000),
        ("steps", stage.steps, 1_000_000),
    ] {
        if !(1..=most).contains(&value) {
            return Err(format!("[[training.modes]] {key} = {value}: it must be 1 to {most}"));
        }
    }
    if !(stage.learning_rate.is_finite() && stage.learning_rate > 0.0) {
        return Err(format!(
            "[[training.modes]] learning_rate = {}: it must be a number above zero",
            stage.learning_rate
        ));
    }
    Ok(())
}

fn settings(
    typed: &DesignFile,
    material: &Material,
    bench: &Bench,
    (epochs, fine_epochs): (u64, u64),
    broken: &mut Broken,
) -> Checked<Settings> {
    let table = &typed.training;
    for (key, value, least, most) in [
        ("epochs", epochs, 0, 100_000),
        ("fine_epochs", fine_epochs, 0, 100_000),
        ("batch", table.batch as u64, 1, 4096),
    ] {
        if !(least..=most).contains(&value) {
            return Err(format!("training.{key} = {value}: it must be {least} to {most}"));
        }
    }
    for (key, value) in [
        ("learning_rate", table.learning_rate),
        ("fine_learning_rate", table.fine_learning_rate),
        ("efficiency_target", table.efficiency_target),
        ("contrast_target", table.contrast_target),
    ] {
        if !(value.is_finite() && value > 0.0) {
            return Err(format!("training.{key} = {value}: it must be a number above zero"));
        }
    }
    for (key, value, most) in [
        ("smoothness", table.smoothness, 1e6),
        ("efficiency_weight", table.efficiency_weight, 1e6),
        ("contrast_weight", table.contrast_weight, 1e6),
        ("label_smoothing", table.label_smoothing, 0.99),
        ("averaging", table.averaging, 0.9999),
        ("augmentation.shift", table.augmentation.shift, 100.0),
        ("augmentation.scale", table.augmentation.scale, 0.9),
        ("augmentation.noise", table.augmentation.noise, 10.0),
    ] {
        if !(0.0..=most).contains(&value) {
            return Err(format!("training.{key} = {value}: it must be 0 to {most}"));
        }
    }
    let phases = if table.smoothness > 0.0 && !bench.modulation.has_phases() {
        Err("training.smoothness is of phases, and amplitude masks have none: leave it out".into())
    } else {
        Ok(())
    };
    broken.or(Purpose::Training, phases, ());
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
        epochs,
        batch: table.batch,
        binning: 1,
        learning_rate: table.learning_rate,
        warm_up: 0,
        objective: objective(table, bench, broken)?,
        learn_temperature: table.learn_temperature,
        smoothness: table.smoothness,
        validation: 0,
        validate_every: 1,
        flips: table.flips,
        augmentation: augmentation(table)?,
        perturbations: perturbations(table, bench, material, broken)?,
        averaging: table.averaging,
        start: match table.start {
            StartKey::Flat => Start::Flat,
            StartKey::Random => Start::Random,
        },
        seed: table.seed,
    })
}

/// The angle up to which something is turned either way.
fn largest_turn(key: &str, text: &str) -> Checked<Radians> {
    let angle = parse_angle(text).map_err(|problem| format!("{key}: {problem}"))?;
    if !(0.0..=PI).contains(&angle) {
        return Err(format!("{key} = \"{text}\": it must be 0 to 180 deg"));
    }
    Ok(angle)
}

fn augmentation(table: &TrainingTable) -> Checked<Augmentation> {
    let rotation = largest_turn("training.augmentation.rotation", &table.augmentation.rotation)?;
    let [shift, scale, noise] =
        [table.augmentation.shift, table.augmentation.scale, table.augmentation.noise]
            .map(|part| part as f32);
    Ok(Augmentation { shift, rotation: rotation as f32, scale, noise })
}

fn perturbations(
    table: &TrainingTable,
    bench: &Bench,
    material: &Material,
    broken: &mut Broken,
) -> Checked<Perturbations> {
    let table = &table.perturbations;
    // How much is too much depends on the bench, which may be another one than it was trained on.
    let mut length = |key: &str, text: &str, most: Metres, why: &str| -> Checked<Metres> {
        let key = format!("training.perturbations.{key}");
        let length = parse_length(text).map_err(|problem| format!("{key}: {problem}"))?;
        let within = if (0.0..most).contains(&length) {
            Ok(length)
        } else {
            Err(format!("{key} = \"{text}\": it must be 0 to below {}, {why}", format_length(most, 4)))
        };
        Ok(broken.or(Purpose::Training, within, 0.0))
    };
    let (height, width) = bench.grid().aperture();
    let lateral = length("shift_xy", &table.shift_xy, height.min(width) / 2.0, "half a plane")?;
    let shortest = bench.gaps.iter().copied().fold(f64::INFINITY, f64::min);
    let axial = length("shift_z", &table.shift_z, shortest / 2.0, "half of the shortest gap")?;
    let turn = material.height(TAU, bench.wavelength);
    let noise = length("height_noise", &table.height_noise, turn, "a full turn")?;
    let rotation = largest_turn("training.perturbations.rotation", &table.rotation)?;
    for (key, value, most) in [("wavelength", table.wavelength, 0.5), ("ramp", table.ramp, 1.0)] {
        if !(0.0..=most).contains(&value) {
            return Err(format!("training.perturbations.{key} = {value}: it must be 0 to {most}"));
        }
    }
    if table.levels == 1 || table.levels > 65_536 {
        return Err(format!("training.perturbations.levels = {}: it must be 0, or 2 to 65536", table.levels));
    }
    let phases = if (table.levels > 0 || noise > 0.0) && !bench.modulation.has_phases() {
        Err("training.perturbations: height_noise and levels are errors of phases, and amplitude masks have none; leave \
             them out"
            .into())
    } else {
        Ok(())
    };
    broken.or(Purpose::Training, phases, ());
    Ok(Perturbations {
        tolerance: Tolerance { lateral, axial, rotation, wavelength: table.wavelength },
        phase_noise: material.phase(noise, bench.wavelength),
        levels: table.levels,
        ramp: table.ramp,
    })
}
