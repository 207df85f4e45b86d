//! A user's own picture, made into an image like those of the data set: bright object on black, small.
//!
//! PNG or JPEG of any size and kind. In this order: turned upright as its camera noted; alpha laid on a plain
//! background; luma of Rec. 709 (of the values as stored, 8 bit); inverted when its border is bright; padded
//! with the border's colour to the shape of the target, never distorted; averaged over areas when it is larger
//! than the target, bilinear when smaller.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use exif::{In, Tag};
use ndarray::{Array2, ArrayView2};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::error::{Error, Result};
use crate::raster::{self, Most, Raster, Refusal};

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
    fitted(file, path, MOST, (rows, columns), invert)
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
        side: MAX_SIDE,
        pixels: most_pixels.min(MAX_PIXELS),
        bytes: MAX_DECODER_BYTES.min(most_pixels.saturating_mul(12)),
    };
    fitted(bytes, Path::new(name), most, (rows, columns), invert)
}

const MOST: Most = Most { side: MAX_SIDE, pixels: MAX_PIXELS, bytes: MAX_DECODER_BYTES };

fn fitted(
    source: impl Read,
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

/// The picture at `path`, upright.
fn decode(mut source: impl Read, path: &Path, most: Most) -> Result<Raster> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|error| Error::io("read", path, error))?;
    let read = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        raster::read_png(&*bytes, most)
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        read_jpeg(&bytes, most)
    } else {
        return Err(Error::file(path, "this is neither a PNG nor a JPEG picture: save it as one of them"));
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
    let orientation = raster.exif.as_deref().and_then(orientation).unwrap_or(1);
    Ok(upright(raster, orientation))
}

fn read_jpeg(bytes: &[u8], most: Most) -> std::result::Result<Raster, Refusal> {
    let unsound = |error: DecodeErrors| Refusal::Unsound(error.to_string());
    let options =
        DecoderOptions::default().set_strict_mode(false).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(unsound)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| Refusal::Unsound("no size".into()))?;
    most.allows(width as u64, height as u64)?;
    let (colour, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    if (width * height * channels) as u64 > most.bytes {
        return Err(Refusal::Bytes);
    }
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(colour));
    let values = decoder.decode().map_err(unsound)?.into_iter().map(u16::from).collect();
    let exif = decoder.exif().cloned();
    Ok(Raster { width, height, channels, deep: false, values, exif })
}

/// How the camera was held: 1 to 8, as EXIF 2.32 (CIPA DC-008), tag 274, numbers it.
fn orientation(exif: &[u8]) -> Option<u32> {
    let (fields, _) = exif::parse_exif(exif).ok()?;
    let field = fields.iter().find(|field| field.tag == Tag::Orientation && field.ifd_num == In::PRIMARY)?;
    field.value.get_uint(0)
}

/// `raster` as its camera saw it: mirrored from left to right where `orientation` says so, then turned.
fn upright(raster: Raster, orientation: u32) -> Raster {
    if !(2..=8).contains(&orientation) {
        return raster;
    }
    let Raster { width, height, channels, .. } = raster;
    let (to_width, to_height) = if orientation >= 5 { (height, width) } else { (width, height) };
    let mut values = Vec::with_capacity(raster.values.len());
    for y in 0..to_height {
        for x in 0..to_width {
            let (row, column) = match orientation {
                2 => (y, width - 1 - x),
                3 => (height - 1 - y, width - 1 - x),
                4 => (height - 1 - y, x),
                5 => (x, y),
                6 => (height - 1 - x, y),
                7 => (height - 1 - x, width - 1 - y),
                _ => (x, width - 1 - y),
            };
            let at = (row * width + column) * channels;
            values.extend_from_slice(&raster.values[at..at + channels]);
        }
    }
    Raster { width: to_width, height: to_height, values, ..raster }
}

/// Red, green, blue and alpha of each pixel, 0 to 255.
fn pixels(picture: &Raster) -> impl Iterator<Item = [u8; 4]> {
    let byte = |value: u16| {
        // The nearest of 8 bits: 257 steps of 16 bits are one.
        if picture.deep { ((u32::from(value) + 128) / 257) as u8 } else { value as u8 }
    };
    picture.values.chunks_exact(picture.channels).map(move |pixel| match *pixel {
        [grey] => [byte(grey), byte(grey), byte(grey), 255],
        [grey, alpha] => [byte(grey), byte(grey), byte(grey), byte(alpha)],
        [red, green, blue] => [byte(red), byte(green), byte(blue), 255],
        [red, green, blue, alpha, ..] => [byte(red), byte(green), byte(blue), byte(alpha)],
        [] => [0; 4],
    })
}

/// Luma `[rows, columns]`, and the background that transparent parts were laid on.
fn luma(picture: &Raster, invert: Invert) -> (Array2<u8>, Option<u8>) {
    let (mut weight, mut sum) = (0_u64, 0_u64);
    for pixel in pixels(picture) {
        let alpha = u64::from(pixel[3]);
        weight += alpha;
        sum += alpha * u64::from(luma_709(pixel));
    }
    let (rows, columns) = (picture.height, picture.width);
    let transparent = weight < 255 * rows as u64 * columns as u64;
    let white = match invert {
        Invert::Auto => sum <= u64::from(BRIGHT) * weight,
        Invert::Never => false,
        Invert::Always => true,
    };
    let background = if white { 255_u32 } else { 0 };
    let mut luma = Array2::zeros((rows, columns));
    for (to, pixel) in luma.iter_mut().zip(pixels(picture)) {
        let alpha = u32::from(pixel[3]);
        let value = alpha * u32::from(luma_709(pixel)) + (255 - alpha) * background;
        *to = ((value + 127) / 255) as u8;
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
