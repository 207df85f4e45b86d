//! The plates of a device: one STL file a mask, each read back and judged before it takes its name.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ndarray::ArrayView2;

use crate::error::{Error, Result};
use crate::fabrication::frame::Framed;
use crate::fabrication::height_map::HeightMap;
use crate::fabrication::mesh::PlateMesh;
use crate::fabrication::profile::Profile;
use crate::fabrication::solid_file::export_solid;
use crate::fabrication::stl::{StlScale, StlUnit};
use crate::fabrication::survey::Survey;
use crate::files;
use crate::grid::Grid;
use crate::material::Material;
use crate::plate::PlateOptions;
use crate::units::{Metres, Radians, format_length, grouped, trimmed};

/// What was written, and found when it was read back.
#[derive(Clone, Debug, PartialEq)]
pub struct PlateReport {
    /// The file.
    pub file: PathBuf,
    /// Unit of its coordinates.
    pub unit: StlUnit,
    /// Triangles in it.
    pub triangles: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Extent along x, y and z, in metres.
    pub bounding_box: [Metres; 3],
    /// Volume of material, in cubic metres.
    pub volume: f64,
    /// Thickness under the relief, in metres.
    pub base: Metres,
    /// Lowest and highest relief above the base, in metres.
    pub relief: (Metres, Metres),
    /// Root mean square phase error of the heights as exported, in radians.
    pub rms_phase_error: Radians,
    /// Largest phase error of the heights as exported, in radians.
    pub max_phase_error: Radians,
    /// Side of a pixel, in metres.
    pub pixel_pitch: Metres,
    /// One step of height, in metres.
    pub step: Metres,
    /// Lowest, mean and highest thickness over the pixels, in metres.
    pub thickness: [Metres; 3],
    /// What the relief is like.
    pub survey: Survey,
    /// Euler number of its surface: 2, less 2 for each hole through the frame.
    pub euler_number: i64,
    /// What is engraved on the frame, beside the arrow; empty where nothing is.
    pub engraved: String,
    /// Time to mesh, write, read back and judge it.
    pub seconds: f64,
}

/// Name of the file of mask `number` (from 1, the mask nearest the object): `<name>-mask-1.mm.stl`.
///
/// The unit stands in the name because an STL file has no other place that slicers show.
pub fn plate_file_name(name: &str, number: usize, unit: StlUnit) -> String {
    format!("{name}-mask-{number}.{}.stl", unit.name())
}

