//! Where the pixels of a mask lie on the samples of its plane.

use std::ops::{AddAssign, Range};

use ndarray::Array2;

use crate::units::Radians;

/// Which pixel of a mask each sample of its plane meets.
///
/// The mask stands in the middle of the plane. Beside one that is smaller is an opaque holder; samples there meet no
/// pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Footprint {
    /// Rows and columns of pixels.
    pub(crate) pixels: (usize, usize),
    /// Samples along one side of a pixel.
    pub(crate) oversample: usize,
    /// Rows and columns of samples of the plane.
    plane: (usize, usize),
    /// Sine and cosine of the rotation; none for an upright mask.
    turn: Option<(f64, f64)>,
}

impl Footprint {
    /// A mask of `pixels` = (rows, columns) pixels that fills its plane, turned by `rotation` about its middle from +x
    /// towards +y.
    pub(crate) fn new(pixels: (usize, usize), oversample: usize, rotation: Radians) -> Self {
        let plane = (pixels.0 * oversample, pixels.1 * oversample);
        Footprint { pixels, oversample, plane, turn: (rotation != 0.0).then(|| rotation.sin_cos()) }
    }

    /// The same mask in the middle of a plane of `samples` = (rows, columns): as many more on one side of it as on the other.
    pub(crate) fn on(self, samples: (usize, usize)) -> Self {
        Footprint { plane: samples, ..self }
    }

    /// The same mask by samples `factor` times as wide, of which its pixels have a whole number.
    pub(crate) fn coarser(self, factor: usize) -> Self {
        Footprint { oversample: self.oversample / factor.max(1), ..self }
    }

    /// Rows and columns of samples that the mask takes.
    fn extent(&self) -> (usize, usize) {
        (self.pixels.0 * self.oversample, self.pixels.1 * self.oversample)
    }

    /// The first row and the first column of samples that an upright mask takes.
    fn origin(&self) -> (usize, usize) {
        let (rows, columns) = self.extent();
        (self.plane.0.saturating_sub(rows) / 2, self.plane.1.saturating_sub(columns) / 2)
    }

    /// Whether there is a holder above and below the mask, and to the left and right of it.
    fn held(&self) -> (bool, bool) {
        let (rows, columns) = self.extent();
        (rows < self.plane.0, columns < self.plane.1)
    }

    /// Whether every sample of the plane meets a pixel.
    pub(crate) fn fills_the_plane(&self) -> bool {
        self.held() == (false, false)
    }

    /// Row and column of the pixel that the centre of sample `(y, x)` falls into; none on the holder.
    ///
    /// The samples of the plane stay where they are; a sample beyond the edge of a turned plate without a holder there meets
    /// the pixel of the edge nearest to it.
    pub(crate) fn pixel(&self, (y, x): (usize, usize)) -> Option<(usize, usize)> {
        let Some((sine, cosine)) = self.turn else {
            let ((top, left), (rows, columns)) = (self.origin(), self.pixels);
            let place = |at: usize, first: usize, pixels: usize| {
                let pixel = at.checked_sub(first)? / self.oversample;
                (pixel < pixels).then_some(pixel)
            };
            return Some((place(y, top, rows)?, place(x, left, columns)?));
        };
        let from_middle = |sample: usize, samples: usize| {
            (sample as f64 + 0.5) / self.oversample as f64 - samples as f64 / self.oversample as f64 / 2.0
        };
        let ((rows, columns), (held_y, held_x)) = (self.pixels, self.held());
        let (v, u) = (from_middle(y, self.plane.0), from_middle(x, self.plane.1));
        let place = |at: f64, pixels: usize, held: bool| {
            let at = at + pixels as f64 / 2.0;
            // A cast to whole numbers stops at zero.
            let inside = !held || (0.0..pixels as f64).contains(&at);
            inside.then(|| (at as usize).min(pixels - 1))
        };
        Some((place(cosine * v - sine * u, rows, held_y)?, place(cosine * u + sine * v, columns, held_x)?))
    }

