//! `d2nn export`: each mask in a form that some machine takes.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::export_stl::{self, ExportStlArgs};
use super::progress::Progress;
use super::{as_exported, print, print_json};
use crate::design::folder::EXPORTS;
use crate::design::{DesignFile, Work};
use crate::error::{Error, Result};
use crate::fabrication::formats::LookupTable;
use crate::fabrication::formats::slm::{MAX_SIDE, Panel};
use crate::fabrication::{DeviceMasks, Format, Profile};
use crate::files::{Place, read_text};

/// Arguments of `d2nn export`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn export layers/fashion-400ghz --format png16 --layer-height \"16 um\"
  d2nn export layers/fashion-400ghz --format 3mf --frame \"6 mm\" --out plates
  d2nn export layers/fashion-400ghz --format gds --levels 16
  d2nn export runs/fashion-visible-slm --format slm --panel 1920x1080 --lut measured.csv
  d2nn export phase.npy --format png16 --pixel-pitch \"8 um\" --wavelength \"532 nm\" --index 1.5")]
pub struct ExportArgs {
    /// What is written
    #[arg(long, value_name = "FORMAT")]
    format: FormatName,
    #[command(flatten)]
    plates: ExportStlArgs,
    #[command(flatten)]
    slm: SlmFlags,
}

/// Formats by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Plates, as `d2nn export-stl` writes them
    Stl,
    /// Plates with unit, name and metadata
    #[value(name = "3mf")]
    ThreeMf,
    /// Greyscale pictures of the relief, 16 bits
    Png16,
    /// The same as TIFF
    Tiff16,
    /// Heights as text
    Csv,
    /// Heights in metres, NumPy arrays
    Npy,
    /// Layouts with one layer a level, GDSII; takes --levels or --layer-height
    Gds,
    /// Frames for a spatial light modulator, with its lookup table
    Slm,
}

/// The modulator.
#[derive(Debug, Args)]
struct SlmFlags {
    /// Pixels of the modulator, columns x rows (default: 1920x1080); for slm
    #[arg(long, value_name = "CxR", value_parser = panel)]
    panel: Option<(usize, usize)>,
    /// Pixels of the modulator along one side of a pixel of the mask (default: 1); for slm
    #[arg(long, value_name = "N")]
    panel_scale: Option<usize>,
    /// Measured lookup table, lines of "grey,phase in radians" (default: 256 greys to a turn); for slm
    #[arg(long, value_name = "FILE")]
    lut: Option<PathBuf>,
}

/// A lookup table has 256 lines; what is a thousand times longer is something else.
const LARGEST_TABLE: u64 = 1 << 20;

/// Reads "1920x1080": columns, rows.
fn panel(text: &str) -> std::result::Result<(usize, usize), String> {
    let side = |text: &str| text.parse().ok().filter(|side| (1..=MAX_SIDE).contains(side));
    text.split_once(['x', 'X'])
        .and_then(|(columns, rows)| side(columns).zip(side(rows)))
        .ok_or_else(|| format!("columns x rows, such as 1920x1080, each 1 to {MAX_SIDE}"))
}

impl SlmFlags {
    fn given(&self) -> Option<&'static str> {
        [
            ("--panel", self.panel.is_some()),
            ("--panel-scale", self.panel_scale.is_some()),
            ("--lut", self.lut.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
    }

    fn panel(&self) -> Result<Panel> {
        let mut panel = Panel::default();
        (panel.columns, panel.rows) = self.panel.unwrap_or((panel.columns, panel.rows));
        if let Some(repeats) = self.panel_scale {
            if !(1..=MAX_SIDE).contains(&repeats) {
                return Err(Error::Usage(format!("--panel-scale {repeats}: it must be 1 to {MAX_SIDE}")));
            }
            panel.repeats = repeats;
        }
        if let Some(path) = &self.lut {
            let text = read_text(path, LARGEST_TABLE)?;
            panel.table = LookupTable::parse(&text).map_err(|problem| Error::file(path, problem))?;
        }
        Ok(panel)
    }
}

/// Runs `d2nn export`.
///
/// # Errors
/// For a damaged device, wrong lengths, flags of another format, a lookup table that is none, what the format cannot
/// hold, and a folder that cannot be written.
pub fn run(args: ExportArgs) -> Result<()> {
    let refused = |flag: Option<&'static str>, of: &str| match flag {
        Some(flag) => Err(Error::Usage(format!("{flag} is of --format {of}: leave it out"))),
        None => Ok(()),
    };
    if args.format != FormatName::Slm {
        refused(args.slm.given(), "slm")?;
    }
    let format = match args.format {
        FormatName::Stl => return export_stl::run(args.plates),
        FormatName::ThreeMf => Format::ThreeMf,
        FormatName::Png16 => Format::Png16,
        FormatName::Tiff16 => Format::Tiff16,
        FormatName::Csv => Format::Csv,
        FormatName::Npy => Format::Npy,
        FormatName::Gds => Format::Gds,
        FormatName::Slm => Format::Slm(args.slm.panel()?),
    };
    let plates = args.plates;
    refused(plates.report.given(), "stl")?;
    let change = |typed: &mut DesignFile| {
        plates.plate.apply(typed);
        let fabrication = &mut typed.fabrication;
        fabrication.printer = plates.printer.clone().or(fabrication.printer.take());
    };
    if let Some(map) = plates.map.read(&plates.device, &change)? {
        let masks = DeviceMasks {
            name: &map.name,
            masks: &[map.profile()],
            grids: &[map.mask.grid],
            wavelength: map.mask.wavelength,
            material: &map.mask.material,
            options: &map.mask.plate,
        };
        let folder = plates.out.unwrap_or_else(|| map.folder.join(EXPORTS));
        return export(&masks, &format, &folder, plates.json);
    }
    let device = plates.modified.open_changed(&plates.device, Work::Making, &change)?;
    let design = &device.design;
    as_exported::check_printable(&device.folder, design)?;
    let folder = plates.out.unwrap_or_else(|| device.folder.join(EXPORTS));
    let profiles: Vec<Profile<'_>> = device.masks.iter().map(|phase| Profile::Phases(phase.view())).collect();
    let masks = DeviceMasks {
        name: &design.name,
        masks: &profiles,
        grids: &design.bench.mask_grids(),
        wavelength: design.bench.wavelength,
        material: &design.material,
        options: &design.plate,
    };
    export(&masks, &format, &folder, plates.json)
}

/// Writes the files and says so.
fn export(masks: &DeviceMasks<'_>, format: &Format, folder: &Path, json: bool) -> Result<()> {
    let _place = Place::folder(folder)?;
    let mut progress = Progress::new("exporting", masks.masks.len() as u64, "masks");
    let sidecar = masks.export(format, folder, |done| progress.update(done as u64, String::new));
    progress.finish();
    let sidecar = sidecar?;
    if json {
        return print_json(&sidecar.json);
    }
    let mut text = format!(
        "{}\nwritten to {} and read back; {} says what they hold\n",
        sidecar.text(),
        folder.display(),
        sidecar.path.display()
    );
    for warning in sidecar.warnings() {
        text += &format!("warning: {warning}\n");
    }
    print(&text)
}
