//! The detector plane: regions whose collected power is the answer.
//!
//! ```
//! use d2nn::detector::{Detector, Layout};
//! use d2nn::grid::Grid;
//!
//! let grid = Grid::new(200, 200, 0.4e-3)?;
//! let layout = Layout { counts: vec![3, 4, 3], region_size: 4.8e-3, row_pitch: 9.6e-3, column_pitch: 9.6e-3 };
//! let detector = Detector::new(grid, layout.regions(grid)?)?;
//! assert_eq!((detector.regions().len(), detector.regions()[0].height), (10, 12));
//! # Ok::<(), d2nn::Error>(())
//! ```

use crate::error::{Error, Result};
use crate::field::{Real, WaveField};
use crate::grid::Grid;

mod layout;
mod scheme;

pub(crate) use layout::near_square;
pub use layout::{Layout, regions_at, ring, rows};
pub use scheme::{Scheme, brightest};

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

/// What a detector reads of the whole plane, behind the readings of its regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// Nothing.
    #[default]
    Regions,
    /// The power E through the plane, W: a quadratic form of the field, as the readings of regions are.
    Power,
    /// E, and Q, the integral of the squared intensity over the plane, W^2/m^2.
    Plane,
}

impl Watch {
    /// How many readings it adds.
    pub const fn readings(self) -> usize {
        match self {
            Watch::Regions => 0,
            Watch::Power => 1,
            Watch::Plane => 2,
        }
    }
}

/// A plane with one region a class, of which the brightest is the answer, a pair a class, or one a value of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    grid: Grid,
    regions: Vec<Region>,
    scheme: Scheme,
    watch: Watch,
    /// Readings at each place.
    told_apart: usize,
}

