//! Plates must be closed solids of the exact volume, and hold the heights that were asked for.

// The lint knows functions marked as tests, but not what they call.

use std::collections::HashMap;
use std::f64::consts::{PI, TAU};
use std::fs;
use std::ops::Range;
use std::path::Path;

use d2nn::fabrication::mesh::Vertex;
use d2nn::fabrication::{
    Defect, HeightMap, PlateMesh, PlateOptions, PlateReport, Relief, StlFormat, StlScale, StlUnit, Surface,
    check_plate, export_plate, export_plates, format_reports, read_heights,
};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::random::{Purpose, Stream};
use d2nn::{Error, Result};
use ndarray::{Array2, arr2};

const WAVELENGTH: f64 = 0.75e-3;
const PITCH: f64 = 0.4e-3;

fn resin() -> Material {
    Material::new("VeroBlackPlus RGD875", 1.7227).unwrap()
}

fn random_phases(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut numbers = Stream::new(seed, Purpose::Masks, 0);
    Array2::from_shape_simple_fn((rows, columns), || numbers.uniform() * TAU as f32)
}

/// Whole numbers drawn from ranges, by seed.
fn whole_numbers(seed: u64) -> impl FnMut(Range<i32>) -> i32 {
    let mut numbers = Stream::new(seed, Purpose::Masks, 0);
    move |range| range.start + (numbers.uniform() * range.len() as f32) as i32
}

fn map_of(phases: &Array2<f32>, relief: Relief) -> Result<HeightMap> {
    let grid = Grid::new(phases.nrows(), phases.ncols(), PITCH)?;
    HeightMap::from_phase(phases.view(), &grid, WAVELENGTH, &resin(), 1e-3, relief)
}

fn export(phases: &[Array2<f32>], options: PlateOptions, folder: &Path) -> Result<Vec<PlateReport>> {
    let grid = Grid::new(phases[0].nrows(), phases[0].ncols(), PITCH)?;
    let views: Vec<_> = phases.iter().map(|mask| mask.view()).collect();
    export_plates(&views, &[grid], WAVELENGTH, &resin(), &options, folder, "test", |_| {})
}

fn triangles_of(heights: &Array2<i32>) -> Vec<[Vertex; 3]> {
    let mut triangles = Vec::new();
    PlateMesh::new(heights.view()).unwrap().triangles(|triangle| triangles.push(triangle));
    triangles
}

fn surface_of(triangles: &[[Vertex; 3]]) -> Surface {
    let mut surface = Surface::default();
    triangles.iter().for_each(|triangle| surface.add(*triangle).unwrap());
    surface
}

/// Judges the mesh of a map of heights in steps, and returns how many triangles it has.
fn judge(heights: &Array2<i32>) -> usize {
    let triangles = triangles_of(heights);
    let surface = surface_of(&triangles);
    assert_eq!(surface.check(), Ok(()), "{heights}");
    assert_eq!(surface.euler_number(), 2, "{heights}");
    // 16 x 16 parts a pixel, 4 parts a step.
    let six_volumes: i128 = heights.iter().map(|&height| 6 * 16 * 16 * 4 * i128::from(height)).sum();
    assert_eq!(surface.six_volumes(), six_volumes, "{heights}");
    let highest = heights.iter().max().unwrap() * 4;
    let far = [heights.ncols() as i32 * 16, heights.nrows() as i32 * 16, highest];
    assert_eq!(surface.bounds(), Some(([0; 3], far)), "{heights}");
    triangles.len()
}

/// The slow, obvious judge of edges: each directed edge once, its reverse once.
fn every_edge_pairs_up(triangles: &[[Vertex; 3]]) -> bool {
    let mut edges: HashMap<(Vertex, Vertex), usize> = HashMap::new();
    for [a, b, c] in triangles {
        for edge in [(*a, *b), (*b, *c), (*c, *a)] {
            *edges.entry(edge).or_default() += 1;
        }
    }
    edges.iter().all(|(&(from, to), &count)| count == 1 && edges.get(&(to, from)) == Some(&1))
}

