//! The desk: one file a verb.
//!
//! Data goes to stdout, progress and errors to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage or wrong
//! design file, 130 stopped by the user, with what was done saved or told.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::design::folder::{has_masks, is_device_folder, is_underway};
use crate::design::{Angle, Design, DesignFile, Device, Length, Work};
use crate::element::PlateModel;
use crate::engine::{Engine, Simulator};
use crate::error::{Error, Result};
use crate::named::Named;

pub mod advice;
mod answers;
mod as_exported;
mod as_printed;
mod camera_flags;
mod classify;
mod completions;
mod convergence;
mod data;
mod evaluate;
mod export;
mod export_kit;
mod export_stl;
mod figures;
mod full_wave;
mod images;
mod imaging;
mod inspect;
mod judgement;
mod lock;
mod man;
mod mask_words;
mod phase_map;
mod picture_flags;
mod plate_flags;
mod plot;
mod presets;
mod print_report;
mod progress;
mod propagate;
mod readings;
mod report;
mod set;
mod source;
mod stop;
mod subject;
mod sweep;
mod tolerance;
mod train;
mod trial;
mod view;

use images::{DataFlag, LabelledImages, check_images};

/// Simulates, trains and fabricates diffractive optical neural networks.
#[derive(Debug, Parser)]
#[command(
    name = "d2nn",
    version,
    max_term_width = 100,
    after_help = "Examples:
  d2nn train                               train the default device into runs/fashion-400ghz
  d2nn evaluate runs/fashion-400ghz        how well it answers, and with how much of the light
  d2nn plot runs/fashion-400ghz all        pictures of it
  d2nn export-stl runs/fashion-400ghz      its masks as plates for a printer

Exit codes: 0 done, 1 failed, 2 wrong usage or wrong design file, 130 stopped by Ctrl-C."
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Train a device
    Train(train::TrainArgs),
    /// Train a design in many variations, and compare them
    Sweep(sweep::SweepArgs),
    /// Judge a device on labelled images
    Evaluate(evaluate::EvaluateArgs),
    /// How much a device suffers from errors of building it: accuracy against each kind
    Tolerance(Box<tolerance::ToleranceArgs>),
    /// Classify your own pictures
    Classify(classify::ClassifyArgs),
    /// Draw the detector plane, the masks, the training, the confusion matrix, the light
    Plot(plot::PlotArgs),
    /// Write all about a device as one page: figures, masks, light, mistakes, tables, printing
    Report(report::ReportArgs),
    /// Show a device in the browser: draw an image and see where its light goes, set the bench wrong
    View(view::ViewArgs),
    /// Write each mask as a plate a printer prints
    ExportStl(export_stl::ExportStlArgs),
    /// Write all that is needed to build the device: plates, object, detector, holder, assembly sheet
    ExportKit(export_kit::ExportKitArgs),
    /// Write each mask as a 3MF, PNG, TIFF, CSV, NumPy or GDSII file, or as a frame for a light modulator
    Export(Box<export::ExportArgs>),
    /// Data sheet and sampling report of a device or a design
    Inspect(inspect::InspectArgs),
    /// Write a piece of a plate for a solver of Maxwell's equations, and compare what that finds
    FullWave(Box<full_wave::FullWaveArgs>),
    /// Propagate any field through free space
    Propagate(propagate::PropagateArgs),
    /// Where data sets are, and fetching them
    Data(data::DataArgs),
    /// Script that lets a shell complete the command line
    Completions(completions::CompletionsArgs),
    /// Manual pages
    Man(man::ManArgs),
}

impl Cli {
    /// What was typed; help and wrong usage end the program.
    pub fn from_command_line() -> Self {
        Self::from_arg_matches(&with_negative_numbers(Self::command()).get_matches())
            .unwrap_or_else(|error| error.exit())
    }

    /// Does what the command line asks for.
    ///
    /// # Errors
    /// Whatever the verb returns; [`Error::exit_code`] says how to leave.
    pub fn run(self) -> Result<()> {
        match self.verb {
            Verb::Train(args) => train::run(args),
            Verb::Sweep(args) => sweep::run(args),
            Verb::Evaluate(args) => evaluate::run(args),
            Verb::Tolerance(args) => tolerance::run(*args),
            Verb::Classify(args) => classify::run(args),
            Verb::Plot(args) => plot::run(args),
            Verb::Report(args) => report::run(args),
            Verb::View(args) => view::run(args),
            Verb::ExportStl(args) => export_stl::run(args),
            Verb::ExportKit(args) => export_kit::run(args),
            Verb::Export(args) => export::run(*args),
            Verb::Inspect(args) => inspect::run(args),
            Verb::FullWave(args) => full_wave::run(*args),
            Verb::Propagate(args) => propagate::run(args),
            Verb::Data(args) => data::run(args),
            Verb::Completions(args) => completions::run(&args),
            Verb::Man(args) => man::run(&args),
        }
    }
}

