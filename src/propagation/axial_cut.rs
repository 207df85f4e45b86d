//! Light on a plane along the axis, between two planes across it: one cut at many distances at once.
//!
//! A cut needs one column of each field, not the field: the spectrum of the column is the spectrum of the field, carried
//! to its distance and summed along fx. So a whole gap costs one two-dimensional transform and a sum of products a
//! distance, instead of a propagation a distance.

use std::f64::consts::TAU;
use std::sync::Arc;

use d2nn_kernels::{Fft, Transformed};
use ndarray::{Array2, ArrayView2};
use num_complex::{Complex, Complex32};

use super::angular_spectrum::sampled_transfer;
use super::{Gap, PixelModel, sinc};
use crate::error::{Error, Result};
use crate::field::WaveField;
use crate::grid::spatial_frequencies;
use crate::units::Metres;

/// Real and imaginary parts in arrays of their own: sums of products run several at a time.
#[derive(Clone, Default)]
struct Parts {
    re: Vec<f32>,
    im: Vec<f32>,
}

impl Parts {
    fn zeros(length: usize) -> Self {
        Parts { re: vec![0.0; length], im: vec![0.0; length] }
    }

    /// Adds `a` times `b`.
    fn add_product(&mut self, at: usize, a: (&[f32], &[f32]), b: (&[f32], &[f32])) {
        let length = a.0.len();
        let (re, im) = (&mut self.re[at..at + length], &mut self.im[at..at + length]);
        let factors = a.0.iter().zip(a.1).zip(b.0.iter().zip(b.1));
        for ((re, im), ((a_re, a_im), (b_re, b_im))) in re.iter_mut().zip(im).zip(factors) {
            *re += a_re * b_re - a_im * b_im;
            *im += a_re * b_im + a_im * b_re;
        }
    }

    fn part(&self, at: usize, length: usize) -> (&[f32], &[f32]) {
        (&self.re[at..at + length], &self.im[at..at + length])
    }

    fn at(&self, index: usize) -> Complex32 {
        Complex::new(self.re[index], self.im[index])
    }
}

/// Cuts along the axis through the light behind a plane, planned once for a gap.
///
/// Transfer functions are those of the angular spectrum, whatever the method of the gap; lateral displacements of its
/// second plane do not matter, those of its first one are told to [`AxialCut::intensity`].
pub struct AxialCut {
    gap: Gap,
    slices: usize,
    /// H at each distance, for fx >= 0 and fy >= 0: `[fx][slice][fy]`.
    transfer: Parts,
    rows_fft: Arc<dyn Fft<f32>>,
    columns_fft: Arc<dyn Fft<f32>>,
    columns_inverse: Arc<dyn Fft<f32>>,
}

impl AxialCut {
    /// Plans `slices` cuts in `gap`, in the middles of as many equal parts of it.
    ///
    /// # Errors
    /// [`Error::Value`] for no slices, lengths that are not above zero, and a window smaller than the grid.
    pub fn new(gap: Gap, slices: usize) -> Result<Self> {
        let (rows, columns) = gap.padded;
        let long = |length: Metres| length.is_finite() && length > 0.0;
        if slices == 0 || !long(gap.distance) || !long(gap.wavelength) {
            return Err(Error::Value(format!(
                "{slices} cuts in a gap of {} m in light of {} m: all must be above zero",
                gap.distance, gap.wavelength
            )));
        }
        if rows < gap.grid.rows() || columns < gap.grid.columns() {
            return Err(Error::Value("the padded window is smaller than the grid".into()));
        }
        let pitch = gap.grid.pixel_pitch();
        let (fy, fx) = (spatial_frequencies(rows, pitch), spatial_frequencies(columns, pitch));
        let (height, width) = (rows / 2 + 1, columns / 2 + 1);
        let mut parts = Parts { re: Vec::new(), im: Vec::new() };
        let window = (rows as f64 * pitch, columns as f64 * pitch);
        let transfers: Vec<_> = (0..slices)
            .map(|slice| sampled_transfer(window, pitch, gap.wavelength, middle(gap.distance, slice, slices)))
            .collect();
        for fx in &fx[..width] {
            for transfer in &transfers {
                for fy in &fy[..height] {
                    let value = transfer(*fy, *fx);
                    parts.re.push(value.re as f32);
                    parts.im.push(value.im as f32);
                }
            }
        }
        let mut planner = f32::planner();
        Ok(AxialCut {
            gap,
            slices,
            transfer: parts,
            rows_fft: planner.forward(columns),
            columns_fft: planner.forward(rows),
            columns_inverse: planner.inverse(rows),
        })
    }

