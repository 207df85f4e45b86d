//! Image and regions stand on whole pixels: how far from where the design puts them.

use super::detector_table::{DetectorTable, wanted};
use super::work::Checked;
use crate::bench::Bench;
use crate::units::Metres;

/// Displacements by rounding to whole pixels, [y, x] in pixels, towards +y and +x.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    /// Of the middle of the image.
    pub image: [f64; 2],
    /// Of the middle of each region, in their order; none where regions form an image, which stand as the image does.
    pub regions: Vec<[f64; 2]>,
}

/// Pixels by which the image and all regions together may be rounded apart before it is told. A sum that ends on half a
/// pixel is rounded by a half; regions of all kinds of places, as on a ring, are rounded either way and hardly in the
/// mean.
const APART: f64 = 0.25;
/// Below this nothing is rounded: lengths in millimetres over a pitch are whole to a billionth.
const NOTHING: f64 = 1e-6;

impl Rounding {
    /// Of `bench`, which has one sample a pixel, against the `offset` of the image that is wanted and, of its detector,
    /// what is `arranged`.
    pub(super) fn of(offset: [Metres; 2], bench: &Bench, arranged: &DetectorTable) -> Checked<Self> {
        let grid = bench.grid();
        let sides = [grid.rows(), grid.columns()].map(|side| side as f64);
        let from = |axis: usize, first: usize, side: usize, wanted: f64| {
            let found = first as f64 + (side as f64 - sides[axis]) / 2.0 - wanted / grid.pixel_pitch();
            if found.abs() < NOTHING { 0.0 } else { found }
        };
        let (origin, extent) = (bench.object.origin(), bench.object.extent());
        let image = [from(0, origin.0, extent.0, offset[0]), from(1, origin.1, extent.1, offset[1])];
        if arranged.layout.as_deref() == Some("image") {
            return Ok(Rounding { image, regions: Vec::new() });
        }
        let places = bench.detector.regions().iter().step_by(bench.detector.told_apart());
        let regions: Vec<_> = places.collect();
        let wanted = wanted(arranged, regions.len(), grid)?;
        let regions = regions
            .iter()
            .zip(wanted)
            .map(|(region, [y, x])| {
                [from(0, region.row, region.height, y), from(1, region.column, region.width, x)]
            })
            .collect();
        Ok(Rounding { image, regions })
    }

    /// Mean displacement of the regions, [y, x] pixels.
    fn mean(&self) -> [f64; 2] {
        let count = self.regions.len().max(1) as f64;
        [0, 1].map(|axis| self.regions.iter().map(|region| region[axis]).sum::<f64>() / count)
    }

    /// The figures in words, if anything is rounded.
    pub fn words(&self) -> Option<String> {
        let largest =
            |places: &[[f64; 2]]| places.iter().flatten().fold(0.0f64, |most, by| most.max(by.abs()));
        let (image, regions) = (largest(&[self.image]), largest(&self.regions));
        let pair = |[y, x]: [f64; 2]| format!("[{y:.2}, {x:.2}]");
        (image > 0.0 || regions > 0.0).then(|| {
            let mut text = format!(
                "by rounding to whole pixels the image stands {} pixels [y, x] aside",
                pair(self.image)
            );
            if !self.regions.is_empty() {
                text += &format!(", the regions {} in the mean, {regions:.2} at most", pair(self.mean()));
            }
            text
        })
    }

    /// Why a symmetric device reads unevenly, if image and regions are rounded apart.
    pub(super) fn unevenness(&self) -> Option<String> {
        let mean = self.mean();
        let apart = (0..2).any(|axis| (self.image[axis] - mean[axis]).abs() > APART);
        let words = self.words().filter(|_| apart && !self.regions.is_empty())?;
        Some(format!(
            "{words}: a symmetric device reads unevenly; let bench.pixels, the image and detector.region_size all take an \
             even number of pixels, or all an odd one"
        ))
    }
}
