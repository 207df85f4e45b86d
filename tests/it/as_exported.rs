//! Plates read back from their files are what was exported, and what was done to them shows.

// The lint knows functions marked as tests, but not what they call.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use d2nn::Result;
use d2nn::element::Modulation;
use d2nn::fabrication::report::clipped_share;
use d2nn::fabrication::{
    Comparison, Exported, HeightMap, Making, PlateOptions, PlateReport, Price, PrintReport, Printer, Relief,
    StlFormat, Stock, compare, export_plates, find_plates, read_plates,
};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::random::{Purpose, Stream};
use ndarray::{Array2, Axis, arr2};

const WAVELENGTH: f64 = 0.75e-3;
const PITCH: f64 = 0.4e-3;
const SIDE: usize = 12;

fn resin() -> Material {
    Material::new("resin", 1.7227).unwrap()
}

fn grid() -> Grid {
    Grid::new(SIDE, SIDE, PITCH).unwrap()
}

/// Three masks without any order.
fn masks() -> Vec<Array2<f32>> {
    let mut numbers = Stream::new(1, Purpose::Masks, 0);
    let mut mask = || Array2::from_shape_simple_fn((SIDE, SIDE), || numbers.uniform() * TAU as f32);
    vec![mask(), mask(), mask()]
}

fn maps(masks: &[Array2<f32>], options: &PlateOptions) -> Vec<HeightMap> {
    let (base, relief) = (options.base_thickness, options.relief);
    let map =
        |mask: &Array2<f32>| HeightMap::from_phase(mask.view(), &grid(), WAVELENGTH, &resin(), base, relief);
    masks.iter().map(|mask| map(mask).unwrap()).collect()
}

fn export(masks: &[Array2<f32>], options: &PlateOptions, folder: &Path) -> Vec<PlateReport> {
    let views: Vec<_> = masks.iter().map(|mask| mask.view()).collect();
    let grid = Grid::new(masks[0].nrows(), masks[0].ncols(), PITCH).unwrap();
    export_plates(&views, &[grid], WAVELENGTH, &resin(), options, folder, "test", |_| {}).unwrap()
}

fn read(folder: &Path, grid: &Grid) -> Result<Exported> {
    read_plates(&find_plates(folder, 3)?, &[*grid])
}

/// Plates of `printed` beside `masks`.
fn compared(printed: &[Array2<f32>], masks: &[Array2<f32>], options: &PlateOptions) -> Vec<Comparison> {
    let folder = tempfile::tempdir().unwrap();
    export(printed, options, folder.path());
    let exported = read(folder.path(), &grid()).unwrap();
    compare(&exported, &maps(masks, &PlateOptions::default()), &resin(), WAVELENGTH)
}

#[test]
fn what_is_read_is_what_was_exported() {
    let masks = masks();
    for relief in [Relief::Continuous, Relief::Levels(7), Relief::LayerHeight(16e-6)] {
        for format in [StlFormat::Binary, StlFormat::Ascii] {
            let options = PlateOptions { relief, format, base_thickness: 1.3e-3, frame: None };
            let folder = tempfile::tempdir().unwrap();
            export(&masks, &options, folder.path());
            let exported = read(folder.path(), &grid()).unwrap();
            let maps = maps(&masks, &options);
            for (plate, map) in exported.heights.iter().zip(&maps) {
                for ((row, column), height) in plate.indexed_iter() {
                    // Single precision rounds 2.4 mm by 0.12 nm at most.
                    assert!((height - map.height(row, column)).abs() < 0.13e-9);
                }
            }
            for comparison in compare(&exported, &maps, &resin(), WAVELENGTH) {
                assert!(comparison.exact && comparison.thicker == 0.0, "{comparison:?}");
                assert_eq!((comparison.other_pixels, comparison.beyond, comparison.looks_like), (0, 0, None));
                assert!(comparison.largest < 0.13e-9 && comparison.rms <= comparison.largest);
            }
            // The relief shows by itself.
            let turn = resin().height(TAU, WAVELENGTH);
            assert_eq!(exported.relief(relief, maps[0].step(), turn), relief);
            if relief != Relief::Continuous {
                assert_eq!(exported.relief(Relief::Continuous, 1e-6, turn), relief);
            }
        }
    }
}

