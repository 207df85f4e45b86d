//! A user's own picture, made into an image like those of the data set: bright object on black, small.
//!
//! PNG or JPEG of any size and kind. In this order: turned upright as its camera noted; luma of Rec. 709 (of the
//! values as stored, 16 bit); alpha laid on a plain background; padded with the border's colour to the shape of
//! the target, never distorted; averaged over areas when it is larger than the target, bilinear when smaller;
//! inverted when its border is brighter than what is on it; stretched to the whole range of brightness.

mod brightness;
mod jpeg;
mod scaling;
mod upright;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::raster::{self, Most, Raster, Refusal};
use brightness::{FULL, Ground, Planes};

/// Pixels along one side at most.
const MAX_SIDE: u32 = 16_384;

/// Pixels at most: the picture of a very good camera.
const MAX_PIXELS: u64 = 64_000_000;

/// Bytes the decoder may take.
const MAX_DECODER_BYTES: u64 = 1 << 30;

const MOST: Most = Most { side: MAX_SIDE, pixels: MAX_PIXELS, bytes: MAX_DECODER_BYTES };

/// Whether dark and bright are exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invert {
    /// When the border is nearer to the brightest of the picture than to its darkest.
    #[default]
    Auto,
    /// Never: the picture has a dark background.
    Never,
    /// Always: the picture has a bright background.
    Always,
}

/// How a picture is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// Whether dark and bright are exchanged.
    pub invert: Invert,
    /// Whether a narrow range of brightness is stretched to the whole.
    pub stretch: bool,
}

impl Default for Treatment {
    fn default() -> Self {
        Treatment { invert: Invert::Auto, stretch: true }
    }
}

/// What was done about the range of a picture's brightness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Contrast {
    /// Nothing: it begins at black and reaches three quarters of the full scale.
    Sufficient,
    /// From `low` to `high`, parts of the full scale after inversion, were made black to white.
    Stretched {
        /// The darkest.
        low: f64,
        /// The brightest.
        high: f64,
    },
    /// Nothing: the picture is blank or nearly so.
    Faint,
    /// Nothing, as was asked.
    AsStored,
}

/// What became of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// `[rows, columns]`, 0 dark and 255 bright.
    pub image: Array2<u8>,
    /// Rows and columns of the picture, upright.
    pub original: (usize, usize),
    /// Whether dark and bright were exchanged.
    pub inverted: bool,
    /// The background that transparent parts were laid on: `black`, `white` or `the border's colour`; `None` without
    /// such parts.
    pub background: Option<&'static str>,
    /// Value of the border in the image: what was padded with.
    pub border: u8,
    /// What was done about its range.
    pub contrast: Contrast,
}

impl Fitted {
    /// What was done, in one line: `640 x 480 pixels, inverted, stretched (2 to 48 % of full scale), fitted to 28 x 28`.
    pub fn describe(&self) -> String {
        let (rows, columns) = self.image.dim();
        let mut text = format!("{} x {} pixels", self.original.1, self.original.0);
        if let Some(background) = self.background {
            text += &format!(", transparency on {background}");
        }
        text += if self.inverted { ", inverted" } else { ", not inverted" };
        text += &match self.contrast {
            Contrast::Stretched { low, high } => {
                format!(", stretched ({} to {} % of full scale)", percent(low), percent(high))
            }
            Contrast::Sufficient | Contrast::Faint | Contrast::AsStored => ", not stretched".into(),
        };
        text += &format!(", fitted to {columns} x {rows}");
        text += match self.contrast {
            Contrast::Faint if self.is_flat() => ", and blank: there is nothing to be seen on it",
            Contrast::Faint => ", and nearly blank: what is on it is no more than noise",
            _ => "",
        };
        text
    }

    /// Whether nothing is to be seen on it but noise: its answer means nothing.
    pub fn is_blank(&self) -> bool {
        self.contrast == Contrast::Faint
    }

    fn is_flat(&self) -> bool {
        self.image.iter().all(|value| *value == self.border)
    }
}

/// `part` in percent with as many digits as say something.
fn percent(part: f64) -> String {
    let text = format!("{:.*}", if part < 0.1 { 2 } else { 1 }, 100.0 * part);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Reads the picture at `path` and fits it to `rows` x `columns` pixels.
///
/// A subject that is cut out is laid on black, and on white when it is darker than its rim or, of one colour,
/// dark; with [`Invert::Never`] always on black, with [`Invert::Always`] on white.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read; [`Error::File`] when it is no sound PNG or JPEG or too large;
/// [`Error::Value`] for no rows or columns.
pub fn read(path: &Path, rows: usize, columns: usize, treatment: Treatment) -> Result<Fitted> {
    let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
    read_from(file, path, rows, columns, treatment)
}

/// [`read`] for a picture that comes from `source`; messages call it `name`.
///
/// # Errors
/// As [`read`].
pub fn read_from(
    source: impl Read,
    name: &Path,
    rows: usize,
    columns: usize,
    treatment: Treatment,
) -> Result<Fitted> {
    fitted(source, name, MOST, (rows, columns), treatment)
}

/// [`read`] for a picture whose bytes came by themselves, of at most `most_pixels` pixels; messages call it `name`.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(
    bytes: &[u8],
    name: &str,
    most_pixels: u64,
    shape: (usize, usize),
    treatment: Treatment,
) -> Result<Fitted> {
    // A decoder may need what eight bytes a pixel take, and half as much again.
    let most = Most {
        side: MAX_SIDE,
        pixels: most_pixels.min(MAX_PIXELS),
        bytes: MAX_DECODER_BYTES.min(most_pixels.saturating_mul(12)),
    };
    fitted(bytes, Path::new(name), most, shape, treatment)
}

