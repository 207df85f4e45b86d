//! `d2nn export-stl`: each mask as a plate a printer prints.

use std::path::PathBuf;

use clap::Args;

use super::progress::Progress;
use super::{open_device, print};
use crate::design::folder::PLATES;
use crate::design::resolve::length;
use crate::error::{Error, Result};
use crate::fabrication::{Relief, StlFormat, export_plates, format_reports};
use crate::files::create_folder;

/// Arguments of `d2nn export-stl`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn export-stl layers/fashion-400ghz
  d2nn export-stl runs/fashion-400ghz --base \"1 mm\" --layer-height \"16 um\" --out plates")]
pub struct ExportStlArgs {
    /// Device folder
    device: PathBuf,
    /// Folder for the plates (default: stl in the device folder)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Thickness below the relief, such as "1 mm"; overrides fabrication.base_thickness
    #[arg(long, value_name = "LENGTH")]
    base: Option<String>,
    /// Round heights to N levels of a full turn; overrides the design
    #[arg(long, value_name = "N", conflicts_with = "layer_height")]
    levels: Option<u32>,
    /// Round heights to whole printer layers, such as "16 um"; overrides the design
    #[arg(long, value_name = "LENGTH")]
    layer_height: Option<String>,
    /// Text instead of binary STL: two to three times the size
    #[arg(long)]
    ascii: bool,
}

/// Runs `d2nn export-stl`.
///
/// # Errors
/// For a damaged device, wrong lengths, a folder that cannot be written, and a plate that fails its check.
pub fn run(args: ExportStlArgs) -> Result<()> {
    let length = |flag: &str, text: &str| length(flag, text).map_err(Error::Usage);
    let device = open_device(&args.device)?;
    let design = &device.design;
    let mut options = design.plate;
    if let Some(base) = &args.base {
        options.base_thickness = length("--base", base)?;
    }
    if let Some(height) = &args.layer_height {
        options.relief = Relief::LayerHeight(length("--layer-height", height)?);
    }
    if let Some(levels) = args.levels {
        if !(2..=65_536).contains(&levels) {
            return Err(Error::Usage(format!("--levels {levels}: it must be 2 to 65536")));
        }
        options.relief = Relief::Levels(levels);
    }
    if args.ascii {
        options.format = StlFormat::Ascii;
    }
    if !design.bench.modulation.is_phase() {
        return Err(Error::Usage(format!(
            "{}: only masks of mask.modulation = \"phase\" have heights to print",
            device.folder.display()
        )));
    }
    let folder = args.out.unwrap_or_else(|| device.folder.join(PLATES));
    create_folder(&folder)?;
    let masks: Vec<_> = device.masks.iter().map(|phase| phase.view()).collect();
    let mut progress = Progress::new("exporting", masks.len() as u64, "plates");
    let mut done = 0;
    let reports = export_plates(
        &masks,
        &design.bench.grid(),
        design.bench.wavelength,
        &design.material,
        &options,
        &folder,
        &design.name,
        |_| {
            done += 1;
            progress.update(done, String::new);
        },
    );
    progress.finish();
    let reports = reports?;
    print(&format!(
        "{}\nwritten to {} and read back: closed two-manifolds, volumes and heights as designed\n",
        format_reports(&reports).trim_end(),
        folder.display()
    ))
}
