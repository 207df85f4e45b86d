//! GDSII files for etching in steps: one layer a level, runs of equal pixels as rectangles.
//!
//! Layer k holds the pixels whose relief is k steps above the base; level 0, the base itself, is not written. x and y are
//! those of the plate, seen from its relief: row 0 is the lowest.

use gdsii::parser::{Boundary, Element, GdsEvent, GdsParser, LibraryBegin, StructureBegin};
use gdsii::writer::GdsWriter;
use gdsii::{I16, I32};
use ndarray::Array2;

use super::does_not_read_back;
use crate::error::{Error, Result};
use crate::fabrication::height_map::HeightMap;
use crate::grid::Grid;
use crate::units::Metres;

/// What programs show lengths in: a micrometre.
pub const USER_UNIT: Metres = 1e-6;

/// What boundaries that are reliefs carry as their data type.
pub const DATATYPE: i16 = 0;

/// Database units in metres, from the usual one to finer ones, for pitches that are no whole number of the usual one.
const FINER: [Metres; 4] = [1e-9, 1e-10, 1e-11, 1e-12];

/// Coarser ones, for plates that 32 bits do not span otherwise.
const COARSER: [Metres; 4] = [1e-8, 1e-7, 1e-6, 1e-5];

/// Lines between pixels in database units.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// Database unit, metres.
    pub unit: Metres,
    /// Where pixels begin and end along either side, from 0.
    pub at: Vec<i32>,
    /// How far a line is off at most because it must be at a whole unit, metres.
    pub largest_error: Metres,
}

impl Lines {
    /// The lines of `grid`, in the coarsest unit from a nanometre down that the pitch is a whole number of; in the finest
    /// that spans the plate where there is none.
    ///
    /// # Errors
    /// [`Error::Value`] for a plate that no unit spans.
    pub fn new(grid: &Grid) -> Result<Self> {
        let pitch = grid.pixel_pitch();
        let count = grid.rows().max(grid.columns());
        let spans = |unit: &Metres| pitch / unit * count as f64 <= f64::from(i32::MAX);
        // Lengths are read from decimal numbers: what is whole is whole to rounding.
        let whole = |unit: &Metres| {
            let units = pitch / unit;
            units >= 0.5 && (units - units.round()).abs() < 1e-6
        };
        let unit = FINER
            .iter()
            .find(|unit| spans(unit) && whole(unit))
            .or_else(|| FINER.iter().rev().chain(&COARSER).find(|unit| spans(unit)))
            .copied()
            .ok_or_else(|| {
                Error::Value(format!(
                    "a plate of {} m does not fit into a GDSII file: 32 bits of {} m reach {} m",
                    pitch * count as f64,
                    COARSER[3],
                    COARSER[3] * f64::from(i32::MAX)
                ))
            })?;
        let exact = |line: usize| line as f64 * pitch / unit;
        let at: Vec<i32> = (0..=count).map(|line| exact(line).round() as i32).collect();
        if at.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::Value(format!(
                "pixels of {pitch} m are too small for a GDSII file: {unit} m"
            )));
        }
        let off = at.iter().enumerate().map(|(line, at)| (exact(line) - f64::from(*at)).abs());
        // A millionth of a unit is rounding, as above.
        let largest_error = off.fold(0.0, f64::max);
        let largest_error = if largest_error < 1e-6 * count as f64 { 0.0 } else { largest_error * unit };
        Ok(Lines { unit, at, largest_error })
    }
}

/// Name of the cell of mask `number`.
pub fn cell(number: usize) -> String {
    format!("MASK_{number}")
}

/// Refuses a relief with more levels than there are layers.
///
/// # Errors
/// [`Error::Value`].
pub fn check_levels(map: &HeightMap) -> Result<()> {
    if map.most_steps() > i32::from(i16::MAX) {
        return Err(Error::Value(format!(
            "a relief of {} levels above the base: GDSII has {} layers; take fewer fabrication.levels",
            map.most_steps(),
            i16::MAX
        )));
    }
    Ok(())
}

