//! A solid on its way to disk: written, read back and judged before it takes its name.

use std::path::{Path, PathBuf};

use ndarray::ArrayView2;

use crate::error::{Error, Result};
use crate::fabrication::mesh::{PARTS_A_PIXEL, PlateMesh};
use crate::fabrication::read_back::check_plate;
use crate::fabrication::stl::{self, StlScale, StlUnit};
use crate::files;
use crate::plate::StlFormat;
use crate::units::{Metres, trimmed};

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SolidReport {
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
    /// Euler number of its surface: 2 for each part, less 2 for each hole through one.
    pub euler_number: i64,
}

/// Writes `mesh` to `path`, whole and judged or not at all; `title` goes into the header behind the size.
///
/// `optics` are the heights (whole steps above the flat side) of pixels from x = y = 0 on; empty where there are none.
///
/// # Errors
/// [`Error::Io`] when the disk refuses; [`Error::File`] when the file fails its check.
pub fn export_solid(
    mesh: &PlateMesh,
    scale: &StlScale,
    optics: ArrayView2<'_, i32>,
    path: &Path,
    title: &str,
    format: StlFormat,
) -> Result<SolidReport> {
    let (near, far) = mesh.bounds();
    let part = scale.pitch() / scale.unit().a_metre() / f64::from(PARTS_A_PIXEL);
    let across = |axis: usize| f64::from(far[axis] - near[axis]) * part;
    let bounding_box = [across(0), across(1), scale.metres_up(far[2])];
    let block = |(area, height): (i64, i32)| area as f64 * part * part * scale.metres_up(height);
    let volume = mesh.blocks().map(block).sum();
    let [x, y, z] = bounding_box.map(|length| trimmed(length * scale.unit().a_metre(), 4));
    let title = format!("{x}x{y}x{z} {title}");
    let (mut triangles, mut bytes) = (0, 0);
    files::write_whole(path, |writer| {
        let failed = |source| Error::io("write", path, source);
        triangles = stl::write(writer, path, mesh, scale, &title, format)?;
        std::io::Write::flush(writer).map_err(failed)?;
        let file = *writer.get_ref();
        bytes = file.metadata().map_err(failed)?.len();
        check_plate(file, path, mesh, scale, optics, triangles)
    })?;
    Ok(SolidReport {
        file: path.to_owned(),
        unit: scale.unit(),
        triangles,
        bytes,
        bounding_box,
        volume,
        euler_number: mesh.euler_number(),
    })
}
