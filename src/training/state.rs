//! Where a training stands: parameters, optimiser, history.

use std::f32::consts::TAU;

use ndarray::{Array2, ArrayView2};

use super::{Adam, LearntTemperature, Start};
use crate::bench::Bench;
use crate::element::Motion;
use crate::error::Result;
use crate::random::{Purpose, Stream};

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
    /// structural similarity ([`Loss::score`](super::Loss::score)).
    pub training_accuracy: f64,
    /// Mean loss of the validation images after the epoch; not a number where they were not looked at, or the loss needs
    /// more than readings of regions.
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
    /// What is trained: parameters of all values ([`Motion`]), in the order and shapes of
    /// [`Engine::set_masks`](crate::engine::Engine::set_masks); pixels of a block one by one.
    pub parameters: Vec<Array2<f32>>,
    /// The optimiser with its moments; its step count is the training's.
    pub adam: Adam,
    /// Running mean of the parameters in this stage; empty without ([`Settings::averaging`](super::Settings::averaging)).
    pub average: Vec<Array2<f32>>,
    /// The temperature, where it is learnt.
    pub temperature: LearntTemperature,
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
    /// A training of the device on `bench` that has not begun: masks at `start`, other optics at the values
    /// [`Element::open`](crate::element::Element::open) gives.
    pub fn new(bench: &Bench, start: Start, seed: u64) -> Self {
        let (open, each) = (bench.open_values::<f32>(), bench.arrays());
        let channels = bench.modulation.channels();
        let begun = |(array, motion): (usize, Motion)| {
            let open = &open[array % each];
            match (bench.mask_of(array), start) {
                (Some((_, channel)), Start::Flat) => {
                    Array2::from_elem(open.dim(), bench.modulation.flat(channel))
                }
                (Some((mask, channel)), Start::Random) => {
                    let mut random = Stream::new(seed, Purpose::Masks, (mask * channels + channel) as u64);
                    Array2::from_shape_simple_fn(open.dim(), || TAU * random.uniform())
                }
                (None, _) => open.mapv(|value| motion.parameter(value)),
            }
        };
        Self::of_parameters(bench.motions().into_iter().enumerate().map(begun).collect())
    }

    /// A training that begins at `values` of all masks and other optics, those of another device.
    ///
    /// # Errors
    /// As [`Bench::check_all_values`].
    pub fn from_values(bench: &Bench, values: &[Array2<f32>]) -> Result<Self> {
        bench.check_all_values(values)?;
        let parameters = |(array, values): (usize, &Array2<f32>)| match bench.mask_of(array) {
            Some((_, channel)) => values.mapv(|value| bench.modulation.parameter(channel, value)),
            None => values.mapv(|value| bench.motions()[array].parameter(value)),
        };
        Ok(Self::of_parameters(values.iter().enumerate().map(parameters).collect()))
    }

    /// A training of those parameters that has not begun.
    pub fn of_parameters(parameters: Vec<Array2<f32>>) -> Self {
        State {
            adam: Adam::new(&parameters),
            parameters,
            average: Vec::new(),
            temperature: LearntTemperature::default(),
            history: Vec::new(),
            loss: 0.0,
            score: 0.0,
            images: 0,
            seconds: 0.0,
        }
    }

    /// The values of masks and other optics of the device on `bench`.
    pub fn values(&self, bench: &Bench) -> Vec<Array2<f32>> {
        values(&self.parameters, &bench.motions())
    }

    /// Takes the parameters into their running mean with a memory of `decay`, shorter in the first steps of a stage; 0
    /// keeps none.
    pub(super) fn remember(&mut self, decay: f64) {
        if decay <= 0.0 {
            return;
        }
        if self.average.is_empty() {
            self.average.clone_from(&self.parameters);
            return;
        }
        let steps = self.adam.steps as f64;
        let share = 1.0 - decay.min(steps / (steps + 9.0)) as f32;
        for (average, parameters) in self.average.iter_mut().zip(&self.parameters) {
            average.zip_mut_with(parameters, |average, parameter| *average += share * (parameter - *average));
        }
    }

    /// Puts the running mean in the place of the parameters and forgets it; whether there was one.
    pub(super) fn settle_on_average(&mut self) -> bool {
        let average = std::mem::take(&mut self.average);
        let any = !average.is_empty();
        if any {
            self.parameters = average;
        }
        any
    }

    /// Makes the pixels of each block of `bins` x `bins` of the masks equal: the mean of their values, on the circle for
    /// phases of a full turn.
    pub(super) fn bind(&mut self, bench: &Bench, bins: usize) {
        for (array, parameters) in self.parameters.iter_mut().enumerate() {
            let Some((_, channel)) = bench.mask_of(array) else { continue };
            bind(parameters, bench.modulation.motion(channel), bins);
        }
    }
}

