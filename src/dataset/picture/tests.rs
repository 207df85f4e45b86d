//! Own pictures: kinds of files, background, inversion, fitting, and files that must be refused.

use std::path::{Path, PathBuf};

use flate2::Crc;
use jpeg_encoder::{ColorType as JpegColour, Encoder as JpegEncoder, SamplingFactor};
use png::{BitDepth, ColorType, Encoder};
use tempfile::TempDir;

use super::{Contrast, Fitted, Invert, Treatment, read};
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
    read(&path, 28, 28, Treatment { invert, stretch: false }).unwrap()
}

/// The same with a narrow range stretched, as by default.
fn stretched<const N: usize>(picture: Picture<N>, invert: Invert) -> Fitted {
    let (_folder, path) = saved(picture.png(), "picture.png");
    read(&path, 28, 28, Treatment { invert, stretch: true }).unwrap()
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
        assert!(fitted.is_blank());
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

    // Whatever the brightness of both: what counts is which of them is brighter.
    for dark in 0..8_u8 {
        for bright in [dark + 9, 60, 127, 128, 200, 255] {
            assert!(fitted(square(100, 100, dark, bright), Invert::Auto).inverted, "{dark} on {bright}");
            assert!(!fitted(square(100, 100, bright, dark), Invert::Auto).inverted, "{bright} on {dark}");
        }
    }
    assert!(!fitted(square(100, 100, 255, 180), Invert::Auto).inverted, "white on grey");
    assert!(fitted(square(100, 100, 20, 90), Invert::Auto).inverted, "black on a dim page");
    assert!(
        auto.describe().contains("100 x 100 pixels, inverted, not stretched, fitted to 28 x 28"),
        "{}",
        auto.describe()
    );
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
    assert_eq!((dark.background, dark.inverted), (Some("white"), true));
    assert_eq!((dark.image[[0, 0]], dark.image[[14, 14]]), (0, 225));
    let bright = fitted(cut_out(220), Invert::Auto);
    assert_eq!((bright.background, bright.inverted), (Some("black"), false));
    assert_eq!((bright.image[[0, 0]], bright.image[[14, 14]]), (0, 220));
    assert_eq!(fitted(cut_out(220), Invert::Always).background, Some("white"));
    assert_eq!(fitted(cut_out(30), Invert::Never).background, Some("black"));

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
    let fitted = read(&path, 28, 28, Treatment::default()).unwrap();
    assert!(fitted.image[[14, 14]] > 250 && fitted.image[[1, 1]] < 5);
    let renamed = folder.path().join("picture.png");
    std::fs::rename(&path, &renamed).unwrap();
    assert_eq!(read(&renamed, 28, 28, Treatment::default()).unwrap(), fitted);
}

#[test]
fn other_shapes_than_square_are_filled() {
    let (_folder, path) = saved(square(100, 100, 255, 0).png(), "picture.png");
    let fitted = read(&path, 10, 30, Treatment::default()).unwrap();
    assert_eq!(fitted.image.dim(), (10, 30));
    assert!(fitted.image[[5, 15]] > 200 && fitted.image[[5, 9]] == 0);
    assert!(matches!(read(&path, 0, 28, Treatment::default()), Err(Error::Value(_))));
}

