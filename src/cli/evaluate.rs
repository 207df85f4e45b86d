//! `d2nn evaluate`: how well a device answers, and with how much of the light.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::progress::Progress;
use super::readings::Readings;
use super::stop::Stop;
use super::{
    DataFlag, ModifiedFlag, SimulationFlags, ThreadsFlag, as_exported, convergence, imaging, print,
    print_json,
};
use crate::dataset::{Images, Split};
use crate::design::Design;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{Evaluation, evaluate_until};
use crate::files::Place;
use crate::named::Named;

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
    /// Which half of the data set
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

/// Half of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SplitName {
    Test,
    Train,
}

impl SplitName {
    fn split(self) -> Split {
        match self {
            SplitName::Test => Split::Test,
            SplitName::Train => Split::Train,
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
        let shown = args.data.load(&device.design, args.split.split())?;
        let stop = Stop::watch_judging()?;
        let judged =
            as_exported::judge(&device, &found, &args.threads, &shown.images, args.limit, &|| !stop.asked())?;
        if args.json {
            print_json(&as_exported::as_json(&device, &found, &compared, &judged, &shown))?;
        } else {
            print(&as_exported::report(&device, &found, &compared, &judged, &shown))?;
        }
        return judged.whole();
    }
    let shown = args.data.load(&device.design, args.split.split())?;
    let stop = Stop::watch_judging()?;
    let heading = format!(
        "{} on {}, {} images from {}",
        device.design.name,
        shown.set,
        shown.split_name(),
        shown.origin()
    );
    if args.convergence {
        return convergence::run(&device, &shown, args.limit, args.threads.threads, args.json, &stop);
    }
    let (images, data) = (&shown.images, shown.as_json());
    let engine = args.threads.engine(&device)?;
    if device.design.forms_image() {
        let go_on = || Ok(!stop.asked());
        let judged =
            imaging::judge_until(&engine, &device.design, &args.threads, images, args.limit, &go_on)?;
        // The figures first: a disk that has run full does not lose them.
        if judged.device.images == 0 {
            return Err(stopped(0, judged.wanted, args.readings.as_deref()));
        }
        if args.json {
            print_json(&imaging::as_json(&judged, &device.design, data))?;
        } else {
            print(&imaging::report(&heading, &judged))?;
        }
        if judged.is_partial() {
            return Err(stopped(judged.device.images, judged.wanted, args.readings.as_deref()));
        }
        return match &args.readings {
            Some(path) => {
                let stopped = || {
                    let told = format!("stopped after the figures; {} is not written", path.display());
                    stop.asked().then_some(Error::Interrupted(told))
                };
                Readings::of(&engine, images, &first_images(images, args.limit)?, &stopped)?
                    .write(path, images)
            }
            None => Ok(()),
        };
    }
    let readings = Readings::default();
    let wanted = first_images(images, args.limit)?.len();
    let go_on = || Ok(!stop.asked());
    let judged = judge_until(&engine, &device.design, images, args.limit, &go_on, &|read, _, entering| {
        if args.readings.is_some() {
            readings.note(read, entering);
        }
    })?;
    if judged.images == 0 {
        return Err(stopped(0, wanted, args.readings.as_deref()));
    }
    let partial = judged.images < wanted;
    let figures = json!({
        "accuracy": judged.accuracy(),
        "images": judged.images,
        "partial": partial,
        "loss": judged.loss,
        "confusion": judged.confusion.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
        "per_class_accuracy": judged.per_class_accuracy(),
        "energy_distribution": judged
            .region_shares
            .outer_iter()
            .zip(judged.per_class_accuracy())
            .map(|(row, judged)| judged.map(|_| row.to_vec()))
            .collect::<Vec<_>>(),
        "power_efficiency_input": judged.power_efficiency_input,
        "power_efficiency_output": judged.power_efficiency_output,
        "detector_share": judged.detector_share,
        "signal_contrast": judged.signal_contrast,
        "padding": device.design.padding(),
        "oversample": device.design.simulated.oversample,
        "extinction_coefficient": device.design.material.extinction_coefficient(),
        "plate": device.design.plate_model().name(),
        "modified_masks": device.modified,
        "data": data,
    });
    if args.json {
        print_json(&figures)?;
    } else {
        print(&report(&heading, &judged, &device.design.data.class_names))?;
    }
    if partial {
        return Err(stopped(judged.images, wanted, args.readings.as_deref()));
    }
    match &args.readings {
        Some(path) => readings.write(path, images),
        None => Ok(()),
    }
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

/// Judges a device on the first `limit` of `images`, with progress; an error of `stopped` ends it early.
pub(super) fn judge(
    engine: &dyn Engine,
    design: &Design,
    images: &Images,
    limit: Option<usize>,
    stopped: &dyn Fn() -> Option<Error>,
) -> Result<Evaluation> {
    judge_until(engine, design, images, limit, &|| stopped().map_or(Ok(true), Err), &|_, _, _| ())
}

/// [`judge`] up to where `go_on` says no ([`evaluate_until`]), with `note` told the readings, the class and the power of
/// the object of each image in its turn.
pub(super) fn judge_until(
    engine: &dyn Engine,
    design: &Design,
    images: &Images,
    limit: Option<usize>,
    go_on: &dyn Fn() -> Result<bool>,
    note: &dyn Fn(&[f64], usize, f64),
) -> Result<Evaluation> {
    let indices = first_images(images, limit)?;
    let Some(loss) = design.loss() else {
        return Err(Error::Usage(format!("{} forms images: it names no classes", design.name)));
    };
    let mut progress = Progress::new("evaluating", indices.len() as u64, "images");
    let judged = evaluate_until(
        engine,
        images,
        &indices,
        &|readings, label, entering| {
            note(readings, label, entering);
            loss.value(readings, label, entering)
        },
        &mut |done| {
            progress.update(done as u64, String::new);
            go_on()
        },
    );
    progress.finish();
    judged
}

/// Indices of the first `limit` of `images`.
pub(super) fn first_images(images: &Images, limit: Option<usize>) -> Result<Vec<usize>> {
    if limit == Some(0) {
        return Err(Error::Usage("--limit 0: there must be at least one image".into()));
    }
    Ok((0..images.len().min(limit.unwrap_or(usize::MAX))).collect())
}

/// The figures as text.
pub(super) fn report(heading: &str, judged: &Evaluation, classes: &[String]) -> String {
    let percent = |share: f64| format!("{:6.2} %", 100.0 * share);
    let mut text = format!("{heading}\n\n");
    let mut line = |name: &str, value: String, meaning: &str| {
        let _ = writeln!(text, "{name:<26}{value:>9}  {meaning}");
    };
    line("accuracy", percent(judged.accuracy()), &format!("of {} images", judged.images));
    if judged.loss.is_finite() {
        line("loss", format!("{:.4}  ", judged.loss), "mean of what the training minimises");
    }
    line(
        "power efficiency, input",
        percent(judged.power_efficiency_input),
        "true region / power of the object",
    );
    line("power efficiency, output", percent(judged.power_efficiency_output), "true region / detector plane");
    line("detector share", percent(judged.detector_share), "all regions / detector plane");
    line("signal contrast", percent(judged.signal_contrast), "(true - best other) / all regions");
    let _ = writeln!(text, "\nconfusion (rows: true class, columns: answer)");
    let _ = write!(text, "{:<15}", "");
    for class in 0..classes.len() {
        let _ = write!(text, "{class:>6}");
    }
    let _ = writeln!(text, "  accuracy");
    let accuracies = judged.per_class_accuracy();
    for ((class, row), accuracy) in judged.confusion.outer_iter().enumerate().zip(&accuracies) {
        let _ = write!(text, "{class:>2} {:<12}", classes.get(class).map_or("", String::as_str));
        for count in row {
            let _ = write!(text, "{count:>6}");
        }
        let _ = writeln!(text, "  {}", accuracy.map_or("       -".into(), percent));
    }
    let _ = writeln!(text, "\nmean share of each region in the collected power, % (rows: true class)");
    let _ = write!(text, "{:<15}", "");
    for region in 0..judged.region_shares.ncols() {
        let _ = match judged.region_shares.ncols() == 2 * classes.len() {
            true => write!(text, "{:>6}", format!("{}{}", region / 2, ["+", "-"][region % 2])),
            false => write!(text, "{region:>6}"),
        };
    }
    let _ = writeln!(text);
    for ((class, row), accuracy) in judged.region_shares.outer_iter().enumerate().zip(&accuracies) {
        let _ = write!(text, "{class:>2} {:<12}", classes.get(class).map_or("", String::as_str));
        for share in row {
            let _ = match accuracy {
                None => write!(text, "{:>6}", "-"),
                Some(_) => write!(text, "{:>6.1}", 100.0 * share),
            };
        }
        let _ = writeln!(text);
    }
    text
}
