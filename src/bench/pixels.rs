//! The pixels of each mask: how many, and how large.

use super::Bench;
use crate::error::{Error, Result};
use crate::field::{Real, WaveField};
use crate::grid::Grid;
use crate::program::Footprint;

/// The pixels of a mask, in the middle of its plane. Beside a mask that is smaller than the plane an opaque holder takes the
/// light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskPixels {
    /// Rows and columns of pixels.
    pub shape: (usize, usize),
    /// Samples of the plane along one side of a pixel.
    pub samples: usize,
}

impl MaskPixels {
    /// Rows and columns of samples that the mask takes.
    pub(crate) fn extent(self) -> (usize, usize) {
        (self.shape.0.saturating_mul(self.samples), self.shape.1.saturating_mul(self.samples))
    }
}

/// Whether a mask of `extent` samples leaves as many whole samples of a plane of `plane` on one side as on the other.
pub(crate) fn stands_centred(extent: usize, plane: usize) -> bool {
    extent > 0 && extent <= plane && (plane - extent).is_multiple_of(2)
}

impl Bench {
    /// Rows and columns of the pixels that object and detector are drawn by; a mask has as many unless it has its own.
    pub fn pixels(&self) -> (usize, usize) {
        let (rows, columns) = self.grid().shape();
        (rows / self.oversample, columns / self.oversample)
    }

    /// The pixels of mask `mask`, 0 the first, counted through all networks.
    pub fn pixels_of(&self, mask: usize) -> MaskPixels {
        let own = self.mask_pixels.get(mask % self.masks().max(1));
        own.copied().unwrap_or(MaskPixels { shape: self.pixels(), samples: self.oversample })
    }

    /// Rows and columns of the pixels of mask `mask`, 0 the first, counted through all networks.
    pub fn mask_shape(&self, mask: usize) -> (usize, usize) {
        self.pixels_of(mask).shape
    }

    /// The grid of the pixels of mask `mask`, 0 the first, counted through all networks: what it is made by.
    pub fn mask_grid(&self, mask: usize) -> Grid {
        let MaskPixels { shape, samples } = self.pixels_of(mask);
        self.grid().of_wider(shape, samples)
    }

    /// The grids of all masks of all networks.
    pub fn mask_grids(&self) -> Vec<Grid> {
        (0..self.all_masks()).map(|mask| self.mask_grid(mask)).collect()
    }

    /// The pixel of mask `mask` that the sample `at` = (row, column) of its plane meets, where the mask stands as designed; none on
    /// its holder.
    pub fn pixel_at(&self, mask: usize, at: (usize, usize)) -> Option<(usize, usize)> {
        let MaskPixels { shape, samples } = self.pixels_of(mask);
        Footprint::new(shape, samples, 0.0).on(self.grid().shape()).pixel(at)
    }

    /// Power of `field`, on the plane of mask `mask`, that falls on the holder beside it.
    pub(crate) fn power_beside<T: Real>(&self, mask: usize, field: &WaveField<T>) -> f64 {
        let MaskPixels { shape, samples } = self.pixels_of(mask);
        let footprint = Footprint::new(shape, samples, self.alignment.rotation(mask)).on(self.grid().shape());
        if footprint.fills_the_plane() || self.alignment.is_absent(mask) {
            return 0.0;
        }
        let beside = field.amplitude.indexed_iter().filter(|(at, _)| footprint.pixel(*at).is_none());
        beside.map(|(_, u)| u.norm_sqr().widen()).sum::<f64>() * self.grid().pixel_area()
    }

    /// Whether some mask is smaller than its plane.
    pub fn has_holders(&self) -> bool {
        (0..self.masks()).any(|mask| self.pixels_of(mask).extent() != self.grid().shape())
    }

    /// Each mask has pixels of whole samples, and stands on whole samples in the middle of its plane.
    pub(super) fn check_pixels(&self) -> Result<()> {
        let (own, masks) = (self.mask_pixels.len(), self.masks());
        if own != 0 && own != masks {
            return Err(Error::Value(format!(
                "pixels of {own} masks for {masks} masks: one a mask, or none"
            )));
        }
        let (rows, columns) = self.grid().shape();
        for (mask, pixels) in self.mask_pixels.iter().enumerate() {
            let ((tall, wide), (height, width)) = (pixels.extent(), pixels.shape);
            if !(stands_centred(tall, rows) && stands_centred(wide, columns)) {
                return Err(Error::Value(format!(
                    "mask {} of {height} x {width} pixels of {} samples a side on a plane of {rows} x {columns} samples: it \
                     must have some, be no larger than the plane, and leave as many whole samples on one side as on the \
                     other",
                    mask + 1,
                    pixels.samples
                )));
            }
        }
        Ok(())
    }

    /// The pixels of all masks with `samples` times as many samples along each side.
    pub(super) fn pixels_sampled(&self, samples: usize) -> Vec<MaskPixels> {
        let finer = |pixels: &MaskPixels| MaskPixels { samples: pixels.samples * samples, ..*pixels };
        self.mask_pixels.iter().map(finer).collect()
    }

    /// The pixels of all masks `bins` times as wide; none where they are no whole number of those.
    pub(super) fn pixels_binned(&self, bins: usize) -> Option<Vec<MaskPixels>> {
        let coarser = |pixels: &MaskPixels| {
            let (rows, columns) = pixels.shape;
            let whole = bins > 0 && rows.is_multiple_of(bins) && columns.is_multiple_of(bins);
            whole.then(|| MaskPixels { shape: (rows / bins, columns / bins), ..*pixels })
        };
        self.mask_pixels.iter().map(coarser).collect()
    }
}
