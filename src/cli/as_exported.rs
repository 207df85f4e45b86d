//! Plates read back from their files and judged beside the design: what is printed is what was simulated.

use std::f64::consts::TAU;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde_json::{Value, json};

use super::figures::json_of;
use super::judgement::figures;
use super::trial::Trial;
use super::{LabelledImages, ThreadsFlag};
use crate::bench::Bench;
use crate::dataset::Images;
use crate::design::folder::{PLATES, is_device_folder};
use crate::design::{Design, Device};
use crate::element::{Modulation, Thickness};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{Figure, FigureUnit};
use crate::fabrication::{
    Comparison, Exported, HeightMap, Lie, PlateFile, PlateOptions, PlateReport, compare, find_plates,
    read_plates,
};
use crate::named::Named;
use crate::units::{Metres, format_length};

/// The plates of a device as their files have them.
pub(super) struct Plates {
    folder: PathBuf,
    files: Vec<PlateFile>,
    exported: Exported,
}

/// The plates beside the masks of a device.
pub(super) struct Compared {
    plates: Vec<Comparison>,
    /// Step of the heights they were compared in, metres.
    step: Metres,
    /// Step of the design's heights, where that is another one.
    other_step: Option<Metres>,
}

/// What a device does with its masks as designed, and with its plates as exported.
pub(super) struct AsExported {
    designed: Vec<Figure>,
    /// None where the work was stopped before the last image: then `designed` too may be of fewer than `wanted` images.
    exported: Option<Vec<Figure>>,
    /// Images that were judged as designed; as exported too, where there are such figures.
    pub(super) images: usize,
    /// Images that both were to be judged on.
    wanted: usize,
}

/// The device a folder of plates belongs to: the one that holds it as its `stl`.
///
/// # Errors
/// [`Error::Usage`] when it lies elsewhere.
pub(super) fn device_of(plates: &Path) -> Result<PathBuf> {
    let whole = plates.canonicalize().map_err(|source| Error::io("read", plates, source))?;
    match whole.parent() {
        Some(parent) if whole.ends_with(PLATES) && is_device_folder(parent) => Ok(parent.to_owned()),
        _ => Err(Error::Usage(format!(
            "--stl {}: it is not the folder {PLATES} of a device; name the device the plates belong to as well",
            plates.display()
        ))),
    }
}

/// Only masks of phases are plates.
pub(super) fn check_printable(folder: &Path, design: &Design) -> Result<()> {
    if design.bench.modulation.is_phase() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{}: only masks of mask.modulation = \"phase\" have heights to print",
        folder.display()
    )))
}

impl Plates {
    /// Reads the plates in `folder`, one for each mask of `device`.
    ///
    /// # Errors
    /// For masks that are no reliefs, and plates that are missing, damaged or of another device.
    pub(super) fn in_folder(folder: &Path, device: &Device) -> Result<Self> {
        check_printable(&device.folder, &device.design)?;
        let files = find_plates(folder, device.design.bench.all_masks())?;
        let exported = read_plates(&files, &device.design.bench.mask_grids())?;
        Ok(Plates { folder: folder.to_owned(), files, exported })
    }

    /// Reads the plates that were just written to `folder`.
    ///
    /// # Errors
    /// As [`Plates::in_folder`].
    pub(super) fn written(folder: &Path, reports: &[PlateReport], design: &Design) -> Result<Self> {
        let file = |report: &PlateReport| PlateFile { path: report.file.clone(), unit: report.unit };
        let files: Vec<PlateFile> = reports.iter().map(file).collect();
        let exported = read_plates(&files, &design.bench.mask_grids())?;
        Ok(Plates { folder: folder.to_owned(), files, exported })
    }

    /// The plates beside the masks of `device`, whose heights have the relief of `options`.
    ///
    /// # Errors
    /// As [`HeightMap::from_phase`].
    pub(super) fn compare(&self, device: &Device, options: &PlateOptions) -> Result<Compared> {
        let maps = height_maps(device, options)?;
        let (material, wavelength) = (&device.design.material, device.design.bench.wavelength);
        let plates = compare(&self.exported, &maps, material, wavelength);
        Ok(Compared { plates, step: maps[0].step(), other_step: None })
    }

    /// [`Plates::compare`] with the relief the plates seem to have, where that is not the design's.
    ///
    /// # Errors
    /// As [`HeightMap::from_phase`].
    pub(super) fn compare_as_found(&self, device: &Device) -> Result<Compared> {
        let design = &device.design;
        let step = height_maps(device, &design.plate)?[0].step();
        let turn = design.material.height(TAU, design.bench.wavelength);
        let relief = self.exported.relief(design.plate.relief, step, turn);
        let compared = self.compare(device, &PlateOptions { relief, ..design.plate })?;
        Ok(Compared { other_step: (relief != design.plate.relief).then_some(step), ..compared })
    }