impl Detector {
    /// A detector with `regions` in the order of the classes, or of an image's values.
    ///
    /// # Errors
    /// [`Error::Value`] for no regions, empty ones, ones beyond the grid and overlapping ones.
    pub fn new(grid: Grid, regions: Vec<Region>) -> Result<Self> {
        if regions.is_empty() {
            return Err(Error::Value("a detector needs regions".into()));
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
        Ok(Detector { grid, regions, scheme: Scheme::Single, watch: Watch::Regions, told_apart: 1 })
    }

    /// The same detector with `lines` readings at every place, one behind the other in the order of the regions: a filter for
    /// each wavelength ([`LineReadout::Multiplexed`](crate::source::LineReadout::Multiplexed)).
    pub fn telling_apart(self, lines: usize) -> Self {
        let regions = self.regions.iter().flat_map(|region| std::iter::repeat_n(*region, lines)).collect();
        Detector { regions, told_apart: self.told_apart * lines, ..self }
    }

    /// The same readings as light of one wavelength sees them: no filters.
    pub(crate) fn without_filters(&self) -> Self {
        Detector { told_apart: 1, ..self.clone() }
    }

    /// Readings at every place: 1, or one for each wavelength.
    pub fn told_apart(&self) -> usize {
        self.told_apart
    }

    /// The same regions read by `scheme`.
    ///
    /// # Errors
    /// [`Error::Value`] when their number is no multiple of what a class takes.
    pub fn read_by(self, scheme: Scheme) -> Result<Self> {
        let (regions, each) = (self.regions.len(), scheme.regions_a_class());
        if !regions.is_multiple_of(each) {
            return Err(Error::Value(format!("{regions} detector regions: each class takes {each}")));
        }
        Ok(Detector { scheme, ..self })
    }

    /// The same classes on another grid, where `place` finds each region; none where it has no place or they do not fit.
    pub fn replaced(&self, grid: Grid, place: impl Fn(&Region) -> Option<Region>) -> Option<Self> {
        let places = self.regions.iter().step_by(self.told_apart);
        let regions = places.map(place).collect::<Option<Vec<_>>>()?;
        let detector = Detector::new(grid, regions).map(|detector| detector.telling_apart(self.told_apart));
        let detector = detector.and_then(|detector| detector.read_by(self.scheme)).ok()?;
        Some(Detector { watch: self.watch, ..detector })
    }

    /// The same detector for a loss that looks at the whole plane: behind the readings of the regions, those of
    /// [`Detector::readings`] and [`Engine::gradients`](crate::engine::Engine::gradients) have what `watch` says.
    pub fn watching(self, watch: Watch) -> Self {
        Detector { watch, ..self }
    }

    /// What it reads of the whole plane.
    pub fn watch(&self) -> Watch {
        self.watch
    }

    /// How readings become scores.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Number of classes, or of an image's values.
    pub fn classes(&self) -> usize {
        self.regions.len() / self.scheme.regions_a_class()
    }

    /// Grid of the detector plane.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The regions in the order of the classes ([`Scheme`] says how many a class), or of an image's values row by row.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Power collected by each region: I_c = sum of |U|^2 pitch^2; behind them what [`Detector::watching`] says.
    pub fn readings<T: Real>(&self, field: &WaveField<T>) -> Vec<f64> {
        let area = self.grid.pixel_area();
        let power = |at| field.amplitude[at].norm_sqr().widen();
        let mut readings: Vec<f64> =
            self.regions.iter().map(|region| region.pixels().map(power).sum::<f64>() * area).collect();
        if self.watch != Watch::Regions {
            readings.push(field.power());
        }
        if self.watch == Watch::Plane {
            let squares = field.amplitude.iter().map(|u| u.norm_sqr().widen().powi(2)).sum::<f64>();
            readings.push(squares * area);
        }
        readings
    }

    /// Adjoint field g of a loss whose derivatives by the readings are `slopes`: dL = Re <g, dU>.
    ///
    /// From dI_c = 2 pitch^2 Re <U, dU> follows g = 2 pitch^2 dL/dI_c U inside region c, 0 outside. Of
    /// [`Watch::Plane`] 2 pitch^2 (dL/dE + 2 |U|^2 dL/dQ) U is added everywhere, of [`Watch::Power`] without Q.
    pub fn adjoint<T: Real>(&self, field: &WaveField<T>, slopes: &[f64]) -> WaveField<T> {
        let mut adjoint = WaveField::dark(self.grid);
        for (region, slope) in self.regions.iter().zip(slopes) {
            let factor = T::narrow(2.0 * slope * self.grid.pixel_area());
            for at in region.pixels() {
                adjoint.amplitude[at] = adjoint.amplitude[at] + field.amplitude[at] * factor;
            }
        }
        let of_plane = slopes.get(self.regions.len()..).unwrap_or_default();
        if let [by_power, by_square @ ..] = of_plane {
            let by_square = by_square.first().copied().unwrap_or(0.0);
            for (adjoint, u) in adjoint.amplitude.iter_mut().zip(&field.amplitude) {
                let slope = by_power + 2.0 * u.norm_sqr().widen() * by_square;
                *adjoint = *adjoint + *u * T::narrow(2.0 * slope * self.grid.pixel_area());
            }
        }
        adjoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_detectors_are_refused() {
        let grid = Grid::new(40, 40, 0.4e-3).unwrap();
        let region = |row, column| Region { row, column, height: 4, width: 4 };
        for (regions, reason) in [
            (vec![], "needs regions"),
            (vec![region(0, 0), region(3, 3)], "0 and 1 overlap"),
            (vec![region(0, 0), region(37, 0)], "not inside"),
            (vec![region(0, 0), region(usize::MAX, 0)], "not inside"),
        ] {
            let message = Detector::new(grid, regions).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn pairs_need_an_even_number_of_regions() {
        let grid = Grid::new(40, 40, 0.4e-3).unwrap();
        let row = |count: usize| {
            (0..count).map(|n| Region { row: 0, column: 5 * n, height: 4, width: 4 }).collect::<Vec<_>>()
        };
        let pairs = |count| {
            Detector::new(grid, row(count)).and_then(|detector| detector.read_by(Scheme::Differential))
        };
        assert_eq!(pairs(6).unwrap().classes(), 3);
        // A network may have one class of many.
        assert_eq!(pairs(2).unwrap().classes(), 1);
        let message = pairs(5).unwrap_err().to_string();
        assert!(message.contains("each class takes 2"), "{message}");
    }
}
