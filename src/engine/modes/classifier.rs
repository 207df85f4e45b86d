//! A device compiled to a few sums of squares for each region.
//!
//! A reading is a quadratic form in the coefficients c of an image, I = c' G c, and G has few eigenvalues that matter:
//! a region of a few wavelengths receives few independent fields. With the pivoted Cholesky factor G = L L' (Higham,
//! Accuracy and Stability of Numerical Algorithms, section 10.3) I = |L' c|^2.

use d2nn_kernels::Arithmetic;
use ndarray::{Array2, Array3, ArrayView2, Axis};

use super::responses::Responses;
use super::{MEMORY, ModesEngine};
use crate::engine::Carrier;
use crate::error::{Error, Result};
use crate::object::ObjectPlane;

/// A factor ends where what is left of the trace of G is this share of it.
///
/// A reading is then at most that share of trace(G) |c|^2 too small. Readings of the shipped device came out within 2e-6
/// of the brightest, which is what single precision leaves; with 1e-4 they were 6e-5 off and a tenth faster.
const TOLERANCE: f64 = 1e-6;

/// Reads images as a device does, without simulating it.
#[derive(Clone)]
pub struct Classifier {
    object: ObjectPlane,
    /// L, shape (parts of coefficients, regions, rank); the imaginary parts follow the real ones.
    factors: Array3<f32>,
    arithmetic: Arithmetic,
}

impl Classifier {
    /// Compiles the device of `engine` with the masks as they are.
    ///
    /// # Errors
    /// [`Error::Value`] for a device whose field is not linear in the values of an image, and for one that is too large
    /// to be carried in modes; what `progress` returns, which is told the share that is done.
    pub fn compile<C: Carrier>(
        engine: &ModesEngine<C>,
        progress: &mut dyn FnMut(f64) -> Result<()>,
    ) -> Result<Self> {
        let object = engine.carrier().bench().object.clone();
        let (rows, columns) = object.image();
        let too_large = Responses::bytes(rows * columns, engine.carrier().lookout()) > MEMORY;
        if engine.linear.is_none() || too_large {
            return Err(Error::Value(
                "this device cannot be compiled: it takes interpolated phases, is not linear, or is too large".into(),
            ));
        }
        let responses = engine.region_responses(progress)?;
        let factors: Vec<Array2<f64>> = (0..responses.readings_each())
            .map(|reading| {
                let fields = responses.fields_of(reading);
                factor(&if object.has_complex_coefficients() { embedded(&fields) } else { fields })
            })
            .map(|factor| factor * responses.pixel_area().sqrt())
            .collect();
        progress(1.0)?;
        let rank = factors.iter().map(Array2::ncols).max().unwrap_or(0);
        let parts = factors.first().map_or(0, Array2::nrows);
        let factors = Array3::from_shape_fn((parts, factors.len(), rank), |(part, region, column)| {
            factors[region].get((part, column)).map_or(0.0, |value| *value as f32)
        });
        Self::new(object, factors)
    }

    /// The classifier with [`Classifier::factors`] of a device with that `object` plane.
    ///
    /// # Errors
    /// [`Error::Value`] for factors of another number of image values, or that are not finite.
    pub fn new(object: ObjectPlane, factors: Array3<f32>) -> Result<Self> {
        let (rows, columns) = object.image();
        let parts = if object.has_complex_coefficients() { 2 * rows * columns } else { rows * columns };
        if factors.len_of(Axis(0)) != parts || factors.iter().any(|value| !value.is_finite()) {
            return Err(Error::Value(format!(
                "factors of the shape {:?}: this device takes {parts} finite ones a region and rank",
                factors.dim()
            )));
        }
        Ok(Classifier { object, factors, arithmetic: Arithmetic::default() })
    }

    /// What is multiplied with an image: shape (parts of coefficients, regions, rank). A reading is the sum of squares
    /// over the rank.
    pub fn factors(&self) -> &Array3<f32> {
        &self.factors
    }

    /// Power in each detector region for `image`, values 0 to 1.
    ///
    /// # Errors
    /// [`Error::Value`] when the image has not the shape the object plane takes.
    pub fn readings(&self, image: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
        self.object.check(image)?;
        let (_, regions, rank) = self.factors.dim();
        let values = image.len();
        let mut sums = vec![0f32; regions * rank];
        let factors = self.factors.as_slice().unwrap_or_default();
        // Much of an image is dark, and real amplitudes have no second part.
        let coefficients = image.iter().map(|value| self.object.coefficient(*value)).enumerate();
        let parts = coefficients.flat_map(|(value, c)| [(value, c.re), (values + value, c.im)]);
        let weights: Vec<(usize, f32)> = parts.filter(|(_, number)| *number != 0.0).collect();
        self.arithmetic.add_rows(&mut sums, factors, &weights);
        let power = |fields: &[f32]| fields.iter().map(|field| f64::from(*field).powi(2)).sum();
        Ok(sums.chunks_exact(rank.max(1)).map(power).collect())
    }
}

/// Fields of the real and then of the imaginary parts of the coefficients: i times a field is turned by a quarter.
fn embedded(fields: &Array2<f64>) -> Array2<f64> {
    let (modes, numbers) = fields.dim();
    Array2::from_shape_fn((2 * modes, numbers), |(part, number)| {
        if part < modes {
            fields[[part, number]]
        } else if number % 2 == 0 {
            -fields[[part - modes, number + 1]]
        } else {
            fields[[part - modes, number - 1]]
        }
    })
}

/// Pivoted Cholesky factor of `fields` times its transpose.
fn factor(fields: &Array2<f64>) -> Array2<f64> {
    let (rows, most) = fields.dim();
    let mut left: Vec<f64> = fields.outer_iter().map(|row| row.dot(&row)).collect();
    let enough = TOLERANCE * left.iter().sum::<f64>();
    let mut factor = Array2::<f64>::zeros((rows, most.min(rows)));
    let mut rank = 0;
    while rank < factor.ncols() && left.iter().sum::<f64>() > enough {
        let Some(pivot) = (0..rows).max_by(|a, b| left[*a].total_cmp(&left[*b])) else { break };
        let known = factor.slice_axis(Axis(1), (0..rank).into());
        let column = (fields.dot(&fields.row(pivot)) - known.dot(&known.row(pivot))) / left[pivot].sqrt();
        for (left, value) in left.iter_mut().zip(&column) {
            *left = (*left - value * value).max(0.0);
        }
        left[pivot] = 0.0;
        factor.column_mut(rank).assign(&column);
        rank += 1;
    }
    factor.slice_axis(Axis(1), (0..rank).into()).to_owned()
}
