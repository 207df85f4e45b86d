//! A device as it is printed: the same masks as plates with their thickness.

use super::Design;
use crate::bench::Bench;
use crate::element::{Modulation, Slicing, Thickness};
use crate::error::Result;

/// Slices of the reliefs a design is judged in that does not say how many.
const SLICES: usize = 4;

impl Design {
    /// How thick its plates are when they are printed; none where the masks are no reliefs.
    pub fn thickness(&self) -> Option<Thickness> {
        let Modulation::Phase { phase_max, .. } = self.bench.modulation else { return None };
        let (material, wavelength) = (&self.material, self.bench.wavelength);
        let (plate, surrounding) = (material.refractive_index(), material.surrounding_index());
        if let Some(designed) = self.bench.plate {
            let slices = if designed.slices > 1 { designed.slices } else { SLICES };
            return Some(Thickness { slices, ..designed });
        }
        Some(Thickness {
            refractive_index: plate,
            extinction_coefficient: material.extinction_coefficient(),
            base: self.plate.base_thickness,
            relief: material.height(phase_max, wavelength),
            height_per_radian: material.height(1.0, wavelength),
            slicing: Slicing::SplitStep,
            slices: SLICES,
            reference_index: (plate + surrounding) / 2.0,
        })
    }

    /// The bench with plates of `thickness` and what they do to light, on a grid fine enough for the light inside them.
    ///
    /// # Errors
    /// [`crate::Error::Value`] where plates have no room in the gaps, and for grids that become too large.
    pub fn with_plates(&self, thickness: Thickness, modulation: Modulation) -> Result<Bench> {
        let pitch = self.bench.grid().pixel_pitch();
        let samples = thickness.samples(pitch, self.bench.wavelength).max(self.simulated.oversample);
        let bench = Bench { plate: Some(thickness), modulation, ..self.bench.clone() };
        let bench = bench.sampled(samples, self.padding())?;
        bench.check()?;
        Ok(bench)
    }
}
