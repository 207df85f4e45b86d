//! An ideal thin lens.

use std::f64::consts::TAU;

use ndarray::Array2;
use num_complex::Complex;

use super::{Element, Site};
use crate::error::{Error, Result};
use crate::named::named;
use crate::program::{Factor, Program, Wants};
use crate::units::Metres;

/// Which phase a lens of focal length f gives at the distance r from the axis, with k in the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LensPhase {
    /// k (f - sqrt(f^2 + r^2)) for f > 0: a plane wave along the axis meets in the focus, at any angle.
    Exact,
    /// -k r^2/(2 f), Goodman, Introduction to Fourier Optics (3rd ed.), eq. 5-10: right for small angles.
    Paraxial,
}
named! { LensPhase { Exact = "exact", Paraxial = "paraxial" } }

/// An ideal thin lens: a phase of the given focal length in light of any wavelength, without aberrations of glass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    focal_length: Metres,
    phase: LensPhase,
}

impl Lens {
    /// A lens of that focal length, metres; below zero it spreads light.
    ///
    /// # Errors
    /// [`Error::Value`] for a focal length of zero, or not finite.
    pub fn new(focal_length: Metres, phase: LensPhase) -> Result<Self> {
        if !(focal_length.is_finite() && focal_length != 0.0) {
            return Err(Error::Value(format!(
                "a lens of focal length {focal_length} m: it must not be zero"
            )));
        }
        Ok(Lens { focal_length, phase })
    }
}

impl Element for Lens {
    fn name(&self) -> String {
        "lens".into()
    }

    fn lower(&self, _: &[Array2<f64>], site: &Site, program: &mut Program) {
        let grid = site.grid;
        let wavenumber = TAU * site.medium / site.wavelength;
        let f = self.focal_length;
        let entries = Array2::from_shape_fn(grid.shape(), |(y, x)| {
            let square = grid.y(y).powi(2) + grid.x(x).powi(2);
            let path = match self.phase {
                // f - sqrt(f^2 + r^2) without the difference of large numbers.
                LensPhase::Exact => -square / (f.abs() + (f * f + square).sqrt()) * f.signum(),
                LensPhase::Paraxial => -square / (2.0 * f),
            };
            Complex::cis(wavenumber * path)
        });
        program.multiply(Factor::sampled(entries, Wants::Nothing));
    }

    fn steepest(&self, site: &Site) -> f64 {
        let (height, width) = site.grid.aperture();
        let edge = height.max(width) / 2.0;
        let slope = match self.phase {
            LensPhase::Exact => edge / edge.hypot(self.focal_length),
            LensPhase::Paraxial => edge / self.focal_length.abs(),
        };
        slope * site.grid.pixel_pitch() * site.medium / site.wavelength
    }
}
