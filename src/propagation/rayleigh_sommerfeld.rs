//! The impulse response of free space, exact, and the direct sum over it: the oracle of this crate.

use std::f64::consts::TAU;

use ndarray::Array2;
use num_complex::Complex;

use super::passive::check_passive;
use crate::error::{Error, Result};
use crate::field::{Real, WaveField, narrow_complex};
use crate::units::{Metres, format_length};

/// h(x, y; z) = (1/2 pi) (z/r) (1/r - i k) exp(i k r)/r: the field of a point of unit amplitude and area.
///
/// Rayleigh-Sommerfeld, first kind, no far-field approximation: Goodman, Introduction to Fourier Optics,
/// eq. 3-40 (3rd ed.) with the near-field term kept. Its Fourier transform is exactly
/// [`super::angular_spectrum::transfer`]. In 1/m^2; `distance` above zero.
pub fn impulse_response(y: Metres, x: Metres, wavelength: Metres, distance: Metres) -> Complex<f64> {
    let k = TAU / wavelength;
    let r = (x * x + y * y + distance * distance).sqrt();
    Complex::new(1.0 / r, -k) * Complex::cis(k * r) * (distance / (TAU * r * r))
}

/// The largest lateral offset at which the impulse response is safely sampled at `pitch`.
///
/// Its local frequency X/(wavelength sqrt(X^2 + z^2)) must stay below 1/(2 pitch); infinite when
/// the pitch is at most half a wavelength.
pub fn safe_offset(wavelength: Metres, distance: Metres, pitch: Metres) -> Metres {
    let sine = wavelength / (2.0 * pitch);
    if sine >= 1.0 { f64::INFINITY } else { distance * sine / (1.0 - sine * sine).sqrt() }
}

/// The shortest distance over which the impulse response is safely sampled at `pitch`: two and a half samples.
///
/// Its peak is about as wide as the distance is long, so nearer than that the samples miss it or overstate it. The sum of
/// the samples repeats the transfer function with the period 1/pitch, and evanescent waves of neighbouring periods come
/// in with exp(-2 pi z |w|). On planes of 2 to 32 samples the largest gain of power, for the worst field there is, is
/// 1.0005 at 2.5 samples for every pitch up to half a wavelength; 1.22 at 2 samples, 2.2 at one, 4,000 at a twentieth.
/// The error for random phases at 2.5 samples is 1e-4 of the field at a tenth of a wavelength, 0.03 at half of one.
pub fn safe_distance(pitch: Metres) -> Metres {
    2.5 * pitch
}

/// Propagates by the plain sum over all pairs of pixels, in double precision: slow, obvious, no transform.
///
/// `progress` is told the number of rows that are done.
///
/// # Errors
/// [`Error::Value`] unless `distance` is a finite length above zero, and where the sum has more power than `field`: far
/// below [`safe_distance`], or far beyond [`safe_offset`].
pub fn direct_summation<T: Real>(
    field: &WaveField<T>,
    wavelength: Metres,
    distance: Metres,
    progress: &mut dyn FnMut(usize),
) -> Result<WaveField<T>> {
    if !(distance.is_finite() && distance > 0.0) {
        return Err(Error::Value(format!(
            "a distance of {distance} m: direct summation needs one above zero"
        )));
    }
    let grid = field.grid();
    let (rows, columns) = grid.shape();
    let pitch = grid.pixel_pitch();
    // The response depends on the offset alone, and evenly: one quadrant is enough.
    let response = Array2::from_shape_fn((rows, columns), |(dy, dx)| {
        impulse_response(dy as f64 * pitch, dx as f64 * pitch, wavelength, distance) * grid.pixel_area()
    });
    let sources: Vec<_> = field
        .amplitude
        .indexed_iter()
        .map(|(at, u)| (at, Complex::new(u.re.widen(), u.im.widen())))
        .filter(|(_, u)| u.norm_sqr() != 0.0)
        .collect();
    let amplitude = Array2::from_shape_fn((rows, columns), |(y, x)| {
        if x == 0 {
            progress(y);
        }
        let sum: Complex<f64> =
            sources.iter().map(|((sy, sx), u)| u * response[[y.abs_diff(*sy), x.abs_diff(*sx)]]).sum();
        narrow_complex(sum)
    });
    let behind = WaveField::new(grid, amplitude)?;
    let what = format!("the direct sum across {}", format_length(distance, 3));
    check_passive(&what, field.power(), behind.power())?;
    Ok(behind)
}
