//! What all samples of an engine share: what is crossed, what happens on the planes between, and regions.

use std::ops::Range;
use std::sync::Arc;

use d2nn_kernels::Arithmetic;
use num_complex::Complex32;

use super::aligned::Aligned;
use super::crossing::{Crossing, Extent, Plans, Way, looked_at, plan, ways};
use crate::bench::Bench;
use crate::engine::lookout::Lookout;
use crate::program::{Op, Pointwise, Program, Wants};
use crate::propagation::Span;

/// What happens on a plane, between two crossings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Local {
    /// Samples are multiplied by a factor.
    Multiply(FactorSlot),
    /// Samples cross a sheet with that number; the field on it is kept there.
    Pointwise { sheet: usize, kept: Kept },
    /// Samples take their shares of two crossings; it is the first on its plane. Their difference is kept.
    Blend(FactorSlot),
}

impl Local {
    /// The factor here, if anything is asked for at it.
    fn asking(&self) -> Option<FactorSlot> {
        match self {
            Local::Multiply(slot) | Local::Blend(slot) => {
                Some(*slot).filter(|slot| slot.wants != Wants::Nothing)
            }
            Local::Pointwise { .. } => None,
        }
    }
}

/// A factor of each beam, and what the adjoint pass needs there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FactorSlot {
    /// Its number.
    pub(super) factor: usize,
    /// What is asked for.
    pub(super) wants: Wants,
    /// Where the field in front is kept, where anything is asked for.
    pub(super) kept: Kept,
    /// First of its sums among those of a beam.
    first_sum: usize,
}

/// Where a beam keeps the field on a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kept {
    /// Its first number among those of the beam.
    first: usize,
    /// Shape of the plane.
    rows: usize,
    pub(super) columns: usize,
}

/// A plane.
pub(super) struct PlaneOptics {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Rows and columns that carry light behind what happens there: beside small masks is none.
    pub(super) lit: Extent,
    /// What happens there, in the order of the light.
    pub(super) locals: Vec<Local>,
}

impl PlaneOptics {
    /// A plane where nothing happens yet.
    fn whole(rows: usize, columns: usize) -> Self {
        PlaneOptics { rows, columns, lit: Extent::whole(rows, columns), locals: Vec::new() }
    }
}

/// A number for each sample of a plane.
pub(super) struct Laid {
    pub(super) columns: usize,
    pub(super) samples: Aligned<Complex32>,
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

    /// Sums that it has of a beam.
    fn all_sums(&self) -> usize {
        self.sums() * self.kept.rows * self.kept.columns
    }
}

/// What a beam has to itself.
pub(super) struct BeamOptics {
    /// What is crossed, in the order of the light; the last one only as far as the detector looks.
    pub(super) crossings: Vec<Arc<Crossing>>,
    /// The last crossing, to the whole detector plane.
    pub(super) to_plane: Arc<Crossing>,
    /// What is crossed beside each of `crossings`, where two are blended.
    pub(super) beside: Vec<Option<Arc<Crossing>>>,
}

impl BeamOptics {
    /// The last crossing, as far as the detector looks.
    pub(super) fn to_regions(&self) -> &Crossing {
        &self.crossings[self.crossings.len() - 1]
    }
}

/// What all samples share.
pub(super) struct Optics {
    /// Shape of the detector plane.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Beams, those of a network one behind the other.
    pub(super) beams: Vec<BeamOptics>,
    /// The object plane and the plane behind each crossing, the same for every beam.
    pub(super) planes: Vec<PlaneOptics>,
    /// Each factor, beam by beam.
    pub(super) factors: Vec<Laid>,
    /// Sheets of the program.
    pub(super) sheets: Vec<Arc<dyn Pointwise>>,
    /// Numbers a beam keeps for the adjoint pass.
    pub(super) kept: usize,
    /// Sums a beam has.
    pub(super) sums: usize,
    /// Rows of the object plane that carry light.
    pub(super) object_rows: Range<usize>,
    /// Rows of the detector plane that are looked at: those that some region lies in, or all.
    pub(super) detector_rows: Vec<Range<usize>>,
    /// What the detector looks at.
    pub(super) lookout: Lookout,
    pub(super) arithmetic: Arithmetic,
    plans: Plans,
    /// What the beams cross, in the order of [`all_ways`].
    ways: Vec<Way>,
}

