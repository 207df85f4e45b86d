//! Plates read back from their STL files, as the simulation sees them.

use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use ndarray::Array2;

use crate::element::Modulation;
use crate::error::{Error, Result};
use crate::fabrication::plate::{check_grids, grid_of};
use crate::fabrication::read_back::{for_each_triangle, heights_in};
use crate::fabrication::stl::StlUnit;
use crate::grid::Grid;
use crate::material::Material;
use crate::plate::Relief;
use crate::units::{Metres, Radians, format_length};

/// The file of one plate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlateFile {
    /// The file.
    pub path: PathBuf,
    /// The unit its name says.
    pub unit: StlUnit,
}

/// What the files of a device hold: thicknesses, and the masks the light meets.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// Thickness of each plate over each pixel, metres, shape (rows, columns), in the order of the light.
    pub heights: Vec<Array2<Metres>>,
}

/// Vertices at whole pixels, of all over the optical area: our plates have all of them there, plates of another pitch
/// a quarter or less unless one pitch is a multiple of the other.
const SHARE_ON_PIXELS: f64 = 0.75;

/// A post reaches a sixteenth of a pixel from its corner; single precision adds a little.
const OFF_THE_PIXEL: f64 = 1.0 / 16.0 + 1e-3;

/// The plates in `folder`, one for each of `masks`, in the order of the light.
///
/// A plate is a file named `<any>-mask-<number>.<unit>.stl`, as [`super::plate_file_name`] makes them; other files are
/// none of ours.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be read, [`Error::File`] for a mask without a plate or with two, and for plates
/// of more masks than there are.
pub fn find_plates(folder: &Path, masks: usize) -> Result<Vec<PlateFile>> {
    let failed = |source| Error::io("read", folder, source);
    let mut paths = fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    let mut found: Vec<Option<PlateFile>> = vec![None; masks];
    for path in paths {
        let Some(number) = mask_number(&path) else { continue };
        let Some(place) = number.checked_sub(1).and_then(|index| found.get_mut(index)) else {
            return Err(Error::file(
                &path,
                format!(
                    "is the plate of mask {number}, and the device has {masks}: name another folder or device"
                ),
            ));
        };
        let unit = StlUnit::of_file_name(&path).ok_or_else(|| {
            Error::file(&path, "says no unit: name it as it was exported, in .mm.stl or .um.stl")
        })?;
        if let Some(other) = place {
            return Err(Error::file(
                &path,
                format!("and {} are both plates of mask {number}: leave one of them", other.path.display()),
            ));
        }
        *place = Some(PlateFile { path, unit });
    }
    let missing: Vec<String> =
        (1..=masks).filter(|number| found[number - 1].is_none()).map(|number| number.to_string()).collect();
    if !missing.is_empty() {
        return Err(Error::file(
            folder,
            format!(
                "has {} of the {masks} plates of the device, none of mask {}: export them again (`d2nn export-stl`)",
                masks - missing.len(),
                missing.join(", ")
            ),
        ));
    }
    Ok(found.into_iter().flatten().collect())
}

/// The number in `<any>-mask-<number>[.<unit>].stl`.
fn mask_number(path: &Path) -> Option<usize> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let stem = name.strip_suffix(".stl")?;
    let (_, rest) = stem.rsplit_once("-mask-")?;
    rest.split('.').next()?.parse().ok()
}

/// Reads `files`, the plates of a device with pixels of `grids`, in the order of the light; a single grid is that of all.
///
/// # Errors
/// As [`super::read_heights`], [`Error::Value`] for another number of grids, and [`Error::File`] for a plate of another pixel pitch or turned inside out.
pub fn read_plates(files: &[PlateFile], grids: &[Grid]) -> Result<Exported> {
    check_grids(files.len(), grids)?;
    let read = |(index, file): (usize, &PlateFile)| read_plate(file, grid_of(grids, index));
    let heights = files.iter().enumerate().map(read).collect::<Result<_>>()?;
    Ok(Exported { heights })
}

fn read_plate(file: &PlateFile, grid: &Grid) -> Result<Array2<Metres>> {
    let mut reader = fs::File::open(&file.path).map_err(|source| Error::io("read", &file.path, source))?;
    read_plate_in(&mut reader, file, grid)
}

