//! A thin mask: a plate that changes the light of each pixel by its own complex transmission.
//!
//! ```
//! use d2nn::field::WaveField;
//! use d2nn::grid::Grid;
//! use d2nn::mask::Mask;
//! use ndarray::Array2;
//! use num_complex::Complex;
//!
//! let grid = Grid::new(2, 2, 0.4e-3)?;
//! let quarter_turn = Mask::of_phase(grid, Array2::from_elem((2, 2), std::f64::consts::FRAC_PI_2))?;
//! let light = WaveField::new(grid, Array2::from_elem((2, 2), Complex::new(1.0, 0.0)))?;
//! // A positive phase is a delay, exp(+i phase).
//! assert!((quarter_turn.apply(&light).amplitude[[0, 0]] - Complex::i()).norm() < 1e-12);
//! # Ok::<(), d2nn::Error>(())
//! ```

use ndarray::{Array2, Zip};
use num_complex::Complex;

use crate::error::{Error, Result};
use crate::field::{Real, WaveField};
use crate::grid::Grid;
use crate::units::Radians;

mod footprint;
mod modulation;
mod relief;

pub(crate) use footprint::Footprint;
pub use modulation::Modulation;
pub(crate) use modulation::transmission32;

/// A thin mask on a grid that samples each of its pixels `oversample` x `oversample` times.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask<T> {
    grid: Grid,
    modulation: Modulation,
    footprint: Footprint,
    /// One array a channel, one number a pixel.
    values: Vec<Array2<T>>,
    /// One number a sample.
    transmission: Array2<Complex<T>>,
    /// Whether it has been taken off: then its values do nothing.
    absent: bool,
}

impl<T: Real> Mask<T> {
    /// A mask of `values`, one array a channel of `modulation`, indexed `[y, x]`, one number a pixel.
    ///
    /// # Errors
    /// [`Error::Value`] when there are more or fewer channels, a shape is not the grid's over `oversample`, or a
    /// value is out of its range.
    pub fn new(
        grid: Grid,
        modulation: Modulation,
        oversample: usize,
        values: Vec<Array2<T>>,
    ) -> Result<Self> {
        if values.len() != modulation.channels() || oversample == 0 {
            return Err(Error::Value(format!(
                "{} arrays of values for a mask: it takes {}",
                values.len(),
                modulation.channels()
            )));
        }
        for (channel, array) in values.iter().enumerate() {
            let (rows, columns) = array.dim();
            if (rows * oversample, columns * oversample) != grid.shape() {
                return Err(Error::Value(format!(
                    "a mask of shape {:?} on a grid of shape {:?}: {}",
                    array.dim(),
                    grid.shape(),
                    if oversample == 1 {
                        "they must be equal".into()
                    } else {
                        format!("the grid must have {oversample} samples a pixel")
                    }
                )));
            }
            modulation.check(channel, array).map_err(Error::Value)?;
        }
        let footprint = Footprint::new(values[0].dim(), oversample, 0.0);
        let transmission = sampled(grid, modulation, footprint, &values);
        Ok(Mask { grid, modulation, footprint, values, transmission, absent: false })
    }

    /// The same mask turned in its plane by `angle` about its middle, from +x towards +y, against how it was made.
    ///
    /// Each sample takes the value of the pixel that its centre falls into, which samples a plate of square pixels
    /// exactly; a sample beyond the edge of the plate takes that of the nearest pixel of the edge.
    pub fn turned(self, angle: Radians) -> Self {
        let footprint = Footprint::new(self.footprint.pixels, self.footprint.oversample, angle);
        if footprint == self.footprint || self.absent {
            return self;
        }
        let transmission = sampled(self.grid, self.modulation, footprint, &self.values);
        Mask { footprint, transmission, ..self }
    }

    /// The plane of a mask that has been taken off the bench: light crosses it as it is, whatever the values.
    pub fn taken_off(self) -> Self {
        let transmission = Array2::from_elem(self.grid.shape(), Complex::new(T::one(), T::zero()));
        Mask { transmission, absent: true, ..self }
    }

