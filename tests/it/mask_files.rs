//! Mask files as people make them: double precision, large phases, other kinds of numbers.

use std::f64::consts::TAU;
use std::path::Path;

use d2nn::bench::Bench;
use d2nn::design::folder::parse_mask;
use d2nn::design::{Design, DesignFile};
use d2nn::element::Modulation;
use d2nn::npy::array_bytes;
use d2nn::reference::Network;
use ndarray::Array2;
use num_complex::Complex;

use crate::support::device::SMALL;
use crate::support::random_image;

fn bench() -> Bench {
    Design::resolve("small", &DesignFile::parse("small", SMALL).unwrap()).unwrap().bench
}

fn parsed(bytes: &[u8], bench: &Bench) -> d2nn::Result<Vec<Array2<f32>>> {
    parse_mask(Path::new("mask-1.npy"), bytes, bench, 0)
}

/// A lens of 12 mm, as it is written down: exp(-i k sqrt(r^2 + f^2)), and `turns` whole turns on top.
fn lens(turns: f64) -> Array2<f64> {
    let bench = bench();
    let (grid, k) = (bench.grid(), TAU / bench.wavelength);
    let phase = |(y, x)| -k * (grid.y(y).powi(2) + grid.x(x).powi(2) + 12e-3f64.powi(2)).sqrt();
    Array2::from_shape_fn(grid.shape(), phase) + TAU * turns
}

/// Distance on the circle.
fn apart(a: f64, b: f64) -> f64 {
    let turns = (a - b) / TAU;
    TAU * (turns - turns.round()).abs()
}

#[test]
fn large_phases_are_wrapped_while_they_have_their_digits() {
    let bench = bench();
    let plain = lens(0.0);
    for turns in [0.0, 1000.0, -1e6, 1e9] {
        let read = parsed(&array_bytes(&lens(turns)), &bench).unwrap();
        // One rounding to single precision below a turn, 2.4e-7; double precision in the file has 1e-16 of the phase.
        let bound = 3e-7 + 2e-15 * TAU * f64::abs(turns);
        for (read, phase) in read[0].iter().zip(&plain) {
            assert!(apart((*read).into(), *phase) < bound, "{turns}: {read} {phase}");
        }
    }
    // The same light: the readings of the lens do not know how many turns it was written with.
    let readings = |turns: f64| {
        let mask = parsed(&array_bytes(&lens(turns)), &bench).unwrap().remove(0);
        let network = Network::<f64>::new(bench.clone(), vec![mask.mapv(f64::from), Array2::zeros((64, 64))]);
        network.unwrap().readings(random_image((28, 28), 3).view()).unwrap()
    };
    for (a, b) in readings(0.0).iter().zip(readings(-1e6)) {
        // Phases 1e-8 apart, and the rounding of either to single precision.
        assert!((a / b - 1.0).abs() < 1e-5, "{a} {b}");
    }
    // What single precision holds is kept as it is, beyond a turn as well.
    let single = plain.mapv(|phase| phase as f32);
    assert_eq!(parsed(&array_bytes(&single), &bench).unwrap()[0], single);
    assert_eq!(parsed(&array_bytes(&single.mapv(f64::from)), &bench).unwrap()[0], single);
}

#[test]
fn double_precision_transmissions_keep_their_phase() {
    let bench = Bench { modulation: Modulation::Complex, ..bench() };
    let phase = lens(0.0);
    let wide = phase.mapv(|phase| Complex::from_polar(0.5, phase));
    let read = parsed(&array_bytes(&wide), &bench).unwrap();
    for ((read, amplitude), phase) in read[0].iter().zip(&read[1]).zip(&phase) {
        assert!(apart((*read).into(), *phase) < 3e-7 && (amplitude - 0.5).abs() < 1e-7);
    }
}

#[test]
fn other_kinds_are_named_and_so_is_what_belongs_there() {
    let bench = bench();
    let zeros = |descriptor: &str, width: usize| {
        let header = format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': (64, 64), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.resize(bytes.len() + 64 * 64 * width, 0);
        bytes
    };
    for (descriptor, width, name) in
        [("<i4", 4, "int32"), ("<u2", 2, "uint16"), ("<f2", 2, "float16"), ("<c16", 16, "complex128")]
    {
        let message = parsed(&zeros(descriptor, width), &bench).unwrap_err().to_string();
        let expected = format!(
            "mask-1.npy: it holds {name} of shape (64, 64), not float32: a mask of this device is 64 x 64 float32, in \
             radians"
        );
        assert_eq!(message, expected);
    }
    assert!(parsed(&zeros("<f8", 8), &bench).is_ok());
    let message = parsed(&zeros("<f8", 7), &bench).unwrap_err().to_string();
    assert!(
        message.contains("float64 of shape (64, 64), 32768 bytes: more than the file holds"),
        "{message}"
    );
}
