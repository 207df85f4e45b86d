//! `d2nn full-wave`: a piece of a plate before a judge that solves Maxwell's equations.

use std::path::{Path, PathBuf};

use clap::Args;
use ndarray::Ix0;
use serde_json::json;

use super::subject::Subject;
use super::{DataFlag, ModifiedFlag, SimulationFlags, print, print_json};
use crate::bench::{Beam, Bench};
use crate::dataset::Split;
use crate::design::{Design, Device};
use crate::element::{Placed, PlateModel, Thickness};
use crate::error::{Error, Result};
use crate::field::WaveField;
use crate::files::{Place, read_bytes, write_bytes};
use crate::named::Named;
use crate::npy::{Archive, ArchiveWriter};
use crate::reference::Network;
use crate::units::{Metres, format_length, parse_length, parse_positive_length};

mod models;
mod piece;

use models::MODELS;
use piece::{Cut, PlatePiece, field};

/// The script that solves a piece with Meep.
const SCRIPT: &str = include_str!("full-wave.py");
/// What the files are.
const README: &str = include_str!("README.md");
/// Names of the files.
const FILES: [&str; 3] = ["full-wave.py", "light.npz", "README.md"];
/// Bytes of the largest result that is read: six fields of 3,000 x 3,000 samples, more than any solver finds.
const MOST: u64 = 1 << 30;

/// Arguments of `d2nn full-wave`.
#[derive(Debug, Args)]
#[command(
    after_help = "Writes full-wave.py, a script for Meep, with light.npz, the heights of a piece of the plate and the light that \
falls on it. The script writes result.npz, and --result compares it with the models of d2nn: docs/full-wave.md.

