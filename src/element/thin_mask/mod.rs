//! A thin mask: a plate that changes the light of each pixel by its own complex transmission.
//!
//! ```
//! use d2nn::element::{Element, Site, ThinMask};
//! use d2nn::grid::Grid;
//! use d2nn::program::Program;
//! use ndarray::Array2;
//! use num_complex::Complex;
//!
//! let grid = Grid::new(2, 2, 0.4e-3)?;
//! let site = Site { grid, padded: (4, 4), wavelength: 0.75e-3, medium: 1.0 };
//! let quarter_turn = Array2::from_elem((2, 2), std::f64::consts::FRAC_PI_2);
//! let mut program = Program::default();
//! ThinMask::lossless(grid).lower(&[quarter_turn], &site, &mut program);
//! // A positive phase is a delay, exp(+i phase).
//! assert!((program.factors()[0].entries()[[0, 0]] - Complex::i()).norm() < 1e-12);
//! # Ok::<(), d2nn::Error>(())
//! ```

use ndarray::{Array2, Zip};
use num_complex::Complex;

use super::{Element, Motion, Site};
use crate::grid::Grid;
use crate::program::{Factor, Footprint, Program, Slopes, Wants};
use crate::units::Radians;

mod modulation;
mod relief;

pub use modulation::Modulation;

/// A thin mask of square pixels, each sampled `oversample` x `oversample` times, in the middle of its plane; beside one that is
/// smaller than the plane an opaque holder takes the light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThinMask {
    modulation: Modulation,
    footprint: Footprint,
    /// Whether it has been taken off: then its values do nothing.
    absent: bool,
}

impl ThinMask {
    /// A mask of `pixels` = (rows, columns) pixels.
    pub fn new(modulation: Modulation, pixels: (usize, usize), oversample: usize) -> Self {
        ThinMask { modulation, footprint: Footprint::new(pixels, oversample, 0.0), absent: false }
    }

    /// A lossless phase mask with one sample a pixel.
    pub fn lossless(grid: Grid) -> Self {
        ThinMask::new(Modulation::LOSSLESS, grid.shape(), 1)
    }

    /// The same mask turned in its plane by `angle` about its middle, from +x towards +y, against how it was made.
    ///
    /// Each sample takes the value of the pixel that its centre falls into, which samples a plate of square pixels
    /// exactly; a sample beyond the edge of the plate takes that of the nearest pixel of the edge.
    pub fn turned(self, angle: Radians) -> Self {
        ThinMask {
            footprint: Footprint::new(self.footprint.pixels, self.footprint.oversample, angle),
            ..self
        }
    }

    /// The plane of a mask that has been taken off the bench: light crosses it as it is, whatever the values.
    pub fn taken_off(self) -> Self {
        ThinMask { absent: true, ..self }
    }
}

impl Element for ThinMask {
    fn name(&self) -> String {
        "mask".into()
    }

    fn arrays(&self) -> usize {
        self.modulation.channels()
    }

    fn motion(&self, array: usize) -> Motion {
        self.modulation.motion(array)
    }

    fn lower(&self, values: &[Array2<f64>], site: &Site, program: &mut Program) {
        let wants = match self.modulation {
            Modulation::Phase { absorption, .. } => Wants::Turn { absorption },
            Modulation::Amplitude | Modulation::Complex => Wants::Whole,
        };
        let plane = site.grid.shape();
        if self.absent {
            // With its holder.
            program.multiply(Factor::sampled(Array2::from_elem(plane, Complex::new(1.0, 0.0)), wants));
            return;
        }
        let entries = Array2::from_shape_fn(self.footprint.pixels, |at| {
            self.modulation.transmission(Modulation::pixel(values, at))
        });
        program.multiply(Factor::of_pixels(entries, self.footprint.on(plane), wants));
    }

    fn pull_back(&self, values: &[Array2<f64>], _: &Site, slopes: &[Slopes]) -> Vec<Array2<f64>> {
        let nothing = || values.iter().map(|values| Array2::zeros(values.dim())).collect();
        if self.absent {
            return nothing();
        }
        match slopes {
            // In light of the design a phase is what it says; in other light it gives `scale` of it.
            [Slopes::Turn(turn)] => vec![turn * self.modulation.scale()],
            [Slopes::Whole(whole)] => (0..values.len())
                .map(|channel| {
                    Zip::indexed(whole).map_collect(|at, slope| {
                        let by_value = self.modulation.derivatives(Modulation::pixel(values, at))[channel];
                        (slope * by_value).re
                    })
                })
                .collect(),
            _ => nothing(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_mask_is_the_turned_array() {
        use std::f64::consts::PI;
        for oversample in [1, 2, 3] {
            let pixels = 6;
            let grid = Grid::new(pixels * oversample, pixels * oversample, 1e-3).unwrap();
            let site = Site { grid, padded: grid.shape(), wavelength: 1e-3, medium: 1.0 };
            let phase =
                Array2::from_shape_fn((pixels, pixels), |(y, x)| 0.1 * y as f64 + 0.013 * (x * x) as f64);
            let turned = |angle: f64| {
                let mut program = Program::default();
                let mask = ThinMask::new(Modulation::LOSSLESS, (pixels, pixels), oversample).turned(angle);
                mask.lower(std::slice::from_ref(&phase), &site, &mut program);
                program.factors()[0].samples(grid.shape())
            };
            let flat = turned(0.0);
            let last = pixels * oversample - 1;
            for ((y, x), value) in flat.indexed_iter() {
                // From +x towards +y: what was at the right is below.
                assert_eq!(turned(PI / 2.0)[[x, last - y]], *value);
                assert_eq!(turned(PI)[[last - y, last - x]], *value);
                assert_eq!(turned(2.0 * PI)[[y, x]], *value);
            }
            // Half a degree moves the corner pixels by 0.03 pixels: no centre leaves its pixel.
            assert_eq!(turned(PI / 360.0), flat);
        }
    }
}
