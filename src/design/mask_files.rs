//! The mask files of a device: `mask-1.npy` nearest the object, NumPy arrays.
//!
//! A phase mask is real, in radians; an amplitude mask is real, 0 to 1; a complex mask is its complex transmission.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Ix2};
use num_complex::{Complex, Complex32};

use crate::bench::Bench;
use crate::element::Modulation;
use crate::error::{Error, Result};
use crate::files::{read_bytes, sha256, write_bytes};
use crate::npy::{Number, array_bytes, read_array};

/// The number of the mask a file name belongs to.
pub(super) fn number(name: &str) -> Option<usize> {
    name.strip_prefix("mask-")?.strip_suffix(".npy")?.parse().ok()
}

/// Name of the file of mask `number`, counted from 1 in the order of the light.
pub(super) fn name(number: usize) -> String {
    format!("mask-{number}.npy")
}

pub(super) fn path(folder: &Path, number: usize) -> PathBuf {
    folder.join(name(number))
}

/// Masks as they were read.
pub struct ReadMasks {
    /// Their values, one array a channel of the modulation, in the order of the light.
    pub values: Vec<Array2<f32>>,
    /// SHA-256 of each file.
    pub sums: Vec<String>,
}

/// Reads the masks of `bench`, in the order of the light.
///
/// # Errors
/// [`Error::Io`] and [`Error::File`] for a file that is missing, damaged, of another shape or kind, or has values out
/// of their range.
pub fn read_masks(folder: &Path, bench: &Bench) -> Result<ReadMasks> {
    let mut masks = ReadMasks { values: Vec::new(), sums: Vec::new() };
    for number in 1..=bench.all_masks() {
        let path = path(folder, number);
        if !path.exists() {
            let problem = "is missing: the device is not trained (`d2nn train` makes its masks)";
            return Err(Error::file(&path, problem));
        }
        // The header of an array may claim any size: the size of the largest mask bounds what is read.
        let (rows, columns) = bench.mask_shape(number - 1);
        let bytes = read_bytes(&path, (rows * columns * 16 + 4096) as u64).map_err(|error| match error {
            Error::File { file, problem } => {
                Error::File { file, problem: format!("{problem}; {}", belongs(bench, number - 1)) }
            }
            other => other,
        })?;
        masks.values.extend(parse_mask(&path, &bytes, bench, number - 1)?);
        masks.sums.push(sha256(&bytes));
    }
    Ok(masks)
}

/// What the file of mask `mask` of `bench` holds.
fn belongs(bench: &Bench, mask: usize) -> String {
    let (rows, columns) = bench.mask_shape(mask);
    let what = match bench.modulation {
        Modulation::Phase { .. } => "float32, in radians",
        Modulation::Amplitude => "float32, amplitudes from 0 to 1",
        Modulation::Complex => "complex64, transmissions of at most 1",
    };
    let which = if bench.mask_pixels.is_empty() { "a mask".into() } else { format!("mask {}", mask + 1) };
    format!("{which} of this device is {rows} x {columns} {what}")
}

/// The values of mask `mask` of `bench`, 0 the first of the first network, one array a channel, from the whole content of its
/// file; `path` is for messages.
///
/// # Errors
/// [`Error::File`] as [`read_masks`].
pub fn parse_mask(path: &Path, bytes: &[u8], bench: &Bench, mask: usize) -> Result<Vec<Array2<f32>>> {
    let (rows, columns) = bench.mask_shape(mask);
    let modulation = bench.modulation;
    let expected = belongs(bench, mask);
    let wrong = |problem: String| Error::file(path, format!("{problem}: {expected}"));
    // NumPy makes double precision of most arithmetic: masks edited there are welcome.
    let channels = if modulation == Modulation::Complex {
        let polar = read_either(
            bytes,
            |value: Complex32| (value.arg(), value.norm()),
            |value: Complex<f64>| (value.arg() as f32, value.norm() as f32),
        );
        let polar = polar.map_err(wrong)?;
        vec![polar.mapv(|(phase, _)| phase), polar.mapv(|(_, amplitude)| amplitude)]
    } else {
        let narrow = |value: f64| if modulation.is_angle(0) { narrow_phase(value) } else { value as f32 };
        vec![read_either(bytes, |value: f32| value, narrow).map_err(wrong)?]
    };
    for (channel, values) in channels.iter().enumerate() {
        if values.dim() != (rows, columns) {
            return Err(Error::file(path, format!("has the shape {:?}: {expected}", values.dim())));
        }
        modulation.check(channel, values).map_err(|problem| Error::file(path, problem))?;
    }
    // In standard order, whatever order the file had; rounding may have left an amplitude just above 1.
    Ok(channels
        .into_iter()
        .enumerate()
        .map(|(channel, values)| {
            let values = values.as_standard_layout().into_owned();
            if modulation.is_angle(channel) { values } else { values.mapv(|amplitude| amplitude.min(1.0)) }
        })
        .collect())
}

/// Phases up to here have steps of a ten-thousandth of a radian in double precision.
const MOST_PHASE: f64 = 1e12;

/// A phase in single precision. One that single precision does not hold is wrapped first, while it has its digits: a lens
/// of `-k sqrt(r^2 + f^2)` is some 10,000 rad everywhere, where single precision goes in steps of 0.001, and at 10^7 rad in
/// steps of one.
///
/// Beyond [`MOST_PHASE`] double precision has lost them too, and what is no phase becomes no number.
fn narrow_phase(phase: f64) -> f32 {
    let narrow = phase as f32;
    if phase.abs() > MOST_PHASE {
        return f32::INFINITY;
    }
    if f64::from(narrow) == phase || !phase.is_finite() { narrow } else { phase.rem_euclid(TAU) as f32 }
}

/// The values of an array of `T`, or else of `U`, each as its function makes it.
fn read_either<T: Number, U: Number, A>(
    bytes: &[u8],
    of_narrow: impl Fn(T) -> A,
    of_wide: impl Fn(U) -> A,
) -> std::result::Result<Array2<A>, String> {
    read_array::<T, Ix2>(bytes)
        .map(|narrow| narrow.mapv(of_narrow))
        .or_else(|error| read_array::<U, Ix2>(bytes).map(|wide| wide.mapv(of_wide)).map_err(|_| error))
}

/// Writes the masks with `values` and returns the SHA-256 of each file.
///
/// # Errors
/// [`Error::Io`] when a file cannot be written.
pub fn write_masks(folder: &Path, modulation: Modulation, values: &[Array2<f32>]) -> Result<Vec<String>> {
    values
        .chunks(modulation.channels())
        .enumerate()
        .map(|(index, channels)| {
            let path = path(folder, index + 1);
            match channels {
                [phase, amplitude] => {
                    let transmission = Array2::from_shape_fn(phase.dim(), |at| {
                        Complex32::from_polar(amplitude[at], phase[at])
                    });
                    write_mask(&path, &transmission)
                }
                _ => write_mask(&path, &channels[0]),
            }
        })
        .collect()
}

fn write_mask<T: Number>(path: &Path, mask: &Array2<T>) -> Result<String> {
    let bytes = array_bytes(mask);
    write_bytes(path, &bytes)?;
    Ok(sha256(&bytes))
}
