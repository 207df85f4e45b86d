//! How long a training takes, all stages and the final test: a model of what each costs beside the others, and a clock that
//! says how fast this machine is at present.

use std::time::{SystemTime, UNIX_EPOCH};

use indicatif::HumanDuration;

use super::outcome::test_passes;
use crate::bench::Bench;
use crate::design::{Design, Stage};
use crate::element::Slicing;

/// Seconds of two cores (AMD EPYC): only their ratios matter, since the seconds of this machine are measured. From
/// `tests/fixtures/quiet-training/history.csv`; the test below says how well they foretell that and other trainings.
///
/// A sample of a padded window carried across a gap and back, a unit of the logarithm of the window (base 2).
const PASS: f64 = 0.105e-9;
/// The same in windows that no cache holds.
const LARGE_PASS: f64 = 0.14e-9;
/// Samples of the padded window from which on it is large: 8 MB of single precision.
const LARGE: f64 = 500_000.0;
/// A sample inside a plate across a slice and back, a unit of the logarithm of the window: from
/// `tests/fixtures/sliced-training/history.csv`.
const SLICE: f64 = 0.27e-9;
/// A mode of an image in a sample of the regions, there and back.
const PRODUCT: f64 = 0.1e-9;
/// Choosing an image and making its coefficients.
const IMAGE: f64 = 4.7e-6;
/// Distorting it.
const DISTORTION: f64 = 24e-6;
/// Passes that new transfer functions cost when a step has a bench of its own.
const NEW_BENCH: f64 = 4.0;
/// Share of a pass there and back that is a pass without adjoint.
const FORWARD: f64 = 0.5;
/// Images a mode from which on the engine carries modes to read images.
const IMAGES_A_MODE: f64 = 1.5;
/// Bytes of the fields on the masks that are kept for the way back; modes without a place are carried twice.
const KEPT: f64 = (1u64 << 30) as f64;
/// Pictures, files and the rest behind the test.
const PICTURES: f64 = 4.0;
/// Steps after which the first figure is told: the first of all is slower.
const FIRST_STEPS: u64 = 3;

/// What a stage costs by the model.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Planned {
    /// Seconds of a step, looks at the validation images spread over all.
    step: f64,
    steps: u64,
}

/// The time a training takes.
#[derive(Debug)]
pub(super) struct Forecast {
    stages: Vec<Planned>,
    /// The final test.
    test: f64,
    /// The running stage, and its steps that are done.
    at: (usize, u64),
    /// Steps and seconds in it since this sitting began.
    measured: (u64, f64),
    /// Measured seconds a second of the model, of the last stage that was timed.
    pace: Option<f64>,
}

impl Forecast {
    /// Of a training of `design` in `stages` that learns from `images` images and is tested by `tested`.
    pub(super) fn new(design: &Design, stages: &[Stage], images: u64, tested: usize) -> Self {
        let planned = |stage: &Stage| Planned {
            step: step(stage, images),
            steps: stage.settings.epochs * images.div_ceil(stage.settings.batch as u64),
        };
        let test: f64 =
            test_passes(design, tested).into_iter().map(|(bench, images)| reading(&bench, images)).sum();
        Forecast {
            stages: stages.iter().map(planned).collect(),
            test: test + PICTURES,
            at: (0, 0),
            measured: (0, 0.0),
            pace: None,
        }
    }

    /// Stage `stage` begins, or goes on after `done` of its steps.
    pub(super) fn begin(&mut self, stage: usize, done: u64) {
        self.at = (stage, done);
        self.measured = (0, 0.0);
    }

    /// A step took `seconds`, with all that was told and saved behind it. True when it is time for the first figure.
    pub(super) fn took(&mut self, seconds: f64) -> bool {
        self.at.1 += 1;
        self.measured = (self.measured.0 + 1, self.measured.1 + seconds);
        let planned = self.stages[self.at.0];
        let first = self.pace.is_none();
        // A stage of fewer steps is timed by what it has.
        if self.measured.0 >= FIRST_STEPS.min(planned.steps) {
            self.pace = Some(self.measured.1 / (self.measured.0 as f64 * planned.step));
        }
        first && self.pace.is_some()
    }

    /// Seconds from now to the end of the test; none before anything was timed.
    pub(super) fn left(&self) -> Option<f64> {
        let (stage, done) = self.at;
        let cost = |(index, planned): (usize, &Planned)| {
            let left = if index == stage { planned.steps.saturating_sub(done) } else { planned.steps };
            planned.step * left as f64
        };
        let stages: f64 = self.stages.iter().enumerate().skip(stage).map(cost).sum();
        self.pace.map(|pace| pace * (stages + self.test))
    }

    /// The time left, as a part of a line: "12 minutes left of all".
    pub(super) fn remark(&self) -> Option<String> {
        self.left().map(|seconds| format!("{} left of all stages and the test", spoken(seconds)))
    }