#[test]
fn the_light_meets_what_is_in_the_file() {
    let masks = masks();
    let folder = tempfile::tempdir().unwrap();
    let options = PlateOptions { relief: Relief::LayerHeight(50e-6), ..PlateOptions::default() };
    export(&masks, &options, folder.path());
    let exported = read(folder.path(), &grid()).unwrap();
    let (n, kappa, medium) = (1.7227, 0.03, 1.1);
    let material = resin().absorbing(kappa).unwrap().surrounded(medium).unwrap();
    let (modulation, phases) = exported.masks(&material, WAVELENGTH);
    // From the heights alone: exp(2 pi (i (n - m) - kappa) h/wavelength), up to one phase of all the light.
    let mut turned = None;
    for (heights, phases) in exported.heights.iter().zip(&phases) {
        for (height, phase) in heights.iter().zip(phases) {
            let asked = num_complex::Complex64::new(-kappa, n - medium) * (TAU * height / WAVELENGTH);
            let ratio = modulation.transmission([f64::from(*phase), 0.0]) / asked.exp();
            let first = *turned.get_or_insert(ratio);
            // Phases up to 6 rad in single precision: 2.4e-7 rad, twice.
            assert!((ratio - first).norm() < 1e-6 && (ratio.norm() - 1.0).abs() < 1e-6, "{ratio}");
        }
    }
}

#[test]
fn a_raised_pixel_is_found() {
    let masks = masks();
    let mut edited = masks.clone();
    // A tenth of a turn up on a pixel of the middle mask.
    edited[1][[3, 7]] = 1.0;
    let mut asked = masks.clone();
    asked[1][[3, 7]] = 1.0 - 0.2 * std::f32::consts::PI;
    let found = compared(&edited, &asked, &PlateOptions::default());
    assert!(found[0].exact && found[2].exact);
    let raised = &found[1];
    assert!(!raised.exact && raised.looks_like.is_none() && raised.beyond == 0);
    assert_eq!((raised.other_pixels, raised.largest_at), (1, (3, 7)));
    // A tenth of 1.03778 mm; both heights are rounded to 1 um.
    assert!((raised.largest - 0.103778e-3).abs() <= 1e-6, "{raised:?}");
    assert!((raised.rms - raised.largest / SIDE as f64).abs() < 1e-12, "one pixel of SIDE^2");
}

#[test]
fn plates_that_lie_wrong_are_recognised() {
    let masks = masks();
    let turned = |mask: &Array2<f32>, axis: usize| {
        let mut turned = mask.clone();
        turned.invert_axis(Axis(axis));
        turned
    };
    let rows = |mask: &Array2<f32>| turned(mask, 0);
    let columns = |mask: &Array2<f32>| turned(mask, 1);
    let lies = |printed: Array2<f32>, options: PlateOptions| {
        let printed = vec![masks[0].clone(), printed, masks[2].clone()];
        let found = compared(&printed, &masks, &options);
        assert_eq!((found[0].looks_like, found[2].looks_like), (None, None));
        found[1].looks_like.map(|likeness| (likeness.mask, likeness.lie.to_string()))
    };
    // Coarse layers and another base hide nothing.
    for options in [
        PlateOptions::default(),
        PlateOptions { relief: Relief::LayerHeight(50e-6), base_thickness: 2e-3, ..PlateOptions::default() },
    ] {
        for (printed, mask, lie) in [
            (rows(&masks[1]), 2, "mirrored top to bottom"),
            (columns(&masks[1]), 2, "mirrored left to right"),
            (rows(&columns(&masks[1])), 2, "turned by 180 degrees"),
            (masks[1].t().to_owned(), 2, "mirrored on a diagonal"),
            (rows(&masks[1]).t().to_owned(), 2, "turned by 90 degrees"),
            (columns(&masks[1]).t().to_owned(), 2, "turned by 90 degrees"),
            (rows(&columns(&masks[1])).t().to_owned(), 2, "mirrored on the other diagonal"),
            (masks[2].clone(), 3, "straight"),
            (columns(&masks[0]), 1, "mirrored left to right"),
        ] {
            assert_eq!(lies(printed, options), Some((mask, lie.to_owned())), "{options:?}");
        }
        // As it should be, and like nothing at all.
        assert_eq!(lies(masks[1].clone(), options), None);
        let mut numbers = Stream::new(2, Purpose::Masks, 0);
        let other = Array2::from_shape_simple_fn((SIDE, SIDE), || numbers.uniform() * TAU as f32);
        assert_eq!(lies(other, options), None);
    }
}

