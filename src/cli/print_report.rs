//! The printing report: of plates that are written now, and for programs.

use std::path::Path;

use serde_json::{Value, json};

use super::progress::Progress;
use crate::design::Device;
use crate::error::Result;
use crate::fabrication::{Making, PlateOptions, PlateReport, PrintReport, export_plates};

/// Writes the masks of `device` as plates into `folder`, with progress called `what`, and reports on them.
pub(super) fn of_plates(
    device: &Device,
    options: &PlateOptions,
    folder: &Path,
    what: &str,
) -> Result<PrintReport> {
    let design = &device.design;
    let masks: Vec<_> = device.masks.iter().map(|phase| phase.view()).collect();
    let mut progress = Progress::new(what, masks.len() as u64, "plates");
    let mut done = 0;
    let reports = export_plates(
        &masks,
        &design.bench.grid(),
        design.bench.wavelength,
        &design.material,
        options,
        folder,
        &design.name,
        |_| {
            done += 1;
            progress.update(done, String::new);
        },
    );
    progress.finish();
    let making = Making {
        pixel_pitch: design.bench.grid().pixel_pitch(),
        wavelength: design.bench.wavelength,
        material: &design.material,
        stock: &design.stock,
        modulation: design.bench.modulation,
        printer: design.printer.as_ref(),
    };
    Ok(PrintReport::new(reports?, &masks, &making))
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
