//! What a plate is made of, and what a phase costs in height.
//!
//! ```
//! use d2nn::material::Material;
//! use std::f64::consts::PI;
//!
//! let resin = Material::new("VeroBlackPlus RGD875", 1.7227)?.absorbing(0.03)?;
//! let half_turn = resin.height(PI, 0.75e-3);
//! assert!((half_turn - 0.75e-3 / (2.0 * 0.7227)).abs() < 1e-12);
//! assert!((resin.phase(half_turn, 0.75e-3) - PI).abs() < 1e-12);
//! # Ok::<(), d2nn::Error>(())
//! ```

use std::f64::consts::TAU;

use crate::error::{Error, Result};
use crate::units::{Metres, Radians};

/// A printing material at the wavelength of the device, and what surrounds the plates.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    name: String,
    refractive_index: f64,
    extinction_coefficient: f64,
    surrounding_index: f64,
}

impl Material {
    /// A lossless material with refractive index `refractive_index` in air or vacuum.
    ///
    /// # Errors
    /// [`Error::Value`] unless the index is finite and above 1: no height gives a phase otherwise.
    pub fn new(name: impl Into<String>, refractive_index: f64) -> Result<Self> {
        if !(refractive_index.is_finite() && refractive_index > 1.0) {
            return Err(Error::Value(format!(
                "a refractive index of {refractive_index}: it must be above 1, the index of air"
            )));
        }
        Ok(Material {
            name: name.into(),
            refractive_index,
            extinction_coefficient: 0.0,
            surrounding_index: 1.0,
        })
    }

    /// The same material that absorbs: complex index n + i kappa.
    ///
    /// # Errors
    /// [`Error::Value`] unless `extinction_coefficient` is from 0 to 10.
    pub fn absorbing(self, extinction_coefficient: f64) -> Result<Self> {
        if !(0.0..=10.0).contains(&extinction_coefficient) {
            return Err(Error::Value(format!(
                "an extinction coefficient of {extinction_coefficient}: it must be 0 to 10"
            )));
        }
        Ok(Material { extinction_coefficient, ..self })
    }

    /// The same material in a medium of index `surrounding_index`, lossless.
    ///
    /// # Errors
    /// [`Error::Value`] unless the index is from 1 to below that of the material.
    pub fn surrounded(self, surrounding_index: f64) -> Result<Self> {
        if !(1.0..self.refractive_index).contains(&surrounding_index) {
            return Err(Error::Value(format!(
                "a surrounding index of {surrounding_index}: it must be from 1 to below {}, the index of the plates",
                self.refractive_index
            )));
        }
        Ok(Material { surrounding_index, ..self })
    }

    /// Name as people know it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Real part n of the refractive index.
    pub fn refractive_index(&self) -> f64 {
        self.refractive_index
    }

    /// Imaginary part kappa of the refractive index.
    pub fn extinction_coefficient(&self) -> f64 {
        self.extinction_coefficient
    }

    /// Refractive index of what is between the plates.
    pub fn surrounding_index(&self) -> f64 {
        self.surrounding_index
    }

    /// Height that delays light by `phase`: h = wavelength phase / (2 pi (n - surrounding)), vacuum wavelength.
    ///
    /// Lin et al., Science 361, 1004 (2018), supplementary text on the fabrication.
    pub fn height(&self, phase: Radians, wavelength: Metres) -> Metres {
        wavelength * phase / (TAU * (self.refractive_index - self.surrounding_index))
    }

    /// Phase delay of `height` against the same height of the surroundings; the inverse of [`Material::height`].
    pub fn phase(&self, height: Metres, wavelength: Metres) -> Radians {
        TAU * (self.refractive_index - self.surrounding_index) * height / wavelength
    }

    /// Amplitude that a slab of `thickness` lets through, reflection aside: exp(-2 pi kappa thickness/wavelength).
    pub fn transmission(&self, thickness: Metres, wavelength: Metres) -> f64 {
        (-TAU * self.extinction_coefficient * thickness / wavelength).exp()
    }

    /// Nepers of amplitude that the height of one radian of phase absorbs: kappa/(n - surrounding).
    ///
    /// From |t| = exp(-2 pi kappa h/wavelength) and [`Material::height`].
    pub fn absorption_per_radian(&self) -> f64 {
        self.extinction_coefficient / (self.refractive_index - self.surrounding_index)
    }

    /// Power lost by reflection at one face at normal incidence. Thin plates have none; those with a thickness do.
    ///
    /// ((n - m)^2 + kappa^2)/((n + m)^2 + kappa^2) with m the surrounding index (Born & Wolf, Principles of Optics,
    /// section 14.2).
    pub fn face_reflection(&self) -> f64 {
        let square = |x: f64| x * x;
        let loss = square(self.extinction_coefficient);
        (square(self.refractive_index - self.surrounding_index) + loss)
            / (square(self.refractive_index + self.surrounding_index) + loss)
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
    fn absorption_belongs_to_the_height() {
        let resin = Material::new("resin", 1.7).unwrap().absorbing(0.03).unwrap();
        // A full turn of height both ways: exp(-2 pi kappa h/wavelength) and exp(-absorption 2 pi).
        let by_height = resin.transmission(resin.height(TAU, 0.75e-3), 0.75e-3);
        let by_phase = (-TAU * resin.absorption_per_radian()).exp();
        assert!((by_height - by_phase).abs() < 1e-15, "{by_height} {by_phase}");
        assert!((by_phase - 0.764).abs() < 5e-4, "exp(-2 pi 0.03/0.7) = 0.764");
        let wet = Material::new("resin", 1.7).unwrap().surrounded(1.33).unwrap();
        assert!((wet.height(TAU, 0.75e-3) - 0.75e-3 / 0.37).abs() < 1e-15);
        for (wrong, reason) in [
            (Material::new("resin", 1.7).unwrap().absorbing(-0.1), "extinction"),
            (Material::new("resin", 1.7).unwrap().absorbing(f64::NAN), "extinction"),
            (Material::new("resin", 1.7).unwrap().surrounded(1.7), "below 1.7"),
        ] {
            assert!(wrong.unwrap_err().to_string().contains(reason));
        }
    }

    #[test]
    fn no_height_for_a_material_like_air() {
        for index in [1.0, 0.9, f64::NAN, f64::INFINITY] {
            assert!(Material::new("air", index).is_err());
        }
    }
}
