//! Optics between the planes: lenses, stops, plates, saturable sheets, and an element that is not of this library.

use std::sync::Arc;

use d2nn::bench::{Bench, Role};
use d2nn::design::{Design, DesignFile};
use d2nn::element::{Aperture, Element, Lens, LensPhase, Opening, Placed, Plate, Saturable, Site};
use d2nn::engine::{Classifier, CpuEngine, Engine, ModesEngine};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::misalignment::{Displacement, Misalignment};
use d2nn::program::{Factor, Program, Slopes, Wants};
use d2nn::propagation::{Gap, Method, PixelModel, Polarisation, Propagator, padded_shape};
use d2nn::reference::Network;
use ndarray::{Array2, Axis};
use num_complex::Complex;

use crate::support::{
    random_image, random_images, random_masks, random_numbers, random_values, relative_error, small_bench,
};

/// A relief of one phase a row, at no file of the library: trainable, with two arrays that share a pixel.
#[derive(Debug)]
struct Rows;

impl Element for Rows {
    fn name(&self) -> String {
        "rows".into()
    }

    fn arrays(&self) -> usize {
        1
    }

    fn open(&self, place: &Site) -> Vec<Array2<f64>> {
        vec![Array2::zeros((place.grid.rows(), 1))]
    }

    fn lower(&self, values: &[Array2<f64>], place: &Site, program: &mut Program) {
        let entries = Array2::from_shape_fn(place.grid.shape(), |(y, _)| Complex::cis(values[0][[y, 0]]));
        program.multiply(Factor::sampled(entries, Wants::Turn { absorption: 0.0 }));
    }

    fn pull_back(&self, _: &[Array2<f64>], _: &Site, slopes: &[Slopes]) -> Vec<Array2<f64>> {
        let [Slopes::Turn(turn)] = slopes else { panic!("one factor asks for a turn") };
        vec![turn.sum_axis(Axis(1)).insert_axis(Axis(1))]
    }
}

fn placed(gap: usize, distance: f64, element: impl Element + 'static) -> Placed {
    Placed { gap, distance, element: Arc::new(element) }
}

fn lens() -> Lens {
    Lens::new(25e-3, LensPhase::Exact).unwrap()
}

fn stop() -> Aperture {
    Aperture::new(Opening::Round { diameter: 8e-3 }).unwrap()
}

fn plate() -> Plate {
    let material = Material::new("glass", 1.6).unwrap().absorbing(0.01).unwrap();
    Plate::new(&material, 1e-3, Polarisation::Mean).unwrap()
}

fn sheet() -> Saturable {
    Saturable::new(1.5, 0.2).unwrap()
}

/// Small benches with other optics: at the object, in gaps, on masks, at the detector.
fn benches() -> Vec<(&'static str, Bench)> {
    // Short ways between optics are near contact: the method decides for each.
    let with = |optics| Bench { optics, method: Method::Auto, ..small_bench() };
    let all = || {
        vec![
            placed(2, 7.9e-3, stop()),
            placed(0, 2e-3, lens()),
            placed(1, 0.0, stop()),
            placed(1, 3e-3, plate()),
            placed(2, 1e-3, sheet()),
        ]
    };
    vec![
        ("lens", with(vec![placed(0, 3e-3, lens())])),
        ("at the object", with(vec![placed(0, 0.0, lens())])),
        ("at the detector", with(vec![placed(2, 8e-3, sheet())])),
        ("slab", with(vec![placed(1, 2e-3, plate())])),
        ("saturable", with(vec![placed(1, 0.0, sheet())])),
        ("all", with(all())),
        ("oversampled", with(all()).sampled(2, 2.0).unwrap()),
        ("out of place", {
            let displaced = |y, x, axial| Displacement { lateral: (y, x), axial };
            let errors = Misalignment {
                masks: vec![displaced(0.3e-3, -0.2e-3, 0.1e-3), displaced(-0.1e-3, 0.4e-3, 0.0)],
                rotations: vec![0.02, -0.1],
                wavelength: 0.01,
                ..Misalignment::default()
            };
            with(all()).misaligned(&errors).unwrap()
        }),
    ]
}

