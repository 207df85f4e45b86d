//! Own pictures: kinds of files, background, inversion, fitting, and files that must be refused.

use std::path::{Path, PathBuf};

use flate2::Crc;
use jpeg_encoder::{ColorType as JpegColour, Encoder as JpegEncoder};
use png::{BitDepth, ColorType, Encoder};
use tempfile::TempDir;

use super::{Fitted, Invert, read};
use crate::error::Error;

/// A picture of pixels of `N` values: grey, grey and alpha, red green blue, or these and alpha.
struct Picture<const N: usize> {
    width: u16,
    height: u16,
    bytes: Vec<u8>,
    depth: BitDepth,
}

impl<const N: usize> Picture<N> {
    fn new(width: u16, height: u16, pixel: impl Fn(u16, u16) -> [u8; N]) -> Self {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let bytes = places.flat_map(|(x, y)| pixel(x, y)).collect();
        Picture { width, height, bytes, depth: BitDepth::Eight }
    }

    /// Every pixel the same, of 16 bits.
    fn deep(width: u16, height: u16, pixel: [u16; N]) -> Self {
        let one: Vec<u8> = pixel.iter().flat_map(|value| value.to_be_bytes()).collect();
        let bytes = one.repeat(usize::from(width) * usize::from(height));
        Picture { width, height, bytes, depth: BitDepth::Sixteen }
    }

    fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, self.width.into(), self.height.into());
        encoder.set_depth(self.depth);
        encoder.set_color(match N {
            1 => ColorType::Grayscale,
            2 => ColorType::GrayscaleAlpha,
            3 => ColorType::Rgb,
            _ => ColorType::Rgba,
        });
        encoder.write_header().unwrap().write_image_data(&self.bytes).unwrap();
        file
    }

    fn jpeg(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let colour = if N == 1 { JpegColour::Luma } else { JpegColour::Rgb };
        JpegEncoder::new(&mut file, 90).encode(&self.bytes, self.width, self.height, colour).unwrap();
        file
    }
}

fn plain<const N: usize>(width: u16, height: u16, pixel: [u8; N]) -> Picture<N> {
    Picture::new(width, height, |_, _| pixel)
}

