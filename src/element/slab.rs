//! A homogeneous plate with plane faces.

use ndarray::Array2;

use super::{Element, Site};
use crate::error::{Error, Result};
use crate::material::Material;
use crate::program::Program;
use crate::propagation::{Polarisation, Slab};
use crate::units::Metres;

/// A homogeneous plate: a window, a filter, the base of a relief. Exact, by its transfer function ([`Slab::transfer`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plate {
    /// From face to face, metres.
    thickness: Metres,
    refractive_index: f64,
    extinction_coefficient: f64,
    polarisation: Polarisation,
    echoes: bool,
}

impl Plate {
    /// A plate of `material`, `thickness` metres from face to face, with all light that goes to and fro inside.
    ///
    /// # Errors
    /// [`Error::Value`] for a thickness that is not above zero.
    pub fn new(material: &Material, thickness: Metres, polarisation: Polarisation) -> Result<Self> {
        if !(thickness.is_finite() && thickness > 0.0) {
            return Err(Error::Value(format!("a plate of {thickness} m: its thickness must be above zero")));
        }
        Ok(Plate {
            thickness,
            refractive_index: material.refractive_index(),
            extinction_coefficient: material.extinction_coefficient(),
            polarisation,
            echoes: true,
        })
    }

    /// The same plate without echoes: light that is reflected inside is lost.
    pub fn without_echoes(self) -> Self {
        Plate { echoes: false, ..self }
    }
}

impl Element for Plate {
    fn name(&self) -> String {
        "slab".into()
    }

    fn lower(&self, _: &[Array2<f64>], site: &Site, program: &mut Program) {
        let slab = Slab {
            grid: site.grid,
            padded: site.padded,
            wavelength: site.wavelength,
            medium: site.medium,
            refractive_index: self.refractive_index,
            extinction_coefficient: self.extinction_coefficient,
            thickness: self.thickness,
            polarisation: self.polarisation,
            echoes: self.echoes,
            faces: true,
        };
        program.cross(slab.into());
    }

    fn thickness(&self) -> Metres {
        self.thickness
    }
}