#[test]
fn engines_run_the_program_as_the_reference_does() {
    for (name, bench) in benches() {
        let masks = random_masks(&bench, 3);
        let values: Vec<Array2<f64>> = masks.iter().map(|values| values.mapv(f64::from)).collect();
        let network = Network::new(bench.clone(), values).unwrap();
        let mut engine = CpuEngine::new(bench.clone(), 2).unwrap();
        engine.set_masks(&masks).unwrap();
        let images = random_images(&bench, 3);
        let read = engine.readings(images.view()).unwrap();
        let slopes = [0.7, -1.1, 0.4, 0.9];
        let pass = engine.gradients(images.view(), &|_, _, to| to.copy_from_slice(&slopes)).unwrap();
        let mut expected: Vec<Array2<f64>> = masks.iter().map(|values| Array2::zeros(values.dim())).collect();
        for (sample, image) in images.outer_iter().enumerate() {
            let light = network.light(image).unwrap();
            let exact = bench.detector.readings(&light.detector);
            let brightest = exact.iter().copied().fold(0.0, f64::max);
            for (got, want) in read.regions.row(sample).iter().zip(&exact) {
                // Single precision over four to seven crossings, as of benches without other optics (tests/it/engine.rs).
                assert!((got - want).abs() < 4e-5 * brightest, "{name}: {got} {want}");
            }
            for (sum, gradient) in expected.iter_mut().zip(network.gradients(&light, &slopes).unwrap()) {
                *sum += &gradient;
            }
            let shown = &engine.light(image).unwrap()[0];
            assert_eq!(shown.incident.len(), bench.planes().len(), "{name}");
        }
        for (got, want) in pass.masks.iter().zip(&expected) {
            let difference = (&got.mapv(f64::from) - want).mapv(|d| d * d).sum().sqrt();
            let norm = want.mapv(|d| d * d).sum().sqrt();
            assert!(difference < 4e-5 * norm, "{name}: {}", difference / norm);
        }
    }
}

#[test]
fn gradients_are_central_differences() {
    let own = Bench { optics: vec![placed(1, 2e-3, Rows), placed(2, 0.0, sheet())], ..small_bench() };
    for (name, bench) in benches().into_iter().chain([("an element of its own", own)]) {
        let mut values = random_values(&bench, 5);
        values.truncate(bench.masks());
        values.extend(bench.optics.iter().flat_map(|placed| placed.element.open(&bench.site())));
        let image = random_image((8, 8), 6);
        let slopes = [0.7, -1.1, 0.4, 0.9];
        let loss = |values: &[Array2<f64>]| -> f64 {
            let network = Network::new(bench.clone(), values.to_vec()).unwrap();
            network.readings(image.view()).unwrap().iter().zip(slopes).map(|(r, s)| r * s).sum()
        };
        let network = Network::new(bench.clone(), values.clone()).unwrap();
        let gradients = network.gradients(&network.light(image.view()).unwrap(), &slopes).unwrap();
        assert_eq!(gradients.len(), bench.arrays(), "{name}");
        let mut next = random_numbers(7);
        let directions: Vec<Array2<f64>> =
            values.iter().map(|values| Array2::from_shape_simple_fn(values.dim(), &mut next)).collect();
        let moved = |step: f64| -> Vec<Array2<f64>> {
            values.iter().zip(&directions).map(|(values, way)| values + &(way * step)).collect()
        };
        let step = 1e-5;
        let difference = (loss(&moved(step)) - loss(&moved(-step))) / (2.0 * step);
        let along: f64 = gradients.iter().zip(&directions).map(|(g, way)| (g * way).sum()).sum();
        let scale: f64 = gradients.iter().map(|g| g.mapv(f64::abs).sum()).sum();
        // Truncation step^2 times third derivatives of about the scale; rounding of the loss 1e-16/1e-5.
        assert!((along - difference).abs() < 1e-8 * scale, "{name}: {along} {difference}");
    }
}