#[test]
fn shapes_that_break_meshers_are_closed_with_exact_volume() {
    let mut draw = whole_numbers(1);
    let shapes: [(&str, Array2<i32>); 9] = [
        ("random", Array2::from_shape_simple_fn((40, 40), || draw(1000..2038))),
        ("saddles", Array2::from_shape_fn((20, 20), |(y, x)| if (x + y) % 2 == 0 { 1000 } else { 1519 })),
        ("constant", Array2::from_elem((20, 20), 1259)),
        ("lone pixels", Array2::from_shape_fn((9, 9), |(y, x)| if y % 2 + x % 2 == 2 { 2000 } else { 1000 })),
        ("staircase", Array2::from_shape_fn((4, 30), |(_, x)| 1000 + (x as i32 * 100) % 1038)),
        ("not square", arr2(&[[1, 5, 2, 5, 1], [5, 1, 5, 1, 5], [2, 2, 7, 3, 3]])),
        ("a row", arr2(&[[1, 3, 2, 2]])),
        ("a column", arr2(&[[1], [3], [2]])),
        ("post above a pixel of the high diagonal", arr2(&[[100, 2], [1, 3]])),
    ];
    for (name, heights) in &shapes {
        assert!(judge(heights) > 0, "{name}");
    }
    // One pixel: two triangles a side, two on top, four in the fan below.
    assert_eq!(judge(&arr2(&[[7]])), 14);
}

#[test]
fn every_plate_of_two_by_two_is_closed() {
    let mut saddles = 0;
    for code in 0..256 {
        let heights = Array2::from_shape_fn((2, 2), |(y, x)| 1 + (code >> (4 * y + 2 * x)) % 4);
        judge(&heights);
        assert!(every_edge_pairs_up(&triangles_of(&heights)), "{heights}");
        let (a, b, c, d) = (heights[[0, 0]], heights[[0, 1]], heights[[1, 1]], heights[[1, 0]]);
        let saddle = a.min(c) > b.max(d) || b.min(d) > a.max(c);
        // A post is there exactly on saddles: its vertices are the only ones one part off the middle.
        let post = triangles_of(&heights).iter().flatten().any(|vertex| vertex[..2] == [16, 15]);
        assert_eq!(post, saddle, "{heights}");
        saddles += usize::from(saddle);
    }
    // Both diagonals, and equal or unequal heights on each: 2 x (sum over the lowest high l of
    // (pairs with least l) x (l - 1)^2 = 5 x 1 + 3 x 4 + 1 x 9).
    assert_eq!(saddles, 52);
}

#[test]
fn thousands_of_small_plates_with_ties_and_saddles_are_closed() {
    let mut draw = whole_numbers(2);
    for _ in 0..3000 {
        let shape = (draw(1..6) as usize, draw(1..6) as usize);
        let heights = Array2::from_shape_simple_fn(shape, || draw(1..5));
        judge(&heights);
        assert!(every_edge_pairs_up(&triangles_of(&heights)), "{heights}");
    }
}

#[test]
fn the_judge_rejects_what_is_no_solid() {
    let good = triangles_of(&arr2(&[[1, 3], [4, 2]]));
    assert_eq!(surface_of(&good).check(), Ok(()));
    assert_eq!(Surface::default().check(), Err(Defect::Empty));
    for place in 0..good.len() {
        let mut open = good.clone();
        open.remove(place);
        assert!(matches!(surface_of(&open).check(), Err(Defect::OpenEdge(..))), "open at {place}");
        let mut flipped = good.clone();
        flipped[place].swap(0, 1);
        assert!(matches!(surface_of(&flipped).check(), Err(Defect::RepeatedEdge(..))), "flipped {place}");
        let mut doubled = good.clone();
        doubled.push(good[place]);
        assert!(matches!(surface_of(&doubled).check(), Err(Defect::RepeatedEdge(..))), "doubled {place}");
        let [a, b, _] = good[place];
        let mut flat = good.clone();
        flat.push([a, b, b]);
        assert!(matches!(surface_of(&flat).check(), Err(Defect::DegenerateTriangle(_))), "flat {place}");
    }
    let mut in_line = good.clone();
    in_line.push([[0, 0, 0], [0, 0, 1], [0, 0, 3]]);
    assert_eq!(surface_of(&in_line).check(), Err(Defect::DegenerateTriangle([0, 0, 0])));

    // Two tetrahedra that share one point, then one edge: closed, but no two-manifold.
    let tetrahedron = |[a, b, c, d]: [Vertex; 4]| [[a, c, b], [a, b, d], [b, c, d], [a, d, c]];
    let (origin, top) = ([0; 3], [0, 0, 1]);
    let first = tetrahedron([origin, [1, 0, 0], [0, 1, 0], top]);
    assert_eq!(surface_of(&first).check(), Ok(()));
    let at_a_point = [first, tetrahedron([origin, [-1, 0, 0], [0, 0, -1], [0, -1, 0]])].concat();
    assert!(every_edge_pairs_up(&at_a_point), "the edges alone do not show a pinched vertex");
    assert_eq!(surface_of(&at_a_point).check(), Err(Defect::PinchedVertex(origin)));
    let along_an_edge = [first, tetrahedron([origin, [-1, 0, 0], [0, -1, 0], top])].concat();
    assert!(matches!(surface_of(&along_an_edge).check(), Err(Defect::RepeatedEdge(..))));
}

