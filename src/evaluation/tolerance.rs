//! How much a device suffers from what goes wrong when it is built: accuracy against the size of each kind of error.
//!
//! Errors are drawn again and again (Monte Carlo). The same draws serve every size of a kind, scaled: a curve shows the
//! size and not the luck. docs/tolerance.md says what each kind means.

use std::cell::Cell;
use std::f64::consts::TAU;

use ndarray::Array2;

use super::classes::ClassJudge;
use super::photons::{Counting, Reading, Readout, accuracy_of_counts};
use super::stream::{Sample, stream};
use crate::bench::Bench;
use crate::dataset::Images;
use crate::element::Modulation;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::misalignment::{Misalignment, Tolerance};
use crate::random::{Purpose, Stream};
use crate::units::{Metres, Radians, Watts};

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

impl Disturbance {
    /// Whether it is of the detector alone: then the light of the device as designed serves all draws.
    fn is_of_readings(self) -> bool {
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
/// The bench of `engine` is the undisturbed one; whatever its masks, those of the study are judged. `go_on` is told the
/// number of images done, of [`simulated_images`]. Where it says no there are the draws that are done, of the last kind
/// perhaps fewer than of the others; nothing where the undisturbed device is not judged.
///
/// # Errors
/// As [`evaluate`](super::evaluate); [`Error::Value`] for no draws, sizes out of their range, heights of masks that have
/// none, and errors by which planes would meet.
pub fn tolerance(
    engine: &dyn Engine,
    study: &Study<'_>,
    disturbances: &[Disturbance],
    go_on: &mut dyn FnMut(usize) -> Result<bool>,
) -> Result<Option<(Judged, Vec<Outcome>)>> {
    let bench = engine.bench();
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
    let mut before = 0;
    let goes_on = Cell::new(true);
    // Nothing where it was stopped before the last image.
    let mut judge = |engine: &dyn Engine, note: &mut dyn FnMut(&Sample<'_>)| {
        let mut judge = ClassJudge::of(engine.bench());
        let told = &mut |done| {
            goes_on.set(go_on(before + done)?);
            Ok(goes_on.get())
        };
        stream(engine, study.images, study.indices, told, &mut |sample| {
            note(sample);
            judge.add(sample, &|_| 0.0)
        })?;
        before += study.indices.len();
        let judged = judge.figures();
        let power_efficiency_input = judged.power_efficiency_input;
        let whole = judged.images == study.indices.len();
        Ok::<_, Error>(whole.then(|| Judged { accuracy: judged.accuracy(), power_efficiency_input }))
    };
    let mut readings = Vec::with_capacity(study.indices.len());
    let as_designed = engine.at(bench.clone(), study.values)?;
    let undisturbed = judge(&*as_designed, &mut |sample| {
        let regions = sample.readings.to_vec();
        readings.push(Reading { regions, label: sample.label, entering: sample.entering });
    })?;
    let Some(undisturbed) = undisturbed else { return Ok(None) };
    let mut outcomes = Vec::with_capacity(disturbances.len());
    for &disturbance in disturbances {
        let runs = disturbance.runs(study.draws);
        // How the light of the device as designed is counted; none for a disturbance of the light itself.
        let counting = match disturbance {
            Disturbance::Photons(mean) => Some(Counting::of_photons(mean, &readings, &study.readout)),
            Disturbance::Power(power) => {
                Some(Counting::of_power(power, &readings, bench.wavelength, &study.readout))
            }
            _ => None,
        };
        let mut draws = Vec::with_capacity(runs);
        for run in 0..runs {
            if !goes_on.get() {
                break;
            }
            draws.extend(match counting {
                Some(counting) => {
                    let mut stream = Stream::new(study.seed, Purpose::DetectorNoise, run as u64);
                    let scheme = bench.detector.scheme();
                    let accuracy = accuracy_of_counts(&readings, scheme, counting, &mut stream);
                    Some(Judged { accuracy, ..undisturbed })
                }
                None => {
                    let (bench, values) = disturbed(bench, study, disturbance, run)?;
                    judge(&*engine.at(bench, &values)?, &mut |_| ())?
                }
            });
        }
        if !draws.is_empty() {
            outcomes.push(Outcome { disturbance, draws });
        }
    }
    Ok(Some((undisturbed, outcomes)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::{Detector, Region};
    use crate::grid::Grid;
    use crate::misalignment::Alignment;
    use crate::object::{Encoding, ObjectPlane};
    use crate::propagation::{Method, PixelModel};
    use crate::source::LightSource;

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
            mask_pixels: Vec::new(),
            modulation: Modulation::Phase { absorption: 0.1, base: 1.0, phase_max, scale: 1.0 },
            alignment: Alignment::default(),
            optics: Vec::new(),
            plate: None,
            object: ObjectPlane::new(grid, (4, 4), 2, Encoding::Amplitude).unwrap(),
            source: LightSource::default(),
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