    /// The time left, as a line.
    pub(super) fn line(&self) -> Option<String> {
        let seconds = self.left()?;
        let stages = match (self.stages.len(), self.at.0) {
            (1, _) => "for the only stage".to_owned(),
            (all, 0) => format!("for all {all} stages"),
            (all, stage) if stage + 1 == all => format!("for the last of {all} stages"),
            (all, stage) => format!("for stages {} to {all}", stage + 1),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        Some(format!("about {} {stages} and the test (until {})", spoken(seconds), clock(now + seconds)))
    }
}

/// "14 minutes", "2 hours".
fn spoken(seconds: f64) -> String {
    let duration =
        std::time::Duration::try_from_secs_f64(seconds.max(1.0)).unwrap_or(std::time::Duration::MAX);
    HumanDuration(duration).to_string()
}

/// The time of day of a moment, seconds since 1970. The library of the language knows no time zones.
fn clock(moment: f64) -> String {
    let minutes = (moment / 60.0).round() as u64;
    format!("{:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

/// Seconds of one pass there and back through all gaps, plates and networks of `bench`.
fn pass(bench: &Bench) -> f64 {
    let samples = (bench.padded.0 * bench.padded.1) as f64;
    let unit = if samples > LARGE { LARGE_PASS } else { PASS };
    let gaps = unit * samples * samples.log2() * bench.gaps.len() as f64;
    let plates = bench.plate.map_or(0.0, |plate| {
        let crossings = match plate.slicing {
            // Half a slice, a factor, and half a slice: neighbours are crossed at once.
            Slicing::SplitStep => plate.slices + 1,
            Slicing::WavePropagation => 2 * plate.slices,
        };
        let samples = samples_inside(bench);
        SLICE * samples * samples.log2() * (crossings * bench.masks()) as f64
    });
    (gaps + plates) * bench.networks as f64
}

/// Samples of a plane inside the plates; of a plane, where they are thin.
fn samples_inside(bench: &Bench) -> f64 {
    let (rows, columns) = bench.grid().shape();
    let finer = bench.plate.map_or(1, |plate| plate.finer);
    (rows * columns * finer * finer) as f64
}

/// Samples of all regions, twice where coefficients are complex, and image values.
fn products(bench: &Bench) -> f64 {
    let regions = bench.detector.regions().iter().map(|region| region.height * region.width);
    let parts = if bench.object.has_complex_coefficients() { 2 } else { 1 };
    (regions.sum::<usize>() * bench.networks * parts) as f64
}

/// Passes that `modes` modes take there and back: those whose fields find no place are carried forward twice.
fn carried(bench: &Bench, modes: f64) -> f64 {
    let factors = bench.all_masks() * bench.plate.map_or(1, |plate| plate.slices);
    let bytes = samples_inside(bench) * (factors * 8) as f64 * modes;
    modes * (1.0 + FORWARD * (1.0 - (KEPT / bytes).min(1.0)))
}

/// Seconds of a step of `stage`, its looks at the validation images included.
fn step(stage: &Stage, images: u64) -> f64 {
    let Stage { settings, bench, modes } = stage;
    let batch = (settings.batch as u64).min(images) as f64;
    let distortion = if settings.augmentation.is_none() { 0.0 } else { DISTORTION };
    let new_bench = if settings.perturbations.is_none() { 0.0 } else { NEW_BENCH };
    let light = match modes {
        Some(modes) => {
            let modes = *modes as f64;
            (carried(bench, modes) + new_bench) * pass(bench) + PRODUCT * batch * modes * products(bench)
        }
        None => (batch + new_bench) * pass(bench),
    };
    let steps = settings.epochs * images.div_ceil(settings.batch as u64);
    let looks = settings.epochs.div_ceil(settings.validate_every.max(1));
    let look = if settings.validation == 0 { 0.0 } else { reading(bench, settings.validation) };
    light + batch * (IMAGE + distortion) + look * looks as f64 / steps.max(1) as f64
}

/// Seconds of reading `images` images: through the modes of all values where that is less.
fn reading(bench: &Bench, images: usize) -> f64 {
    let (rows, columns) = bench.object.image();
    let (values, images) = ((rows * columns) as f64, images as f64);
    let light = FORWARD * pass(bench);
    if bench.has_modes() && images > IMAGES_A_MODE * values {
        values * light + FORWARD * PRODUCT * images * values * products(bench)
    } else {
        images * light
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::design::folder::{read_design, read_history};

    /// Images that the shipped devices learned from, and were held out.
    const IMAGES: usize = 60_000;

    /// Seconds of a step of each stage of the training in a folder: by the model, and the median of its epochs.
    fn steps(folder: &str) -> Vec<(f64, f64)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let (_, design) = read_design(&folder.join("design.toml")).unwrap();
        let history = read_history(&folder).unwrap();
        let stages = design.stages(IMAGES);
        let forecast = Forecast::new(&design, &stages, 54_000, 10_000);
        let pairs = stages.iter().zip(&forecast.stages).map(|(stage, planned)| {
            let epochs = stage.settings.first_epoch as usize..;
            let rows = &history[epochs][..stage.settings.epochs as usize];
            let mut took: Vec<f64> = rows.windows(2).map(|pair| pair[1].seconds - pair[0].seconds).collect();
            took.sort_by(f64::total_cmp);
            let steps_an_epoch = planned.steps as f64 / rows.len() as f64;
            (planned.step, took[took.len() / 2] / steps_an_epoch)
        });
        pairs.collect()
    }

    /// Largest and smallest of measured over foretold.
    fn spread(steps: &[(f64, f64)]) -> (f64, f64) {
        let ratios = steps.iter().map(|(model, measured)| measured / model);
        ratios.fold((f64::INFINITY, 0.0), |(low, high), ratio| (low.min(ratio), high.max(ratio)))
    }

    #[test]
    fn the_stages_of_the_default_training_cost_what_they_cost_beside_each_other() {
        // From 0.05 s to 2.1 s a step; ratios of two stages within a quarter.
        let found = steps("tests/fixtures/quiet-training");
        let (low, high) = spread(&found);
        assert!(high / low < 1.25, "{low} to {high}: {found:?}");
    }

    #[test]
    fn those_of_pairs_and_distorted_images_as_well() {
        // Its machine was shared: the seconds of equal epochs of a stage differ by more than half. The last stage ran beside
        // more than the others (5.9 s per step in its first epoch, 17 s in the next) and is left out. All others are within
        // a seventh of one pace.
        let found = steps("tests/fixtures/paired-training");
        let (low, high) = spread(&found[..4]);
        assert!(high / low < 1.3, "{low} to {high}: {found:?}");
    }

    #[test]
    fn those_of_plates_with_a_thickness_as_well() {
        // Thin sheets on blocks, then slices, on a machine that did other things too: 1.9 s and 27 s per step.
        let found = steps("tests/fixtures/sliced-training");
        let (low, high) = spread(&found);
        assert!(found.len() == 2 && high / low < 1.3, "{low} to {high}: {found:?}");
    }

    /// A training of two stages and a test, by the model 10 s, 90 s and 20 s.
    fn planned() -> Forecast {
        Forecast {
            stages: vec![Planned { step: 0.1, steps: 100 }, Planned { step: 1.8, steps: 50 }],
            test: 20.0,
            at: (0, 0),
            measured: (0, 0.0),
            pace: None,
        }
    }

    #[test]
    fn a_machine_twice_as_slow_takes_twice_as_long() {
        let mut forecast = planned();
        forecast.begin(0, 0);
        assert_eq!((forecast.left(), forecast.line()), (None, None));
        let told: Vec<bool> = (0..5).map(|_| forecast.took(0.2)).collect();
        assert_eq!(told, [false, false, true, false, false], "once, after the third step");
        assert!((forecast.left().unwrap() - 2.0 * (9.5 + 90.0 + 20.0)).abs() < 1e-9);
        let line = forecast.line().unwrap();
        assert!(line.starts_with("about 4 minutes for all 2 stages and the test (until "), "{line}");
        // The pace of the first stage serves the second until that has its own.
        (5..100).for_each(|_| assert!(!forecast.took(0.2)));
        forecast.begin(1, 0);
        assert!((forecast.left().unwrap() - 220.0).abs() < 1e-9);
        assert!(forecast.line().unwrap().contains("for the last of 2 stages"));
        (0..10).for_each(|_| assert!(!forecast.took(1.8)));
        assert!((forecast.left().unwrap() - (40.0 * 1.8 + 20.0)).abs() < 1e-9);
    }

    #[test]
    fn a_training_that_goes_on_counts_what_is_left() {
        let mut forecast = planned();
        forecast.begin(1, 49);
        assert!(!forecast.took(3.6));
        assert_eq!(forecast.left(), None, "one step says little");
        let mut short = Forecast { stages: vec![Planned { step: 1.0, steps: 1 }], ..planned() };
        short.begin(0, 0);
        assert!(short.took(2.0));
        assert!((short.left().unwrap() - 40.0).abs() < 1e-9, "the test is left");
    }

    #[test]
    fn moments_are_told_by_the_clock() {
        assert_eq!(clock(0.0), "00:00 UTC");
        // 86,400 s a day.
        assert_eq!(clock(86_400.0 * 20_000.0 + 14.0 * 3600.0 + 32.0 * 60.0 + 5.0), "14:32 UTC");
    }
}
