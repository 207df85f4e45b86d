//! What all samples of an engine share: what is crossed, what happens on the planes between, and regions.

use std::ops::Range;
use std::sync::Arc;

use d2nn_kernels::Arithmetic;
use num_complex::Complex32;

use super::aligned::Aligned;
use super::crossing::{Crossing, Plans, Way, looked_at, plan, ways};
use crate::bench::Bench;
use crate::program::{Op, Pointwise, Program, Wants};

/// What happens on a plane, between two crossings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Local {
    /// Samples are multiplied by a factor.
    Multiply(FactorSlot),
    /// Samples cross a sheet with that number; the field on it is kept at that place.
    Pointwise { sheet: usize, kept: usize },
}

/// A factor of each network, and what the adjoint pass needs there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FactorSlot {
    /// Its number.
    pub(super) factor: usize,
    /// What is asked for.
    pub(super) wants: Wants,
    /// Number of the plane on which the field in front is kept, where anything is asked for.
    pub(super) kept: usize,
    /// First of its sums, in planes of one number a sample.
    first_sum: usize,
}

impl FactorSlot {
    /// Numbers a sample that the adjoint pass sums up: the slope by the phase, or the two parts of that by the factor.
    pub(super) fn sums(&self) -> usize {
        match self.wants {
            Wants::Nothing => 0,
            Wants::Turn { .. } => 1,
            Wants::Whole => 2,
        }
    }
}

/// What all samples share.
pub(super) struct Optics {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// What is crossed, in the order of the light; the last one only as far as the detector looks.
    pub(super) crossings: Vec<Arc<Crossing>>,
    /// The last crossing, to the whole detector plane.
    pub(super) to_plane: Arc<Crossing>,
    /// What happens on the object plane and behind each crossing.
    pub(super) planes: Vec<Vec<Local>>,
    /// Devices side by side, each with factors and regions of its own.
    pub(super) networks: usize,
    /// Each factor, one number a sample; network by network.
    pub(super) factors: Vec<Aligned<Complex32>>,
    /// Sheets of the program.
    pub(super) sheets: Vec<Arc<dyn Pointwise>>,
    /// Fields a network keeps for the adjoint pass.
    pub(super) kept: usize,
    /// Sums a network has, in planes of one number a sample.
    pub(super) sums: usize,
    /// Rows of the object plane that carry light.
    pub(super) object_rows: Range<usize>,
    /// Rows of the detector plane that are looked at: those that some region lies in, or all.
    pub(super) detector_rows: Vec<Range<usize>>,
    /// Whether the whole plane is looked at, and not the regions alone ([`crate::detector::Detector::watching_plane`]).
    pub(super) watches_plane: bool,
    /// Regions of a network as (rows, columns).
    pub(super) regions: Vec<(Range<usize>, Range<usize>)>,
    /// Numbers of the regions each row meets: an image has hundreds of regions.
    pub(super) regions_of_row: Vec<Vec<usize>>,
    pub(super) pixel_area: f64,
    pub(super) arithmetic: Arithmetic,
    plans: Plans,
    /// What each of `crossings`, and `to_plane`, crosses.
    ways: Vec<Way>,
}

impl Optics {
    /// Plans `bench` with `program`, with the threads of `pool`.
    pub(super) fn new(bench: &Bench, program: &Program, pool: &rayon::ThreadPool) -> Self {
        let (rows, columns) = bench.grid().shape();
        let regions: Vec<_> =
            bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect();
        let (top, _) = bench.object.origin();
        let (height, _) = bench.object.extent();
        let ways = ways(bench, program);
        let mut plans = Plans::default();
        let (crossings, to_plane) = plan(&ways, &[], &mut plans, pool);
        let (planes, kept, sums) = planes(program);
        Optics {
            rows,
            columns,
            crossings,
            to_plane,
            planes,
            networks: bench.networks,
            factors: (0..bench.networks * program.factors().len())
                .map(|_| Aligned::new(Complex32::new(1.0, 0.0), rows * columns))
                .collect(),
            sheets: program.sheets().to_vec(),
            kept,
            sums,
            object_rows: top..top + height,
            detector_rows: merged(looked_at(bench).into_iter().map(|(rows, _)| rows).collect()),
            watches_plane: bench.detector.watches_plane(),
            regions_of_row: regions_of_row(rows, &regions),
            regions,
            pixel_area: bench.grid().pixel_area(),
            arithmetic: Arithmetic::default(),
            plans,
            ways,
        }
    }

