//! What a plate is made from: the phases of a mask, or the heights of a relief.

use std::f64::consts::TAU;

use ndarray::{Array2, ArrayView2};

use crate::error::Result;
use crate::fabrication::height_map::HeightMap;
use crate::grid::Grid;
use crate::material::Material;
use crate::plate::Relief;
use crate::units::Metres;

/// One mask to be fabricated, shape (rows, columns).
#[derive(Clone, Copy, Debug)]
pub enum Profile<'a> {
    /// Phases in radians; whole turns do not count.
    Phases(ArrayView2<'a, f32>),
    /// Heights above the base in metres; all of them are made, above a full turn too.
    Heights(ArrayView2<'a, f64>),
}

impl Profile<'_> {
    /// The heights in whole steps.
    ///
    /// # Errors
    /// As [`HeightMap::from_phase`] and [`HeightMap::from_heights`].
    pub(super) fn height_map(
        &self,
        grid: &Grid,
        wavelength: Metres,
        material: &Material,
        base_thickness: Metres,
        relief: Relief,
    ) -> Result<HeightMap> {
        match self {
            Profile::Phases(phases) => {
                HeightMap::from_phase(phases.view(), grid, wavelength, material, base_thickness, relief)
            }
            Profile::Heights(heights) => {
                HeightMap::from_heights(heights.view(), grid, wavelength, material, base_thickness, relief)
            }
        }
    }

    /// The phases in radians that it gives at `wavelength` in `material`.
    pub fn phases(&self, wavelength: Metres, material: &Material) -> Array2<f32> {
        match self {
            Profile::Phases(phases) => phases.to_owned(),
            // Whole turns are taken off before the number is made short.
            Profile::Heights(heights) => {
                heights.mapv(|height| material.phase(height, wavelength).rem_euclid(TAU) as f32)
            }
        }
    }
}
