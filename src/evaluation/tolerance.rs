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
use crate::units::{Metres, Radians, Seconds, Watts};

/// Planck's constant times the speed of light, J m (both exact by definition).
const PLANCK_TIMES_LIGHT: f64 = 6.626_070_15e-34 * 299_792_458.0;

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
    /// of counting and that of [`Readout::read_noise`].
    Photons(f64),
    /// This much light behind the object, in the mean over the images: what of it reaches the regions in
    /// [`Readout::exposure`] has the noise of its photons and that of [`Readout::noise_equivalent_power`].
    Power(Watts),
}

/// How the detector turns light into numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Readout {
    /// Standard deviation of a region's reading in the dark, photons; for [`Disturbance::Photons`].
    pub read_noise: f64,
    /// Time over which a region gathers light; for [`Disturbance::Power`].
    pub exposure: Seconds,
    /// Signal as strong as the noise of a region in a bandwidth of one hertz, watts per root hertz. An exposure t has the
    /// bandwidth 1/(2 t), and the noise NEP / sqrt(2 t). For [`Disturbance::Power`].
    pub noise_equivalent_power: f64,
}

impl Default for Readout {
    /// No noise of its own, one second.
    fn default() -> Self {
        Readout { read_noise: 0.0, exposure: 1.0, noise_equivalent_power: 0.0 }
    }
}

impl Readout {
    /// Photons of one watt in an exposure, at `wavelength` (in vacuum): N = t lambda / (h c).
    fn photons_a_watt(&self, wavelength: Metres) -> f64 {
        self.exposure * wavelength / PLANCK_TIMES_LIGHT
    }

    /// The noise of a region in the dark, photons, when all its light is of `wavelength`.
    fn thermal_noise(&self, wavelength: Metres) -> f64 {
        self.noise_equivalent_power / (2.0 * self.exposure).sqrt() * self.photons_a_watt(wavelength)
    }
}

