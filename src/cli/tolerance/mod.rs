//! `d2nn tolerance`: accuracy against each kind of error that building a device makes.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::progress::Progress;
use super::stop::Stop;
use super::trial::first_images;
use super::{DataFlag, ModifiedFlag, SimulationFlags, ThreadsFlag, data_note, print, print_json, say};
use crate::dataset::Split;
use crate::design::Device;
use crate::design::folder::PLOTS;
use crate::error::{Error, Result};
use crate::evaluation::{Outcome, Study, simulated_images, tolerance};
use crate::files::Place;
use crate::named::Named;
use crate::plots::PictureFormat;

pub(super) mod report;
pub(super) mod sizes;

/// Arguments of `d2nn tolerance`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn tolerance layers/fashion-400ghz --shift-xy \"0.1 mm, 0.2 mm, 0.4 mm\"
  d2nn tolerance layers/fashion-400ghz --rotation \"0.5 deg, 1 deg\" --levels 2,4,8,16 --json
  d2nn tolerance layers/fashion-400ghz --detector-noise \"1e3, 1e4\" --read-noise 10
  d2nn tolerance layers/fashion-400ghz --power \"1 uW, 10 uW, 100 uW\" --nep \"1 nW\" --exposure \"20 ms\"
  d2nn tolerance layers/fashion-400ghz --all --oversample 1 --out tolerance.svg

Sizes are lists; an error of size 0 is the device as designed. docs/tolerance.md says what each kind means.")]
pub struct ToleranceArgs {
    /// Device folder
    device: PathBuf,
    #[command(flatten)]
    modified: ModifiedFlag,
    /// Masks and detector aside, evenly up to this far along y and x: "0.1 mm, 0.2 mm"
    #[arg(long, value_name = "LENGTHS", allow_hyphen_values = true)]
    shift_xy: Option<String>,
    /// Masks and detector along the axis, evenly up to this far: "0.5 mm, 1 mm"
    #[arg(long, value_name = "LENGTHS", allow_hyphen_values = true)]
    shift_z: Option<String>,
    /// Masks turned in their planes, evenly up to this angle: "0.5 deg, 1 deg"
    #[arg(long, value_name = "ANGLES", allow_hyphen_values = true)]
    rotation: Option<String>,
    /// Height of each pixel off by a normal number of this standard deviation: "10 um, 20 um"
    #[arg(long, value_name = "LENGTHS", allow_hyphen_values = true)]
    height_noise: Option<String>,
    /// Heights rounded to this many equal steps of a full turn: "2, 4, 8"
    #[arg(long, value_name = "NUMBERS")]
    levels: Option<String>,
    /// Light longer and light shorter by this share: "0.5 %, 1 %"
    #[arg(long, value_name = "SHARES", allow_hyphen_values = true)]
    wavelength: Option<String>,
    /// Photons that all regions together count for the mean image, with the noise of counting: "1e3, 1e4"
    #[arg(long, value_name = "NUMBERS")]
    detector_noise: Option<String>,
    /// Noise of each region in the dark, with --detector-noise: rms photons (default: none)
    #[arg(long, value_name = "PHOTONS")]
    read_noise: Option<f64>,
    /// Power of the light behind the object, mean image, with the noise of photons and of --nep: "1 uW, 10 uW"
    #[arg(long, value_name = "POWERS", allow_hyphen_values = true)]
    power: Option<String>,
    /// Noise-equivalent power of each region, with --power: watts per root hertz, written as a power, "1 nW" (default: none)
    #[arg(long, value_name = "POWER", allow_hyphen_values = true)]
    nep: Option<String>,
    /// Time over which each region gathers light, with --power: "20 ms" (default: 1 s)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    exposure: Option<String>,
    /// Every kind but --power, at sizes that follow from the device where none are given
    #[arg(long)]
    all: bool,
    /// Draws of each kind and size
    #[arg(long, value_name = "N", default_value_t = 5)]
    draws: usize,
    /// The first N test images; more cost little, with fewer than one and a half for each value
    /// of an image (1,177 for 28 x 28) each image is simulated by itself
    #[arg(long, value_name = "N", default_value_t = 2000)]
    limit: usize,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Picture, PNG or SVG by its ending (default: plots/tolerance.png in the device folder)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: DataFlag,
    #[command(flatten)]
    simulation: SimulationFlags,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: ThreadsFlag,
}

