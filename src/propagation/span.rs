//! What light crosses between two planes, and how finely each is sampled.

use std::f64::consts::PI;

use ndarray::Array2;
use num_complex::Complex;

use super::{Gap, Slab, transfer_function};
use crate::error::{Error, Result};
use crate::grid::{Grid, spatial_frequencies};
use crate::units::Metres;

/// What light crosses between two planes of the same size: linear, and the same everywhere across it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    across: Across,
    /// Free space behind that, on the same grid and in the same window.
    then: Option<Gap>,
    refinement: Refinement,
}

/// What lies between two planes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Across {
    /// Free space.
    Gap(Gap),
    /// A homogeneous plate.
    Slab(Slab),
    /// Nothing: the same plane, sampled otherwise.
    Nothing(Gap),
}

/// How the samples of the plane behind a span compare with those before it.
///
/// Samples of both planes are squares that fill the same aperture, so the centres of coarse ones lie between those of fine
/// ones. Light is carried in the band of the coarse plane, |f| <= 1/(2 pitch): a finer plane shows the same band-limited
/// field at more places, and to a coarser one what lies beyond its band is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refinement {
    /// As they are.
    Same,
    /// That many along one side of each sample before.
    Finer(usize),
    /// One for that many along one side before.
    Coarser(usize),
}

impl Refinement {
    /// `factor` times as many along one side.
    pub fn finer(factor: usize) -> Self {
        if factor == 1 { Refinement::Same } else { Refinement::Finer(factor) }
    }

    /// The way back.
    pub fn reversed(self) -> Self {
        match self {
            Refinement::Same => Refinement::Same,
            Refinement::Finer(factor) => Refinement::Coarser(factor),
            Refinement::Coarser(factor) => Refinement::Finer(factor),
        }
    }

    /// Samples along one side of a coarse one, before the span and behind it.
    pub fn factors(self) -> [usize; 2] {
        match self {
            Refinement::Same => [1, 1],
            Refinement::Finer(factor) => [1, factor],
            Refinement::Coarser(factor) => [factor, 1],
        }
    }
}

impl From<Gap> for Span {
    fn from(gap: Gap) -> Self {
        Span { across: Across::Gap(gap), then: None, refinement: Refinement::Same }
    }
}

impl From<Slab> for Span {
    fn from(slab: Slab) -> Self {
        Span { across: Across::Slab(slab), then: None, refinement: Refinement::Same }
    }
}

impl Span {
    /// No way at all on the grid and in the window of `gap`: for planes that are sampled otherwise.
    pub fn nothing(gap: Gap) -> Self {
        Span { across: Across::Nothing(gap), then: None, refinement: Refinement::Same }
    }

    /// The same and, in one go, a way of `gap`, which has its grid and window: no plane stands between, so nothing is cut off
    /// there.
    pub(crate) fn then(self, gap: Gap) -> Self {
        Span { then: Some(gap), ..self }
    }

    /// The same with the plane behind it sampled otherwise; its own grid is that of the coarse plane.
    pub fn onto(self, refinement: Refinement) -> Self {
        Span { refinement, ..self }
    }

    /// What lies between the planes.
    pub fn across(&self) -> Across {
        self.across
    }

    /// How the plane behind it is sampled.
    pub fn refinement(&self) -> Refinement {
        self.refinement
    }

    /// Grid of both planes, of the coarse one if they differ.
    pub fn grid(&self) -> Grid {
        match self.across {
            Across::Gap(gap) | Across::Nothing(gap) => gap.grid,
            Across::Slab(slab) => slab.grid,
        }
    }

    /// Grids of the plane before it and of the plane behind it.
    ///
    /// # Errors
    /// [`Error::Value`] for planes that become too large.
    pub fn grids(&self) -> Result<[Grid; 2]> {
        let [before, behind] = self.refinement.factors();
        if before == 0 || behind == 0 {
            return Err(Error::Value(
                "no samples on a sample: a plane is at least as fine as another".into(),
            ));
        }
        Ok([self.grid().finer(before)?, self.grid().finer(behind)?])
    }

    /// Points of the padded window on its own grid, (rows, columns).
    pub fn padded(&self) -> (usize, usize) {
        match self.across {
            Across::Gap(gap) | Across::Nothing(gap) => gap.padded,
            Across::Slab(slab) => slab.padded,
        }
    }