#[test]
fn a_file_that_is_not_the_plate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let grid = Grid::new(3, 5, PITCH).unwrap();
    let map = map_of(&random_phases(3, 5, 3), Relief::Continuous).unwrap();
    let path = folder.path().join("plate.mm.stl");
    let triangles = export_plate(&map, &grid, &path, "plate", 1, &PlateOptions::default()).unwrap().triangles;
    let good = fs::read(&path).unwrap();
    let mesh = PlateMesh::new(map.relief().mapv(|steps| steps + map.base_steps()).view()).unwrap();
    let scale = StlScale::new(PITCH, &map);
    let verdict = |bytes: Vec<u8>, mesh: &PlateMesh, triangles| {
        let heights = Array2::from_shape_fn((mesh.rows(), mesh.columns()), |(y, x)| mesh.height(y, x) / 4);
        check_plate(std::io::Cursor::new(bytes), &path, mesh, &scale, heights.view(), triangles)
            .map_err(|error| error.to_string())
    };
    assert_eq!(verdict(good.clone(), &mesh, triangles), Ok(()));

    let mut moved = good.clone();
    moved[84 + 12] ^= 1;
    assert!(verdict(moved, &mesh, triangles).unwrap_err().contains("no vertex of this plate"));
    let short = good[..good.len() - 1].to_vec();
    assert!(verdict(short, &mesh, triangles).unwrap_err().contains("not a whole STL file"));
    let mut fewer = good.clone();
    fewer[80] -= 1;
    assert!(verdict(fewer.clone(), &mesh, triangles).unwrap_err().contains("triangles instead of"));
    assert!(verdict(fewer, &mesh, triangles - 1).unwrap_err().contains("an open edge"));
    let mut doubled = good.clone();
    let copied = doubled[84..134].to_vec();
    doubled[134..184].copy_from_slice(&copied);
    assert!(verdict(doubled, &mesh, triangles).unwrap_err().contains("used twice"));

    // The same plate but for one pixel: a sound solid, only not this one.
    let other_heights = |change: fn(&mut Array2<i32>)| {
        let mut heights = map.relief().mapv(|steps| steps + map.base_steps());
        change(&mut heights);
        PlateMesh::new(heights.view()).unwrap()
    };
    let higher = other_heights(|heights| heights[[1, 2]] += 5000);
    assert!(verdict(good.clone(), &higher, triangles).unwrap_err().contains("it fills"));
    let lower = other_heights(|heights| heights[[1, 2]] -= 1);
    assert!(verdict(good.clone(), &lower, triangles).unwrap_err().contains("its volume is"));
    let swapped = other_heights(|heights| heights.swap([0, 1], [2, 3]));
    assert!(verdict(good, &swapped, triangles).unwrap_err().contains("pixel [0, 1] is"));
}

