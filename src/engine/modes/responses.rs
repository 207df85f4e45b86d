//! What the detector regions receive of each mode of the object, and what an image makes of it.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{
    Array2, ArrayBase, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, CowArray, Data, Ix2, Slice,
};
use num_complex::Complex32;
use rayon::prelude::*;

use crate::detector::Watch;
use crate::engine::ReadingSlopes;
use crate::engine::lookout::Lookout;

/// Coefficients of images in the modes, shape (images, modes).
pub(super) struct Coefficients {
    pub(super) real: Array2<f32>,
    /// None where all are real.
    pub(super) imaginary: Option<Array2<f32>>,
}

impl Coefficients {
    /// Real numbers only: the real parts, and the imaginary ones behind them; shape (images, real modes).
    fn side_by_side(&self) -> CowArray<'_, f32, Ix2> {
        let Some(imaginary) = &self.imaginary else { return self.real.view().into() };
        let (images, modes) = self.real.dim();
        let mut both = Array2::zeros((images, 2 * modes));
        let (mut first, mut second) = both.view_mut().split_at(Axis(1), modes);
        first.assign(&self.real);
        second.assign(imaginary);
        both.into()
    }
}

/// The field of every mode on the samples of the detector regions.
pub(super) struct Responses {
    /// Real and imaginary parts side by side, region by region; shape (modes, numbers).
    fields: Array2<f32>,
    /// Every region on which a beam is looked at.
    regions: Vec<LitRegion>,
    /// Number of readings.
    readings: usize,
    pixel_area: f64,
}

/// A region in the light of a beam.
struct LitRegion {
    /// Its numbers.
    numbers: Range<usize>,
    /// The reading it counts in.
    reading: usize,
    /// What its power counts there.
    share: f64,
}

impl Responses {
    /// Dark regions.
    pub(super) fn new(modes: usize, lookout: &Lookout) -> Self {
        let mut end = 0;
        let regions: Vec<_> = lookout
            .watched()
            .map(|watched| {
                let start = end;
                end += 2 * watched.samples();
                LitRegion { numbers: start..end, reading: watched.reading, share: watched.share }
            })
            .collect();
        Responses {
            fields: Array2::zeros((modes, end)),
            regions,
            readings: lookout.readings_each(),
            pixel_area: lookout.pixel_area,
        }
    }

    /// Dark regions and, where the detector watches the power of the planes, dark planes behind them.
    pub(super) fn watching(modes: usize, lookout: &Lookout) -> Self {
        let mut responses = Responses::new(modes, lookout);
        if lookout.watch == Watch::Power {
            let (reading, mut end) = (responses.readings, responses.fields.ncols());
            for share in lookout.shares() {
                let numbers = end..end + 2 * lookout.samples();
                end = numbers.end;
                responses.regions.push(LitRegion { numbers, reading, share });
            }
            responses.fields = Array2::zeros((modes, end));
            responses.readings += 1;
        }
        responses
    }

    /// Bytes of the fields of that many modes.
    pub(super) fn bytes(modes: usize, lookout: &Lookout) -> usize {
        let samples: usize = lookout.watched().map(|watched| watched.samples()).sum();
        modes * 2 * samples * size_of::<f32>()
    }

    /// The fields of the modes, to be filled.
    pub(super) fn fields_mut(&mut self) -> &mut Array2<f32> {
        &mut self.fields
    }

