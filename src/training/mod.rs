//! Training: from labelled images to the values of masks and other optics, by gradient, step by step.
//!
//! A training is a pure function of its settings, its images and its seed. Its whole state is in [`State`], so
//! that one that was stopped and goes on ends with the same bits as one that was not.
//!
//! `examples/custom_dataset.rs` trains on images of its own, `examples/own_loss.rs` with a loss of its own,
//! `examples/own_element.rs` the values of a kind of optics of its own.

use std::sync::OnceLock;
use std::time::Instant;

use ndarray::{Array2, Array3, Axis, Zip};

use crate::bench::Bench;
use crate::dataset::{HoldOut, Images, epoch_flips, epoch_order, hold_out};
use crate::element::Motion;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::named::named;
use crate::random::{Purpose, Stream};

mod assessment;
mod augmentation;
#[cfg(feature = "npz")]
pub mod checkpoint;
mod components;
mod eigen;
mod loss;
mod optimiser;
mod perturbations;
mod schedule;
mod smoothness;
mod state;
mod temperature;
mod validation;

use assessment::Assessment;
pub use augmentation::Augmentation;
pub use components::{component_bytes, leading_components, too_many_values};
pub use loss::{ClassError, ClassLoss, Hinge, ImageError, Loss, Needs, PlaneHinge, Target};
pub use optimiser::Adam;
pub use perturbations::Perturbations;
pub use schedule::{cosine, rise};
use smoothness::{add_roughness_gradient, add_steepness_gradient};
pub use smoothness::{roughness, steepness};
pub use state::{Epoch, State};
use state::{binned, spread};
pub use temperature::LearntTemperature;
pub use validation::loss_of;

/// Where the masks begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// All at 0, or in the middle where values have ends: masks stay as smooth as the task lets them, and keep the light
    /// inside the device.
    Flat,
    /// Each drawn from [0, 2 pi), or from the values there are, by the seed: learns faster at first, and scatters most of
    /// the light away.
    Random,
}

named! { Start { Flat = "flat", Random = "random" } }

/// What a training is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Epochs of earlier stages: the history begins with them, and the optimiser begins anew after them.
    pub first_epoch: u64,
    /// Times every training image is shown.
    pub epochs: u64,
    /// Images a step.
    pub batch: usize,
    /// Pixels along a side of the blocks of the masks that share a value: the engine has masks of such blocks. Other optics have
    /// their values as they are.
    pub binning: usize,
    /// Step size of Adam at the start, radians; of values that are no phases, what [`Motion`] makes of it.
    pub learning_rate: f64,
    /// Steps in which it rises to that: the first of a fresh Adam are as long as any, and know least.
    pub warm_up: u64,
    /// Whether the temperature of the loss is learnt with the masks, from the one it has on.
    pub learn_temperature: bool,
    /// Weight of the roughness of the masks in the loss ([`roughness`]).
    pub smoothness: f64,
    /// Weight of the steepness of the reliefs in the loss ([`steepness`]), of pixels of the bench: in pixels or blocks b times as wide
    /// slopes are a b-th of what steps are.
    pub steepness: f64,
    /// Images held out of the training set.
    pub validation: usize,
    /// Epochs from one look at them to the next; the last epoch always has one.
    pub validate_every: u64,
    /// Whether each image is shown mirrored left to right half of the times.
    pub flips: bool,
    /// How each image is distorted, anew each time it is shown.
    pub augmentation: Augmentation,
    /// What goes wrong with the bench and the masks, anew in each step.
    pub perturbations: Perturbations,
    /// Memory of the running mean of the parameters, which takes the place of the last ones when a stage ends; 0
    /// for the last ones.
    pub averaging: f64,
    /// Where the masks begin.
    pub start: Start,
    /// Seed of all that is drawn.
    pub seed: u64,
}