#[test]
fn heights_come_back_from_binary_and_text_where_they_belong() {
    let folder = tempfile::tempdir().unwrap();
    let phases = random_phases(3, 5, 4);
    let grid = Grid::new(3, 5, PITCH).unwrap();
    let map = map_of(&phases, Relief::Continuous).unwrap();
    let binary = export(std::slice::from_ref(&phases), PlateOptions::default(), folder.path()).unwrap();
    let heights = read_heights(&binary[0].file, &grid, StlUnit::Millimetres).unwrap();
    for ((row, column), &height) in heights.indexed_iter() {
        // A single-precision coordinate is off by 2^-24 of itself at most.
        let bound = height * 2f64.powi(-24) * (1.0 + 1e-6);
        assert!((height - map.height(row, column)).abs() <= bound, "[{row}, {column}]: {height}");
    }
    let text = PlateOptions { format: StlFormat::Ascii, ..PlateOptions::default() };
    let text = export(&[phases], text, folder.path()).unwrap();
    assert!(fs::read_to_string(&text[0].file).unwrap().starts_with("solid d2nn"));
    assert_eq!(text[0].triangles, binary[0].triangles);
    assert_eq!(read_heights(&text[0].file, &grid, StlUnit::Millimetres).unwrap(), heights);

    let wider = Grid::new(3, 6, PITCH).unwrap();
    let message = read_heights(&text[0].file, &wider, StlUnit::Millimetres).unwrap_err().to_string();
    assert!(message.contains("no material over pixel [0, 5]"), "{message}");
    let none = folder.path().join("none.stl");
    let message = read_heights(&none, &grid, StlUnit::Millimetres).unwrap_err().to_string();
    assert!(message.contains("none.stl"), "{message}");
}

#[test]
fn heights_are_read_from_any_triangulation() {
    // A slab of 2 x 1 pixels: its top is two triangles over both pixels, and it floats at z = 3 mm.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slab.mm.stl");
    let facet = |corners: [[f32; 3]; 3]| {
        let lines = corners.map(|[x, y, z]| format!("vertex {x} {y} {z}\n")).concat();
        format!("facet normal 0 0 0\nouter loop\n{lines}endloop\nendfacet\n")
    };
    let quad = |z: f32| {
        let [a, b, c, d] = [[0.0, 0.0, z], [0.8, 0.0, z], [0.8, 0.4, z], [0.0, 0.4, z]];
        [[a, b, c], [a, c, d]]
    };
    let top = quad(5.0).map(facet).concat();
    let below = quad(3.0).map(|[a, b, c]| facet([a, c, b])).concat();
    fs::write(&path, format!("solid slab\n{top}{below}endsolid slab\n")).unwrap();
    let heights = read_heights(&path, &Grid::new(1, 2, PITCH).unwrap(), StlUnit::Millimetres).unwrap();
    assert_eq!(heights, arr2(&[[2e-3, 2e-3]]));
}

/// The triangles of a binary file by hand: normal and corners.
fn records(bytes: &[u8]) -> Vec<[[f32; 3]; 4]> {
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
    bytes[84..]
        .chunks_exact(50)
        .map(|record| [0, 1, 2, 3].map(|v| [0, 1, 2].map(|axis| number(&record[12 * v + 4 * axis..][..4]))))
        .collect()
}

