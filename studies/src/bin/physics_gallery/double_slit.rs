//! Young's double slit, to angles where small-angle formulas fail.

use std::f64::consts::{FRAC_PI_4, PI};
use std::path::Path;

use d2nn::Result;
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::plots::{
    Axis, Brightness, Curve, IntensityMap, Origin, Phenomenon, PhenomenonPanel, PictureFormat,
};
use d2nn::propagation::Method;
use num_complex::Complex;

use crate::{
    MM, WAVELENGTH, WAVENUMBER, behind_screen, curve, middles, relative, report, sampled, side_view,
};

const SLIT: f64 = 0.75 * MM;
const SEPARATION: f64 = 3.0 * MM;

/// Two long slits: nothing depends on y, so one row of pixels is the whole plane.
pub fn double_slit(picture: &Path) -> Result<()> {
    let grid = Grid::new(1, 3200, 0.1875 * MM)?;
    let open = |x: f64| f64::from(u8::from((x.abs() - SEPARATION / 2.0).abs() < SLIT / 2.0));
    let slits = sampled(grid, |_, x| Complex::from(open(x)))?;
    let behind = |z: f64| behind_screen(&slits, z, Method::AngularSpectrum, 5.0);
    let row = |field: &WaveField<f64>| field.intensity().into_iter().collect::<Vec<_>>();
    let far_zone = |sine: f64, z: f64| {
        let cosine_squared = 1.0 - sine * sine;
        let envelope = PI * SLIT * sine / WAVELENGTH;
        let envelope = if envelope == 0.0 { 1.0 } else { envelope.sin() / envelope };
        let fringes = (PI * SEPARATION * sine / WAVELENGTH).cos();
        let r = z / cosine_squared.sqrt();
        4.0 * SLIT * SLIT / (WAVELENGTH * r) * cosine_squared * (envelope * fringes).powi(2)
    };
    let sine = |x: f64, z: f64| x / x.hypot(z);
    let seen = |z: f64| (0..3200).filter(move |&i| sine(grid.x(i), z).abs() <= 0.7);

    println!(
        "Double slit: two long slits of 0.75 mm, 3 mm apart, one row of pixels of 0.1875 mm, |sin(theta)| <= 0.7"
    );
    let mut last = (Vec::new(), 0.0);
    for z in [75.0 * MM, 150.0 * MM, 300.0 * MM] {
        let field = behind(z)?;
        let simulated: Vec<_> = seen(z).map(|i| field.amplitude[[0, i]]).collect();
        let integral: Vec<_> = seen(z).map(|i| slit_integral(grid.x(i), z)).collect();
        let intensity: Vec<_> = simulated.iter().map(|u| Complex::from(u.norm_sqr())).collect();
        let theory: Vec<_> = seen(z).map(|i| Complex::from(far_zone(sine(grid.x(i), z), z))).collect();
        report(
            &format!("field at {} mm against the Rayleigh-Sommerfeld integral, relative", z / MM),
            &format!("{:.1e}", relative(&simulated, &integral)),
        );
        report(
            &format!("intensity at {} mm against cos^2 sinc^2 with obliquity, relative", z / MM),
            &format!("{:.2} %", 100.0 * relative(&intensity, &theory)),
        );
        last = (row(&field), z);
    }
    let (screen, z) = last;
    let minima: Vec<f64> = seen(z)
        // The darkest pixel within 4 mm: a dark fringe is flat enough to have ripples of its own.
        .filter(|&i| (i - 21..=i + 21).all(|other| screen[i] <= screen[other]))
        .map(|i| {
            let (before, here, after) = (screen[i - 1], screen[i], screen[i + 1]);
            let shift = 0.5 * (before - after) / (before - 2.0 * here + after);
            sine(grid.x(i) + shift * grid.pixel_pitch(), z)
        })
        .collect();
    let spacing = (minima[minima.len() - 1] - minima[0]) / (minima.len() - 1) as f64;
    report(
        &format!("spacing of the {} dark fringes at 300 mm in sin(theta)", minima.len()),
        &format!("{spacing:.5}"),
    );
    report("wavelength / separation", &format!("{:.5}", WAVELENGTH / SEPARATION));

    let intensity = side_view(&middles(0.0, z, 300), |z| Ok(row(&behind(z)?)))?;
    let share = |intensity: f64| intensity / far_zone(0.0, z);
    let dots: Vec<_> = (-46..=46)
        .map(|step| {
            let sine = 0.015 * f64::from(step);
            let x = z * sine / (1.0 - sine * sine).sqrt();
            1600 + (x / grid.pixel_pitch()).floor() as i64
        })
        .filter_map(|i| usize::try_from(i).ok())
        .map(|i| (sine(grid.x(i), z), share(screen[i])))
        .collect();
    let theory = curve(-0.7, 0.7, 560, |sine| share(far_zone(sine, z)));
    Phenomenon {
        map: IntensityMap {
            intensity: &intensity,
            across: Axis { name: "z in mm, along the light", from: 0.0, to: 300.0 },
            upright: Axis { name: "x in mm", from: -300.0, to: 300.0 },
            brightness: Brightness::Decibels(-50.0),
            label: "dB relative to the maximum",
        },
        panels: &[PhenomenonPanel {
            across: Axis { name: "sin(θ) on the screen at z = 300 mm", from: -0.7, to: 0.7 },
            upright: Axis { name: "intensity, on the axis = 1", from: 0.0, to: 1.1 },
            curves: &[
                Curve { name: "far zone, cos² sinc²", origin: Origin::ClosedForm, points: &theory },
                Curve { name: "simulated", origin: Origin::Simulated, points: &dots },
            ],
        }],
        title: "Double slit",
        note: Some("Two long slits of 0.75 mm, 3 mm apart, wavelength 0.75 mm; fringes every 0.25 in sin(θ)"),
    }
    .write(picture, PictureFormat::Png)
}

/// The Rayleigh-Sommerfeld integral (first kind) over both slits, its y part done: (i k z / 2 r) H1(k r).
fn slit_integral(x: f64, z: f64) -> Complex<f64> {
    let parts = 2000;
    let slit = |centre: f64| {
        middles(centre - SLIT / 2.0, centre + SLIT / 2.0, parts).into_iter().map(|from| {
            let r = (x - from).hypot(z);
            Complex::new(0.0, WAVENUMBER * z / (2.0 * r)) * hankel_1(WAVENUMBER * r)
        })
    };
    let sum: Complex<f64> = slit(-SEPARATION / 2.0).chain(slit(SEPARATION / 2.0)).sum();
    sum * (SLIT / parts as f64)
}

/// The Hankel function of the first kind and order 1 for large x: Hankel's expansion to 1/x^3.
fn hankel_1(x: f64) -> Complex<f64> {
    let series = Complex::new(1.0 + 15.0 / 128.0 / (x * x), 3.0 / 8.0 / x - 315.0 / 3072.0 / x.powi(3));
    (2.0 / (PI * x)).sqrt() * Complex::cis(x - 3.0 * FRAC_PI_4) * series
}
