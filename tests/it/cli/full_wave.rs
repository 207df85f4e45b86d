//! `d2nn full-wave`: what it writes for a solver, and what it says of what one found.

use std::fs;
use std::path::Path;

use d2nn::npy::{Archive, ArchiveWriter};
use ndarray::{Array2, Ix0, Ix2, arr0};
use num_complex::Complex64;

use crate::support::program::{Answer, d2nn, names, trained};

fn full_wave(out: &Path, more: &[&str]) -> Answer {
    let out = out.to_str().unwrap();
    let arguments = ["full-wave", "device", "--data", "data", "--out", out];
    d2nn(&trained().folder, &[&arguments, more].concat())
}

fn light(folder: &Path) -> Archive {
    Archive::open(fs::read(folder.join("light.npz")).unwrap()).unwrap()
}

fn field(archive: &mut Archive, name: &str) -> Array2<Complex64> {
    archive.part::<Complex64, Ix2>(name).unwrap()
}

/// What a solver would write that found `behind`.
fn write_result(folder: &Path, behind: &Array2<Complex64>) {
    let mut archive = light(folder);
    let mut writer = ArchiveWriter::default();
    for name in archive.names() {
        match name.as_str() {
            "heights" => writer.add(&name, &archive.part::<f64, Ix2>(&name).unwrap()).unwrap(),
            "incident" | "thin" | "equivalent" | "sliced" | "wpm" => {
                writer.add(&name, &field(&mut archive, &name)).unwrap();
            }
            _ => writer.add(&name, &archive.part::<f64, Ix0>(&name).unwrap()).unwrap(),
        }
    }
    writer.add("behind", behind).unwrap();
    writer.add("transmitted", &arr0(0.75)).unwrap();
    writer.add("cells", &arr0(20.0)).unwrap();
    fs::write(folder.join("result.npz"), writer.finish().unwrap()).unwrap();
}

#[test]
fn a_solver_that_finds_what_a_model_says_agrees_with_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // 10 pixels of 0.4 mm and 2 on each side, with 4 samples a pixel for light in plastic.
    let answer = full_wave(path, &["--mask", "2", "--crop", "4 mm", "--at", "-1.2 mm", "0.8 mm"]);
    assert!(
        answer.done().contains("14 x 14 pixels of mask 2 from row 27 and column 22 on"),
        "{}",
        answer.stdout
    );
    assert_eq!(names(path), ["README.md", "full-wave.py", "light.npz"].map(String::from).into());
    let mut archive = light(path);
    assert_eq!(archive.part::<f64, Ix2>("heights").unwrap().dim(), (14, 14));
    let incident = field(&mut archive, "incident");
    assert_eq!(incident.dim(), (56, 56));
    // Light fades out in the margin: at the corner sin^2(pi/32) twice.
    let edge = incident.row(0).iter().map(|u| u.norm()).fold(0.0, f64::max);
    let middle = incident.row(28).iter().map(|u| u.norm()).fold(0.0, f64::max);
    assert!(edge < 0.05 * middle, "{edge} {middle}");
    let sliced = field(&mut archive, "sliced");
    write_result(path, &sliced.mapv(|u| u * Complex64::new(0.0, 0.5)));
    let result = path.join("result.npz");
    let call = ["full-wave", "--result", result.to_str().unwrap()];
    let json = d2nn(path, &[&call[..], &["--json"]].concat()).json();
    let of = |model: usize, key: &str| json["models"][model][key].as_f64().unwrap();
    assert_eq!(json["models"][2]["model"], "sliced");
    // A factor is no difference of shape, but one of power; rounding of double precision.
    assert!((of(2, "correlation") - 1.0).abs() < 1e-9, "{json}");
    assert!((json["power"].as_f64().unwrap() - 0.25 * of(2, "power")).abs() < 1e-9, "{json}");
    // A trained mask of 0.4 mm is no thin sheet, nor one slice.
    assert!(of(0, "correlation") < 0.9 && of(1, "correlation") < 0.97, "{json}");
    assert_eq!(
        (json["transmitted"].as_f64(), json["cells_per_wavelength"].as_f64()),
        (Some(0.75), Some(20.0))
    );
    let text = d2nn(path, &call).done().to_owned();
    assert!(text.contains("20.0 cells a wavelength") && text.contains("75.0 % of the power"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("sliced") && line.contains("1.000")), "{text}");
}

