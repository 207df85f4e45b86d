//! What a plate is made of, and what a phase costs in height.

use std::f64::consts::TAU;

use crate::error::{Error, Result};
use crate::units::{Metres, Radians};

/// A printing material at the wavelength of the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    name: String,
    refractive_index: f64,
}

impl Material {
    /// A material with real refractive index `refractive_index` in air or vacuum.
    ///
    /// # Errors
    /// [`Error::Value`] unless the index is finite and above 1: no height gives a phase otherwise.
    pub fn new(name: impl Into<String>, refractive_index: f64) -> Result<Self> {
        if !(refractive_index.is_finite() && refractive_index > 1.0) {
            return Err(Error::Value(format!(
                "a refractive index of {refractive_index}: it must be above 1, the index of air"
            )));
        }
        Ok(Material { name: name.into(), refractive_index })
    }

    /// Name as people know it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Real part of the refractive index.
    pub fn refractive_index(&self) -> f64 {
        self.refractive_index
    }

    /// Height that delays light by `phase`: h = wavelength phase / (2 pi (n - 1)).
    ///
    /// Lin et al., Science 361, 1004 (2018), supplementary text on the fabrication.
    pub fn height(&self, phase: Radians, wavelength: Metres) -> Metres {
        wavelength * phase / (TAU * (self.refractive_index - 1.0))
    }

    /// Phase delay of `height` against the same height of air; the inverse of [`Material::height`].
    pub fn phase(&self, height: Metres, wavelength: Metres) -> Radians {
        TAU * (self.refractive_index - 1.0) * height / wavelength
    }

    /// Power lost by reflection at one face at normal incidence: ((n - 1)/(n + 1))^2. Not simulated.
    pub fn face_reflection(&self) -> f64 {
        ((self.refractive_index - 1.0) / (self.refractive_index + 1.0)).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_turn_of_the_reference_device_is_1_0378_mm() {
        let resin = Material::new("VeroBlackPlus RGD875", 1.7227).unwrap();
        let height = resin.height(TAU, 0.75e-3);
        // 0.75 mm / 0.7227 = 1.03778 mm; Lin 2018 gives about 1 mm.
        assert!((height - 1.0378e-3).abs() < 5e-8, "{height}");
        assert!((resin.phase(height, 0.75e-3) - TAU).abs() < 1e-12);
        assert!((resin.face_reflection() - 0.0705).abs() < 5e-5);
    }

    #[test]
    fn no_height_for_a_material_like_air() {
        for index in [1.0, 0.9, f64::NAN, f64::INFINITY] {
            assert!(Material::new("air", index).is_err());
        }
    }
}