    /// The fields of the modes on the samples of a region.
    fn region(&self, region: &LitRegion) -> ArrayView2<'_, f32> {
        self.fields.slice_axis(Axis(1), region.numbers.clone().into())
    }

    /// The regions that count in `reading`.
    fn of_reading(&self, reading: usize) -> impl Iterator<Item = &LitRegion> {
        self.regions.iter().filter(move |region| region.reading == reading)
    }

    /// Number of readings.
    pub(super) fn readings_each(&self) -> usize {
        self.readings
    }

    /// The fields of the modes that make `reading`, the sum of their squares: those of every beam, by the root of what it
    /// counts.
    pub(super) fn fields_of(&self, reading: usize) -> Array2<f64> {
        let counted: Vec<Array2<f64>> = self
            .of_reading(reading)
            .map(|region| self.region(region).mapv(|number| f64::from(number) * region.share.sqrt()))
            .collect();
        let views: Vec<_> = counted.iter().map(|fields| fields.view()).collect();
        ndarray::concatenate(Axis(1), &views).unwrap_or_else(|_| Array2::zeros((self.fields.nrows(), 0)))
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
            .map(|region| {
                let fields = self.superpose(coefficients, region.numbers.clone());
                fields.outer_iter().map(|field| region.share * self.power(field.iter())).collect()
            })
            .collect();
        let mut readings = Array2::zeros((coefficients.real.nrows(), self.readings));
        for (region, column) in self.regions.iter().zip(columns) {
            let mut sums = readings.column_mut(region.reading);
            sums.iter_mut().zip(column).for_each(|(sum, power)| *sum += power);
        }
        readings
    }

    /// The way by which a batch of `images` images with real or complex coefficients is cheapest.
    pub(super) fn batch(&self, images: usize, complex: bool) -> Batch<'_> {
        let modes = if complex { 2 } else { 1 } * self.fields.nrows();
        // Of n numbers: 2 images x modes x n products by the fields; by the products of modes 2 images x modes^2 a
        // reading, and 2 modes^2 x n once a batch.
        let by_fields = images * self.fields.ncols();
        let by_products = modes * (images * self.readings + self.fields.ncols());
        if by_products >= by_fields {
            return Batch { responses: self, products: None };
        }
        let fields = self.real_modes(complex);
        let product = |reading: usize| {
            let mut sum = Array2::zeros((modes, modes));
            for region in self.of_reading(reading) {
                let fields = fields.slice_axis(Axis(1), region.numbers.clone().into());
                general_mat_mul(region.share as f32, &fields, &fields.t(), 1.0, &mut sum);
            }
            sum
        };
        let of_readings = (0..self.readings).into_par_iter().map(product).collect();
        Batch { responses: self, products: Some(Products { fields, of_readings }) }
    }

    /// Fields for real coefficients: those of the modes, followed by i times them where coefficients are complex.
    fn real_modes(&self, complex: bool) -> CowArray<'_, f32, Ix2> {
        if !complex {
            return self.fields.view().into();
        }
        let (modes, numbers) = self.fields.dim();
        let mut fields = Array2::zeros((2 * modes, numbers));
        let (mut plain, mut turned) = fields.view_mut().split_at(Axis(0), modes);
        plain.assign(&self.fields);
        add_turned(&mut turned, &self.fields, 1.0);
        fields.into()
    }

    /// Field of every image on some of the numbers.
    fn superpose(&self, coefficients: &Coefficients, numbers: Range<usize>) -> Array2<f32> {
        let modes = self.fields.slice_axis(Axis(1), numbers.into());
        let mut fields = coefficients.real.dot(&modes);
        if let Some(imaginary) = &coefficients.imaginary {
            add_turned(&mut fields.view_mut(), &imaginary.dot(&modes), 1.0);
        }
        fields
    }

    fn power<'a>(&self, field: impl Iterator<Item = &'a f32>) -> f64 {
        field.map(|number| f64::from(*number) * f64::from(*number)).sum::<f64>() * self.pixel_area
    }
}

/// What turns a batch of images into readings and into one source of adjoint light a mode.
///
/// The source of a mode is the sum over the images of conj(c) dL/dconj(U), which asks for the field of every image. With
/// fewer modes than numbers in a region it is less work to go by the products of the modes, Re conj(D_r) D_s: a reading
/// is a quadratic form in them, and the sum over the images a matrix of modes by modes. A complex coefficient is two real
/// ones, of the mode and of i times it.
pub(super) struct Batch<'a> {
    responses: &'a Responses,
    /// None where fields are cheaper.
    products: Option<Products<'a>>,
}

/// What readings of real coefficients are quadratic forms in.
struct Products<'a> {
    /// Shape (real modes, numbers).
    fields: CowArray<'a, f32, Ix2>,
    /// For each reading the products of the fields, shape (real modes, real modes).
    of_readings: Vec<Array2<f32>>,
}

