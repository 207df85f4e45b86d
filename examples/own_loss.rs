//! A loss of one's own: the readings of a batch go out of the engine, derivatives come back, and Adam moves the masks.
//!
//! ```text
//! cargo run --release --example own_loss
//! ```
//!
//! The loss is the squared hinge of a support vector machine on the shares s = I / sum I: each wrong region may have at most
//! the share of the true one less a margin m,
//!
//! ```text
//! L = sum over c != l of max(0, m - s_l + s_c)^2
//! ```
//!
//! The first thing to do with a new loss is to hold its derivatives against differences; that is done here too.

use d2nn::Result;
use d2nn::dataset::{DatasetName, Source, Split, load_split};
use d2nn::design::{Design, DesignFile};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::training::Adam;
use ndarray::Array2;

const MARGIN: f64 = 0.1;
const BATCH: usize = 40;
const STEPS: usize = 150;

/// The loss of one sample, and its derivatives by the readings.
fn squared_hinge(readings: &[f64], label: usize, slopes: &mut [f64]) -> f64 {
    let sum: f64 = readings.iter().sum();
    slopes.fill(0.0);
    if sum == 0.0 {
        return 0.0;
    }
    let share = |region: usize| readings[region] / sum;
    let mut loss = 0.0;
    // By the shares first.
    for region in (0..readings.len()).filter(|region| *region != label) {
        let excess = (MARGIN - share(label) + share(region)).max(0.0);
        loss += excess * excess;
        slopes[region] += 2.0 * excess;
        slopes[label] -= 2.0 * excess;
    }
    // ds_c/dI_k = ([c = k] - s_c)/S: what all shares have in common falls out.
    let common: f64 = slopes.iter().enumerate().map(|(region, slope)| slope * share(region)).sum();
    slopes.iter_mut().for_each(|slope| *slope = (*slope - common) / sum);
    loss
}

/// The largest difference of the derivatives from central differences, relative to the largest derivative.
fn check(readings: &[f64], label: usize) -> f64 {
    let mut slopes = vec![0.0; readings.len()];
    squared_hinge(readings, label, &mut slopes);
    let at = |region: usize, by: f64| {
        let mut moved = readings.to_vec();
        moved[region] += by;
        squared_hinge(&moved, label, &mut vec![0.0; readings.len()])
    };
    let scale = slopes.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
    let step = 1e-5;
    let difference = |region: usize| (at(region, step) - at(region, -step)) / (2.0 * step);
    (0..readings.len()).map(|region| (slopes[region] - difference(region)).abs() / scale).fold(0.0, f64::max)
}

fn main() -> Result<()> {
    let readings = [0.21, 0.18, 0.3, 0.05, 0.11, 0.4, 0.02, 0.33, 0.09, 0.26];
    println!("derivatives off by {:.0e} of the largest", check(&readings, 2));

    let text = "format = 1\n[bench]\npixels = 100\nmasks = 2\ngaps = \"20 mm\"\noversample = 1\n[object]\nupsampling = 2\n\
                [detector]\nregion_size = \"3.2 mm\"\nrow_pitch = \"6.4 mm\"\ncolumn_pitch = \"6.4 mm\"\n";
    let bench = Design::resolve("own-loss", &DesignFile::parse("own-loss", text)?)?.bench;
    let images = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Train)?;

    let mut phases = vec![Array2::<f32>::zeros(bench.mask_shape()); bench.masks()];
    let mut adam = Adam::new(phases.len(), bench.mask_shape());
    let mut engine = CpuEngine::new(bench.clone(), 0)?;
    let (mut right, mut seen) = (0, 0);
    for step in 0..STEPS {
        // Every so-many-th image, so that a batch has all classes.
        let chosen: Vec<usize> =
            (0..BATCH).map(|sample| (step + sample * images.len() / BATCH) % images.len()).collect();
        let labels: Vec<usize> = chosen.iter().map(|index| usize::from(images.labels[*index])).collect();
        engine.set_masks(&phases)?;
        let pass = engine.gradients(images.batch(&chosen).view(), &|sample, readings, slopes| {
            squared_hinge(readings, labels[sample], slopes);
        })?;
        adam.step(&mut phases, &pass.masks, 0.1 * (1.0 - step as f64 / STEPS as f64));
        seen += BATCH;
        right += (0..BATCH)
            .filter(|sample| {
                bench.detector.scheme().answer(&pass.readings.row(*sample).to_vec()) == labels[*sample]
            })
            .count();
        if (step + 1) % 50 == 0 {
            println!("steps {:>3}: {:.1} % right", step + 1, 100.0 * right as f64 / seen as f64);
            (right, seen) = (0, 0);
        }
    }
    Ok(())
}
