//! Rasters of 8 and 16 bits as PNG files: written in memory, read without trust.

use std::io::{Cursor, Read};

use png::{
    BitDepth, ColorType, Decoder, DecodingError, DeflateCompression, Encoder, Filter, Limits, Transformations,
};

use crate::error::{Error, Result};

/// What a sample of a raster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    /// One byte a pixel.
    Grey,
    /// Two bytes a pixel, the higher first.
    DeepGrey,
    /// Three bytes a pixel: red, green, blue.
    Colour,
    /// Four bytes a pixel: red, green, blue, alpha.
    ColourAlpha,
}

/// How hard zlib looks for repetitions, of 9. The plots of a device are 2 to 6 % larger than at 9 and packed in a fifth
/// of the time, which was more than half of a small training.
const LEVEL: u8 = 4;

/// The PNG file of a raster: `bytes` from the top left pixel on, row by row, `width` x `height` pixels.
///
/// # Errors
/// [`Error::Value`] for no pixels, or bytes that do not belong to that many.
pub fn png(bytes: &[u8], width: usize, height: usize, samples: Samples) -> Result<Vec<u8>> {
    let refused =
        |error: &dyn std::fmt::Display| Error::Value(format!("the picture cannot be written: {error}"));
    let side = |pixels: usize| u32::try_from(pixels).map_err(|error| refused(&error));
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, side(width)?, side(height)?);
    let (colour, depth) = match samples {
        Samples::Grey => (ColorType::Grayscale, BitDepth::Eight),
        Samples::DeepGrey => (ColorType::Grayscale, BitDepth::Sixteen),
        Samples::Colour => (ColorType::Rgb, BitDepth::Eight),
        Samples::ColourAlpha => (ColorType::Rgba, BitDepth::Eight),
    };
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_deflate_compression(DeflateCompression::Level(LEVEL));
    encoder.set_filter(Filter::Adaptive);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(bytes)?;
        writer.finish()
    });
    written.map_err(|error| refused(&error))?;
    Ok(file)
}

/// A raster out of a PNG file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    /// Columns of pixels.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Values a pixel: grey, grey and alpha, red green blue, or these and alpha.
    pub channels: usize,
    /// Whether values have 16 bits.
    pub deep: bool,
    /// The values, row by row; of 8 bits they are 0 to 255.
    pub values: Vec<u16>,
    /// What a camera noted about the picture (EXIF), as it stands in the file.
    pub exif: Option<Vec<u8>>,
}

/// How large a raster may be.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Pixels along one side.
    pub side: u32,
    /// Pixels in all.
    pub pixels: u64,
    /// Bytes the decoder may take.
    pub bytes: u64,
}

/// Why a raster was not read.
#[derive(Debug)]
pub enum Refusal {
    /// More pixels along a side than [`Most::side`].
    Side,
    /// More pixels in all than [`Most::pixels`]: width and height.
    Pixels(u64, u64),
    /// More memory than [`Most::bytes`].
    Bytes,
    /// The reader failed.
    Io(std::io::Error),
    /// It is no sound file.
    Unsound(String),
}

impl Most {
    /// Whether a raster of `width` x `height` pixels may be read.
    ///
    /// # Errors
    /// [`Refusal::Side`], [`Refusal::Pixels`].
    pub fn allows(&self, width: u64, height: u64) -> std::result::Result<(), Refusal> {
        if width.max(height) > u64::from(self.side) {
            return Err(Refusal::Side);
        }
        if width * height > self.pixels { Err(Refusal::Pixels(width, height)) } else { Ok(()) }
    }
}

/// Reads the PNG file in `source`: palettes and less than 8 bits become whole bytes, transparent colours alpha.
///
/// # Errors
/// What is wrong; the caller knows the file.
pub fn read_png(mut source: impl Read, most: Most) -> std::result::Result<Raster, Refusal> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(Refusal::Io)?;
    let unsound = |error: DecodingError| match error {
        DecodingError::LimitsExceeded => Refusal::Bytes,
        other => Refusal::Unsound(other.to_string()),
    };
    let limits = Limits { bytes: usize::try_from(most.bytes).unwrap_or(usize::MAX) };
    let mut decoder = Decoder::new_with_limits(Cursor::new(&bytes), limits);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(unsound)?;
    most.allows(header.width.into(), header.height.into())?;
    let mut reader = decoder.read_info().map_err(unsound)?;
    let size = reader.output_buffer_size().filter(|size| *size as u64 <= most.bytes).ok_or(Refusal::Bytes)?;
    let mut samples = vec![0; size];
    reader.next_frame(&mut samples).map_err(unsound)?;
    // What follows the pixels, their checksum among it, up to the chunk that ends the file.
    reader.finish().map_err(unsound)?;
    let (colour, depth) = reader.output_color_type();
    let deep = depth == BitDepth::Sixteen;
    let info = reader.info();
    let values = if deep {
        samples.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    } else {
        samples.into_iter().map(u16::from).collect()
    };
    Ok(Raster {
        width: info.width as usize,
        height: info.height as usize,
        channels: colour.samples(),
        deep,
        values,
        exif: info.exif_metadata.as_ref().map(|exif| exif.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Most = Most { side: 100, pixels: 1000, bytes: 1 << 20 };

    #[test]
    fn rasters_come_back() {
        for (samples, channels, deep) in [
            (Samples::Grey, 1, false),
            (Samples::DeepGrey, 1, true),
            (Samples::Colour, 3, false),
            (Samples::ColourAlpha, 4, false),
        ] {
            let count = 7 * 5 * channels * if deep { 2 } else { 1 };
            let bytes: Vec<u8> = (0..count).map(|n| (n * 37 % 251) as u8).collect();
            let file = png(&bytes, 7, 5, samples).unwrap();
            let raster = read_png(&*file, MOST).unwrap();
            assert_eq!((raster.width, raster.height, raster.channels, raster.deep), (7, 5, channels, deep));
            let expected: Vec<u16> = if deep {
                bytes.chunks(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1])).collect()
            } else {
                bytes.iter().map(|byte| u16::from(*byte)).collect()
            };
            assert_eq!(raster.values, expected);
        }
    }

    #[test]
    fn rasters_that_are_none_are_refused() {
        assert!(matches!(png(&[1, 2, 3], 2, 2, Samples::Grey), Err(Error::Value(_))));
        assert!(matches!(png(&[], 0, 2, Samples::Grey), Err(Error::Value(_))));
        let wide = png(&[0; 101], 101, 1, Samples::Grey).unwrap();
        assert!(matches!(read_png(&*wide, MOST), Err(Refusal::Side)));
        let many = png(&[0; 9900], 99, 100, Samples::Grey).unwrap();
        assert!(matches!(read_png(&*many, MOST), Err(Refusal::Pixels(99, 100))));
        let heavy = png(&[0; 4000], 40, 25, Samples::ColourAlpha).unwrap();
        assert!(matches!(read_png(&*heavy, Most { bytes: 2000, ..MOST }), Err(Refusal::Bytes)));
        assert!(matches!(read_png(&heavy[..heavy.len() / 2], MOST), Err(Refusal::Unsound(_))));
    }
}
