//! Masks in other formats than STL must hold the heights and phases that were asked for.

// The lint knows functions marked as tests, but not what they call.

use std::f64::consts::{PI, TAU};
use std::fs;
use std::path::Path;

use d2nn::Result;
use d2nn::fabrication::formats::{LookupTable, Panel, Sidecar, gds, grey, slm, table, threemf};
use d2nn::fabrication::{
    DeviceMasks, Format, Frame, HeightMap, PlateOptions, Profile, Relief, StlScale, StlUnit, Surface,
};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::npy::read_array;
use d2nn::random::{Purpose, Stream};
use ndarray::{Array2, Ix2};

const WAVELENGTH: f64 = 0.75e-3;
const PITCH: f64 = 0.4e-3;
const SHAPE: (usize, usize) = (9, 14);

fn resin() -> Material {
    Material::new("VeroBlackPlus RGD875", 1.7227).unwrap()
}

fn random_phases(seed: u64) -> Array2<f32> {
    let mut numbers = Stream::new(seed, Purpose::Masks, 0);
    Array2::from_shape_simple_fn(SHAPE, || numbers.uniform() * TAU as f32)
}

fn map_of(phases: &Array2<f32>, relief: Relief) -> HeightMap {
    let grid = Grid::new(phases.nrows(), phases.ncols(), PITCH).unwrap();
    HeightMap::from_phase(phases.view(), &grid, WAVELENGTH, &resin(), 1e-3, relief).unwrap()
}

fn export_as(format: &Format, options: &PlateOptions, pitch: f64, folder: &Path) -> Result<Sidecar> {
    let phases = [random_phases(1), random_phases(2)];
    let profiles = phases.each_ref().map(|phases| Profile::Phases(phases.view()));
    let grid = Grid::new(SHAPE.0, SHAPE.1, pitch)?;
    let material = resin();
    let masks = DeviceMasks {
        name: "test",
        masks: &profiles,
        grids: &[grid],
        wavelength: WAVELENGTH,
        material: &material,
        options,
    };
    masks.export(format, folder, |_| {})
}

const RELIEFS: [Relief; 5] = [
    Relief::Continuous,
    Relief::Levels(2),
    Relief::Levels(16),
    Relief::Levels(65_536),
    Relief::LayerHeight(16e-6),
];

#[test]
fn grey_pictures_hold_every_step() {
    let phases = random_phases(3);
    for relief in RELIEFS {
        let map = map_of(&phases, relief);
        let scale = i32::from(grey::greys_a_step(&map).unwrap());
        let greys = grey::greys(&map).unwrap();
        // As bright as it can be: another grey a step would not fit any more.
        assert!((scale + 1) * map.most_steps() > 65_535, "{relief:?}");
        let png = grey::read_png(&grey::png(&greys).unwrap()).unwrap();
        let tiff = grey::read_tiff(&grey::tiff(&greys).unwrap()).unwrap();
        assert_eq!(png, tiff);
        for (grey, steps) in png.iter().zip(map.relief()) {
            assert_eq!(i32::from(*grey), steps * scale, "{relief:?}");
        }
        assert!(map.relief().iter().all(|steps| *steps <= map.most_steps()), "{relief:?}");
    }
    // Layers of a nanometre: a million to a turn.
    let fine = map_of(&phases, Relief::LayerHeight(1e-9 * 2.0));
    assert!(grey::greys(&fine).unwrap_err().to_string().contains("does not fit into 16 bits"));
}

#[test]
fn what_is_no_picture_is_said() {
    let greys = Array2::from_shape_fn((3, 4), |(y, x)| (y * 1000 + x) as u16);
    let (png, tiff) = (grey::png(&greys).unwrap(), grey::tiff(&greys).unwrap());
    let frame = slm::png(&Array2::zeros((3, 4))).unwrap();
    assert!(grey::read_png(&frame).unwrap_err().contains("16-bit"));
    assert!(slm::read_png(&png).unwrap_err().contains("8-bit"));
    for length in [0, 7, png.len() / 2] {
        assert!(grey::read_png(&png[..length]).is_err());
        assert!(slm::read_png(&frame[..length.min(frame.len() - 20)]).is_err());
        assert!(grey::read_tiff(&tiff[..length.min(tiff.len() / 2)]).is_err());
    }
}