fn saved(bytes: Vec<u8>, name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn fitted<const N: usize>(picture: Picture<N>, invert: Invert) -> Fitted {
    let (_folder, path) = saved(picture.png(), "picture.png");
    read(&path, 28, 28, invert).unwrap()
}

/// A bright square in the middle fifth of a dark picture.
fn square(width: u16, height: u16, object: u8, ground: u8) -> Picture<1> {
    Picture::new(width, height, |x, y| {
        let inside = |at: u16, side: u16| (2 * side / 5..3 * side / 5).contains(&at);
        [if inside(x, width) && inside(y, height) { object } else { ground }]
    })
}

#[test]
fn a_picture_of_the_right_size_is_kept_to_the_bit() {
    let picture = Picture::new(28, 28, |x, y| [if x == 0 { 0 } else { (x * 8 + y) as u8 }]);
    let bytes = picture.bytes.clone();
    let fitted = fitted(picture, Invert::Never);
    assert_eq!(fitted.image.iter().copied().collect::<Vec<u8>>(), bytes);
    assert_eq!((fitted.original, fitted.inverted, fitted.background), ((28, 28), false, None));
}

#[test]
fn large_pictures_are_averaged_exactly() {
    // 56 x 56 of 2 x 2 blocks 10, 20, 30, 41: the mean is 25.25.
    let block = [[10_u8, 20], [30, 41]];
    let picture = Picture::new(56, 56, |x, y| [block[(y % 2) as usize][(x % 2) as usize]]);
    assert!(fitted(picture, Invert::Never).image.iter().all(|value| *value == 25));

    // 42 pixels on 28: each takes one and a half; the first column of 90 lies two thirds in the first.
    let picture = Picture::new(42, 42, |x, _| [if x == 0 { 90_u8 } else { 0 }]);
    let fitted = fitted(picture, Invert::Never);
    assert_eq!((fitted.image[[5, 0]], fitted.image[[5, 1]]), (60, 0));
}

#[test]
fn small_pictures_are_interpolated_without_gaps() {
    let picture = Picture::new(7, 7, |x, _| [(x * 40) as u8]);
    let fitted = fitted(picture, Invert::Never);
    for row in fitted.image.rows() {
        assert!(row.iter().is_sorted(), "a slope stays a slope: {row}");
        assert_eq!((row[0], row[27]), (0, 240));
    }
    // Centres: 4 target pixels a picture pixel, so column 4 k + 1 is an eighth before centre k.
    assert_eq!(fitted.image[[9, 13]], (3 * 40 - 5) as u8);
}

#[test]
fn pictures_are_padded_not_distorted() {
    for (width, height) in [(60, 300), (300, 60), (14, 28)] {
        let fitted = fitted(plain(width, height, [90]), Invert::Never);
        assert!(fitted.image.iter().all(|value| *value == 90), "padded with the border's colour");
        assert!(fitted.blank);
    }
    // 60 x 12 pixels of 300 x 60, in the middle: 5.6 x 1.12 of 28, columns 11.2 to 16.8, rows 13.44 to 14.56.
    let wide = fitted(square(300, 60, 255, 0), Invert::Auto);
    assert_eq!(wide.original, (60, 300));
    assert_eq!(wide.image[[13, 14]], 143, "0.56 of 255");
    assert_eq!(wide.image[[13, 11]], 114, "0.8 of that");
    assert_eq!((wide.image[[12, 14]], wide.image[[13, 10]]), (0, 0));
    let sum = |image: &ndarray::Array2<u8>| image.iter().map(|value| f64::from(*value)).sum::<f64>();
    assert!((sum(&wide.image) / (255.0 * 5.6 * 1.12) - 1.0).abs() < 0.01, "light is kept");
    let tall = fitted(square(60, 300, 255, 0), Invert::Auto);
    assert_eq!(tall.image, wide.image.t(), "rows and columns are treated alike");
}

#[test]
fn bright_backgrounds_are_inverted_unless_told_otherwise() {
    let dark_on_bright = || square(100, 100, 10, 240);
    let auto = fitted(dark_on_bright(), Invert::Auto);
    assert!(auto.inverted);
    assert_eq!((auto.image[[0, 0]], auto.image[[14, 14]], auto.border), (15, 245, 15));
    assert_eq!(fitted(dark_on_bright(), Invert::Never).image[[0, 0]], 240);

    let bright_on_dark = fitted(square(100, 100, 240, 10), Invert::Auto);
    assert!(!bright_on_dark.inverted);
    assert_eq!((bright_on_dark.image[[0, 0]], bright_on_dark.image[[14, 14]]), (10, 240));
    assert_eq!(fitted(square(100, 100, 240, 10), Invert::Always).image[[0, 0]], 245);

    // The limit itself: 127 is dark, 128 bright.
    assert!(!fitted(square(100, 100, 0, 127), Invert::Auto).inverted);
    assert!(fitted(square(100, 100, 0, 128), Invert::Auto).inverted);
    assert!(auto.describe().contains("100 x 100 pixels, inverted, fitted to 28 x 28"), "{}", auto.describe());
}

#[test]
fn colours_become_luma() {
    for (colour, luma) in
        [([255_u8, 0, 0], 54), ([0, 255, 0], 182), ([0, 0, 255], 18), ([255, 255, 255], 255)]
    {
        let fitted = fitted(plain(30, 30, colour), Invert::Never);
        assert_eq!(fitted.image[[3, 3]], luma, "{colour:?}");
    }
}

#[test]
fn sixteen_bits_become_eight() {
    let fitted = fitted(Picture::deep(28, 28, [0x8080]), Invert::Never);
    assert_eq!(fitted.image[[0, 0]], 0x80);
    let coloured = Picture::deep(28, 28, [0xffff; 3]);
    assert_eq!(self::fitted(coloured, Invert::Never).image[[0, 0]], 255);
}

#[test]
fn objects_cut_out_stand_out_from_their_background() {
    let cut_out = |object: u8| {
        Picture::new(56, 56, |x, y| {
            let inside = (20..36).contains(&x) && (20..36).contains(&y);
            [object, if inside { 255 } else { 0 }]
        })
    };
    let dark = fitted(cut_out(30), Invert::Auto);
    assert_eq!((dark.background, dark.inverted), (Some(255), true));
    assert_eq!((dark.image[[0, 0]], dark.image[[14, 14]]), (0, 225));
    let bright = fitted(cut_out(220), Invert::Auto);
    assert_eq!((bright.background, bright.inverted), (Some(0), false));
    assert_eq!((bright.image[[0, 0]], bright.image[[14, 14]]), (0, 220));
    assert_eq!(fitted(cut_out(220), Invert::Always).background, Some(255));
    assert_eq!(fitted(cut_out(30), Invert::Never).background, Some(0));

    // Half transparent white on black.
    let half = plain(28, 28, [255, 255, 255, 128]);
    assert_eq!(fitted(half, Invert::Never).image[[9, 9]], 128);
    // An alpha channel without transparency is none.
    let opaque = plain(28, 28, [9, 9, 9, 255]);
    assert_eq!(fitted(opaque, Invert::Auto).background, None);
}

#[test]
fn tiny_pictures_do_not_fail() {
    let fitted = fitted(plain(1, 1, [77]), Invert::Auto);
    assert!(fitted.image.iter().all(|value| *value == 77));
    assert!(fitted.describe().contains("blank"));
    assert_eq!(self::fitted(plain(1, 100, [200]), Invert::Auto).image[[0, 0]], 55);
    assert_eq!(self::fitted(plain(3, 2, [50]), Invert::Auto).original, (2, 3));
}

#[test]
fn jpeg_is_read_whatever_the_files_name() {
    let (folder, path) = saved(square(200, 200, 255, 0).jpeg(), "picture.jpg");
    let fitted = read(&path, 28, 28, Invert::Auto).unwrap();
    assert!(fitted.image[[14, 14]] > 250 && fitted.image[[1, 1]] < 5);
    let renamed = folder.path().join("picture.png");
    std::fs::rename(&path, &renamed).unwrap();
    assert_eq!(read(&renamed, 28, 28, Invert::Auto).unwrap(), fitted);
}

#[test]
fn other_shapes_than_square_are_filled() {
    let (_folder, path) = saved(square(100, 100, 255, 0).png(), "picture.png");
    let fitted = read(&path, 10, 30, Invert::Auto).unwrap();
    assert_eq!(fitted.image.dim(), (10, 30));
    assert!(fitted.image[[5, 15]] > 200 && fitted.image[[5, 9]] == 0);
    assert!(matches!(read(&path, 0, 28, Invert::Auto), Err(Error::Value(_))));
}

/// A PNG file that claims a size and has no pixels.
fn claim(folder: &Path, width: u32, height: u32) -> PathBuf {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut crc = Crc::new();
    crc.update(&header);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc.sum().to_be_bytes());
    // An empty data chunk and the end, so that nothing but the size is wrong.
    for chunk in [b"IDAT", b"IEND"] {
        let mut crc = Crc::new();
        crc.update(chunk);
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend(chunk);
        bytes.extend(crc.sum().to_be_bytes());
    }
    let path = folder.join(format!("{width}x{height}.png"));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn huge_claims_and_broken_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let problem = |path: &Path| match read(path, 28, 28, Invert::Auto) {
        Err(Error::File { file, problem }) => {
            assert_eq!(file, path);
            problem
        }
        other => panic!("{other:?}"),
    };
    for (width, height) in [(2_000_000_000, 2_000_000_000), (20_000, 10), (10, 20_000)] {
        let problem = problem(&claim(folder.path(), width, height));
        assert!(problem.contains("make it smaller"), "{width} x {height}: {problem}");
    }
    let many = problem(&claim(folder.path(), 16_000, 16_000));
    assert!(many.contains("16000 x 16000") && many.contains("make it smaller"), "{many}");
    let empty = problem(&claim(folder.path(), 20, 20));
    assert!(empty.contains("cannot be read") && empty.contains("PNG or JPEG"), "{empty}");

    let (_kept, good) = saved(square(100, 100, 255, 0).png(), "good.png");
    let bytes = std::fs::read(&good).unwrap();
    let cut = folder.path().join("cut.png");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(problem(&cut).contains("cannot be read"));
    let text = folder.path().join("text.png");
    std::fs::write(&text, "not a picture").unwrap();
    assert!(problem(&text).contains("neither a PNG nor a JPEG"));
    std::fs::write(&text, "").unwrap();
    assert!(problem(&text).contains("neither a PNG nor a JPEG"));
    std::fs::write(&text, "GIF89a").unwrap();
    assert!(problem(&text).contains("neither a PNG nor a JPEG"));
    assert!(matches!(read(&folder.path().join("absent.png"), 28, 28, Invert::Auto), Err(Error::Io { .. })));
}
