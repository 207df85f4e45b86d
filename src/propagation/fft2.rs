//! Two-dimensional discrete Fourier transforms: rows, then columns, plain and unfused.

use std::sync::Arc;

use d2nn_kernels::Fft;
use ndarray::{Array2, Zip};
use num_complex::Complex;

use crate::field::Real;

/// Planned transforms of arrays of one shape.
///
/// Forward has exp(-i 2 pi k n / N) and no factor; inverse divides by the number of points.
#[derive(Clone)]
pub struct Fft2<T: Real> {
    shape: (usize, usize),
    forward: [Arc<dyn Fft<T>>; 2],
    inverse: [Arc<dyn Fft<T>>; 2],
}

impl<T: Real> Fft2<T> {
    /// Plans transforms of `rows` x `columns` points.
    pub fn new(rows: usize, columns: usize) -> Self {
        let mut planner = T::planner();
        Fft2 {
            shape: (rows, columns),
            forward: [planner.forward(columns), planner.forward(rows)],
            inverse: [planner.inverse(columns), planner.inverse(rows)],
        }
    }

    /// Rows and columns of the arrays this was planned for.
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// Forward transform in place.
    pub fn forward(&self, array: &mut Array2<Complex<T>>) {
        transform(array, &self.forward);
    }

    /// Inverse transform in place.
    pub fn inverse(&self, array: &mut Array2<Complex<T>>) {
        transform(array, &self.inverse);
        let factor = T::narrow(1.0 / array.len() as f64);
        array.mapv_inplace(|value| value * factor);
    }
}

fn transform<T: Real>(array: &mut Array2<Complex<T>>, [rows, columns]: &[Arc<dyn Fft<T>>; 2]) {
    let mut line = Vec::new();
    for (fft, axis) in [(rows, ndarray::Axis(1)), (columns, ndarray::Axis(0))] {
        let mut scratch = vec![Complex::new(T::zero(), T::zero()); fft.get_inplace_scratch_len()];
        for mut lane in array.lanes_mut(axis) {
            line.clear();
            line.extend(lane.iter().copied());
            fft.process_with_scratch(&mut line, &mut scratch);
            Zip::from(&mut lane).and(&line[..]).for_each(|to, from| *to = *from);
        }
    }
}

/// The smallest length of at least `minimum` points that the transform is fast at: 2^a 3^b 5^c, even.
pub(crate) fn fast_length(minimum: usize) -> usize {
    (minimum.max(2)..)
        .find(|&length| {
            let mut rest = length;
            for factor in [2, 3, 5] {
                while rest.is_multiple_of(factor) {
                    rest /= factor;
                }
            }
            rest == 1 && length.is_multiple_of(2)
        })
        .unwrap_or(minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition() {
        // Every basis vector against the defining sum, on a shape with unequal odd and even sides.
        let (rows, columns) = (6, 5);
        let fft = Fft2::<f64>::new(rows, columns);
        for impulse in 0..rows * columns {
            let (y, x) = (impulse / columns, impulse % columns);
            let mut array = Array2::from_elem((rows, columns), Complex::new(0.0, 0.0));
            array[[y, x]] = Complex::new(1.0, 0.0);
            fft.forward(&mut array);
            for ((ky, kx), value) in array.indexed_iter() {
                let turns = (y * ky) as f64 / rows as f64 + (x * kx) as f64 / columns as f64;
                let expected = Complex::cis(-std::f64::consts::TAU * turns);
                assert!((value - expected).norm() < 1e-14);
            }
            fft.inverse(&mut array);
            array[[y, x]] -= 1.0;
            assert!(array.iter().all(|value| value.norm() < 1e-15));
        }
    }

    #[test]
    fn fast_lengths() {
        for (minimum, expected) in [(1, 2), (399, 400), (401, 432), (57, 60), (512, 512), (599, 600)] {
            assert_eq!(fast_length(minimum), expected);
        }
    }
}
