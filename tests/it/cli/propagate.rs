//! `d2nn propagate`: files in and out, the three methods against each other, and what is refused.

use std::fs;
use std::path::Path;

use d2nn::npy::{Number, array_bytes, read_array};
use ndarray::{Array2, Array3};
use num_complex::{Complex, Complex32, Complex64};

use crate::support::columns_first;
use crate::support::program::{Answer, claiming, d2nn};

const LENGTHS: [&str; 6] = ["--wavelength", "0.75 mm", "--pixel-pitch", "0.4 mm", "--distance", "20 mm"];

fn propagate(folder: &Path, field: &str, out: &str, more: &[&str]) -> Answer {
    d2nn(folder, &[&["propagate", field, "--out", out], &LENGTHS[..], more].concat())
}

fn write<A: Number>(path: &Path, field: &Array2<A>) {
    fs::write(path, array_bytes(field)).unwrap();
}

fn read64(path: &Path) -> Array2<Complex64> {
    read_array(&fs::read(path).unwrap()).unwrap()
}

fn read32(path: &Path) -> Array2<Complex32> {
    read_array(&fs::read(path).unwrap()).unwrap()
}

/// A beam of 3 mm, inclined and off the axis, on 48 x 56 pixels of 0.4 mm: 2e-5 of its amplitude at the edges.
fn beam() -> Array2<Complex64> {
    Array2::from_shape_fn((48, 56), |(y, x)| {
        let (y, x) = ((y as f64 - 23.5) * 0.4, (x as f64 - 28.5) * 0.4);
        Complex64::from_polar((-(x * x + y * y) / 9.0).exp(), 0.3 * x - 0.2 * y)
    })
}

/// |a - b| / |b| in the Euclidean norm.
fn difference(a: &Array2<Complex64>, b: &Array2<Complex64>) -> f64 {
    let norm = |field: &Array2<Complex64>| field.iter().map(|value| value.norm_sqr()).sum::<f64>().sqrt();
    norm(&(a - b)) / norm(b)
}

#[test]
fn three_methods_agree_on_a_smooth_beam() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(&path.join("in.npy"), &beam());
    let through = |method: &str, more: &[&str]| {
        let answer = propagate(path, "in.npy", "out.npy", &[&["--method", method], more].concat());
        assert!(answer.done().starts_with("48 x 56 pixels over 20 mm: power "), "{}", answer.stdout);
        assert_eq!(answer.stderr, "");
        read64(&path.join("out.npy"))
    };
    let direct = through("direct", &[]);
    let sampled = through("rayleigh-sommerfeld", &[]);
    // The same sum, by transforms: only rounding, log2(128 x 128) times 1e-16, and 1/r of 2e-16 k r in phases.
    assert!(difference(&sampled, &direct) < 1e-12, "{}", difference(&sampled, &direct));
    let spectrum = through("angular-spectrum", &["--padding", "8"]);
    // The beam is cut at 2e-5 of its amplitude; light from the cut edge is where the methods differ, and a
    // narrow beam leaves nothing at the frequencies that band limit and sampling touch.
    assert!(difference(&spectrum, &direct) < 1e-4, "{}", difference(&spectrum, &direct));
    // All of them moved the light: the beam is not where it was.
    assert!(difference(&direct, &beam()) > 0.1);
    // By itself it takes the sampled impulse response, which is safe here, and says so.
    let json = propagate(path, "in.npy", "default.npy", &["--json"]).json();
    assert_eq!(json["method"], "rayleigh-sommerfeld");
    assert_eq!(read64(&path.join("default.npy")), sampled);
}