#[test]
fn another_base_is_no_other_relief() {
    let masks = masks();
    let options = PlateOptions { base_thickness: 2e-3, ..PlateOptions::default() };
    for plate in compared(&masks, &masks, &options) {
        // Both bases are whole micrometres, read in single precision.
        assert!((plate.thicker - 1e-3).abs() < 1e-9 && !plate.exact, "{plate:?}");
        assert!(plate.other_pixels == 0 && plate.beyond == 0 && plate.largest < 1e-9);
    }
}

#[test]
fn wrong_files_say_why() {
    let masks = masks();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    export(&masks, &PlateOptions::default(), path);
    let name = |number: usize| path.join(format!("test-mask-{number}.mm.stl"));
    let refused = |grid: &Grid, words: &[&str]| {
        let message = read(path, grid).unwrap_err().to_string();
        assert!(words.iter().all(|word| message.contains(word)), "{words:?}: {message}");
    };
    // Other files are none of ours; other pitches are.
    fs::write(path.join("holder.mm.stl"), "solid").unwrap();
    read(path, &grid()).unwrap();
    refused(&Grid::new(9, 9, 0.5e-3).unwrap(), &["test-mask-1", "pixels of 0.5 mm", "export it again"]);
    refused(&Grid::new(20, 20, PITCH).unwrap(), &["test-mask-1", "no material over pixel"]);

    fs::copy(name(2), path.join("again-mask-2.mm.stl")).unwrap();
    refused(&grid(), &["again-mask-2", "both plates of mask 2"]);
    fs::remove_file(path.join("again-mask-2.mm.stl")).unwrap();
    fs::copy(name(2), name(4)).unwrap();
    refused(&grid(), &["test-mask-4", "the device has 3"]);
    fs::remove_file(name(4)).unwrap();

    // In micrometres it is a thousandth of its size.
    fs::rename(name(3), path.join("test-mask-3.um.stl")).unwrap();
    refused(&grid(), &["test-mask-3.um.stl", "unit"]);
    fs::rename(path.join("test-mask-3.um.stl"), path.join("test-mask-3.stl")).unwrap();
    refused(&grid(), &["test-mask-3.stl", "says no unit"]);
    fs::remove_file(path.join("test-mask-3.stl")).unwrap();
    refused(&grid(), &["2 of the 3 plates", "mask 3"]);
    fs::write(name(3), fs::read(name(2)).unwrap().split_at(1000).0).unwrap();
    refused(&grid(), &["test-mask-3", "not a whole STL file"]);

    // Mirrored by hand: x becomes the width less x, the corners stay in order.
    let mut bytes = fs::read(name(1)).unwrap();
    for triangle in bytes[84..].chunks_exact_mut(50) {
        for corner in 0..3 {
            let at = 12 + 12 * corner;
            let x = f32::from_le_bytes(triangle[at..at + 4].try_into().unwrap());
            let mirrored = SIDE as f32 * 0.4 - x;
            triangle[at..at + 4].copy_from_slice(&mirrored.to_le_bytes());
        }
    }
    fs::write(name(3), bytes).unwrap();
    refused(&grid(), &["test-mask-3", "faces look inwards", "mirrored"]);
}