#[test]
fn the_file_says_what_it_is_and_lies_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let mut phases = Array2::zeros((3, 5));
    phases[[0, 4]] = PI as f32;
    let report = export(&[phases], PlateOptions::default(), folder.path()).unwrap().remove(0);
    assert_eq!(report.file, folder.path().join("test-mask-1.mm.stl"));
    let bytes = fs::read(&report.file).unwrap();
    assert_eq!(bytes.len() as u64, report.bytes);
    assert_eq!(bytes.len() as u64, 84 + 50 * report.triangles);
    assert_eq!(u64::from(u32::from_le_bytes(bytes[80..84].try_into().unwrap())), report.triangles);
    let header = String::from_utf8(bytes[..80].to_vec()).unwrap();
    assert!(header.starts_with("d2nn "), "{header}");
    for word in ["unit=mm", "2x1.2x1.519", "test-mask-1"] {
        assert!(header.contains(word), "{word} in {header}");
    }
    // Half a turn is 0.5189 mm, 519 steps of 1 um; on the pixel of row 0, column 4: x 1.6 to 2, y 0 to 0.4 mm.
    let records = records(&bytes);
    let highest: Vec<_> =
        records.iter().filter(|record| record[1..].iter().all(|corner| corner[2] == 1.519)).collect();
    assert_eq!(highest.len(), 2);
    for [normal, corners @ ..] in highest {
        assert_eq!(*normal, [0.0, 0.0, 1.0]);
        assert!(
            corners.iter().all(|[x, y, _]| (1.6..=2.0).contains(x) && (0.0..=0.4).contains(y)),
            "{corners:?}"
        );
    }
    for (axis, wall, outward) in
        [(0, 0.0, -1.0), (0, 2.0, 1.0), (1, 0.0, -1.0), (1, 1.2, 1.0), (2, 0.0, -1.0)]
    {
        let on: Vec<_> =
            records.iter().filter(|record| record[1..].iter().all(|corner| corner[axis] == wall)).collect();
        assert!(on.len() >= 6, "axis {axis} at {wall}");
        assert!(on.iter().all(|record| record[0][axis] == outward), "axis {axis} at {wall}");
    }
    // Millimetres of the file and metres here: products that round in their last bit.
    for (found, asked) in report.bounding_box.into_iter().zip([5.0 * PITCH, 3.0 * PITCH, 1.519e-3]) {
        assert!((found / asked - 1.0).abs() < 4.0 * f64::EPSILON, "{:?}", report.bounding_box);
    }
    // 15 pixels of 1 mm and one relief of 0.519 mm on 0.16 mm2.
    assert!((report.volume - 0.16e-6 * (15e-3 + 0.519e-3)).abs() < 1e-20, "{}", report.volume);
    assert_eq!(StlUnit::of_file_name(&report.file), Some(StlUnit::Millimetres));
    assert_eq!(StlUnit::of_file_name(Path::new("a.um.STL")), Some(StlUnit::Micrometres));
    assert_eq!(StlUnit::of_file_name(Path::new("a.stl")), None);
}

#[test]
fn phases_wrap_and_become_heights() {
    let turn = resin().height(TAU, WAVELENGTH);
    // A lens of many turns, with negative phases, in f64.
    let lens = Array2::from_shape_fn((30, 20), |(y, x)| -0.05 * ((x * x + y * y) as f64));
    let grid = Grid::new(30, 20, PITCH).unwrap();
    let map =
        HeightMap::from_phase(lens.view(), &grid, WAVELENGTH, &resin(), 1e-3, Relief::Continuous).unwrap();
    for ((row, column), &phase) in lens.indexed_iter() {
        let asked = resin().height(phase.rem_euclid(TAU), WAVELENGTH);
        let got = map.height(row, column) - 1e-3;
        // Half a step of 1 um, and rounding.
        assert!((got - asked).abs() <= 0.5e-6 + 1e-15, "[{row}, {column}]: {got} for {asked}");
    }
    assert!(map.relief_range().1 > 0.98 * turn);
    judge(&map.relief().mapv(|steps| steps + map.base_steps()));

    let edge = arr2(&[[-1e-30_f32, 0.0, TAU as f32, 3.0 * TAU as f32]]);
    let map = map_of(&edge, Relief::Continuous).unwrap();
    // TAU in single precision is 1.7e-7 above 2 pi, so it wraps to zero, and -1e-30 is zero for any printer.
    assert!(map.relief().iter().all(|&steps| steps == 0), "{}", map.relief());
}

#[test]
fn levels_are_equal_steps_and_circularly_nearest() {
    let map = map_of(&random_phases(40, 40, 5), Relief::Levels(8)).unwrap();
    let mut heights: Vec<i32> = map.relief().iter().copied().collect();
    heights.sort_unstable();
    heights.dedup();
    assert_eq!(heights, [0, 1, 2, 3, 4, 5, 6, 7]);
    let turn = resin().height(TAU, WAVELENGTH);
    assert!((map.step() - turn / 8.0).abs() < 1e-18);
    assert_eq!(map.base(), 1e-3);
    // Evenly spread errors up to pi/8 have an rms of pi/8/sqrt(3) = 0.2267; 1600 of them scatter by 2 %.
    let (rms, most) = map.phase_errors();
    assert!((rms - PI / 8.0 / 3f64.sqrt()).abs() < 0.01, "{rms}");
    assert!(most > 0.98 * PI / 8.0 && most <= PI / 8.0 + 1e-6, "{most}");

    let eighth = TAU / 8.0;
    for (phase, level) in [
        (0.0, 0),
        (eighth - 0.01, 0),
        (eighth + 0.01, 1),
        (7.0 * eighth - 0.01, 3),
        (7.0 * eighth + 0.01, 0),
        (TAU - 0.01, 0),
        (-0.01, 0),
        (5.0 * TAU + 2.0 * eighth, 1),
        (-2.0 * eighth, 3),
    ] {
        let map = map_of(&arr2(&[[phase as f32]]), Relief::Levels(4)).unwrap();
        assert_eq!(map.relief()[[0, 0]], level, "{phase}");
    }
}