#[test]
fn a_camera_sees_the_beam_at_its_own_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(&path.join("in.npy"), &beam());
    propagate(path, "in.npy", "plane.npy", &[]).done();
    // A third of the pitch, so that each pixel of the plane has one of the camera at its centre.
    let camera = [
        "--camera-pitch",
        "0.13333333333333333 mm",
        "--camera-pixels",
        "99",
        "--camera-at",
        "1.4 mm",
        "-0.6 mm",
    ];
    let json = propagate(path, "in.npy", "seen.npy", &[&camera[..], &["--json"]].concat()).json();
    assert_eq!((&json["rows"], &json["columns"]), (&99.into(), &99.into()));
    let (plane, seen) = (read64(&path.join("plane.npy")), read64(&path.join("seen.npy")));
    // The middle of the camera is half a pixel of the plane off its centres: row 22, column 31.
    for (row, column) in [(0, 0), (5, -9), (-16, 16)] {
        let here = plane[[(22 + row) as usize, (31 + column) as usize]];
        let there = seen[[(49 + 3 * row) as usize, (49 + 3 * column) as usize]];
        // The pitch is written with 17 digits.
        assert!((here - there).norm() < 1e-12, "{row} {column}: {here} {there}");
    }
    for (arguments, reason) in [
        (&["--camera-pitch", "0 mm"][..], "--camera-pitch"),
        (&["--camera-pitch", "1 mm", "--camera-pixels", "40"], "light is known within"),
        (&["--camera-pitch", "0.1 mm", "--camera-at", "9 mm", "0 mm"], "light is known within"),
        (&["--camera-pixels", "40"], "--camera-pitch"),
        (&["--camera-pitch", "0.1 mm", "--method", "direct"], "--method direct"),
    ] {
        propagate(path, "in.npy", "none.npy", arguments).fails(2, &[reason]);
        assert!(!path.join("none.npy").exists());
    }
}

#[test]
fn a_plane_wave_gains_exp_ikz() {
    // The sign convention of the help, on the axis of a wide bright aperture over a short distance.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(&path.join("in.npy"), &beam().mapv(|value| value.norm()));
    propagate(path, "in.npy", "out.npy", &["--method", "direct"]).done();
    let behind = read64(&path.join("out.npy"))[[23, 28]];
    let expected = std::f64::consts::TAU * 20.0 / 0.75;
    let phase = (behind * Complex64::cis(-expected)).arg();
    // A beam of waist 3 mm lags by its Gouy phase atan(z / z_R), z_R = pi 3^2 / 0.75 mm = 37.7 mm: -0.488.
    // Paraxial: the next order is the square of the divergence 0.08, 0.6 % of a radian.
    assert!((phase + (20.0f64 / 37.7).atan()).abs() < 0.02, "{phase}");
}

#[test]
fn precision_follows_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let real = beam().mapv(|value| value.norm());
    write(&path.join("f64.npy"), &real);
    write(&path.join("c128.npy"), &real.mapv(|value| Complex::new(value, 0.0)));
    write(&path.join("f32.npy"), &real.mapv(|value| value as f32));
    write(&path.join("c64.npy"), &real.mapv(|value| Complex32::new(value as f32, 0.0)));
    for name in ["f64", "c128", "f32", "c64"] {
        propagate(path, &format!("{name}.npy"), &format!("{name}.out.npy"), &[]).done();
    }
    let bytes = |name: &str| fs::read(path.join(format!("{name}.out.npy"))).unwrap();
    assert!(bytes("f64") == bytes("c128") && bytes("f32") == bytes("c64"));
    let double = read64(&path.join("f64.out.npy"));
    let single =
        read32(&path.join("f32.out.npy")).mapv(|value| Complex64::new(value.re.into(), value.im.into()));
    // Rounded twice to 24 bits, on the way in and out: 6e-8 each; computed in double precision.
    assert!(difference(&single, &double) < 1.2e-7, "{}", difference(&single, &double));
    assert!(single != double);
    // Columns first, as NumPy saves transposed arrays.
    fs::write(path.join("fortran.npy"), columns_first(&beam().reversed_axes())).unwrap();
    propagate(path, "fortran.npy", "fortran.out.npy", &[]).done();
    write(&path.join("turned.npy"), &beam().reversed_axes().as_standard_layout().into_owned());
    propagate(path, "turned.npy", "turned.out.npy", &[]).done();
    assert!(bytes("fortran") == bytes("turned"));
}

