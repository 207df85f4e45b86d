//! A kind of optics of one's own: [`Element`] says what it does to light, and how slopes by light become slopes by its
//! values; engines and gradients do the rest.
//!
//! ```text
//! cargo run --release --example own_element
//! ```
//!
//! The element is a grating of printed stripes, one trainable depth each; it starts as a quarter-wave grating between two
//! masks. The first thing to do with a new element is to hold its gradient against differences; then it learns to send
//! light to the right.

use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::Arc;

use d2nn::Result;
use d2nn::bench::Bench;
use d2nn::dataset::{DatasetName, Source, Split, load_split};
use d2nn::detector::{Detector, Region};
use d2nn::element::{Element, Placed, Site};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::program::{Factor, Program, Slopes, Wants};
use d2nn::reference::Network;
use d2nn::units::Metres;
use ndarray::{Array2, Axis};
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
    let images = sample.batch(&[0, 1, 2, 3, 4, 5, 6, 7]);
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

    // No power is gained behind the grating, so along any direction of length 1 the second derivative by the phases is at
    // most 4 |i - absorption|^2 times the power that enters. Plain descent at one over that cannot overshoot: a step from v
    // to w wins at least |w - v|^2/(2 rate).
    let entering: f64 = images.outer_iter().map(|image| bench.entering(image)).sum();
    let rate = 1.0 / (4.0 * (1.0 + absorption.powi(2)) * entering * by_metre.powi(2));
    let mut engine = CpuEngine::new(bench, 0)?;
    let mut won: Option<f64> = None;
    for step in 0..=40 {
        let narrow: Vec<Array2<f32>> = values.iter().map(|array| array.mapv(|value| value as f32)).collect();
        engine.set_masks(&narrow)?;
        let pass = engine.gradients(images.view(), &|_, _, to| to.copy_from_slice(&slopes))?;
        let right = pass.readings.column(1).sum() / entering;
        if step == 0 {
            // Single precision over four crossings, as in tests/it/optics.rs.
            assert!(
                (pass.readings[[0, 1]] - network.readings(image)?[1]).abs() < 4e-5 * light.detector.power()
            );
        }
        if step % 10 == 0 {
            println!("step {step:2}: {:.1} % of the light falls on the right", 100.0 * right);
        }
        // That bound again.
        assert!(won.is_none_or(|least| right > least - 4e-5), "step {step}: {right}, at least {won:?}");
        let mut moved = 0.0;
        values[2].zip_mut_with(&pass.masks[2], |depth, slope| {
            // A stripe of less than no depth would give light.
            let next = (*depth - rate * f64::from(*slope)).max(0.0);
            moved += (next - *depth).powi(2);
            *depth = next;
        });
        won = Some(right + moved / (2.0 * rate * entering));
    }
    println!("depths in radians: {:.2}", values[2].mapv(|depth| depth * by_metre));
    Ok(())
}
