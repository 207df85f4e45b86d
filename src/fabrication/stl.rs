//! STL files: integers become single-precision coordinates once, here, and go out band by band.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::fabrication::height_map::HeightMap;
use crate::fabrication::mesh::{PARTS_A_PIXEL, PARTS_A_STEP, PlateMesh, Vertex};
use crate::plate::StlFormat;
use crate::units::Metres;

/// Unit of the coordinates in an STL file, which carries none itself: the file name and the header say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StlUnit {
    /// Millimetres, what slicers expect: for pixels of 10 um and more.
    Millimetres,
    /// Micrometres: for finer pixels.
    Micrometres,
}

impl StlUnit {
    /// The unit for plates with pixels of `pixel_pitch` metres.
    pub fn for_pitch(pixel_pitch: Metres) -> Self {
        if pixel_pitch >= 10e-6 { StlUnit::Millimetres } else { StlUnit::Micrometres }
    }

    /// The unit a file name ends in, as in `plate.mm.stl`; none when it says nothing.
    pub fn of_file_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        [StlUnit::Millimetres, StlUnit::Micrometres]
            .into_iter()
            .find(|unit| name.ends_with(&format!(".{}.stl", unit.name())))
    }

    /// "mm" or "um".
    pub fn name(self) -> &'static str {
        match self {
            StlUnit::Millimetres => "mm",
            StlUnit::Micrometres => "um",
        }
    }

    /// How many of the unit make a metre.
    pub fn a_metre(self) -> f64 {
        match self {
            StlUnit::Millimetres => 1e3,
            StlUnit::Micrometres => 1e6,
        }
    }
}

/// The one way from integer vertices to coordinates, and back.
///
/// A coordinate depends on its integer alone: equal integers give equal bits, whichever triangle asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StlScale {
    unit: StlUnit,
    pitch: f64,
    base: f64,
    base_parts: i32,
    step: f64,
    /// The integer place of x = y = 0.
    origin: [i32; 2],
}

impl StlScale {
    /// The scale of a plate with pixels of `pixel_pitch` metres and heights of `map`.
    pub fn new(pixel_pitch: Metres, map: &HeightMap) -> Self {
        let unit = StlUnit::for_pitch(pixel_pitch);
        StlScale {
            unit,
            pitch: pixel_pitch * unit.a_metre(),
            base: map.base() * unit.a_metre(),
            base_parts: map.base_steps() * PARTS_A_STEP,
            step: map.step() * unit.a_metre(),
            origin: [0, 0],
        }
    }

    /// The scale of a solid whose heights are whole steps of `step` metres from the ground up.
    pub fn even(pixel_pitch: Metres, step: Metres, unit: StlUnit) -> Self {
        StlScale {
            unit,
            pitch: pixel_pitch * unit.a_metre(),
            base: 0.0,
            base_parts: 0,
            step: step * unit.a_metre(),
            origin: [0, 0],
        }
    }

    /// The same scale with x = y = 0 at the integer place `origin`.
    pub fn with_origin(self, origin: [i32; 2]) -> Self {
        StlScale { origin, ..self }
    }

    /// Unit of the coordinates.
    pub fn unit(&self) -> StlUnit {
        self.unit
    }

    /// Side of a pixel, in the unit.
    pub fn pitch(&self) -> f64 {
        self.pitch
    }

    /// Coordinates of an integer vertex, in the unit.
    pub fn coordinates(&self, vertex: Vertex) -> [f32; 3] {
        let [x, y] = [0, 1].map(|axis| self.across(vertex[axis] - self.origin[axis]));
        [x, y, self.up(vertex[2])]
    }

    /// The integer vertex whose coordinates are `position` to the last bit; none when there is no such vertex.
    pub fn vertex(&self, position: [f32; 3]) -> Option<Vertex> {
        let across = |length: f32| (f64::from(length) / self.pitch * f64::from(PARTS_A_PIXEL)).round() as i32;
        let height = f64::from(position[2]);
        let parts = ((height - self.base) / self.step * f64::from(PARTS_A_STEP)).round() as i32;
        // The base is not always whole steps: its foot is put at zero by hand.
        let up = if height == 0.0 { 0 } else { parts.saturating_add(self.base_parts) };
        let [x, y] = [0, 1].map(|axis| across(position[axis]).saturating_add(self.origin[axis]));
        let vertex = [x, y, up];
        let same = self.coordinates(vertex).map(f32::to_bits) == position.map(f32::to_bits);
        same.then_some(vertex)
    }

    /// Height of `parts` quarter steps, in the unit.
    pub fn up(&self, parts: i32) -> f32 {
        self.exactly_up(parts) as f32
    }

    /// Height of `parts` quarter steps in metres, before it is rounded to single precision.
    pub(super) fn metres_up(&self, parts: i32) -> Metres {
        self.exactly_up(parts) / self.unit.a_metre()
    }

