//! The trainer moves the values of all optics, each as it says ([`Motion`]), and those of masks as before.

use std::sync::{Arc, OnceLock};

use d2nn::bench::Bench;
use d2nn::dataset::{Images, Split};
use d2nn::design::{Design, DesignFile};
use d2nn::element::{Element, Motion, Placed, Site};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::misalignment::Tolerance;
use d2nn::program::{Factor, Program, Slopes, Wants};
use d2nn::training::checkpoint::{Identity, load, save};
use d2nn::training::{Perturbations, Settings, Start, State, Trainer};
use ndarray::{Array2, Axis};
use num_complex::Complex;

use crate::support::device;

/// Slats of equal height: a free delay each, in quarters of a radian, and an amplitude with ends.
#[derive(Debug)]
struct Blind;

const SLATS: usize = 8;
const BY_RADIAN: f64 = 4.0;
const ENDS: (f64, f64) = (0.2, 1.0);

impl Blind {
    fn transmission(values: &[Array2<f64>], slat: usize) -> Complex<f64> {
        Complex::from_polar(values[1][[0, slat]], values[0][[slat, 0]] / BY_RADIAN)
    }
}

impl Element for Blind {
    fn name(&self) -> String {
        "blind".into()
    }

    fn arrays(&self) -> usize {
        2
    }

    fn open(&self, _: &Site) -> Vec<Array2<f64>> {
        vec![Array2::zeros((SLATS, 1)), Array2::from_elem((1, SLATS), 0.9)]
    }

    fn motion(&self, array: usize) -> Motion {
        match array {
            0 => Motion::Free { by_radian: BY_RADIAN },
            _ => Motion::Between { least: ENDS.0, most: ENDS.1 },
        }
    }

    fn lower(&self, values: &[Array2<f64>], site: &Site, program: &mut Program) {
        let rows = site.grid.rows() / SLATS;
        let entries = Array2::from_shape_fn(site.grid.shape(), |(y, _)| Self::transmission(values, y / rows));
        program.multiply(Factor::sampled(entries, Wants::Whole));
    }

    fn pull_back(&self, values: &[Array2<f64>], site: &Site, slopes: &[Slopes]) -> Vec<Array2<f64>> {
        let [Slopes::Whole(whole)] = slopes else { panic!("one factor wants all") };
        let rows = site.grid.rows() / SLATS;
        let mut found = self.open(site);
        found.iter_mut().for_each(|array| array.fill(0.0));
        for (y, slope) in whole.sum_axis(Axis(1)).iter().enumerate() {
            let slat = y / rows;
            let t = Self::transmission(values, slat);
            found[0][[slat, 0]] += (slope * Complex::i() * t / BY_RADIAN).re;
            found[1][[0, slat]] += (slope * t / t.norm()).re;
        }
        found
    }
}

/// Two devices of two masks side by side, a blind between the masks of each.
fn bench() -> Bench {
    // Regions of whole blocks of 2 x 2 pixels.
    let text = device::SMALL.replace("\"4 mm\"", "\"4.8 mm\"").replace("\"6 mm\"", "\"6.4 mm\"");
    let bench = Design::resolve("small", &DesignFile::parse("small", &text).unwrap()).unwrap().bench;
    let optics = vec![Placed { gap: 1, distance: 5e-3, element: Arc::new(Blind) }];
    Bench { optics, networks: 2, ..bench }
}

fn images() -> &'static Images {
    static IMAGES: OnceLock<Images> = OnceLock::new();
    IMAGES.get_or_init(|| device::some_images(Split::Train, 60))
}

fn settings() -> Settings {
    Settings { epochs: 2, batch: 16, learning_rate: 0.1, averaging: 0.8, seed: 3, ..Settings::default() }
}

fn trainer(bench: &Bench, settings: Settings, state: State) -> Trainer<'static> {
    let loss = Box::new(d2nn::training::ClassLoss::cross_entropy(20.0));
    Trainer::new(Box::new(CpuEngine::new(bench.clone(), 2).unwrap()), loss, settings, images(), state)
        .unwrap()
}

/// Numbers of the arrays of the blinds, behind the masks of their network.
const DELAYS: [usize; 2] = [2, 6];
const AMPLITUDES: [usize; 2] = [3, 7];

#[test]
fn every_value_moves_by_the_learning_rate_at_first() {
    let bench = bench();
    let begun = State::new(&bench, Start::Random, 3);
    assert_eq!(begun.parameters.len(), 8);
    let values = begun.values(&bench);
    for (delays, amplitudes) in DELAYS.into_iter().zip(AMPLITUDES) {
        assert!(values[delays].iter().all(|value| *value == 0.0));
        assert!(values[amplitudes].iter().all(|value| (value - 0.9).abs() < 1e-6));
    }
    let mut trainer = trainer(&bench, settings(), begun.clone());
    trainer.step().unwrap();
    let moved = trainer.state();
    for array in DELAYS.into_iter().chain(AMPLITUDES) {
        for (before, after) in begun.parameters[array].iter().zip(&moved.parameters[array]) {
            // The first step of Adam has that length whatever the gradient, but for its epsilon and single precision.
            assert!(((before - after).abs() - 0.1).abs() < 1e-3, "array {array}: {before} {after}");
        }
    }
    let now = moved.values(&bench);
    for (before, after) in values[DELAYS[1]].iter().zip(&now[DELAYS[1]]) {
        assert!(((before - after).abs() - 0.1 * BY_RADIAN as f32).abs() < 4e-3, "{before} {after}");
    }
    // The way is down: with the same images the loss of a second step is lower than with blinds as they were.
    let mut stuck = moved.clone();
    for array in DELAYS.into_iter().chain(AMPLITUDES) {
        stuck.parameters[array].assign(&begun.parameters[array]);
    }
    let loss = |state: &State| {
        let fresh = State { images: 0, loss: 0.0, score: 0.0, ..state.clone() };
        let mut trainer = self::trainer(&bench, Settings { batch: 60, ..settings() }, fresh);
        trainer.step().unwrap().finished.unwrap().training_loss
    };
    assert!(loss(moved) < loss(&stuck), "{} {}", loss(moved), loss(&stuck));
}

