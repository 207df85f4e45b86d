//! A user's own picture, made into an image like those of the data set: bright object on black, small.
//!
//! PNG or JPEG of any size and kind. In this order: turned upright as its camera noted; alpha laid on a plain
//! background; luma of Rec. 709 (of the values as stored, 8 bit); inverted when its border is bright; padded
//! with the border's colour to the shape of the target, never distorted; averaged over areas when it is larger
//! than the target, bilinear when smaller.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, GenericImageView, ImageDecoder, ImageReader, Limits};
use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Pixels along one side at most.
const MAX_SIDE: u32 = 16_384;

/// Pixels at most: the picture of a very good camera.
const MAX_PIXELS: u64 = 64_000_000;

/// Bytes the decoder may take.
const MAX_DECODER_BYTES: u64 = 1 << 30;

/// Border values above this are a bright background.
const BRIGHT: u8 = 127;

/// Whether dark and bright are exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invert {
    /// When the median of the border is above 127.
    #[default]
    Auto,
    /// Never: the picture has a dark background.
    Never,
    /// Always: the picture has a bright background.
    Always,
}

/// What became of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// `[rows, columns]`, 0 dark and 255 bright.
    pub image: Array2<u8>,
    /// Rows and columns of the picture, upright.
    pub original: (usize, usize),
    /// Whether dark and bright were exchanged.
    pub inverted: bool,
    /// The background that transparent parts were laid on: 0 black or 255 white; `None` without such parts.
    pub background: Option<u8>,
    /// Value of the border, after the inversion: what was padded with.
    pub border: u8,
    /// Whether all of the image has one value: nothing to be seen.
    pub blank: bool,
}

impl Fitted {
    /// What was done, in one line: `640 x 480 pixels, inverted (bright border), fitted to 28 x 28`.
    pub fn describe(&self) -> String {
        let (rows, columns) = self.image.dim();
        let mut text = format!("{} x {} pixels", self.original.1, self.original.0);
        if let Some(background) = self.background {
            text += if background == 0 { ", transparency on black" } else { ", transparency on white" };
        }
        text += if self.inverted { ", inverted" } else { ", not inverted" };
        text += &format!(", fitted to {columns} x {rows}");
        if self.blank {
            text += ", and blank: there is nothing to be seen on it";
        }
        text
    }
}

/// Reads the picture at `path` and fits it to `rows` x `columns` pixels.
///
/// Transparent parts are laid on black; with [`Invert::Always`] on white; with [`Invert::Auto`] on whichever
/// is farther from the mean of what is opaque, so that an object cut out keeps its outline.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read; [`Error::File`] when it is no sound PNG or JPEG or too large;
/// [`Error::Value`] for no rows or columns.
pub fn read(path: &Path, rows: usize, columns: usize, invert: Invert) -> Result<Fitted> {
    let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
    fitted(BufReader::new(file), path, MOST, (rows, columns), invert)
}

/// [`read`] for a picture whose bytes came by themselves, of at most `most_pixels` pixels; messages call it `name`.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(
    bytes: &[u8],
    name: &str,
    most_pixels: u64,
    (rows, columns): (usize, usize),
    invert: Invert,
) -> Result<Fitted> {
    // A decoder may need what eight bytes a pixel take, and half as much again.
    let most = Most {
        pixels: most_pixels.min(MAX_PIXELS),
        bytes: MAX_DECODER_BYTES.min(most_pixels.saturating_mul(12)),
    };
    fitted(Cursor::new(bytes), Path::new(name), most, (rows, columns), invert)
}

/// How large a picture may be.
#[derive(Clone, Copy)]
struct Most {
    pixels: u64,
    /// What the decoder may take.
    bytes: u64,
}

const MOST: Most = Most { pixels: MAX_PIXELS, bytes: MAX_DECODER_BYTES };

fn fitted(
    source: impl BufRead + Seek,
    path: &Path,
    most: Most,
    (rows, columns): (usize, usize),
    invert: Invert,
) -> Result<Fitted> {
    if rows == 0 || columns == 0 {
        return Err(Error::Value(format!("a picture cannot be fitted to {rows} x {columns} pixels")));
    }
    let picture = decode(source, path, most)?;
    let (mut luma, background) = luma(&picture, invert);
    let inverted = match invert {
        Invert::Auto => border_median(luma.view()) > BRIGHT,
        Invert::Never => false,
        Invert::Always => true,
    };
    if inverted {
        luma.mapv_inplace(|value| 255 - value);
    }
    let border = border_median(luma.view());
    let image = fit(luma.view(), rows, columns, border);
    let first = image[[0, 0]];
    let blank = image.iter().all(|value| *value == first);
    Ok(Fitted { original: luma.dim(), inverted, background, border, blank, image })
}

