//! `[training]` checked: what is learned, and on which grids.

use std::f64::consts::{PI, TAU};

use super::objective::{Objective, objective};
use super::sampling;
use super::training_table::{LossName, ModesTable, Optimiser, TrainingTable};
use super::typed::{Angle, Offset};
use super::work::{Broken, Checked, Work};
use crate::bench::Bench;
use crate::material::Material;
use crate::misalignment::Tolerance;
use crate::training::{Augmentation, ClassLoss, Perturbations, Settings, too_many_values};
use crate::units::{Metres, Radians, format_length};

/// Pixels along a side of a block of `StageGrid::Binned`.
pub(super) const BINNING: usize = 2;
/// Epochs of mini-batches, and of those on the fine grid, where none are typed.
const EPOCHS: (u64, u64) = (12, FINE_EPOCHS);
pub(super) const FINE_EPOCHS: u64 = 1;

/// How a device is trained, whatever the number of images.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrainingPlan {
    /// Of the mini-batches; `validation` waits for the number of images.
    pub(super) settings: Settings,
    /// What is minimised.
    objective: Objective,
    /// Share of the images held out.
    pub(super) validation: f64,
    /// How it begins.
    pub(super) optimiser: Optimiser,
    /// The stages in modes, none with mini-batches only.
    pub(super) modes: Vec<ModesTable>,
    /// The device with blocks of pixels in place of pixels, where they fit.
    pub(super) binned: Option<Bench>,
    /// The device with `training.oversample` samples a pixel.
    pub(super) coarse: Bench,
    /// Whether the grid of the bench is finer.
    pub(super) finer: bool,
    /// Epochs of mini-batches on the grid of the bench, and their step size.
    pub(super) fine: (u64, f64),
}

impl TrainingPlan {
    /// What is learned.
    pub(super) fn objective(&self) -> Objective {
        self.objective
    }

    /// The loss of a device that names classes; `None` for one that forms images.
    pub(super) fn loss(&self) -> Option<ClassLoss> {
        match self.objective() {
            Objective::Classification(loss) => Some(loss),
            Objective::Imaging(_) => None,
        }
    }

    /// What goes wrong in each step.
    pub(super) fn perturbations(&self) -> Perturbations {
        self.settings.perturbations
    }

    /// Whether the grid of the bench is finer than that of the mini-batches.
    pub(super) fn is_finer(&self) -> bool {
        self.finer
    }

    /// Whether it begins in modes.
    pub(super) fn is_in_modes(&self) -> bool {
        self.optimiser == Optimiser::Modes
    }

    /// Whether a stage of mini-batches takes place: on the grid of the bench after a coarser one (`fine`), or before.
    pub(super) fn has_mini_batches(&self, fine: bool) -> bool {
        if fine { self.finer && self.fine.0 > 0 } else { self.settings.epochs > 0 }
    }

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

    /// Checks `[training]` for a device drawn as `bench` and judged as `simulated`, both padded by `padding`; rules across
    /// keys that a training breaks go to `broken`, and what they forbid is left out.
    pub(super) fn resolve(
        table: &TrainingTable,
        padding: f64,
        material: &Material,
        bench: &Bench,
        simulated: &Bench,
        broken: &mut Broken,
    ) -> Checked<Self> {
        let optimiser = broken.or(Work::Training, optimiser(table, bench), Optimiser::MiniBatches);
        let (epochs, fine_epochs) = match optimiser {
            Optimiser::Modes => (0, 0),
            Optimiser::MiniBatches => EPOCHS,
        };
        let (epochs, fine_epochs) =
            (table.epochs.unwrap_or(epochs), table.fine_epochs.unwrap_or(fine_epochs));
        let settings = settings(table, material, bench, (epochs, fine_epochs), broken)?;
        let objective = objective(table, bench, broken)?;
        let modes = stages_in_modes(table, bench)?;
        let too_fine = format!(
            "training.oversample = {}: it must be 1 to bench.oversample = {}, the grid the device is judged on",
            table.oversample, simulated.oversample
        );
        if table.oversample == 0 {
            return Err(too_fine);
        }
        let no_finer = if table.oversample > simulated.oversample { Err(too_fine) } else { Ok(()) };
        broken.or(Work::Training, no_finer, ());
        let coarse = if table.oversample >= simulated.oversample {
            simulated.clone()
        } else {
            let sampled = bench.sampled(table.oversample, padding);
            let sampled = sampled.map_err(|error| format!("training.oversample: {error}"));
            broken.or(Work::Training, sampled, simulated.clone())
        };
        let binned = bench
            .binned(BINNING, padding)
            .filter(|bench| bench.check().is_ok() && sampling::problems(bench).is_empty());
        Ok(TrainingPlan {
            settings,
            objective,
            validation: table.validation,
            optimiser,
            modes: if optimiser == Optimiser::Modes { modes } else { Vec::new() },
            binned,
            coarse,
            finer: table.oversample < simulated.oversample,
            fine: (fine_epochs, table.fine_learning_rate),
        })
    }
}

