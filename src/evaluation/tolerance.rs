//! How much a device suffers from what goes wrong when it is built: accuracy against the size of each kind of error.
//!
//! Errors are drawn again and again (Monte Carlo). The same draws serve every size of a kind, scaled: a curve shows the
//! size and not the luck. docs/tolerance.md says what each kind means.

use std::cell::RefCell;
use std::f64::consts::TAU;

use ndarray::Array2;

use super::evaluate;
use crate::dataset::Images;
use crate::detector::Scheme;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::mask::Modulation;
use crate::misalignment::{Misalignment, Tolerance};
use crate::network::Bench;
use crate::random::{Purpose, Stream};
use crate::units::{Metres, Radians};

/// A kind of error and its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Disturbance {
    /// Masks and detector aside, each along y and along x by itself, evenly up to this far.
    Lateral(Metres),
    /// Masks and detector along the axis, each by itself, evenly up to this far.
    Axial(Metres),
    /// Masks turned in their planes, each by itself, evenly up to this angle.
    Rotation(Radians),
    /// Heights of the reliefs, each pixel by itself, normal with this standard deviation.
    Heights(Metres),
    /// Heights of the reliefs rounded to this many equal steps of a full turn.
    Levels(u32),
    /// Light longer and light shorter than the design's by this share.
    Wavelength(f64),
    /// A detector that counts this many photons in all its regions together in the mean over the images, with the noise
    /// of counting and that of [`Study::read_noise`].
    Photons(f64),
}

impl Disturbance {
    /// Whether it changes the heights of reliefs: there must be reliefs.
    pub fn is_of_heights(self) -> bool {
        matches!(self, Disturbance::Heights(_) | Disturbance::Levels(_))
    }

    /// Times a device is judged: once a draw, or once for each thing that may happen.
    pub fn runs(self, draws: usize) -> usize {
        match self {
            Disturbance::Levels(_) => 1,
            Disturbance::Wavelength(_) => 2,
            _ => draws,
        }
    }

    fn check(self, modulation: Modulation) -> Result<()> {
        if self.is_of_heights() && !modulation.is_phase() {
            return Err(Error::Value("only masks that are reliefs have errors of their heights".into()));
        }
        let refused = |what: &str, value: f64, limit: &str| {
            Err(Error::Value(format!("{what} of {value}: it must be {limit}")))
        };
        match self {
            Disturbance::Levels(levels) if levels < 2 => refused("levels", f64::from(levels), "at least 2"),
            Disturbance::Photons(mean) if !(mean > 0.0 && mean.is_finite()) => {
                refused("a mean number of photons", mean, "above 0")
            }
            Disturbance::Lateral(size)
            | Disturbance::Axial(size)
            | Disturbance::Rotation(size)
            | Disturbance::Heights(size)
            | Disturbance::Wavelength(size)
                if !(size >= 0.0 && size.is_finite()) =>
            {
                refused("a size of errors", size, "0 or more")
            }
            _ => Ok(()),
        }
    }
}

/// What is disturbed, and how it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Study<'a> {
    /// The masks' values, as [`Engine::set_masks`] takes them.
    pub values: &'a [Array2<f32>],
    /// Height of a relief that gives a full turn of phase, metres.
    pub turn: Metres,
    /// Images with labels.
    pub images: &'a Images,
    /// Those the device is judged by.
    pub indices: &'a [usize],
    /// Draws of each kind and size.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Standard deviation of a region's reading in the dark, photons.
    pub read_noise: f64,
}

/// Figures of a device as one draw of errors leaves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Share of right answers.
    pub accuracy: f64,
    /// Power in the region of the true class over the power of the object, mean over the images.
    pub power_efficiency_input: f64,
}

/// Figures of a device under errors of one kind and size.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Kind and size.
    pub disturbance: Disturbance,
    /// One for each draw.
    pub draws: Vec<Judged>,
}

impl Outcome {
    /// Mean accuracy.
    pub fn accuracy(&self) -> f64 {
        mean(self.draws.iter().map(|draw| draw.accuracy))
    }

    /// Lowest and highest accuracy.
    pub fn accuracy_range(&self) -> (f64, f64) {
        let accuracies = self.draws.iter().map(|draw| draw.accuracy);
        accuracies.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
    }

