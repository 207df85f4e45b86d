//! A mask that belongs to no device: what its plate is made of and how, without a bench.

use std::f64::consts::TAU;

use super::file::DesignFile;
use super::work::Broken;
use super::{plate, printer, resolve};
use crate::element::Modulation;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::material::Material;
use crate::plate::{PlateOptions, Printer, Stock};
use crate::units::Metres;

/// `[material]`, `[fabrication]` and `[printer]` checked for one mask.
#[derive(Clone, Debug, PartialEq)]
pub struct LoneMask {
    /// The pixels.
    pub grid: Grid,
    /// In vacuum.
    pub wavelength: Metres,
    /// What the plate is made of.
    pub material: Material,
    /// What a pixel can do: any phase, a whole turn.
    pub modulation: Modulation,
    /// How the plate is made.
    pub plate: PlateOptions,
    /// The printer, if one is named.
    pub printer: Option<Printer>,
    /// What the material weighs and costs.
    pub stock: Stock,
}

impl LoneMask {
    /// Checks `typed` for a mask of `grid` at `wavelength`; `highest` is its relief in metres where it is given as
    /// heights, otherwise a full turn.
    ///
    /// # Errors
    /// [`Error::Usage`] with the key, the value and what is allowed.
    pub fn resolve(
        typed: &DesignFile,
        grid: Grid,
        wavelength: Metres,
        highest: Option<Metres>,
    ) -> Result<Self> {
        let resolved = || -> std::result::Result<Self, String> {
            let material = resolve::material(&typed.material)?;
            let printer = printer::printer(typed.printer.as_ref(), typed.fabrication.printer.as_deref())?;
            let turn = material.height(TAU, wavelength);
            let mut broken = Broken::default();
            let plate = plate::plate(&typed.fabrication, highest.unwrap_or(0.0).max(turn), &mut broken)?;
            broken.first()?;
            let plate = printer::fit(printer.as_ref(), plate, grid, highest.unwrap_or(turn), turn)?;
            let modulation = Modulation::of_material(&material, wavelength, plate.base_thickness, TAU);
            let stock = resolve::stock(&typed.material)?;
            Ok(LoneMask { grid, wavelength, material, modulation, plate, printer, stock })
        };
        resolved().map_err(Error::Usage)
    }
}