    /// A lossless phase mask with one sample a pixel, `phase` in radians.
    ///
    /// # Errors
    /// As [`Mask::new`].
    pub fn of_phase(grid: Grid, phase: Array2<T>) -> Result<Self> {
        Mask::new(grid, Modulation::LOSSLESS, 1, vec![phase])
    }

    /// The values it was made of, one array a channel.
    pub fn values(&self) -> &[Array2<T>] {
        &self.values
    }

    /// Complex transmission of each sample.
    pub fn transmission(&self) -> &Array2<Complex<T>> {
        &self.transmission
    }

    /// The field behind the mask: t u.
    pub fn apply(&self, incident: &WaveField<T>) -> WaveField<T> {
        self.times(incident, |t| t)
    }

    /// The Hermitian adjoint of [`Mask::apply`]: conj(t) g.
    pub fn adjoint(&self, behind: &WaveField<T>) -> WaveField<T> {
        self.times(behind, |t| t.conj())
    }

    /// Gradient of a real loss with respect to the values of each channel.
    ///
    /// `incident` is the field u that fell on the mask, `behind` the adjoint field g behind it, with the convention
    /// dL = Re <g, dv>. From v = t u follows dL = Re(conj(g) u dt), summed over the samples of a pixel.
    pub fn gradient(&self, incident: &WaveField<T>, behind: &WaveField<T>) -> Vec<Array2<T>> {
        if self.absent {
            return self.values.iter().map(|values| Array2::zeros(values.dim())).collect();
        }
        let slopes = Zip::from(&incident.amplitude).and(&behind.amplitude).map_collect(|u, g| g.conj() * u);
        let zero = Complex::new(T::zero(), T::zero());
        let mut sums = Array2::from_elem(self.values[0].dim(), zero);
        for (at, slope) in slopes.indexed_iter() {
            let sum = &mut sums[self.footprint.pixel(at)];
            *sum = *sum + *slope;
        }
        (0..self.values.len())
            .map(|channel| {
                Array2::from_shape_fn(sums.dim(), |at| {
                    let by_value = self.modulation.derivatives(Modulation::pixel(&self.values, at))[channel];
                    (sums[at] * by_value).re
                })
            })
            .collect()
    }

    fn times(&self, field: &WaveField<T>, factor: impl Fn(Complex<T>) -> Complex<T>) -> WaveField<T> {
        let mut behind = field.clone();
        Zip::from(&mut behind.amplitude).and(&self.transmission).for_each(|u, &t| *u = *u * factor(t));
        behind
    }

    /// The plane the mask stands on.
    pub fn grid(&self) -> Grid {
        self.grid
    }
}

/// Transmission of each sample.
fn sampled<T: Real>(
    grid: Grid,
    modulation: Modulation,
    footprint: Footprint,
    values: &[Array2<T>],
) -> Array2<Complex<T>> {
    let pixels =
        Array2::from_shape_fn(footprint.pixels, |at| modulation.transmission(Modulation::pixel(values, at)));
    Array2::from_shape_fn(grid.shape(), |at| pixels[footprint.pixel(at)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_mask_is_the_turned_array() {
        use std::f64::consts::PI;
        for oversample in [1, 2, 3] {
            let pixels = 6;
            let grid = Grid::new(pixels * oversample, pixels * oversample, 1e-3).unwrap();
            let phase =
                Array2::from_shape_fn((pixels, pixels), |(y, x)| 0.1 * y as f64 + 0.013 * (x * x) as f64);
            let turned = |angle: f64| {
                let mask = Mask::new(grid, Modulation::LOSSLESS, oversample, vec![phase.clone()]).unwrap();
                mask.turned(angle).transmission().clone()
            };
            let flat = turned(0.0);
            let last = pixels * oversample - 1;
            for ((y, x), value) in flat.indexed_iter() {
                // From +x towards +y: what was at the right is below.
                assert_eq!(turned(PI / 2.0)[[x, last - y]], *value);
                assert_eq!(turned(PI)[[last - y, last - x]], *value);
                assert_eq!(turned(2.0 * PI)[[y, x]], *value);
            }
            // Half a degree moves the corner pixels by 0.03 pixels: no centre leaves its pixel.
            assert_eq!(turned(PI / 360.0), flat);
        }
    }
}
