//! What the detector regions receive of each mode of the object, and what an image makes of it.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut1, Axis, Slice};
use num_complex::Complex32;
use rayon::prelude::*;

use crate::engine::ReadingSlopes;
use crate::engine::optics::Optics;

/// Coefficients of images in the modes, shape (images, modes).
pub(super) struct Coefficients {
    pub(super) real: Array2<f32>,
    /// None where all are real.
    pub(super) imaginary: Option<Array2<f32>>,
}

/// The field of every mode on the samples of the detector regions.
pub(super) struct Responses {
    /// Real and imaginary parts side by side, region by region; shape (modes, numbers).
    fields: Array2<f32>,
    /// The numbers of each region.
    regions: Vec<Range<usize>>,
    pixel_area: f64,
}

impl Responses {
    /// Dark regions.
    pub(super) fn new(modes: usize, optics: &Optics) -> Self {
        let mut end = 0;
        let regions: Vec<_> = optics
            .regions
            .iter()
            .map(|(rows, columns)| {
                let start = end;
                end += 2 * rows.len() * columns.len();
                start..end
            })
            .collect();
        Responses { fields: Array2::zeros((modes, end)), regions, pixel_area: optics.pixel_area }
    }

    /// Bytes of the fields of that many modes.
    pub(super) fn bytes(modes: usize, optics: &Optics) -> usize {
        let samples: usize = optics.regions.iter().map(|(rows, columns)| rows.len() * columns.len()).sum();
        modes * 2 * samples * size_of::<f32>()
    }

    /// The fields of the modes, to be filled.
    pub(super) fn fields_mut(&mut self) -> &mut Array2<f32> {
        &mut self.fields
    }

    /// The fields of the modes on the samples of one region.
    pub(super) fn region(&self, region: usize) -> ArrayView2<'_, f32> {
        self.fields.slice_axis(Axis(1), self.regions[region].clone().into())
    }

    /// Area of a sample, square metres.
    pub(super) fn pixel_area(&self) -> f64 {
        self.pixel_area
    }

    /// Power in each region, shape (images, regions); regions side by side on the threads there are.
    pub(super) fn readings(&self, coefficients: &Coefficients) -> Array2<f64> {
        let columns: Vec<Vec<f64>> = self
            .regions
            .par_iter()
            .map(|numbers| {
                let fields = self.superpose(coefficients, numbers.clone());
                fields.outer_iter().map(|field| self.power(field.iter())).collect()
            })
            .collect();
        Array2::from_shape_fn((coefficients.real.nrows(), columns.len()), |(image, region)| {
            columns[region][image]
        })
    }

    /// Readings of the images, and the source of the adjoint light that they make together: for each mode the sum over
    /// the images of conj(c) dL/dconj(U), shape (modes, numbers).
    ///
    /// `slopes` is told the number of an image and its readings, and gives the derivatives.
    pub(super) fn source(
        &self,
        coefficients: &Coefficients,
        slopes: &ReadingSlopes<'_>,
    ) -> (Array2<f64>, Array2<f32>) {
        let mut fields = self.superpose(coefficients, 0..self.fields.ncols());
        let mut readings = Array2::zeros((fields.nrows(), self.regions.len()));
        let mut slope = vec![0.0; self.regions.len()];
        for (image, mut field) in fields.outer_iter_mut().enumerate() {
            let read: Vec<f64> = self
                .regions
                .iter()
                .map(|numbers| self.power(field.slice_axis(Axis(0), numbers.clone().into()).iter()))
                .collect();
            slopes(image, &read, &mut slope);
            for (numbers, slope) in self.regions.iter().zip(&slope) {
                let factor = (2.0 * slope * self.pixel_area) as f32;
                field.slice_axis_mut(Axis(0), numbers.clone().into()).mapv_inplace(|number| number * factor);
            }
            readings.row_mut(image).iter_mut().zip(read).for_each(|(to, value)| *to = value);
        }
        let mut source = coefficients.real.t().dot(&fields);
        if let Some(imaginary) = &coefficients.imaginary {
            add_turned(&mut source, &imaginary.t().dot(&fields), -1.0);
        }
        (readings, source)
    }

    /// Field of every image on some of the numbers.
    fn superpose(&self, coefficients: &Coefficients, numbers: Range<usize>) -> Array2<f32> {
        let modes = self.fields.slice_axis(Axis(1), numbers.into());
        let mut fields = coefficients.real.dot(&modes);
        if let Some(imaginary) = &coefficients.imaginary {
            add_turned(&mut fields, &imaginary.dot(&modes), 1.0);
        }
        fields
    }

    fn power<'a>(&self, field: impl Iterator<Item = &'a f32>) -> f64 {
        field.map(|number| f64::from(*number) * f64::from(*number)).sum::<f64>() * self.pixel_area
    }
}

/// Adds `sign` i times `from`; numbers are real and imaginary parts side by side.
fn add_turned(to: &mut Array2<f32>, from: &Array2<f32>, sign: f32) {
    let (even, odd) = (Slice::new(0, None, 2), Slice::new(1, None, 2));
    to.slice_axis_mut(Axis(1), even).scaled_add(-sign, &from.slice_axis(Axis(1), odd));
    to.slice_axis_mut(Axis(1), odd).scaled_add(sign, &from.slice_axis(Axis(1), even));
}

/// Puts `field` into `numbers`, real and imaginary parts side by side.
pub(super) fn keep(field: impl Iterator<Item = Complex32>, numbers: &mut ArrayViewMut1<'_, f32>) {
    numbers.iter_mut().zip(field.flat_map(|u| [u.re, u.im])).for_each(|(to, number)| *to = number);
}

/// Complex numbers of real and imaginary parts side by side.
pub(super) fn complex(numbers: &[f32]) -> impl Iterator<Item = Complex32> + '_ {
    numbers.as_chunks::<2>().0.iter().map(|[re, im]| Complex32::new(*re, *im))
}