/// The GDSII file of `map`, a cell with rectangles between `lines`; read back.
///
/// # Errors
/// As [`check_levels`], and [`Error::Value`] when it does not come back the same.
pub fn write(map: &HeightMap, lines: &Lines, number: usize) -> Result<Vec<u8>> {
    check_levels(map)?;
    let mut file = Vec::new();
    write_events(map, lines, number, &mut file)
        .map_err(|error| Error::Value(format!("the layout cannot be written: {error}")))?;
    match read(&file, lines, map.relief().dim()) {
        Ok(levels) if levels == map.relief() => Ok(file),
        _ => Err(does_not_read_back()),
    }
}

fn write_events(
    map: &HeightMap,
    lines: &Lines,
    number: usize,
    file: &mut Vec<u8>,
) -> std::result::Result<(), gdsii::writer::WriteError> {
    // Files of the same masks have the same bytes: a date that is none of the day. Year, month, day, time, twice.
    let timestamps = [1970, 1, 1, 0, 0, 0, 1970, 1, 1, 0, 0, 0].map(I16::new);
    let name = cell(number);
    let mut writer = GdsWriter::new(file);
    writer.write_event(&GdsEvent::LibraryBegin(LibraryBegin {
        version: 600,
        timestamps: &timestamps,
        lib_name: "D2NN",
        db_in_user: lines.unit / USER_UNIT,
        db_in_meters: lines.unit,
        reflibs: None,
        fonts: None,
        attrtable: None,
        generations: None,
    }))?;
    writer.write_event(&GdsEvent::StructureBegin(StructureBegin { timestamps: &timestamps, name: &name }))?;
    for (row, levels) in map.relief().rows().into_iter().enumerate() {
        let levels = levels.to_vec();
        let mut first = 0;
        for run in levels.chunk_by(|a, b| a == b) {
            let (left, right) = (lines.at[first], lines.at[first + run.len()]);
            first += run.len();
            let Some(layer) = run.first().and_then(|level| i16::try_from(*level).ok()).filter(|l| *l > 0)
            else {
                continue;
            };
            let (low, high) = (lines.at[row], lines.at[row + 1]);
            // Closed: the first corner stands again at the end.
            let corners = [left, low, right, low, right, high, left, high, left, low].map(I32::new);
            writer.write_event(&GdsEvent::Element(Element::Boundary(Boundary {
                elflags: None,
                plex: None,
                layer,
                datatype: DATATYPE,
                xy: (&corners).into(),
            })))?;
        }
    }
    writer.write_event(&GdsEvent::StructureEnd)?;
    writer.write_event(&GdsEvent::LibraryEnd)
}

/// Levels of the pixels in the GDSII file `bytes`, shape `(rows, columns)`: layers of rectangles between `lines`, 0 where
/// there is none.
///
/// # Errors
/// A sentence that says what is wrong, for what is no such file, and for rectangles that lie off the lines or over each
/// other.
pub fn read(
    bytes: &[u8],
    lines: &Lines,
    (rows, columns): (usize, usize),
) -> std::result::Result<Array2<i32>, String> {
    let mut levels = Array2::zeros((rows, columns));
    for event in GdsParser::new(bytes) {
        match event.map_err(|error| error.to_string())? {
            GdsEvent::LibraryBegin(library) if library.db_in_meters != lines.unit => {
                return Err(format!("its unit is {} m instead of {} m", library.db_in_meters, lines.unit));
            }
            GdsEvent::Element(Element::Boundary(boundary)) => {
                let axis = |axis: usize, count: usize| {
                    let at = boundary.xy.iter().skip(axis).step_by(2).map(|at| at.get());
                    let line =
                        |at: Option<i32>| lines.at.binary_search(&at?).ok().filter(|line| *line <= count);
                    line(at.clone().min()).zip(line(at.max()))
                };
                let (x, y) = axis(0, columns).zip(axis(1, rows)).ok_or("a boundary off the pixels")?;
                for row in y.0..y.1 {
                    for column in x.0..x.1 {
                        if levels[[row, column]] != 0 {
                            return Err(format!("pixel [{row}, {column}] is on two layers"));
                        }
                        levels[[row, column]] = i32::from(boundary.layer);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(levels)
}