#[test]
fn tables_hold_the_heights() {
    let phases = random_phases(4);
    for relief in RELIEFS {
        let map = map_of(&phases, relief);
        let array: Array2<f64> = read_array::<f64, Ix2>(&table::npy(&map).unwrap()).unwrap();
        let text = String::from_utf8(table::csv(&map, PITCH, "t", StlUnit::Millimetres).unwrap()).unwrap();
        let read = table::read_csv(&text).unwrap();
        assert_eq!((array.dim(), read.dim()), (SHAPE, SHAPE));
        for ((row, column), height) in array.indexed_iter() {
            let asked = map.height(row, column);
            assert_eq!(*height, asked, "{relief:?}");
            // Written to a millionth of a step.
            assert!((read[[row, column]] * 1e-3 - asked).abs() <= 1e-6 * map.step(), "{relief:?}");
        }
        assert!(text.starts_with("# t: heights above the flat side in mm, pixels of 0.4 mm"), "{text}");
    }
    for (text, reason) in
        [("1,2\n3\n", "line 2 has 1"), ("1,x\n", "line 1: \"x\""), ("# a\n1,,2\n", "line 2")]
    {
        assert!(table::read_csv(text).unwrap_err().contains(reason), "{text}");
    }
}

#[test]
fn layouts_hold_one_layer_a_level() {
    let mut phases = random_phases(5);
    // Runs, a whole row of them, and a row of the base.
    phases.row_mut(2).fill(3.0);
    phases.row_mut(3).fill(0.0);
    let grid = Grid::new(SHAPE.0, SHAPE.1, PITCH).unwrap();
    let lines = gds::Lines::new(&grid).unwrap();
    // 0.4 mm are 400,000 nanometres.
    assert_eq!((lines.unit, lines.at[1], lines.largest_error), (1e-9, 400_000, 0.0));
    for relief in [Relief::Levels(2), Relief::Levels(16), Relief::LayerHeight(16e-6)] {
        let map = map_of(&phases, relief);
        let file = gds::write(&map, &lines, 3).unwrap();
        assert_eq!(gds::read(&file, &lines, SHAPE).unwrap(), map.relief(), "{relief:?}");
        let area: usize = map.relief().iter().filter(|level| **level > 0).count();
        assert!(area > 0 && area <= SHAPE.0 * SHAPE.1 - SHAPE.1);
        // One rectangle for the row of equal pixels: a boundary has 5 corners, in a record of 4 + 5 x 8 bytes.
        let boundaries = file.windows(4).filter(|bytes| *bytes == [0, 44, 0x10, 3]).count();
        let runs: usize = map
            .relief()
            .rows()
            .into_iter()
            .map(|row| row.to_vec().chunk_by(|a, b| a == b).filter(|run| run[0] > 0).count())
            .sum();
        assert_eq!(boundaries, runs);
        for length in [10, file.len() / 2, file.len() - 5] {
            assert!(gds::read(&file[..length], &lines, SHAPE).is_err(), "{length}");
        }
    }
    // A mask of another size is not read as this one.
    let map = map_of(&phases, Relief::Levels(16));
    let file = gds::write(&map, &lines, 1).unwrap();
    assert!(gds::read(&file, &lines, (3, 4)).unwrap_err().contains("off the pixels"));
}

