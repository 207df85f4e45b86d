//! Talbot carpet: a grating that images itself.

use std::f64::consts::{PI, TAU};
use std::path::Path;

use d2nn::Result;
use d2nn::grid::Grid;
use d2nn::plots::{
    Axis, Brightness, Curve, IntensityMap, Origin, Phenomenon, PhenomenonPanel, PictureFormat,
};
use num_complex::Complex;

use crate::{
    MM, WAVELENGTH, WAVENUMBER, behind_wave, curve, field_error, middles, report, sampled, side_view,
};

/// A grating with the orders 0 and +-1 in a periodic window.
pub fn talbot(picture: &Path) -> Result<()> {
    let period = 3.2 * MM;
    let exact = WAVELENGTH / (1.0 - (1.0 - (WAVELENGTH / period).powi(2)).sqrt());
    let paraxial = 2.0 * period * period / WAVELENGTH;
    // 16 periods: over two Talbot distances the first orders stay inside the band limit.
    let grid = Grid::new(1, 512, 0.1 * MM)?;
    let grating = sampled(grid, |_, x| Complex::from(0.5 + 0.5 * (TAU * x / period).cos()))?;
    let deviation = |z: f64| -> Result<f64> {
        let mut behind = behind_wave(&grating, z)?;
        behind.amplitude.mapv_inplace(|u| u * Complex::cis(-WAVENUMBER * z));
        Ok(field_error(&behind, &grating))
    };
    // Order 0 keeps the phase kz, the others turn once more in each Talbot distance.
    let theory = |z: f64, talbot: f64| (4.0f64 / 3.0).sqrt() * (PI * z / talbot).sin().abs();

    let mut ends = (26.0 * MM, 28.0 * MM);
    for _ in 0..60 {
        let third = (ends.1 - ends.0) / 3.0;
        let (low, high) = (ends.0 + third, ends.1 - third);
        if deviation(low)? < deviation(high)? { ends.1 = high } else { ends.0 = low }
    }
    println!(
        "Talbot carpet: period 3.2 mm, orders 0 and +-1, one row of 512 pixels of 0.1 mm, periodic window"
    );
    report(
        "field at the exact Talbot distance against the grating, relative",
        &format!("{:.1e}", deviation(exact)?),
    );
    report("the same at the paraxial distance", &format!("{:.1} %", 100.0 * deviation(paraxial)?));
    report("distance of the best self-image", &format!("{:.6} mm", ends.0 / MM));
    report("exact, wavelength / (1 - sqrt(1 - wavelength^2 / period^2))", &format!("{:.6} mm", exact / MM));
    report("paraxial, 2 period^2 / wavelength", &format!("{:.6} mm", paraxial / MM));

    let intensity = side_view(&middles(0.0, 2.0 * exact, 300), |z| {
        let behind = behind_wave(&grating, z)?.intensity();
        Ok((192..320).map(|column| behind[[0, column]]).collect())
    })?;
    let percent = |value: f64| 100.0 * value;
    let dots: Result<Vec<_>> =
        (0..=40).map(|i| 26.4 + 0.03 * f64::from(i)).map(|z| Ok((z, percent(deviation(z * MM)?)))).collect();
    let dots = dots?;
    let whole = curve(26.4, 27.6, 240, |z| percent(theory(z * MM, exact)));
    let wrong = curve(26.4, 27.6, 240, |z| percent(theory(z * MM, paraxial)));
    Phenomenon {
        map: IntensityMap {
            intensity: &intensity,
            across: Axis { name: "z in mm, along the light", from: 0.0, to: 2.0 * exact / MM },
            upright: Axis { name: "x in mm, four periods", from: -6.4, to: 6.4 },
            brightness: Brightness::Linear(1.0),
            label: "intensity, incident light = 1",
        },
        panels: &[PhenomenonPanel {
            across: Axis { name: "z in mm", from: 26.4, to: 27.6 },
            upright: Axis { name: "deviation from the grating in %", from: 0.0, to: 12.0 },
            curves: &[
                Curve { name: "exact", origin: Origin::ClosedForm, points: &whole },
                Curve { name: "paraxial", origin: Origin::Approximation, points: &wrong },
                Curve { name: "simulated", origin: Origin::Simulated, points: &dots },
            ],
        }],
        title: "Talbot carpet",
        note: Some(
            "A grating images itself at 26.926 mm: period 3.2 mm, orders 0 and ±1, wavelength 0.75 mm",
        ),
    }
    .write(picture, PictureFormat::Png)
}