    /// Wavelength in front of it, metres.
    pub fn wavelength(&self) -> Metres {
        match self.across {
            Across::Gap(gap) | Across::Nothing(gap) => gap.wavelength,
            Across::Slab(slab) => slab.wavelength / slab.medium,
        }
    }

    /// From plane to plane, metres; none where there is nothing between them.
    pub fn length(&self) -> Option<Metres> {
        let first = match self.across {
            Across::Gap(gap) => Some(gap.distance),
            Across::Slab(slab) => Some(slab.thickness),
            Across::Nothing(_) => None,
        };
        let then = self.then.map(|gap| gap.distance);
        first.into_iter().chain(then).reduce(|first, then| first + then)
    }

    /// Whether its transfer function is even in both frequencies, from plane to plane of the same samples.
    pub fn is_even(&self) -> bool {
        let is_even = |gap: Gap| gap.shift == (0.0, 0.0) && gap.carrier == (0.0, 0.0);
        let first = match self.across {
            Across::Gap(gap) => is_even(gap),
            Across::Slab(_) | Across::Nothing(_) => true,
        };
        first && self.then.is_none_or(is_even)
    }

    /// The transfer function on the padded window, in the order of the discrete transform, from plane to plane of its own
    /// grid.
    pub fn transfer_function(&self) -> Array2<Complex<f64>> {
        let mut transfer = match self.across {
            Across::Gap(gap) => transfer_function(&gap),
            Across::Nothing(gap) => Array2::from_elem(gap.padded, Complex::new(1.0, 0.0)),
            Across::Slab(slab) => {
                let (rows, columns) = slab.padded;
                let frequencies = |points| spatial_frequencies(points, slab.grid.pixel_pitch());
                let (fy, fx) = (frequencies(rows), frequencies(columns));
                Array2::from_shape_fn((rows, columns), |(y, x)| slab.transfer(fy[y], fx[x]))
            }
        };
        if let Some(gap) = &self.then {
            transfer *= &transfer_function(gap);
        }
        transfer
    }

    /// What a spectrum in a window of that many points is multiplied by, along one axis, for the samples of the plane behind:
    /// their first centre lies elsewhere.
    pub(crate) fn offsets(&self, points: usize) -> Vec<Complex<f64>> {
        let turn = match self.refinement {
            Refinement::Same => 0.0,
            Refinement::Finer(factor) => PI * (1.0 / factor as f64 - 1.0),
            Refinement::Coarser(factor) => PI * (1.0 - 1.0 / factor as f64),
        };
        // At a pitch of 1 frequencies are numbers of waves over numbers of points.
        spatial_frequencies(points, 1.0).into_iter().map(|f| Complex::cis(turn * f)).collect()
    }
}

/// Place of the frequency with the number `index` of `points` in a transform of `factor` times as many.
pub(crate) fn in_finer(index: usize, points: usize, factor: usize) -> usize {
    if index < points.div_ceil(2) { index } else { index + (factor - 1) * points }
}

#[cfg(test)]
mod tests {
    use super::super::{Method, PixelModel};
    use super::*;

    #[test]
    fn frequencies_keep_their_sign() {
        let coarse = spatial_frequencies(8, 1.0);
        let fine = spatial_frequencies(24, 1.0 / 3.0);
        for (index, frequency) in coarse.iter().enumerate() {
            assert!((fine[in_finer(index, 8, 3)] - frequency).abs() < 1e-15);
        }
    }

    #[test]
    fn two_ways_in_one_go_are_one_behind_the_other() {
        let gap = Gap {
            grid: Grid::new(6, 4, 0.4e-3).unwrap(),
            padded: (12, 10),
            wavelength: 0.75e-3,
            distance: 3e-3,
            method: Method::AngularSpectrum,
            pixel_model: PixelModel::Square,
            shift: (0.0, 0.0),
            carrier: (0.0, 0.0),
        };
        let further = Gap { wavelength: 0.5e-3, distance: 2e-3, pixel_model: PixelModel::Point, ..gap };
        let both = Span::from(gap).then(further);
        assert_eq!(both.length(), Some(5e-3));
        assert_eq!(both.transfer_function(), transfer_function(&gap) * transfer_function(&further));
        assert!(both.is_even() && !Span::from(gap).then(Gap { shift: (1e-4, 0.0), ..further }).is_even());
    }
}
