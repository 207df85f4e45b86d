//! Free space.

use ndarray::Array2;

use super::{Element, Site};
use crate::program::Program;
use crate::propagation::Gap;
use crate::units::Metres;

/// Free space up to the next plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FreeSpace(pub Gap);

impl Element for FreeSpace {
    fn name(&self) -> String {
        "gap".into()
    }

    fn lower(&self, _: &[Array2<f64>], _: &Site, program: &mut Program) {
        program.cross(self.0.into());
    }

    fn thickness(&self) -> Metres {
        self.0.distance
    }
}