/// Writes one STL file for each of `masks` into `folder`, reads it back and judges it.
///
/// Masks are phases in radians, in the order light meets them, each of the shape of its grid in `grids`; a single grid is that of
/// all. `done` is called after each plate. A file takes its name only after its check; a plate that fails leaves the older file of that name as it
/// was. The bytes depend on the arguments alone, not on the number of threads.
///
/// # Errors
/// [`Error::Value`] for no masks, another number of grids, a name that is not a file name, and as [`HeightMap::from_phase`];
/// [`Error::Io`] when the folder cannot be written to; [`Error::File`] when a plate fails its check.
#[allow(clippy::too_many_arguments)] // The device in four facts, then what to do with it.
pub fn export_plates<T: Copy + Into<f64>>(
    masks: &[ArrayView2<'_, T>],
    grids: &[Grid],
    wavelength: Metres,
    material: &Material,
    options: &PlateOptions,
    folder: &Path,
    name: &str,
    mut done: impl FnMut(&PlateReport),
) -> Result<Vec<PlateReport>> {
    let map = |index: usize, grid: &Grid| {
        let (base, relief) = (options.base_thickness, options.relief);
        HeightMap::from_phase(masks[index].view(), grid, wavelength, material, base, relief)
    };
    export_maps(masks.len(), &map, grids, options, folder, name, &mut done)
}

/// [`export_plates`] for phases or heights.
///
/// # Errors
/// As [`export_plates`], and as [`HeightMap::from_heights`].
#[allow(clippy::too_many_arguments)] // As above.
pub fn export_profiles(
    profiles: &[Profile<'_>],
    grids: &[Grid],
    wavelength: Metres,
    material: &Material,
    options: &PlateOptions,
    folder: &Path,
    name: &str,
    mut done: impl FnMut(&PlateReport),
) -> Result<Vec<PlateReport>> {
    let map = |index: usize, grid: &Grid| {
        profiles[index].height_map(grid, wavelength, material, options.base_thickness, options.relief)
    };
    export_maps(profiles.len(), &map, grids, options, folder, name, &mut done)
}

fn export_maps(
    masks: usize,
    map: &dyn Fn(usize, &Grid) -> Result<HeightMap>,
    grids: &[Grid],
    options: &PlateOptions,
    folder: &Path,
    name: &str,
    done: &mut dyn FnMut(&PlateReport),
) -> Result<Vec<PlateReport>> {
    check_named_masks(masks, name)?;
    check_grids(masks, grids)?;
    files::create_folder(folder)?;
    let mut reports = Vec::with_capacity(masks);
    for index in 0..masks {
        let (start, grid) = (Instant::now(), grid_of(grids, index));
        let map = map(index, grid).map_err(|error| of_mask(index + 1, error))?;
        let file = folder.join(plate_file_name(name, index + 1, StlUnit::for_pitch(grid.pixel_pitch())));
        let mut report = export_plate(&map, grid, &file, name, index + 1, options)?;
        report.seconds = start.elapsed().as_secs_f64();
        done(&report);
        reports.push(report);
    }
    Ok(reports)
}

/// Refuses no masks at all, and a name that is not a file name.
pub(super) fn check_named_masks(masks: usize, name: &str) -> Result<()> {
    if masks == 0 {
        return Err(Error::Value("no masks to fabricate".into()));
    }
    if name.is_empty() || name.contains(['/', '\\']) || name.contains(char::is_control) {
        return Err(Error::Value(format!("\"{name}\" cannot name the files of plates: take a plain word")));
    }
    Ok(())
}

/// Refuses another number of grids than one, or one a mask.
pub(super) fn check_grids(masks: usize, grids: &[Grid]) -> Result<()> {
    if grids.len() == 1 || grids.len() == masks {
        return Ok(());
    }
    Err(Error::Value(format!("{} grids for {masks} masks: one for each, or one for all", grids.len())))
}

/// The grid of the mask with that index among `grids`, which have been checked.
pub(super) fn grid_of(grids: &[Grid], index: usize) -> &Grid {
    &grids[index.min(grids.len() - 1)]
}

/// Says which mask a wrong value is of.
pub(super) fn of_mask(number: usize, error: Error) -> Error {
    match error {
        Error::Value(problem) => Error::Value(format!("mask {number}: {problem}")),
        other => other,
    }
}

/// The solid of the plate of `map`: in its frame, where `options` has one.
///
/// # Errors
/// As [`Frame::around`] and [`PlateMesh::new`].
pub(super) fn solid(
    map: &HeightMap,
    pixel_pitch: Metres,
    name: &str,
    number: usize,
    options: &PlateOptions,
) -> Result<Framed> {
    match &options.frame {
        Some(frame) => frame.around(map, pixel_pitch, number, name),
        None => {
            let heights = map.relief().mapv(|steps| steps + map.base_steps());
            Ok(Framed { mesh: PlateMesh::new(heights.view())?, engraved: String::new() })
        }
    }
}

/// Writes the plate of `map` to `path`, whole and judged or not at all; `name` and `number` go into the header and onto
/// the frame. Of `options` only format and frame count here.
///
/// # Errors
/// As [`export_plates`].
pub fn export_plate(
    map: &HeightMap,
    grid: &Grid,
    path: &Path,
    name: &str,
    number: usize,
    options: &PlateOptions,
) -> Result<PlateReport> {
    let start = Instant::now();
    let heights = map.relief().mapv(|steps| steps + map.base_steps());
    let Framed { mesh, engraved } = solid(map, grid.pixel_pitch(), name, number, options)?;
    let scale = StlScale::new(grid.pixel_pitch(), map);
    let title = format!("{name}-mask-{number}");
    let solid = export_solid(&mesh, &scale, heights.view(), path, &title, options.format)?;
    let (rms_phase_error, max_phase_error) = map.phase_errors();
    Ok(PlateReport {
        file: solid.file,
        unit: solid.unit,
        triangles: solid.triangles,
        bytes: solid.bytes,
        bounding_box: solid.bounding_box,
        volume: solid.volume,
        euler_number: solid.euler_number,
        base: map.base(),
        relief: map.relief_range(),
        rms_phase_error,
        max_phase_error,
        pixel_pitch: grid.pixel_pitch(),
        step: map.step(),
        thickness: map.thickness(),
        survey: Survey::of(map.relief(), grid.pixel_pitch() / map.step()),
        engraved,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The reports as a table, a row a plate under a row of heads; the last column is the time it took.
pub fn plate_table(reports: &[PlateReport]) -> Vec<Vec<String>> {
    let heads =
        ["file", "triangles", "MB", "bounding box", "volume", "base", "relief", "phase error", "time"];
    let mut table = vec![heads.map(String::from).to_vec()];
    for report in reports {
        let unit = report.unit;
        let [x, y, z] = report.bounding_box.map(|length| trimmed(length * unit.a_metre(), 4));
        let name =
            report.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        table.push(vec![
            name,
            grouped(report.triangles),
            format!("{:.1}", report.bytes as f64 / 1e6),
            format!("{x} x {y} x {z} {}", unit.name()),
            format_volume(report.volume, unit),
            format_length(report.base, 4),
            format!("{} to {}", format_length(report.relief.0, 4), format_length(report.relief.1, 4)),
            format!("{:.4} rad rms", report.rms_phase_error),
            format!("{:.2} s", report.seconds),
        ]);
    }
    table
}

/// A volume in the cube of the file's unit; cubic centimetres from 1 cm3 on.
fn format_volume(volume: f64, unit: StlUnit) -> String {
    if volume >= 1e-6 {
        format!("{} cm3", trimmed(volume * 1e6, 4))
    } else {
        format!("{} {}3", trimmed(volume * unit.a_metre().powi(3), 3), unit.name())
    }
}
