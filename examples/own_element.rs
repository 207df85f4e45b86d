//! A kind of optics of one's own: [`Element`] says what it does to light, how slopes by light become slopes by its values, and
//! how a training moves them; engines, gradients and the trainer do the rest.
//!
//! ```text
//! cargo run --release --example own_element
//! ```
//!
//! The element is a grating of printed stripes, one trainable depth each; it starts as a quarter-wave grating between two
//! masks. The first thing to do with a new element is to hold its gradient against differences; then it learns, with the
//! masks, to send light to the right.

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::sync::Arc;

use d2nn::Result;
use d2nn::bench::Bench;
use d2nn::dataset::{DatasetName, Images, Source, Split, load_split};
use d2nn::detector::{Detector, Region};
use d2nn::element::{Element, Motion, Placed, Site};
use d2nn::engine::CpuEngine;
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::program::{Factor, Program, Slopes, Wants};
use d2nn::reference::Network;
use d2nn::training::{Loss, Needs, Settings, State, Target, Trainer};
use d2nn::units::Metres;
use ndarray::{Array2, Axis, Slice};
use num_complex::Complex;

const WAVELENGTH: Metres = 0.75e-3;

/// Stripes along y of a material that absorbs; its values are their depths, metres, in one row from left to right.
#[derive(Debug)]
struct Grating {
    material: Material,
    /// Of a stripe.
    width: Metres,
}

impl Grating {
    /// The stripe of a column of samples: by its place, so that a finer grid has the same stripes.
    fn stripe(&self, grid: Grid, column: usize) -> usize {
        ((grid.x(column) + grid.aperture().1 / 2.0) / self.width) as usize
    }
}

impl Element for Grating {
    fn name(&self) -> String {
        "grating".into()
    }

    fn arrays(&self) -> usize {
        1
    }

    fn open(&self, site: &Site) -> Vec<Array2<f64>> {
        vec![Array2::zeros((1, self.stripe(site.grid, site.grid.columns() - 1) + 1))]
    }

    fn motion(&self, _: usize) -> Motion {
        // A stripe of less than no depth would give light; more than a turn is not needed.
        Motion::Between { least: 0.0, most: self.material.height(TAU, WAVELENGTH) }
    }

    fn lower(&self, values: &[Array2<f64>], site: &Site, program: &mut Program) {
        // t = exp((i - absorption) phase): depth delays and absorbs at once.
        let absorption = self.material.absorption_per_radian();
        let entries = Array2::from_shape_fn(site.grid.shape(), |(_, x)| {
            let depth = values[0][[0, self.stripe(site.grid, x)]];
            (Complex::new(-absorption, 1.0) * self.material.phase(depth, site.wavelength)).exp()
        });
        program.multiply(Factor::sampled(entries, Wants::Turn { absorption }));
    }

    fn pull_back(&self, values: &[Array2<f64>], site: &Site, slopes: &[Slopes]) -> Vec<Array2<f64>> {
        let [Slopes::Turn(turn)] = slopes else { unreachable!("one factor was lowered, and wants a turn") };
        let mut by_depth = Array2::zeros(values[0].dim());
        // dL/d depth = dL/d phase times d phase/d depth, over all samples of a stripe.
        for (x, by_phase) in turn.sum_axis(Axis(0)).iter().enumerate() {
            by_depth[[0, self.stripe(site.grid, x)]] += by_phase * self.material.phase(1.0, site.wavelength);
        }
        vec![by_depth]
    }
}

/// What does not fall on the right, as a share of what enters.
struct NotOnTheRight;

impl Loss for NotOnTheRight {
    fn needs(&self) -> Needs {
        Needs { power: true, ..Needs::default() }
    }

    fn evaluate(&self, readings: &[f64], target: &Target, slopes: &mut [f64]) -> f64 {
        slopes.copy_from_slice(&[0.0, -1.0 / target.entering]);
        1.0 - readings[1] / target.entering
    }
}

