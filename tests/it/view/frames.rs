//! What the page is told is what the library computes: each frame against the plain reference pass in double precision.

use d2nn::bench::Bench;
use d2nn::dataset::Split;
use d2nn::design::Device;
use d2nn::element::{Modulation, Thickness};
use d2nn::evaluation::imaging::likeness;
use d2nn::misalignment::{Displacement, Misalignment};
use d2nn::reference::{Instrument, Light, Network};
use ndarray::{Array2, Axis};
use num_complex::Complex;
use serde_json::{Value, json};

use super::client::{Shown, device, small_with};
use crate::support::device::{SMALL, some_images};
use crate::support::pictures;

fn image() -> Array2<f32> {
    some_images(Split::Test, 20).batch(&[3]).index_axis_move(Axis(0), 0)
}

fn pixels() -> Vec<u8> {
    image().iter().map(|value| (value * 255.0).round() as u8).collect()
}

/// The light of [`image`] in each network of `device` on `bench`.
fn reference(device: &Device, bench: &Bench) -> Vec<Light<f64>> {
    let masks: Vec<_> = device.masks.iter().map(|values| values.mapv(f64::from)).collect();
    Instrument::<f64>::new(bench, &masks).unwrap().light(image().view()).unwrap()
}

fn readings(bench: &Bench, lights: &[Light<f64>]) -> Vec<f64> {
    lights.iter().flat_map(|light| bench.detector.readings(&light.detector)).collect()
}

/// Largest difference over the largest reading.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().copied().fold(0.0, f64::max);
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
}

/// Single precision against double: engine and reference agree to this part of the largest reading.
const ROUNDING: f64 = 1e-4;

/// The bytes of a field must be its intensities and phases.
#[track_caller]
fn same_picture(levels: &Array2<u8>, phases: &Array2<u8>, field: &Array2<Complex<f64>>) {
    let peak = field.iter().map(|u| u.norm_sqr()).fold(0.0, f64::max);
    for ((at, level), phase) in levels.indexed_iter().zip(phases) {
        let share = field[at].norm_sqr() / peak;
        let expected = 255.0 * share.powf(0.25);
        // Half a step of rounding, and the noise of single precision under a fourth root: 1e-5 of the largest
        // amplitude is 0.8 steps at 0 and next to nothing from 1e-4 of the largest intensity on.
        assert!((f64::from(*level) - expected).abs() <= if share < 1e-4 { 1.5 } else { 0.6 }, "{at:?}");
        if share > 1e-3 {
            let turn = f64::from(*phase) / 256.0 - field[at].arg() / std::f64::consts::TAU;
            // Half a step, and 1e-5 of the largest amplitude against a thirtieth of it.
            assert!((turn - turn.round()).abs() <= 0.55 / 256.0, "{at:?} {turn}");
        }
    }
}

