//! Poisson's (Arago's) spot: light in the middle of a shadow.

use std::f64::consts::PI;
use std::path::Path;

use d2nn::Result;
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::plots::{
    Axis, Brightness, Curve, IntensityMap, Origin, Phenomenon, PhenomenonPanel, PictureFormat,
};
use d2nn::propagation::Method;
use num_complex::Complex;

use crate::{MM, WAVELENGTH, WAVENUMBER, behind_screen, curve, middles, report, sampled};

const RADIUS: f64 = 10.0 * MM;

/// The field behind an opaque disc in a plane wave: the wave without what a hole of that shape lets through
/// (Babinet). So light from beyond the window is there too.
fn behind_disc((rows, columns): (usize, usize), pitch: f64, z: f64) -> Result<WaveField<f64>> {
    let hole = sampled(Grid::new(rows, columns, pitch)?, |y, x| {
        Complex::from(f64::from(u8::from(x.hypot(y) <= RADIUS)))
    })?;
    let mut field = behind_screen(&hole, z, Method::RayleighSommerfeld, 2.0)?;
    field.amplitude.mapv_inplace(|u| Complex::cis(WAVENUMBER * z) - u);
    Ok(field)
}

/// The bright spot in the middle of the shadow of a disc.
pub fn poisson_spot(picture: &Path) -> Result<()> {
    let on_axis = |z: f64| z * z / (z * z + RADIUS * RADIUS);
    let distances: Vec<f64> = (3..=18).map(|i| f64::from(i) * 5.0 * MM).collect();
    println!("Poisson spot: opaque disc of 10 mm radius, plane wave, on the axis at z = 15, 20, ..., 90 mm");
    let mut dots = Vec::new();
    for (side, pitch) in [(51, 0.4 * MM), (101, 0.2 * MM), (201, 0.1 * MM)] {
        let (mut errors, mut points) = (Vec::new(), Vec::new());
        for &z in &distances {
            let spot = behind_disc((side, side), pitch, z)?.intensity()[[side / 2, side / 2]];
            errors.push((spot / on_axis(z) - 1.0).abs());
            points.push((z / MM, spot));
        }
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        let worst = errors.iter().copied().fold(0.0, f64::max);
        report(
            &format!("intensity against z^2/(z^2 + a^2), pixels of {:.1} mm, mean and worst", pitch / MM),
            &format!("{:.2} %, {:.2} %", 100.0 * mean, 100.0 * worst),
        );
        // Edge light meets the axis under sin(alpha) = a/s; a square pixel sends that much less of it there.
        let steepest = RADIUS / distances[0].hypot(RADIUS);
        report(
            "  stairs of the edge at 15 mm: (pi p sin(alpha) / wavelength)^2 / 3",
            &format!("{:.2} %", 100.0 * (PI * pitch * steepest / WAVELENGTH).powi(2) / 3.0),
        );
        dots = points;
    }

    let (rows, columns, z) = (397, 341, 30.0 * MM);
    let field = behind_disc((rows, columns), 0.1 * MM, z)?;
    let intensity = field.intensity();
    let s = z.hypot(RADIUS);
    let bessel = |rho: f64| on_axis(z) * bessel_j0(WAVENUMBER * RADIUS * rho / s).powi(2);
    let profile: Vec<(f64, f64)> =
        (0..=30).map(|i| (0.1 * f64::from(i), intensity[[rows / 2, columns / 2 + i as usize]])).collect();
    let first_dark = 2.404_825_557_695_773 * s / (WAVENUMBER * RADIUS);
    let worst = |radius: f64| {
        let near = profile.iter().filter(|(rho, _)| rho * MM <= radius);
        100.0 * near.map(|(rho, value)| (value - bessel(rho * MM)).abs()).fold(0.0, f64::max) / on_axis(z)
    };
    report(
        "first dark ring of J0^2(k a rho / sqrt(z^2 + a^2)) at z = 30 mm",
        &format!("{:.3} mm", first_dark / MM),
    );
    report(
        "profile against J0^2 inside it, 0.1 mm, worst of the peak",
        &format!("{:.2} %", worst(first_dark)),
    );
    report("the same up to 3 mm", &format!("{:.2} %", worst(3.0 * MM)));

    let (half_y, half_x) = (0.05 * rows as f64, 0.05 * columns as f64);
    let axis_curve = curve(12.0, 93.0, 200, |z| on_axis(z * MM));
    let bessel_curve = curve(0.0, 3.0, 300, |rho| bessel(rho * MM));
    Phenomenon {
        map: IntensityMap {
            intensity: &intensity,
            across: Axis { name: "x in mm, at z = 30 mm", from: -half_x, to: half_x },
            upright: Axis { name: "y in mm", from: -half_y, to: half_y },
            brightness: Brightness::Linear(1.4),
            label: "intensity, incident light = 1",
        },
        panels: &[
            PhenomenonPanel {
                across: Axis { name: "z in mm, on the axis", from: 12.0, to: 93.0 },
                upright: Axis { name: "intensity", from: 0.6, to: 1.05 },
                curves: &[
                    Curve { name: "exact, z²/(z² + a²)", origin: Origin::ClosedForm, points: &axis_curve },
                    Curve { name: "simulated", origin: Origin::Simulated, points: &dots },
                ],
            },
            PhenomenonPanel {
                across: Axis { name: "distance from the axis in mm, at z = 30 mm", from: 0.0, to: 3.0 },
                upright: Axis { name: "intensity", from: 0.0, to: 1.0 },
                curves: &[
                    Curve { name: "J₀², near the axis", origin: Origin::Approximation, points: &bessel_curve },
                    Curve { name: "simulated", origin: Origin::Simulated, points: &profile },
                ],
            },
        ],
        title: "Poisson spot",
        note: Some("Light in the middle of the shadow of a disc of 10 mm radius: wavelength 0.75 mm, pixels of 0.1 mm"),
    }
    .write(picture, PictureFormat::Png)
}

/// J0(x) = 1/pi times the integral of cos(x sin t) from 0 to pi; the midpoint rule converges at once.
fn bessel_j0(x: f64) -> f64 {
    middles(0.0, PI, 64).into_iter().map(|t| (x * t.sin()).cos()).sum::<f64>() / 64.0
}