/// Modes where they are asked for, or nothing speaks against them.
fn optimiser(table: &TrainingTable, bench: &Bench) -> Checked<Optimiser> {
    let linear = bench.has_modes();
    let too_many = too_many_values(bench.object.image());
    if let (Some(Optimiser::Modes), Some(problem)) = (table.optimiser, &too_many) {
        return Err(format!(
            "training.optimiser = \"modes\": {problem}; take optimiser = \"mini-batches\", or smaller images"
        ));
    }
    match table.optimiser {
        Some(Optimiser::Modes) if !linear => Err(
            "training.optimiser = \"modes\": values that are interpolated and then become phases or holes have no modes, nor have phases in \
             several wavelengths, nor has light behind a saturable sheet; \
             take object.resampling = \"nearest\", or optimiser = \"mini-batches\""
                .into(),
        ),
        Some(Optimiser::Modes) if table.loss == LossName::PlaneMse => Err(
            "training.optimiser = \"modes\": training.loss = \"plane-mse\" looks at the whole plane of each image; take \
             optimiser = \"mini-batches\""
                .into(),
        ),
        Some(optimiser) => Ok(optimiser),
        // Each value of an image, or sample of the plane, would be read of every image of a large batch.
        None if table.epochs.is_some()
            || !linear
            || too_many.is_some()
            || matches!(table.loss, LossName::ImageMse | LossName::PlaneMse) =>
        {
            Ok(Optimiser::MiniBatches)
        }
        None => Ok(Optimiser::Modes),
    }
}

/// The stages as typed; those that are left out take no more modes than an image has values.
fn stages_in_modes(table: &TrainingTable, bench: &Bench) -> Checked<Vec<ModesTable>> {
    let stages = table.modes.clone().unwrap_or_else(|| {
        let (rows, columns) = bench.object.image();
        let finer = bench.plate.map_or(1, |plate| plate.finer);
        let mut stages = TrainingTable::usual_stages(bench.plate_model(), finer);
        stages.iter_mut().for_each(|stage| stage.modes = stage.modes.min(rows * columns));
        stages
    });
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
    table: &TrainingTable,
    material: &Material,
    bench: &Bench,
    (epochs, fine_epochs): (u64, u64),
    broken: &mut Broken,
) -> Checked<Settings> {
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
        ("output_efficiency_target", table.output_efficiency_target),
        ("contrast_target", table.contrast_target),
    ] {
        if !(value.is_finite() && value > 0.0) {
            return Err(format!("training.{key} = {value}: it must be a number above zero"));
        }
    }
    for (key, value, most) in [
        ("smoothness", table.smoothness, 1e6),
        ("steepness", table.steepness, 1e6),
        ("efficiency_weight", table.efficiency_weight, 1e6),
        ("output_efficiency_weight", table.output_efficiency_weight, 1e6),
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
    broken.or(Work::Training, phases, ());
    let reliefs = if table.steepness > 0.0 && !bench.modulation.is_phase() {
        Err("training.steepness is of reliefs, which only mask.modulation = \"phase\" has: leave it out"
            .into())
    } else {
        Ok(())
    };
    broken.or(Work::Training, reliefs, ());
    // Of slopes in metres per metre, in radians per pixel.
    let slope = material.height(1.0, bench.wavelength) / bench.grid().pixel_pitch();
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
        learn_temperature: table.learn_temperature,
        smoothness: table.smoothness,
        steepness: table.steepness * slope * slope,
        validation: 0,
        validate_every: 1,
        flips: table.flips,
        augmentation: augmentation(table)?,
        perturbations: perturbations(table, bench, material, broken)?,
        averaging: table.averaging,
        start: table.start,
        seed: table.seed,
    })
}

/// The angle up to which something is turned either way.
fn largest_turn(key: &str, angle: &Angle) -> Checked<Radians> {
    if !(0.0..=PI).contains(&angle.value()) {
        return Err(format!("{key} = \"{angle}\": it must be 0 to 180 deg"));
    }
    Ok(angle.value())
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
    let mut length = |key: &str, typed: &Offset, most: Metres, why: &str| -> Metres {
        let within = if typed.value() == 0.0 || (0.0..most).contains(&typed.value()) {
            Ok(typed.value())
        } else {
            let most = format_length(most, 4);
            Err(format!("training.perturbations.{key} = \"{typed}\": it must be 0 to below {most}, {why}"))
        };
        broken.or(Work::Training, within, 0.0)
    };
    let (height, width) = bench.grid().aperture();
    let lateral = length("shift_xy", &table.shift_xy, height.min(width) / 2.0, "half a plane");
    let room = bench.shortest_room();
    let why = "half of the shortest free space before a plane";
    let axial = length("shift_z", &table.shift_z, room / 2.0, why);
    let turn = material.height(TAU, bench.wavelength);
    let noise = length("height_noise", &table.height_noise, turn, "a full turn");
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
    broken.or(Work::Training, phases, ());
    Ok(Perturbations {
        tolerance: Tolerance { lateral, axial, rotation, wavelength: table.wavelength },
        phase_noise: material.phase(noise, bench.wavelength),
        levels: table.levels,
        ramp: table.ramp,
    })
}
