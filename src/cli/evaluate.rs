//! `d2nn evaluate`: how well a device answers, and with how much of the light.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::images::LabelledImages;
use super::judgement::Judgement;
use super::readings::ReadingsFile;
use super::stop::Stop;
use super::trial::Trial;
use super::{
    DataFlag, ModifiedFlag, SimulationFlags, ThreadsFlag, as_exported, convergence, print, print_json,
};
use crate::dataset::Split;
use crate::design::Design;
use crate::error::{Error, Result};
use crate::evaluation::Sample;
use crate::files::Place;

/// Arguments of `d2nn evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn evaluate layers/fashion-400ghz
  d2nn evaluate runs/fashion-400ghz --limit 1000 --json
  d2nn evaluate layers/fashion-400ghz --oversample 2 --extinction-coefficient 0.03
  d2nn evaluate layers/fashion-400ghz --convergence --limit 1000
  d2nn evaluate layers/fashion-400ghz --readings readings.npz
  d2nn evaluate --stl plates layers/fashion-400ghz")]
pub struct EvaluateArgs {
    /// Device folder (default with --stl: the one that holds DIR)
    #[arg(required_unless_present = "stl")]
    device: Option<PathBuf>,
    #[command(flatten)]
    modified: ModifiedFlag,
    #[command(flatten)]
    data: DataFlag,
    /// Which images of the data set; validation: those that training held out
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
    /// Only the first N images
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The same on finer grids and in wider windows: does the answer depend on the grid?
    #[arg(long)]
    convergence: bool,
    /// Read the plates back from their STL files and judge them beside the design
    #[arg(long, value_name = "DIR", conflicts_with = "convergence")]
    stl: Option<PathBuf>,
    /// Write what the regions read of each image as a NumPy archive: readings, entering, labels
    #[arg(long, value_name = "FILE.npz", conflicts_with_all = ["convergence", "stl"])]
    readings: Option<PathBuf>,
    #[command(flatten)]
    simulation: SimulationFlags,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: ThreadsFlag,
}

/// Images of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SplitName {
    Test,
    Train,
    Validation,
}

impl EvaluateArgs {
    fn load(&self, design: &Design) -> Result<LabelledImages> {
        match self.split {
            SplitName::Test => self.data.load(design, Split::Test),
            SplitName::Train => self.data.load(design, Split::Train),
            SplitName::Validation => self.data.load_held_out(design),
        }
    }
}

/// Runs `d2nn evaluate`.
///
/// # Errors
/// For a damaged device, absent or damaged data and an empty choice of images.
pub fn run(args: EvaluateArgs) -> Result<()> {
    let folder = match (&args.device, &args.stl) {
        (Some(folder), _) => folder.clone(),
        (None, Some(plates)) => as_exported::device_of(plates)?,
        (None, None) => return Err(Error::Usage("name the folder of a device".into())),
    };
    let device = args.modified.open_as(&folder, &args.simulation)?;
    let _place = args.readings.as_deref().map(Place::file).transpose()?;
    if let Some(plates) = &args.stl {
        // Damaged plates are told before anything is looked for or simulated.
        let found = as_exported::Plates::in_folder(plates, &device)?;
        let compared = found.compare_as_found(&device)?;
        let shown = args.load(&device.design)?;
        let stop = Stop::watch_judging()?;
        let judged = as_exported::judge(&device, &found, &args.threads, &shown.images, args.limit, &|| {
            Ok(!stop.asked())
        })?;
        if args.json {
            print_json(&as_exported::as_json(&device, &found, &compared, &judged, &shown))?;
        } else {
            print(&as_exported::report(&device, &found, &compared, &judged, &shown))?;
        }
        return judged.whole();
    }
    let shown = args.load(&device.design)?;
    let stop = Stop::watch_judging()?;
    let bench = &device.design.bench;
    let heading = format!(
        "{}{}",
        shown.heading(&device.design),
        match bench.source.words(bench.wavelength) {
            words if words.is_empty() => words,
            words => format!(", {words}"),
        }
    );
    if args.convergence {
        return convergence::run(&device, &shown, args.limit, args.threads.threads, args.json, &stop);
    }
    let mut readings = args.readings.as_ref().map(|path| (path, ReadingsFile::default()));
    let mut note = |sample: &Sample<'_>| {
        if let Some((_, readings)) = &mut readings {
            readings.note(sample);
        }
    };
    let engine = args.threads.engine(&device)?;
    let go_on = || Ok(!stop.asked());
    let trial = Trial { go_on: &go_on, ..Trial::of(&device.design, &shown.images, args.limit) };
    let wanted = trial.wanted()?;
    let judged = Judgement::of(&engine, &trial, &args.threads, &mut note)?;
    if judged.images() == 0 {
        return Err(stopped(0, wanted, args.readings.as_deref()));
    }
    // The figures first: a disk that has run full does not lose them.
    if args.json {
        print_json(&judged.as_json(&device, wanted, shown.as_json()))?;
    } else {
        print(&judged.report(&heading, &device.design.data.class_names))?;
    }
    if judged.is_partial(wanted) {
        return Err(stopped(judged.images(), wanted, args.readings.as_deref()));
    }
    readings.map_or(Ok(()), |(path, readings)| readings.write(path))
}

/// What is said at the end of an evaluation that was stopped after `done` of `wanted` images, before `unwritten` was
/// written.
fn stopped(done: usize, wanted: usize, unwritten: Option<&Path>) -> Error {
    let told = match done {
        0 => format!("stopped before any of {wanted} images was judged: nothing is told"),
        _ => format!("stopped after {done} of {wanted} images: the figures are of the first {done} alone"),
    };
    let unwritten = unwritten.map(|path| format!("; {} is not written", path.display()));
    Error::Interrupted(told + &unwritten.unwrap_or_default())
}
