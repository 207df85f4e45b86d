//! What is dark and what is bright on a picture: its background, whether it is a negative, its range.
//!
//! Values here are of the scale 0 to [`FULL`], whatever the depth of the file.

use ndarray::{Array2, ArrayView2};

use super::scaling::fit;
use super::{Contrast, Invert};

/// The brightest value.
pub(super) const FULL: f64 = 65_535.0;

/// The part of a picture that must be transparent for its subject to be cut out: more than rounded corners have.
const CUT_OUT: f64 = 0.05;

/// The part of its brightest value by which the rim of a subject must differ from its inside to count as shaded.
const SHADED: f64 = 1.0 / 16.0;

/// A picture that begins at black and reaches this part of the full scale is used as it is: every image of
/// Fashion-MNIST and MNIST does, and so comes back to the bit.
const BRIGHT_ENOUGH: f64 = 0.75;

/// Steps of the file's depth that a range must span to be more than rounding and the noise of compression.
const FAINTEST_STEPS: f64 = 8.0;

/// Mean square of the steps between neighbours over twice the variance, at which a faint picture is noise.
///
/// Of white noise it is 1, on 28 x 28 pixels 0.91 and more (2000 draws); of the test images of Fashion-MNIST
/// 0.76 at most and mostly 0.15.
const NOISE: f64 = 0.85;

/// A picture brighter than this is bright even if noise alone is on it: noise is refused only where stretching
/// would make it more than four times as strong.
const FAINT: f64 = 0.25;

/// Luma and opacity of a picture.
pub(super) struct Planes {
    /// Luma, 0 to 65535.
    pub luma: Array2<u16>,
    /// Opacity, 0 to 65535; none when all is opaque.
    pub alpha: Option<Array2<u16>>,
    /// The value that is white: the largest of the bits in use, for cameras leave the upper ones of 16 empty.
    pub white: u16,
    /// From one value of the file to the next.
    pub step: f64,
}

/// What was laid beneath the transparent parts of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    Black,
    White,
    /// The colour of the border: the transparent parts are few.
    Border,
}

impl Planes {
    /// The ground that transparent parts belong on, and whether the subject is cut out; `None` without such parts.
    pub(super) fn ground(&self, shape: (usize, usize), invert: Invert) -> Option<(Ground, bool)> {
        let alpha = self.alpha.as_ref()?;
        let opaque = alpha.iter().map(|alpha| f64::from(*alpha)).sum::<f64>() / (FULL * alpha.len() as f64);
        let cut_out = opaque < 1.0 - CUT_OUT || border_median(alpha.view()) < u16::MAX / 2;
        let ground = match invert {
            Invert::Never => Ground::Black,
            Invert::Always => Ground::White,
            Invert::Auto if !cut_out => Ground::Border,
            Invert::Auto if self.subject_is_dark(alpha, shape) => Ground::White,
            Invert::Auto => Ground::Black,
        };
        Some((ground, cut_out))
    }

    /// Whether what is opaque is dark against what it was cut out of.
    ///
    /// A subject fades into its background: where its rim is darker than its inside, that was dark. A subject
    /// of one colour is dark when it is below half of white.
    fn subject_is_dark(&self, alpha: &Array2<u16>, (rows, columns): (usize, usize)) -> bool {
        let light =
            ndarray::Zip::from(&self.luma).and(alpha).map_collect(|luma, alpha| laid(*luma, *alpha, 0));
        let light = fit(light.view(), rows, columns, 0);
        let alpha = fit(alpha.view(), rows, columns, 0);
        let opaque = |row: Option<usize>, column: Option<usize>| {
            let place = row.zip(column);
            place.and_then(|(row, column)| alpha.get((row, column))).is_some_and(|alpha| *alpha > FULL / 2.0)
        };
        // Sum and number of the values on the rim, and of those inside.
        let mut parts = [(0.0, 0.0); 2];
        let mut brightest: f64 = 0.0;
        for ((row, column), light) in light.indexed_iter() {
            if !opaque(Some(row), Some(column)) {
                continue;
            }
            let inside = opaque(row.checked_sub(1), Some(column))
                && opaque(Some(row + 1), Some(column))
                && opaque(Some(row), column.checked_sub(1))
                && opaque(Some(row), Some(column + 1));
            let value = light * FULL / alpha[(row, column)];
            brightest = brightest.max(value);
            let part = &mut parts[usize::from(inside)];
            *part = (part.0 + value, part.1 + 1.0);
        }
        let [rim, inside] = parts.map(|(sum, number)| sum / number);
        if (rim - inside).abs() > SHADED * brightest {
            return rim > inside;
        }
        // Sums over all of it, for a thin subject is nowhere opaque at this size.
        let (mut sum, mut weight) = (0.0, 0.0);
        for (luma, alpha) in self.luma.iter().zip(self.alpha.iter().flatten()) {
            sum += f64::from(*luma) * f64::from(*alpha);
            weight += f64::from(*alpha);
        }
        sum < weight * f64::from(self.white) / 2.0
    }