fn fitted(
    source: impl Read,
    path: &Path,
    most: Most,
    (rows, columns): (usize, usize),
    treatment: Treatment,
) -> Result<Fitted> {
    if rows == 0 || columns == 0 {
        return Err(Error::Value(format!("a picture cannot be fitted to {rows} x {columns} pixels")));
    }
    let planes = planes(decode(source, path, most)?);
    let (white, step) = (planes.white, planes.step);
    let ground = planes.ground((rows, columns), treatment.invert);
    let luma = planes.laid_on(ground.map_or(Ground::Black, |(ground, _)| ground));
    let border = brightness::border_median(luma.view());
    let mut image = scaling::fit(luma.view(), rows, columns, border);
    let faint = brightness::is_faint(&image, step);
    let inverted = match (treatment.invert, ground) {
        (Invert::Never, _) => false,
        (Invert::Always, _) => true,
        // What was cut out stands on its own background.
        (Invert::Auto, Some((ground, true))) => ground == Ground::White,
        (Invert::Auto, _) => brightness::is_negative(&image, border, white, faint),
    };
    let mut border = f64::from(border);
    if inverted {
        image.mapv_inplace(|value| FULL - value);
        border = FULL - border;
    }
    let contrast = brightness::contrast(&image, faint, treatment.stretch);
    let (low, high) = match contrast {
        Contrast::Stretched { low, high } => (low * FULL, high * FULL),
        _ => (0.0, FULL),
    };
    let byte = |value: f64| (255.0 * (value - low) / (high - low)).round().clamp(0.0, 255.0) as u8;
    Ok(Fitted {
        original: luma.dim(),
        inverted,
        background: ground.map(|(ground, _)| match ground {
            Ground::Black => "black",
            Ground::White => "white",
            Ground::Border => "the border's colour",
        }),
        border: byte(border),
        contrast,
        image: image.mapv(byte),
    })
}

/// The picture at `path`, upright.
fn decode(source: impl Read, path: &Path, most: Most) -> Result<Raster> {
    let mut bytes = Vec::new();
    let mut source = source.take(MAX_DECODER_BYTES + 1);
    source.read_to_end(&mut bytes).map_err(|error| Error::io("read", path, error))?;
    let read = if bytes.len() as u64 > MAX_DECODER_BYTES {
        Err(Refusal::Bytes)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        raster::read_png(&*bytes, most)
    } else if bytes.starts_with(&jpeg::SIGNATURE) {
        jpeg::read(&bytes, most)
    } else {
        return Err(Error::file(path, "this is neither a PNG nor a JPEG picture: save it as PNG or JPEG"));
    };
    let raster = read.map_err(|refusal| match refusal {
        Refusal::Io(source) => Error::io("read", path, source),
        Refusal::Side => {
            Error::file(path, format!("the picture has more than {MAX_SIDE} pixels a side: make it smaller"))
        }
        Refusal::Pixels(width, height) => Error::file(
            path,
            format!("the picture has {width} x {height} pixels, more than {}: make it smaller", most.pixels),
        ),
        Refusal::Bytes => Error::file(path, "the picture takes too much memory to read: make it smaller"),
        Refusal::Unsound(problem) => {
            Error::file(path, format!("the picture cannot be read ({problem}): save it as PNG or JPEG again"))
        }
    })?;
    let orientation = raster.exif.as_deref().and_then(upright::orientation).unwrap_or(1);
    Ok(upright::upright(raster, orientation))
}

/// Luma and opacity of `picture`, 16 bits whatever it has.
fn planes(picture: Raster) -> Planes {
    let scale = if picture.deep { 1 } else { 257 };
    let (rows, columns) = (picture.height, picture.width);
    let pixels = || picture.values.chunks_exact(picture.channels);
    // All rows have `columns` pixels, so there are as many values as the plane has.
    let plane = |value: &dyn Fn(&[u16]) -> u16| {
        let mut values = pixels().map(|pixel| scale * value(pixel));
        Array2::from_shape_simple_fn((rows, columns), || values.next().unwrap_or_default())
    };
    let luma = plane(&|pixel| match *pixel {
        [grey] | [grey, _] => grey,
        [red, green, blue, ..] => luma_709([red, green, blue]),
        [] => 0,
    });
    let opaque = u16::MAX / scale;
    let transparent =
        [2, 4].contains(&picture.channels) && pixels().any(|pixel| pixel.last() != Some(&opaque));
    let alpha = transparent.then(|| plane(&|pixel| pixel.last().copied().unwrap_or_default()));
    let largest = luma.iter().copied().max().unwrap_or_default();
    // Sensors have 8, 10, 12 or 14 bits, and not every program shifts them up.
    let white = [8, 10, 12, 14]
        .map(|bits| (1 << bits) - 1)
        .into_iter()
        .find(|white| picture.deep && largest <= *white);
    Planes { luma, alpha, white: white.unwrap_or(u16::MAX), step: f64::from(scale) }
}

/// Luma of Rec. ITU-R BT.709, item 3.2, of the values as stored.
pub(super) fn luma_709([red, green, blue]: [u16; 3]) -> u16 {
    ((2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue) + 5000) / 10_000) as u16
}

#[cfg(test)]
mod tests;
