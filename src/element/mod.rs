//! Kinds of optics, one file each: what stands on the path of light, and how it becomes operations.
//!
//! An [`Element`] lowers itself into a [`Program`], and turns the slopes found at its operations into
//! slopes of its values. Nothing else needs to know it: engines, training and plots work on programs. To add a kind of
//! optics, write one file with `impl Element` (here, or in a program of your own) and put it on the bench
//! ([`Placed`], [`Bench::optics`](crate::bench::Bench::optics)).
//!
//! ```
//! use d2nn::element::{Element, Site};
//! use d2nn::program::{Factor, Program, Wants};
//! use ndarray::Array2;
//! use num_complex::Complex;
//!
//! /// Stripes along y, `period` metres apart, that delay light by half a wave.
//! #[derive(Debug)]
//! struct Grating {
//!     period: f64,
//! }
//!
//! impl Element for Grating {
//!     fn name(&self) -> String {
//!         "grating".into()
//!     }
//!
//!     fn lower(&self, _: &[Array2<f64>], site: &Site, program: &mut Program) {
//!         let grid = site.grid;
//!         let stripe = |x: f64| if (x / self.period).rem_euclid(1.0) < 0.5 { 1.0 } else { -1.0 };
//!         let entries = Array2::from_shape_fn(grid.shape(), |(_, x)| Complex::new(stripe(grid.x(x)), 0.0));
//!         program.multiply(Factor::sampled(entries, Wants::Nothing));
//!     }
//! }
//! ```
//!
//! `examples/own_element.rs` has one with values that are trained.

use std::fmt::Debug;
use std::sync::Arc;

use ndarray::Array2;

use crate::grid::Grid;
use crate::program::{Program, Slopes};
use crate::units::Metres;

mod aperture;
mod gap;
mod lens;
mod motion;
mod saturable;
mod slab;
mod thick_plate;
mod thin_mask;

pub use aperture::{Aperture, Opening};
pub use gap::FreeSpace;
pub use lens::{Lens, LensPhase};
pub use motion::Motion;
pub use saturable::Saturable;
pub use slab::Plate;
pub use thick_plate::{PlateModel, Slicing, ThickPlate, Thickness};
pub use thin_mask::{Modulation, ThinMask};

/// The plane an element stands on, and the light there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Grid of the plane.
    pub grid: Grid,
    /// Points of the padded window of what is crossed, (rows, columns).
    pub padded: (usize, usize),
    /// Wavelength in vacuum, metres.
    pub wavelength: Metres,
    /// Refractive index of what is between the planes.
    pub medium: f64,
}

/// One kind of optics on the path of light.
///
/// An element tells the same whenever it is asked: what changes is its values, and the site.
pub trait Element: Debug + Send + Sync {
    /// What it is called on paper, for example "lens".
    fn name(&self) -> String;

    /// Arrays of values it has; none unless it can be trained. [`Element::open`] and [`Element::pull_back`] give as many.
    fn arrays(&self) -> usize {
        0
    }

    /// Values that do as little to light as they can, one array each, of shapes of its own: the same on a finer grid, where
    /// the values stay as they are.
    fn open(&self, site: &Site) -> Vec<Array2<f64>> {
        let _ = site;
        Vec::new()
    }

    /// How a training moves the values of array `array`; unless said otherwise they are free, and move by 1 while a phase moves by
    /// a radian. A training begins at [`Element::open`].
    fn motion(&self, array: usize) -> Motion {
        let _ = array;
        Motion::Free { by_radian: 1.0 }
    }

    /// Adds what it does to light at `site` to `program`; `values` has one array each, indexed `[y, x]`.
    ///
    /// Light of another wavelength, or a finer grid, is another site.
    fn lower(&self, values: &[Array2<f64>], site: &Site, program: &mut Program);

    /// Slopes of a real loss by its values, from those by its factors that [want](crate::program::Wants) some, in the order in
    /// which it lowered them.
    ///
    /// One array each, shaped as `values`. Those that are not given count as zero: a trainable element must have this.
    fn pull_back(&self, values: &[Array2<f64>], site: &Site, slopes: &[Slopes]) -> Vec<Array2<f64>> {
        let _ = (values, site, slopes);
        Vec::new()
    }

    /// Most turns it gives to light from one sample of `site` to the next, where it has a phase that must be sampled: half a
    /// turn is the limit.
    fn steepest(&self, site: &Site) -> f64 {
        let _ = site;
        0.0
    }

    /// What it takes of the axis, metres: 0 for what is thin.
    fn thickness(&self) -> Metres {
        0.0
    }
}

/// An element on the axis, in one of the gaps.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Number of the gap it stands in: 0 between the object and mask 1.
    pub gap: usize,
    /// From the plane in front of that gap to its first face, metres; at 0 it touches that plane, and is behind it.
    pub distance: Metres,
    /// What stands there.
    pub element: Arc<dyn Element>,
}

/// The same element at the same site.
impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        (self.gap, self.distance) == (other.gap, other.distance) && Arc::ptr_eq(&self.element, &other.element)
    }
}
