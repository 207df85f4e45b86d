//! Heights as 16-bit greyscale pictures, PNG and TIFF, for greyscale lithography and the like.
//!
//! A step of relief is a whole number of greys, so every height comes back to the last step. Row 0 of the mask is the
//! top row of the picture: it shows the mask as seen along the light.

use std::io::Cursor;

use ndarray::Array2;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::{TiffEncoder, colortype};

use super::does_not_read_back;
use crate::error::{Error, Result};
use crate::fabrication::height_map::HeightMap;
use crate::raster::{self, Samples};

/// Greys that a step of the relief of `map` takes: as many as let the highest relief there may be fit into 16 bits.
///
/// # Errors
/// [`Error::Value`] for more steps to a full turn than there are greys.
pub fn greys_a_step(map: &HeightMap) -> Result<u16> {
    let most = map.most_steps().max(1);
    match u16::MAX.checked_div(u16::try_from(most).unwrap_or(u16::MAX)) {
        Some(greys) if most <= i32::from(u16::MAX) => Ok(greys),
        _ => Err(Error::Value(format!(
            "a relief of up to {most} steps does not fit into 16 bits of grey: take at most 65536 \
             fabrication.levels, or thicker layers"
        ))),
    }
}

/// Greys of the relief of `map`, shape (rows, columns): 0 is the base.
///
/// # Errors
/// As [`greys_a_step`].
pub fn greys(map: &HeightMap) -> Result<Array2<u16>> {
    let greys = greys_a_step(map)?;
    // Below the largest grey: no relief is higher than the highest there may be.
    Ok(map.relief().mapv(|steps| steps as u16 * greys))
}

/// The PNG file of `greys`, read back.
///
/// # Errors
/// [`Error::Value`] when it does not come back the same.
pub fn png(greys: &Array2<u16>) -> Result<Vec<u8>> {
    let bytes: Vec<u8> = greys.iter().flat_map(|grey| grey.to_be_bytes()).collect();
    let (rows, columns) = greys.dim();
    let file = raster::png(&bytes, columns, rows, Samples::DeepGrey)?;
    if read_png(&file).as_ref() == Ok(greys) { Ok(file) } else { Err(does_not_read_back()) }
}

/// The greys in the PNG file `bytes`, shape (rows, columns).
///
/// # Errors
/// A sentence that says what is wrong; the caller knows the file.
pub fn read_png(bytes: &[u8]) -> std::result::Result<Array2<u16>, String> {
    super::grey_values(bytes, true)
}

/// The TIFF file of `greys` (uncompressed, one strip or more, little or big endian as the machine), read back.
///
/// # Errors
/// As [`png()`].
pub fn tiff(greys: &Array2<u16>) -> Result<Vec<u8>> {
    let (rows, columns) = greys.dim();
    let values: Vec<u16> = greys.iter().copied().collect();
    let mut file = Cursor::new(Vec::new());
    TiffEncoder::new(&mut file)
        .and_then(|mut encoder| {
            encoder.write_image::<colortype::Gray16>(columns as u32, rows as u32, &values)
        })
        .map_err(|error| Error::Value(format!("the picture cannot be written: {error}")))?;
    let file = file.into_inner();
    if read_tiff(&file).as_ref() == Ok(greys) { Ok(file) } else { Err(does_not_read_back()) }
}

/// The greys in the TIFF file `bytes`, shape (rows, columns).
///
/// # Errors
/// As [`read_png`].
pub fn read_tiff(bytes: &[u8]) -> std::result::Result<Array2<u16>, String> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let (columns, rows) = decoder.dimensions().map_err(|error| error.to_string())?;
    match decoder.read_image().map_err(|error| error.to_string())? {
        DecodingResult::U16(values) => of_rows(rows, columns, values),
        _ => Err("has no pixels of 16 bits".into()),
    }
}

fn of_rows(rows: u32, columns: u32, values: Vec<u16>) -> std::result::Result<Array2<u16>, String> {
    Array2::from_shape_vec((rows as usize, columns as usize), values).map_err(|error| error.to_string())
}