Examples:
  d2nn full-wave layers/fashion-400ghz --mask 2 --crop \"4 mm\" --out piece
  /usr/bin/python3 piece/full-wave.py
  d2nn full-wave --result piece/result.npz"
)]
pub struct FullWaveArgs {
    /// Device folder
    #[arg(required_unless_present = "result")]
    device: Option<PathBuf>,
    #[command(flatten)]
    modified: ModifiedFlag,
    /// Number of the mask, 1 the nearest to the object
    #[arg(long, value_name = "N", default_value_t = 1)]
    mask: usize,
    /// Side of the piece, whole pixels
    #[arg(long, value_name = "LENGTH", default_value = "8 mm")]
    crop: String,
    /// Plate around the piece in which the light fades out, whole pixels (default: two of them)
    #[arg(long, value_name = "LENGTH")]
    margin: Option<String>,
    /// Middle of the piece from the middle of the mask, to the right and down
    #[arg(long, num_args = 2, value_names = ["X", "Y"], default_values = ["0 mm", "0 mm"], allow_hyphen_values = true)]
    at: Vec<String>,
    /// Number of the test image whose light falls on it
    #[arg(long, value_name = "N", default_value_t = 0)]
    image: usize,
    #[command(flatten)]
    data: DataFlag,
    #[command(flatten)]
    simulation: SimulationFlags,
    /// Folder for script, light and README
    #[arg(long, value_name = "DIR", required_unless_present = "result")]
    out: Option<PathBuf>,
    /// Compare what the script wrote with the models
    #[arg(long, value_name = "FILE.npz", conflicts_with_all = ["device", "out"])]
    result: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs `d2nn full-wave`.
///
/// # Errors
/// For damaged devices and results, pieces that do not fit, and places that cannot be written to.
pub fn run(args: FullWaveArgs) -> Result<()> {
    match (&args.result, &args.device, &args.out) {
        (Some(result), ..) => compare(result, args.json),
        (None, Some(device), Some(out)) => write(&args, device, out),
        // Clap has asked for both.
        _ => Err(Error::Usage("full-wave needs a device and --out, or --result".into())),
    }
}

fn write(args: &FullWaveArgs, folder: &Path, out: &Path) -> Result<()> {
    let device = args.modified.open_as(folder, &args.simulation)?;
    let design = &device.design;
    // The piece has its thickness whatever the design simulates.
    let Some(thickness) = design.thickness() else {
        return Err(Error::Usage(format!(
            "{}: its masks are no reliefs with a thickness, only those of mask.modulation = \"phase\" are",
            folder.display()
        )));
    };
    let cut = cut(args, design)?;
    let test = args.data.load(design, Split::Test)?;
    let subject = Subject::of_test_image(&device, &test.images, args.image)?;
    let _place = Place::files(out, FILES)?;
    // What a solver is given has the samples of light in plastic everywhere.
    let thickness = Thickness { finer: 1, ..thickness };
    // Of the pixels of the bench; those of the mask are as wide, or whole times as wide.
    let pitch = design.bench.grid().pixel_pitch();
    let light = design.bench.in_beam(&chief_beam(&design.bench, args.mask - 1)).wavelength;
    let samples = thickness.samples(pitch, light).max(design.simulated.oversample);
    let whole =
        Bench { plate: Some(thickness), ..design.bench.clone() }.sampled(samples, design.padding())?;
    whole.check()?;
    let before = Before::new(&device, args.mask - 1, &whole, thickness);
    let light = before.light(&subject)?;
    let phases = &device.masks[args.mask - 1];
    let piece =
        PlatePiece::of(cut, phases, &whole, args.mask - 1, thickness, before.bench.wavelength, &light)?;
    let mut archive = ArchiveWriter::default();
    piece.write(&mut archive)?;
    for model in MODELS {
        archive.add(model.name(), &piece.behind(model)?.amplitude)?;
    }
    write_bytes(&out.join(FILES[1]), &archive.finish()?)?;
    write_bytes(&out.join(FILES[0]), SCRIPT.as_bytes())?;
    write_bytes(&out.join(FILES[2]), README.as_bytes())?;
    let falling = piece.incident.power() / light.power();
    let files: Vec<String> = FILES.iter().map(|name| out.join(name).display().to_string()).collect();
    if args.json {
        return print_json(&json!({
            "files": files,
            "mask": args.mask,
            "first_pixel": [cut.first.0, cut.first.1],
            "pixels": cut.side,
            "margin": cut.margin,
            "samples": piece.oversample(),
            "image": args.image,
            "plate": plates(design).name(),
            "share_of_light": falling,
        }));
    }
    print(&format!(
        "{}\n{} x {} pixels of mask {} from row {} and column {} on, {} of margin in them; {:.3} % of the light that falls on \
         the mask, of {}, behind {} plates\n",
        files.join("\n"),
        cut.side,
        cut.side,
        args.mask,
        cut.first.0,
        cut.first.1,
        format_length(cut.margin as f64 * piece.pixel_pitch, 4),
        100.0 * falling,
        subject.name,
        plates(design).name(),
    ))
}

/// Which part of the mask the flags ask for.
fn cut(args: &FullWaveArgs, design: &Design) -> Result<Cut> {
    let bench = &design.bench;
    let masks = bench.all_masks();
    if !(1..=masks).contains(&args.mask) {
        return Err(Error::Usage(format!("--mask {}: the masks are 1 to {masks}", args.mask)));
    }
    let pitch = bench.mask_grid(args.mask - 1).pixel_pitch();
    let pixels = |flag: &str, text: &str, length: Metres| {
        let pixels = (length / pitch).round();
        if (pixels * pitch - length).abs() > 1e-6 * pitch {
            return Err(Error::Usage(format!(
                "{flag} \"{text}\": whole pixels of {}, such as \"{}\"",
                format_length(pitch, 6),
                format_length(pixels.max(1.0) * pitch, 6)
            )));
        }
        Ok(pixels as usize)
    };
    let wrong = |flag: &str| {
        let flag = flag.to_owned();
        move |problem: String| Error::Usage(format!("{flag}: {problem}"))
    };
    let side = pixels("--crop", &args.crop, parse_positive_length(&args.crop).map_err(wrong("--crop"))?)?;
    let margin = match &args.margin {
        None => 2,
        Some(text) => {
            let length = parse_length(text).map_err(wrong("--margin"))?;
            if length < 0.0 {
                return Err(Error::Usage(format!("--margin \"{text}\": it must not be below zero")));
            }
            pixels("--margin", text, length)?
        }
    };
    let at = args.at.iter().map(|text| parse_length(text).map_err(wrong("--at")));
    let at = at.collect::<Result<Vec<_>>>()?;
    Cut::new(bench.mask_shape(args.mask - 1), pitch, (side, margin), (at[1], at[0]))
}

/// How the plates in front of the piece are simulated.
fn plates(design: &Design) -> PlateModel {
    design.simulated.plate_model()
}

/// The beam that light is shown of on mask `number`, counted over all networks from 0, of `bench`.
fn chief_beam(bench: &Bench, number: usize) -> Beam {
    bench.beams()[bench.chief_beam(number / bench.masks())]
}

/// A device up to the front face of one of its plates, as the chief of its beams sees it.
struct Before<'a> {
    device: &'a Device,
    /// What is in front of the plate.
    bench: Bench,
    /// Number of its network.
    network: usize,
    /// Its number in it.
    mask: usize,
}