    /// Whether it serves `gap` as well: the same but for displacements of its second plane.
    pub fn serves(&self, gap: &Gap) -> bool {
        Gap { shift: self.gap.shift, method: self.gap.method, ..*gap } == self.gap
    }

    /// Distances of the cuts from the first plane, metres.
    pub fn distances(&self) -> Vec<Metres> {
        (0..self.slices).map(|slice| middle(self.gap.distance, slice, self.slices)).collect()
    }

    /// Intensity on the cut x = 0, indexed `[y, slice]`, behind a plane with `field` whose middle stands at
    /// (y, x) = `place` from the axis. Rows are those of a plane in its place.
    ///
    /// An even number of columns has none on the axis: the mean of the two beside it is taken.
    pub fn intensity(&self, field: &WaveField<f32>, place: (Metres, Metres)) -> Array2<f32> {
        let spectrum = self.spectrum(field.amplitude.view());
        let (rows, columns) = self.gap.grid.shape();
        let even = columns.is_multiple_of(2);
        let mut intensity = Array2::zeros((rows, self.slices));
        let middles = if even { &[columns / 2 - 1, columns / 2][..] } else { &[columns / 2][..] };
        for column in middles {
            let sums = self.sums(&spectrum, *column, place.1);
            self.add_intensity(&sums, place.0, 1.0 / middles.len() as f32, &mut intensity);
        }
        intensity
    }

    /// The spectrum of `field` in the padded window, column by column: `[fx][fy]`.
    fn spectrum(&self, field: ArrayView2<'_, Complex32>) -> Vec<Complex32> {
        let (rows, columns) = self.gap.padded;
        let zero = Complex::new(0.0, 0.0);
        let mut row = vec![zero; columns];
        let mut scratch =
            vec![
                zero;
                self.rows_fft.get_inplace_scratch_len().max(self.columns_fft.get_inplace_scratch_len())
            ];
        let mut spectrum = vec![zero; rows * columns];
        // Sixteen rows at a time, so that what is written together lies together.
        const BLOCK: usize = 16;
        let mut block = vec![zero; BLOCK * columns];
        for first in (0..field.nrows()).step_by(BLOCK) {
            let count = BLOCK.min(field.nrows() - first);
            for (line, out) in block.chunks_exact_mut(columns).take(count).enumerate() {
                row.fill(zero);
                row.iter_mut().zip(field.row(first + line)).for_each(|(to, from)| *to = *from);
                self.rows_fft.process_with_scratch(&mut row, &mut scratch);
                out.copy_from_slice(&row);
            }
            for (x, column) in spectrum.chunks_exact_mut(rows).enumerate() {
                for (line, to) in column[first..first + count].iter_mut().enumerate() {
                    *to = block[line * columns + x];
                }
            }
        }
        self.columns_fft.process_with_scratch(&mut spectrum, &mut scratch);
        spectrum
    }

    /// The spectrum along fy of column `column` of a plane in its place, at each distance: two halves a slice, fy >= 0
    /// and fy <= 0, each from the middle outwards.
    fn sums(&self, spectrum: &[Complex32], column: usize, aside: Metres) -> Parts {
        let (rows, columns) = self.gap.padded;
        let pitch = self.gap.grid.pixel_pitch();
        let (height, width) = (rows / 2 + 1, columns / 2 + 1);
        let frequencies = spatial_frequencies(columns, pitch);
        let square = self.gap.pixel_model == PixelModel::Square;
        let weight = |x: usize| -> Complex32 {
            let f = frequencies[x];
            let size = if square { sinc((f - self.gap.carrier.1) * pitch) } else { 1.0 };
            let angle = TAU * f * (column as f64 * pitch - aside);
            let weight = Complex::cis(angle) * (size / (rows * columns) as f64);
            Complex::new(weight.re as f32, weight.im as f32)
        };
        let mut sums = Parts::zeros(self.slices * 2 * height);
        let mut folded = Parts::zeros(2 * height);
        for x in 0..width {
            // H is even in fx: the two columns of one |fx| are one.
            let (here, there) = (x, (columns - x) % columns);
            let (line, weight_here) = (&spectrum[here * rows..][..rows], weight(here));
            let other = (there != here).then(|| (&spectrum[there * rows..][..rows], weight(there)));
            for half in 0..2 {
                for k in 0..height {
                    let y = if half == 0 { k } else { (rows - k) % rows };
                    let mut value = line[y] * weight_here;
                    if let Some((line, weight)) = other {
                        value += line[y] * weight;
                    }
                    folded.re[half * height + k] = value.re;
                    folded.im[half * height + k] = value.im;
                }
            }
            for slice in 0..self.slices {
                let transfer = self.transfer.part((x * self.slices + slice) * height, height);
                for half in 0..2 {
                    let at = (2 * slice + half) * height;
                    sums.add_product(at, folded.part(half * height, height), transfer);
                }
            }
        }
        sums
    }