#[test]
fn an_own_element_is_trained_by_the_engine_too() {
    let bench = Bench { optics: vec![placed(1, 2e-3, Rows)], ..small_bench() };
    let mut values = random_masks(&bench, 5);
    values.truncate(bench.masks());
    values.push(Array2::from_shape_fn((bench.grid().rows(), 1), |(y, _)| 0.1 * y as f32));
    let mut engine = CpuEngine::new(bench.clone(), 2).unwrap();
    engine.set_masks(&values).unwrap();
    let images = random_images(&bench, 2);
    let pass = engine.gradients(images.view(), &|_, _, to| to.fill(1.0)).unwrap();
    let plain = Network::new(bench, values.iter().map(|values| values.mapv(f64::from)).collect()).unwrap();
    let mut expected = Array2::zeros(values[2].dim());
    for image in images.outer_iter() {
        expected += &plain.gradients(&plain.light(image).unwrap(), &[1.0; 4]).unwrap()[2];
    }
    let largest = expected.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    for (got, want) in pass.masks[2].iter().zip(&expected) {
        // Sums of 28 samples in single precision, against the largest row.
        assert!((f64::from(*got) - want).abs() < 1e-4 * largest, "{got} {want}");
    }
    let mut missing = values.clone();
    missing.pop();
    let message = engine.set_masks(&missing).unwrap_err().to_string();
    assert!(message.contains("2 arrays of values: this device has 3"), "{message}");
    let misshapen = [&values[..2], &[Array2::zeros((3, 1))]].concat();
    let message = engine.set_masks(&misshapen).unwrap_err().to_string();
    assert!(message.contains("values of the rows have the shape (3, 1): it takes (28, 1)"), "{message}");
}

#[test]
fn modes_are_for_light_that_adds_up() {
    for (name, bench) in benches() {
        let masks = random_masks(&bench, 3);
        let engine = || {
            let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), 2).unwrap());
            engine.set_masks(&masks).unwrap();
            engine
        };
        let images = random_images(&bench, 4);
        let compiled = Classifier::compile(&engine(), &mut |_| Ok(()));
        if !bench.is_linear() {
            let message = compiled.err().unwrap().to_string();
            assert!(message.contains("is not linear"), "{name}: {message}");
            assert!(engine().with_basis(Array2::eye(64)).is_err(), "{name}");
            continue;
        }
        let by_image = engine().readings(images.view()).unwrap();
        let modes = engine().with_basis(Array2::eye(64)).unwrap();
        let pass = modes.gradients(images.view(), &|_, _, to| to.fill(1.0)).unwrap();
        for (sample, image) in images.outer_iter().enumerate() {
            let read = compiled.as_ref().unwrap().readings(image).unwrap();
            let brightest = by_image.regions.row(sample).iter().copied().fold(0.0, f64::max);
            for (number, want) in by_image.regions.row(sample).iter().enumerate() {
                // As in tests/it/classifier.rs and tests/it/modes.rs.
                assert!((read[number] - want).abs() < 4e-5 * brightest, "{name}");
                assert!((pass.readings[[sample, number]] - want).abs() < 4e-5 * brightest, "{name}");
            }
        }
    }
}

const GRID: (usize, f64) = (128, 0.25e-3);

fn propagator(distance: f64) -> Propagator<f64> {
    let grid = Grid::new(GRID.0, GRID.0, GRID.1).unwrap();
    Propagator::new(Gap {
        grid,
        padded: padded_shape(grid, 2.0).unwrap(),
        wavelength: 0.75e-3,
        distance,
        method: Method::Auto,
        pixel_model: PixelModel::Point,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    })
    .unwrap()
}

fn factor(element: &dyn Element, grid: Grid) -> Factor {
    let place = Site { grid, padded: grid.shape(), wavelength: 0.75e-3, medium: 1.0 };
    let mut program = Program::default();
    element.lower(&[], &place, &mut program);
    program.factors()[0].clone()
}

