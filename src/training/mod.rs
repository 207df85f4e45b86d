//! Training: from labelled images to phases, by gradient, in mini-batches.
//!
//! A training is a pure function of its settings, its images and its seed. Its whole state is in [`State`], so
//! that one that was stopped and goes on ends with the same bits as one that was not.

use std::f32::consts::TAU;
use std::time::Instant;

use ndarray::{Array2, Zip};

use crate::dataset::{HoldOut, Images, epoch_flips, epoch_order, hold_out};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{evaluate, evaluate_images};
use crate::mask::Modulation;
use crate::random::{Purpose, Stream};

pub mod checkpoint;
mod components;
mod loss;
mod objective;
mod optimiser;
mod schedule;
mod smoothness;

pub use components::leading_components;
pub use loss::{CrossEntropy, ImageError};
pub use objective::{Objective, Target};
pub use optimiser::Adam;
pub use schedule::cosine;
pub use smoothness::{add_roughness_gradient, roughness};

/// Where the phases begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// All at 0: masks stay as smooth as the task lets them, and keep the light inside the device.
    Flat,
    /// Each drawn from [0, 2 pi) by the seed: learns faster at first, and scatters most of the light away.
    Random,
}

/// What a training is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Epochs of earlier stages: the history begins with them, and the optimiser begins anew after them.
    pub first_epoch: u64,
    /// Times every training image is shown.
    pub epochs: u64,
    /// Images a step.
    pub batch: usize,
    /// Step size of Adam at the start, radians.
    pub learning_rate: f64,
    /// What is minimised.
    pub objective: Objective,
    /// Weight of the roughness of the masks in the loss ([`roughness`]).
    pub smoothness: f64,
    /// Images held out of the training set.
    pub validation: usize,
    /// Whether each image is shown mirrored left to right half of the times.
    pub flips: bool,
    /// Where the phases begin.
    pub start: Start,
    /// Seed of a random start, the split, the order and the flips.
    pub seed: u64,
}

/// One row of the history: an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub epoch: u64,
    /// Steps taken since the start.
    pub steps: u64,
    /// Step size at the end of the epoch, radians.
    pub learning_rate: f64,
    /// Mean loss of the training images, each as it was met.
    pub training_loss: f64,
    /// Share of right answers on the training images, each as it was met; of a device that forms images the mean
    /// structural similarity ([`Objective::score`]).
    pub training_accuracy: f64,
    /// Mean loss of the validation images after the epoch; not a number without validation.
    pub validation_loss: f64,
    /// The same on the validation images after the epoch; not a number without validation.
    pub validation_accuracy: f64,
    /// Power in all regions over the power through the detector plane, mean over the validation images.
    pub detector_share: f64,
    /// Seconds of work since the start, over all sittings.
    pub seconds: f64,
}

impl Epoch {
    /// Numbers in a row.
    pub const WIDTH: usize = 9;

    /// The row as numbers, in the order of the fields.
    pub fn numbers(&self) -> [f64; Self::WIDTH] {
        [
            self.epoch as f64,
            self.steps as f64,
            self.learning_rate,
            self.training_loss,
            self.training_accuracy,
            self.validation_loss,
            self.validation_accuracy,
            self.detector_share,
            self.seconds,
        ]
    }

    /// The way back of [`Epoch::numbers`].
    pub fn from_numbers(numbers: [f64; Self::WIDTH]) -> Self {
        let [
            epoch,
            steps,
            learning_rate,
            training_loss,
            training_accuracy,
            validation_loss,
            validation_accuracy,
            detector_share,
            seconds,
        ] = numbers;
        Epoch {
            epoch: epoch as u64,
            steps: steps as u64,
            learning_rate,
            training_loss,
            training_accuracy,
            validation_loss,
            validation_accuracy,
            detector_share,
            seconds,
        }
    }
}

/// Everything a training needs to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// What is trained: parameters of the masks' values ([`Modulation::value`]), one array a channel of each mask.
    pub parameters: Vec<Array2<f32>>,
    /// The optimiser with its moments; its step count is the training's.
    pub adam: Adam,
    /// Finished epochs.
    pub history: Vec<Epoch>,
    /// Sum of the losses in the running epoch.
    pub loss: f64,
    /// Sum of the scores in the running epoch: right answers, or structural similarities.
    pub score: f64,
    /// Images met in the running epoch.
    pub images: u64,
    /// Seconds of work so far.
    pub seconds: f64,
}

impl State {
    /// A training of `masks` masks of `shape` pixels that has not begun.
    pub fn new(modulation: Modulation, masks: usize, shape: (usize, usize), start: Start, seed: u64) -> Self {
        let channels = modulation.channels();
        let draw = |array: usize| match start {
            Start::Flat => Array2::from_elem(shape, modulation.flat(array % channels)),
            Start::Random => {
                let mut random = Stream::new(seed, Purpose::Masks, array as u64);
                Array2::from_shape_simple_fn(shape, || TAU * random.uniform())
            }
        };
        Self::at((0..masks * channels).map(draw).collect())
    }

    /// A training that begins at masks of `values`, those of another device.
    pub fn from_values(modulation: Modulation, values: &[Array2<f32>]) -> Self {
        let parameter = |(array, values): (usize, &Array2<f32>)| {
            values.mapv(|value| modulation.parameter(array % modulation.channels(), value))
        };
        Self::at(values.iter().enumerate().map(parameter).collect())
    }

    /// The values of the masks.
    pub fn values(&self, modulation: Modulation) -> Vec<Array2<f32>> {
        let value = |(array, parameters): (usize, &Array2<f32>)| {
            parameters.mapv(|parameter| modulation.value(array % modulation.channels(), parameter))
        };
        self.parameters.iter().enumerate().map(value).collect()
    }

