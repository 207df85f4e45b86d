//! Gaussian beam: the exact one against the paraxial one.

use std::f64::consts::PI;
use std::path::Path;

use d2nn::Result;
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::plots::{
    Axis, Brightness, Curve, IntensityMap, Origin, Phenomenon, PhenomenonPanel, PictureFormat,
};
use num_complex::Complex;

use crate::{MM, WAVELENGTH, WAVENUMBER, behind_wave, field_error, middles, report, sampled, side_view};

/// A beam that solves the Helmholtz equation, and the paraxial one that resembles it.
pub fn gaussian_beam(picture: &Path) -> Result<()> {
    let grid = Grid::new(512, 512, 0.3 * MM)?;
    let (rayleigh, start) = (8.0 * MM, 6.0 * MM);
    let exact = |z: f64| {
        sampled(grid, |y, x| {
            let axial = Complex::new(z, -rayleigh);
            let root = (axial * axial + x * x + y * y).sqrt();
            let r = if root.im > 0.0 { -root } else { root };
            (Complex::i() * WAVENUMBER * r - WAVENUMBER * rayleigh).exp() / r
        })
    };
    let paraxial = |z: f64| {
        sampled(grid, |y, x| {
            let axial = Complex::new(z, -rayleigh);
            (Complex::i() * WAVENUMBER * (z + (x * x + y * y) / (2.0 * axial))).exp() / axial
        })
    };
    let first = exact(start)?;
    let waist = (WAVELENGTH * rayleigh / PI).sqrt();
    println!(
        "Gaussian beam: waist {:.2} mm at z = 0, from z = 6 mm on, 512 x 512 pixels of 0.3 mm",
        waist / MM
    );
    let z = 60.0 * MM;
    for z in [30.0 * MM, z] {
        let field = behind_wave(&first, z - start)?;
        report(
            &format!("field at {} mm against the complex source point, relative", z / MM),
            &format!("{:.1e}", field_error(&field, &exact(z)?)),
        );
        report(
            &format!("paraxial formula at {} mm against the complex source point, relative", z / MM),
            &format!("{:.1} %", 100.0 * field_error(&paraxial(z)?, &exact(z)?)),
        );
    }

    let intensity = side_view(&middles(start, z, 120), |z| {
        let behind = behind_wave(&first, z - start)?.intensity();
        Ok((176..336).map(|row| behind[[row, 256]]).collect())
    })?;
    let simulated = behind_wave(&first, z - start)?;
    let profile = |field: &WaveField<f64>, step: usize| -> Vec<(f64, f64)> {
        let intensity = field.intensity();
        let level = |i: usize| 10.0 * (intensity[[i, 256]] / intensity[[256, 256]]).log10();
        (256..386).step_by(step).map(|i| (grid.y(i) / MM, level(i))).collect()
    };
    let (dots, whole, wrong) = (profile(&simulated, 3), profile(&exact(z)?, 1), profile(&paraxial(z)?, 1));
    Phenomenon {
        map: IntensityMap {
            intensity: &intensity,
            across: Axis { name: "z in mm, along the light", from: start / MM, to: z / MM },
            upright: Axis { name: "y in mm", from: -24.0, to: 24.0 },
            brightness: Brightness::Decibels(-40.0),
            label: "dB relative to the maximum",
        },
        panels: &[PhenomenonPanel {
            across: Axis { name: "y in mm, at z = 60 mm", from: 0.0, to: 36.0 },
            upright: Axis { name: "dB relative to the axis", from: -100.0, to: 0.0 },
            curves: &[
                Curve { name: "exact", origin: Origin::ClosedForm, points: &whole },
                Curve { name: "paraxial", origin: Origin::Approximation, points: &wrong },
                Curve { name: "simulated", origin: Origin::Simulated, points: &dots },
            ],
        }],
        title: "Gaussian beam",
        note: Some("The exact beam of a complex source point, waist 1.38 mm at z = 0, wavelength 0.75 mm"),
    }
    .write(picture, PictureFormat::Png)
}