#[test]
fn a_round_lens_makes_an_airy_disc_in_its_focus() {
    let grid = Grid::new(GRID.0, GRID.0, GRID.1).unwrap();
    let (focus, diameter) = (60e-3, 24e-3);
    let light = WaveField::new(grid, Array2::from_elem(grid.shape(), Complex::new(1.0, 0.0))).unwrap();
    let stop = factor(&Aperture::new(Opening::Round { diameter }).unwrap(), grid);
    let lens = factor(&Lens::new(focus, LensPhase::Exact).unwrap(), grid);
    let spot = propagator(focus).propagate(&lens.apply(&stop.apply(&light))).intensity();
    // Born & Wolf, section 8.5.2: the first dark ring is at 1.22 wavelength f/D = 2.29 mm, and 83.8 % of the light within.
    let radius = 1.22 * 0.75e-3 * focus / diameter;
    let within: f64 = spot
        .indexed_iter()
        .filter(|((y, x), _)| grid.y(*y).hypot(grid.x(*x)) < radius)
        .map(|(_, value)| value)
        .sum();
    let share = within / stop.apply(&light).intensity().sum();
    // The half angle of 11 degrees: sines and cosines are 2 % from their first orders.
    assert!((share - 0.838).abs() < 0.02, "{share}");
    let middle = (GRID.0 - 1) / 2;
    let along: Vec<f64> = (middle..middle + 20).map(|x| spot[[middle, x]]).collect();
    let darkest = along.iter().enumerate().take(14).min_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    let found = grid.x(middle + darkest);
    assert!((found - radius).abs() < 1.5 * GRID.1, "{found} {radius}");
}

#[test]
fn two_lenses_turn_an_image_upside_down() {
    // 4 f: object, f, lens, 2 f, lens, f, image. The field is that of the object turned by half a turn.
    let grid = Grid::new(GRID.0, GRID.0, GRID.1).unwrap();
    let focus = 40e-3;
    let lens = factor(&Lens::new(focus, LensPhase::Exact).unwrap(), grid);
    let object = WaveField::new(
        grid,
        Array2::from_shape_fn(grid.shape(), |(y, x)| {
            let (y, x) = (grid.y(y) - 2e-3, grid.x(x) + 1e-3);
            Complex::new((-(y * y + 2.0 * x * x) / 4e-6).exp(), 0.0)
        }),
    )
    .unwrap();
    let (near, far) = (propagator(focus), propagator(2.0 * focus));
    let image = near.propagate(&lens.apply(&far.propagate(&lens.apply(&near.propagate(&object)))));
    let turned =
        Array2::from_shape_fn(grid.shape(), |(y, x)| object.amplitude[[GRID.0 - 1 - y, GRID.0 - 1 - x]]);
    let inner: Complex<f64> = turned.iter().zip(&image.amplitude).map(|(a, b)| a.conj() * b).sum();
    let power = |field: &Array2<Complex<f64>>| field.iter().map(|u| u.norm_sqr()).sum::<f64>();
    let likeness = inner.norm_sqr() / (power(&turned) * power(&image.amplitude));
    // A spot of 2 mm spreads by 7 degrees: aberrations of the fourth order take about a hundredth.
    assert!(likeness > 0.98, "{likeness}");
}

#[test]
fn a_slab_of_air_is_no_slab() {
    let air = Material::new("next to air", 1.0 + 1e-9).unwrap();
    let slab = |distance| placed(1, distance, Plate::new(&air, 1e-3, Polarisation::Mean).unwrap());
    let method = Method::AngularSpectrum;
    let with = Bench { optics: vec![slab(2e-3)], method, ..small_bench() };
    let without = Bench { method, ..small_bench() };
    let image = random_image((8, 8), 2);
    let smooth: Vec<Array2<f64>> = (0..2)
        .map(|mask| Array2::from_shape_fn((28, 28), |(y, x)| 0.02 * ((y * x) as f64) * (mask + 1) as f64))
        .collect();
    let read =
        |bench: &Bench| Network::new(bench.clone(), smooth.clone()).unwrap().readings(image.view()).unwrap();
    let brightest = read(&without).iter().copied().fold(0.0, f64::max);
    for (with, without) in read(&with).iter().zip(read(&without)) {
        // What is left is light that leaves the plane of 11 mm on the way and does not come back: it is cropped twice more.
        assert!((with - without).abs() < 0.02 * brightest, "{with} {without}");
    }
}

