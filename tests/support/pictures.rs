//! Pictures as files: made for a test, and read back.

use std::fs;
use std::path::Path;

use d2nn::raster::{Most, Samples, png, read_png};

fn file<const N: usize>(
    (width, height): (usize, usize),
    samples: Samples,
    pixel: impl Fn(usize, usize) -> [u8; N],
) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes: Vec<u8> = places.flat_map(|(x, y)| pixel(x, y)).collect();
    png(&bytes, width, height, samples).unwrap()
}

/// A PNG file of `size` = (width, height) pixels whose greys `pixel` gives by column and row.
pub fn grey(size: (usize, usize), pixel: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    file(size, Samples::Grey, |x, y| [pixel(x, y)])
}

/// The same with 16 bits.
pub fn deep_grey(size: (usize, usize), pixel: impl Fn(usize, usize) -> u16) -> Vec<u8> {
    file(size, Samples::DeepGrey, |x, y| pixel(x, y).to_be_bytes())
}

/// The same with red, green and blue.
pub fn colour(size: (usize, usize), pixel: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
    file(size, Samples::Colour, pixel)
}

/// The same with red, green, blue and alpha.
pub fn colour_alpha(size: (usize, usize), pixel: impl Fn(usize, usize) -> [u8; 4]) -> Vec<u8> {
    file(size, Samples::ColourAlpha, pixel)
}

/// A picture in three colours that the program has drawn.
pub struct Drawn {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[u8; 3]>,
}

impl Drawn {
    #[track_caller]
    pub fn open(path: &Path) -> Self {
        let most = Most { side: 20_000, pixels: 100_000_000, bytes: 1 << 30 };
        let raster = read_png(&*fs::read(path).unwrap(), most).unwrap();
        assert_eq!((raster.channels, raster.deep), (3, false), "{}", path.display());
        let pixels = raster.values.chunks(3).map(|pixel| [0, 1, 2].map(|at| pixel[at] as u8)).collect();
        Drawn { width: raster.width, height: raster.height, pixels }
    }

    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        self.pixels[y * self.width + x]
    }
}
