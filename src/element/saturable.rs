//! A saturable absorber: a thin sheet that passes bright light better than dim light.

use std::sync::Arc;

use ndarray::Array2;

use super::{Element, Site};
use crate::error::{Error, Result};
use crate::program::{Pointwise, Program};

/// A fast saturable absorber: the intensity transmission is exp(-a/(1 + I/I_s)), with the optical depth a of dim light and
/// the saturation intensity I_s.
///
/// Boyd, Nonlinear Optics (3rd ed.), eq. 1.3.22 for the absorption, alpha = alpha_0/(1 + I/I_s), in a sheet so thin that
/// I is that in front of it. It is not linear: modes and compiled classifiers, which add fields, are refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturable {
    optical_depth: f64,
    saturation_intensity: f64,
}

impl Saturable {
    /// A sheet of that optical depth for dim light, and that saturation intensity in units of the intensity of the
    /// illumination (amplitude 1 at the object).
    ///
    /// # Errors
    /// [`Error::Value`] for an optical depth below zero or a saturation intensity that is not above zero.
    pub fn new(optical_depth: f64, saturation_intensity: f64) -> Result<Self> {
        if !(optical_depth.is_finite() && optical_depth >= 0.0) {
            return Err(Error::Value(format!("an optical depth of {optical_depth}: it must be at least 0")));
        }
        if !(saturation_intensity.is_finite() && saturation_intensity > 0.0) {
            return Err(Error::Value(format!(
                "a saturation intensity of {saturation_intensity}: it must be above zero"
            )));
        }
        Ok(Saturable { optical_depth, saturation_intensity })
    }
}

impl Pointwise for Saturable {
    fn transmission(&self, intensity: f64) -> f64 {
        (-0.5 * self.optical_depth / (1.0 + intensity / self.saturation_intensity)).exp()
    }

    fn slope(&self, intensity: f64) -> f64 {
        let unsaturated = 1.0 + intensity / self.saturation_intensity;
        self.transmission(intensity) * 0.5 * self.optical_depth
            / (unsaturated * unsaturated * self.saturation_intensity)
    }
}

impl Element for Saturable {
    fn name(&self) -> String {
        "saturable absorber".into()
    }

    fn lower(&self, _: &[Array2<f64>], _: &Site, program: &mut Program) {
        program.pointwise(Arc::new(*self));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bright_light_passes_and_the_slope_is_the_derivative() {
        let sheet = Saturable::new(2.0, 0.3).unwrap();
        // The dim sheet passes exp(-2) of the intensity, the bright one all of it.
        assert!((sheet.transmission(0.0).powi(2) - (-2.0f64).exp()).abs() < 1e-15);
        assert!(sheet.transmission(3e6) > 1.0 - 1e-6);
        for intensity in [0.0, 0.1, 0.3, 2.0] {
            let difference =
                (sheet.transmission(intensity + 1e-6) - sheet.transmission(intensity - 1e-6)) / 2e-6;
            // Truncation 1e-12 of third derivatives of about 30, rounding 1e-16/1e-6.
            assert!((difference - sheet.slope(intensity)).abs() < 1e-9, "{intensity}");
        }
        assert!(Saturable::new(-1.0, 1.0).is_err() && Saturable::new(1.0, 0.0).is_err());
    }
}