    /// The picture on `ground`.
    pub(super) fn laid_on(self, ground: Ground) -> Array2<u16> {
        let Some(alpha) = self.alpha else { return self.luma };
        let value = match ground {
            Ground::Black => 0,
            Ground::White => self.white,
            Ground::Border => border_median(self.luma.view()),
        };
        let mut luma = self.luma;
        luma.zip_mut_with(&alpha, |luma, alpha| *luma = laid(*luma, *alpha, value));
        luma
    }
}

/// `value` of opacity `alpha` on `ground`.
fn laid(value: u16, alpha: u16, ground: u16) -> u16 {
    let [value, alpha, ground] = [value, alpha, ground].map(u64::from);
    ((value * alpha + ground * (65_535 - alpha) + 32_767) / 65_535) as u16
}

/// Median of the outermost pixels.
pub(super) fn border_median(image: ArrayView2<u16>) -> u16 {
    let (rows, columns) = image.dim();
    let mut border: Vec<u16> = image
        .indexed_iter()
        .filter(|((row, column), _)| *row == 0 || *column == 0 || row + 1 == rows || column + 1 == columns)
        .map(|(_, value)| *value)
        .collect();
    let middle = border.len() / 2;
    *border.select_nth_unstable(middle).1
}

/// Darkest and brightest value of `image`.
pub(super) fn range(image: &Array2<f64>) -> (f64, f64) {
    image
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// Whether what differs on `image` is no more than rounding, compression or noise; `step` is that of its file.
pub(super) fn is_faint(image: &Array2<f64>, step: f64) -> bool {
    let (low, high) = range(image);
    high - low < FAINTEST_STEPS * step || high - low < FAINT * FULL && roughness(image) > NOISE
}

/// Mean square of the steps between neighbours over twice the variance: 1 for white noise, small for shapes.
fn roughness(image: &Array2<f64>) -> f64 {
    let (rows, columns) = image.dim();
    let (mut steps, mut number) = (0.0, 0.0);
    for ((row, column), value) in image.indexed_iter() {
        for (below, right) in [(1, 0), (0, 1)] {
            if row + below < rows && column + right < columns {
                steps += (value - image[(row + below, column + right)]).powi(2);
                number += 1.0;
            }
        }
    }
    let mean = image.sum() / image.len() as f64;
    let variance = image.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / image.len() as f64;
    if number == 0.0 || variance == 0.0 { 0.0 } else { steps / number / (2.0 * variance) }
}

/// Whether `image` shows something dark on the brighter ground of its border.
pub(super) fn is_negative(image: &Array2<f64>, border: u16, white: u16, faint: bool) -> bool {
    let border = f64::from(border);
    if faint {
        // Nothing to compare the border with: paper is brighter than half of white.
        return border > f64::from(white) / 2.0;
    }
    let (low, high) = range(image);
    border - low > high - border
}

/// How the values of `image` become 0 to 255.
pub(super) fn contrast(image: &Array2<f64>, faint: bool, stretch: bool) -> Contrast {
    let (low, high) = range(image);
    if faint {
        Contrast::Faint
    } else if !stretch {
        Contrast::AsStored
    } else if low < FULL / 510.0 && high >= BRIGHT_ENOUGH * FULL {
        Contrast::Sufficient
    } else {
        Contrast::Stretched { low: low / FULL, high: high / FULL }
    }
}
