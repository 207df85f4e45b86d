//! A device as it is printed: the same masks as plates with their thickness.

use super::Design;
use crate::bench::Bench;
use crate::element::{Modulation, Thickness};
use crate::error::{Error, Result};

/// Samples along a side of a plane, inside plates, at most.
const MOST_SAMPLES: usize = 4096;

impl Design {
    /// How thick its plates are when they are printed; none where the masks are no reliefs.
    pub fn thickness(&self) -> Option<Thickness> {
        let Modulation::Phase { phase_max, .. } = self.bench.modulation else { return None };
        let usual = Thickness::of_material(
            &self.material,
            self.bench.wavelength,
            self.plate.base_thickness,
            phase_max,
        );
        Some(self.bench.plate.map_or(usual, |designed| {
            let slices = if designed.slices > 1 { designed.slices } else { usual.slices };
            Thickness { slices, ..designed }
        }))
    }

    /// The bench with plates of `thickness` and what they do to light, with samples inside that are fine enough for the light
    /// there.
    ///
    /// # Errors
    /// [`crate::Error::Value`] where plates have no room in the gaps, and for grids that become too large.
    pub fn with_plates(&self, thickness: Thickness, modulation: Modulation) -> Result<Bench> {
        let needed = thickness.samples(self.bench.grid().pixel_pitch(), self.bench.wavelength);
        let finer = needed.div_ceil(self.simulated.oversample).max(thickness.finer);
        let (rows, columns) = self.simulated.grid().shape();
        if finer > thickness.finer && rows.max(columns).saturating_mul(finer) > MOST_SAMPLES {
            return Err(Error::Value(format!(
                "light inside plates takes {needed} x {needed} samples a pixel: more than {MOST_SAMPLES} a side of the plane"
            )));
        }
        let plate = Some(Thickness { finer, ..thickness });
        let bench = Bench { plate, modulation, ..self.simulated.clone() };
        bench.check()?;
        Ok(bench)
    }
}
