//! Heights as tables of numbers: text with commas, and NumPy arrays.

use ndarray::{Array2, Ix2};

use super::does_not_read_back;
use crate::error::Result;
use crate::fabrication::height_map::HeightMap;
use crate::fabrication::stl::StlUnit;
use crate::npy::{array_bytes, read_array};
use crate::units::{Metres, trimmed};

/// Digits of a number beyond the one a step of height begins with: a height is told to a millionth of a step.
const DIGITS_OF_A_STEP: i32 = 6;

/// The heights of `map` above the flat side in `unit`, a line a row, row 0 first, under a line that says so; read back.
///
/// # Errors
/// [`crate::Error::Value`] when it does not come back the same.
pub fn csv(map: &HeightMap, pixel_pitch: Metres, title: &str, unit: StlUnit) -> Result<Vec<u8>> {
    let step = map.step() * unit.a_metre();
    let digits = (DIGITS_OF_A_STEP - step.log10().floor() as i32).clamp(0, 30) as usize;
    let mut text = format!(
        "# {title}: heights above the flat side in {unit}, pixels of {} {unit}, line = row from y = 0 on, column = x\n",
        trimmed(pixel_pitch * unit.a_metre(), 9),
        unit = unit.name()
    );
    for row in heights(map).rows() {
        let numbers: Vec<String> =
            row.iter().map(|height| trimmed(height * unit.a_metre(), digits)).collect();
        text += &numbers.join(",");
        text.push('\n');
    }
    let back = read_csv(&text).map_err(|_| does_not_read_back())?;
    // Half a unit of the last digit, and rounding.
    let same = |a: Metres, b: Metres| (a / unit.a_metre() - b).abs() <= 1e-6 * map.step();
    let read = back.dim() == map.relief().dim() && back.iter().zip(&heights(map)).all(|(a, b)| same(*a, *b));
    if read { Ok(text.into_bytes()) } else { Err(does_not_read_back()) }
}

/// The numbers in `text`, shape (lines, numbers in a line); lines that begin with `#` are left out.
///
/// # Errors
/// A sentence that says what is wrong; the caller knows the file.
pub fn read_csv(text: &str) -> std::result::Result<Array2<f64>, String> {
    let (mut rows, mut columns, mut values) = (0, 0, Vec::new());
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let before = values.len();
        for cell in line.split(',') {
            let cell = cell.trim();
            let wrong = || format!("line {}: \"{cell}\" is not a number", number + 1);
            values.push(cell.parse::<f64>().map_err(|_| wrong())?);
        }
        let found = values.len() - before;
        if rows > 0 && found != columns {
            return Err(format!("line {} has {found} numbers instead of {columns}", number + 1));
        }
        (rows, columns) = (rows + 1, found);
    }
    Array2::from_shape_vec((rows, columns), values).map_err(|error| error.to_string())
}

/// The heights of `map` above the flat side in metres, float64, shape (rows, columns), as a NumPy file; read back.
///
/// # Errors
/// As [`csv`].
pub fn npy(map: &HeightMap) -> Result<Vec<u8>> {
    let heights = heights(map);
    let bytes = array_bytes(&heights);
    match read_array::<f64, Ix2>(&bytes) {
        Ok(back) if back == heights => Ok(bytes),
        _ => Err(does_not_read_back()),
    }
}

fn heights(map: &HeightMap) -> Array2<Metres> {
    Array2::from_shape_fn(map.relief().dim(), |(row, column)| map.height(row, column))
}