fn decode(source: impl BufRead + Seek, path: &Path, most: Most) -> Result<DynamicImage> {
    let refused = |error: ImageError| match error {
        ImageError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            Error::io("read", path, source)
        }
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::DimensionError => {
            Error::file(path, format!("the picture has more than {MAX_SIDE} pixels a side: make it smaller"))
        }
        ImageError::Limits(_) => {
            Error::file(path, "the picture takes too much memory to read: make it smaller")
        }
        other => {
            Error::file(path, format!("the picture cannot be read ({other}): save it as PNG or JPEG again"))
        }
    };
    let mut reader =
        ImageReader::new(source).with_guessed_format().map_err(|source| Error::io("read", path, source))?;
    if reader.format().is_none() {
        return Err(Error::file(path, "this is neither a PNG nor a JPEG picture: save it as one of them"));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(most.bytes);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > most.pixels {
        let problem =
            format!("the picture has {width} x {height} pixels, more than {}: make it smaller", most.pixels);
        return Err(Error::file(path, problem));
    }
    let orientation = decoder.orientation().map_err(refused)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    if picture.width() == 0 || picture.height() == 0 {
        return Err(Error::file(path, "the picture has no pixels"));
    }
    Ok(picture)
}

/// Luma `[rows, columns]`, and the background that transparent parts were laid on.
fn luma(picture: &DynamicImage, invert: Invert) -> (Array2<u8>, Option<u8>) {
    let (mut weight, mut sum) = (0_u64, 0_u64);
    for (_, _, pixel) in picture.pixels() {
        let alpha = u64::from(pixel.0[3]);
        weight += alpha;
        sum += alpha * u64::from(luma_709(pixel.0));
    }
    let (rows, columns) = (picture.height() as usize, picture.width() as usize);
    let transparent = weight < 255 * rows as u64 * columns as u64;
    let white = match invert {
        Invert::Auto => sum <= u64::from(BRIGHT) * weight,
        Invert::Never => false,
        Invert::Always => true,
    };
    let background = if white { 255_u32 } else { 0 };
    let mut luma = Array2::zeros((rows, columns));
    for (column, row, pixel) in picture.pixels() {
        let alpha = u32::from(pixel.0[3]);
        let value = alpha * u32::from(luma_709(pixel.0)) + (255 - alpha) * background;
        luma[[row as usize, column as usize]] = ((value + 127) / 255) as u8;
    }
    (luma, transparent.then_some(background as u8))
}

/// Luma of Rec. ITU-R BT.709, item 3.2, of the values as stored.
fn luma_709([red, green, blue, _]: [u8; 4]) -> u8 {
    ((2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue) + 5000) / 10_000) as u8
}

fn border_median(image: ArrayView2<u8>) -> u8 {
    let (rows, columns) = image.dim();
    let mut border: Vec<u8> = image
        .indexed_iter()
        .filter(|((row, column), _)| *row == 0 || *column == 0 || row + 1 == rows || column + 1 == columns)
        .map(|(_, value)| *value)
        .collect();
    let middle = border.len() / 2;
    *border.select_nth_unstable(middle).1
}

/// `image` scaled into the middle of `rows` x `columns` pixels, the rest filled with `border`.
fn fit(image: ArrayView2<u8>, rows: usize, columns: usize, border: u8) -> Array2<u8> {
    let (height, width) = image.dim();
    // Pixels of the picture along one pixel of the target.
    let scale = (height as f64 / rows as f64).max(width as f64 / columns as f64);
    let vertical = weights(height, rows, scale);
    let horizontal = weights(width, columns, scale);
    let border = f64::from(border);
    // Rows first: each picture row is read once for every target row that needs it.
    let mut narrow = Array2::<f64>::zeros((height, columns));
    for (line, mut out) in image.rows().into_iter().zip(narrow.rows_mut()) {
        for (value, parts) in out.iter_mut().zip(&horizontal) {
            *value = parts.iter().map(|(at, weight)| weight * (f64::from(line[*at]) - border)).sum();
        }
    }
    Array2::from_shape_fn((rows, columns), |(row, column)| {
        let above: f64 = vertical[row].iter().map(|(at, weight)| weight * narrow[[*at, column]]).sum();
        (border + above).round().clamp(0.0, 255.0) as u8
    })
}

/// For each of `target` pixels, which of `samples` it sees and with what weight, the samples in the middle.
///
/// What the weights lack to one lies outside the picture.
fn weights(samples: usize, target: usize, scale: f64) -> Vec<Vec<(usize, f64)>> {
    let offset = (samples as f64 - target as f64 * scale) / 2.0;
    (0..target)
        .map(|pixel| {
            let start = offset + pixel as f64 * scale;
            if scale >= 1.0 { covered(start, scale, samples) } else { between(start + scale / 2.0, samples) }
        })
        .collect()
}

/// Area average: the share of each sample in the stretch from `start` on.
fn covered(start: f64, length: f64, samples: usize) -> Vec<(usize, f64)> {
    let end = (start + length).min(samples as f64);
    let first = start.max(0.0).floor() as usize;
    (first..samples)
        .take_while(|sample| (*sample as f64) < end)
        .map(|sample| {
            let overlap = end.min(sample as f64 + 1.0) - start.max(sample as f64);
            (sample, overlap.max(0.0) / length)
        })
        .collect()
}

/// Bilinear: the two samples whose centres enclose `position`; the picture's edge pixels reach to its edge.
fn between(position: f64, samples: usize) -> Vec<(usize, f64)> {
    if position < 0.0 || position > samples as f64 {
        return Vec::new();
    }
    let position = (position - 0.5).clamp(0.0, samples as f64 - 1.0);
    let low = position.floor() as usize;
    let share = position - low as f64;
    if share > 0.0 { vec![(low, 1.0 - share), (low + 1, share)] } else { vec![(low, 1.0)] }
}

#[cfg(test)]
mod tests;
