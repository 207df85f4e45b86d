//! How well thin masks stand for the plates of a device, as `d2nn inspect` tells it.

use super::power::sample_images;
use crate::design::Device;
use crate::error::Result;
use crate::evaluation::thin_correlation;

/// What thin masks foretell of the light behind plates with their thickness.
pub(in crate::cli) struct Foretold {
    /// Squared correlation for each mask, network by network.
    pub(super) masks: Vec<f64>,
    slices: usize,
    samples: usize,
}

/// Of `device`, with the light of the first image of the sample; none where masks are no reliefs or plates have no room.
pub(in crate::cli) fn foretold(device: &Device) -> Result<Option<Foretold>> {
    let design = &device.design;
    let Some(thickness) = design.thickness() else { return Ok(None) };
    let Ok(bench) = design.with_plates(thickness, design.bench.modulation) else { return Ok(None) };
    let images = sample_images(device, 1)?;
    let image = images.batch(&[0]).index_axis_move(ndarray::Axis(0), 0);
    let masks = thin_correlation(&bench, &device.masks, image.view())?;
    Ok(Some(Foretold { masks, slices: thickness.slices, samples: bench.samples_in_plates() }))
}

impl Foretold {
    /// In a sentence.
    pub(in crate::cli) fn text(&self) -> String {
        let masks: Vec<String> = self.masks.iter().map(|c| format!("{c:.2}")).collect();
        format!(
            "\nthickness of the plates: the field behind each, in {} slices and {2} x {2} samples a pixel inside, has the squared correlation \
             {1} with that of a thin mask (1: alike; first image of the sample)\n",
            self.slices,
            masks.join(", "),
            self.samples
        )
    }
}