fn bind(parameters: &mut Array2<f32>, motion: Motion, bins: usize) {
    for mut block in parameters.exact_chunks_mut((bins, bins)) {
        let mean = match motion {
            Motion::Circle => circular_mean(block.view()),
            Motion::Free { .. } | Motion::Between { .. } => block.mean().unwrap_or(0.0),
        };
        block.fill(mean);
    }
}

/// The values of those parameters, which move as `motions` say.
pub(super) fn values(parameters: &[Array2<f32>], motions: &[Motion]) -> Vec<Array2<f32>> {
    let moved = parameters.iter().zip(motions);
    moved.map(|(parameters, motion)| parameters.mapv(|parameter| motion.value(parameter))).collect()
}

/// The mean of angles: that of equal ones is the angle itself, to the bit.
fn circular_mean(angles: ArrayView2<'_, f32>) -> f32 {
    let first = angles[[0, 0]];
    let (sin, cos) = angles.iter().fold((0.0, 0.0), |(sin, cos), angle| {
        let (s, c) = f64::from(angle - first).sin_cos();
        (sin + s, cos + c)
    });
    first + sin.atan2(cos) as f32
}

/// The first pixel of each block of `bins` x `bins`.
pub(super) fn binned(array: &Array2<f32>, bins: usize) -> Array2<f32> {
    let shape = (array.nrows() / bins, array.ncols() / bins);
    Array2::from_shape_fn(shape, |(y, x)| array[[y * bins, x * bins]])
}

/// Each number over a block of `bins` x `bins`.
pub(super) fn spread(array: &Array2<f32>, bins: usize) -> Array2<f32> {
    let shape = (array.nrows() * bins, array.ncols() * bins);
    Array2::from_shape_fn(shape, |(y, x)| array[[y / bins, x / bins]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Modulation;

    #[test]
    fn running_means_end_as_the_parameters() {
        let mut state = State::of_parameters(vec![Array2::zeros((1, 1))]);
        assert!(!state.settle_on_average());
        state.remember(0.0);
        assert!(state.average.is_empty());
        for step in 1..=1000 {
            state.adam.steps = step;
            // Up and down by one about 2.
            state.parameters[0][[0, 0]] = if step % 2 == 0 { 3.0 } else { 1.0 };
            state.remember(0.99);
        }
        assert!(state.settle_on_average() && state.average.is_empty());
        // A memory of 100 steps leaves a swing of half a hundredth.
        assert!((state.parameters[0][[0, 0]] - 2.0).abs() < 0.01, "{}", state.parameters[0]);
    }

    #[test]
    fn blocks_are_bound_to_their_mean_on_the_circle() {
        let phases = [[0.1, TAU - 0.1, 3.0, 3.0], [TAU + 0.2, -0.2, 3.0, 3.0]];
        let mut bound = Array2::from_shape_fn((2, 4), |(y, x)| phases[y][x]);
        bind(&mut bound, Modulation::LOSSLESS.motion(0), 2);
        // 0.1, -0.1, 0.2 and -0.2 round whole turns: f32 phases of up to two turns hold to 1e-6.
        assert!(f64::from(bound[[0, 0]]).sin().abs() < 2e-6 && bound[[0, 0]].cos() > 0.0, "{bound}");
        assert_eq!(bound[[1, 1]], bound[[0, 0]]);
        assert_eq!(bound[[0, 2]], 3.0);
        assert_eq!(spread(&binned(&bound, 2), 2), bound);

        let amplitudes = [[0.0, 0.5], [1.0, 0.5]];
        let mut bound = Array2::from_shape_fn((2, 2), |(y, x)| amplitudes[y][x]);
        bind(&mut bound, Modulation::Amplitude.motion(0), 2);
        assert_eq!(bound, Array2::from_elem((2, 2), 0.5));
    }
}
