//! Where the pixels of a mask lie on the samples of its plane.

use std::ops::AddAssign;

use ndarray::Array2;

use crate::units::Radians;

/// Which pixel of a mask each sample of its plane meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Footprint {
    /// Rows and columns of pixels.
    pub(crate) pixels: (usize, usize),
    /// Samples along one side of a pixel.
    pub(crate) oversample: usize,
    /// Sine and cosine of the rotation; none for an upright mask.
    turn: Option<(f64, f64)>,
}

impl Footprint {
    /// A mask of `pixels` = (rows, columns) pixels, turned by `rotation` about its middle from +x towards +y.
    pub(crate) fn new(pixels: (usize, usize), oversample: usize, rotation: Radians) -> Self {
        Footprint { pixels, oversample, turn: (rotation != 0.0).then(|| rotation.sin_cos()) }
    }

    /// Row and column of the pixel that the centre of sample `(y, x)` falls into.
    ///
    /// The samples of the plane stay where they are; a sample beyond the edge of a turned plate meets the pixel of the
    /// edge nearest to it.
    pub(crate) fn pixel(&self, (y, x): (usize, usize)) -> (usize, usize) {
        let Some((sine, cosine)) = self.turn else { return (y / self.oversample, x / self.oversample) };
        let from_middle = |sample: usize, pixels: usize| {
            (sample as f64 + 0.5) / self.oversample as f64 - pixels as f64 / 2.0
        };
        let (rows, columns) = self.pixels;
        let (v, u) = (from_middle(y, rows), from_middle(x, columns));
        let place = |at: f64, pixels: usize| {
            // A cast to whole numbers stops at zero.
            ((at + pixels as f64 / 2.0) as usize).min(pixels - 1)
        };
        (place(cosine * v - sine * u, rows), place(cosine * u + sine * v, columns))
    }

    /// Puts the entry of each sample into `samples`, row by row of `columns`.
    pub(crate) fn spread<T: Copy>(&self, entries: &Array2<T>, columns: usize, samples: &mut [T]) {
        if self.turn.is_some() {
            for (number, sample) in samples.iter_mut().enumerate() {
                *sample = entries[self.pixel((number / columns, number % columns))];
            }
            return;
        }
        for (rows, entries) in samples.chunks_exact_mut(columns * self.oversample).zip(entries.outer_iter()) {
            let (row, copies) = rows.split_at_mut(columns);
            for (samples, entry) in row.chunks_exact_mut(self.oversample).zip(entries) {
                samples.fill(*entry);
            }
            copies.chunks_exact_mut(columns).for_each(|copy| copy.copy_from_slice(row));
        }
    }

    /// The sum over the samples of each entry; `samples` row by row of `columns`, `shape` that of the entries.
    pub(crate) fn gather<T: Copy + Default + AddAssign>(
        &self,
        columns: usize,
        shape: (usize, usize),
        samples: impl Iterator<Item = T>,
    ) -> Array2<T> {
        let mut sums = Array2::default(shape);
        if self.turn.is_none() && self.oversample == 1 {
            sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum = sample);
            return sums;
        }
        for (number, sample) in samples.enumerate() {
            sums[self.pixel((number / columns, number % columns))] += sample;
        }
        sums
    }
}