/// Thicknesses of the plate in `reader`, the content of `file`, as [`read_plates`] has them.
///
/// # Errors
/// As [`read_plates`].
pub fn read_plate_in(
    reader: &mut (impl Read + Seek),
    file: &PlateFile,
    grid: &Grid,
) -> Result<Array2<Metres>> {
    let PlateFile { path, unit } = file;
    let heights = heights_in(&mut *reader, path, grid, *unit)?;
    if heights.iter().all(|height| *height <= 0.0) {
        return Err(Error::file(
            path,
            "its faces look inwards, as in a plate that was mirrored without turning them: export it again",
        ));
    }
    let pitch = grid.pixel_pitch() * unit.a_metre();
    let (rows, columns) = grid.shape();
    let (mut inside, mut on_pixels) = (0_u64, 0_u64);
    for_each_triangle(reader, path, |triangle| {
        for [x, y, z] in triangle {
            let (x, y) = (f64::from(x) / pitch, f64::from(y) / pitch);
            let between = |at: f64, pixels: usize| at > OFF_THE_PIXEL && at < pixels as f64 - OFF_THE_PIXEL;
            // The flat side is a fan around a point of its own.
            if z > 0.0 && between(x, columns) && between(y, rows) {
                inside += 1;
                on_pixels += u64::from([x, y].iter().all(|at| (at - at.round()).abs() <= OFF_THE_PIXEL));
            }
        }
        Ok(())
    })?;
    if (on_pixels as f64) < SHARE_ON_PIXELS * inside as f64 {
        return Err(Error::file(
            path,
            format!(
                "{:.0} % of its corners lie off pixels of {}: it is the plate of another pitch or was scaled or moved; \
                 export it again for this device",
                100.0 * (1.0 - on_pixels as f64 / inside as f64),
                format_length(grid.pixel_pitch(), 4)
            ),
        ));
    }
    Ok(heights)
}

/// Pixels the steps of the heights are looked for in, about.
const LOOKED_AT: usize = 1 << 20;

impl Exported {
    /// The relief the plates have, judged by their heights: `designed` where they have its `step` (metres) or none
    /// that shows.
    ///
    /// Steps show where neighbouring heights of all that occur lie equally far apart. Layers are then taken to be of a
    /// length of four digits, as people type it.
    pub fn relief(&self, designed: Relief, step: Metres, turn: Metres) -> Relief {
        let all: usize = self.heights.iter().map(Array2::len).sum();
        let mut heights: Vec<Metres> =
            self.heights.iter().flatten().copied().step_by(all.div_ceil(LOOKED_AT)).collect();
        heights.sort_unstable_by(f64::total_cmp);
        heights.dedup();
        let mut gaps: Vec<Metres> = heights.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_unstable_by(f64::total_cmp);
        let Some(&found) = gaps.get(gaps.len() / 2) else { return designed };
        let same = |a: Metres, b: Metres| (a - b).abs() < 0.01 * b;
        let regular = gaps.iter().filter(|gap| same(**gap, found)).count();
        // A few heights may be absent, or changed by hand.
        if (regular as f64) < 0.8 * gaps.len() as f64 || same(found, step) {
            return designed;
        }
        let levels = (turn / found).round();
        if (2.0..=65_536.0).contains(&levels) && (turn / found - levels).abs() < 1e-3 {
            return Relief::Levels(levels as u32);
        }
        let digit = 10f64.powi(3 - found.log10().floor() as i32);
        Relief::LayerHeight((found * digit).round() / digit)
    }

    /// The thinnest and the thickest pixel of all plates, metres.
    pub fn range(&self) -> (Metres, Metres) {
        let heights = self.heights.iter().flatten().copied();
        heights.fold((f64::INFINITY, 0.0), |(low, high), height| (low.min(height), high.max(height)))
    }

    /// What the plates do to the light: the modulation of a bench, and a phase for each pixel of each mask, radians.
    ///
    /// A pixel of thickness h has the transmission exp(2 pi (i (n - m) - kappa) h/wavelength), m the index of what
    /// surrounds it. The thinnest pixel of all plates is taken for the base: of thin plates another choice would turn all
    /// the light by one phase and change nothing else; thick ones take that base as theirs.
    pub fn masks(&self, material: &Material, wavelength: Metres) -> (Modulation, Vec<Array2<f32>>) {
        let thinnest = self.heights.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let phase = |height: Metres| material.phase(height - thinnest, wavelength) as f32;
        let masks: Vec<Array2<f32>> = self.heights.iter().map(|heights| heights.mapv(phase)).collect();
        // No phase may count as a height less whole turns: what is there is there.
        let highest: Radians = masks.iter().flatten().map(|phase| f64::from(*phase)).fold(0.0, f64::max);
        (Modulation::of_material(material, wavelength, thinnest, highest), masks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_names() {
        for (name, number) in [
            ("digits-mask-1.mm.stl", Some(1)),
            ("a-mask-2-mask-12.um.STL", Some(12)),
            ("digits-mask-3.stl", Some(3)),
            ("holder.mm.stl", None),
            ("digits-mask-1.npy", None),
            ("digits-mask-one.mm.stl", None),
        ] {
            assert_eq!(mask_number(Path::new(name)), number, "{name}");
        }
    }
}