#[test]
fn layouts_take_the_unit_that_the_pitch_is_whole_in() {
    let lines = |pitch: f64, side: usize| gds::Lines::new(&Grid::new(side, side, pitch).unwrap());
    let of = |pitch: f64, side: usize| lines(pitch, side).unwrap();
    assert_eq!(of(285e-9, 200).unit, 1e-9);
    assert_eq!((of(266.5e-9, 200).unit, of(266.5e-9, 200).largest_error), (1e-10, 0.0));
    // A third of a micrometre is whole in none: the finest, and lines off by half of it at most.
    let third = of(1e-6 / 3.0, 200);
    assert!(third.unit == 1e-12 && third.largest_error > 0.0 && third.largest_error <= 0.5e-12, "{third:?}");
    // 4 m across are beyond 32 bits of nanometres.
    assert_eq!(of(1e-2, 400).unit, 1e-8);
    assert!(lines(1.0, 16_384 * 2 - 16_384).is_ok());
    assert!(lines(1e3, 200).unwrap_err().to_string().contains("does not fit"));
    assert!(lines(1e-13, 4).unwrap_err().to_string().contains("too small"));
}

#[test]
fn solids_are_those_of_the_stl_files() {
    let folder = tempfile::tempdir().unwrap();
    for (frame, width) in [(None, 0), (Some(framing()), 15)] {
        let options = PlateOptions { frame, relief: Relief::LayerHeight(16e-6), ..PlateOptions::default() };
        let sidecar = export_as(&Format::ThreeMf, &options, PITCH, folder.path()).unwrap();
        assert_eq!(sidecar.json["height"]["quantity"], "thickness");
        let path = folder.path().join("test-mask-2.3mf");
        let bytes = fs::read(&path).unwrap();
        let map = map_of(&random_phases(2), options.relief);
        // A pixel is 16 units of the mesh.
        let scale = StlScale::new(PITCH, &map).with_origin([-16 * width; 2]);
        let mut surface = Surface::default();
        threemf::for_each_triangle(&bytes, &path, StlUnit::Millimetres, &mut |triangle| {
            surface.add(triangle.map(|position| scale.vertex(position).unwrap()))
        })
        .unwrap();
        assert_eq!(surface.check(), Ok(()));
        let text = threemf::read_model(&bytes).unwrap();
        for word in [
            "unit=\"millimeter\"",
            "name=\"test-mask-2\"",
            "<metadata name=\"Title\">test, mask 2 of 2</metadata>",
            "<metadata name=\"d2nn:Wavelength\">0.75 mm</metadata>",
            "<metadata name=\"d2nn:Mask\">2</metadata>",
        ] {
            assert!(text.contains(word), "{word}: {}", &text[..1500]);
        }
        // Each corner is written once.
        assert_eq!(text.matches("<vertex ").count(), surface.vertices());
        assert!(!text.contains("transform"), "vertices stand where the plate is to lie");
        if width == 0 {
            // The volume is that of the heights, exactly.
            let sum: i128 = map.relief().iter().map(|steps| i128::from(steps + map.base_steps())).sum();
            assert_eq!(surface.six_volumes(), 6 * 16 * 16 * 4 * sum);
        }
        let wrong = |bytes: &[u8], unit| {
            threemf::for_each_triangle(bytes, &path, unit, &mut |_| Ok(())).unwrap_err().to_string()
        };
        assert!(wrong(&bytes, StlUnit::Micrometres).contains("unit is millimeter"));
        assert!(wrong(&bytes[..bytes.len() / 2], StlUnit::Millimetres).contains("not a whole 3MF file"));
    }
}