#[test]
fn what_no_piece_is_and_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let piece = path.join("piece");
    for (flags, words) in [
        (&["--mask", "3"][..], &["--mask 3", "1 to 2"][..]),
        (&["--crop", "1.1 mm"], &["--crop \"1.1 mm\"", "0.4 mm", "\"1.2 mm\""]),
        (&["--crop", "0 mm"], &["--crop"]),
        (&["--crop", "4 mm", "--margin=-0.4 mm"], &["--margin", "below zero"]),
        (&["--crop", "4 mm", "--at", "12 mm", "0 mm"], &["14 x 14", "64 x 64", "--at"]),
        (&["--crop", "40 mm"], &["104 x 104", "64 x 64"]),
        (&["--crop", "4 mm", "--image", "99999"], &["--image 99999"]),
    ] {
        full_wave(&piece, flags).fails(2, words);
    }
    assert!(!piece.exists(), "nothing was begun");
    d2nn(path, &["full-wave"]).fails(2, &["DEVICE"]);
    d2nn(path, &["full-wave", "--result", "absent.npz"]).fails(1, &["absent.npz"]);
    fs::write(path.join("text.npz"), "no archive").unwrap();
    d2nn(path, &["full-wave", "--result", "text.npz"]).fails(1, &["text.npz"]);
    full_wave(&piece, &["--crop", "2 mm"]).done();
    let here = |name: &str| piece.join(name).to_str().unwrap().to_owned();
    // What was written for the solver is no result.
    d2nn(path, &["full-wave", "--result", &here("light.npz")]).fails(1, &["light.npz", "behind"]);
    write_result(&piece, &Array2::zeros((4, 4)));
    d2nn(path, &["full-wave", "--result", &here("result.npz")]).fails(1, &["behind", "same samples"]);
    let whole = ["full-wave", "--result", &here("result.npz"), "--json"];
    write_result(&piece, &Array2::zeros((36, 36)));
    let dark = d2nn(path, &whole).json();
    // A dark field is like none.
    assert_eq!((dark["power"].as_f64(), dark["models"][0]["correlation"].as_f64()), (Some(0.0), Some(0.0)));
    write_result(&piece, &Array2::from_elem((36, 36), Complex64::new(f64::NAN, 0.0)));
    d2nn(path, &["full-wave", "--result", &here("result.npz")]).fails(1, &["behind", "not finite"]);
}

#[test]
fn a_piece_and_its_light_have_one_wavelength() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own"), folder.path().join("other"));
    full_wave(&own, &["--crop", "4 mm"]).done();
    full_wave(&other, &["--crop", "4 mm", "--wavelengths", "0.7 mm"]).done();
    let wavelength = |folder: &Path| light(folder).part::<f64, Ix0>("wavelength").unwrap().into_scalar();
    assert!((wavelength(&own) - 0.75e-3).abs() < 1e-12);
    assert!((wavelength(&other) - 0.7e-3).abs() < 1e-12);
    // The relief is the printed one, whatever the light.
    let heights = |folder: &Path| light(folder).part::<f64, Ix2>("heights").unwrap();
    assert_eq!(heights(&own), heights(&other));
    // What falls on it is what the models get: thin sheets keep its power.
    let mut archive = light(&other);
    let (incident, thin) = (field(&mut archive, "incident"), field(&mut archive, "thin"));
    let power = |field: &Array2<Complex64>| field.iter().map(|u| u.norm_sqr()).sum::<f64>();
    assert!(power(&thin) <= power(&incident) * (1.0 + 1e-9));
}