#[test]
fn a_narrow_range_is_stretched_to_the_whole() {
    // Bright on dark and dark on bright, half as bright as they could be: the same image as at full brightness.
    let shade =
        |x: u16, y: u16| if (8..20).contains(&x) && (8..20).contains(&y) { 100 + 8 * (x - 8) } else { 0 };
    let full = stretched(Picture::new(28, 28, |x, y| [(shade(x, y) * 255 / 188) as u8]), Invert::Auto);
    assert_eq!(full.contrast, Contrast::Sufficient);
    assert_eq!((full.image[[9, 8]], full.image[[9, 19]]), (135, 255), "kept to the bit");
    for (picture, inverted) in [
        (Picture::new(28, 28, |x, y| [(shade(x, y) / 4) as u8]), false),
        (Picture::new(28, 28, |x, y| [100 - (shade(x, y) / 4) as u8]), true),
        (Picture::new(28, 28, |x, y| [40 + (shade(x, y) / 4) as u8]), false),
    ] {
        let dim = stretched(picture, Invert::Auto);
        assert_eq!(dim.inverted, inverted);
        assert_eq!((dim.image[[0, 0]], dim.border, dim.image[[9, 19]]), (0, 0, 255), "{}", dim.describe());
        for (dim, full) in dim.image.iter().zip(&full.image) {
            // One step of the dim picture is 255/47 of 255.
            assert!(dim.abs_diff(*full) <= 6, "{dim} {full}");
        }
    }
    let dim = stretched(square(100, 100, 127, 0), Invert::Auto);
    let Contrast::Stretched { low, high } = dim.contrast else { panic!("{}", dim.describe()) };
    // Rounding of sums of weights.
    assert!(low == 0.0 && (high - 127.0 / 255.0).abs() < 1e-12);
    assert!(dim.describe().contains("stretched (0 to 49.8 % of full scale)"), "{}", dim.describe());
    assert_eq!(fitted(square(100, 100, 127, 0), Invert::Auto).image[[14, 14]], 127);
}

#[test]
fn twelve_of_sixteen_bits_give_the_same_image() {
    let value = |x: u16, y: u16| if x > 3 && x < 24 && y > 3 { x * 8 + y } else { 0 };
    let deep = |scale: u16, offset: u16| {
        let bytes =
            (0..28_u16).flat_map(|y| (0..28).flat_map(move |x| (offset + value(x, y) * scale).to_be_bytes()));
        Picture::<1> { width: 28, height: 28, bytes: bytes.collect(), depth: BitDepth::Sixteen }
    };
    let whole = stretched(deep(257, 0), Invert::Auto);
    assert_eq!(whole.contrast, Contrast::Sufficient);
    let largest = value(23, 27);
    for (scale, offset) in [(1, 0), (16, 0), (16, 500), (100, 0)] {
        let found = stretched(deep(scale, offset), Invert::Auto);
        assert!(matches!(found.contrast, Contrast::Stretched { .. }), "{}", found.describe());
        for ((y, x), found) in found.image.indexed_iter() {
            let asked = f64::from(value(x as u16, y as u16)) * 255.0 / f64::from(largest);
            assert_eq!(f64::from(*found), asked.round(), "{scale} {offset}: {x} {y}");
        }
    }
}

#[test]
fn what_is_blank_is_not_blown_up() {
    // A scattered number for each pixel, mostly near its mean.
    let scattered = |x: u16, y: u16, width: u32| {
        let mut state = u32::from(x) * 7919 + u32::from(y) * 104_729 + 12_345;
        (0..4)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) % width
            })
            .sum::<u32>() as u8
    };
    for (base, width) in [(20, 2), (20, 5), (180, 5), (100, 12)] {
        for side in [28, 280] {
            let noise =
                stretched(Picture::new(side, side, |x, y| [base + scattered(x, y, width)]), Invert::Auto);
            assert!(noise.is_blank(), "{base} {width} {side}: {}", noise.describe());
            assert!(noise.describe().contains("blank"), "{}", noise.describe());
            assert_eq!(noise.inverted, base > 127, "paper is bright");
            let (low, high) = (noise.image.iter().min().unwrap(), noise.image.iter().max().unwrap());
            assert!(u32::from(high - low) <= 4 * width, "{low} {high}");
            // A shape in the same noise is something, and is stretched.
            let shape = Picture::new(side, side, |x, y| {
                let inside = |at: u16| (side / 4..3 * side / 4).contains(&at);
                [base + scattered(x, y, width) + if inside(x) && inside(y) { 26 } else { 0 }]
            });
            let shape = stretched(shape, Invert::Auto);
            assert!(!shape.is_blank() && !shape.inverted, "{base} {width} {side}: {}", shape.describe());
            assert_eq!(shape.image.iter().max(), Some(&255));
        }
    }
    assert!(
        stretched(plain(60, 60, [200]), Invert::Auto)
            .describe()
            .ends_with("blank: there is nothing to be seen on it")
    );
}