impl<'a> Before<'a> {
    /// In front of mask `number`, counted over all networks from 0, of `whole`, whose plates have the thickness
    /// `thickness`.
    fn new(device: &'a Device, number: usize, whole: &Bench, thickness: Thickness) -> Self {
        let (network, mask) = (number / whole.masks(), number % whole.masks());
        let mut bench = whole.in_beam(&chief_beam(whole, number));
        bench.plate = device.design.simulated.plate;
        bench.gaps.truncate(mask + 1);
        bench.mask_pixels.truncate(mask);
        bench.gaps[mask] -= thickness.base;
        bench.optics.retain(|placed| placed.gap <= mask);
        Before { device, bench, network, mask }
    }

    /// Light on the front face.
    fn light(&self, subject: &Subject) -> Result<WaveField<f64>> {
        let whole = &self.device.design.simulated;
        let first = self.network * whole.arrays();
        let values = &self.device.masks[first..first + whole.arrays()];
        // Values of other optics come last; those behind the plate are not met.
        let others = self.bench.optics.iter().map(arrays_of).sum::<usize>();
        let met = values[..self.mask].iter().chain(&values[whole.masks()..whole.masks() + others]);
        let network = Network::new(self.bench.clone(), met.map(|values| values.mapv(f64::from)).collect())?;
        Ok(network.light(subject.image.view())?.detector)
    }
}

fn arrays_of(placed: &Placed) -> usize {
    placed.element.arrays()
}

/// What a solver found, against the models.
fn compare(path: &Path, as_json: bool) -> Result<()> {
    let mut archive =
        Archive::open_packed(read_bytes(path, MOST)?, MOST).map_err(|problem| Error::file(path, problem))?;
    let piece = PlatePiece::read(path, &mut archive)?;
    let behind = field(path, &mut archive, "behind", piece.incident.grid().pixel_pitch())?;
    if behind.grid() != piece.incident.grid() {
        return Err(Error::file(path, "behind and incident have not the same samples"));
    }
    let mut number = |name: &str| {
        archive.part::<f64, Ix0>(name).map(|value| value.into_scalar()).map_err(|e| Error::file(path, e))
    };
    let (transmitted, cells) = (number("transmitted")?, number("cells")?);
    let found = piece.travelling(&behind)?;
    let fallen = piece.travelling(&piece.incident)?.power();
    if fallen == 0.0 {
        return Err(Error::file(path, "incident is dark: there is nothing to compare"));
    }
    let mut rows = vec![("full wave", 1.0, found.power() / fallen)];
    for model in MODELS {
        let behind = piece.travelling(&piece.behind(model)?)?;
        rows.push((model.name(), behind.correlation(&found), behind.power() / fallen));
    }
    if as_json {
        let models: Vec<_> = rows[1..]
            .iter()
            .map(
                |(model, likeness, power)| json!({ "model": model, "correlation": likeness, "power": power }),
            )
            .collect();
        return print_json(&json!({
            "result": path.display().to_string(),
            "cells_per_wavelength": cells,
            "transmitted": transmitted,
            "power": rows[0].2,
            "models": models,
        }));
    }
    let mut text = format!(
        "{}: {cells:.1} cells a wavelength in the plate, {:.1} % of the power goes through it\n\n{:<12}{:>12}{:>8}\n",
        path.display(),
        100.0 * transmitted,
        "",
        "correlation",
        "power"
    );
    for (name, likeness, power) in rows {
        text += &format!("{name:<12}{likeness:>12.3}{power:>8.3}\n");
    }
    text += "\ncorrelation: |<a, b>|^2/(<a, a> <b, b>) of the waves that travel behind the plate, a by the model, b by the solver\n\
             power: sum of |u|^2 of these waves, over that of the light on the front face\n";
    print(&text)
}
