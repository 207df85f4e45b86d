//! `d2nn export-stl`: each mask as a plate a printer prints.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::as_printed::PRINTED_IMAGES;
use super::phase_map::{PhaseMap, PhaseMapFlags};
use super::plate_flags::PlateFlags;
use super::stop::Stop;
use super::{DataFlag, ModifiedFlag, ThreadsFlag, as_exported, as_printed, print, print_json, print_report};
use crate::dataset::Split;
use crate::design::folder::PLATES;
use crate::design::{DesignFile, Work};
use crate::error::{Error, Result};
use crate::fabrication::StlFormat;
use crate::files::Place;

/// Arguments of `d2nn export-stl`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn export-stl layers/fashion-400ghz
  d2nn export-stl runs/fashion-400ghz --base \"1 mm\" --layer-height \"16 um\" --out plates
  d2nn export-stl layers/fashion-400ghz --printer polyjet-16um --price \"0.35 EUR/cm3\"
  d2nn export-stl layers/fashion-400ghz --layer-height \"16 um\" --frame \"6 mm\" --pin-holes \"3 mm\"
  d2nn export-stl phase.npy --pixel-pitch \"0.4 mm\" --wavelength \"0.75 mm\" --index 1.7227")]
pub struct ExportStlArgs {
    /// Device folder, or a phase map: a NumPy file of radians, shape (rows, columns)
    pub(super) device: PathBuf,
    #[command(flatten)]
    pub(super) modified: ModifiedFlag,
    /// Folder for the files (default: stl in the device folder or beside the phase map; export for other formats)
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) plate: PlateFlags,
    /// Printer: polyjet-16um, sla-50um, two-photon, that of the design's [printer], or none; overrides
    /// fabrication.printer
    #[arg(long, value_name = "NAME")]
    pub(super) printer: Option<String>,
    #[command(flatten)]
    pub(super) report: ReportFlags,
    /// One JSON object on stdout
    #[arg(long)]
    pub(super) json: bool,
    // Last: its heading would stand above what follows.
    #[command(flatten)]
    pub(super) map: PhaseMapFlags,
}

/// What only plates as STL files have: text, a printing report, and a simulation at the end.
#[derive(Debug, Args)]
pub(super) struct ReportFlags {
    /// Text instead of binary STL: two to three times the size
    #[arg(long)]
    ascii: bool,
    /// Grams a cubic centimetre of the material; overrides material.density
    #[arg(long, value_name = "G/CM3")]
    density: Option<f64>,
    /// Price of the material, such as "300 EUR/kg" or "0.35 USD/cm3"; overrides material.price
    #[arg(long, value_name = "PRICE")]
    price: Option<String>,
    /// Do not simulate the plates as exported
    #[arg(long)]
    no_check: bool,
    #[command(flatten)]
    data: DataFlag,
}

impl ReportFlags {
    /// The flags that are given, for a format that has none of this.
    pub(super) fn given(&self) -> Option<&'static str> {
        [
            ("--ascii", self.ascii),
            ("--density", self.density.is_some()),
            ("--price", self.price.is_some()),
            ("--no-check", self.no_check),
            ("--data", self.data.data.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
    }
}

/// Test images the plates are simulated with at the end: standard deviation of the accuracy of the same images,
/// designed and exported, is then below half a point. Images that are formed take longer and say more each.
const CHECKED_IMAGES: usize = 500;
const CHECKED_IMAGES_FORMED: usize = 50;

/// Runs `d2nn export-stl`.
///
/// # Errors
/// For a damaged device, wrong lengths, a folder that cannot be written, and a plate that fails its check.
pub fn run(args: ExportStlArgs) -> Result<()> {
    let ReportFlags { ascii, density, price, no_check, data } = &args.report;
    let change = |typed: &mut DesignFile| {
        args.plate.apply(typed);
        let (fabrication, material) = (&mut typed.fabrication, &mut typed.material);
        fabrication.printer = args.printer.clone().or(fabrication.printer.take());
        material.density = density.or(material.density);
        material.price = price.clone().or(material.price.take());
    };
    if let Some(map) = args.map.read(&args.device, &change)? {
        return run_map(&args, &map);
    }
    let device = args.modified.open_changed(&args.device, Work::Making, &change)?;
    let design = &device.design;
    let mut options = design.plate;
    if *ascii {
        options.format = StlFormat::Ascii;
    }
    as_exported::check_printable(&device.folder, design)?;
    let folder = args.out.unwrap_or_else(|| device.folder.join(PLATES));
    let _place = Place::folder(&folder)?;
    // Before anything is written: a wrong --data is no reason to leave half a job.
    let data = if *no_check { None } else { Some(data.load(design, Split::Test)?) };
    let report = print_report::of_plates(&device, &options, &folder, "exporting")?;
    let mut text = format!(
        "{}\nwritten to {} and read back: closed two-manifolds, volumes and heights as designed\n",
        report.text().trim_end(),
        folder.display()
    );
    let mut json = print_report::as_json(&report);
    let mut told = Ok(());
    if let Some(shown) = &data {
        let plates = as_exported::Plates::written(&folder, &report.plates, design)?;
        let compared = plates.compare(&device, &options)?;
        let limit = if design.forms_image() { CHECKED_IMAGES_FORMED } else { CHECKED_IMAGES };
        let stop = Stop::watch_judging()?;
        let threads = ThreadsFlag { threads: 0 };
        let judged =
            as_exported::judge(
                &device,
                &plates,
                &threads,
                &shown.images,
                Some(limit),
                &|| Ok(!stop.asked()),
            )?;
        told = judged.whole();
        let heading =
            format!("as exported, on the first {} test images of {}", judged.images, shown.origin());
        text += &format!("\n{heading}\n{}", judged.table());
        for warning in plates.warnings(&compared) {
            text += &format!("warning: {warning}\n");
        }
        json["as_exported"] = as_exported::as_json(&device, &plates, &compared, &judged, shown);
        let (images, limit) = (&shown.images, PRINTED_IMAGES.min(limit));
        let printed =
            as_printed::judge(&device, Some(&plates), &threads, images, limit, &|| Ok(!stop.asked()))?;
        if let Some(printed) = &printed {
            text += &format!("\n{}\n", printed.text());
            if let Some(warning) = printed.warning() {
                text += &format!("warning: {warning}\n");
            }
        } else if let Some(problem) = as_printed::why_not(&device, Some(&plates)) {
            text += &format!("\nwarning: {problem}\n");
        }
        json["as_printed"] = printed.as_ref().map_or(Value::Null, as_printed::Printed::as_json);
    }
    if args.json {
        print_json(&json)?
    } else {
        print(&text)?
    }
    told
}

/// A phase map, which has no device to be simulated in.
fn run_map(args: &ExportStlArgs, map: &PhaseMap) -> Result<()> {
    if args.report.data.data.is_some() {
        return Err(Error::Usage(format!(
            "--data: {} is a phase map and no device, so no images are simulated: leave it out",
            args.device.display()
        )));
    }
    let mut options = map.mask.plate;
    if args.report.ascii {
        options.format = StlFormat::Ascii;
    }
    let folder = args.out.clone().unwrap_or_else(|| map.folder.join(PLATES));
    let _place = Place::folder(&folder)?;
    let report = print_report::of_phase_map(map, &options, &folder)?;
    if args.json {
        return print_json(&print_report::as_json(&report));
    }
    print(&format!(
        "{}\nwritten to {} and read back: a closed two-manifold, volume and heights as in the array\n",
        report.text().trim_end(),
        folder.display()
    ))
}