impl ToleranceArgs {
    /// The lists of sizes, in the order of [`sizes::KINDS`].
    fn lists(&self) -> [Option<&str>; sizes::KINDS.len()] {
        [
            &self.shift_xy,
            &self.shift_z,
            &self.rotation,
            &self.height_noise,
            &self.levels,
            &self.wavelength,
            &self.detector_noise,
            &self.power,
        ]
        .map(Option::as_deref)
    }
}

/// Runs `d2nn tolerance`.
///
/// # Errors
/// For a damaged device, one that forms images, absent or damaged data, lists that cannot be read, sizes by which planes
/// would meet, and a picture that cannot be written.
pub fn run(args: ToleranceArgs) -> Result<()> {
    let device = args.modified.open_as(&args.device, &args.simulation)?;
    let design = &device.design;
    if design.forms_image() {
        return Err(Error::Usage(format!(
            "{} forms images: the tolerance of answers is what is judged here",
            args.device.display()
        )));
    }
    let disturbances = sizes::wanted(&args, design)?;
    let readout = sizes::readout(&args, &disturbances)?;
    let (path, format) = picture(&args, &device)?;
    let _place = Place::file(&path)?;
    let shown = args.data.load(design, Split::Test)?;
    let indices = first_images(&shown.images, Some(args.limit))?;
    let study = Study {
        values: &device.masks,
        turn: design.material.height(std::f64::consts::TAU, design.bench.wavelength),
        images: &shown.images,
        indices: &indices,
        draws: args.draws,
        seed: args.seed,
        readout,
    };
    let engine = args.threads.bare_engine(design.simulated.clone())?;
    let stop = Stop::watch_judging()?;
    let total = simulated_images(&disturbances, args.draws, indices.len());
    let mut progress = Progress::new("disturbing", total as u64, "images");
    let judged = tolerance(&engine, &study, &disturbances, &mut |done| {
        progress.update(done as u64, String::new);
        Ok(!stop.asked())
    });
    progress.finish();
    let Some((undisturbed, outcomes)) = judged? else {
        return Err(Error::Interrupted(
            "stopped before the device was judged as designed: nothing is told, and no picture is written"
                .into(),
        ));
    };
    let runs = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| outcome.draws.len()).sum::<usize>();
    let wanted = disturbances.iter().map(|kind| kind.runs(args.draws)).sum::<usize>();
    let partial = runs(&outcomes) < wanted;
    let samples = design.simulated.oversample;
    let note = format!(
        "{} {}, {} plates, {samples} x {samples} samples a pixel",
        indices.len(),
        data_note(shown.is_sample(), shown.published)
            .map_or("test images".into(), |note| format!("test images of the {note}")),
        design.plate_model().name()
    );
    let title = format!("{}: accuracy against errors of building it", design.name);
    // The figures before the picture: they are the work.
    if args.json {
        print_json(&json!({
            "images": indices.len(),
            "partial": partial,
            "seed": args.seed,
            "read_noise": readout.read_noise,
            "exposure": readout.exposure,
            "noise_equivalent_power": readout.noise_equivalent_power,
            "accuracy": undisturbed.accuracy,
            "power_efficiency_input": undisturbed.power_efficiency_input,
            "disturbances": outcomes.iter().map(report::as_json).collect::<Vec<_>>(),
            "oversample": design.simulated.oversample,
            "samples_in_plates": design.simulated.samples_in_plates(),
            "plate": design.plate_model().name(),
            "data": shown.as_json(),
        }))?;
    } else {
        print(&report::table(&shown.heading_of_first(indices.len(), design), &undisturbed, &outcomes))?;
    }
    if partial {
        return Err(Error::Interrupted(format!(
            "stopped after {} of {wanted} runs: the figures are of these alone; {} is not written",
            runs(&outcomes),
            path.display()
        )));
    }
    report::draw(&report::curves(&undisturbed, &outcomes), args.draws, &title, Some(&note), &path, format)?;
    say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Where the picture goes, and as what.
fn picture(args: &ToleranceArgs, device: &Device) -> Result<(PathBuf, PictureFormat)> {
    let path = args.out.clone().unwrap_or_else(|| device.folder.join(PLOTS).join("tolerance.png"));
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("png") => PictureFormat::Png,
        Some("svg") => PictureFormat::Svg,
        _ => {
            return Err(Error::Usage(format!(
                "--out {}: name a file that ends in .png or .svg",
                path.display()
            )));
        }
    };
    Ok((path, format))
}
