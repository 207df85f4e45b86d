//! Exporting an array of phases or heights that is no device: flags that say what a design would.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use ndarray::{Array2, Ix2};

use super::say;
use crate::design::folder::is_device_folder;
use crate::design::lone_mask::LoneMask;
use crate::design::{DesignFile, Length};
use crate::error::{Error, Result};
use crate::fabrication::Profile;
use crate::files::read_bytes;
use crate::grid::Grid;
use crate::material::Material;
use crate::npy::{Kind, read_real};
use crate::units::{Metres, Radians, format_length};

/// Heights of more full turns than this are in another unit than metres, if anything.
const MANY_TURNS: f64 = 20.0;

/// What a design says of a device, for an array that has none.
#[derive(Debug, Args)]
#[command(next_help_heading = "Phase map: a NumPy file instead of a device")]
pub(super) struct PhaseMapFlags {
    /// Side of a pixel, such as "0.4 mm"
    #[arg(long, value_name = "LENGTH")]
    pixel_pitch: Option<Length>,
    /// Wavelength in vacuum, such as "0.75 mm"
    #[arg(long, value_name = "LENGTH")]
    wavelength: Option<Length>,
    /// Refractive index of the material
    #[arg(long, value_name = "N")]
    index: Option<f64>,
    /// The array holds heights above the base in metres, not phases in radians
    #[arg(long)]
    heights: bool,
}

/// An array that was read, and what is made of it.
pub(super) struct PhaseMap {
    values: Values,
    pub(super) mask: LoneMask,
    /// What its files are called by.
    pub(super) name: String,
    /// The folder it lies in.
    pub(super) folder: PathBuf,
}

enum Values {
    /// Radians, within a turn.
    Phases(Array2<f32>),
    /// Metres.
    Heights(Array2<f64>),
}

impl PhaseMapFlags {
    /// The array at `path`, or nothing when `path` is to be a device; `change` puts other flags over the defaults.
    ///
    /// # Errors
    /// [`Error::Usage`] for flags that are missing or belong to the other, values out of range; [`Error::File`] for what
    /// is no such array.
    pub(super) fn read(&self, path: &Path, change: &dyn Fn(&mut DesignFile)) -> Result<Option<PhaseMap>> {
        let flags = [
            ("--pixel-pitch", self.pixel_pitch.is_some()),
            ("--wavelength", self.wavelength.is_some()),
            ("--index", self.index.is_some()),
            ("--heights", self.heights),
        ];
        let given = flags.iter().find(|(_, given)| *given).map(|(flag, _)| *flag);
        match given {
            None if !is_array(path) => return Ok(None),
            // A mask of a device, whose design says all that: who opens devices tells the folder.
            None if path.parent().is_some_and(|folder| is_device_folder(&here(folder))) => return Ok(None),
            Some(flag) if path.is_dir() => {
                return Err(Error::Usage(format!(
                    "{flag} is for a phase map (.npy), and {} is a folder: a device has its own, leave the flag out",
                    path.display()
                )));
            }
            _ => {}
        }
        let (Some(pitch), Some(wavelength), Some(index)) = (&self.pixel_pitch, &self.wavelength, self.index)
        else {
            let missing: Vec<&str> =
                flags[..3].iter().filter(|(_, given)| !*given).map(|(flag, _)| *flag).collect();
            return Err(Error::Usage(format!(
                "{} is a phase map, not a device: give {} too, as in --pixel-pitch \"0.4 mm\" --wavelength \"0.75 mm\" \
                 --index 1.7227",
                path.display(),
                missing.join(" and ")
            )));
        };
        let wavelength = wavelength.value();
        let material =
            Material::new("unnamed", index).map_err(|error| Error::Usage(format!("--index: {error}")))?;
        let array = array(path, if self.heights { "heights in metres" } else { "phases in radians" })?;
        let (rows, columns) = array.dim();
        let grid =
            Grid::new(rows, columns, pitch.value()).map_err(|error| Error::file(path, error.to_string()))?;
        let highest = self.heights.then(|| array.iter().copied().fold(0.0, f64::max));
        if let Some(highest) = highest {
            check_heights(path, &array, highest, material.height(std::f64::consts::TAU, wavelength))?;
        }
        let mut typed = DesignFile::default();
        typed.material.name = material.name().into();
        typed.material.refractive_index = index;
        typed.material.extinction_coefficient = 0.0;
        typed.material.surrounding_index = 1.0;
        change(&mut typed);
        let mask = LoneMask::resolve(&typed, grid, wavelength, highest)?;
        let values = if self.heights { Values::Heights(array) } else { Values::Phases(wrapped(&array)) };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Some(PhaseMap { values, mask, name, folder }))
    }
}

impl PhaseMap {
    /// What is fabricated.
    pub(super) fn profile(&self) -> Profile<'_> {
        match &self.values {
            Values::Phases(phases) => Profile::Phases(phases.view()),
            Values::Heights(heights) => Profile::Heights(heights.view()),
        }
    }
}

/// The folder of a file that is named without one.
fn here(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { ".".into() } else { folder.into() }
}

/// Whether `path` is meant as an array: by its name, or by its first bytes.
fn is_array(path: &Path) -> bool {
    let begins = || {
        let mut start = [0; 6];
        let read = fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start));
        read.is_ok() && start == *b"\x93NUMPY"
    };
    !path.is_dir() && (path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy")) || begins())
}

/// The array in the file at `path`; `what` is what its numbers are.
fn array(path: &Path, what: &str) -> Result<Array2<f64>> {
    // The largest grid in float64, and a header.
    let bytes = read_bytes(path, (Grid::MAX_SIDE * Grid::MAX_SIDE * 8 + 4096) as u64)?;
    let wrong = |problem: String| Error::file(path, problem);
    let (array, kind) = read_real::<Ix2>(&bytes).map_err(|problem| {
        wrong(format!(
            "{problem}: a phase map is a two-dimensional array (rows, columns) of real numbers, {what}"
        ))
    })?;
    if array.is_empty() {
        return Err(wrong(format!(
            "it is an array of {} x {} values: there is nothing to make",
            array.nrows(),
            array.ncols()
        )));
    }
    if let Some(((row, column), value)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(wrong(format!("the value at [{row}, {column}] is {value}: {what} must be numbers")));
    }
    if !matches!(kind, Kind::Float(_)) {
        say(&format!(
            "warning: {}: {kind} values are taken as {what}; grey levels or numbers of steps must be scaled first",
            path.display()
        ));
    }
    Ok(array)
}

fn check_heights(path: &Path, heights: &Array2<f64>, highest: Metres, turn: Metres) -> Result<()> {
    if let Some(((row, column), height)) = heights.indexed_iter().find(|(_, height)| **height < 0.0) {
        return Err(Error::file(
            path,
            format!(
                "the height at [{row}, {column}] is {height} m: heights stand on the base, so none may be below 0; subtract \
                 the lowest"
            ),
        ));
    }
    if highest > MANY_TURNS * turn {
        say(&format!(
            "warning: {}: heights of up to {} are {:.0} full turns of {}; heights are read in metres",
            path.display(),
            format_length(highest, 4),
            highest / turn,
            format_length(turn, 4)
        ));
    }
    Ok(())
}

/// Whole turns are taken off in double precision: in single precision a phase of a thousand turns has lost its third
/// decimal.
fn wrapped(phases: &Array2<Radians>) -> Array2<f32> {
    phases.mapv(|phase| phase.rem_euclid(std::f64::consts::TAU) as f32)
}
