//! The detector plane: regions whose collected power is the answer.

use crate::error::{Error, Result};
use crate::field::{Real, WaveField};
use crate::grid::Grid;
use crate::units::Metres;

/// A rectangle of pixels on the detector plane, in the order of the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First row.
    pub row: usize,
    /// First column.
    pub column: usize,
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
}

impl Region {
    /// Rows of the region.
    pub fn rows(&self) -> std::ops::Range<usize> {
        self.row..self.row + self.height
    }

    /// Columns of the region.
    pub fn columns(&self) -> std::ops::Range<usize> {
        self.column..self.column + self.width
    }

    /// Indices `[y, x]` of the region's pixels, row by row.
    pub fn pixels(&self) -> impl Iterator<Item = [usize; 2]> {
        let columns = self.columns();
        self.rows().flat_map(move |row| columns.clone().map(move |column| [row, column]))
    }

    /// The same rectangle on a grid of `samples` samples a pixel.
    pub fn finer(&self, samples: usize) -> Region {
        Region {
            row: self.row * samples,
            column: self.column * samples,
            height: self.height * samples,
            width: self.width * samples,
        }
    }

    /// The same rectangle on a grid of pixels `bins` times as wide, if it begins and ends between them.
    pub fn coarser(&self, bins: usize) -> Option<Region> {
        let part = |side: usize| (bins > 0 && side.is_multiple_of(bins)).then(|| side / bins);
        Some(Region {
            row: part(self.row)?,
            column: part(self.column)?,
            height: part(self.height)?,
            width: part(self.width)?,
        })
    }

    fn overlaps(&self, other: &Region) -> bool {
        self.row < other.row + other.height
            && other.row < self.row + self.height
            && self.column < other.column + other.width
            && other.column < self.column + self.width
    }
}

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
    /// The regions on `grid`, edges rounded to whole pixels, left to right and top to bottom.
    ///
    /// # Errors
    /// [`Error::Value`] when a region is smaller than a pixel or reaches beyond the aperture.
    pub fn regions(&self, grid: Grid) -> Result<Vec<Region>> {
        let pitch = grid.pixel_pitch();
        let side = (self.region_size / pitch).round();
        let beyond = |number: usize| {
            Error::Value(format!(
                "detector region {number} of the layout reaches beyond the aperture of {} x {} pixels: \
                 make region_size, row_pitch or column_pitch smaller",
                grid.rows(),
                grid.columns()
            ))
        };
        if side < 1.0 {
            return Err(Error::Value("a detector region smaller than one pixel: enlarge region_size".into()));
        }
        let start = |index: usize, count: usize, step: Metres, pixels: usize| {
            let centre = (index as f64 - (count as f64 - 1.0) / 2.0) * step / pitch + pixels as f64 / 2.0;
            (centre - side / 2.0).round()
        };
        let mut regions = Vec::new();
        for (line, &count) in self.counts.iter().enumerate() {
            for place in 0..count {
                let row = start(line, self.counts.len(), self.row_pitch, grid.rows());
                let column = start(place, count, self.column_pitch, grid.columns());
                let inside = |first: f64, pixels: usize| first >= 0.0 && first + side <= pixels as f64;
                if !inside(row, grid.rows()) || !inside(column, grid.columns()) {
                    return Err(beyond(regions.len()));
                }
                regions.push(Region {
                    row: row as usize,
                    column: column as usize,
                    height: side as usize,
                    width: side as usize,
                });
            }
        }
        Ok(regions)
    }
}

/// A region for each value of an image of `image` = (rows, columns) values, row by row: each `side` = (rows, columns)
/// pixels, the first at `origin`. Its readings are the image.
pub fn image_regions(origin: (usize, usize), image: (usize, usize), side: (usize, usize)) -> Vec<Region> {
    let region = |(y, x): (usize, usize)| Region {
        row: origin.0 + y * side.0,
        column: origin.1 + x * side.1,
        height: side.0,
        width: side.1,
    };
    (0..image.0).flat_map(|y| (0..image.1).map(move |x| (y, x))).map(region).collect()
}

/// A plane with one region a class, of which the brightest is the answer, or one a value of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    grid: Grid,
    regions: Vec<Region>,
}