#[test]
fn the_report_has_what_a_printer_asks() {
    let folder = tempfile::tempdir().unwrap();
    // Heights of 0 and of half a turn, 0.51889 mm, in steps of an eighth of a turn.
    let half = std::f32::consts::PI;
    let mask = arr2(&[[half, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, half]]);
    let options =
        PlateOptions { relief: Relief::Levels(8), base_thickness: 0.5e-3, ..PlateOptions::default() };
    let plates = export(&[mask.clone(), Array2::zeros((3, 3))], &options, folder.path());
    let stock = Stock { density: Some(1.2), price: Some(Price::parse("2 EUR/g").unwrap()) };
    let material = resin();
    let printer = Printer::named("polyjet-16um").unwrap();
    let making = Making {
        wavelength: WAVELENGTH,
        material: &material,
        stock: &stock,
        modulation: Modulation::Phase { absorption: 0.0, base: 1.0, phase_max: 3.5, scale: 1.0 },
        printer: Some(&printer),
    };
    let report = PrintReport::new(plates, &[mask.view(), Array2::zeros((3, 3)).view()], &making);
    let plate = &report.plates[0];
    assert_eq!((plate.survey.levels, plate.survey.saddles, plate.survey.corners), (2, 0, 4));
    assert_eq!((plate.survey.islands, plate.survey.pillars), (2, 2), "0.519 mm high, 0.4 mm wide");
    assert_eq!((report.plates[1].survey.levels, report.plates[1].survey.islands), (1, 0));
    // All pixels at phase 0 stand at an end of the relief; those at pi do not reach 3.5.
    assert_eq!(report.clipped, [7.0 / 9.0, 1.0]);
    assert_eq!(clipped_share(mask.view(), Modulation::LOSSLESS), 0.0, "a circle has no ends");
    let height = 0.75 / 0.7227 / 2.0;
    let [low, mean, high] = plate.thickness.map(|length| length * 1e3);
    // Lengths in mm, each the sum and product of a few numbers of 16 digits.
    let same = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert!(same(low, 0.5) && same(high, 0.5 + height) && same(mean, 0.5 + height * 2.0 / 9.0));
    // In mm3: 18 pixels of base, two of relief.
    let volume = 0.16 * (18.0 * 0.5 + 2.0 * height);
    assert!(same(report.volume() * 1e9, volume), "{}", report.volume());
    let text = report.text();
    let cost = format!("{:.2} EUR", 2.0 * 1.2e-3 * volume);
    for word in ["2 plates: ", &cost, "pillars", "printer polyjet-16um, layers of 16 um"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    for (warning, words) in report.warnings.iter().zip([
        "the base is 0.5 mm thick, and plates under 0.6 mm",
        "mask 1: up to 2 single pixels",
        "pixels of 0.4 mm are below the 0.423 mm",
        "heights in steps of 0.1297 mm are no whole layers of 16 um",
    ]) {
        assert!(warning.contains(words), "{words}: {warning}");
    }
    assert_eq!(report.warnings.len(), 4, "{:?}", report.warnings);

    // Without figures there is no mass, no price, no printer; in whole layers on a good base nothing to warn of.
    let options = PlateOptions { relief: Relief::LayerHeight(16e-6), ..PlateOptions::default() };
    let smooth = Array2::from_shape_fn((3, 3), |(row, column)| (row + column) as f32 * 0.3);
    let plates = export(std::slice::from_ref(&smooth), &options, folder.path());
    let unknown = Making { stock: &Stock::default(), printer: None, ..making };
    let report = PrintReport::new(plates, &[smooth.view()], &unknown);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    assert!(!report.text().contains(" g") && !report.text().contains("mass"), "{}", report.text());
}

#[test]
fn coarse_layers_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let options = PlateOptions { relief: Relief::Levels(4), ..PlateOptions::default() };
    let plates = export(&masks(), &options, folder.path());
    let material = resin();
    let making = Making {
        wavelength: WAVELENGTH,
        material: &material,
        stock: &Stock::default(),
        modulation: Modulation::LOSSLESS,
        printer: None,
    };
    // Even phases within a quarter turn of width pi/2: pi/2/sqrt(12) = 0.453 rad rms, here of 144 draws a plate.
    let rms = plates.iter().map(|plate| plate.rms_phase_error).fold(0.0, f64::max);
    assert!((rms - 0.453).abs() < 0.05, "{rms}");
    let masks = masks();
    let views: Vec<_> = masks.iter().map(|mask| mask.view()).collect();
    let report = PrintReport::new(plates, &views, &making);
    let expected = format!("all masks: the steps of 0.2594 mm cost {rms:.3} rad rms");
    assert!(report.warnings.iter().any(|warning| warning.starts_with(&expected)), "{:?}", report.warnings);
}
