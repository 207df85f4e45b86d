//! Does the answer depend on the grid? The same device on finer grids and in wider windows.

use ndarray::{Array2, Axis};
use num_complex::Complex;

use super::classes::{ClassJudge, Evaluation};
use super::stream::{SampleLoss, stream};
use crate::bench::{Bench, Role};
use crate::dataset::Images;
use crate::engine::{Engine, Simulator};
use crate::error::{Error, Result};
use crate::propagation::{Gap, Propagator};
use crate::reference::Instrument;

/// Samples along one side of a pixel, and side of the window over the side of the plane, of a bench that is padded to twice
/// its side or less; of one with more, in proportion. The last is the reference.
pub const GRIDS: [(usize, f64); 5] = [(1, 2.0), (1, 4.0), (2, 2.0), (2, 4.0), (4, 2.0)];

/// Images whose field at the detector plane is compared; the field is simulated by the plain pass.
pub const FIELD_IMAGES: usize = 4;

/// A device on one grid.
#[derive(Clone, Debug)]
pub struct Convergence {
    /// Samples along one side of a pixel.
    pub oversample: usize,
    /// Side of the padded window over the side of the plane.
    pub padding: f64,
    /// Its figures on this grid.
    pub evaluation: Evaluation,
    /// Share of images that get the answer of the reference.
    pub same_answers: f64,
    /// Relative distance of the field at the centres of the detector plane's pixels from the reference,
    /// |U - U_ref| / |U_ref|, mean over [`FIELD_IMAGES`] images.
    pub field_error: f64,
}

/// Judges masks of `values` on every one of [`GRIDS`], by the images with `indices`.
///
/// `bench` has one sample a pixel. `go_on` is told the number of images done on all grids. Where it says no there are the
/// grids that are done, all of them compared with the last of these; none of them where the first is not.
///
/// # Errors
/// As [`evaluate`](super::evaluate), and [`Error::Value`] for grids that become too large.
pub fn convergence(
    bench: &Bench,
    values: &[Array2<f32>],
    threads: usize,
    images: &Images,
    indices: &[usize],
    loss: &SampleLoss<'_>,
    go_on: &mut dyn FnMut(usize) -> Result<bool>,
) -> Result<Vec<Convergence>> {
    let mut found = Vec::new();
    let wider = (bench.padding() / 2.0).max(1.0);
    for (grid, (oversample, padding)) in GRIDS.into_iter().enumerate() {
        let padding = wider * padding;
        let sampled = bench.sampled(oversample, padding)?;
        let fields = pixel_fields(&sampled, values, images, &indices[..indices.len().min(FIELD_IMAGES)])?;
        let mut engine = Simulator::of(sampled, threads)?;
        engine.set_masks(values)?;
        let mut judge = ClassJudge::of(bench);
        let mut answers = Vec::with_capacity(indices.len());
        let mut goes_on = true;
        let told = &mut |done| {
            goes_on = go_on(grid * indices.len() + done)?;
            Ok(goes_on)
        };
        stream(&engine, images, indices, told, &mut |sample| {
            answers.push(bench.detector.scheme().answer(sample.readings));
            judge.add(sample, loss)
        })?;
        if answers.len() < indices.len() {
            break;
        }
        found.push((oversample, padding, judge.figures(), answers, fields));
        if !goes_on {
            break;
        }
    }
    let Some((_, _, _, reference, reference_fields)) = found.last().cloned() else { return Ok(Vec::new()) };
    Ok(found
        .into_iter()
        .map(|(oversample, padding, evaluation, answers, fields)| Convergence {
            oversample,
            padding,
            evaluation,
            same_answers: share(answers.iter().zip(&reference).map(|(a, b)| a == b)),
            field_error: mean(fields.iter().zip(&reference_fields).map(|(a, b)| distance(a, b))),
        })
        .collect())
}

/// Fields at the centres of the pixels of each beam's detector plane, whatever the number of samples a pixel.
fn pixel_fields(
    bench: &Bench,
    values: &[Array2<f32>],
    images: &Images,
    indices: &[usize],
) -> Result<Vec<Array2<Complex<f32>>>> {
    let samples = bench.oversample;
    let instrument = Instrument::<f32>::new(bench, values)?;
    // With an even number of samples none lies in the centre: the plane is moved there by half a sample.
    let aside = if samples.is_multiple_of(2) { bench.grid().pixel_pitch() / 2.0 } else { 0.0 };
    let centre = (samples - 1) / 2;
    let mut fields = Vec::new();
    for (_, network) in instrument.beams() {
        // Across the last free space: what touches the detector is behind it.
        let path = network.bench().path();
        let last =
            path.stops().iter().enumerate().rev().find_map(|(at, stop)| Some((at, stop.free_space()?)));
        let (at, last) = last.ok_or_else(|| Error::Value("a device without free space".into()))?;
        let before = path.stops()[..at].iter().filter(|stop| stop.role != Role::Gap).count();
        let shift = (last.shift.0 + aside, last.shift.1 + aside);
        let last = Propagator::<f32>::new(Gap { shift, ..last })?;
        for &index in indices {
            let image = images.batch(&[index]);
            let light = network.light(image.index_axis(Axis(0), 0))?;
            let field = last.propagate(light.behind[..before].last().unwrap_or(&light.object)).amplitude;
            fields.push(Array2::from_shape_fn(bench.pixels(), |(y, x)| {
                field[[y * samples + centre, x * samples + centre]]
            }));
        }
    }
    Ok(fields)
}

fn distance(field: &Array2<Complex<f32>>, reference: &Array2<Complex<f32>>) -> f64 {
    let square =
        |values: &mut dyn Iterator<Item = Complex<f32>>| values.map(|u| f64::from(u.norm_sqr())).sum::<f64>();
    let norm = square(&mut reference.iter().copied());
    let off = square(&mut field.iter().zip(reference).map(|(a, b)| a - b));
    if norm > 0.0 { (off / norm).sqrt() } else { 0.0 }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

fn share(values: impl ExactSizeIterator<Item = bool>) -> f64 {
    mean(values.map(|value| f64::from(u8::from(value))))
}