/// The bench as a beam sees it, and its program.
pub(super) struct Lit<'a> {
    pub(super) bench: &'a Bench,
    pub(super) program: &'a Program,
}

impl Optics {
    /// Plans `bench` for the beams `lit`, with the threads of `pool`; every factor is 1.
    pub(super) fn new(bench: &Bench, lit: &[Lit<'_>], pool: &rayon::ThreadPool) -> Self {
        Self::planned(bench, lit, &[], Plans::default(), pool)
    }

    /// Plans the same device with other errors of alignment; spans that are as they were are not planned again.
    pub(super) fn realigned(&self, bench: &Bench, lit: &[Lit<'_>], pool: &rayon::ThreadPool) -> Self {
        let known: Vec<_> = self.ways.iter().copied().zip(self.all_crossings().cloned()).collect();
        Self::planned(bench, lit, &known, self.plans.clone(), pool)
    }

    fn planned(
        bench: &Bench,
        lit: &[Lit<'_>],
        known: &[(Way, Arc<Crossing>)],
        mut plans: Plans,
        pool: &rayon::ThreadPool,
    ) -> Self {
        let (rows, columns) = bench.grid().shape();
        let (top, _) = bench.object.origin();
        let (height, _) = bench.object.extent();
        let ways = all_ways(lit);
        let crossings = plan(&ways, known, &mut plans, pool);
        let program = lit[0].program;
        let Arrangement { planes, factors, kept, sums } = Arrangement::of(bench, program);
        Optics {
            rows,
            columns,
            beams: beams(lit, crossings),
            planes,
            factors: lit
                .iter()
                .flat_map(|_| &factors)
                .map(|&(rows, columns)| Laid {
                    columns,
                    samples: Aligned::new(Complex32::new(1.0, 0.0), rows * columns),
                })
                .collect(),
            sheets: program.sheets().to_vec(),
            kept,
            sums,
            object_rows: top..top + height,
            detector_rows: merged(looked_at(bench).into_iter().map(|(rows, _)| rows).collect()),
            lookout: Lookout::of(bench),
            arithmetic: Arithmetic::default(),
            plans,
            ways,
        }
    }

    /// Samples of the detector plane.
    pub(super) fn samples(&self) -> usize {
        self.rows * self.columns
    }

    /// Crossings from the object to the detector.
    pub(super) fn crossed(&self) -> usize {
        self.planes.len() - 1
    }

    /// Factors of each beam.
    fn factors_each(&self) -> usize {
        self.factors.len() / self.beams.len()
    }

    /// Where `beam` keeps row `row` of the field on a plane.
    pub(super) fn kept_row(&self, beam: usize, kept: Kept, row: usize) -> Range<usize> {
        let first = beam * self.kept + kept.first + row * kept.columns;
        first..first + kept.columns
    }

    /// Row `row` of a factor of `beam`.
    pub(super) fn factor_row(&self, beam: usize, factor: usize, row: usize) -> &[Complex32] {
        let Laid { columns, samples } = &self.factors[beam * self.factors_each() + factor];
        &samples[row * columns..][..*columns]
    }

    /// Where the sums of `slot` of `beam` stand.
    pub(super) fn sums_of(&self, beam: usize, slot: &FactorSlot) -> Range<usize> {
        let first = beam * self.sums + slot.first_sum;
        first..first + slot.all_sums()
    }

    /// Number of the first plane on which anything is asked for: the adjoint light ends there.
    pub(super) fn earliest(&self) -> Option<usize> {
        self.planes.iter().position(|plane| plane.locals.iter().any(|local| local.asking().is_some()))
    }

    /// The slots of a beam that ask for something, in the order of the light.
    pub(super) fn asking(&self) -> impl Iterator<Item = FactorSlot> + '_ {
        self.planes.iter().flat_map(|plane| &plane.locals).filter_map(Local::asking)
    }

    /// Every crossing there is, in the order of [`all_ways`].
    pub(super) fn all_crossings(&self) -> impl Iterator<Item = &Arc<Crossing>> {
        self.beams.iter().flat_map(|beam| {
            let first = beam.crossings.iter().chain(std::iter::once(&beam.to_plane));
            first.chain(beam.beside.iter().flatten())
        })
    }
}

/// Crossings from the object to the detector.
fn crossed(program: &Program) -> usize {
    program.ops().iter().filter(|op| matches!(op, Op::Cross(_) | Op::Blend(_))).count()
}

/// What beams cross, beam by beam: one crossing behind the other, that to the whole plane, and what is crossed beside some.
fn all_ways(lit: &[Lit<'_>]) -> Vec<Way> {
    lit.iter().flat_map(|lit| ways(lit.bench, lit.program)).collect()
}

/// What each beam has to itself, with the crossings of [`all_ways`].
fn beams(lit: &[Lit<'_>], crossings: Vec<Arc<Crossing>>) -> Vec<BeamOptics> {
    let each = crossings.len() / lit.len();
    let of_beam = |(lit, crossings): (&Lit<'_>, &[Arc<Crossing>])| {
        let (count, mut blended) = (crossed(lit.program), crossings.iter().skip(crossed(lit.program) + 1));
        let is_blend = lit.program.ops().iter().filter_map(|op| match op {
            Op::Cross(_) => Some(false),
            Op::Blend(_) => Some(true),
            Op::Multiply(_) | Op::Pointwise(_) => None,
        });
        let beside =
            is_blend.map(|blend| if blend { blended.next().map(Arc::clone) } else { None }).collect();
        BeamOptics { crossings: crossings[..count].to_vec(), to_plane: Arc::clone(&crossings[count]), beside }
    };
    lit.iter().zip(crossings.chunks_exact(each)).map(of_beam).collect()
}

/// The planes of a program, and what is kept on them.
struct Arrangement {
    planes: Vec<PlaneOptics>,
    /// Shape of the plane of each factor.
    factors: Vec<(usize, usize)>,
    /// Numbers a beam keeps.
    kept: usize,
    /// Sums a beam has.
    sums: usize,
}

impl Arrangement {
    /// That of `program` on `bench`.
    fn of(bench: &Bench, program: &Program) -> Self {
        let (rows, columns) = bench.grid().shape();
        let mut layout = Arrangement {
            planes: vec![PlaneOptics::whole(rows, columns)],
            factors: vec![(rows, columns); program.factors().len()],
            kept: 0,
            sums: 0,
        };
        for op in program.ops() {
            match *op {
                Op::Cross(span) => layout.add_plane(program.spans()[span]),
                Op::Multiply(factor) => {
                    let slot = layout.slot(program, factor);
                    layout.add(Local::Multiply(slot));
                    if let Some(plane) = layout.planes.last_mut() {
                        plane.lit.shrink_to(&program.factors()[factor]);
                    }
                }
                Op::Pointwise(sheet) => {
                    let kept = layout.keep(true);
                    layout.add(Local::Pointwise { sheet, kept });
                }
                Op::Blend(number) => {
                    let blend = program.blends()[number];
                    layout.add_plane(program.spans()[blend.without]);
                    let slot = layout.slot(program, blend.share);
                    layout.add(Local::Blend(slot));
                }
            }
        }
        layout
    }

    /// The plane behind `span`.
    fn add_plane(&mut self, span: Span) {
        let (rows, columns) = span.grid().shape();
        let [_, factor] = span.refinement().factors();
        self.planes.push(PlaneOptics::whole(rows * factor, columns * factor));
    }

    fn last(&self) -> &PlaneOptics {
        &self.planes[self.planes.len() - 1]
    }

    fn add(&mut self, local: Local) {
        if let Some(plane) = self.planes.last_mut() {
            plane.locals.push(local);
        }
    }

    /// A place for the field on the last plane, if it is `kept`.
    fn keep(&mut self, kept: bool) -> Kept {
        let PlaneOptics { rows, columns, .. } = *self.last();
        let place = Kept { first: self.kept, rows, columns };
        self.kept += if kept { rows * columns } else { 0 };
        place
    }

    /// A factor on the last plane.
    fn slot(&mut self, program: &Program, factor: usize) -> FactorSlot {
        let wants = program.factors()[factor].wants();
        let kept = self.keep(wants != Wants::Nothing);
        let slot = FactorSlot { factor, wants, kept, first_sum: self.sums };
        self.sums += slot.all_sums();
        self.factors[factor] = (kept.rows, kept.columns);
        slot
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