    /// The masks these plates are, what they do to light, and how thick they are: as `designed`, with the base and the highest relief
    /// they have.
    pub(super) fn as_thick(
        &self,
        design: &Design,
        designed: Thickness,
    ) -> (Modulation, Vec<Array2<f32>>, Thickness) {
        let (modulation, masks) = self.exported.masks(&design.material, design.bench.wavelength);
        let (low, high) = self.exported.range();
        // A plate without any relief is a slab, in slices of next to no height.
        let relief = (high - low).max(1e-3 * designed.relief);
        (modulation, masks, Thickness { base: low, relief, ..designed })
    }

    fn file_name(&self, index: usize) -> String {
        let path = &self.files[index].path;
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// What the comparison tells a person, a sentence each, with advice.
    pub(super) fn warnings(&self, compared: &Compared) -> Vec<String> {
        let plates = compared.plates.iter().enumerate();
        plates.filter_map(|(index, plate)| warning(&self.file_name(index), index + 1, plate)).collect()
    }
}

fn height_maps(device: &Device, options: &PlateOptions) -> Result<Vec<HeightMap>> {
    let design = &device.design;
    let (bench, wavelength) = (&design.bench, design.bench.wavelength);
    let map = |(number, mask): (usize, &Array2<f32>)| {
        let (base, relief) = (options.base_thickness, options.relief);
        HeightMap::from_phase(
            mask.view(),
            &bench.mask_grid(number),
            wavelength,
            &design.material,
            base,
            relief,
        )
    };
    device.masks.iter().enumerate().map(map).collect()
}

fn warning(file: &str, mask: usize, plate: &Comparison) -> Option<String> {
    if let Some(likeness) = plate.looks_like {
        let lie = match likeness.lie {
            Lie::STRAIGHT => String::new(),
            lie => format!(", {lie}"),
        };
        return Some(if likeness.mask == mask {
            format!("{file} looks like its mask{lie}: export it again, or undo that where it was done")
        } else {
            format!(
                "{file} looks like mask {}{lie}, not like mask {mask}: were plates swapped? Export them again",
                likeness.mask
            )
        });
    }
    if plate.other_pixels == 0 {
        return None;
    }
    let (row, column) = plate.largest_at;
    let beyond = match plate.beyond {
        0 => String::new(),
        beyond => format!(", {beyond} of them beyond its relief"),
    };
    let advice = if 2 * plate.other_pixels > plate.pixels {
        "it is another relief, of other masks perhaps; export it again"
    } else {
        "export it again, unless that was meant"
    };
    Some(format!(
        "{file}: {} of {} pixels differ from the design by more than half a step{beyond}, the most by {} at \
         [{row}, {column}]; {advice}",
        plate.other_pixels,
        plate.pixels,
        format_length(plate.largest, 4)
    ))
}

/// Judges `device` as designed and as exported on the first `limit` of `images`.
///
/// # Errors
/// As [`figures`].
pub(super) fn judge(
    device: &Device,
    plates: &Plates,
    threads: &ThreadsFlag,
    images: &Images,
    limit: Option<usize>,
    go_on: &dyn Fn() -> Result<bool>,
) -> Result<AsExported> {
    let design = &device.design;
    let (modulation, masks, plate) = match design.simulated.plate {
        // The base is one of the thickness that was found, and absorbs and delays as that.
        Some(designed) => {
            let (modulation, masks, thickness) = plates.as_thick(design, designed);
            (modulation, masks, Some(thickness))
        }
        None => {
            let (modulation, masks) = plates.exported.masks(&design.material, design.bench.wavelength);
            (modulation, masks, None)
        }
    };
    let bench = Bench { modulation, plate, ..design.simulated.clone() };
    // One engine at a time: its plans are what takes memory.
    let trial = Trial { go_on, ..Trial::of(design, images, limit) };
    let wanted = trial.wanted()?;
    let (designed, images) = figures(&threads.engine(device)?, &trial)?;
    let mut judged = AsExported { designed, exported: None, images, wanted };
    if images == wanted {
        let mut engine = threads.bare_engine(bench)?;
        engine.set_masks(&masks)?;
        let (exported, images) = figures(&engine, &trial)?;
        judged.exported = (images == wanted).then_some(exported);
    }
    Ok(judged)
}

impl AsExported {
    /// The figures side by side, as text.
    pub(super) fn table(&self) -> String {
        let mut text = format!("{:<26}{:>11}{:>11}{:>15}\n", "", "designed", "exported", "difference");
        for (index, designed) in self.designed.iter().enumerate() {
            // A loss that needs more than the readings of regions is not known here.
            if designed.value.is_nan() {
                continue;
            }
            let label = designed.label;
            let told = |figure: &Figure| match figure.unit {
                FigureUnit::Share => figure.told(),
                _ => format!("{:.4}", figure.value),
            };
            let designed_text = told(designed);
            let Some(exported) = self.exported.as_ref().map(|figures| &figures[index]) else {
                let _ = writeln!(text, "{label:<26}{designed_text:>11}{:>11}{:>15}", "-", "-");
                continue;
            };
            let difference = exported.value - designed.value;
            let difference = if designed.unit == FigureUnit::Share {
                format!("{} points", signed(100.0 * difference, 2))
            } else {
                signed(difference, 4)
            };
            let exported_text = told(exported);
            let _ = writeln!(text, "{label:<26}{designed_text:>11}{exported_text:>11}{difference:>15}");
        }
        let _ = match self.exported {
            Some(_) => writeln!(text, "of {} images, simulated with both", self.images),
            None => writeln!(text, "of {} images, simulated as designed alone", self.images),
        };
        text
    }