#[test]
fn the_path_says_what_stands_where() {
    let (_, bench) = benches().remove(5);
    let path = bench.path();
    let roles: Vec<Role> = path.stops().iter().map(|stop| stop.role).collect();
    use Role::{Gap as Free, Mask, Optic};
    let expected = [
        Free,
        Optic(1),
        Free,
        Mask(0),
        Optic(2),
        Free,
        Optic(3),
        Free,
        Mask(1),
        Free,
        Optic(4),
        Free,
        Optic(0),
        Free,
    ];
    assert_eq!(roles, expected);
    let length: f64 = path.stops().iter().map(|stop| stop.element.thickness()).sum();
    assert!((length - bench.length()).abs() < 1e-15, "nothing is crossed twice: {length}");
    // Errors of a lateral place add up to what they are, piece by piece.
    let (_, moved) = benches().remove(7);
    let aside: f64 =
        moved.path().stops().iter().filter_map(|stop| stop.free_space()).map(|gap| gap.shift.0).sum();
    // The stop that touches mask 1 goes with it; behind the slab all is back on the axis, and so is the detector.
    assert!(aside.abs() < 1e-15, "{aside}");
}

#[test]
fn optics_must_stand_within_their_gaps() {
    let refused = |optics| Bench { optics, ..small_bench() }.check().unwrap_err().to_string();
    for (optics, reason) in [
        (vec![placed(3, 0.0, lens())], "a lens in gap 3: there are gaps 0 to 2"),
        (vec![placed(0, 7e-3, lens())], "must stand inside it"),
        (vec![placed(1, 5.5e-3, plate())], "must stand inside it"),
        (vec![placed(1, 1e-3, plate()), placed(1, 1.5e-3, lens())], "reaches into what stands before it"),
    ] {
        let message = refused(optics);
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn optics_that_touch_a_plane_go_with_it() {
    let errors = Misalignment {
        masks: vec![
            Displacement { lateral: (0.7e-3, -0.3e-3), axial: 0.0 },
            Displacement { lateral: (-0.2e-3, 0.9e-3), axial: 0.0 },
        ],
        ..Misalignment::default()
    };
    let light = |optics| {
        let bench = Bench { optics, ..small_bench() }.misaligned(&errors).unwrap();
        let (values, image) = (random_values(&bench, 3), random_image((8, 8), 4));
        let network = Network::<f64>::new(bench, values).unwrap();
        network.light(image.view()).unwrap().detector
    };
    // A thin lens and a thin mask are one thing, whichever comes first.
    let (before, behind) = (light(vec![placed(0, 6e-3, lens())]), light(vec![placed(1, 0.0, lens())]));
    let off = relative_error(&before, &behind);
    assert!(off < 1e-12, "{off}");
    let apart = relative_error(&light(vec![placed(0, 5.9e-3, lens())]), &behind);
    assert!(apart > 1e-3, "on the axis it is another device: {apart}");
    // Two that touch each other, the second the mask.
    let two = light(vec![placed(0, 6e-3, lens()), placed(0, 6e-3, lens())]);
    let off = relative_error(&two, &light(vec![placed(1, 0.0, lens()), placed(1, 0.0, lens())]));
    assert!(off < 1e-12, "{off}");

    // In a gap without free space there is nothing to be aside in.
    let thick = Plate::new(&Material::new("glass", 1.6).unwrap(), 6e-3, Polarisation::Mean).unwrap();
    let filled = Bench { optics: vec![placed(1, 0.0, thick)], ..small_bench() };
    filled.check().unwrap();
    let message = filled.misaligned(&errors).unwrap_err().to_string();
    assert!(message.contains("optics fill gap 1"), "{message}");
}

const DESIGN: &str = "format = 1\n[bench]\npixels = 64\nmasks = 1\ngaps = \"20 mm\"\n[object]\nupsampling = 2\n\
    [detector]\nregion_size = \"4 mm\"\nrow_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"\n[training]\nepochs = 1\n";

fn design(optics: &str) -> d2nn::Result<Design> {
    let text = format!("{DESIGN}{optics}");
    Design::resolve("d.toml", &DesignFile::parse("d.toml", &text)?)
}

#[test]
fn designs_have_optics() {
    let design = design(
        "[[optics]]\nkind = \"lens\"\ngap = 1\ndistance = \"5 mm\"\nfocal_length = \"60 mm\"\n\
         [[optics]]\nkind = \"aperture\"\ngap = 0\nopening = [\"20 mm\", \"18 mm\"]\n\
         [[optics]]\nkind = \"slab\"\ngap = 0\ndistance = \"9 mm\"\nthickness = \"2 mm\"\nrefractive_index = 1.53\n\
         polarisation = \"te\"\nechoes = false\n\
         [[optics]]\nkind = \"saturable\"\ngap = 1\noptical_depth = 1.0\nsaturation_intensity = 0.5\n",
    )
    .unwrap();
    let names: Vec<String> = design.bench.optics.iter().map(|placed| placed.element.name()).collect();
    assert_eq!(names, ["lens", "aperture", "slab", "saturable absorber"]);
    assert_eq!((design.bench.optics[0].gap, design.bench.optics[0].distance), (1, 5e-3));
    assert_eq!(design.simulated.optics.len(), 4, "the finer grid has them too");
    let written = design_text();
    assert_eq!(DesignFile::parse("d.toml", &written).unwrap().to_text().unwrap(), written);
}

fn design_text() -> String {
    let text = format!(
        "{DESIGN}[[optics]]\nkind = \"lens\"\ngap = 0\nfocal_length = \"-80 mm\"\nphase = \"paraxial\"\n"
    );
    DesignFile::parse("d.toml", &text).unwrap().to_text().unwrap()
}

#[test]
fn planes_move_in_the_room_that_optics_leave() {
    let lens = "[[optics]]\nkind = \"lens\"\ngap = 0\ndistance = \"19 mm\"\nfocal_length = \"60 mm\"\n";
    let with = |shift: &str| design(&format!("[training.perturbations]\nshift_z = \"{shift}\"\n{lens}"));
    assert!(with("0.4 mm").is_ok());
    let message = with("0.6 mm").unwrap_err().to_string();
    assert!(message.contains("shift_z = \"0.6 mm\"") && message.contains("below 0.5 mm"), "{message}");
    // A lens at the plane leaves none.
    let touching = lens.replace("19 mm", "20 mm");
    assert!(design(&touching).is_ok());
    assert!(design(&format!("[training.perturbations]\nshift_z = \"1 um\"\n{touching}")).is_err());
}

#[test]
fn bad_optics_get_their_message() {
    let lens = "[[optics]]\nkind = \"lens\"\ngap = 0\n";
    for (optics, words) in [
        (lens.to_owned(), vec!["[[optics]] number 1", "a lens needs focal_length"]),
        (format!("{lens}focal_length = \"5 kg\"\n"), vec!["optics.focal_length", "unknown unit"]),
        (format!("{lens}focal_length = \"0 mm\"\n"), vec!["must not be zero"]),
        (
            format!("{lens}focal_length = \"4 mm\"\n"),
            vec!["a lens in gap 0 is aliased", "half a turn is the limit"],
        ),
        (
            format!("{lens}focal_length = \"60 mm\"\nthickness = \"1 mm\"\n"),
            vec!["thickness is no key of a lens"],
        ),
        (
            format!("{lens}focal_length = \"60 mm\"\ndistance = \"25 mm\"\n"),
            vec!["bench: a lens", "must stand inside it"],
        ),
        ("[[optics]]\nkind = \"aperture\"\ngap = 0\n".into(), vec!["needs diameter or opening"]),
        (
            "[[optics]]\nkind = \"slab\"\ngap = 0\nthickness = \"1 mm\"\n".into(),
            vec!["a slab needs refractive_index"],
        ),
        (
            "[[optics]]\nkind = \"saturable\"\ngap = 0\noptical_depth = -1.0\nsaturation_intensity = 1.0\n"
                .into(),
            vec!["optical depth of -1"],
        ),
        ("[[optics]]\nkind = \"prism\"\ngap = 0\n".into(), vec!["prism"]),
    ] {
        let message = design(&optics).unwrap_err().to_string();
        assert!(words.iter().all(|word| message.contains(word)), "{optics}: {message}");
    }
    // Modes add fields up.
    let sheet =
        "[[optics]]\nkind = \"saturable\"\ngap = 0\noptical_depth = 1.0\nsaturation_intensity = 1.0\n";
    let text = format!("{DESIGN}{sheet}").replace("epochs = 1", "optimiser = \"modes\"");
    let message =
        Design::resolve("d.toml", &DesignFile::parse("d.toml", &text).unwrap()).unwrap_err().to_string();
    assert!(message.contains("saturable"), "{message}");
}