    fn at(parameters: Vec<Array2<f32>>) -> Self {
        State {
            adam: Adam::new(parameters.len(), parameters[0].dim()),
            parameters,
            history: Vec::new(),
            loss: 0.0,
            score: 0.0,
            images: 0,
            seconds: 0.0,
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
    /// Mean score of the running epoch so far: share of right answers, or structural similarity.
    pub accuracy: f64,
    /// The row of the history, when this step ended an epoch.
    pub finished: Option<Epoch>,
}

/// A training under way.
pub struct Trainer<'a> {
    engine: Box<dyn Engine>,
    settings: Settings,
    images: &'a Images,
    held: HoldOut,
    state: State,
    /// Order and flips of the running epoch.
    order: Vec<usize>,
    flips: Vec<bool>,
}

impl<'a> Trainer<'a> {
    /// A training on `images` that goes on from `state`.
    ///
    /// A state that stands at the end of an earlier stage ([`Settings::first_epoch`]) gets a fresh optimiser.
    ///
    /// # Errors
    /// [`Error::Value`] for settings that cannot be worked with and a state of another device or stage.
    pub fn new(
        mut engine: Box<dyn Engine>,
        settings: Settings,
        images: &'a Images,
        mut state: State,
    ) -> Result<Self> {
        if settings.epochs == 0 || settings.batch == 0 {
            return Err(Error::Value("a training needs at least one epoch and one image a step".into()));
        }
        let held = hold_out(&images.labels, settings.validation, settings.seed)?;
        engine.set_masks(&state.values(engine.bench().modulation))?;
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
            state.adam = Adam::new(state.parameters.len(), state.parameters[0].dim());
        }
        let mut trainer =
            Trainer { engine, settings, images, held, state, order: Vec::new(), flips: Vec::new() };
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
        self.settings.first_epoch * self.steps_an_epoch() + self.state.adam.steps
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
        let first = self.state.images as usize;
        let last = self.order.len().min(first + self.settings.batch);
        let chosen = &self.order[first..last];
        let mut batch = self.images.batch(chosen);
        for (mut image, flip) in batch.outer_iter_mut().zip(&self.flips[first..last]) {
            if *flip {
                for mut row in image.rows_mut() {
                    let last = row.len() - 1;
                    (0..row.len() / 2).for_each(|x| row.swap(x, last - x));
                }
            }
        }
        let objective = self.settings.objective;
        let object = &self.engine.bench().object;
        let targets: Vec<Target> = batch
            .outer_iter()
            .zip(chosen)
            .map(|(image, index)| Target::new(object, image, usize::from(self.images.labels[*index])))
            .collect();
        let share = 1.0 / chosen.len() as f64;
        let pass = self.engine.gradients(batch.view(), &|sample, readings, slopes| {
            objective.evaluate(readings, &targets[sample], slopes);
            slopes.iter_mut().for_each(|slope| *slope *= share);
        })?;
        for (readings, target) in pass.regions.outer_iter().zip(&targets) {
            let readings = readings.to_vec();
            self.state.loss += objective.value(&readings, target);
            self.state.score += objective.score(&readings, target);
        }
        self.state.images += chosen.len() as u64;
        if !self.state.loss.is_finite() {
            return Err(Error::Value(format!(
                "the loss is not finite after {} steps: lower training.learning_rate",
                self.steps_taken()
            )));
        }
        let modulation = self.engine.bench().modulation;
        let mut gradients = pass.masks;
        if self.settings.smoothness > 0.0 {
            let values = self.state.values(modulation);
            for (array, (gradient, values)) in gradients.iter_mut().zip(&values).enumerate() {
                if modulation.is_angle(array % modulation.channels()) {
                    add_roughness_gradient(self.settings.smoothness, values, gradient);
                }
            }
        }
        for (array, (gradient, parameters)) in gradients.iter_mut().zip(&self.state.parameters).enumerate() {
            let channel = array % modulation.channels();
            if !modulation.is_periodic(channel) {
                Zip::from(gradient).and(parameters).for_each(|gradient, parameter| {
                    *gradient *= modulation.slope(channel, *parameter);
                });
            }
        }
        let rate = cosine(self.settings.learning_rate, self.state.adam.steps, self.steps());
        self.state.adam.step(&mut self.state.parameters, &gradients, rate);
        self.engine.set_masks(&self.state.values(modulation)).map_err(|error| {
            Error::Value(format!(
                "{error} after {} steps: lower training.learning_rate or training.temperature",
                self.steps_taken()
            ))
        })?;
        let seen = self.state.images as f64;
        let mut step = Step {
            step: self.steps_taken(),
            images: chosen.len(),
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
        if !self.held.validation.is_empty() {
            let (engine, indices) = (&*self.engine, &self.held.validation[..]);
            let progress = &mut |_| Ok(());
            (row.validation_loss, row.validation_accuracy, row.detector_share) = match self.settings.objective
            {
                Objective::Classification(loss) => {
                    let loss = |readings: &[f64], label| loss.value(readings, label);
                    let judged = evaluate(engine, self.images, indices, &loss, progress)?;
                    (judged.loss, judged.accuracy(), judged.detector_share)
                }
                Objective::Imaging(loss) => {
                    let loss = |readings: &[f64], picture: &Array2<f64>| loss.value(readings, picture);
                    let judged = evaluate_images(engine, self.images, indices, &loss, progress)?;
                    (judged.loss, judged.ssim, judged.detector_share)
                }
            };
        }
        self.state.seconds += began.elapsed().as_secs_f64();
        row.seconds = self.state.seconds;
        self.state.history.push(row);
        (self.state.loss, self.state.score, self.state.images) = (0.0, 0.0, 0);
        self.shuffle();
        Ok(row)
    }
}
