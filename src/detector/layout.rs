//! Where regions stand on the detector plane: in rows, on a ring, or as listed.

use std::f64::consts::TAU;

use super::Region;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::units::Metres;

/// Square regions in rows, as "3-4-3": each row centred on the axis, and all rows together.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Number of regions in each row, top to bottom.
    pub counts: Vec<usize>,
    /// Side of a region, metres.
    pub region_size: Metres,
    /// Distance between the centres of neighbouring rows, metres.
    pub row_pitch: Metres,
    /// Distance between the centres of neighbours in a row, metres.
    pub column_pitch: Metres,
}

impl Layout {
    /// The regions on `grid`, left to right and top to bottom.
    ///
    /// # Errors
    /// As [`regions_at`].
    pub fn regions(&self, grid: Grid) -> Result<Vec<Region>> {
        regions_at(grid, [self.region_size; 2], &rows(&self.counts, self.row_pitch, self.column_pitch))
    }
}

/// Middles of `counts` regions in rows, [y, x] metres from the axis, left to right and top to bottom: each row centred on
/// the axis, and all rows together.
pub fn rows(counts: &[usize], row_pitch: Metres, column_pitch: Metres) -> Vec<[Metres; 2]> {
    let along = |index: usize, count: usize| index as f64 - (count as f64 - 1.0) / 2.0;
    let row = |(line, &count): (usize, &usize)| {
        let y = along(line, counts.len()) * row_pitch;
        (0..count).map(move |place| [y, along(place, count) * column_pitch])
    };
    counts.iter().enumerate().flat_map(row).collect()
}

/// Rows of equal length, as nearly a square as they make: 10 are two rows of 5, 20 four of 5.
pub(crate) fn near_square(regions: usize) -> Vec<usize> {
    let rows = (1..=regions).take_while(|rows| rows * rows <= regions).filter(|n| regions.is_multiple_of(*n));
    let rows = rows.last().unwrap_or(1);
    vec![regions / rows; rows]
}

/// Middles of `count` regions evenly on a circle of `radius` around the axis, [y, x] metres, the first at the top and on
/// in the sense in which y turns to -x: clockwise as plots show the plane.
pub fn ring(count: usize, radius: Metres) -> Vec<[Metres; 2]> {
    let place = |number: usize| {
        let (sin, cos) = (TAU * number as f64 / count as f64).sin_cos();
        [-radius * cos, radius * sin]
    };
    (0..count).map(place).collect()
}

/// Rectangles of `size` = [height, width] metres with their middles at `centres`, [y, x] metres from the axis; edges are
/// rounded to whole pixels of `grid`.
///
/// # Errors
/// [`Error::Value`] when a region is smaller than a pixel or reaches beyond the aperture.
pub fn regions_at(grid: Grid, size: [Metres; 2], centres: &[[Metres; 2]]) -> Result<Vec<Region>> {
    let pitch = grid.pixel_pitch();
    let sides = size.map(|side| (side / pitch).round());
    if sides.iter().any(|side| *side < 1.0) {
        return Err(Error::Value("a detector region smaller than one pixel: enlarge region_size".into()));
    }
    let pixels = [grid.rows(), grid.columns()].map(|pixels| pixels as f64);
    let region = |(number, centre): (usize, &[Metres; 2])| {
        let first: [f64; 2] = std::array::from_fn(|axis| {
            (centre[axis] / pitch + pixels[axis] / 2.0 - sides[axis] / 2.0).round()
        });
        if (0..2).any(|axis| first[axis] < 0.0 || first[axis] + sides[axis] > pixels[axis]) {
            return Err(Error::Value(format!(
                "detector region {number} of the layout reaches beyond the aperture of {} x {} pixels: \
                 make regions or the distances between them smaller",
                grid.rows(),
                grid.columns()
            )));
        }
        let [row, column] = first.map(|first| first as usize);
        let [height, width] = sides.map(|side| side as usize);
        Ok(Region { row, column, height, width })
    };
    centres.iter().enumerate().map(region).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout { counts: vec![3, 4, 3], region_size: 4.8e-3, row_pitch: 12e-3, column_pitch: 12e-3 }
    }

    fn square(row: usize, column: usize) -> Region {
        Region { row, column, height: 12, width: 12 }
    }

    #[test]
    fn three_four_three_is_centred() {
        let grid = Grid::new(200, 200, 0.4e-3).unwrap();
        let regions = layout().regions(grid).unwrap();
        assert_eq!(regions.len(), 10);
        assert_eq!(regions[0], square(64, 64));
        assert_eq!(regions[3], square(94, 49));
        assert_eq!(regions[9], square(124, 124));
        let small = Grid::new(40, 40, 0.4e-3).unwrap();
        let message = layout().regions(small).unwrap_err().to_string();
        assert!(message.contains("region 0") && message.contains("beyond the aperture"), "{message}");
    }

    #[test]
    fn a_ring_begins_at_the_top_and_goes_clockwise() {
        let grid = Grid::new(200, 200, 0.4e-3).unwrap();
        let regions = regions_at(grid, [4.8e-3; 2], &ring(4, 20e-3)).unwrap();
        assert_eq!(regions, [square(44, 94), square(94, 144), square(144, 94), square(94, 44)]);
    }

    #[test]
    fn listed_regions_have_two_sides() {
        let grid = Grid::new(20, 40, 1e-3).unwrap();
        let regions = regions_at(grid, [2e-3, 6e-3], &[[0.0, -10e-3], [-3e-3, 4e-3]]).unwrap();
        let expected = [(9, 7), (6, 21)].map(|(row, column)| Region { row, column, height: 2, width: 6 });
        assert_eq!(regions, expected);
        assert!(regions_at(grid, [0.4e-3, 6e-3], &[[0.0; 2]]).is_err());
        assert!(regions_at(grid, [2e-3; 2], &[[9.6e-3, 0.0]]).is_err());
    }

    #[test]
    fn near_squares() {
        assert_eq!(near_square(10), [5, 5]);
        assert_eq!(near_square(20), [5, 5, 5, 5]);
        assert_eq!(near_square(7), [7]);
        assert_eq!(near_square(9), [3, 3, 3]);
    }
}