#[test]
fn layers_are_whole_and_circularly_nearest() {
    let turn = resin().height(TAU, WAVELENGTH);
    let level = |height: f64| {
        let phase = arr2(&[[resin().phase(height, WAVELENGTH)]]);
        let grid = Grid::new(1, 1, PITCH).unwrap();
        let map = HeightMap::from_phase(
            phase.view(),
            &grid,
            WAVELENGTH,
            &resin(),
            0.98e-3,
            Relief::LayerHeight(50e-6),
        )
        .unwrap();
        // 19.6 layers of base become 20.
        assert!((map.base() - 1e-3).abs() < 1e-15);
        assert_eq!(map.base_steps(), 20);
        map.relief()[[0, 0]]
    };
    // A turn is 1.0378 mm, so the highest layer is at 1 mm, and halfway from there to the turn is 1.0189 mm.
    for (height, layer) in [
        (0.0, 0),
        (0.024e-3, 0),
        (0.026e-3, 1),
        (0.99e-3, 20),
        (1.018e-3, 20),
        (1.0195e-3, 0),
        (turn * 0.9999, 0),
    ] {
        assert_eq!(level(height), layer, "{height}");
    }
    for (layer, rms) in [(16e-6, 0.028), (50e-6, 0.087)] {
        let map = map_of(&random_phases(100, 100, 6), Relief::LayerHeight(layer)).unwrap();
        assert!((map.phase_errors().0 - rms).abs() < 0.001, "{:?}", map.phase_errors());
    }
    // A turn of exactly four layers: the fifth level would be level 0 again.
    let map = map_of(&random_phases(20, 20, 7), Relief::LayerHeight(turn / 4.0)).unwrap();
    assert_eq!(map.relief().iter().max(), Some(&3));
}

#[test]
fn small_wavelengths_get_fine_steps_and_micrometres() {
    let folder = tempfile::tempdir().unwrap();
    let grid = Grid::new(6, 4, 1e-6).unwrap();
    let glass = Material::new("fused silica", 1.46).unwrap();
    let phases = random_phases(6, 4, 8);
    // The default base of 1 mm under 1.16 um of relief is as thick as single precision allows.
    for base_thickness in [20e-6, 1e-3] {
        let options = PlateOptions { base_thickness, ..PlateOptions::default() };
        let reports =
            export_plates(&[phases.view()], &[grid], 532e-9, &glass, &options, folder.path(), "v", |_| {})
                .unwrap();
        assert_eq!(reports[0].file, folder.path().join("v-mask-1.um.stl"));
        assert!(reports[0].max_phase_error < TAU / 1000.0, "{}", reports[0].max_phase_error);
        let heights = read_heights(&reports[0].file, &grid, StlUnit::Micrometres).unwrap();
        let map =
            HeightMap::from_phase(phases.view(), &grid, 532e-9, &glass, base_thickness, Relief::Continuous)
                .unwrap();
        for ((row, column), &height) in heights.indexed_iter() {
            // A single-precision coordinate is off by 2^-24 of itself at most.
            assert!((height - map.height(row, column)).abs() <= height * 2f64.powi(-24) * (1.0 + 1e-6));
        }
    }
    let thick = HeightMap::from_phase(phases.view(), &grid, 532e-9, &glass, 0.1, Relief::Continuous);
    assert!(thick.unwrap_err().to_string().contains("take a thinner base"));
}