/// `-5` is told to be too small and not taken for a flag that is not there.
fn with_negative_numbers(command: Command) -> Command {
    command
        .mut_args(|arg| match arg.get_action().takes_values() {
            true => arg.allow_negative_numbers(true),
            false => arg,
        })
        .mut_subcommands(with_negative_numbers)
}

/// How a device is simulated, where that is not as its design says.
#[derive(Debug, Default, Args)]
struct SimulationFlags {
    /// Samples along one side of a pixel; overrides bench.oversample
    #[arg(long, value_name = "S")]
    oversample: Option<usize>,
    /// Side of the padded window over the side of the plane; overrides bench.padding
    #[arg(long, value_name = "P")]
    padding: Option<f64>,
    /// Absorption of the plates; overrides material.extinction_coefficient
    #[arg(long, value_name = "KAPPA")]
    extinction_coefficient: Option<f64>,
    /// How the plates are simulated: thin, or with their thickness and samples inside fine enough for it; overrides mask.plate
    #[arg(long, value_name = "MODEL", value_parser = plate_model)]
    plate: Option<PlateModel>,
    /// Slices of a relief with its thickness; overrides mask.slices
    #[arg(long, value_name = "N")]
    slices: Option<usize>,
    /// Vacuum wavelengths of the light, such as "0.7 mm,0.8 mm"; overrides source.wavelengths
    #[arg(long, value_name = "LENGTHS", value_delimiter = ',')]
    wavelengths: Vec<Length>,
    /// Half the angle of an incoherent source seen from the object, such as "1 deg"; overrides source.half_angle
    #[arg(long, value_name = "ANGLE")]
    half_angle: Option<Angle>,
    /// Points that stand for the source; overrides source.points
    #[arg(long, value_name = "N")]
    points: Option<usize>,
    /// Run a design that the sampling rules refuse
    #[arg(long)]
    allow_aliasing: bool,
}

/// Fewest slices of the wave propagation method where the design does not ask for it: a slice is crossed as one medium, and
/// it takes more of them than split steps do.
const WPM_SLICES: usize = 16;

/// Reads the name of a model of plates.
fn plate_model(name: &str) -> std::result::Result<PlateModel, String> {
    PlateModel::named(name).ok_or_else(|| format!("the models are {}", PlateModel::NAMES.join(", ")))
}

impl SimulationFlags {
    /// Puts the flags over the keys of `typed`.
    fn apply(&self, typed: &mut DesignFile) {
        let bench = &mut typed.bench;
        if let Some(samples) = self.oversample {
            bench.oversample = samples;
            // How it was trained is past, and must not stand in the way of a coarser look.
            typed.training.oversample = typed.training.oversample.min(samples.max(1));
        }
        if let Some(model) = self.plate {
            typed.mask.plate = model;
            if model == PlateModel::Thin {
                // What the design says of its thickness is of no use, and no mistake.
                let usual = DesignFile::default().mask;
                typed.mask.slices = usual.slices;
                typed.mask.finer = usual.finer;
                typed.mask.reference_index = usual.reference_index;
            } else {
                // Light inside plates needs four samples a wavelength in them.
                let samples = 4.0 * typed.material.refractive_index * bench.pixel_pitch.value();
                let samples = (samples / bench.wavelength.value()).ceil() as usize;
                typed.mask.finer = typed.mask.finer.max(samples.div_ceil(bench.oversample.max(1)));
            }
        }
        if self.plate == Some(PlateModel::WavePropagation) {
            typed.mask.slices = typed.mask.slices.max(WPM_SLICES);
        }
        typed.mask.slices = self.slices.unwrap_or(typed.mask.slices);
        let source = &mut typed.source;
        if !self.wavelengths.is_empty() {
            source.wavelengths.clone_from(&self.wavelengths);
            source.weights.clear();
        }
        source.half_angle = self.half_angle.clone().unwrap_or_else(|| source.half_angle.clone());
        source.points = self.points.unwrap_or(source.points);
        bench.padding = self.padding.unwrap_or(bench.padding);
        bench.allow_aliasing |= self.allow_aliasing;
        let kappa = &mut typed.material.extinction_coefficient;
        *kappa = self.extinction_coefficient.unwrap_or(*kappa);
    }
}

/// How many threads simulate.
#[derive(Debug, Args)]
struct ThreadsFlag {
    /// Threads that simulate (0: one a core); the result does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
}

impl ThreadsFlag {
    /// Most threads that make sense anywhere.
    const MAX: usize = 1024;

    /// Refuses more threads than make sense.
    fn check(&self) -> Result<()> {
        if self.threads > Self::MAX {
            return Err(Error::Usage(format!("--threads {}: at most {}", self.threads, Self::MAX)));
        }
        Ok(())
    }

    /// An engine for `device` with its masks set.
    fn engine(&self, device: &Device) -> Result<Simulator> {
        let mut engine = self.bare_engine(device.design.simulated.clone())?;
        engine.set_masks(&device.masks)?;
        Ok(engine)
    }