impl Default for Settings {
    /// One epoch of batches of 16 at a step size of 0.03 rad from flat masks, and nothing else.
    fn default() -> Self {
        Settings {
            first_epoch: 0,
            epochs: 1,
            batch: 16,
            binning: 1,
            learning_rate: 0.03,
            warm_up: 0,
            learn_temperature: false,
            smoothness: 0.0,
            steepness: 0.0,
            validation: 0,
            validate_every: 1,
            flips: false,
            augmentation: Augmentation::default(),
            perturbations: Perturbations::default(),
            averaging: 0.0,
            start: Start::Flat,
            seed: 1,
        }
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Steps taken since the start.
    pub step: u64,
    /// Images in this step.
    pub images: usize,
    /// Mean loss of the running epoch so far.
    pub loss: f64,
    /// Mean score of the running epoch so far ([`Loss::score`]): share of right answers, or structural similarity.
    pub accuracy: f64,
    /// The row of the history, when this step ended an epoch.
    pub finished: Option<Epoch>,
}

/// A training under way.
pub struct Trainer<'a> {
    /// The device as designed, with the masks as they are.
    engine: Box<dyn Engine>,
    loss: Box<dyn Loss>,
    settings: Settings,
    images: &'a Images,
    held: HoldOut,
    state: State,
    /// Order and flips of the running epoch.
    order: Vec<usize>,
    flips: Vec<bool>,
}

impl<'a> Trainer<'a> {
    /// A training on `images` that goes on from `state` and minimises `loss`.
    ///
    /// A state that stands at the end of an earlier stage ([`Settings::first_epoch`]) gets a fresh optimiser.
    ///
    /// # Errors
    /// [`Error::Value`] for settings that cannot be worked with, a loss that does not fit the device, labels without a
    /// class and a state of another device or stage.
    pub fn new(
        mut engine: Box<dyn Engine>,
        loss: Box<dyn Loss>,
        settings: Settings,
        images: &'a Images,
        mut state: State,
    ) -> Result<Self> {
        if settings.epochs == 0 || settings.batch == 0 {
            return Err(Error::Value("a training needs at least one epoch and one image a step".into()));
        }
        validation::check_fit(&*loss, &settings, engine.bench(), images)?;
        engine.bench().check_number(state.parameters.len(), engine.bench().networks)?;
        let bins = settings.binning;
        let whole = |side: usize| side.checked_rem(bins) == Some(0);
        let masks =
            state.parameters.iter().enumerate().filter(|(array, _)| engine.bench().mask_of(*array).is_some());
        if let Some((_, parameters)) = masks.into_iter().find(|(_, p)| !whole(p.nrows()) || !whole(p.ncols()))
        {
            return Err(Error::Value(format!(
                "masks of {:?} pixels are no whole number of blocks of {bins} x {bins}",
                parameters.dim()
            )));
        }
        let held = hold_out(&images.labels, settings.validation, settings.seed)?;
        if state.images as usize >= held.training.len() {
            return Err(Error::Value("the state is of a training with more images".into()));
        }
        let epochs = state.history.len() as u64;
        if epochs < settings.first_epoch {
            return Err(Error::Value(format!(
                "the state has {epochs} epochs: this stage begins after {}",
                settings.first_epoch
            )));
        }
        if epochs == settings.first_epoch && state.images == 0 {
            state.adam = Adam::new(&state.parameters);
            if bins > 1 {
                state.bind(engine.bench(), bins);
            }
        }
        engine.set_masks(&values(&state.parameters, engine.bench(), bins))?;
        let (order, flips) = (Vec::new(), Vec::new());
        let mut trainer = Trainer { engine, loss, settings, images, held, state, order, flips };
        trainer.shuffle();
        Ok(trainer)
    }

    /// The state after the last step.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Ends the training and gives the engine, with the last phases set, and the state back.
    pub fn into_parts(self) -> (Box<dyn Engine>, State) {
        (self.engine, self.state)
    }

    /// Images learned from.
    pub fn training_images(&self) -> usize {
        self.held.training.len()
    }

    /// Steps an epoch; the last step takes the images that are left.
    pub fn steps_an_epoch(&self) -> u64 {
        self.held.training.len().div_ceil(self.settings.batch) as u64
    }

    /// Steps of this stage.
    pub fn steps(&self) -> u64 {
        self.settings.epochs * self.steps_an_epoch()
    }

    /// Steps taken since the start, those of earlier stages too.
    pub fn steps_taken(&self) -> u64 {
        let earlier = match self.settings.first_epoch {
            0 => 0,
            epochs => self.state.history[epochs as usize - 1].steps,
        };
        earlier + self.state.adam.steps
    }

    /// Whether all steps are taken.
    pub fn finished(&self) -> bool {
        self.state.history.len() as u64 >= self.settings.first_epoch + self.settings.epochs
    }

