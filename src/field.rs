//! Light on a plane: one complex amplitude a pixel.

use d2nn_kernels::Transformed;
use ndarray::Array2;
use num_complex::Complex;
use num_traits::Float;

use crate::error::{Error, Result};
use crate::grid::Grid;

/// The precisions the reference pass runs in: `f32` and `f64`.
pub trait Real: Float + Transformed {
    /// `value` in this precision.
    fn narrow(value: f64) -> Self;
    /// This value in double precision.
    fn widen(self) -> f64;
}

impl Real for f32 {
    fn narrow(value: f64) -> Self {
        value as f32
    }
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn narrow(value: f64) -> Self {
        value
    }
    fn widen(self) -> f64 {
        self
    }
}

/// `value` in precision `T`.
pub(crate) fn narrow_complex<T: Real>(value: Complex<f64>) -> Complex<T> {
    Complex::new(T::narrow(value.re), T::narrow(value.im))
}

/// Complex amplitude of a monochromatic wave on a [`Grid`], time dependence exp(-i omega t).
///
/// The amplitude is scaled so that |amplitude|^2 is the intensity (power per square metre).
#[derive(Clone, Debug, PartialEq)]
pub struct WaveField<T> {
    grid: Grid,
    /// Complex amplitude, indexed `[y, x]`, of the grid's shape.
    pub amplitude: Array2<Complex<T>>,
}

impl<T: Real> WaveField<T> {
    /// A field with the given amplitudes.
    ///
    /// # Errors
    /// [`Error::Value`] when the array has not the shape of the grid.
    pub fn new(grid: Grid, amplitude: Array2<Complex<T>>) -> Result<Self> {
        if amplitude.dim() != grid.shape() {
            return Err(Error::Value(format!(
                "a field of shape {:?} on a grid of shape {:?}: they must be equal",
                amplitude.dim(),
                grid.shape()
            )));
        }
        Ok(WaveField { grid, amplitude })
    }

    /// Darkness.
    pub fn dark(grid: Grid) -> Self {
        WaveField { grid, amplitude: Array2::from_elem(grid.shape(), Complex::new(T::zero(), T::zero())) }
    }

    /// The plane this field lives on.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// |amplitude|^2 of each pixel, power per square metre.
    pub fn intensity(&self) -> Array2<f64> {
        self.amplitude.mapv(|u| u.norm_sqr().widen())
    }

    /// Power through the plane: the sum of intensity times pixel area.
    pub fn power(&self) -> f64 {
        self.amplitude.iter().map(|u| u.norm_sqr().widen()).sum::<f64>() * self.grid.pixel_area()
    }

    /// Inner product of the amplitudes: the sum of conj(self) other.
    pub fn inner(&self, other: &WaveField<T>) -> Complex<f64> {
        self.amplitude
            .iter()
            .zip(&other.amplitude)
            .map(|(a, b)| {
                let product = a.conj() * b;
                Complex::new(product.re.widen(), product.im.widen())
            })
            .sum()
    }

    /// Squared correlation |<a, b>|^2/(<a, a> <b, b>): 1 for fields that are equal but for a factor, 0 where one is dark.
    pub fn correlation(&self, other: &WaveField<T>) -> f64 {
        let powers = self.inner(self).re * other.inner(other).re;
        if powers > 0.0 { self.inner(other).norm_sqr() / powers } else { 0.0 }
    }
}