impl Batch<'_> {
    /// Readings of some images of the batch, and their sum for [`Batch::source`].
    ///
    /// `slopes` is told the number of an image and its readings, and gives the derivatives.
    pub(super) fn part(
        &self,
        coefficients: &Coefficients,
        slopes: &ReadingSlopes<'_>,
    ) -> (Array2<f64>, Array2<f32>) {
        match &self.products {
            Some(products) => self.by_products(&coefficients.side_by_side(), &products.of_readings, slopes),
            None => self.by_fields(coefficients, slopes),
        }
    }

    /// What the sum of parts begins with.
    pub(super) fn no_images(&self) -> Array2<f32> {
        match &self.products {
            Some(Products { fields, of_readings }) => {
                Array2::zeros((of_readings.len() * fields.nrows(), fields.nrows()))
            }
            None => Array2::zeros(self.responses.fields.dim()),
        }
    }

    /// The source of each mode, shape (modes, numbers), from the sum of all parts.
    pub(super) fn source(&self, sum: Array2<f32>) -> Array2<f32> {
        let Some(Products { fields, .. }) = &self.products else { return sum };
        let real_modes = fields.nrows();
        let mut source = Array2::zeros(fields.dim());
        for region in &self.responses.regions {
            let first = region.reading * real_modes;
            let weights = sum.slice_axis(Axis(0), (first..first + real_modes).into());
            let fields = fields.slice_axis(Axis(1), region.numbers.clone().into());
            let mut source = source.slice_axis_mut(Axis(1), region.numbers.clone().into());
            general_mat_mul(region.share as f32, &weights, &fields, 0.0, &mut source);
        }
        let modes = self.responses.fields.nrows();
        if real_modes > modes {
            let (mut real, imaginary) = source.view_mut().split_at(Axis(0), modes);
            add_turned(&mut real, &imaginary, -1.0);
            source.slice_axis_inplace(Axis(0), Slice::from(..modes));
        }
        source
    }

    fn by_products(
        &self,
        coefficients: &CowArray<'_, f32, Ix2>,
        products: &[Array2<f32>],
        slopes: &ReadingSlopes<'_>,
    ) -> (Array2<f64>, Array2<f32>) {
        let area = self.responses.pixel_area;
        let (images, modes) = coefficients.dim();
        let mut readings = Array2::zeros((images, products.len()));
        for (products, mut readings) in products.iter().zip(readings.columns_mut()) {
            let turned = coefficients.dot(products);
            for (reading, (turned, own)) in
                readings.iter_mut().zip(turned.outer_iter().zip(coefficients.outer_iter()))
            {
                let power: f64 = turned.iter().zip(own).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                // Rounding may take a dark region below zero.
                *reading = power.max(0.0) * area;
            }
        }
        let mut factors = Array2::<f32>::zeros(readings.dim());
        let mut slope = vec![0.0; products.len()];
        for (image, (read, mut factors)) in readings.outer_iter().zip(factors.outer_iter_mut()).enumerate() {
            slopes(image, &read.to_vec(), &mut slope);
            factors.iter_mut().zip(&slope).for_each(|(to, slope)| *to = (2.0 * slope * area) as f32);
        }
        let mut sum = Array2::zeros((products.len() * modes, modes));
        for (region, factors) in factors.columns().into_iter().enumerate() {
            let mut weighted = coefficients.to_owned();
            for (mut row, factor) in weighted.outer_iter_mut().zip(factors) {
                row.iter_mut().for_each(|number| *number *= factor);
            }
            sum.slice_axis_mut(Axis(0), (region * modes..(region + 1) * modes).into())
                .assign(&weighted.t().dot(coefficients));
        }
        (readings, sum)
    }

    fn by_fields(
        &self,
        coefficients: &Coefficients,
        slopes: &ReadingSlopes<'_>,
    ) -> (Array2<f64>, Array2<f32>) {
        let Responses { fields, regions, readings: count, pixel_area } = self.responses;
        let mut fields = self.responses.superpose(coefficients, 0..fields.ncols());
        let mut readings = Array2::zeros((fields.nrows(), *count));
        let mut slope = vec![0.0; *count];
        for (image, mut field) in fields.outer_iter_mut().enumerate() {
            let mut read = vec![0.0; *count];
            for LitRegion { numbers, reading, share } in regions {
                let numbers = field.slice_axis(Axis(0), numbers.clone().into());
                read[*reading] += share * self.responses.power(numbers.iter());
            }
            slopes(image, &read, &mut slope);
            for LitRegion { numbers, reading, share } in regions {
                let factor = (2.0 * (share * slope[*reading]) * pixel_area) as f32;
                field.slice_axis_mut(Axis(0), numbers.clone().into()).mapv_inplace(|number| number * factor);
            }
            readings.row_mut(image).iter_mut().zip(read).for_each(|(to, value)| *to = value);
        }
        let mut sum = coefficients.real.t().dot(&fields);
        if let Some(imaginary) = &coefficients.imaginary {
            add_turned(&mut sum.view_mut(), &imaginary.t().dot(&fields), -1.0);
        }
        (readings, sum)
    }
}

/// Adds `sign` i times `from`; numbers are real and imaginary parts side by side.
fn add_turned(to: &mut ArrayViewMut2<'_, f32>, from: &ArrayBase<impl Data<Elem = f32>, Ix2>, sign: f32) {
    let (even, odd) = (Slice::new(0, None, 2), Slice::new(1, None, 2));
    to.slice_axis_mut(Axis(1), even).scaled_add(-sign, &from.slice_axis(Axis(1), odd));
    to.slice_axis_mut(Axis(1), odd).scaled_add(sign, &from.slice_axis(Axis(1), even));
}

/// Puts what is seen into `numbers`, real and imaginary parts side by side.
pub(super) fn keep(seen: &[Complex32], numbers: &mut ArrayViewMut1<'_, f32>) {
    numbers.iter_mut().zip(seen.iter().flat_map(|u| [u.re, u.im])).for_each(|(to, number)| *to = number);
}

/// Complex numbers of real and imaginary parts side by side.
pub(super) fn complex(numbers: ArrayView1<'_, f32>, to: &mut [Complex32]) {
    let mut numbers = numbers.iter();
    for to in to {
        if let (Some(re), Some(im)) = (numbers.next(), numbers.next()) {
            *to = Complex32::new(*re, *im);
        }
    }
}