    fn shuffle(&mut self) {
        let (seed, epoch) = (self.settings.seed, self.state.history.len() as u64);
        self.order = epoch_order(&self.held.training, seed, epoch);
        self.flips = if self.settings.flips {
            epoch_flips(self.order.len(), seed, epoch)
        } else {
            vec![false; self.order.len()]
        };
    }

    /// Takes one step; at the end of an epoch also validates and writes the history.
    ///
    /// # Errors
    /// [`Error::Value`] when the images do not fit the device or the loss is not finite any more.
    pub fn step(&mut self) -> Result<Step> {
        let began = Instant::now();
        let perturbed = self.perturbed()?;
        let engine = perturbed.as_deref().unwrap_or(&*self.engine);
        let first = self.state.images as usize;
        let last = self.order.len().min(first + self.settings.batch);
        let chosen = &self.order[first..last];
        let batch = self.batch(first..last);
        let (loss, needs, bench) = (&*self.loss, self.loss.needs(), engine.bench());
        let temperature = self.temperature();
        let images = chosen.len();
        let share = 1.0 / images as f64;
        // Samples are judged in any order on many threads; their sums are taken in theirs.
        let assessments: Vec<OnceLock<Assessment>> = (0..images).map(|_| OnceLock::new()).collect();
        let pass = engine.gradients(batch.view(), &|sample, readings, slopes| {
            let image = batch.index_axis(Axis(0), sample);
            let target = needs.target(bench, image, usize::from(self.images.labels[chosen[sample]]));
            let assessment = Assessment::of(loss, temperature, readings, &target, slopes);
            let _ = assessments[sample].set(assessment);
            slopes.iter_mut().for_each(|slope| *slope *= share);
        })?;
        let mut by_temperature = 0.0;
        for assessment in assessments.iter().filter_map(OnceLock::get) {
            self.state.loss += assessment.loss;
            self.state.score += assessment.score;
            by_temperature += share * assessment.by_log_temperature;
        }
        self.state.images += images as u64;
        if !self.state.loss.is_finite() {
            return Err(Error::Value(format!(
                "the loss is not finite after {} steps: lower training.learning_rate",
                self.steps_taken()
            )));
        }
        let rate = self.descend(pass.masks, by_temperature)?;
        let seen = self.state.images as f64;
        let mut step = Step {
            step: self.steps_taken(),
            images,
            loss: self.state.loss / seen,
            accuracy: self.state.score / seen,
            finished: None,
        };
        if last == self.order.len() {
            step.finished = Some(self.close_epoch(&step, rate, began)?);
        } else {
            self.state.seconds += began.elapsed().as_secs_f64();
        }
        Ok(step)
    }

    /// Moves parameters and temperature down the slopes of the step's mean loss, by the values as the engine has them and by
    /// the logarithm of the temperature; returns the step size.
    fn descend(&mut self, mut gradients: Vec<Array2<f32>>, by_temperature: f64) -> Result<f64> {
        let (bench, bins) = (self.engine.bench(), self.settings.binning);
        let Settings { smoothness, steepness, .. } = self.settings;
        if smoothness > 0.0 || steepness > 0.0 {
            let values = self.values(&self.state.parameters);
            for (array, (gradient, values)) in gradients.iter_mut().zip(&values).enumerate() {
                let Some((mask, channel)) = bench.mask_of(array) else { continue };
                if !bench.modulation.is_angle(channel) {
                    continue;
                }
                if smoothness > 0.0 {
                    add_roughness_gradient(smoothness, values, gradient);
                }
                if steepness > 0.0 {
                    let wide = (bins * bench.pixels_of(mask).samples) as f64 / bench.oversample as f64;
                    add_steepness_gradient(steepness / (wide * wide), values, gradient);
                }
            }
        }
        let moved = gradients.iter_mut().zip(&self.state.parameters).zip(bench.motions()).enumerate();
        for (array, ((gradient, parameters), motion)) in moved {
            if bins > 1 && bench.mask_of(array).is_some() {
                // The same for each pixel of a block, and so is what Adam makes of it.
                *gradient = spread(gradient, bins);
            }
            if motion != Motion::Circle {
                Zip::from(gradient).and(parameters).for_each(|gradient, parameter| {
                    *gradient *= motion.slope(*parameter);
                });
            }
        }
        let rate = cosine(self.settings.learning_rate, self.state.adam.steps, self.steps())
            * rise(self.state.adam.steps, self.settings.warm_up);
        self.state.adam.step(&mut self.state.parameters, &gradients, rate);
        self.state.temperature.step(by_temperature, rate, self.state.adam.steps);
        self.state.remember(self.settings.averaging);
        self.engine.set_masks(&self.values(&self.state.parameters)).map_err(|error| {
            Error::Value(format!(
                "{error} after {} steps: lower training.learning_rate or training.temperature",
                self.steps_taken()
            ))
        })?;
        Ok(rate)
    }

