//! Where the light goes: input = regions + beside them + past the planes + absorbed, each counted by itself.

use d2nn::bench::Bench;
use d2nn::dataset::{Images, Split};
use d2nn::design::{Design, DesignFile};
use d2nn::detector::{Detector, Layout};
use d2nn::element::Modulation;
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::evaluation::{PowerBudget, Sample, convergence};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::propagation::{Gap, Method, PixelModel, Propagator, padded_shape};
use d2nn::reference::Network;
use ndarray::{Array2, Array3, ArrayView2};

use crate::support::device::{small_but, some_images};
use crate::support::{random_values, small_bench};

/// Pixels of a whole wavelength: all that they sample travels, up to 30 degrees.
fn bench() -> Bench {
    let grid = Grid::new(32, 32, 0.75e-3).unwrap();
    let layout = Layout { counts: vec![2, 2], region_size: 4.5e-3, row_pitch: 9e-3, column_pitch: 9e-3 };
    Bench {
        wavelength: 0.75e-3,
        networks: 1,
        gaps: vec![20e-3, 15e-3, 20e-3],
        padded: padded_shape(grid, 4.0).unwrap(),
        method: Method::AngularSpectrum,
        pixel_model: PixelModel::Point,
        modulation: Modulation::Phase {
            absorption: 0.05,
            base: 0.9,
            phase_max: std::f64::consts::TAU,
            scale: 1.0,
        },
        object: ObjectPlane::new(grid, (8, 8), 2, Encoding::Amplitude).unwrap(),
        detector: Detector::new(grid, layout.regions(grid).unwrap()).unwrap(),
        ..small_bench()
    }
}

/// The light of `field` after a gap on a plane six times as wide, and its share outside the aperture.
fn past_the_plane(field: &WaveField<f64>, gap: Gap) -> f64 {
    let (rows, columns) = field.grid().shape();
    let wide = Grid::new(6 * rows, 6 * columns, field.grid().pixel_pitch()).unwrap();
    let (top, left) = (5 * rows / 2, 5 * columns / 2);
    let mut start = WaveField::<f64>::dark(wide);
    for ((y, x), value) in field.amplitude.indexed_iter() {
        start.amplitude[[top + y, left + x]] = *value;
    }
    let gap = Gap { grid: wide, padded: padded_shape(wide, 2.0).unwrap(), ..gap };
    let behind = Propagator::new(gap).unwrap().propagate(&start);
    let inside = |y: usize, x: usize| (top..top + rows).contains(&y) && (left..left + columns).contains(&x);
    let outside = behind.amplitude.indexed_iter().filter(|((y, x), _)| !inside(*y, *x));
    outside.map(|(_, u)| u.norm_sqr()).sum::<f64>() * wide.pixel_area()
}

#[test]
fn all_light_is_accounted_for() {
    let bench = bench();
    let values = random_values(&bench, 31);
    let network = Network::<f64>::new(bench.clone(), values.clone()).unwrap();
    let image = Array2::from_shape_fn((8, 8), |(y, x)| ((y * 3 + x * 5) % 9) as f32 / 8.0);
    let light = network.light(image.view()).unwrap();
    let entering = light.object.power();
    // What is left behind each gap and mask, counted on its own: outside the aperture on a wide plane, and by the
    // transmission of the pixels.
    let mut leaving = light.object.clone();
    let (mut past, mut absorbed) = (Vec::new(), Vec::new());
    for (index, (mask, incident)) in
        network.lowered().program.factors().iter().zip(&light.incident).enumerate()
    {
        past.push(past_the_plane(&leaving, bench.gap(index)) / entering);
        let lost = mask.samples(bench.grid().shape()).mapv(|t| 1.0 - t.norm_sqr()) * incident.intensity();
        absorbed.push(lost.sum() * bench.grid().pixel_area() / entering);
        leaving = mask.apply(incident);
        assert_eq!(leaving, light.behind[index]);
    }
    past.push(past_the_plane(&leaving, bench.gap(2)) / entering);
    let regions: f64 = bench.detector.readings(&light.detector).iter().sum::<f64>() / entering;
    let beside = light.detector.power() / entering - regions;
    let whole = past.iter().chain(&absorbed).sum::<f64>() + regions + beside;
    // Random phases send light up to 30 degrees: over 20 mm 12 mm aside, well inside the plane of 144 mm. What the
    // windows' band limits cut at the steepest angles is left: the corners beyond 30 degrees along each axis.
    assert!((whole - 1.0).abs() < 0.01, "{whole}: {past:?} {absorbed:?} {regions} {beside}");
    assert!(past.iter().all(|share| *share > 0.01) && absorbed.iter().all(|share| *share > 0.05));

    // The budget that people see says the same, in single precision.
    let grey = image.mapv(|value| (value * 255.0).round() as u8);
    let shown = grey.mapv(|value| f32::from(value) / 255.0);
    let images = Images { images: stacked(grey.view()), labels: vec![0] };
    let narrow: Vec<_> = values.iter().map(|values| values.mapv(|value| value as f32)).collect();
    let budget = PowerBudget::of(&bench, &narrow, &images, &[0]).unwrap();
    let total = budget.past.iter().chain(&budget.absorbed).sum::<f64>() + budget.regions + budget.beside;
    assert!((total - 1.0).abs() < 1e-12, "it adds up by construction: {total}");
    let exact =
        network.readings(shown.view()).unwrap().iter().sum::<f64>() / bench.object.power(shown.view());
    // Single precision through three gaps, as in tests/it/engine.rs.
    assert!((budget.regions / exact - 1.0).abs() < 1e-4, "{} {exact}", budget.regions);
    for (budget, counted) in budget.past.iter().zip(&past).chain(budget.absorbed.iter().zip(&absorbed)) {
        assert!((budget - counted).abs() < 0.01, "{budget} {counted}");
    }
    let dark = Images { images: Array3::zeros((1, 8, 8)), labels: vec![0] };
    assert!(PowerBudget::of(&bench, &narrow, &dark, &[0]).is_err());
}