#[test]
fn warnings_and_darkness() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(&path.join("in.npy"), &beam());
    let near = propagate(path, "in.npy", "out.npy", &["--padding", "1"]);
    // Light that comes around the window meets itself, and may be more than came in.
    near.fails(1, &["--padding 1 is too little", "1.02 times the power it got"]);
    let angular = propagate(path, "in.npy", "out.npy", &["--padding", "1", "--method", "angular-spectrum"]);
    assert!(
        angular.stderr.contains("--padding 1 is too little") && angular.code == Some(0),
        "{}",
        angular.stderr
    );
    let lengths = ["--wavelength", "0.75 mm", "--pixel-pitch", "0.4 mm", "--distance", "2 mm"];
    let arguments = [&["propagate", "in.npy", "--out", "out.npy"], &lengths[..]].concat();
    let near = d2nn(path, &[&arguments[..], &["--method", "rayleigh-sommerfeld"]].concat());
    assert!(near.stderr.contains("undersampled beyond an offset of 5.388 mm"), "{}", near.stderr);
    // By itself it takes the other one, and has nothing to warn of.
    let json = d2nn(path, &[&arguments[..], &["--json"]].concat());
    assert_eq!((json.json()["method"].as_str(), json.stderr.as_str()), (Some("angular-spectrum"), ""));

    write(&path.join("dark.npy"), &Array2::<f32>::zeros((8, 8)));
    let dark = propagate(path, "dark.npy", "out.npy", &[]);
    assert!(dark.done().contains("no light in the input"), "{}", dark.stdout);
    assert_eq!(read32(&path.join("out.npy")), Array2::<Complex32>::zeros((8, 8)));
}

#[test]
fn files_that_are_no_fields_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let refused = |name: &str, words: &[&str]| {
        propagate(path, name, "out.npy", &[]).fails(1, &[&[name], words].concat());
    };
    let advice = "a two-dimensional array of numbers, real or complex";
    fs::write(path.join("3d.npy"), array_bytes(&Array3::<f64>::zeros((2, 2, 2)))).unwrap();
    refused("3d.npy", &["float64 of shape (2, 2, 2): 3 dimensions", advice]);
    fs::write(path.join("text.npy"), "1.0 2.0\n3.0 4.0\n").unwrap();
    refused("text.npy", &[advice]);
    fs::write(path.join("empty.npy"), "").unwrap();
    refused("empty.npy", &[advice]);
    write(&path.join("no rows.npy"), &Array2::<f32>::zeros((0, 4)));
    refused("no rows.npy", &["0 x 4 pixels"]);
    for bad in [f64::NAN, f64::INFINITY] {
        let mut field = beam();
        field[[1, 2]].im = bad;
        write(&path.join("bad.npy"), &field);
        refused("bad.npy", &["not finite at [1, 2]"]);
    }
    write(&path.join("whole field.npy"), &beam());
    let bytes = fs::read(path.join("whole field.npy")).unwrap();
    for length in [5, 11, 60, bytes.len() / 2, bytes.len() - 1] {
        fs::write(path.join("cut.npy"), &bytes[..length]).unwrap();
        refused("cut.npy", &[]);
    }
    // A header that claims petabytes must not be believed.
    let lying = claiming(&bytes, "(48, 56)", "(9999999, 9999999)");
    fs::write(path.join("lying.npy"), lying).unwrap();
    refused("lying.npy", &["more than the file holds"]);
    refused("absent.npy", &["cannot read"]);
    refused(".", &[]);
    assert!(!path.join("out.npy").exists());
}

#[test]
fn wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(&path.join("in.npy"), &beam());
    for (place, value, words) in [
        (1, "0.75", ["--wavelength", "no unit"]),
        (1, "400 GHz", ["--wavelength", "unknown unit"]),
        (3, "0 mm", ["--pixel-pitch", "above zero"]),
        (5, "far", ["--distance", "not a length"]),
        (5, "inf m", ["--distance", "\"inf m\""]),
    ] {
        let mut lengths = LENGTHS;
        lengths[place] = value;
        let arguments = [&["propagate", "in.npy", "--out", "out.npy"], &lengths[..]].concat();
        d2nn(path, &arguments).fails(2, &words);
    }
    d2nn(path, &["propagate", "in.npy", "--out", "out.npy"]).fails(2, &["--wavelength", "--distance"]);
    for padding in ["0.5", "17", "nan"] {
        propagate(path, "in.npy", "out.npy", &["--padding", padding]).fails(2, &["--padding"]);
    }
    propagate(path, "in.npy", "out.npy", &["--method", "fresnel"]).fails(2, &["fresnel", "angular-spectrum"]);
    fs::create_dir(path.join("folder")).unwrap();
    propagate(path, "in.npy", "folder", &[]).fails(2, &["folder: it is a folder", "name a file"]);
    propagate(path, "in.npy", "in.npy/out.npy", &[]).fails(1, &["in.npy/out.npy"]);
    // Beyond what numbers hold: said, not written as fields of NaN.
    for distance in ["1e300 m", "1e-300 m"] {
        let lengths = ["--wavelength", "0.75 mm", "--pixel-pitch", "0.4 mm", "--distance", distance];
        for method in ["direct", "rayleigh-sommerfeld", "angular-spectrum"] {
            let rest = ["propagate", "in.npy", "--out", "out.npy", "--method", method];
            let answer = d2nn(path, &[&rest[..], &lengths].concat());
            if answer.code == Some(0) {
                let field = read64(&path.join("out.npy"));
                assert!(field.iter().all(|value| value.is_finite()), "{method} {distance}");
                fs::remove_file(path.join("out.npy")).unwrap();
            } else {
                assert!(answer.code == Some(1) && answer.stderr.contains("not finite"), "{}", answer.stderr);
            }
        }
    }
    assert!(!path.join("out.npy").exists());
    // The field itself is no place for what becomes of it.
    write(&path.join("own.npy"), &beam());
    let before = fs::read(path.join("own.npy")).unwrap();
    for out in ["own.npy", "./own.npy"] {
        propagate(path, "own.npy", out, &[]).fails(2, &["own.npy is the field itself"]);
    }
    assert!(fs::read(path.join("own.npy")).unwrap() == before);
}