    fn close_epoch(&mut self, step: &Step, rate: f64, began: Instant) -> Result<Epoch> {
        let mut row = Epoch {
            epoch: self.state.history.len() as u64 + 1,
            steps: step.step,
            learning_rate: rate,
            training_loss: step.loss,
            training_accuracy: step.accuracy,
            validation_loss: f64::NAN,
            validation_accuracy: f64::NAN,
            detector_share: f64::NAN,
            seconds: 0.0,
        };
        let epochs = row.epoch - self.settings.first_epoch;
        let last = epochs == self.settings.epochs;
        let due = last || epochs.is_multiple_of(self.settings.validate_every.max(1));
        if last && self.state.settle_on_average() {
            self.engine.set_masks(&self.values(&self.state.parameters))?;
        }
        if due && !self.held.validation.is_empty() {
            if self.state.average.is_empty() {
                self.validate(&*self.engine, &mut row)?;
            } else {
                let values = self.values(&self.state.average);
                self.validate(&*self.engine.at(self.engine.bench().clone(), &values)?, &mut row)?;
            }
        }
        self.state.seconds += began.elapsed().as_secs_f64();
        row.seconds = self.state.seconds;
        self.state.history.push(row);
        (self.state.loss, self.state.score, self.state.images) = (0.0, 0.0, 0);
        self.shuffle();
        Ok(row)
    }
}

impl Trainer<'_> {
    /// The images of the running epoch with places `places` in its order, mirrored and distorted.
    fn batch(&self, places: std::ops::Range<usize>) -> Array3<f32> {
        let mut batch = self.images.batch(&self.order[places.clone()]);
        let (settings, epoch) = (&self.settings, self.state.history.len() as u64);
        for (mut image, place) in batch.outer_iter_mut().zip(places) {
            if self.flips[place] {
                for mut row in image.rows_mut() {
                    let last = row.len() - 1;
                    (0..row.len() / 2).for_each(|x| row.swap(x, last - x));
                }
            }
            if !settings.augmentation.is_none() {
                let number = (epoch << 32) + place as u64;
                let mut random = Stream::new(settings.seed, Purpose::Augmentation, number);
                settings.augmentation.distort(image, &mut random);
            }
        }
        batch
    }

    /// The device with the errors of the step to come, if there are any.
    fn perturbed(&self) -> Result<Option<Box<dyn Engine>>> {
        let Settings { perturbations, seed, .. } = self.settings;
        if perturbations.is_none() {
            return Ok(None);
        }
        let strength = perturbations.strength(self.state.adam.steps, self.steps());
        let mut random = Perturbations::stream(seed, self.steps_taken());
        let bench = perturbations.misaligned(self.engine.bench(), strength, &mut random)?;
        let mut values = self.values(&self.state.parameters);
        let (each, masks) = (bench.arrays().max(1), bench.masks() * bench.modulation.channels());
        for network in values.chunks_mut(each) {
            let modulation = self.engine.bench().modulation;
            perturbations.come_out(&mut network[..masks], modulation, strength, &mut random);
        }
        self.engine.at(bench, &values).map(Some)
    }

    /// The temperature learnt so far, where one is learnt.
    fn temperature(&self) -> Option<f64> {
        let start = self.loss.temperature().filter(|_| self.settings.learn_temperature)?;
        Some(self.state.temperature.applied_to(start))
    }

    /// The values as the engine takes them.
    fn values(&self, parameters: &[Array2<f32>]) -> Vec<Array2<f32>> {
        values(parameters, self.engine.bench(), self.settings.binning)
    }
}

/// The values as an engine of `bench` takes them, of masks one for each block of `bins` x `bins` pixels.
fn values(parameters: &[Array2<f32>], bench: &Bench, bins: usize) -> Vec<Array2<f32>> {
    let mut values = state::values(parameters, &bench.motions());
    if bins > 1 {
        for (_, values) in values.iter_mut().enumerate().filter(|(array, _)| bench.mask_of(*array).is_some())
        {
            *values = binned(values, bins);
        }
    }
    values
}