    fn exactly_up(&self, parts: i32) -> f64 {
        if parts == 0 {
            return 0.0;
        }
        let relief = f64::from(parts.wrapping_sub(self.base_parts));
        self.base + relief * self.step / f64::from(PARTS_A_STEP)
    }

    fn across(&self, parts: i32) -> f32 {
        (f64::from(parts) * self.pitch / f64::from(PARTS_A_PIXEL)) as f32
    }
}

/// Pixels meshed as one piece of work, about: 200,000 triangles at most, 10 MB.
const PIXELS_A_BAND: usize = 16_384;

/// Bands made at a time, whatever the number of threads: they bound the memory.
const BANDS_AT_A_TIME: usize = 8;

/// Bytes of a binary file before the first triangle: 80 of header, 4 of triangle count.
const BINARY_START: u64 = 84;

/// Writes `mesh` as an STL file to `writer` and gives back the number of triangles; `path` is for messages.
///
/// `title` goes into the header, cut to what fits.
///
/// # Errors
/// [`Error::Io`] when the disk refuses, [`Error::Value`] for more triangles than the format can count.
pub(super) fn write(
    writer: &mut BufWriter<&File>,
    path: &Path,
    mesh: &PlateMesh,
    scale: &StlScale,
    title: &str,
    format: StlFormat,
) -> Result<u64> {
    let failed = |source| Error::io("write", path, source);
    let title = header_text(title, scale.unit);
    match format {
        StlFormat::Binary => {
            let mut header = [b' '; BINARY_START as usize];
            header[..title.len()].copy_from_slice(title.as_bytes());
            writer.write_all(&header).map_err(failed)?;
        }
        StlFormat::Ascii => writeln!(writer, "solid {title}").map_err(failed)?,
    }
    let rows = (PIXELS_A_BAND / mesh.columns()).max(1);
    let bands: Vec<usize> = (0..mesh.rows()).step_by(rows).collect();
    let mut count = 0;
    for batch in bands.chunks(BANDS_AT_A_TIME) {
        let pieces: Vec<Piece<'_>> = batch
            .par_iter()
            .map(|&start| {
                let end = (start + rows).min(mesh.rows());
                let mut piece = Piece { scale, format, triangles: 0, bytes: Vec::new() };
                let mut add = |triangle| piece.add(triangle);
                mesh.rows_of_triangles(start..end, &mut add);
                if end == mesh.rows() {
                    mesh.bottom(&mut add);
                }
                piece
            })
            .collect();
        for piece in pieces {
            count += piece.triangles;
            writer.write_all(&piece.bytes).map_err(failed)?;
        }
    }
    match format {
        StlFormat::Binary => {
            let counted = u32::try_from(count).map_err(|_| {
                Error::Value(format!("{count} triangles: an STL file counts to {}", u32::MAX))
            })?;
            writer.seek(SeekFrom::Start(BINARY_START - 4)).map_err(failed)?;
            writer.write_all(&counted.to_le_bytes()).map_err(failed)?;
            writer.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        StlFormat::Ascii => writeln!(writer, "endsolid {title}").map_err(failed)?,
    }
    Ok(count)
}

/// The first words of the file: program, unit, title; never "solid", at most 80 printable ASCII characters.
fn header_text(title: &str, unit: StlUnit) -> String {
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let text = format!("d2nn {} unit={} {title}", env!("CARGO_PKG_VERSION"), unit.name());
    text.chars().map(printable).take(80).collect::<String>().trim_end().to_owned()
}

/// The bytes of a band.
struct Piece<'a> {
    scale: &'a StlScale,
    format: StlFormat,
    triangles: u64,
    bytes: Vec<u8>,
}

impl Piece<'_> {
    fn add(&mut self, triangle: [Vertex; 3]) {
        let corners = triangle.map(|vertex| self.scale.coordinates(vertex));
        let normal = normal(corners);
        match self.format {
            StlFormat::Binary => {
                for number in normal.iter().chain(corners.as_flattened()) {
                    self.bytes.extend_from_slice(&number.to_le_bytes());
                }
                self.bytes.extend_from_slice(&[0, 0]);
            }
            StlFormat::Ascii => self.add_text(normal, corners),
        }
        self.triangles += 1;
    }

    fn add_text(&mut self, normal: [f32; 3], corners: [[f32; 3]; 3]) {
        let [x, y, z] = normal;
        let [a, b, c] = corners.map(|[x, y, z]| format!("  vertex {x} {y} {z}"));
        let text = format!("facet normal {x} {y} {z}\n outer loop\n{a}\n{b}\n{c}\n endloop\nendfacet\n");
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// The outward unit normal.
fn normal([a, b, c]: [[f32; 3]; 3]) -> [f32; 3] {
    let side = |to: [f32; 3]| [0, 1, 2].map(|axis| f64::from(to[axis]) - f64::from(a[axis]));
    let (u, v) = (side(b), side(c));
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = cross.iter().map(|part| part * part).sum::<f64>().sqrt();
    // Plus zero: -0 is written as 0.
    cross.map(|part| (part / length + 0.0) as f32)
}