    /// Mean power in the region of the true class over the power of the object.
    pub fn power_efficiency_input(&self) -> f64 {
        mean(self.draws.iter().map(|draw| draw.power_efficiency_input))
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// Images that [`tolerance`] simulates, in the words of its progress.
pub fn simulated_images(disturbances: &[Disturbance], draws: usize, images: usize) -> usize {
    let simulated = disturbances.iter().filter(|kind| !matches!(kind, Disturbance::Photons(_)));
    images * (1 + simulated.map(|kind| kind.runs(draws)).sum::<usize>())
}

/// Judges the device of `engine` undisturbed and under each of `disturbances`.
///
/// The bench of `engine` is the undisturbed one; it is put back at the end, with the masks
/// of the study, after an error too. `progress` is told
/// the number of images done, of [`simulated_images`], and stops the work by an error.
///
/// # Errors
/// As [`evaluate`]; [`Error::Value`] for no draws, sizes out of their range, heights of masks that have none, and errors
/// by which planes would meet.
pub fn tolerance(
    engine: &mut dyn Engine,
    study: &Study<'_>,
    disturbances: &[Disturbance],
    progress: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<(Judged, Vec<Outcome>)> {
    let bench = engine.bench().clone();
    disturbances.iter().try_for_each(|disturbance| disturbance.check(bench.modulation))?;
    if study.draws == 0 || !(study.read_noise >= 0.0 && study.read_noise.is_finite()) {
        return Err(Error::Value(format!(
            "{} draws and a read noise of {}: there must be draws, and a noise of 0 or more",
            study.draws, study.read_noise
        )));
    }
    let judged = judge_all(engine, &bench, study, disturbances, progress);
    engine.set_bench(bench)?;
    engine.set_masks(study.values)?;
    judged
}

/// [`tolerance`] of `bench`, which is not put back.
fn judge_all(
    engine: &mut dyn Engine,
    bench: &Bench,
    study: &Study<'_>,
    disturbances: &[Disturbance],
    progress: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<(Judged, Vec<Outcome>)> {
    let mut before = 0;
    let mut judge = |engine: &mut dyn Engine, readings: &RefCell<Vec<(Vec<f64>, usize)>>| {
        let noted = |read: &[f64], label: usize, _| {
            readings.borrow_mut().push((read.to_vec(), label));
            0.0
        };
        let judged =
            evaluate(engine, study.images, study.indices, &noted, &mut |done| progress(before + done))?;
        before += study.indices.len();
        let power_efficiency_input = judged.power_efficiency_input;
        Ok::<_, Error>(Judged { accuracy: judged.accuracy(), power_efficiency_input })
    };
    engine.set_masks(study.values)?;
    let readings = RefCell::default();
    let undisturbed = judge(engine, &readings)?;
    let readings = readings.into_inner();
    let mut outcomes = Vec::with_capacity(disturbances.len());
    for &disturbance in disturbances {
        let runs = disturbance.runs(study.draws);
        let draws = (0..runs)
            .map(|run| match disturbance {
                Disturbance::Photons(mean) => {
                    let accuracy = accuracy_of_counts(&readings, bench.detector.scheme(), mean, study, run);
                    Ok(Judged { accuracy, ..undisturbed })
                }
                _ => {
                    let (bench, values) = disturbed(bench, study, disturbance, run)?;
                    engine.set_bench(bench)?;
                    engine.set_masks(&values)?;
                    judge(engine, &RefCell::default())
                }
            })
            .collect::<Result<_>>()?;
        outcomes.push(Outcome { disturbance, draws });
    }
    Ok((undisturbed, outcomes))
}

/// The bench and the values of the masks in run `run` of a disturbance that is simulated.
fn disturbed(
    bench: &Bench,
    study: &Study<'_>,
    disturbance: Disturbance,
    run: usize,
) -> Result<(Bench, Vec<Array2<f32>>)> {
    let stream = |purpose| Stream::new(study.seed, purpose, run as u64);
    let within = |tolerance: Tolerance| {
        let errors = tolerance.draw(bench.masks(), &mut stream(Purpose::Tolerance));
        Ok((bench.misaligned(&errors)?, study.values.to_vec()))
    };
    let none = Tolerance::default();
    match disturbance {
        Disturbance::Lateral(lateral) => within(Tolerance { lateral, ..none }),
        Disturbance::Axial(axial) => within(Tolerance { axial, ..none }),
        Disturbance::Rotation(rotation) => within(Tolerance { rotation, ..none }),
        Disturbance::Wavelength(share) => {
            let wavelength = if run == 0 { share } else { -share };
            Ok((
                bench.misaligned(&Misalignment { wavelength, ..Misalignment::default() })?,
                study.values.to_vec(),
            ))
        }
        Disturbance::Heights(deviation) if deviation > 0.0 => {
            Ok(rough(bench, study, deviation, &mut stream(Purpose::HeightErrors)))
        }
        Disturbance::Levels(levels) => {
            let values = study.values.iter().map(|phase| phase.mapv(|phase| stepped(bench, phase, levels)));
            Ok((bench.clone(), values.collect()))
        }
        Disturbance::Heights(_) | Disturbance::Photons(_) => Ok((bench.clone(), study.values.to_vec())),
    }
}

/// Reliefs whose heights are off by normal numbers of standard deviation `deviation`, metres.
fn rough(
    bench: &Bench,
    study: &Study<'_>,
    deviation: Metres,
    stream: &mut Stream,
) -> (Bench, Vec<Array2<f32>>) {
    let phase_deviation = TAU * deviation / study.turn;
    let mut off = |phase: &f32| {
        let phase = f64::from(bench.modulation.relief_phase(*phase)) + phase_deviation * stream.normal();
        // No pixel is lower than the base.
        phase.max(0.0) as f32
    };
    let values = study.values.iter().map(|phases| phases.map(&mut off)).collect();
    // What is higher than the highest relief is a height all the same, not a height less a turn.
    let modulation = match bench.modulation {
        Modulation::Phase { absorption, base, scale, .. } => {
            Modulation::Phase { absorption, base, phase_max: f64::MAX, scale }
        }
        other => other,
    };
    (Bench { modulation, ..bench.clone() }, values)
}

/// The phase of the nearest of `levels` equal steps of a turn; the step of the whole turn is no step at all, and a relief
/// that ends earlier has no step above its end.
fn stepped(bench: &Bench, phase: f32, levels: u32) -> f32 {
    let Modulation::Phase { phase_max, .. } = bench.modulation else { return phase };
    let step = TAU / f64::from(levels);
    let number = (f64::from(bench.modulation.relief_phase(phase)) / step).round();
    let number = if phase_max < TAU {
        number.min((phase_max / step + 1e-9).floor())
    } else if number >= f64::from(levels) {
        0.0
    } else {
        number
    };
    (number * step) as f32
}

/// Share of right answers of a detector that counts `mean` photons in all regions together, in the mean over the images.
///
/// Each region counts a Poisson number of its own and adds normal noise of standard deviation [`Study::read_noise`].
fn accuracy_of_counts(
    readings: &[(Vec<f64>, usize)],
    scheme: Scheme,
    mean: f64,
    study: &Study<'_>,
    run: usize,
) -> f64 {
    let total: f64 = readings.iter().flat_map(|(read, _)| read).sum();
    let photons = if total > 0.0 { mean * readings.len() as f64 / total } else { 0.0 };
    let mut stream = Stream::new(study.seed, Purpose::DetectorNoise, run as u64);
    let mut right = 0;
    for (read, label) in readings {
        let counts: Vec<f64> = read
            .iter()
            .map(|reading| stream.poisson(photons * reading) + study.read_noise * stream.normal())
            .collect();
        right += usize::from(scheme.answer(&counts) == *label);
    }
    right as f64 / readings.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::{Detector, Region};
    use crate::grid::Grid;
    use crate::misalignment::Alignment;
    use crate::object::{Encoding, ObjectPlane};
    use crate::propagation::{Method, PixelModel};

    fn bench(phase_max: f64) -> Bench {
        let grid = Grid::new(8, 8, 1e-3).unwrap();
        let region = |row| Region { row, column: 0, height: 2, width: 2 };
        Bench {
            wavelength: 1e-3,
            networks: 1,
            gaps: vec![5e-3; 2],
            padded: (16, 16),
            method: Method::AngularSpectrum,
            pixel_model: PixelModel::Point,
            medium: 1.0,
            oversample: 1,
            modulation: Modulation::Phase { absorption: 0.1, base: 1.0, phase_max, scale: 1.0 },
            alignment: Alignment::default(),
            object: ObjectPlane::new(grid, (4, 4), 2, Encoding::Amplitude).unwrap(),
            detector: Detector::new(grid, vec![region(0), region(4)]).unwrap(),
        }
    }

    fn study<'a>(values: &'a [Array2<f32>], images: &'a Images, read_noise: f64) -> Study<'a> {
        Study { values, turn: 2e-3, images, indices: &[], draws: 1, seed: 1, read_noise }
    }

    fn no_images() -> Images {
        Images { images: ndarray::Array3::zeros((0, 4, 4)), labels: Vec::new() }
    }

    #[test]
    fn levels_are_steps_of_a_turn() {
        let quarter = TAU as f32 / 4.0;
        let whole = bench(TAU);
        for (phase, level) in
            [(0.0, 0.0), (0.7, 0.0), (0.8, 1.0), (2.9, 2.0), (5.4, 3.0), (6.2, 0.0), (-0.8, 3.0)]
        {
            assert!((stepped(&whole, phase, 4) - level * quarter).abs() < 1e-6, "{phase}");
        }
        // Half a turn has the steps 0, 1 and 2 of four, and 0 and 1 of three.
        let half = bench(TAU / 2.0);
        assert!((stepped(&half, 3.1, 4) - 2.0 * quarter).abs() < 1e-6);
        assert!((stepped(&half, 3.1, 3) - TAU as f32 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn heights_are_off_by_their_deviation_and_never_below_the_base() {
        let (values, images) = ([Array2::from_elem((60, 60), 3.0f32), Array2::zeros((60, 60))], no_images());
        let mut stream = Stream::new(1, Purpose::HeightErrors, 0);
        // A fiftieth of a turn.
        let (rough, values) = rough(&bench(TAU), &study(&values, &images, 0.0), 40e-6, &mut stream);
        let off = values[0].mapv(|phase| f64::from(phase) - 3.0);
        let deviation = (off.mapv(|off| off * off).sum() / 3600.0).sqrt();
        // The standard error of the deviation of 3,600 numbers is 1.2 %.
        assert!((deviation / (0.02 * TAU) - 1.0).abs() < 0.06, "{deviation}");
        assert!(values[1].iter().all(|phase| *phase >= 0.0) && values[1].iter().any(|phase| *phase > 0.0));
        // A little more than the highest relief is no relief less a turn.
        assert_eq!(rough.modulation.relief_phase(6.5f64), 6.5);
    }

    #[test]
    fn many_photons_see_what_is_there_and_few_do_not() {
        let readings: Vec<_> = (0..2000).map(|image| (vec![0.6, 0.4], image % 2)).collect();
        let (values, images) = ([], no_images());
        let accuracy = |mean, read_noise| {
            accuracy_of_counts(&readings, Scheme::Single, mean, &study(&values, &images, read_noise), 0)
        };
        // The first region is brighter whatever the class.
        assert_eq!(accuracy(1e6, 0.0), 0.5);
        let right: Vec<_> = (0..2000).map(|_| (vec![0.6, 0.4], 0)).collect();
        let of_right = |mean, noise| {
            accuracy_of_counts(&right, Scheme::Single, mean, &study(&values, &images, noise), 0)
        };
        assert_eq!(of_right(1e6, 0.0), 1.0);
        // 60 against 40 photons: the difference is 20 with a deviation of 10, so 2.3 % go wrong; half of the draws are
        // wrong in the noise of 1,000.
        assert!((of_right(100.0, 0.0) - 0.977).abs() < 0.02);
        assert!((of_right(100.0, 1000.0) - 0.5).abs() < 0.06);
    }

    #[test]
    fn impossible_disturbances_are_refused() {
        let relief = Modulation::LOSSLESS;
        for (disturbance, modulation, reason) in [
            (Disturbance::Levels(1), relief, "levels of 1"),
            (Disturbance::Photons(0.0), relief, "photons of 0"),
            (Disturbance::Lateral(-1.0), relief, "of -1"),
            (Disturbance::Wavelength(f64::NAN), relief, "of NaN"),
            (Disturbance::Heights(1e-6), Modulation::Amplitude, "only masks that are reliefs"),
        ] {
            let message = disturbance.check(modulation).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
    }
}