    /// An engine with open masks.
    fn bare_engine(&self, bench: crate::bench::Bench) -> Result<Simulator> {
        self.check()?;
        Simulator::of(bench, self.threads)
    }
}

/// A line to stderr; that nobody reads it any more (`2>&1 | head`) is no reason to stop working.
pub fn say(text: &str) {
    // One write, so that lines of several threads do not mix.
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Whether masks may be others than those the device was judged with.
#[derive(Clone, Copy, Debug, Default, Args)]
struct ModifiedFlag {
    /// Do not warn of masks that were edited after the training
    #[arg(long)]
    allow_modified: bool,
}

impl ModifiedFlag {
    /// The device in `folder`; a path that is no folder is a usage error with advice.
    fn open(self, folder: &Path) -> Result<Device> {
        self.open_changed(folder, Work::Simulation, &|_| ())
    }

    /// [`ModifiedFlag::open`] with flags over its design.
    fn open_as(self, folder: &Path, flags: &SimulationFlags) -> Result<Device> {
        self.open_changed(folder, Work::Simulation, &|typed| flags.apply(typed))
    }

    /// [`ModifiedFlag::open`] for `work`, with its design changed by `change`.
    fn open_changed(self, folder: &Path, work: Work, change: &dyn Fn(&mut DesignFile)) -> Result<Device> {
        let device = self.open_for_masks(folder, work, change)?;
        warn_of_design(&device.design);
        if is_underway(folder) {
            say(&format!(
                "warning: {0}: its training is not finished: these are masks on the way, and not yet trained for all that is simulated; \
                 `d2nn train {0} --resume` goes on, with the --data it was begun with",
                folder.display()
            ));
        }
        Ok(device)
    }

    /// The device in `folder` for the sake of its masks: what is to be said of its design is left out.
    fn open_for_masks(self, folder: &Path, work: Work, change: &dyn Fn(&mut DesignFile)) -> Result<Device> {
        if let Some(advice) = advice_for(folder) {
            return Err(Error::Usage(format!("{} is not a device folder: {advice}", folder.display())));
        }
        if is_underway(folder) && !has_masks(folder) {
            let problem = format!(
                "it has no masks yet: `d2nn train {} --resume` goes on with its training",
                folder.display()
            );
            return Err(Error::file(folder, problem));
        }
        let device = Device::open_as(folder, work, change)?;
        if !self.allow_modified
            && let Some(masks) = modified_masks(&device)
        {
            say(&format!(
                "warning: {}: {masks} not as trained (another checksum than in provenance.toml): the figures there are of \
                 other masks; --allow-modified silences this",
                folder.display()
            ));
        }
        Ok(device)
    }
}

/// What to do about `path` when it is no folder, or one that holds devices instead of being one.
fn advice_for(path: &Path) -> Option<String> {
    if is_device_folder(path) {
        return None;
    }
    if let Some(parent) = path.parent().filter(|parent| path.is_file() && is_device_folder(parent)) {
        // The parent of a bare name is empty.
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        return Some(format!("name the folder it lies in, {}", parent.display()));
    }
    let below = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut devices: Vec<String> =
        below.filter(|path| is_device_folder(path)).map(|path| path.display().to_string()).collect();
    devices.sort();
    match devices.as_slice() {
        // The design that is missing is told by who reads it.
        [] if path.is_dir() => None,
        [] => Some("`d2nn train` makes one, and layers/ has trained ones".into()),
        devices => Some(format!("it holds {}", devices.join(", "))),
    }
}

/// Masks that were edited after the training, as the subject of a sentence.
fn modified_masks(device: &Device) -> Option<String> {
    let numbers: Vec<String> = device.modified.iter().map(usize::to_string).collect();
    match numbers.as_slice() {
        [] => None,
        [one] => Some(format!("mask {one} is")),
        [first @ .., last] => Some(format!("masks {} and {last} are", first.join(", "))),
    }
}

/// What is wrong with the sampling of a design that is run all the same, and which of its keys do nothing.
fn warn_of_design(design: &Design) {
    for warning in design.warnings.iter().chain(&design.idle_keys) {
        say(&format!("warning: {warning}"));
    }
}

/// The note that pictures and tables made with the built-in sample carry.
fn sample_note(sample: bool) -> Option<&'static str> {
    sample.then_some("built-in sample of Fashion-MNIST, not the full data set")
}

/// The note that pictures and tables carry that were made with other files than the published ones.
fn data_note(sample: bool, published: Option<bool>) -> Option<&'static str> {
    sample_note(sample).or((published == Some(false)).then_some("data that are not the published files"))
}

/// To stdout; that the reader has gone (`| head`) is no failure.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", &PathBuf::from("standard output"), source))
        }
        _ => Ok(()),
    }
}

/// One JSON value on stdout.
fn print_json(value: &serde_json::Value) -> Result<()> {
    print(&format!("{value:#}\n"))
}
