//! A homogeneous plate with plane faces, exactly: refraction, reflection at its faces, absorption.

use std::f64::consts::TAU;

use num_complex::Complex;

use crate::grid::Grid;
use crate::named::named;
use crate::units::Metres;

/// Which wave crosses the faces, by its electric field against the plane of incidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarisation {
    /// The mean of the two amplitudes: light of no known polarisation, in one scalar field.
    Mean,
    /// Transverse electric (s): the field stands across the plane of incidence.
    TransverseElectric,
    /// Transverse magnetic (p): the field lies in the plane of incidence.
    TransverseMagnetic,
}
named! { Polarisation { Mean = "mean", TransverseElectric = "te", TransverseMagnetic = "tm" } }

/// A homogeneous plate between two planes of the same grid, its faces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slab {
    /// Grid of both faces.
    pub grid: Grid,
    /// Points of the padded window, (rows, columns); see [`super::padded_shape`].
    pub padded: (usize, usize),
    /// Wavelength in vacuum, metres.
    pub wavelength: Metres,
    /// Refractive index on both sides.
    pub medium: f64,
    /// Refractive index of the plate.
    pub refractive_index: f64,
    /// Extinction coefficient of the plate.
    pub extinction_coefficient: f64,
    /// From face to face, metres.
    pub thickness: Metres,
    /// Which wave crosses the faces.
    pub polarisation: Polarisation,
    /// Whether light goes to and fro inside: the sum of all of it, or what crosses once.
    pub echoes: bool,
    /// Whether it has faces; without, light is inside before and behind it, and crosses no more than its material.
    pub faces: bool,
}

impl Slab {
    /// What the plate does to a plane wave of the spatial frequencies (fy, fx), cycles per metre.
    ///
    /// Born & Wolf, Principles of Optics (7th ed.), section 1.6.4, eq. 60: t12 t23 exp(i b)/(1 + r12 r23 exp(2 i b)) with
    /// b the phase along z. Waves that are evanescent on the outside are left out: inside they would be guided along the
    /// plate, and never arrive.
    pub fn transfer(&self, fy: f64, fx: f64) -> Complex<f64> {
        let across = fy * fy + fx * fx;
        let around = if self.faces { self.medium } else { self.refractive_index };
        let outside = (around / self.wavelength).powi(2) - across;
        if outside <= 0.0 {
            return Complex::new(0.0, 0.0);
        }
        let index = Complex::new(self.refractive_index, self.extinction_coefficient);
        // Axial spatial frequencies; the root with a positive imaginary part decays along z.
        let w1 = Complex::new(outside.sqrt(), 0.0);
        let w2 = (index * index / self.wavelength.powi(2) - across).sqrt();
        let path = (Complex::i() * TAU * self.thickness * w2).exp();
        if !self.faces {
            return path;
        }
        let crossed = |a: Complex<f64>, b: Complex<f64>| {
            // With a and b the admittances before and behind a face: r = (a - b)/(a + b), t t' = 1 - r^2.
            let r = (a - b) / (a + b);
            let through = (1.0 - r * r) * path;
            if self.echoes { through / (1.0 - r * r * path * path) } else { through }
        };
        let electric = || crossed(w1, w2);
        let magnetic = || crossed(w1 / self.medium.powi(2), w2 / (index * index));
        match self.polarisation {
            Polarisation::TransverseElectric => electric(),
            Polarisation::TransverseMagnetic => magnetic(),
            Polarisation::Mean => (electric() + magnetic()) / 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slab(thickness: Metres) -> Slab {
        Slab {
            grid: Grid::new(8, 8, 0.2e-3).unwrap(),
            padded: (16, 16),
            wavelength: 0.75e-3,
            medium: 1.0,
            refractive_index: 1.7227,
            extinction_coefficient: 0.0,
            thickness,
            polarisation: Polarisation::Mean,
            echoes: true,
            faces: true,
        }
    }

    #[test]
    fn half_a_wave_is_not_there_and_a_quarter_reflects_most() {
        let n = 1.7227f64;
        // Airy: a plate of half a wave passes all of the light, of a quarter wave 4 n^2/(1 + n^2)^2.
        let half = slab(0.75e-3 / n / 2.0).transfer(0.0, 0.0);
        assert!((half + 1.0).norm() < 1e-12, "{half}");
        let quarter = slab(0.75e-3 / n / 4.0).transfer(0.0, 0.0);
        assert!((quarter.norm_sqr() - 4.0 * n * n / (1.0 + n * n).powi(2)).abs() < 1e-12, "{quarter}");
        // Crossing once: both faces pass 4 n/(1 + n)^2 of the power.
        let once = Slab { echoes: false, ..slab(1e-3) }.transfer(0.0, 0.0);
        assert!((once.norm() - 4.0 * n / (1.0 + n).powi(2)).abs() < 1e-12, "{once}");
    }

    #[test]
    fn no_wave_gains_and_brewster_passes_all_of_one() {
        let n = 1.7227f64;
        let brewster = n.atan().sin() / 0.75e-3;
        let magnetic =
            Slab { polarisation: Polarisation::TransverseMagnetic, ..slab(0.93e-3) }.transfer(brewster, 0.0);
        assert!((magnetic.norm() - 1.0).abs() < 1e-12, "{magnetic}");
        for polarisation in
            [Polarisation::Mean, Polarisation::TransverseElectric, Polarisation::TransverseMagnetic]
        {
            for echoes in [false, true] {
                for step in 0..200 {
                    let plate = Slab { polarisation, echoes, ..slab(1.31e-3) };
                    let t = plate.transfer(f64::from(step) * 12.0, 3.0);
                    assert!(t.norm() <= 1.0 + 1e-12, "{polarisation:?} {step}: {t}");
                }
            }
        }
        // Absorption: exp(-2 pi kappa d/wavelength) of the amplitude in the direction of the axis.
        let clear = Slab { echoes: false, ..slab(1e-3) };
        let dim = Slab { extinction_coefficient: 0.01, ..clear };
        let lost = dim.transfer(0.0, 0.0).norm() / clear.transfer(0.0, 0.0).norm();
        // kappa changes the Fresnel factors in second order, 1e-5 here.
        assert!((lost - (-TAU * 0.01 / 0.75).exp()).abs() < 3e-5, "{lost}");
    }

    #[test]
    fn a_plate_of_air_is_air() {
        let air = Slab { refractive_index: 1.0, ..slab(2e-3) };
        let gap = super::super::angular_spectrum::transfer(300.0, -500.0, 0.75e-3, 2e-3);
        assert!((air.transfer(300.0, -500.0) - gap).norm() < 1e-12);
    }
}
