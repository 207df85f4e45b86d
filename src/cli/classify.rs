//! `d2nn classify`: readings and class for the user's own pictures.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ndarray::Axis;
use serde_json::json;

use super::{ThreadsFlag, open_device, print, print_json};
use crate::dataset::picture::{self, Invert};
use crate::detector::brightest;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// Arguments of `d2nn classify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each picture becomes a 28 x 28 grey image as docs/data.md describes: padded to a square, \
averaged down, and inverted when its border is bright, because the data sets show bright things on black.

Example:
  d2nn classify layers/fashion-400ghz shirt.png boot.jpg"
)]
pub struct ClassifyArgs {
    /// Device folder
    device: PathBuf,
    /// PNG or JPEG files of any size, grey or colour
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Whether to exchange dark and bright
    #[arg(long, value_enum, default_value_t = InvertName::Auto)]
    invert: InvertName,
    /// One JSON array on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: ThreadsFlag,
}

/// Whether to exchange dark and bright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum InvertName {
    Auto,
    Never,
    Always,
}

impl From<InvertName> for Invert {
    fn from(name: InvertName) -> Self {
        match name {
            InvertName::Auto => Invert::Auto,
            InvertName::Never => Invert::Never,
            InvertName::Always => Invert::Always,
        }
    }
}

/// Runs `d2nn classify`.
///
/// # Errors
/// For a damaged device and pictures that cannot be read.
pub fn run(args: ClassifyArgs) -> Result<()> {
    let device = open_device(&args.device)?;
    if device.design.forms_image() {
        return Err(Error::Usage(format!(
            "{} forms images (detector.layout = \"image\"): it has no classes to choose from; `d2nn plot {0} detector \
             --image-file PICTURE` shows what it makes of a picture",
            args.device.display()
        )));
    }
    let engine = args.threads.engine(&device)?;
    let (rows, columns) = device.design.bench.object.image();
    let classes = device.design.data.class_names();
    let mut text = String::new();
    let mut values = Vec::new();
    for path in &args.images {
        let fitted = picture::read(path, rows, columns, args.invert.into())?;
        let image = fitted.image.mapv(|value| f32::from(value) / 255.0).insert_axis(Axis(0));
        let readings = engine.readings(image.view())?.regions.row(0).to_vec();
        let total: f64 = readings.iter().sum();
        let shares: Vec<f64> =
            readings.iter().map(|reading| if total > 0.0 { reading / total } else { 0.0 }).collect();
        let answer = brightest(&readings);
        let _ = writeln!(text, "{}: {} ({})", path.display(), classes[answer], fitted.describe());
        for (class, share) in shares.iter().enumerate() {
            let bar = "#".repeat((share * 40.0).round() as usize);
            let mark = if class == answer { '>' } else { ' ' };
            let _ = writeln!(text, "{mark} {class} {:<12} {:5.1} % {bar}", classes[class], 100.0 * share);
        }
        values.push(json!({
            "file": path.display().to_string(),
            "class": answer,
            "name": classes[answer],
            "readings": readings,
            "shares": shares,
            "fitted": fitted.describe(),
        }));
    }
    if args.json { print_json(&serde_json::Value::Array(values)) } else { print(&text) }
}