#[test]
fn a_frame_is_what_the_library_computes_on_a_bench_set_as_said() {
    let fine = small_with("bench", "").replace("oversample = 1", "oversample = 2");
    let device = device(&fine);
    let shown = Shown::new(&device);
    let settings: [(Value, Misalignment, Option<f64>); 8] = [
        (json!({}), Misalignment::default(), None),
        (
            json!({"masks": [{"x": 0.3e-3, "y": -0.1e-3}, {}]}),
            Misalignment {
                masks: vec![Displacement { lateral: (-0.1e-3, 0.3e-3), axial: 0.0 }, Displacement::default()],
                ..Misalignment::default()
            },
            None,
        ),
        (
            json!({"masks": [{}, {"z": 1e-3}], "detector": [0.2e-3, 0.4e-3, -0.5e-3]}),
            Misalignment {
                masks: vec![Displacement::default(), Displacement { lateral: (0.0, 0.0), axial: 1e-3 }],
                detector: Displacement { lateral: (0.2e-3, 0.4e-3), axial: -0.5e-3 },
                ..Misalignment::default()
            },
            None,
        ),
        (
            json!({"masks": [{"rotation": 0.1}, {"rotation": -0.02}]}),
            Misalignment { rotations: vec![0.1, -0.02], ..Misalignment::default() },
            None,
        ),
        (
            json!({"masks": [{}, {"on": false}]}),
            Misalignment { absent: vec![false, true], ..Misalignment::default() },
            None,
        ),
        (json!({"wavelength": 0.03}), Misalignment { wavelength: 0.03, ..Misalignment::default() }, None),
        (json!({"extinction": 0.05}), Misalignment::default(), Some(0.05)),
        // Back to the design, and everything at once after it.
        (
            json!({"masks": [{"on": false, "x": 1e-3}, {"rotation": 0.3}], "wavelength": -0.02, "extinction": 0.01}),
            Misalignment {
                masks: vec![Displacement { lateral: (0.0, 1e-3), axial: 0.0 }, Displacement::default()],
                rotations: vec![0.0, 0.3],
                absent: vec![true, false],
                wavelength: -0.02,
                ..Misalignment::default()
            },
            Some(0.01),
        ),
    ];
    let mut seen: Vec<Vec<f64>> = Vec::new();
    for (bench, errors, kappa) in &settings {
        for (fine, designed) in [(false, &device.design.bench), (true, &device.design.simulated)] {
            let mut expected = designed.clone();
            if let Some(kappa) = kappa {
                let material = device.design.material.clone().absorbing(*kappa).unwrap();
                let (wavelength, base) = (expected.wavelength, device.design.plate.base_thickness);
                expected.modulation =
                    Modulation::of_material(&material, wavelength, base, std::f64::consts::TAU);
            }
            let expected = expected.misaligned(errors).unwrap();
            let lights = reference(&device, &expected);
            let frame = shown.frame(&json!({"image": pixels(), "bench": bench, "fine": fine, "phase": true}));
            let read = frame.numbers("readings");
            assert_eq!(frame.header["samples"], if fine { 2 } else { 1 });
            let error = difference(&read, &readings(&expected, &lights));
            assert!(error < ROUNDING, "{bench} {fine}: {error}");
            let scheme = expected.detector.scheme();
            assert!(
                difference(&frame.numbers("scores"), &scheme.scores(&readings(&expected, &lights)))
                    < ROUNDING
            );
            assert_eq!(frame.header["answer"], scheme.answer(&read));
            for (name, field) in [("object", &lights[0].object), ("detector", &lights[0].detector)] {
                same_picture(&frame.bytes(name, "level"), &frame.bytes(name, "phase"), &field.amplitude);
            }
            // Behind the last mask is the reference's field through that mask.
            let masks: Vec<_> = device.masks.iter().map(|values| values.mapv(f64::from)).collect();
            let network = Network::<f64>::new(expected.clone(), masks).unwrap();
            let behind = network.lowered().program.factors()[1].apply(&lights[0].incident[1]);
            same_picture(&frame.bytes("mask 2", "level"), &frame.bytes("mask 2", "phase"), &behind.amplitude);
            if fine {
                assert!(seen.iter().all(|other| difference(&read, other) > 1e-3), "{bench} changes nothing");
                seen.push(read);
            }
        }
    }
    // The bench of one message is none of the next one's.
    let again = shown.frame(&json!({"image": pixels(), "fine": true}));
    assert_eq!(again.numbers("readings"), seen[0]);
}

#[test]
fn the_side_view_is_that_of_the_reference() {
    let device = device(SMALL);
    let shown = Shown::new(&device);
    // Columns of a frame are the middles of sixteen parts of a gap: every other slice of 32.
    let slices = 16;
    let values: Vec<_> = device.masks.iter().map(|values| values.mapv(f64::from)).collect();
    for (settings, errors) in [
        (json!({}), Misalignment::default()),
        (
            json!({"masks": [{"z": 2e-3}, {"on": false}], "wavelength": 0.02}),
            Misalignment {
                masks: vec![Displacement { lateral: (0.0, 0.0), axial: 2e-3 }, Displacement::default()],
                absent: vec![false, true],
                wavelength: 0.02,
                ..Misalignment::default()
            },
        ),
    ] {
        let bench = device.design.bench.misaligned(&errors).unwrap();
        let network = Network::<f64>::new(bench.clone(), values.clone()).unwrap();
        let light = network.light(image().view()).unwrap();
        let (_, whole) = network.side_view(&light, 2 * slices, &mut |_| ()).unwrap();
        let frame = shown.frame(&json!({"image": pixels(), "bench": settings, "side": true}));
        let side = frame.bytes("side", "level");
        assert_eq!(side.dim(), (64, 3 * slices));
        let peak = frame.peak("side");
        let (mut wrong, mut all) = (0.0, 0.0);
        for ((y, column), level) in side.indexed_iter() {
            let amplitude = |intensity: f64| intensity.sqrt();
            let expected = amplitude(whole[[y, 2 * column + 1]]);
            let found = amplitude(peak * (f64::from(*level) / 255.0).powi(4));
            wrong += (found - expected).powi(2);
            all += expected.powi(2);
        }
        // Bytes are within a part in 255 of amplitude; the reference takes the sampled impulse response where it is
        // safe, from half of these gaps on, which is 2e-2 of the field off the angular spectrum at this padding.
        let error = f64::sqrt(wrong / all);
        assert!(error < 0.03, "{settings}: {error}");
    }
    // A plane aside stands aside in the picture: the axis of the bench stays where it is.
    let aside = json!({"masks": [{"y": 0.8e-3}, {"y": 0.8e-3}], "detector": [0.8e-3, 0.0, 0.0]});
    let (moved, there) = (
        shown.frame(&json!({"image": pixels(), "side": true, "bench": aside})),
        shown.frame(&json!({"image": pixels(), "side": true})),
    );
    let first_gap = |frame: &super::client::Frame| {
        frame.bytes("side", "level").slice_axis(Axis(1), (..16).into()).to_owned()
    };
    assert_eq!(first_gap(&moved), first_gap(&there), "nothing has moved before the first mask");
    assert!(!shown.frame(&json!({"image": pixels()})).has("side"));
}

