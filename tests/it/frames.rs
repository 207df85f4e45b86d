//! Plates in frames: strict solids with letters, notch and holes, whose pixels are where they were without.

use std::f64::consts::TAU;
use std::path::Path;

use d2nn::fabrication::{
    Frame, HeightMap, PlateOptions, PlateReport, Relief, StlUnit, export_plates, read_heights,
};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::random::{Purpose, Stream};
use d2nn::{Error, Result};
use ndarray::Array2;

const WAVELENGTH: f64 = 0.75e-3;
const PITCH: f64 = 0.4e-3;

/// All that a frame can have, as issue and advice have it: 6 mm wide, 0.2 mm above a full turn.
fn full() -> Frame {
    Frame { width: 6e-3, height: 2.238e-3, engraving: Some(0.4e-3), notch: true, pin_holes: Some(3e-3) }
}

fn resin() -> Material {
    Material::new("VeroBlackPlus RGD875", 1.7227).unwrap()
}

fn mask(rows: usize, columns: usize) -> Array2<f32> {
    let mut numbers = Stream::new(9, Purpose::Masks, 0);
    Array2::from_shape_simple_fn((rows, columns), || numbers.uniform() * TAU as f32)
}

fn export(mask: &Array2<f32>, pitch: f64, options: PlateOptions, folder: &Path) -> Result<PlateReport> {
    let grid = Grid::new(mask.nrows(), mask.ncols(), pitch)?;
    export_plates(&[mask.view()], &[grid], WAVELENGTH, &resin(), &options, folder, "frame-test", |_| {})
        .map(|mut reports| reports.remove(0))
}

fn framed(frame: Frame) -> PlateOptions {
    PlateOptions { frame: Some(frame), ..PlateOptions::default() }
}

#[test]
fn everything_on_is_one_strict_plate() {
    let folder = tempfile::tempdir().unwrap();
    let mask = mask(60, 200);
    // The export reads back and judges: closed two-manifold, exact volume, Euler number, heights of the pixels.
    let report = export(&mask, PITCH, framed(full()), folder.path()).unwrap();
    assert_eq!(report.engraved, "1 FRAME-TEST");
    let near = |found: f64, asked: f64| (found - asked).abs() < 1e-9;
    let [x, y, z] = report.bounding_box;
    assert!(near(x, 92e-3) && near(y, 36e-3) && near(z, 2.238e-3), "{:?}", report.bounding_box);
    // The pixels lie where they lie without a frame.
    let bare = export(&mask, PITCH, PlateOptions::default(), &folder.path().join("bare")).unwrap();
    let grid = Grid::new(60, 200, PITCH).unwrap();
    let heights = |report: &PlateReport| read_heights(&report.file, &grid, StlUnit::Millimetres).unwrap();
    assert_eq!(heights(&report), heights(&bare));
    assert_eq!((report.thickness, report.survey), (bare.thickness, bare.survey));
    // The frame is what it adds, less the notch, three holes and the letters.
    let ring = (92.0 * 36.0 - 80.0 * 24.0) * 2.238;
    let gone = (3.0 * 3.0 + 3.0 * 9.0) * 2.238;
    let letters = ring - gone - (report.volume - bare.volume) * 1e9;
    // "^ 1 FRAME-TEST" and "DETECTOR SIDE" have some 200 strokes of 0.8 mm.
    assert!((100.0..250.0).contains(&(letters / (0.8 * 0.8 * 0.4))), "{letters}");
}