impl Detector {
    /// A detector with `regions` in the order of the classes, or of an image's values.
    ///
    /// # Errors
    /// [`Error::Value`] for fewer than two regions, empty ones, ones beyond the grid and overlapping ones.
    pub fn new(grid: Grid, regions: Vec<Region>) -> Result<Self> {
        if regions.len() < 2 {
            return Err(Error::Value("a detector needs at least two regions".into()));
        }
        for (number, region) in regions.iter().enumerate() {
            let inside = |first: usize, size: usize, limit: usize| {
                size > 0 && first.checked_add(size).is_some_and(|end| end <= limit)
            };
            if !inside(region.row, region.height, grid.rows())
                || !inside(region.column, region.width, grid.columns())
            {
                return Err(Error::Value(format!(
                    "detector region {number} ({region:?}) is not inside the aperture of {} x {} pixels",
                    grid.rows(),
                    grid.columns()
                )));
            }
            if let Some(other) = regions[..number].iter().position(|other| other.overlaps(region)) {
                return Err(Error::Value(format!("detector regions {other} and {number} overlap")));
            }
        }
        Ok(Detector { grid, regions })
    }

    /// Grid of the detector plane.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The regions in the order of the classes, or of an image's values row by row.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Power collected by each region: I_c = sum of |U|^2 pitch^2.
    pub fn readings<T: Real>(&self, field: &WaveField<T>) -> Vec<f64> {
        self.regions
            .iter()
            .map(|region| {
                let power = |at| field.amplitude[at].norm_sqr().widen();
                region.pixels().map(power).sum::<f64>() * self.grid.pixel_area()
            })
            .collect()
    }

    /// Adjoint field g of a loss whose derivatives by the readings are `slopes`: dL = Re <g, dU>.
    ///
    /// From dI_c = 2 pitch^2 Re <U, dU> follows g = 2 pitch^2 dL/dI_c U inside region c, 0 outside.
    pub fn adjoint<T: Real>(&self, field: &WaveField<T>, slopes: &[f64]) -> WaveField<T> {
        let mut adjoint = WaveField::dark(self.grid);
        for (region, slope) in self.regions.iter().zip(slopes) {
            let factor = T::narrow(2.0 * slope * self.grid.pixel_area());
            for at in region.pixels() {
                adjoint.amplitude[at] = field.amplitude[at] * factor;
            }
        }
        adjoint
    }
}

/// Index of the largest reading; the first of equals.
pub fn brightest(readings: &[f64]) -> usize {
    readings.iter().enumerate().fold(0, |best, (c, reading)| if *reading > readings[best] { c } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout { counts: vec![3, 4, 3], region_size: 4.8e-3, row_pitch: 12e-3, column_pitch: 12e-3 }
    }

    #[test]
    fn three_four_three_is_centred() {
        let grid = Grid::new(200, 200, 0.4e-3).unwrap();
        let regions = layout().regions(grid).unwrap();
        assert_eq!(regions.len(), 10);
        assert_eq!(regions[0], Region { row: 64, column: 64, height: 12, width: 12 });
        assert_eq!(regions[3], Region { row: 94, column: 49, height: 12, width: 12 });
        assert_eq!(regions[9], Region { row: 124, column: 124, height: 12, width: 12 });
        Detector::new(grid, regions).unwrap();
    }

    #[test]
    fn impossible_detectors_are_refused() {
        let grid = Grid::new(40, 40, 0.4e-3).unwrap();
        let message = layout().regions(grid).unwrap_err().to_string();
        assert!(message.contains("region 0") && message.contains("beyond the aperture"), "{message}");
        let region = |row, column| Region { row, column, height: 4, width: 4 };
        for (regions, reason) in [
            (vec![region(0, 0)], "at least two"),
            (vec![region(0, 0), region(3, 3)], "0 and 1 overlap"),
            (vec![region(0, 0), region(37, 0)], "not inside"),
            (vec![region(0, 0), region(usize::MAX, 0)], "not inside"),
        ] {
            let message = Detector::new(grid, regions).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn the_first_of_equals_wins() {
        assert_eq!(brightest(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(brightest(&[0.0, 0.0]), 0);
    }
}
