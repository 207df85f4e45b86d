//! A phase mask: a thin plate that delays the light of each pixel by its own phase.

use ndarray::{Array2, Zip};
use num_complex::Complex;

use crate::error::{Error, Result};
use crate::field::{Real, WaveField};
use crate::grid::Grid;

/// Thin, lossless transmission t = exp(i phase), one phase a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseMask<T> {
    grid: Grid,
    phase: Array2<T>,
}

impl<T: Real> PhaseMask<T> {
    /// A mask with `phase` in radians, indexed `[y, x]`.
    ///
    /// # Errors
    /// [`Error::Value`] when the shape is not the grid's or a phase is not finite.
    pub fn new(grid: Grid, phase: Array2<T>) -> Result<Self> {
        if phase.dim() != grid.shape() {
            return Err(Error::Value(format!(
                "a mask of shape {:?} on a grid of shape {:?}: they must be equal",
                phase.dim(),
                grid.shape()
            )));
        }
        if let Some(((y, x), value)) = phase.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::Value(format!("the phase at [{y}, {x}] is {value:?}: it must be finite")));
        }
        Ok(PhaseMask { grid, phase })
    }

    /// Phases in radians.
    pub fn phase(&self) -> &Array2<T> {
        &self.phase
    }

    /// The field behind the mask: t u.
    pub fn apply(&self, incident: &WaveField<T>) -> WaveField<T> {
        self.times(incident, |t| t)
    }

    /// The Hermitian adjoint of [`PhaseMask::apply`]: conj(t) g.
    pub fn adjoint(&self, behind: &WaveField<T>) -> WaveField<T> {
        self.times(behind, |t| t.conj())
    }

    /// Gradient of a real loss with respect to each phase.
    ///
    /// `incident` is the field u that fell on the mask, `adjoint` the field conj(t) g that
    /// [`PhaseMask::adjoint`] returned for the adjoint field g behind the mask, with the convention
    /// dL = Re <g, dv>. From dv = i t u dphase follows dL/dphase = Im(conj(t) g conj(u)).
    pub fn gradient(&self, incident: &WaveField<T>, adjoint: &WaveField<T>) -> Array2<T> {
        Zip::from(&incident.amplitude).and(&adjoint.amplitude).map_collect(|u, g| (g * u.conj()).im)
    }

    fn times(&self, field: &WaveField<T>, factor: impl Fn(Complex<T>) -> Complex<T>) -> WaveField<T> {
        let mut behind = field.clone();
        Zip::from(&mut behind.amplitude)
            .and(&self.phase)
            .for_each(|u, &phase| *u = *u * factor(Complex::new(phase.cos(), phase.sin())));
        behind
    }
}