#[test]
fn what_is_cut_out_stands_on_the_background_it_had() {
    // A disc that fades to its rim, as things do into the background they were taken on.
    let disc = |centre: i32, rim: i32, reach: i32| {
        Picture::new(60, 60, move |x, y| {
            let (x, y) = (i32::from(x) - 30, i32::from(y) - 30);
            let distance = (x * x + y * y) / 30;
            [
                (centre + (rim - centre) * distance.min(reach) / reach) as u8,
                if distance < reach { 255 } else { 0 },
            ]
        })
    };
    // The last reaches beyond the edges of the picture: all of the border but the corners is opaque.
    for reach in [10, 20, 38] {
        let bright = stretched(disc(220, 20, reach), Invert::Auto);
        assert_eq!(
            (bright.background, bright.inverted),
            (Some("black"), false),
            "{reach}: {}",
            bright.describe()
        );
        assert_eq!(bright.image[[0, 0]], 0);
        let dark = stretched(disc(30, 230, reach), Invert::Auto);
        assert_eq!((dark.background, dark.inverted), (Some("white"), true), "{reach}: {}", dark.describe());
        assert_eq!(dark.image[[0, 0]], 0);
        // All of it bright, or all of it dark: the mean tells.
        let white = stretched(disc(220, 215, reach), Invert::Auto);
        assert_eq!(
            (white.background, white.inverted),
            (Some("black"), false),
            "{reach}: {}",
            white.describe()
        );
        let black = stretched(disc(20, 25, reach), Invert::Auto);
        assert_eq!(
            (black.background, black.inverted),
            (Some("white"), true),
            "{reach}: {}",
            black.describe()
        );
    }
    // Rounded corners of a page are no cut-out: the page is paper.
    let page = Picture::new(100, 100, |x, y| {
        let corner = x.min(99 - x) + y.min(99 - y) < 5;
        [if (40..60).contains(&x) { 20 } else { 250 }, if corner { 0 } else { 255 }]
    });
    let page = stretched(page, Invert::Auto);
    assert_eq!((page.background, page.inverted), (Some("the border's colour"), true));
    assert_eq!((page.image[[0, 0]], page.image[[14, 14]]), (0, 255));
}

/// JPEG files of one picture in every form: (name, file).
fn jpegs() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let grey = square(150, 90, 230, 12);
    for quality in [50, 95] {
        for progressive in [false, true] {
            for restart in [0, 1, 4, 7] {
                for (colour, factor) in [
                    (JpegColour::Luma, SamplingFactor::F_1_1),
                    (JpegColour::Rgb, SamplingFactor::F_1_1),
                    (JpegColour::Rgb, SamplingFactor::F_2_1),
                    (JpegColour::Rgb, SamplingFactor::F_2_2),
                ] {
                    let mut file = Vec::new();
                    let mut encoder = JpegEncoder::new(&mut file, quality);
                    encoder.set_progressive(progressive);
                    encoder.set_sampling_factor(factor);
                    if restart > 0 {
                        encoder.set_restart_interval(restart);
                    }
                    let bytes = match colour {
                        JpegColour::Luma => grey.bytes.clone(),
                        _ => grey.bytes.iter().flat_map(|value| [*value; 3]).collect(),
                    };
                    encoder.encode(&bytes, grey.width, grey.height, colour).unwrap();
                    let name = format!(
                        "quality {quality}, progressive {progressive}, restart {restart}, {colour:?} {factor:?}"
                    );
                    files.push((name, file));
                }
            }
        }
    }
    files
}