fn stacked(image: ArrayView2<'_, u8>) -> Array3<u8> {
    image.insert_axis(ndarray::Axis(0)).to_owned()
}

#[test]
fn a_gap_that_gives_light_is_refused_by_name_and_by_its_figure() {
    let near = small_but("gaps = \"12 mm\"", "gaps = \"0.1 mm\"");
    let resolved = |text: &str| Design::resolve("near", &DesignFile::parse("near", text).unwrap());
    // By itself the design takes the method that holds there.
    let design = resolved(&near).unwrap();
    let method = |design: &Design| design.simulated.gap(0).resolved_method();
    assert_eq!(method(&design), Method::AngularSpectrum);
    let images = some_images(Split::Test, 10);
    let indices: Vec<usize> = (0..10).collect();
    let masks = vec![Array2::zeros((64, 64)); 2];
    let budget = PowerBudget::of(&design.simulated, &masks, &images, &indices).unwrap();
    // Flat masks in contact: nearly all of the light stays on the plane. What a square pixel's edges send into waves that
    // do not travel is a few per cent.
    assert!(budget.past.iter().all(|share| (0.0..0.1).contains(share)), "{budget:?}");
    let mut engine = CpuEngine::new(design.simulated.clone(), 1).unwrap();
    engine.set_masks(&masks).unwrap();
    let batch = images.batch(&indices);
    assert!(engine.readings(batch.view()).is_ok());

    // By name the sampled response is refused with the limit, 2.5 samples of 0.4 mm.
    let named = near.replace("oversample = 1", "oversample = 1\nmethod = \"rayleigh-sommerfeld\"");
    let message = resolved(&named).unwrap_err().to_string();
    assert!(message.contains("the shortest gap here is 1 mm") && message.contains("\"auto\""), "{message}");
    // Where it is forced no figure comes out of it.
    let forced = resolved(&named.replace("oversample = 1", "oversample = 1\nallow_aliasing = true"));
    let design = forced.unwrap();
    assert_eq!(method(&design), Method::RayleighSommerfeld);
    let refused = |result: d2nn::Result<()>| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains("times the power it got"), "{message}");
    };
    refused(PowerBudget::of(&design.simulated, &masks, &images, &indices).map(|_| ()));
    let mut engine = CpuEngine::new(design.simulated.clone(), 1).unwrap();
    engine.set_masks(&masks).unwrap();
    refused(engine.readings(batch.view()).map(|_| ()));
    refused(engine.light(batch.index_axis(ndarray::Axis(0), 0)).map(|_| ()));
    let modes = ModesEngine::new(engine);
    modes.prepare(10_000, &mut |_| Ok(())).unwrap();
    refused(modes.readings(batch.view()).map(|_| ()));
    let loss = |_: &Sample<'_>| 0.0;
    refused(convergence(&design.bench, &masks, 1, &images, &[0], &loss, &mut |_| Ok(true)).map(|_| ()));
}
