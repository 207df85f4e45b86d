//! The object plane: an image encoded in the light that enters the device.

use std::f64::consts::TAU;

use ndarray::ArrayView2;
use num_complex::Complex;

use crate::error::{Error, Result};
use crate::field::{Real, WaveField, narrow_complex};
use crate::grid::Grid;

/// How a pixel value from 0 to 1 becomes a complex amplitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The value is the amplitude; the phase is flat.
    Amplitude,
    /// The value is the phase, 0 to 2 pi; the amplitude is 1 inside the image.
    Phase,
}

/// Where and how images stand on the object plane. Outside the image the plane is opaque.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectPlane {
    grid: Grid,
    image: (usize, usize),
    upsampling: usize,
    encoding: Encoding,
}

impl ObjectPlane {
    /// Images of `image` = (rows, columns) values, each a square of `upsampling` pixels, in the middle.
    ///
    /// # Errors
    /// [`Error::Value`] when the enlarged image is empty or does not fit on the grid.
    pub fn new(grid: Grid, image: (usize, usize), upsampling: usize, encoding: Encoding) -> Result<Self> {
        let enlarged = (image.0.saturating_mul(upsampling), image.1.saturating_mul(upsampling));
        let fits = |side: usize, limit: usize| (1..=limit).contains(&side);
        if !fits(enlarged.0, grid.rows()) || !fits(enlarged.1, grid.columns()) {
            return Err(Error::Value(format!(
                "images of {} x {} values enlarged {upsampling} times take {} x {} pixels; the plane has {} x {}",
                image.0,
                image.1,
                enlarged.0,
                enlarged.1,
                grid.rows(),
                grid.columns()
            )));
        }
        Ok(ObjectPlane { grid, image, upsampling, encoding })
    }

    /// Grid of the object plane.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Rows and columns of an image before enlargement.
    pub fn image(&self) -> (usize, usize) {
        self.image
    }

    /// Pixels along one side of the square that each image value takes.
    pub fn upsampling(&self) -> usize {
        self.upsampling
    }

    /// How values become amplitudes.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Row and column of the image's first pixel on the grid.
    pub fn origin(&self) -> (usize, usize) {
        let (rows, columns) = self.extent();
        ((self.grid.rows() - rows) / 2, (self.grid.columns() - columns) / 2)
    }

    /// Rows and columns the enlarged image takes on the grid.
    pub fn extent(&self) -> (usize, usize) {
        (self.image.0 * self.upsampling, self.image.1 * self.upsampling)
    }

    /// Complex amplitude of a pixel value.
    pub fn amplitude<T: Real>(&self, value: f32) -> Complex<T> {
        match self.encoding {
            Encoding::Amplitude => Complex::new(T::narrow(f64::from(value)), T::zero()),
            Encoding::Phase => narrow_complex(Complex::cis(TAU * f64::from(value))),
        }
    }

    /// Power of `image` (values 0 to 1) at the object plane: what enters the device.
    pub fn power(&self, image: ArrayView2<'_, f32>) -> f64 {
        let pixels = (self.upsampling * self.upsampling) as f64 * self.grid.pixel_area();
        image.iter().map(|&value| self.amplitude::<f64>(value).norm_sqr()).sum::<f64>() * pixels
    }

    /// The field of `image` (values 0 to 1, shape [`ObjectPlane::image`]) on the object plane.
    ///
    /// # Errors
    /// [`Error::Value`] when the image has another shape.
    pub fn encode<T: Real>(&self, image: ArrayView2<'_, f32>) -> Result<WaveField<T>> {
        if image.dim() != self.image {
            return Err(Error::Value(format!(
                "an image of shape {:?}: this device takes {:?}",
                image.dim(),
                self.image
            )));
        }
        let mut field = WaveField::dark(self.grid);
        let (top, left) = self.origin();
        let (rows, columns) = self.extent();
        for y in 0..rows {
            for x in 0..columns {
                let value = image[[y / self.upsampling, x / self.upsampling]];
                field.amplitude[[top + y, left + x]] = self.amplitude(value);
            }
        }
        Ok(field)
    }
}
