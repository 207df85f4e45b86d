//! An STL file opened again: the heights it holds, and whether it is the plate it should be.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::fabrication::manifold::Surface;
use crate::fabrication::mesh::{PARTS_A_STEP, PlateMesh};
use crate::fabrication::short_lines::ShortLines;
use crate::fabrication::stl::{StlScale, StlUnit};
use crate::grid::Grid;
use crate::units::Metres;

/// A triangle as it stands in a file, in its unit.
pub(super) type Triangle = [[f32; 3]; 3];

/// Thickest plate there is: beyond, phases leave the range of single precision.
const HIGHEST: Metres = 1e3;

/// Where in a pixel the height is read, in pixels from its lower corner: off the centre and off every diagonal.
///
/// An edge of the mesh through the point itself would leave it to rounding which triangle holds it.
const SAMPLE: [f64; 2] = [0.5 + 0.11, 0.5 + 0.07];

/// Heights above the flat side on each pixel of `grid`, in metres, shape (rows, columns), from a plate's file.
///
/// The plate lies as [`super::export_plates`] puts it: x = column pitch, y = row pitch from zero, relief up;
/// the flat side is the lowest point of the file. `unit` is that of the file ([`StlUnit::of_file_name`]).
/// Any triangulation will do, binary or ASCII; this reads heights and does not judge the surface.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::File`] when it is no STL file or a pixel of the grid has
/// no material over it.
pub fn read_heights(path: &Path, grid: &Grid, unit: StlUnit) -> Result<Array2<Metres>> {
    let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
    heights_in(file, path, grid, unit)
}

/// [`read_heights`] of the file in `reader`; `path` is for messages.
pub(super) fn heights_in(
    reader: impl Read + Seek,
    path: &Path,
    grid: &Grid,
    unit: StlUnit,
) -> Result<Array2<Metres>> {
    let mut sampler = HeightSampler::new(grid.shape(), grid.pixel_pitch() * unit.a_metre());
    let mut lowest = f64::INFINITY;
    for_each_triangle(reader, path, |triangle| {
        sampler.add(triangle);
        lowest = triangle.iter().fold(lowest, |lowest, corner| lowest.min(f64::from(corner[2])));
        Ok(())
    })?;
    let heights = sampler.heights(path)?.mapv(|height| (height - lowest) / unit.a_metre());
    if let Some(((row, column), height)) = heights.indexed_iter().find(|(_, height)| height.abs() > HIGHEST) {
        let problem = format!("is {height:.0e} m high over pixel [{row}, {column}]: is its unit right?");
        return Err(Error::file(path, problem));
    }
    Ok(heights)
}

/// Judges an STL file of `mesh` of so many triangles, read from its start; `path` is for messages.
///
/// Every vertex must be one of the mesh's integer vertices to the last bit. Then all is decided in integers: the
/// surface is closed and two-manifold, with the parts and holes of the mesh, its bounding box and its volume are those
/// of the heights, and the height over each pixel of the optical area, which begins at x = y = 0, is that of `optics`
/// (whole steps above the flat side, shape (rows, columns); empty for what is no plate).
///
/// # Errors
/// [`Error::File`] with what is wrong, [`Error::Io`] when the file cannot be read.
pub fn check_plate(
    file: impl Read + Seek,
    path: &Path,
    mesh: &PlateMesh,
    scale: &StlScale,
    optics: ArrayView2<'_, i32>,
    expected_triangles: u64,
) -> Result<()> {
    check_triangles(path, mesh, scale, optics, expected_triangles, |each| for_each_triangle(file, path, each))
}