    /// Plans the same device with other errors of alignment; spans that are as they were are not planned again.
    pub(super) fn realign(&mut self, bench: &Bench, program: &Program, pool: &rayon::ThreadPool) {
        let ways = ways(bench, program);
        let known: Vec<_> = self.ways.iter().copied().zip(self.all_crossings().cloned()).collect();
        (self.crossings, self.to_plane) = plan(&ways, &known, &mut self.plans, pool);
        self.ways = ways;
        (self.planes, self.kept, self.sums) = planes(program);
        self.sheets = program.sheets().to_vec();
    }

    /// The last crossing, as far as the detector looks.
    pub(super) fn to_regions(&self) -> &Crossing {
        &self.crossings[self.crossings.len() - 1]
    }

    /// Samples of a plane.
    pub(super) fn samples(&self) -> usize {
        self.rows * self.columns
    }

    /// Factors of each network.
    pub(super) fn factors_each(&self) -> usize {
        self.factors.len() / self.networks
    }

    /// Where `network` keeps row `row` of the field in front of a plane.
    pub(super) fn kept_row(&self, network: usize, kept: usize, row: usize) -> Range<usize> {
        let first = ((network * self.kept + kept) * self.rows + row) * self.columns;
        first..first + self.columns
    }

    /// Row `row` of a factor of `network`.
    pub(super) fn factor_row(&self, network: usize, factor: usize, row: usize) -> &[Complex32] {
        &self.factors[network * self.factors_each() + factor][row * self.columns..][..self.columns]
    }

    /// Where the sums of `slot` of `network` stand.
    pub(super) fn sums_of(&self, network: usize, slot: &FactorSlot) -> Range<usize> {
        let first = (network * self.sums + slot.first_sum) * self.samples();
        first..first + slot.sums() * self.samples()
    }

    /// Number of the first plane on which anything is asked for: the adjoint light ends there.
    pub(super) fn earliest(&self) -> Option<usize> {
        let asks = |local: &Local| matches!(local, Local::Multiply(slot) if slot.wants != Wants::Nothing);
        self.planes.iter().position(|plane| plane.iter().any(asks))
    }

    /// The slots of a network that ask for something, in the order of the light.
    pub(super) fn asking(&self) -> impl Iterator<Item = FactorSlot> + '_ {
        self.planes.iter().flatten().filter_map(|local| match local {
            Local::Multiply(slot) if slot.wants != Wants::Nothing => Some(*slot),
            _ => None,
        })
    }

    /// The regions of all networks as (rows, columns), the planes one below the other.
    pub(super) fn all_regions(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + '_ {
        (0..self.networks).flat_map(move |network| {
            let first = network * self.rows;
            self.regions
                .iter()
                .map(move |(rows, columns)| (first + rows.start..first + rows.end, columns.clone()))
        })
    }

    /// Every crossing there is.
    pub(super) fn all_crossings(&self) -> impl Iterator<Item = &Arc<Crossing>> {
        self.crossings.iter().chain(std::iter::once(&self.to_plane))
    }
}

/// What `program` does on each plane, the planes of fields it keeps, and the planes of sums.
fn planes(program: &Program) -> (Vec<Vec<Local>>, usize, usize) {
    let (mut kept, mut sums) = (0, 0);
    let mut planes = vec![Vec::new()];
    for op in program.ops() {
        let local = match *op {
            Op::Cross(_) => {
                planes.push(Vec::new());
                continue;
            }
            Op::Multiply(factor) => {
                let wants = program.factors()[factor].wants();
                let slot = FactorSlot { factor, wants, kept, first_sum: sums };
                sums += slot.sums();
                kept += usize::from(wants != Wants::Nothing);
                Local::Multiply(slot)
            }
            Op::Pointwise(sheet) => {
                kept += 1;
                Local::Pointwise { sheet, kept: kept - 1 }
            }
        };
        if let Some(plane) = planes.last_mut() {
            plane.push(local);
        }
    }
    (planes, kept, sums)
}

/// For each of `rows` rows the numbers of the regions it meets, rising.
fn regions_of_row(rows: usize, regions: &[(Range<usize>, Range<usize>)]) -> Vec<Vec<usize>> {
    let mut met = vec![Vec::new(); rows];
    for (number, (lines, _)) in regions.iter().enumerate() {
        met[lines.clone()].iter_mut().for_each(|row| row.push(number));
    }
    met
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
