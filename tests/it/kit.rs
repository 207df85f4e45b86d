//! The kit: holder and stencils are strict solids of the measures they should have.

use d2nn::fabrication::kit::{Holder, Label, Slot, Stencil};
use d2nn::fabrication::{Frame, StlFormat, export_solid};
use ndarray::Array2;

const PITCH: f64 = 0.4e-3;

fn frame() -> Frame {
    Frame { width: 6e-3, height: 2.4e-3, engraving: Some(0.4e-3), notch: true, pin_holes: Some(3e-3) }
}

/// Seven planes 30 mm apart, as the default device has them.
fn holder() -> Holder {
    let labels = ["OBJECT", "1", "2", "3", "4", "5", "DETECTOR"];
    let slot = |(index, label): (usize, &&str)| Slot {
        label: (*label).to_owned(),
        flat_side: 30e-3 * index as f64,
        thickness: 2.238e-3,
    };
    Holder {
        slots: labels.iter().enumerate().map(slot).collect(),
        plate_width: 92e-3,
        frame_width: 6e-3,
        clearance: 0.3e-3,
    }
}

#[test]
fn the_holder_is_strict_and_keeps_distances() {
    let folder = tempfile::tempdir().unwrap();
    let holder = holder();
    let (mesh, scale) = holder.solid().unwrap();
    let none = Array2::zeros((0, 0));
    let file = folder.path().join("holder.mm.stl");
    // Written, read back, judged.
    let report = export_solid(&mesh, &scale, none.view(), &file, "holder", StlFormat::Binary).unwrap();
    assert_eq!(mesh.euler_number(), 2, "one part without holes");
    // Six gaps of 30 mm, a plate, its play, two walls of 3 mm on each side; a plate, its play, two walls; 3 + 12 mm.
    for (found, asked) in
        report.bounding_box.into_iter().zip([180e-3 + 2.538e-3 + 12e-3, 92e-3 + 0.6e-3 + 6e-3, 15e-3])
    {
        // To a step of 10 um.
        assert!((found - asked).abs() < 11e-6, "{:?}", report.bounding_box);
    }
    // Along a line through the middle, half way up the ribs: where the slots are.
    let part = 6e-3 / 600.0 / 4.0;
    let at = |x: f64, y: f64| f64::from(mesh.height_at([(x / part) as i32, (y / part) as i32])) * 10e-6 / 4.0;
    let (start, middle) = (-0.15e-3 - 6e-3, 49.3e-3);
    for slot in &holder.slots {
        let x = |z: f64| slot.flat_side + z - start;
        let near = |found: f64, asked: f64| (found - asked).abs() < 1e-6;
        let profile = [-3.3e-3, -0.2e-3, -0.1e-3, 2.3e-3, 2.45e-3, 5.5e-3].map(|z| at(x(z), middle));
        assert!(near(profile[1], 7.5e-3) && near(profile[4], 7.5e-3), "ribs: {profile:?}");
        assert!(near(profile[2], 3e-3) && near(profile[3], 3e-3), "slot: {profile:?}");
        assert!(profile[0] <= 3.1e-3 && profile[5] <= 3.1e-3, "floor: {profile:?}");
        // Towers at the sides grip the frame, and end before its inner edge.
        assert!(near(at(x(-1e-3), 3.3e-3 + 4.4e-3), 15e-3) && near(at(x(-1e-3), 3.3e-3 + 4.6e-3), 7.5e-3));
        assert!(
            near(at(x(1e-3), 3.2e-3), 3e-3) && near(at(x(1e-3), 2.9e-3), 15e-3),
            "the slot is a plate wide"
        );
    }
    let near = Holder {
        slots: holder
            .slots
            .iter()
            .cloned()
            .map(|slot| Slot { flat_side: slot.flat_side / 8.0, ..slot })
            .collect(),
        ..holder
    };
    let problem = near.solid().unwrap_err().to_string();
    assert!(problem.contains("between plates OBJECT and 1") && problem.contains("frame_height"), "{problem}");
    assert!(Holder { slots: Vec::new(), ..near }.solid().is_err());
}

#[test]
fn a_stencil_has_its_holes_and_labels() {
    let folder = tempfile::tempdir().unwrap();
    let window = |row: usize, column: usize| {
        (20..32).contains(&row) && ((20..32).contains(&column) || (44..56).contains(&column))
    };
    let material = Array2::from_shape_fn((60, 80), |(row, column)| !window(row, column));
    let label = |text: &str, column| Label { text: text.into(), rows: (8, 12), columns: (column, 12) };
    let labels = vec![label("0", 20), label("1", 44)];
    let stencil = Stencil { material, pixel_pitch: PITCH, thickness: 2e-3, labels };
    let (framed, scale) = stencil.framed(&frame(), "DETECTOR").unwrap();
    assert_eq!(framed.engraved, "DETECTOR");
    // Two windows and three pin holes.
    assert_eq!(framed.mesh.euler_number(), 2 - 2 * 5);
    let none = Array2::zeros((0, 0));
    let file = folder.path().join("detector.mm.stl");
    export_solid(&framed.mesh, &scale, none.view(), &file, "detector", StlFormat::Binary).unwrap();
    let at = |row: f64, column: f64| framed.mesh.height_at([(column * 16.0) as i32, (row * 16.0) as i32]);
    assert_eq!([at(25.5, 25.5), at(25.5, 50.5), at(25.5, 38.5)], [0, 0, 4000]);
    // A 1 in the middle of its room: a foot of three strokes, each two pixels wide.
    let foot = |column: f64| at(8.0 + 1.0 + 9.0, column);
    assert_eq!([46.5, 47.5, 49.5, 52.5].map(foot), [4000, 3200, 3200, 3200]);
    assert_eq!(at(9.5, 47.5), 4000, "its head has one");
    // No room for strokes of a pixel: no label, and no harm.
    let tight =
        Stencil { labels: vec![Label { text: "0".into(), rows: (8, 5), columns: (20, 12) }], ..stencil };
    assert_eq!(tight.framed(&frame(), "D").unwrap().0.mesh.euler_number(), -8);
}

#[test]
fn random_stencils_are_strict() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = d2nn::random::Stream::new(3, d2nn::random::Purpose::Masks, 0);
    for index in 0..20 {
        let share = index as f32 / 20.0;
        let material = Array2::from_shape_simple_fn((23, 31), || numbers.uniform() < share);
        let stencil = Stencil { material, pixel_pitch: PITCH, thickness: 1.5e-3, labels: Vec::new() };
        let (framed, scale) = stencil.framed(&frame(), "OBJECT").unwrap();
        let none = Array2::zeros((0, 0));
        let file = folder.path().join("object.mm.stl");
        export_solid(&framed.mesh, &scale, none.view(), &file, "object", StlFormat::Binary).unwrap();
    }
}
