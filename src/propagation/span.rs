//! What light crosses between two planes of the same grid.

use ndarray::Array2;
use num_complex::Complex;

use super::{Gap, Slab, transfer_function};
use crate::grid::{Grid, spatial_frequencies};
use crate::units::Metres;

/// What light crosses between two planes of the same grid: linear, and the same everywhere across it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    /// Free space.
    Gap(Gap),
    /// A homogeneous plate.
    Slab(Slab),
}

impl From<Gap> for Span {
    fn from(gap: Gap) -> Self {
        Span::Gap(gap)
    }
}

impl From<Slab> for Span {
    fn from(slab: Slab) -> Self {
        Span::Slab(slab)
    }
}

impl Span {
    /// Grid of both planes.
    pub fn grid(&self) -> Grid {
        match self {
            Span::Gap(gap) => gap.grid,
            Span::Slab(slab) => slab.grid,
        }
    }

    /// Points of the padded window, (rows, columns).
    pub fn padded(&self) -> (usize, usize) {
        match self {
            Span::Gap(gap) => gap.padded,
            Span::Slab(slab) => slab.padded,
        }
    }

    /// Wavelength in front of it, metres.
    pub fn wavelength(&self) -> Metres {
        match self {
            Span::Gap(gap) => gap.wavelength,
            Span::Slab(slab) => slab.wavelength / slab.medium,
        }
    }

    /// From plane to plane, metres.
    pub fn length(&self) -> Metres {
        match self {
            Span::Gap(gap) => gap.distance,
            Span::Slab(slab) => slab.thickness,
        }
    }

    /// Whether its transfer function is even in both frequencies.
    pub fn is_even(&self) -> bool {
        match self {
            Span::Gap(gap) => gap.shift == (0.0, 0.0) && gap.carrier == (0.0, 0.0),
            Span::Slab(_) => true,
        }
    }

    /// The transfer function on the padded window, in the order of the discrete transform.
    pub fn transfer_function(&self) -> Array2<Complex<f64>> {
        match self {
            Span::Gap(gap) => transfer_function(gap),
            Span::Slab(slab) => {
                let (rows, columns) = slab.padded;
                let frequencies = |points| spatial_frequencies(points, slab.grid.pixel_pitch());
                let (fy, fx) = (frequencies(rows), frequencies(columns));
                Array2::from_shape_fn((rows, columns), |(y, x)| slab.transfer(fy[y], fx[x]))
            }
        }
    }
}