#[test]
fn sound_jpegs_are_read_with_what_cameras_add() {
    let expected = stretched(square(150, 90, 230, 12), Invert::Auto);
    for (name, file) in jpegs() {
        // Behind the first segment zeros and fill bytes, another picture and text behind the end.
        let mut odd = file.clone();
        odd.splice(20..20, [0, 0, 7, 0xff, 0xff]);
        odd.extend_from_slice(&file);
        odd.extend_from_slice(b"trailer \xff\xda of a maker");
        for (what, bytes) in [("as it is", file), ("with more", odd)] {
            let (_folder, path) = saved(bytes, "picture.jpg");
            let found = read(&path, 28, 28, Treatment::default())
                .unwrap_or_else(|error| panic!("{name}, {what}: {error}"));
            for (a, b) in found.image.iter().zip(&expected.image) {
                // Quantisation at quality 50.
                assert!(a.abs_diff(*b) <= 8, "{name}, {what}: {a} {b}");
            }
        }
    }
}

#[test]
fn jpegs_that_were_cut_are_refused() {
    for (name, file) in jpegs() {
        let end = file.len() - 2;
        assert_eq!(file[end..], [0xff, 0xd9], "{name}");
        let data = file.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
        for cut in [3, 20, data / 2, data + 5, data + 12, (data + end) / 2, end - 9, end, end + 1] {
            let (_folder, path) = saved(file[..cut].to_vec(), "cut.jpg");
            let refused = read(&path, 28, 28, Treatment::default()).unwrap_err().to_string();
            assert!(
                refused.contains("cut.jpg") && refused.contains("cut off"),
                "{name}, {cut} of {end}: {refused}"
            );
            assert!(refused.contains("save it as PNG or JPEG again"), "{refused}");
        }
        // Cut within the data, with an end marker set behind it as some programs do.
        for cut in [data + 20, (2 * data + end) / 3] {
            let ended = [&file[..cut], &[0xff, 0xd9]].concat();
            // A marker of two bytes that was cut in two is none.
            let (_folder, path) = saved(ended, "ended.jpg");
            let refused = read(&path, 28, 28, Treatment::default());
            let refused = refused.expect_err(&format!("{name}, {cut} of {data} to {end}")).to_string();
            assert!(refused.contains("cannot be read"), "{name}, {cut}: {refused}");
        }
    }
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
    let problem = |path: &Path| match read(path, 28, 28, Treatment::default()) {
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
    // Cut behind the last pixel, and damaged in the last checksums.
    for cut_at in [bytes.len() - 1, bytes.len() - 12, bytes.len() - 14] {
        std::fs::write(&cut, &bytes[..cut_at]).unwrap();
        assert!(problem(&cut).contains("cannot be read"), "{cut_at}");
    }
    for place in [bytes.len() - 13, bytes.len() - 18, bytes.len() / 2] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        std::fs::write(&cut, damaged).unwrap();
        assert!(problem(&cut).contains("cannot be read"), "{place}");
    }
    std::fs::write(&cut, [&bytes[..], b"trailer"].concat()).unwrap();
    assert!(read(&cut, 28, 28, Treatment::default()).is_ok(), "what follows the end is not the picture's");
    let text = folder.path().join("text.png");
    std::fs::write(&text, "not a picture").unwrap();
    assert!(problem(&text).contains("neither a PNG nor a JPEG"));
    std::fs::write(&text, "").unwrap();
    assert!(problem(&text).contains("neither a PNG nor a JPEG"));
    std::fs::write(&text, "GIF89a").unwrap();
    assert!(problem(&text).contains("PNG or JPEG"));
    assert!(matches!(
        read(&folder.path().join("absent.png"), 28, 28, Treatment::default()),
        Err(Error::Io { .. })
    ));
}