#[test]
fn solids_lie_on_the_bed_in_every_unit() {
    let folder = tempfile::tempdir().unwrap();
    // Pixels of 0.4 mm are told in millimetres, those of 4 um in microns; frames are 15 pixels wide.
    for (pitch, unit) in [(PITCH, StlUnit::Millimetres), (4e-6, StlUnit::Micrometres)] {
        for framed in [false, true] {
            let scale = pitch / PITCH;
            let frame = framed.then_some(Frame {
                width: 6e-3 * scale,
                height: 2.24e-3,
                engraving: None,
                notch: true,
                pin_holes: Some(2e-3 * scale),
            });
            let options = PlateOptions { frame, ..PlateOptions::default() };
            export_as(&Format::ThreeMf, &options, pitch, folder.path()).unwrap();
            let path = folder.path().join("test-mask-1.3mf");
            let bytes = fs::read(&path).unwrap();
            let mut range = [(f32::INFINITY, f32::NEG_INFINITY); 3];
            threemf::for_each_triangle(&bytes, &path, unit, &mut |triangle| {
                for (axis, (low, high)) in range.iter_mut().enumerate() {
                    for corner in triangle {
                        (*low, *high) = (low.min(corner[axis]), high.max(corner[axis]));
                    }
                }
                Ok(())
            })
            .unwrap();
            let pixels = |side: usize| side + if framed { 30 } else { 0 };
            let (rows, columns) = (pixels(SHAPE.0), pixels(SHAPE.1));
            for ((low, high), side) in range.into_iter().zip([columns, rows]) {
                assert_eq!(low, 0.0, "{unit:?} {framed}");
                let asked = side as f64 * pitch * unit.a_metre();
                // Rounding to single precision.
                assert!((f64::from(high) / asked - 1.0).abs() < 1e-7, "{unit:?} {framed}: {high} {asked}");
            }
            let (bottom, top) = (range[2].0, f64::from(range[2].1) / unit.a_metre());
            assert_eq!(bottom, 0.0);
            // The frame is rounded to steps of 1 um; the relief is up to 1.0378 mm high on a base of 1 mm.
            assert!(if framed { (top - 2.24e-3).abs() < 1e-6 } else { top > 1e-3 && top < 2.04e-3 }, "{top}");
            let text = threemf::read_model(&bytes).unwrap();
            assert!(!text.contains("transform"), "a shift would be read in another unit");
        }
    }
}

fn framing() -> Frame {
    Frame { width: 6e-3, height: 2.24e-3, engraving: None, notch: true, pin_holes: Some(2e-3) }
}

#[test]
fn frames_show_the_phases_in_the_middle_of_the_panel() {
    let phases = random_phases(6);
    let panel = Panel { rows: 40, columns: 51, repeats: 3, table: LookupTable::linear() };
    let shown = panel.show(phases.view(), None).unwrap();
    // (40 - 27)/2 and (51 - 42)/2, rounded down.
    let origin = panel.origin(SHAPE).unwrap();
    assert_eq!((origin, shown.greys.dim()), ((6, 4), (40, 51)));
    let back = slm::read_png(&slm::png(&shown.greys).unwrap()).unwrap();
    for ((y, x), grey) in back.indexed_iter() {
        let inside = (6..33).contains(&y) && (4..46).contains(&x);
        let asked = if inside { f64::from(phases[[(y - 6) / 3, (x - 4) / 3]]) } else { 0.0 };
        let off = (TAU * f64::from(*grey) / 256.0 - asked + PI).rem_euclid(TAU) - PI;
        // Half a grey, and rounding of the sum.
        assert!(off.abs() <= PI / 256.0 + 1e-12, "[{y}, {x}]: {grey} for {asked}");
    }
    // Uniform errors within half a grey: a step over the root of 12, to the scatter of 126 pixels (its standard
    // deviation is 4 %).
    let step = TAU / 256.0;
    assert!((shown.rms_phase_error / (step / 12f64.sqrt()) - 1.0).abs() < 0.16, "{}", shown.rms_phase_error);
    assert!(shown.max_phase_error <= step / 2.0 + 1e-12 && shown.max_phase_error > 0.9 * step / 2.0);
}

