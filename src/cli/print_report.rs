//! The printing report: of plates that are written now, and for programs.

use std::path::Path;

use serde_json::{Value, json};

use super::phase_map::PhaseMap;
use super::progress::Progress;
use crate::design::Device;
use crate::error::Result;
use crate::fabrication::{Making, PlateOptions, PlateReport, PrintReport, Profile, export_profiles};
use crate::grid::Grid;

/// Writes the masks of `device` as plates into `folder`, with progress called `what`, and reports on them.
pub(super) fn of_plates(
    device: &Device,
    options: &PlateOptions,
    folder: &Path,
    what: &str,
) -> Result<PrintReport> {
    let design = &device.design;
    let making = Making {
        wavelength: design.bench.wavelength,
        material: &design.material,
        stock: &design.stock,
        modulation: design.bench.modulation,
        printer: design.printer.as_ref(),
    };
    let masks: Vec<Profile<'_>> = device.masks.iter().map(|phase| Profile::Phases(phase.view())).collect();
    of_profiles(&masks, &design.bench.mask_grids(), &making, options, folder, &design.name, what)
}

/// Writes the one plate of `map` into `folder`, as [`of_plates`].
pub(super) fn of_phase_map(map: &PhaseMap, options: &PlateOptions, folder: &Path) -> Result<PrintReport> {
    let mask = &map.mask;
    let making = Making {
        wavelength: mask.wavelength,
        material: &mask.material,
        stock: &mask.stock,
        modulation: mask.modulation,
        printer: mask.printer.as_ref(),
    };
    of_profiles(&[map.profile()], &[mask.grid], &making, options, folder, &map.name, "exporting")
}

fn of_profiles(
    masks: &[Profile<'_>],
    grids: &[Grid],
    making: &Making<'_>,
    options: &PlateOptions,
    folder: &Path,
    name: &str,
    what: &str,
) -> Result<PrintReport> {
    let mut progress = Progress::new(what, masks.len() as u64, "plates");
    let mut done = 0;
    let (wavelength, material) = (making.wavelength, making.material);
    let reports = export_profiles(masks, grids, wavelength, material, options, folder, name, |_| {
        done += 1;
        progress.update(done, String::new);
    });
    progress.finish();
    let phases: Vec<_> = masks.iter().map(|mask| mask.phases(wavelength, material)).collect();
    let phases: Vec<_> = phases.iter().map(|phase| phase.view()).collect();
    Ok(PrintReport::new(reports?, &phases, making))
}

/// The report as one JSON object; lengths in metres, volumes in cubic metres, masses in grams.
pub(super) fn as_json(report: &PrintReport) -> Value {
    let stock = &report.stock;
    let plate = |(index, (plate, clipped)): (usize, (&PlateReport, &f64))| {
        let [low, mean, high] = plate.thickness;
        json!({
            "file": plate.file.display().to_string(),
            "mask": index + 1,
            "unit": plate.unit.name(),
            "triangles": plate.triangles,
            "bytes": plate.bytes,
            "bounding_box": plate.bounding_box,
            "volume": plate.volume,
            "mass": stock.mass(plate.volume),
            "price": stock.cost(plate.volume),
            "base": plate.base,
            "step": plate.step,
            "pixel_pitch": plate.pixel_pitch,
            "relief": [plate.relief.0, plate.relief.1],
            "thickness": {"min": low, "mean": mean, "max": high},
            "levels": plate.survey.levels,
            "saddles": plate.survey.saddles,
            "corners": plate.survey.corners,
            "islands": plate.survey.islands,
            "pillars": plate.survey.pillars,
            "clipped_share": clipped,
            "phase_error": {"rms": plate.rms_phase_error, "max": plate.max_phase_error},
        })
    };
    let plates = report.plates.iter().zip(&report.clipped).enumerate();
    json!({
        "plates": plates.map(plate).collect::<Vec<_>>(),
        "volume": report.volume(),
        "mass": stock.mass(report.volume()),
        "price": stock.cost(report.volume()),
        "currency": stock.price.as_ref().map(|price| &price.currency),
        "printer": report.printer.as_ref().map(|printer| &printer.name),
        "warnings": report.warnings,
    })
}