fn bench(grating: Grating) -> Result<Bench> {
    let grid = Grid::new(64, 64, 0.4e-3)?;
    let half = |column| Region { row: 8, column, height: 48, width: 32 };
    let object = ObjectPlane::new(grid, (28, 28), 2, Encoding::Amplitude)?;
    let bench = Bench::new(
        WAVELENGTH,
        vec![12e-3, 20e-3, 20e-3],
        object,
        Detector::new(grid, vec![half(0), half(32)])?,
    )?;
    Ok(Bench { optics: vec![Placed { gap: 1, distance: 8e-3, element: Arc::new(grating) }], ..bench })
}

fn main() -> Result<()> {
    let material = Material::new("resin", 1.7)?.absorbing(0.02)?;
    let quarter = material.height(FRAC_PI_2, WAVELENGTH);
    let (absorption, by_metre) = (material.absorption_per_radian(), material.phase(1.0, WAVELENGTH));
    let bench = bench(Grating { material, width: 1.6e-3 })?;
    // Those of the masks first, here two prisms that send light to the left; then those of other optics.
    let mut values: Vec<Array2<f64>> = bench.open_values();
    for mask in &mut values[..2] {
        mask.indexed_iter_mut().for_each(|((_, x), phase)| *phase = -0.15 * x as f64);
    }
    values[2].indexed_iter_mut().for_each(|((_, stripe), depth)| *depth = quarter * (stripe % 2) as f64);
    let sample = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Train)?;
    let images = sample.batch(&[0]);
    let image = images.index_axis(Axis(0), 0);

    let network = Network::new(bench.clone(), values.clone())?;
    let light = network.light(image)?;
    // In the order of the light: mask 1, the grating, mask 2.
    let passed = light.behind[1].power() / light.incident[1].power();
    println!("the grating passes {:.1} % of the light", 100.0 * passed);
    // A quarter wave passes |t|^2 = exp(-2 absorption pi/2), and every other stripe is bare.
    assert!((-PI * absorption).exp() < passed && passed < 1.0);

    // The loss is the power on the right, with a minus.
    let slopes = [0.0, -1.0];
    let gradient = network.gradients(&light, &slopes)?.remove(2);
    let largest = gradient.fold(0.0, |most: f64, slope| most.max(slope.abs()));
    let (step, mut off) = (1e-5 / by_metre, 0.0f64);
    for (at, slope) in gradient.indexed_iter() {
        let loss = |by: Metres| -> Result<f64> {
            let mut moved = values.clone();
            moved[2][at] += by;
            Ok(-Network::new(bench.clone(), moved)?.readings(image)?[1])
        };
        off = off.max((slope - (loss(step)? - loss(-step)?) / (2.0 * step)).abs() / largest);
    }
    println!("slopes by {} depths off by {off:.0e} of the largest", gradient.len());
    // Steps of 1e-5 rad: of the power, third derivatives are worth 1e-10 and tens of roundings, over the step, as much. The
    // largest slope is some hundredths of the power per radian.
    assert!(off < 1e-7);

    let narrow: Vec<Array2<f32>> = values.iter().map(|array| array.mapv(|value| value as f32)).collect();
    let state = State::from_values(&bench, &narrow)?;
    let settings = Settings { epochs: 10, batch: 20, learning_rate: 0.1, ..Settings::default() };
    let engine = Box::new(CpuEngine::new(bench.clone(), 0)?);
    // To the right, whatever is on the image: to region 1.
    let few = sample.images.slice_axis(Axis(0), Slice::from(..200)).to_owned();
    let few = Images { images: few, labels: vec![1; 200] };
    let mut trainer = Trainer::new(engine, Box::new(NotOnTheRight), settings, &few, state)?;
    let mut right = Vec::new();
    while !trainer.finished() {
        if let Some(epoch) = trainer.step()?.finished {
            right.push(1.0 - epoch.training_loss);
            println!(
                "epoch {}: {:.1} % of the light falls on the right",
                epoch.epoch,
                100.0 * right[right.len() - 1]
            );
        }
    }
    // The mean of the first epoch is of masks and grating that turn around, from half of the light to most of it.
    assert!(right[9] > 1.2 * right[0]);
    let depths = trainer.state().values(&bench).remove(2).mapv(|depth| f64::from(depth) * by_metre);
    println!("depths in radians: {depths:.2}");
    Ok(())
}