#[test]
fn pairs_and_networks_side_by_side_are_shown() {
    let text = small_with("bench", "networks = 2");
    let text = text.replace("[detector]\n", "[detector]\nscheme = \"differential\"\n");
    // Ten regions of 2 mm a network fit 25.6 mm.
    let text = text.replace("region_size = \"4 mm\"", "region_size = \"2 mm\"");
    let text = text.replace(
        "row_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"",
        "row_pitch = \"4 mm\"\ncolumn_pitch = \"4 mm\"",
    );
    let device = device(&text);
    let shown = Shown::new(&device);
    let about = shown.get("/device").json();
    assert_eq!((&about["networks"], &about["scheme"]), (&json!(2), &json!("differential")));
    assert_eq!(about["regions"].as_array().unwrap().len(), 10);
    let bench = &device.design.bench;
    let lights = reference(&device, bench);
    let expected = readings(bench, &lights);
    let answer = bench.detector.scheme().answer(&expected);
    for network in [None, Some(0), Some(1)] {
        let frame = shown.frame(&json!({"image": pixels(), "network": network, "phase": true}));
        assert!(difference(&frame.numbers("readings"), &expected) < ROUNDING);
        assert_eq!((frame.numbers("scores").len(), &frame.header["answer"]), (10, &json!(answer)));
        let which = network.unwrap_or(answer / 5);
        assert_eq!(frame.header["network"], which);
        let field = &lights[which].detector.amplitude;
        same_picture(&frame.bytes("detector", "level"), &frame.bytes("detector", "phase"), field);
        let power = |key: &str| frame.header["power"][key].as_f64().unwrap();
        let collected: f64 = expected[10 * which..10 * (which + 1)].iter().sum();
        assert!((power("regions") / collected - 1.0).abs() < ROUNDING);
        assert!((power("detector") / lights[which].detector.power() - 1.0).abs() < ROUNDING);
        assert!((power("object") / lights[which].object.power() - 1.0).abs() < ROUNDING);
    }
    let refused = shown.post(
        "/frame",
        "application/json",
        json!({"image": pixels(), "network": 2}).to_string().as_bytes(),
    );
    assert_eq!(refused.status, 422);
    assert!(refused.error().contains("network 2"));
    for (path, status) in [("/mask/0/0", 200), ("/mask/1/1", 200), ("/mask/2/0", 404), ("/mask/0/2", 404)] {
        assert_eq!(shown.get(path).status, status, "{path}");
    }
}

#[test]
fn a_device_that_forms_images_shows_what_it_forms() {
    let text = SMALL
        .replace(
            "[detector]\nregion_size = \"4 mm\"\nrow_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"",
            "[detector]\nlayout = \"image\"",
        )
        .replace("[training]\n", "[training]\nloss = \"image-mse\"\n");
    let device = device(&text);
    let shown = Shown::new(&device);
    let about = shown.get("/device").json();
    assert_eq!(
        (&about["forms_image"], &about["classes"], &about["regions"]),
        (&json!(true), &json!([]), &json!([]))
    );
    let frame = shown.frame(&json!({"image": pixels()}));
    let bench = &device.design.bench;
    let read = readings(bench, &reference(&device, bench));
    let expected = likeness(&read, &bench.object.picture(image().view()));
    assert!((frame.header["similarity"].as_f64().unwrap() - expected).abs() < 1e-4);
    let seen = frame.bytes("seen", "level");
    assert_eq!(seen.dim(), (28, 28));
    let peak = read.iter().copied().fold(0.0, f64::max);
    for (byte, reading) in seen.iter().zip(&read) {
        // Half a step, and the rounding of single precision.
        assert!((f64::from(*byte) - 255.0 * (reading / peak).powf(0.25)).abs() < 0.7);
    }
    assert!(frame.header.get("answer").is_none());
}