#[test]
fn near_contact_keeps_the_power_or_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(&path.join("in.npy"), &beam());
    // A beam of 3 mm on samples of 0.3 mm: its middle is exp(-2 (0.15 / 3)^2) = 0.99501, half a sample from the axis in
    // each direction, and loses (0.1 / 37.7)^2 / 2 = 4e-6 in a tenth of a millimetre, with a Rayleigh length of 37.7 mm.
    let gaussian = Array2::from_shape_fn((48, 48), |(y, x)| {
        let (y, x) = ((y as f64 - 23.5) * 0.3, (x as f64 - 23.5) * 0.3);
        Complex64::from((-(x * x + y * y) / 9.0).exp())
    });
    write(&path.join("gaussian.npy"), &gaussian);
    for distance in ["0.1 mm", "0.01 mm"] {
        let fine = ["--wavelength", "0.75 mm", "--pixel-pitch", "0.3 mm", "--distance", distance, "--json"];
        let answer = d2nn(path, &[&["propagate", "gaussian.npy", "--out", "out.npy"], &fine[..]].concat());
        let kept = answer.json()["power_kept"].as_f64().unwrap();
        assert!((kept - 1.0).abs() < 1e-6 && answer.stderr.is_empty(), "{kept} {}", answer.stderr);
        let middle = read64(&path.join("out.npy"))[[24, 24]].norm();
        assert!((middle - 0.995_012).abs() < 1e-5, "{distance}: {middle}");
        let lengths = ["--wavelength", "0.75 mm", "--pixel-pitch", "0.4 mm", "--distance", distance];
        let arguments = [&["propagate", "in.npy", "--out", "out.npy"], &lengths[..]].concat();
        let answer = d2nn(path, &[&arguments[..], &["--json"]].concat());
        let kept = answer.json()["power_kept"].as_f64().unwrap();
        // The beam is cut at 2e-5 of its amplitude: nothing else can be lost.
        assert!((kept - 1.0).abs() < 1e-6 && answer.stderr.is_empty(), "{kept} {}", answer.stderr);
        fs::remove_file(path.join("out.npy")).unwrap();
        for method in ["rayleigh-sommerfeld", "direct"] {
            let answer = d2nn(path, &[&arguments[..], &["--method", method]].concat());
            answer.fails(1, &["times the power it got", "safely sampled from a distance of 1 mm on"]);
            assert!(!path.join("out.npy").exists(), "{method}");
        }
    }
}