    fn add_intensity(&self, sums: &Parts, aside: Metres, share: f32, intensity: &mut Array2<f32>) {
        let (rows, _) = self.gap.padded;
        let (height, pitch) = (rows / 2 + 1, self.gap.grid.pixel_pitch());
        let square = self.gap.pixel_model == PixelModel::Square;
        let weights: Vec<Complex32> = spatial_frequencies(rows, pitch)
            .into_iter()
            .map(|f| {
                let size = if square { sinc((f - self.gap.carrier.0) * pitch) } else { 1.0 };
                let weight = Complex::cis(-TAU * f * aside) * size;
                Complex::new(weight.re as f32, weight.im as f32)
            })
            .collect();
        let zero = Complex::new(0.0, 0.0);
        let mut column = vec![zero; rows];
        let mut scratch = vec![zero; self.columns_inverse.get_inplace_scratch_len()];
        for slice in 0..self.slices {
            for (y, (value, weight)) in column.iter_mut().zip(&weights).enumerate() {
                let (half, k) = if 2 * y < rows { (0, y) } else { (1, rows - y) };
                *value = sums.at((2 * slice + half) * height + k) * weight;
            }
            self.columns_inverse.process_with_scratch(&mut column, &mut scratch);
            for (to, value) in intensity.column_mut(slice).iter_mut().zip(&column) {
                *to += share * value.norm_sqr();
            }
        }
    }
}

fn middle(distance: Metres, slice: usize, slices: usize) -> Metres {
    distance * (slice as f64 + 0.5) / slices as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;
    use crate::propagation::{Method, Propagator};

    /// Against whole propagations by the same method: even and odd sides, planes in their places and aside.
    #[test]
    fn a_cut_is_a_column_of_the_propagated_field() {
        for (rows, columns) in [(24, 20), (21, 17)] {
            for pixel_model in [PixelModel::Square, PixelModel::Point] {
                for place in [(0.0, 0.0), (0.3e-3, -0.7e-3)] {
                    let grid = Grid::new(rows, columns, 0.4e-3).unwrap();
                    let gap = Gap {
                        grid,
                        padded: (48, 40),
                        wavelength: 0.75e-3,
                        distance: 9e-3,
                        method: Method::AngularSpectrum,
                        pixel_model,
                        shift: (0.0, 0.0),
                        carrier: (0.0, 0.0),
                    };
                    let mut field = WaveField::dark(grid);
                    for ((y, x), u) in field.amplitude.indexed_iter_mut() {
                        *u = Complex::from_polar(1.0 + (y * x % 5) as f32, (3 * y * y + 7 * x) as f32);
                    }
                    let cut = AxialCut::new(gap, 3).unwrap();
                    assert!(cut.serves(&Gap { shift: (1.0, 2.0), ..gap }));
                    assert!(!cut.serves(&Gap { distance: 8e-3, ..gap }));
                    let found = cut.intensity(&field, place);
                    assert_eq!(found.dim(), (rows, 3));
                    let peak = found.iter().copied().fold(0.0, f32::max);
                    for (slice, distance) in cut.distances().into_iter().enumerate() {
                        // Seen from the plane aside, a plane in its place stands aside the other way.
                        let gap = Gap { distance, shift: (-place.0, -place.1), ..gap };
                        let whole = Propagator::new(gap).unwrap().propagate(&field).intensity();
                        for row in 0..rows {
                            let at = |column: usize| whole[[row, column]];
                            let expected = (at((columns - 1) / 2) + at(columns / 2)) / 2.0;
                            let error = (f64::from(found[[row, slice]]) - expected).abs();
                            // Single precision over 48 x 40 points.
                            assert!(error < 1e-5 * f64::from(peak), "{place:?} {row} {slice}: {error}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn impossible_cuts_are_refused() {
        let grid = Grid::new(8, 8, 1e-3).unwrap();
        let gap = Gap {
            grid,
            padded: (16, 16),
            wavelength: 1e-3,
            distance: 1e-2,
            method: Method::Auto,
            pixel_model: PixelModel::Point,
            shift: (0.0, 0.0),
            carrier: (0.0, 0.0),
        };
        assert!(AxialCut::new(gap, 0).is_err());
        assert!(AxialCut::new(Gap { distance: 0.0, ..gap }, 1).is_err());
        assert!(AxialCut::new(Gap { wavelength: f64::NAN, ..gap }, 1).is_err());
        assert!(AxialCut::new(Gap { padded: (4, 16), ..gap }, 1).is_err());
    }
}