#[test]
fn the_arrow_points_to_row_0_and_reads_from_the_relief() {
    // Heights over a fine raster of the whole plate, as any reader of the file finds them.
    let grid = Grid::new(40, 200, PITCH).unwrap();
    let flat = Array2::<f32>::zeros((40, 200));
    let map =
        HeightMap::from_phase(flat.view(), &grid, WAVELENGTH, &resin(), 1e-3, Relief::Continuous).unwrap();
    let plate = full().around(&map, PITCH, 3, "L").unwrap();
    let at = |x: f64, y: f64| plate.mesh.height_at([(x * 16.0 / 0.4) as i32, (y * 16.0 / 0.4) as i32]);
    let top = 2238 * 4;
    let deep = top - 400 * 4;
    // The text "^ 3 L" has 5 + 1 + 2 + 1 + 3 + 1 + 2 + 1 + 3 strokes of 0.8 mm, centred in a hundred: it begins 40
    // strokes from the reader's left, which is the far end of x; its head is 1 mm from the rim at y = -6 mm.
    let stroke = |column: f64, row: f64| at(80.0 - 0.8 * (40.5 + column), -5.0 + 0.8 * (row + 0.5));
    // The arrow: a point at its head, three strokes below it, five in the third row with gaps.
    let rows = ["..#..", ".###.", "#.#.#", "..#..", "..#.."];
    for (row, strokes) in rows.iter().enumerate() {
        for (column, mark) in strokes.chars().enumerate() {
            let asked = if mark == '#' { deep } else { top };
            assert_eq!(stroke(column as f64, row as f64), asked, "arrow {row} {column}");
        }
    }
    // The foot of the L runs to the reader's right of its stem.
    let l = 16.0;
    assert_eq!([0.0, 1.0, 2.0].map(|column| stroke(l + column, 4.0)), [deep; 3]);
    assert_eq!([0.0, 1.0, 2.0].map(|column| stroke(l + column, 0.0)), [deep, top, top]);
    // The notch is beside pixel [0, 0], the holes are in the other corners.
    assert_eq!([at(-5.9, -5.9), at(-3.1, -3.1), at(-2.9, -2.9)], [0, 0, top]);
    for (x, y) in [(83.0, -3.0), (-3.0, 19.0), (83.0, 19.0)] {
        assert_eq!([at(x, y), at(x + 1.6, y)], [0, top], "hole at {x}, {y}");
    }
    assert_eq!(plate.mesh.euler_number(), 2 - 2 * 3);
}

#[test]
fn every_choice_of_parts_is_strict() {
    let folder = tempfile::tempdir().unwrap();
    let (small, layers) = (mask(45, 80), Relief::LayerHeight(16e-6));
    for engraving in [None, Some(0.4e-3)] {
        for notch in [false, true] {
            for pin_holes in [None, Some(2e-3)] {
                let frame = Frame { engraving, notch, pin_holes, ..full() };
                for relief in [Relief::Continuous, layers, Relief::Levels(16)] {
                    let report =
                        export(&small, PITCH, PlateOptions { relief, ..framed(frame) }, folder.path());
                    assert_eq!(report.unwrap().engraved.is_empty(), engraving.is_none());
                }
            }
        }
    }
    // Frames as high as the relief, lower than it, and with odd widths; one pixel; pixels of a visible device.
    for (width, height) in [(6e-3, 2.0378e-3), (5.03e-3, 0.7e-3), (2.8e-3, 5e-3)] {
        let frame = Frame { width, height, engraving: Some(0.3e-3), ..full() };
        export(&small, PITCH, framed(Frame { pin_holes: None, ..frame }), folder.path()).unwrap();
    }
    let bare = Frame { engraving: None, pin_holes: None, ..full() };
    export(&mask(1, 1), PITCH, framed(bare), folder.path()).unwrap();
    // Letters finer than pixels, and a name far too long for the frame.
    let coarse = export(&mask(9, 9), 2e-3, framed(full()), folder.path()).unwrap();
    assert!(coarse.engraved.starts_with("1 F"), "{}", coarse.engraved);
}

#[test]
fn frames_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |frame: Frame| match export(&mask(20, 20), PITCH, framed(frame), folder.path()) {
        Err(Error::Value(problem)) => problem,
        other => panic!("{other:?}"),
    };
    for (problem, reason) in [
        (refuse(Frame { width: 0.1e-3, ..full() }), "frame_width"),
        (refuse(Frame { width: 1e6, ..full() }), "frame_width"),
        (refuse(Frame { width: 0.5e-3, pin_holes: None, ..full() }), "widen the frame"),
        (refuse(Frame { height: 1e-9, ..full() }), "frame_height"),
        (refuse(Frame { height: 1e6, ..full() }), "frame_height"),
        (refuse(Frame { engraving: Some(2.238e-3), ..full() }), "engraving_depth"),
        (refuse(Frame { pin_holes: Some(3.2e-3), ..full() }), "pin_holes"),
        (refuse(Frame { pin_holes: Some(1e-6), ..full() }), "pin_holes"),
    ] {
        assert!(problem.contains(reason), "{reason}: {problem}");
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a refused plate leaves nothing");
}
