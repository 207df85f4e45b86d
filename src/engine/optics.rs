//! What all samples of an engine share: plans, transfer functions, transmissions, regions.

use std::ops::Range;
use std::sync::Arc;

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::field::narrow_complex;
use crate::network::Bench;
use crate::propagation::transfer_function;

/// What all samples share: plans, transfer functions, transmissions, regions.
pub(super) struct Optics {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) padded: (usize, usize),
    pub(super) row_forward: Arc<dyn Fft<f32>>,
    pub(super) row_inverse: Arc<dyn Fft<f32>>,
    pub(super) column_forward: Arc<dyn Fft<f32>>,
    pub(super) column_inverse: Arc<dyn Fft<f32>>,
    /// For each gap its transfer function, column by column: `[fx][fy]`, only fx >= 0 (H is even), with the
    /// factor of the unnormalised transforms.
    transfer: Vec<Arc<Vec<Complex32>>>,
    /// exp(i phase) of each mask.
    pub(super) masks: Vec<Vec<Complex32>>,
    /// Rows of the object plane that carry light.
    pub(super) object_rows: Range<usize>,
    /// Rows that some detector region lies in.
    pub(super) detector_rows: Vec<Range<usize>>,
    /// Regions as (rows, columns).
    pub(super) regions: Vec<(Range<usize>, Range<usize>)>,
    pub(super) pixel_area: f64,
}

impl Optics {
    pub(super) fn new(bench: &Bench) -> Self {
        let (rows, columns) = bench.grid().shape();
        let padded = bench.padded;
        let mut planner = FftPlanner::new();
        let mut transfer: Vec<Arc<Vec<Complex32>>> = Vec::new();
        for (index, first) in bench.first_equal_gap().into_iter().enumerate() {
            transfer.push(if first < index {
                Arc::clone(&transfer[first])
            } else {
                let exact = transfer_function(&bench.gap(index));
                let factor = 1.0 / (padded.0 * padded.1) as f64;
                let kept = (0..=padded.1 / 2).flat_map(|fx| (0..padded.0).map(move |fy| [fy, fx]));
                Arc::new(kept.map(|at| narrow_complex(exact[at] * factor)).collect())
            });
        }
        let regions: Vec<_> =
            bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect();
        let (top, _) = bench.object.origin();
        Optics {
            rows,
            columns,
            padded,
            row_forward: planner.plan_fft_forward(padded.1),
            row_inverse: planner.plan_fft_inverse(padded.1),
            column_forward: planner.plan_fft_forward(padded.0),
            column_inverse: planner.plan_fft_inverse(padded.0),
            transfer,
            masks: vec![vec![Complex32::new(1.0, 0.0); rows * columns]; bench.masks()],
            object_rows: top..top + bench.object.extent().0,
            detector_rows: merged(regions.iter().map(|(rows, _)| rows.clone()).collect()),
            regions,
            pixel_area: bench.grid().pixel_area(),
        }
    }

    /// The transfer function of `gap` along fy, for column `fx` of the spectrum.
    pub(super) fn transfer_column(&self, gap: usize, fx: usize) -> &[Complex32] {
        let folded = fx.min(self.padded.1 - fx);
        &self.transfer[gap][folded * self.padded.0..(folded + 1) * self.padded.0]
    }
}

/// Sorted, disjoint ranges that cover the same rows.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