#[test]
fn plates_with_a_thickness_absorb_as_they_are_told() {
    let device = device(&format!("{SMALL}\n[mask]\nplate = \"sliced\"\nslices = 2\nfiner = 2\n"));
    let shown = Shown::new(&device);
    let (design, kappa) = (&device.design, 0.05);
    for fine in [false, true] {
        let mut expected = if fine { design.simulated.clone() } else { design.bench.clone() };
        let read = |settings: serde_json::Value| {
            shown.frame(&json!({"image": pixels(), "bench": settings, "fine": fine})).numbers("readings")
        };
        let clear = read(json!({}));
        let dark = read(json!({"extinction": kappa}));
        expected.plate = expected.plate.map(|plate| Thickness { extinction_coefficient: kappa, ..plate });
        let error = difference(&dark, &readings(&expected, &reference(&device, &expected)));
        assert!(error < ROUNDING, "{fine}: {error}");
        assert!(dark.iter().sum::<f64>() < 0.5 * clear.iter().sum::<f64>(), "two plates of 1.5 mm");
        assert_eq!(read(json!({})), clear, "and back");
    }
}

#[test]
fn masks_of_other_kinds_have_no_absorption_to_change() {
    for modulation in ["amplitude", "complex"] {
        let device = device(&format!("{SMALL}\n[mask]\nmodulation = \"{modulation}\"\n"));
        let shown = Shown::new(&device);
        assert_eq!(shown.get("/device").json()["modulation"], modulation);
        let read = shown.frame(&json!({"image": pixels()})).numbers("readings");
        let bench = &device.design.bench;
        assert!(difference(&read, &readings(bench, &reference(&device, bench))) < ROUNDING);
        let body = json!({"image": pixels(), "bench": {"extinction": 0.1}}).to_string();
        let refused = shown.post("/frame", "application/json", body.as_bytes());
        assert_eq!(refused.status, 422);
        assert!(refused.error().contains("no reliefs"), "{}", refused.error());
        // What was refused has changed nothing.
        assert_eq!(shown.frame(&json!({"image": pixels()})).numbers("readings"), read);
    }
}

#[test]
fn darkness_is_no_answer_and_no_failure() {
    let shown = Shown::new(&device(SMALL));
    let frame = shown.frame(&json!({"image": vec![0; 784], "side": true, "phase": true}));
    assert!(frame.numbers("readings").iter().all(|reading| *reading == 0.0));
    assert!(frame.bytes("detector", "level").iter().all(|level| *level == 0));
}

#[test]
fn images_and_pictures_come_as_they_are() {
    let shown = Shown::new(&device(SMALL));
    let test = some_images(Split::Test, 20);
    let about = shown.get("/device").json();
    assert_eq!(about["labels"], json!(test.labels));
    let third = shown.get("/image/3").json();
    assert_eq!((&third["image"], &third["label"]), (&json!(pixels()), &json!(test.labels[3])));
    assert_eq!(shown.get("/image/20").status, 404);
    // A picture goes the way of `d2nn classify`.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    let picture = Array2::from_shape_fn((40, 60), |(y, x)| if y > 10 && x > 20 { 240 } else { 3u8 });
    let png = pictures::grey((60, 40), |x, y| picture[[y, x]]);
    std::fs::write(&path, &png).unwrap();
    let expected =
        d2nn::dataset::picture::read(&path, 28, 28, d2nn::dataset::picture::Treatment::default()).unwrap();
    let answer = shown.post("/picture", "application/octet-stream", &png).json();
    assert_eq!(answer["image"], json!(expected.image.iter().collect::<Vec<_>>()));
    assert_eq!(answer["fitted"], json!(expected.describe()));
    let refused = shown.post("/picture", "application/octet-stream", b"no picture at all");
    assert_eq!(refused.status, 422);
    assert!(refused.error().contains("neither a PNG nor a JPEG"), "{}", refused.error());
}

#[test]
fn masks_with_pixels_of_their_own_stand_on_those_of_the_plane() {
    let text = SMALL.replace(
        "[object]",
        "[mask]\npixel_pitch = [\"0.4 mm\", \"0.8 mm\"]\npixels = [[64, 64], [20, 24]]\n\n[object]",
    );
    let device = device(&text);
    let turns = |value: f32| (value * (256.0 / std::f32::consts::TAU)).round().rem_euclid(256.0) as u64;
    let second = device.masks[1].clone();
    let table = d2nn::view::Table::new(device, None, 1).unwrap();
    assert_eq!(table.describe()["own_pixels"], json!(true));
    let shown = table.mask(0, 1).unwrap();
    assert_eq!((shown["rows"].as_u64(), shown["columns"].as_u64()), (Some(64), Some(64)));
    let points = shown["points"].as_array().unwrap();
    for (number, point) in points.iter().enumerate() {
        let (y, x) = (number / 64, number % 64);
        // 20 x 24 pixels of two in the middle of 64 x 64.
        let inside = (12..52).contains(&y) && (8..56).contains(&x);
        let expected = inside.then(|| turns(second[[(y.max(12) - 12) / 2, (x.max(8) - 8) / 2]]));
        assert_eq!(point.as_u64(), expected, "{y} {x}");
    }
    assert!(table.mask(0, 0).unwrap()["points"].as_array().unwrap().iter().all(Value::is_number));
}
