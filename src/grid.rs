//! A sampled plane: square pixels in rows and columns, centred on the optical axis.

use crate::error::{Error, Result};
use crate::units::Metres;

/// A plane of `rows` x `columns` square pixels centred on the optical axis.
///
/// Arrays on a grid are indexed `[y, x]`. Pixel `[row, column]` has its centre at
/// `y = (row - (rows - 1)/2) pitch`, `x = (column - (columns - 1)/2) pitch`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    rows: usize,
    columns: usize,
    pixel_pitch: Metres,
}

impl Grid {
    /// Pixels along one side at most: beyond this a plane does not fit into memory any more.
    pub const MAX_SIDE: usize = 16_384;

    /// A grid of `rows` x `columns` pixels of `pixel_pitch` metres.
    ///
    /// # Errors
    /// [`Error::Value`] for no pixels, more than [`Grid::MAX_SIDE`] a side, or a pitch that is not a finite
    /// length above zero.
    pub fn new(rows: usize, columns: usize, pixel_pitch: Metres) -> Result<Self> {
        if rows == 0 || columns == 0 || rows > Self::MAX_SIDE || columns > Self::MAX_SIDE {
            return Err(Error::Value(format!(
                "a grid of {rows} x {columns} pixels: each side must be 1 to {}",
                Self::MAX_SIDE
            )));
        }
        if !(pixel_pitch.is_finite() && pixel_pitch > 0.0) {
            return Err(Error::Value(format!("a pixel pitch of {pixel_pitch} m: it must be above zero")));
        }
        Ok(Grid { rows, columns, pixel_pitch })
    }

    /// The same aperture with `factor` times as many pixels along each side.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn finer(&self, factor: usize) -> Result<Self> {
        let side = |pixels: usize| pixels.saturating_mul(factor);
        Grid::new(side(self.rows), side(self.columns), self.pixel_pitch / factor.max(1) as f64)
    }

    /// The grid of `shape` = (rows, columns) pixels that are `pixels` pixels of this one wide.
    pub(crate) fn of_wider(&self, (rows, columns): (usize, usize), pixels: usize) -> Self {
        Grid { rows, columns, pixel_pitch: self.pixel_pitch * pixels as f64 }
    }

    /// Number of rows (y).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns (x).
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Shape of an array on this grid: (rows, columns).
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Side of a pixel, in metres.
    pub fn pixel_pitch(&self) -> Metres {
        self.pixel_pitch
    }

    /// Area of a pixel, in square metres.
    pub fn pixel_area(&self) -> f64 {
        self.pixel_pitch * self.pixel_pitch
    }

    /// Height and width of the plane in metres, outer edge to outer edge.
    pub fn aperture(&self) -> (Metres, Metres) {
        (self.rows as f64 * self.pixel_pitch, self.columns as f64 * self.pixel_pitch)
    }

    /// Position of the centre of a row, in metres from the axis.
    pub fn y(&self, row: usize) -> Metres {
        centred(row, self.rows) * self.pixel_pitch
    }

    /// Position of the centre of a column, in metres from the axis.
    pub fn x(&self, column: usize) -> Metres {
        centred(column, self.columns) * self.pixel_pitch
    }
}

fn centred(index: usize, count: usize) -> f64 {
    index as f64 - (count as f64 - 1.0) / 2.0
}

/// Spatial frequencies of a discrete Fourier transform of `samples` points, in cycles per metre.
///
/// In the order of the transform: 0, 1/L, ..., negative frequencies last, L = `samples` x `pitch`.
pub fn spatial_frequencies(samples: usize, pitch: Metres) -> Vec<f64> {
    let length = samples as f64 * pitch;
    (0..samples)
        .map(|i| if i < samples.div_ceil(2) { i as f64 } else { i as f64 - samples as f64 } / length)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_in_the_middle() {
        let grid = Grid::new(200, 3, 0.4e-3).unwrap();
        assert!((grid.y(0) + grid.y(199)).abs() < 1e-18);
        assert!((grid.y(199) - 39.8e-3).abs() < 1e-15);
        assert_eq!(grid.x(1), 0.0);
        assert!((grid.aperture().0 - 80e-3).abs() < 1e-15);
    }

    #[test]
    fn frequencies_are_in_transform_order() {
        assert_eq!(spatial_frequencies(4, 0.25), [0.0, 1.0, -2.0, -1.0]);
        assert_eq!(spatial_frequencies(5, 0.2), [0.0, 1.0, 2.0, -2.0, -1.0]);
    }

    #[test]
    fn impossible_grids_are_refused() {
        assert!(Grid::new(0, 4, 1.0).is_err());
        assert!(Grid::new(4, usize::MAX, 1.0).is_err());
        for pitch in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Grid::new(4, 4, pitch).is_err());
        }
    }
}