#[test]
fn what_cannot_be_made_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    for value in [f32::NAN, f32::INFINITY] {
        let mut bad = Array2::zeros((3, 5));
        bad[[2, 1]] = value;
        let message = export(&[Array2::zeros((3, 5)), bad], PlateOptions::default(), folder.path())
            .unwrap_err()
            .to_string();
        assert!(message.contains("mask 2") && message.contains("pixel [2, 1]"), "{message}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "mask 1 is there, and no trace of mask 2");

    let flat = Array2::zeros((2, 2));
    let make = |relief, base_thickness| {
        let options = PlateOptions { relief, base_thickness, ..PlateOptions::default() };
        export(std::slice::from_ref(&flat), options, folder.path()).unwrap_err().to_string()
    };
    assert!(make(Relief::Continuous, 0.0).contains("base thickness"));
    assert!(make(Relief::Continuous, f64::NAN).contains("base thickness"));
    assert!(make(Relief::Levels(1), 1e-3).contains("at least 2"));
    assert!(make(Relief::Levels(u32::MAX), 1e-3).contains("fewer levels"));
    assert!(make(Relief::LayerHeight(-1e-6), 1e-3).contains("above zero"));
    assert!(make(Relief::LayerHeight(2e-3), 1e-3).contains("every plate would be flat"));
    let grid = Grid::new(2, 3, PITCH).unwrap();
    let export_named = |masks: &[ndarray::ArrayView2<'_, f32>], wavelength, name: &str| {
        let options = PlateOptions::default();
        export_plates(masks, &[grid], wavelength, &resin(), &options, folder.path(), name, |_| {})
            .unwrap_err()
            .to_string()
    };
    assert!(export_named(&[flat.view()], WAVELENGTH, "a").contains("2 x 2 phases on a grid of 2 x 3"));
    assert!(export_named(&[flat.view()], -1.0, "a").contains("2 x 2"));
    assert!(export_named(&[], WAVELENGTH, "a").contains("no masks"));
    assert!(export_named(&[flat.view()], WAVELENGTH, "../a").contains("../a"));
    let hole = PlateMesh::new(arr2(&[[1, 0]]).view()).unwrap_err().to_string();
    assert!(hole.contains("pixel [0, 1] is 0 steps"), "{hole}");
    let far = Surface::default().add([[0; 3], [1, 0, 0], [0, i32::MIN, 0]]);
    assert!(far.unwrap_err().to_string().contains("beyond"));

    // A folder that cannot be: a file is in its place (permissions would not stop a test run by root).
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    let error = export(&[flat], PlateOptions::default(), &taken.join("plates")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert!(error.to_string().contains("taken"), "{error}");
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    // Three bands of work.
    let phases = [random_phases(260, 130, 9)];
    let bytes = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let reports = pool.install(|| export(&phases, PlateOptions::default(), folder.path())).unwrap();
        fs::read(&reports[0].file).unwrap()
    });
    assert!(bytes[0] == bytes[1]);
}

#[test]
fn five_masks_make_five_plates_and_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let phases: Vec<_> = (0..5).map(|seed| random_phases(4, 4, seed)).collect();
    let views: Vec<_> = phases.iter().map(|mask| mask.view()).collect();
    let grid = Grid::new(4, 4, PITCH).unwrap();
    let mut seen = Vec::new();
    let reports = export_plates(
        &views,
        &[grid],
        WAVELENGTH,
        &resin(),
        &PlateOptions::default(),
        &folder.path().join("new").join("plates"),
        "lens",
        |report| seen.push(report.file.clone()),
    )
    .unwrap();
    assert_eq!(seen, reports.iter().map(|report| report.file.clone()).collect::<Vec<_>>());
    for (index, report) in reports.iter().enumerate() {
        let map = map_of(&phases[index], Relief::Continuous).unwrap();
        assert!(report.file.ends_with(format!("lens-mask-{}.mm.stl", index + 1)));
        assert_eq!(report.relief, map.relief_range());
        let heights = read_heights(&report.file, &grid, report.unit).unwrap();
        assert!((heights[[1, 2]] - map.height(1, 2)).abs() < 1e-9, "masks are in order");
    }
    let table = format_reports(&reports);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[0].starts_with("file") && lines[5].starts_with("lens-mask-5.mm.stl"), "{table}");
    assert!(lines[1].contains("1.6 x 1.6 x"), "{table}");
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{table}");
}