    /// [`Error::Interrupted`] where the work was stopped.
    pub(super) fn whole(&self) -> Result<()> {
        if self.exported.is_some() {
            return Ok(());
        }
        Err(Error::Interrupted(format!(
            "stopped before the plates were judged on all of {} images: only their heights are compared",
            self.wanted
        )))
    }
}

/// A difference with its sign; none where it is nothing.
fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:+.digits$}");
    if text.contains(|c: char| ('1'..='9').contains(&c)) { text } else { text[1..].to_owned() }
}

/// The plates, the figures and the warnings as text.
pub(super) fn report(
    device: &Device,
    plates: &Plates,
    compared: &Compared,
    judged: &AsExported,
    shown: &LabelledImages,
) -> String {
    let mut text =
        format!("{}\nas read back from {}\n\n", shown.heading(&device.design), plates.folder.display());
    if let Some(step) = compared.other_step {
        let _ = writeln!(
            text,
            "heights in steps of {} where the design has {}: compared with the design in the same steps\n",
            format_length(compared.step, 4),
            format_length(step, 4)
        );
    }
    let names: Vec<String> = (0..compared.plates.len()).map(|index| plates.file_name(index)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let _ = writeln!(text, "{:<width$}  {:>14}{:>14}{:>16}", "plate", "rms", "largest", "other pixels");
    for (name, plate) in names.iter().zip(&compared.plates) {
        let _ = writeln!(
            text,
            "{name:<width$}  {:>14}{:>14}{:>16}  {}",
            format_length(plate.rms, 3),
            format_length(plate.largest, 3),
            format!("{} of {}", plate.other_pixels, plate.pixels),
            if plate.exact {
                "heights as designed".to_owned()
            } else if plate.thicker == 0.0 {
                String::new()
            } else {
                let word = if plate.thicker > 0.0 { "thicker" } else { "thinner" };
                format!("{} {word} than designed", format_length(plate.thicker.abs(), 4))
            }
        );
    }
    text.push('\n');
    text += &judged.table();
    for warning in plates.warnings(compared) {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}

/// The plates, the figures and the warnings for programs.
pub(super) fn as_json(
    device: &Device,
    plates: &Plates,
    compared: &Compared,
    judged: &AsExported,
    shown: &LabelledImages,
) -> Value {
    let design = &device.design;
    let plate = |(index, plate): (usize, &Comparison)| {
        json!({
            "file": plates.file_name(index),
            "mask": index + 1,
            "as_designed": plate.exact,
            "rms_difference": plate.rms,
            "largest_difference": plate.largest,
            "largest_at": [plate.largest_at.0, plate.largest_at.1],
            "other_pixels": plate.other_pixels,
            "pixels_beyond": plate.beyond,
            "thicker": plate.thicker,
            "looks_like": plate.looks_like.map(|likeness| json!({
                "mask": likeness.mask,
                "lie": likeness.lie.to_string(),
            })),
        })
    };
    json!({
        "step": compared.step,
        "plates": compared.plates.iter().enumerate().map(plate).collect::<Vec<_>>(),
        "designed": json_of(&judged.designed),
        "exported": judged.exported.as_deref().map(json_of),
        "images": judged.images,
        "partial": judged.exported.is_none(),
        "warnings": plates.warnings(compared),
        "padding": design.padding(),
        "oversample": design.simulated.oversample,
        "plate": design.plate_model().name(),
        "samples_in_plates": design.simulated.samples_in_plates(),
        "extinction_coefficient": design.material.extinction_coefficient(),
        "data": shown.as_json(),
    })
}