/// [`check_plate`] for triangles in any file: `triangles` calls back with each of them.
pub(super) fn check_triangles(
    path: &Path,
    mesh: &PlateMesh,
    scale: &StlScale,
    optics: ArrayView2<'_, i32>,
    expected_triangles: u64,
    triangles: impl FnOnce(&mut dyn FnMut(Triangle) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let wrong = |problem: String| {
        Error::file(path, format!("not the plate it should be: {problem}; report it with the mask"))
    };
    let mut surface = Surface::with_capacity(expected_triangles as usize);
    let mut sampler = HeightSampler::new(optics.dim(), scale.pitch());
    let from_optics = scale.with_origin([0, 0]);
    triangles(&mut |triangle| {
        let mut corners = [[0; 3]; 3];
        for (corner, position) in corners.iter_mut().zip(triangle) {
            *corner = scale.vertex(position).ok_or_else(|| {
                wrong(format!("{position:?} {} is no vertex of this plate", scale.unit().name()))
            })?;
        }
        // The optical area begins at x = y = 0 of the mesh, wherever the file has put it.
        sampler.add(corners.map(|corner| from_optics.coordinates(corner)));
        surface.add(corners)
    })?;
    if surface.triangles() as u64 != expected_triangles {
        return Err(wrong(format!("{} triangles instead of {expected_triangles}", surface.triangles())));
    }
    surface.check().map_err(|defect| wrong(defect.to_string()))?;
    if surface.euler_number() != mesh.euler_number() {
        return Err(wrong(format!(
            "Euler number {} instead of {}: it has other parts or holes",
            surface.euler_number(),
            mesh.euler_number()
        )));
    }
    if surface.bounds() != Some(mesh.bounds()) {
        return Err(wrong(format!("it fills {:?} instead of {:?}", surface.bounds(), mesh.bounds())));
    }
    if surface.six_volumes() != mesh.six_volumes() {
        return Err(wrong(format!(
            "its volume is {} instead of {} (sixths of the integer unit)",
            surface.six_volumes(),
            mesh.six_volumes()
        )));
    }
    for ((row, column), &height) in sampler.heights(path)?.indexed_iter() {
        let asked = f64::from(scale.up(optics[[row, column]] * PARTS_A_STEP));
        if height != asked {
            let unit = scale.unit().name();
            return Err(wrong(format!("pixel [{row}, {column}] is {height} {unit} high instead of {asked}")));
        }
    }
    Ok(())
}

/// Calls `each` with every triangle of an STL file, binary or ASCII, from the start of `file`.
pub(super) fn for_each_triangle(
    file: impl Read + Seek,
    path: &Path,
    mut each: impl FnMut(Triangle) -> Result<()>,
) -> Result<()> {
    let mut count = 0_u64;
    let unreadable = |source: std::io::Error, count: u64| match source.kind() {
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData => {
            let place = if count == 0 { String::new() } else { format!("triangle {count}: ") };
            Error::file(path, format!("not a whole STL file ({place}{source}); export it again"))
        }
        _ => Error::io("read", path, source),
    };
    let buffered = BufReader::with_capacity(1 << 16, file);
    let mut reader = ShortLines::new(buffered).map_err(|source| unreadable(source, 0))?;
    for triangle in stl_io::create_stl_reader(&mut reader).map_err(|source| unreadable(source, 0))? {
        count += 1;
        let triangle = triangle.map_err(|source| unreadable(source, count))?.vertices.map(|vertex| vertex.0);
        if triangle.iter().flatten().any(|coordinate| !coordinate.is_finite()) {
            let problem = format!("triangle {count} has a corner at {triangle:?}; export it again");
            return Err(Error::file(path, problem));
        }
        each(triangle)?;
    }
    Ok(())
}

/// Gathers the highest surface over the sample point of each pixel, triangle by triangle.
struct HeightSampler {
    pitch: f64,
    /// In the unit of the file; minus infinity where nothing was met yet.
    heights: Array2<f64>,
}

impl HeightSampler {
    /// `pitch` is in the unit of the file.
    fn new(shape: (usize, usize), pitch: f64) -> Self {
        HeightSampler { pitch, heights: Array2::from_elem(shape, f64::NEG_INFINITY) }
    }

    fn add(&mut self, triangle: Triangle) {
        // In pixels: the sample points then lie at whole numbers plus SAMPLE.
        let [a, b, c] = triangle.map(|[x, y, _]| [f64::from(x) / self.pitch, f64::from(y) / self.pitch]);
        let [za, zb, zc] = triangle.map(|corner| f64::from(corner[2]));
        let area = turn(a, b, c);
        // Walls have no area from above, undersides a negative one. Below a millionth of a pixel a triangle is a
        // wall that was rounded.
        if area.is_nan() || area <= 1e-6 {
            return;
        }
        let span = |axis: usize, count: usize| {
            let low = a[axis].min(b[axis]).min(c[axis]);
            let high = a[axis].max(b[axis]).max(c[axis]);
            let first = (low - SAMPLE[axis]).ceil().max(0.0);
            let last = (high - SAMPLE[axis]).floor().min(count as f64 - 1.0);
            if first <= last { first as usize..last as usize + 1 } else { 0..0 }
        };
        let (rows, columns) = self.heights.dim();
        for row in span(1, rows) {
            for column in span(0, columns) {
                let point = [column as f64 + SAMPLE[0], row as f64 + SAMPLE[1]];
                // Inclusive, with slack for rounding: no point on a shared edge may fall between two triangles.
                // 1e-9 of a pixel squared is far below the 0.04 pixels to the nearest edge of our own meshes.
                let shares = [turn(b, c, point), turn(c, a, point), turn(a, b, point)];
                if shares.iter().all(|share| *share >= -1e-9) {
                    // From one corner, so that a level triangle gives its height to the last bit.
                    let height = za + (zb - za) * (shares[1] / area) + (zc - za) * (shares[2] / area);
                    let highest = &mut self.heights[[row, column]];
                    *highest = highest.max(height);
                }
            }
        }
    }

    fn heights(self, path: &Path) -> Result<Array2<f64>> {
        match self.heights.indexed_iter().find(|(_, height)| **height == f64::NEG_INFINITY) {
            None => Ok(self.heights),
            Some(((row, column), _)) => {
                let (rows, columns) = self.heights.dim();
                Err(Error::file(
                    path,
                    format!(
                        "no material over pixel [{row}, {column}] of {rows} x {columns}: is this the plate of this device, and its unit right?"
                    ),
                ))
            }
        }
    }
}

/// Twice the area of a triangle in the plane, positive when counter-clockwise.
fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}
