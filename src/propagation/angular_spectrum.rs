//! The exact transfer function of free space, with the band limit that keeps it free of aliasing.

use std::f64::consts::TAU;

use num_complex::Complex;

use super::rayleigh_sommerfeld::{safe_distance, safe_offset};
use crate::units::Metres;

/// Axial spatial frequency w = sqrt(1/wavelength^2 - fx^2 - fy^2), in cycles per metre.
///
/// Real for waves that travel, positive imaginary for evanescent ones.
fn axial_frequency(fy: f64, fx: f64, wavelength: Metres) -> Complex<f64> {
    let squared = wavelength.powi(-2) - fx * fx - fy * fy;
    if squared >= 0.0 { Complex::new(squared.sqrt(), 0.0) } else { Complex::new(0.0, (-squared).sqrt()) }
}

/// H(fx, fy; z) = exp(i 2 pi z w): what free space of length `distance` does to a plane wave.
///
/// Goodman, Introduction to Fourier Optics, eq. 3-74 (3rd ed.). Evanescent waves decay as
/// exp(-2 pi z |w|), whatever the sign of `distance`.
pub fn transfer(fy: f64, fx: f64, wavelength: Metres, distance: Metres) -> Complex<f64> {
    let w = axial_frequency(fy, fx, wavelength);
    Complex::cis(TAU * distance * w.re) * (-TAU * distance.abs() * w.im).exp()
}

/// Padding at which light of a plane `width` metres wide does not come round the window onto the plane again.
///
/// Light leaves a pixel under at most sin(theta) = wavelength / (2 pitch) and so reaches z tan(theta) beyond the
/// plane; the window must hold that: 1 + reach / width. Infinite for pitches of half a wavelength or less, but near
/// contact ([`safe_distance`]) never more than 2: a window of twice the side lets in what leaves at grazing angles, which
/// is 0.04 of the field of random phases on 32 x 32 samples at 2.5 samples' distance, 0.02 on 64 x 64, and falls with the
/// distance.
pub fn needed_padding(width: Metres, pitch: Metres, wavelength: Metres, distance: Metres) -> f64 {
    let whole = 1.0 + safe_offset(wavelength, distance, pitch) / width;
    if distance < safe_distance(pitch) { whole.min(2.0) } else { whole }
}

/// [`transfer`] as it is sampled for a plane of `pitch` in a window of `height` x `width` metres, by (fy, fx).
///
/// Near contact ([`safe_distance`]) it is sampled everywhere, evanescent waves included: over so short a way nothing
/// turns faster than the step can follow but a ring of grazing waves, and they stay in the window. Elsewhere within the
/// [`BandLimit`], and nothing outside.
pub(super) fn sampled_transfer(
    (height, width): (Metres, Metres),
    pitch: Metres,
    wavelength: Metres,
    distance: Metres,
) -> impl Fn(f64, f64) -> Complex<f64> {
    let band =
        (distance >= safe_distance(pitch)).then(|| BandLimit::new(height, width, wavelength, distance));
    move |fy, fx| {
        if band.is_none_or(|band| band.keeps(fy, fx)) {
            transfer(fy, fx, wavelength, distance)
        } else {
            Complex::new(0.0, 0.0)
        }
    }
}

/// Where [`transfer`] may be sampled at steps of 1/(samples pitch) without aliasing.
///
/// Matsushima & Shimobaba, Opt. Express 17, 19662 (2009): f_limit = 1/(wavelength sqrt((2 df z)^2 + 1))
/// with df the frequency step of the padded window. In two dimensions the region is the intersection of two
/// ellipses with half axes f_limit and 1/wavelength (section 3 there): |w| is at least 2 df z |f| along y and along x.
/// Evanescent waves are kept by the same measure, where they fall no faster than the step can follow, and as long as
/// they are more than a rounding of single precision.
#[derive(Clone, Copy, Debug)]
pub struct BandLimit {
    limit_y: f64,
    limit_x: f64,
    /// Twice the distance over the sides of the window, along y and x.
    turns: (f64, f64),
    /// The distance in wavelengths.
    wavelengths: f64,
    wavelength: Metres,
}

/// Nepers after which nothing is left that single precision would add: exp(-16.6) is 2^-24.
const LAST_NEPER: f64 = 16.6;

impl BandLimit {
    /// The limit for windows of `height` x `width` metres (padding included).
    pub fn new(height: Metres, width: Metres, wavelength: Metres, distance: Metres) -> Self {
        let limit = |side: Metres| 1.0 / (wavelength * (2.0 * distance / side).hypot(1.0));
        let turns = (2.0 * distance / height, 2.0 * distance / width);
        BandLimit {
            limit_y: limit(height),
            limit_x: limit(width),
            turns,
            wavelengths: distance / wavelength,
            wavelength,
        }
    }

    /// Largest frequency kept along y and x, in cycles per metre.
    pub fn limits(&self) -> (f64, f64) {
        (self.limit_y, self.limit_x)
    }

    /// Whether the frequency pair is kept.
    pub fn keeps(&self, fy: f64, fx: f64) -> bool {
        let (cy, cx) = (fy * self.wavelength, fx * self.wavelength);
        let decay = cy * cy + cx * cx - 1.0;
        if decay > 0.0 {
            let followed = (cy * self.turns.0).powi(2).max((cx * self.turns.1).powi(2)) <= decay;
            return followed && TAU * self.wavelengths * decay.sqrt() < LAST_NEPER;
        }
        (fy / self.limit_y).powi(2) + cx * cx <= 1.0 && (fx / self.limit_x).powi(2) + cy * cy <= 1.0
    }
}