#[test]
fn levels_and_measured_tables_are_kept() {
    let phases = random_phases(7);
    let four = Panel { rows: 9, columns: 14, ..Panel::default() }.show(phases.view(), Some(4)).unwrap();
    let mut greys: Vec<u8> = four.greys.iter().copied().collect();
    greys.sort_unstable();
    greys.dedup();
    assert_eq!(greys, [0, 64, 128, 192]);
    // Half a level is an eighth of a turn.
    assert!(four.max_phase_error <= PI / 4.0 + 1e-12 && four.max_phase_error > 0.7);
    // A modulator that reaches a turn at grey 200 and turns the other way.
    let text: String = (0..=200).map(|grey| format!("{grey},{}\n", -TAU * f64::from(grey) / 200.0)).collect();
    let table = LookupTable::parse(&text).unwrap();
    let panel = Panel { rows: 9, columns: 14, repeats: 1, table };
    let shown = panel.show(phases.view(), None).unwrap();
    for (grey, phase) in shown.greys.iter().zip(&phases) {
        let off = (-TAU * f64::from(*grey) / 200.0 - f64::from(*phase) + PI).rem_euclid(TAU) - PI;
        assert!(*grey <= 200 && off.abs() <= PI / 200.0 + 1e-9, "{grey} {phase}");
    }
}

#[test]
fn what_does_not_fit_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    let options = |relief| PlateOptions { relief, ..PlateOptions::default() };
    let small = Format::Slm(Panel { rows: 9, columns: 13, ..Panel::default() });
    for (format, relief, reason) in [
        (Format::Gds, Relief::Continuous, "give it levels"),
        (Format::Gds, Relief::Levels(65_536), "32767 layers"),
        (Format::Png16, Relief::LayerHeight(2e-9), "16 bits"),
        (small, Relief::Continuous, "mask 1: a mask of 14 x 9 pixels takes 14 x 9"),
        (Format::Slm(Panel::default()), Relief::LayerHeight(16e-6), "fabrication.levels = 256"),
        (Format::Npy, Relief::LayerHeight(1.0), "mask 1: layers of 1 m"),
    ] {
        let error = export_as(&format, &options(relief), PITCH, &path).unwrap_err().to_string();
        assert!(error.contains(reason), "{format}: {error}");
    }
    assert!(!path.exists());
}

#[test]
fn the_sidecar_gives_the_heights_back() {
    let folder = tempfile::tempdir().unwrap();
    let options = PlateOptions { relief: Relief::Levels(16), ..PlateOptions::default() };
    let map = map_of(&random_phases(1), options.relief);
    // Numbers of the first mask of a file, times scale plus offset, are its heights.
    type Reader = fn(&[u8]) -> Array2<f64>;
    let readers: [(Format, &str, Reader); 4] = [
        (Format::Png16, "test-mask-1.png", |bytes| grey::read_png(bytes).unwrap().mapv(f64::from)),
        (Format::Tiff16, "test-mask-1.tif", |bytes| grey::read_tiff(bytes).unwrap().mapv(f64::from)),
        (Format::Csv, "test-mask-1.mm.csv", |bytes| {
            table::read_csv(std::str::from_utf8(bytes).unwrap()).unwrap()
        }),
        (Format::Npy, "test-mask-1.npy", |bytes| read_array(bytes).unwrap()),
    ];
    for (format, file, read) in readers {
        let sidecar = export_as(&format, &options, PITCH, folder.path()).unwrap();
        let json = &sidecar.json;
        assert_eq!(fs::read_to_string(&sidecar.path).unwrap(), format!("{json:#}\n"));
        assert_eq!(json["files"][0]["file"], file);
        let [offset, scale] = ["offset", "scale"].map(|key| json["height"][key].as_f64().unwrap());
        let numbers = read(&fs::read(folder.path().join(file)).unwrap());
        for ((row, column), number) in numbers.indexed_iter() {
            let height = offset + scale * number;
            // Text is written to a millionth of a step of 65 um.
            assert!((height - map.height(row, column)).abs() < 1e-10, "{format}");
        }
    }
}