    /// Rows and columns of the plane outside of which no sample meets a pixel.
    pub(crate) fn lit(&self) -> [Range<usize>; 2] {
        let ((rows, columns), (top, left)) = (self.extent(), self.origin());
        let Some((sine, cosine)) = self.turn else {
            return [top..(top + rows).min(self.plane.0), left..(left + columns).min(self.plane.1)];
        };
        if self.held() != (true, true) {
            return [0..self.plane.0, 0..self.plane.1];
        }
        let (sine, cosine, rows, columns) = (sine.abs(), cosine.abs(), rows as f64, columns as f64);
        let side = |most: f64, samples: usize| {
            // A sample more on both sides, against rounding.
            let margin = ((samples as f64 - most) / 2.0 - 1.0).max(0.0) as usize;
            margin..samples - margin
        };
        [
            side(cosine * rows + sine * columns, self.plane.0),
            side(cosine * columns + sine * rows, self.plane.1),
        ]
    }

    /// Puts the entry of each sample into `samples`, row by row of `columns`; 0 on the holder.
    pub(crate) fn spread<T: Copy + Default>(&self, entries: &Array2<T>, columns: usize, samples: &mut [T]) {
        if self.turn.is_some() {
            for (number, sample) in samples.iter_mut().enumerate() {
                let pixel = self.pixel((number / columns, number % columns));
                *sample = pixel.map_or(T::default(), |pixel| entries[pixel]);
            }
            return;
        }
        let ((top, left), (_, width)) = (self.origin(), self.extent());
        if !self.fills_the_plane() {
            samples.fill(T::default());
        }
        let rows = samples[top * columns..].chunks_exact_mut(columns * self.oversample);
        for (rows, entries) in rows.zip(entries.outer_iter()) {
            let (row, copies) = rows.split_at_mut(columns);
            let inside = row[left..left + width].chunks_exact_mut(self.oversample);
            for (samples, entry) in inside.zip(entries) {
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
        if self.turn.is_none() && self.oversample == 1 && self.fills_the_plane() {
            sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum = sample);
            return sums;
        }
        for (number, sample) in samples.enumerate() {
            if let Some(pixel) = self.pixel((number / columns, number % columns)) {
                sums[pixel] += sample;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 x 2 pixels of 2 x 2 samples on a plane of 10 x 6.
    fn held() -> Footprint {
        Footprint::new((3, 2), 2, 0.0).on((10, 6))
    }

    #[test]
    fn a_small_mask_stands_in_the_middle_of_its_holder() {
        let footprint = held();
        assert_eq!(footprint.lit(), [2..8, 1..5]);
        for y in 0..10usize {
            for x in 0..6usize {
                let inside = (2..8).contains(&y) && (1..5).contains(&x);
                let expected = inside.then(|| ((y.max(2) - 2) / 2, (x.max(1) - 1) / 2));
                assert_eq!(footprint.pixel((y, x)), expected, "{y} {x}");
            }
        }
        assert!(Footprint::new((3, 2), 2, 0.0).fills_the_plane() && !footprint.fills_the_plane());
    }

    #[test]
    fn spreading_and_gathering_are_what_the_pixels_say() {
        let entries = Array2::from_shape_fn((3, 2), |(y, x)| (10 * y + x + 1) as f64);
        let upright = held();
        let turned = Footprint::new((3, 2), 2, 0.3).on((10, 6));
        for footprint in [upright, turned, Footprint::new((3, 2), 2, -2.0).on((10, 4))] {
            let (rows, columns) = footprint.plane;
            let mut samples = vec![7.0; rows * columns];
            footprint.spread(&entries, columns, &mut samples);
            let mut counts = Array2::<f64>::zeros((3, 2));
            let [lit_rows, lit_columns] = footprint.lit();
            for y in 0..rows {
                for x in 0..columns {
                    let pixel = footprint.pixel((y, x));
                    assert_eq!(samples[y * columns + x], pixel.map_or(0.0, |pixel| entries[pixel]));
                    if let Some(pixel) = pixel {
                        counts[pixel] += 1.0;
                        assert!(lit_rows.contains(&y) && lit_columns.contains(&x), "{footprint:?} {y} {x}");
                    }
                }
            }
            let sums = footprint.gather(columns, (3, 2), samples.iter().copied());
            assert_eq!(sums, &entries * &counts);
        }
    }

    #[test]
    fn a_turn_by_a_right_angle_lays_rows_across() {
        let footprint = Footprint::new((2, 1), 2, std::f64::consts::FRAC_PI_2).on((6, 6));
        let all = (0..6).flat_map(|y| (0..6).map(move |x| (y, x)));
        let met: Vec<_> = all.filter(|at| footprint.pixel(*at).is_some()).collect();
        assert_eq!(met, [2, 3].map(|y| [1, 2, 3, 4].map(|x| (y, x))).concat());
    }
}