impl Disturbance {
    /// Whether it is of the detector alone: then the light of the device as designed serves all draws.
    pub fn is_of_readings(self) -> bool {
        matches!(self, Disturbance::Photons(_) | Disturbance::Power(_))
    }

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
            Disturbance::Power(power) if !(power > 0.0 && power.is_finite()) => {
                refused("a power in watts", power, "above 0")
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
    /// How the detector reads.
    pub readout: Readout,
}

/// What the regions read of an image on the device as designed.
struct Reading {
    regions: Vec<f64>,
    label: usize,
    /// Power of the object.
    entering: f64,
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
    let simulated = disturbances.iter().filter(|kind| !kind.is_of_readings());
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
    if study.draws == 0 {
        return Err(Error::Value("no draws: there must be one at least".into()));
    }
    let Readout { read_noise, exposure, noise_equivalent_power } = study.readout;
    for (what, value, least) in [
        ("a read noise", read_noise, 0.0),
        ("a noise-equivalent power", noise_equivalent_power, 0.0),
        ("an exposure", exposure, f64::MIN_POSITIVE),
    ] {
        if !(value >= least && value.is_finite()) {
            let limit = if least > 0.0 { "above 0" } else { "0 or more" };
            return Err(Error::Value(format!("{what} of {value}: it must be {limit}")));
        }
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
    let mut judge = |engine: &mut dyn Engine, readings: &RefCell<Vec<Reading>>| {
        let noted = |read: &[f64], label: usize, entering: f64| {
            readings.borrow_mut().push(Reading { regions: read.to_vec(), label, entering });
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
        let counting = counting(&readings, bench.wavelength, disturbance, &study.readout);
        let draws = (0..runs)
            .map(|run| match counting {
                Some(counting) => {
                    let mut stream = Stream::new(study.seed, Purpose::DetectorNoise, run as u64);
                    let scheme = bench.detector.scheme();
                    let accuracy = accuracy_of_counts(&readings, scheme, counting, &mut stream);
                    Ok(Judged { accuracy, ..undisturbed })
                }
                None => {
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
            let printed = |phase| bench.modulation.nearest_level(phase, levels);
            Ok((bench.clone(), study.values.iter().map(|phases| phases.mapv(printed)).collect()))
        }
        Disturbance::Heights(_) | Disturbance::Photons(_) | Disturbance::Power(_) => {
            Ok((bench.clone(), study.values.to_vec()))
        }
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
    let mut off = |phase: &f32| bench.modulation.misprinted(*phase, phase_deviation * stream.normal());
    let values = study.values.iter().map(|phases| phases.map(&mut off)).collect();
    (Bench { modulation: bench.modulation.of_any_height(), ..bench.clone() }, values)
}

/// What a detector makes of a reading.
#[derive(Clone, Copy)]
struct Counting {
    /// Photons in the mean for a reading of 1.
    gain: f64,
    /// Standard deviation of a region in the dark, photons.
    noise: f64,
}

/// How the light of the device as designed is counted; none for a disturbance of the light itself.
fn counting(
    readings: &[Reading],
    wavelength: Metres,
    disturbance: Disturbance,
    readout: &Readout,
) -> Option<Counting> {
    let count = readings.len() as f64;
    let over = |photons: f64, sum: f64| if sum > 0.0 { photons * count / sum } else { 0.0 };
    match disturbance {
        Disturbance::Photons(mean) => {
            let collected = readings.iter().flat_map(|reading| &reading.regions).sum();
            Some(Counting { gain: over(mean, collected), noise: readout.read_noise })
        }
        Disturbance::Power(power) => {
            let entering = readings.iter().map(|reading| reading.entering).sum();
            let photons = power * readout.photons_a_watt(wavelength);
            Some(Counting { gain: over(photons, entering), noise: readout.thermal_noise(wavelength) })
        }
        _ => None,
    }
}

/// Share of right answers of a detector that counts photons.
///
/// Each region counts a Poisson number of its own and adds normal noise. In a pair a count
/// below zero is taken as none: the sum of two such would be no measure of their difference.
fn accuracy_of_counts(
    readings: &[Reading],
    scheme: Scheme,
    Counting { gain, noise }: Counting,
    stream: &mut Stream,
) -> f64 {
    let least = match scheme {
        Scheme::Single => f64::NEG_INFINITY,
        Scheme::Differential => 0.0,
    };
    let mut right = 0;
    for Reading { regions, label, .. } in readings {
        let counts: Vec<f64> = regions
            .iter()
            .map(|reading| (stream.poisson(gain * reading) + noise * stream.normal()).max(least))
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

    fn study<'a>(values: &'a [Array2<f32>], images: &'a Images) -> Study<'a> {
        let readout = Readout::default();
        Study { values, turn: 2e-3, images, indices: &[], draws: 1, seed: 1, readout }
    }

    fn no_images() -> Images {
        Images { images: ndarray::Array3::zeros((0, 4, 4)), labels: Vec::new() }
    }

    #[test]
    fn heights_are_off_by_their_deviation_and_never_below_the_base() {
        let (values, images) = ([Array2::from_elem((60, 60), 3.0f32), Array2::zeros((60, 60))], no_images());
        let mut stream = Stream::new(1, Purpose::HeightErrors, 0);
        // A fiftieth of a turn.
        let (rough, values) = rough(&bench(TAU), &study(&values, &images), 40e-6, &mut stream);
        let off = values[0].mapv(|phase| f64::from(phase) - 3.0);
        let deviation = (off.mapv(|off| off * off).sum() / 3600.0).sqrt();
        // The standard error of the deviation of 3,600 numbers is 1.2 %.
        assert!((deviation / (0.02 * TAU) - 1.0).abs() < 0.06, "{deviation}");
        assert!(values[1].iter().all(|phase| *phase >= 0.0) && values[1].iter().any(|phase| *phase > 0.0));
        // A little more than the highest relief is no relief less a turn.
        assert_eq!(rough.modulation.relief_phase(6.5f64), 6.5);
    }

    fn alike(count: usize, regions: &[f64], label: impl Fn(usize) -> usize) -> Vec<Reading> {
        let reading = |image| Reading { regions: regions.to_vec(), label: label(image), entering: 4.0 };
        (0..count).map(reading).collect()
    }

    /// Share of right answers for `photons` in the mean.
    fn counted(readings: &[Reading], scheme: Scheme, photons: f64, read_noise: f64) -> f64 {
        let readout = Readout { read_noise, ..Readout::default() };
        let counting = counting(readings, 1e-3, Disturbance::Photons(photons), &readout).unwrap();
        let mut stream = Stream::new(1, Purpose::DetectorNoise, 0);
        accuracy_of_counts(readings, scheme, counting, &mut stream)
    }

    #[test]
    fn many_photons_see_what_is_there_and_few_do_not() {
        // The first region is brighter whatever the class.
        let any = alike(2000, &[0.6, 0.4], |image| image % 2);
        assert_eq!(counted(&any, Scheme::Single, 1e6, 0.0), 0.5);
        let right = alike(2000, &[0.6, 0.4], |_| 0);
        let of_right = |photons, noise| counted(&right, Scheme::Single, photons, noise);
        assert_eq!(of_right(1e6, 0.0), 1.0);
        // 60 against 40 photons: the difference is 20 with a deviation of 10, so 2.3 % go wrong; half of the draws are
        // wrong in the noise of 1,000.
        assert!((of_right(100.0, 0.0) - 0.977).abs() < 0.02);
        assert!((of_right(100.0, 1000.0) - 0.5).abs() < 0.06);
    }

    #[test]
    fn a_pair_in_the_dark_does_not_win_by_a_sum_near_zero() {
        // Class 0 leads clearly; the pair of class 1 gets nothing but noise.
        let pairs = alike(4000, &[0.9, 0.1, 0.0, 0.0], |_| 0);
        assert_eq!(counted(&pairs, Scheme::Differential, 1e4, 0.0), 1.0);
        // The noise of 10 photons alone decides pair 1: both counts below zero (1/4) give no score, one of them (1/2) a
        // score of +-1, which beats 0.8 in half of those; two above zero (1/4) give (a - b)/(a + b), above 0.8 where
        // b < a/9: an angle of 6.3 of 90 degrees. Right in 1 - 1/4 - 0.0176: 73.2 %, standard error 0.7 points.
        let noisy = counted(&pairs, Scheme::Differential, 1e4, 10.0);
        assert!((noisy - 0.732).abs() < 0.03, "{noisy}");
    }

    #[test]
    fn a_watt_has_its_photons_and_a_detector_its_noise() {
        // 0.4 THz: a photon has 2.65e-22 J.
        let wavelength = 299_792_458.0 / 0.4e12;
        let readout = Readout { exposure: 0.02, noise_equivalent_power: 1e-9, ..Readout::default() };
        assert!((readout.photons_a_watt(wavelength) * 6.626_070_15e-34 * 0.4e12 / 0.02 - 1.0).abs() < 1e-12);
        // A nanowatt a root hertz: over 20 ms, 25 Hz, five nanowatts.
        let noise = readout.thermal_noise(wavelength) / readout.photons_a_watt(wavelength);
        assert!((noise / 5e-9 - 1.0).abs() < 1e-12);
        // A quarter of the object's light reaches the regions: of 1 uW, 0.15 and 0.1 uW fall on the two.
        let readings = alike(2000, &[0.6, 0.4], |_| 0);
        let right = |power: f64, noise_equivalent_power: f64| {
            let readout = Readout { noise_equivalent_power, ..readout };
            let counting = counting(&readings, wavelength, Disturbance::Power(power), &readout).unwrap();
            assert!(
                (counting.gain * 0.6 / (0.15 * power * readout.photons_a_watt(wavelength)) - 1.0).abs()
                    < 1e-12
            );
            let mut stream = Stream::new(1, Purpose::DetectorNoise, 0);
            accuracy_of_counts(&readings, Scheme::Single, counting, &mut stream)
        };
        // The difference of 50 nW in a noise of sqrt(2) 5 nW x 5 is 1.41 deviations: 92.1 % right; of a fifth, 61.1 %.
        // Bounds: more than three standard errors of 2,000, 0.6 and 1.1 points.
        assert_eq!(right(1e-6, 1e-9), 1.0);
        assert!((right(1e-6, 5e-9) - 0.921).abs() < 0.02);
        assert!((right(0.2e-6, 5e-9) - 0.611).abs() < 0.04);
        assert_eq!(right(1e-12, 0.0), 1.0, "a picowatt is 75 million photons");
    }

    #[test]
    fn impossible_disturbances_are_refused() {
        let relief = Modulation::LOSSLESS;
        for (disturbance, modulation, reason) in [
            (Disturbance::Levels(1), relief, "levels of 1"),
            (Disturbance::Photons(0.0), relief, "photons of 0"),
            (Disturbance::Power(-1.0), relief, "watts of -1"),
            (Disturbance::Lateral(-1.0), relief, "of -1"),
            (Disturbance::Wavelength(f64::NAN), relief, "of NaN"),
            (Disturbance::Heights(1e-6), Modulation::Amplitude, "only masks that are reliefs"),
        ] {
            let message = disturbance.check(modulation).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
    }
}