#[test]
fn values_stay_between_their_ends_and_engines_have_them() {
    let bench = bench();
    // Steps of a radian and a half go around many times.
    let wild = Settings { learning_rate: 1.5, epochs: 3, averaging: 0.0, ..settings() };
    let mut trainer = trainer(&bench, wild, State::new(&bench, Start::Flat, 3));
    while !trainer.finished() {
        trainer.step().unwrap();
    }
    let (engine, state) = trainer.into_parts();
    let values = state.values(&bench);
    let (least, most) = (ENDS.0 as f32, ENDS.1 as f32);
    for array in AMPLITUDES {
        assert!(values[array].iter().all(|value| (least..=most + 1e-6).contains(value)), "{}", values[array]);
    }
    let mut own = CpuEngine::new(bench.clone(), 1).unwrap();
    own.set_masks(&values).unwrap();
    let some = images().batch(&[0, 1]);
    assert_eq!(engine.readings(some.view()).unwrap(), own.readings(some.view()).unwrap());
    // From these values it begins at them.
    let again = State::from_values(&bench, &values).unwrap().values(&bench);
    for (again, values) in again.iter().zip(&values) {
        // Values at an end come back a thousandth of a turn of the parameter inside: 2e-5 of the range.
        assert!(again.iter().zip(values).all(|(a, b)| (a - b).abs() < 1e-4 * BY_RADIAN as f32));
    }
}

#[test]
fn a_training_of_all_optics_goes_on_where_it_was() {
    let bench = bench();
    let tolerance = Tolerance { lateral: 0.2e-3, axial: 0.0, rotation: 0.0, wavelength: 0.0 };
    let perturbations = Perturbations { tolerance, phase_noise: 0.1, levels: 8, ramp: 0.5 };
    let settings = Settings { perturbations, smoothness: 0.1, steepness: 0.01, ..settings() };
    let run = |mut trainer: Trainer<'_>, steps: usize| {
        for _ in 0..steps {
            trainer.step().unwrap();
        }
        trainer.into_parts().1
    };
    let begun = || trainer(&bench, settings, State::new(&bench, Start::Random, 3));
    let whole = run(begun(), 8);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.npz");
    let identity = Identity { design: String::new(), data: String::new() };
    for stopped in [0, 3, 4, 5] {
        let state = run(begun(), stopped);
        save(&path, &state, &identity).unwrap();
        let read = load(&path).unwrap().0;
        assert!(read.parameters == state.parameters && read.adam == state.adam, "after {stopped} steps");
        let resumed = run(trainer(&bench, settings, read), 8 - stopped);
        let bits = |state: &State| {
            let arrays = [&state.parameters, &state.adam.mean, &state.adam.square];
            let numbers = arrays.into_iter().flatten().flatten();
            numbers.map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        assert!(bits(&resumed) == bits(&whole), "stopped after {stopped} steps");
    }
    assert!(DELAYS.iter().all(|array| whole.parameters[*array].iter().all(|value| *value != 0.0)));
}

#[test]
fn blocks_are_for_masks() {
    let bench = bench();
    let coarse = bench.binned(2, 2.0).unwrap();
    let settings = Settings { binning: 2, ..settings() };
    let mut trainer = trainer(&coarse, settings, State::new(&bench, Start::Random, 3));
    trainer.step().unwrap();
    let parameters = &trainer.state().parameters;
    for (array, parameters) in parameters.iter().enumerate() {
        let (rows, columns) = parameters.dim();
        if DELAYS.contains(&array) || AMPLITUDES.contains(&array) {
            assert_eq!(rows * columns, SLATS);
        } else {
            assert_eq!((rows, columns), (64, 64));
            let mut blocks = parameters.exact_chunks((2, 2)).into_iter();
            assert!(blocks.all(|block| block.iter().all(|value| *value == block[[0, 0]])));
        }
    }
}

#[test]
fn wrong_values_and_motions_are_refused() {
    let bench = bench();
    let mut values = State::new(&bench, Start::Flat, 3).values(&bench);
    values[DELAYS[1]][[5, 0]] = f32::NAN;
    let message = State::from_values(&bench, &values).unwrap_err().to_string();
    assert!(message.contains("the value at (5, 0) of the blind is NaN: it must be finite"), "{message}");

    #[derive(Debug)]
    struct Still;
    impl Element for Still {
        fn name(&self) -> String {
            "still".into()
        }
        fn arrays(&self) -> usize {
            1
        }
        fn open(&self, _: &Site) -> Vec<Array2<f64>> {
            vec![Array2::zeros((1, 1))]
        }
        fn motion(&self, _: usize) -> Motion {
            Motion::Between { least: 1.0, most: 1.0 }
        }
        fn lower(&self, _: &[Array2<f64>], _: &Site, _: &mut Program) {}
    }
    let optics = vec![Placed { gap: 1, distance: 5e-3, element: Arc::new(Still) }];
    let message = Bench { optics, ..bench }.check().unwrap_err().to_string();
    assert!(message.contains("Element::motion of the still"), "{message}");
    assert!(message.contains("between 1 and 1: the second must be above the first"), "{message}");
}