#[test]
fn light_at_the_edge_of_the_band_is_told_and_gains_no_power() {
    // A hole of 0.5 mm in light of 1 um at 25 mrad, sampled every 20 um: half a turn a sample.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let hole = |turns: f64| {
        Array2::from_shape_fn((300, 300), |(y, x)| {
            let (y, x) = (y as f64 - 149.5, x as f64 - 149.5);
            let open = if y.abs().max(x.abs()) < 12.5 { 1.0 } else { 0.0 };
            Complex64::from_polar(open, std::f64::consts::TAU * turns * x)
        })
    };
    write(&path.join("tilt.npy"), &hole(0.5));
    let lengths = ["--wavelength", "1 um", "--pixel-pitch", "20 um", "--distance", "100 mm"];
    let through = |file: &str, more: &[&str]| {
        d2nn(path, &[&["propagate", file, "--out", "out.npy"], &lengths[..], more].concat())
    };
    let answer = through("tilt.npy", &["--json"]);
    let (kept, method) = (answer.json()["power_kept"].as_f64().unwrap(), answer.json()["method"].clone());
    // Two spots 2.5 mm from the axis, in a plane of 3 mm to each side: little is lost, nothing gained.
    assert!((0.9..=1.0).contains(&kept) && method == "angular-spectrum", "{kept} {method}");
    assert!(answer.stderr.contains("by half a turn from sample to sample"), "{}", answer.stderr);
    fs::remove_file(path.join("out.npy")).unwrap();
    through("tilt.npy", &["--method", "rayleigh-sommerfeld"])
        .fails(1, &["undersampled beyond an offset of 2.501 mm", "times the power it got", "--method auto"]);
    assert!(!path.join("out.npy").exists());
    // A quarter of a turn is inside the band, and light without any order fills it evenly.
    write(&path.join("quarter.npy"), &hole(0.25));
    let mut seed = 1u64;
    let mut turn = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 40) as f64 / (1u64 << 24) as f64
    };
    let rough = Array2::from_shape_simple_fn((64, 64), || Complex64::cis(std::f64::consts::TAU * turn()));
    write(&path.join("rough.npy"), &rough);
    for file in ["quarter.npy", "rough.npy"] {
        let answer = through(file, &[]);
        answer.done();
        assert_eq!(answer.stderr, "", "{file}");
    }
}

/// A NumPy file of version 1 whose header claims `descriptor` and `shape`.
fn numpy(descriptor: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values);
    bytes
}

#[test]
fn any_kind_of_number_is_read_and_damage_is_called_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let whole = |(y, x): (usize, usize)| ((3 * y + 5 * x) % 11) as u16;
    let field = Array2::from_shape_fn((24, 40), whole);
    write(&path.join("f8.npy"), &field.mapv(f64::from));
    propagate(path, "f8.npy", "expected.npy", &[]).done();
    let expected = read64(&path.join("expected.npy"));
    // 0 to 10 in half precision: sign, exponent from 15, fraction.
    let halves: [u16; 11] =
        [0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700, 0x4800, 0x4880, 0x4900];
    let bytes = |of: &dyn Fn(u16) -> Vec<u8>| field.iter().flat_map(|value| of(*value)).collect::<Vec<u8>>();
    let complex = bytes(&|value| [f64::from(value).to_le_bytes(), [0; 8]].concat());
    for (name, file) in [
        ("i4", numpy("<i4", "(24, 40)", &bytes(&|value| i32::from(value).to_le_bytes().to_vec()))),
        ("u2", numpy("<u2", "(24, 40)", &bytes(&|value| value.to_le_bytes().to_vec()))),
        ("big-endian", numpy(">u2", "(24, 40)", &bytes(&|value| value.to_be_bytes().to_vec()))),
        ("f2", numpy("<f2", "(24, 40)", &bytes(&|value| halves[usize::from(value)].to_le_bytes().to_vec()))),
        ("python2", numpy("<c16", "(24L, 40L)", &complex)),
        ("c16", numpy("<c16", "(24, 40)", &complex)),
    ] {
        fs::write(path.join(format!("{name}.npy")), file).unwrap();
        propagate(path, &format!("{name}.npy"), "out.npy", &[]).done();
        assert_eq!(read64(&path.join("out.npy")), expected, "{name}");
        fs::remove_file(path.join("out.npy")).unwrap();
    }
    let longer = [&complex[..], &[0; 16]].concat();
    for (name, file, words) in [
        (
            "cut",
            numpy("<c16", "(24, 40)", &complex[16..]),
            "complex128 of shape (24, 40), 15360 bytes: more than",
        ),
        ("trailing", numpy("<c16", "(24, 40)", &longer), "complex128 of shape (24, 40), and 16 bytes follow"),
        ("three", numpy("<c16", "(2, 12, 40)", &complex), "complex128 of shape (2, 12, 40): 3 dimensions"),
        ("short", numpy("<i4", "(24, 40)", &[0; 1920]), "int32 of shape (24, 40), 3840 bytes: more than"),
        ("long-double", numpy("<f16", "(24, 40)", &complex), "'<f16', which is not read"),
    ] {
        fs::write(path.join(format!("{name}.npy")), file).unwrap();
        propagate(path, &format!("{name}.npy"), "out.npy", &[]).fails(1, &[&format!("{name}.npy"), words]);
        assert!(!path.join("out.npy").exists(), "{name}");
    }
}
