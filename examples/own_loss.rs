//! A loss of one's own: [`Loss`] says what the readings of one sample are worth and how that changes with each of them,
//! and the trainer does the rest.
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
use d2nn::engine::CpuEngine;
use d2nn::training::{Loss, Settings, State, Target, Trainer};
use ndarray::Array2;

struct SquaredHinge {
    margin: f64,
}

impl Loss for SquaredHinge {
    fn evaluate(&self, readings: &[f64], target: &Target, slopes: &mut [f64]) -> f64 {
        let sum: f64 = readings.iter().sum();
        slopes.fill(0.0);
        if sum == 0.0 {
            return 0.0;
        }
        let share = |region: usize| readings[region] / sum;
        let mut loss = 0.0;
        // By the shares first.
        for region in (0..readings.len()).filter(|region| *region != target.label) {
            let excess = (self.margin - share(target.label) + share(region)).max(0.0);
            loss += excess * excess;
            slopes[region] += 2.0 * excess;
            slopes[target.label] -= 2.0 * excess;
        }
        // ds_c/dI_k = ([c = k] - s_c)/S: what all shares have in common falls out.
        let common: f64 = slopes.iter().enumerate().map(|(region, slope)| slope * share(region)).sum();
        slopes.iter_mut().for_each(|slope| *slope = (*slope - common) / sum);
        loss
    }
}

/// The largest difference of the derivatives of `loss` from central differences, relative to the largest derivative.
fn check(loss: &dyn Loss, readings: &[f64], label: usize) -> f64 {
    let target = Target { label, entering: f64::NAN, picture: Array2::zeros((0, 0)) };
    let mut slopes = vec![0.0; readings.len()];
    loss.evaluate(readings, &target, &mut slopes);
    let at = |region: usize, by: f64| {
        let mut moved = readings.to_vec();
        moved[region] += by;
        loss.evaluate(&moved, &target, &mut vec![0.0; readings.len()])
    };
    let scale = slopes.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
    let step = 1e-5;
    let difference = |region: usize| (at(region, step) - at(region, -step)) / (2.0 * step);
    (0..readings.len()).map(|region| (slopes[region] - difference(region)).abs() / scale).fold(0.0, f64::max)
}

fn main() -> Result<()> {
    let loss = SquaredHinge { margin: 0.1 };
    let readings = [0.21, 0.18, 0.3, 0.05, 0.11, 0.4, 0.02, 0.33, 0.09, 0.26];
    println!("derivatives off by {:.0e} of the largest", check(&loss, &readings, 2));

    let text = "format = 1\n[bench]\npixels = 100\nmasks = 2\ngaps = \"20 mm\"\noversample = 1\n[object]\nupsampling = 2\n\
                [detector]\nregion_size = \"3.2 mm\"\nrow_pitch = \"6.4 mm\"\ncolumn_pitch = \"6.4 mm\"\n";
    let bench = Design::resolve("own-loss", &DesignFile::parse("own-loss", text)?)?.bench;
    let images = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Train)?;
    let settings =
        Settings { epochs: 3, batch: 20, learning_rate: 0.1, validation: 200, ..Settings::default() };
    let state = State::new(&bench, settings.start, settings.seed);
    let mut trainer =
        Trainer::new(Box::new(CpuEngine::new(bench, 0)?), Box::new(loss), settings, &images, state)?;
    while !trainer.finished() {
        if let Some(epoch) = trainer.step()?.finished {
            println!(
                "epoch {}: loss {:.4}, {:.1} % of the validation images right",
                epoch.epoch,
                epoch.training_loss,
                100.0 * epoch.validation_accuracy
            );
        }
    }
    Ok(())
}
