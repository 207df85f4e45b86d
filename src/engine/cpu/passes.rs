//! The light of one sample: two fused passes a propagation, in single precision.
//!
//! A field waits between the passes as the x-spectrum of its rows, one row every `stride` numbers. The *column
//! pass* takes a block of columns, transforms, multiplies with H, transforms back and writes the rows that
//! are kept ([`ColumnFilter`](d2nn_kernels::ColumnFilter)). The *row pass* transforms each row back, crops, meets what
//! stands on the plane, pads for the next span and transforms again. Rows that carry nothing are never transformed, nothing
//! is turned, and a block stays in cache.

use std::ops::Range;

use ndarray::ArrayView2;
use num_complex::{Complex, Complex32};

use super::aligned::Aligned;
use super::crossing::Crossing;
use super::optics::{Local, Optics};
use crate::engine::Reach;
use crate::field::narrow_complex;
use crate::object::ObjectPlane;
use crate::program::{Wants, cross_pointwise, cross_pointwise_adjoint};

const DARK: Complex32 = Complex32::new(0.0, 0.0);

/// Numbers in a cache line.
const LINE: usize = 8;

/// Sizes of what samples in flight need: devices with the same room can share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Rows of the largest plane.
    rows: usize,
    /// Columns of the widest window, rounded up to whole cache lines.
    stride: usize,
    /// Scratch space of transforms along rows, and of the column pass.
    scratch: usize,
    lanes: usize,
    /// Whether light crosses spans side by side.
    blends: bool,
    /// Numbers of all beams that are kept for the adjoint pass.
    pub(super) kept: usize,
    /// Sums of all beams.
    pub(super) sums: usize,
    /// Samples of all detector planes.
    detector: usize,
}

impl Room {
    /// That of `optics`.
    pub(super) fn of(optics: &Optics) -> Self {
        let largest =
            |size: &dyn Fn(&Crossing) -> usize| optics.all_crossings().map(|c| size(c)).fold(0, usize::max);
        let beams = optics.beams.len();
        Room {
            rows: optics.planes.iter().map(|plane| plane.rows).fold(0, usize::max),
            stride: largest(&|crossing| crossing.before().window.1.max(crossing.behind().window.1))
                .next_multiple_of(LINE),
            scratch: largest(&Crossing::scratch),
            lanes: largest(&|crossing| crossing.filter().scratch()),
            blends: optics.beams.iter().any(|beam| beam.beside.iter().any(Option::is_some)),
            kept: beams * optics.kept,
            sums: beams * optics.sums,
            detector: beams * optics.samples(),
        }
    }
}

/// What one sample in flight needs.
pub(super) struct Workspace {
    /// x-spectra of the rows; a row begins every `stride` numbers, whatever the window of the gap at hand.
    spectra: Aligned<Complex32>,
    /// The same of light that crosses another span beside, where two are blended.
    beside: Aligned<Complex32>,
    stride: usize,
    scratch: Aligned<Complex32>,
    /// A block of columns, in the lanes of vectors.
    lanes: Aligned<f32>,
    /// Fields that are kept for the adjoint pass, beam by beam.
    incident: Aligned<Complex32>,
    /// Field at the detector plane of each beam, shape (beams, rows, columns); only what was asked for is valid.
    detector: Aligned<Complex32>,
    /// What is seen of it.
    seen: Vec<Complex32>,
}

impl Workspace {
    /// Dark planes.
    pub(super) fn new(room: Room) -> Self {
        let Room { rows, stride, scratch, lanes, blends, kept, detector, .. } = room;
        Workspace {
            spectra: Aligned::new(DARK, rows * stride),
            beside: Aligned::new(DARK, if blends { rows * stride } else { 0 }),
            stride,
            scratch: Aligned::new(DARK, scratch),
            lanes: Aligned::new(0.0, lanes),
            incident: Aligned::new(DARK, kept),
            detector: Aligned::new(DARK, detector),
            seen: Vec::new(),
        }
    }

    /// Carries an image through every beam to the detector plane, as far as `reach`; `objects` has the object plane of each.
    pub(super) fn carry(
        &mut self,
        optics: &Optics,
        objects: &[ObjectPlane],
        image: ArrayView2<'_, f32>,
        reach: Reach,
    ) {
        let every_row = 0..optics.rows;
        for (number, (beam, object)) in optics.beams.iter().zip(objects).enumerate() {
            let (last, rows) = match reach {
                Reach::Planes => (&*beam.to_plane, std::slice::from_ref(&every_row)),
                Reach::Seen => (beam.to_regions(), &optics.detector_rows[..]),
            };
            self.forward(optics, object, image, last, number);
            self.arrive(optics, last, rows, number);
        }
    }

    /// Carries an image from the object plane to the last plane of `beam` before the detector, transformed for `last`,
    /// the span to the detector.
    fn forward(
        &mut self,
        optics: &Optics,
        object: &ObjectPlane,
        image: ArrayView2<'_, f32>,
        last: &Crossing,
        beam: usize,
    ) {
        let crossed = optics.crossed() - 1;
        let crossings = &optics.beams[beam].crossings;
        let of = |index: usize| if index < crossed { &*crossings[index] } else { last };
        self.emit(optics, object, image, of(0), beam);
        let mut lit = optics.object_rows.clone();
        for index in 0..crossed {
            let (here, next, plane) = (of(index), of(index + 1).before(), &optics.planes[index + 1]);
            let kept = plane.lit.rows.clone();
            self.cross(optics, beam, index, here, std::slice::from_ref(&lit), std::slice::from_ref(&kept));
            for rows in together(kept.clone()) {
                self.receive(optics, beam, index, here, rows.clone());
                for row in rows.clone() {
                    self.spectra[row * self.stride..][plane.columns..next.window.1].fill(DARK);
                }
                next.row_forward.apply(&mut self.spectra, self.stride, rows, &mut self.scratch);
            }
            lit = kept;
        }
    }

    /// The column pass of crossing `index` of `beam`, which is `here`, and of what is crossed beside it.
    fn cross(
        &mut self,
        optics: &Optics,
        beam: usize,
        index: usize,
        here: &Crossing,
        lit: &[Range<usize>],
        kept: &[Range<usize>],
    ) {
        if let Some(other) = &optics.beams[beam].beside[index] {
            self.beside.copy_from_slice(&self.spectra);
            std::mem::swap(&mut self.spectra, &mut self.beside);
            self.cross_columns(other, lit, kept, false);
            std::mem::swap(&mut self.spectra, &mut self.beside);
        }
        self.cross_columns(here, lit, kept, false);
    }

    /// Rows of the field behind crossing `index` of `beam`, which is `here`, and behind what stands on the plane there.
    fn receive(&mut self, optics: &Optics, beam: usize, index: usize, here: &Crossing, rows: Range<usize>) {
        let (plane, stride) = (&optics.planes[index + 1], self.stride);
        here.behind().row_inverse.apply(&mut self.spectra, stride, rows.clone(), &mut self.scratch);
        let beside = optics.beams[beam].beside[index].as_deref();
        if let Some(other) = beside {
            other.behind().row_inverse.apply(&mut self.beside, stride, rows.clone(), &mut self.scratch);
        }
        for row in rows {
            let inside = &mut self.spectra[row * stride..][..plane.columns];
            if let (Some(Local::Blend(slot)), Some(_)) = (plane.locals.first(), beside) {
                let with = &mut self.beside[row * stride..][..plane.columns];
                let shares = optics.factor_row(beam, slot.factor, row);
                for ((u, with), share) in inside.iter_mut().zip(&mut *with).zip(shares) {
                    *with -= *u;
                    *u += share * *with;
                }
                if slot.wants != Wants::Nothing {
                    self.incident[optics.kept_row(beam, slot.kept, row)].copy_from_slice(with);
                }
            }
            meet(optics, &plane.locals, beam, row, inside, &mut self.incident);
        }
    }

    /// Puts the encoded image into the spectra, behind what stands on the object plane, transformed for `span`.
    fn emit(
        &mut self,
        optics: &Optics,
        object: &ObjectPlane,
        image: ArrayView2<'_, f32>,
        span: &Crossing,
        beam: usize,
    ) {
        let ((_, left), (_, extent)) = (object.origin(), object.extent());
        let (span, plane) = (span.before(), &optics.planes[0]);
        let width = span.window.1;
        for (line, row) in optics.object_rows.clone().enumerate() {
            let (above, below) = self.spectra.split_at_mut(row * self.stride);
            let spectrum = &mut below[..width];
            if plane.locals.is_empty() && object.repeats(line) {
                spectrum.copy_from_slice(&above[(row - 1) * self.stride..][..width]);
                continue;
            }
            spectrum.fill(DARK);
            object.row(image, line, &mut spectrum[left..left + extent]);
            meet(optics, &plane.locals, beam, row, &mut spectrum[..plane.columns], &mut self.incident);
            span.row_forward.apply(&mut self.spectra, self.stride, row..row + 1, &mut self.scratch);
        }
    }

    /// Last column pass and inverse row transforms: the field at the detector plane of `beam` on `rows`.
    fn arrive(&mut self, optics: &Optics, last: &Crossing, rows: &[Range<usize>], beam: usize) {
        let crossed = optics.crossed() - 1;
        let lit =
            if crossed == 0 { optics.object_rows.clone() } else { optics.planes[crossed].lit.rows.clone() };
        self.cross(optics, beam, crossed, last, std::slice::from_ref(&lit), rows);
        let first = beam * optics.rows;
        for rows in rows.iter().cloned().flat_map(together) {
            self.receive(optics, beam, crossed, last, rows);
        }
        for row in rows.iter().cloned().flatten() {
            let inside = &self.spectra[row * self.stride..][..optics.columns];
            self.detector[(first + row) * optics.columns..(first + row + 1) * optics.columns]
                .copy_from_slice(inside);
        }
    }

    /// What is seen at the detector ([`Lookout`](crate::engine::Lookout)); after [`Workspace::carry`] of the same `reach`.
    pub(super) fn arrived(&mut self, optics: &Optics, reach: Reach) -> &mut [Complex32] {
        if matches!(reach, Reach::Planes) {
            return &mut self.detector;
        }
        optics.lookout.look(&self.detector, &mut self.seen);
        &mut self.seen
    }

    /// Room for what is seen, to be made the source of the adjoint light.
    pub(super) fn source(&mut self, optics: &Optics) -> &mut [Complex32] {
        self.arrived(optics, Reach::Seen)
    }

    /// The field on every sample of the detector planes; after [`Workspace::carry`] to every row.
    pub(super) fn plane_field(&self) -> &[Complex32] {
        &self.detector
    }

    /// The fields that are kept, to be put back for [`Workspace::adjoint`].
    pub(super) fn incident_mut(&mut self) -> &mut Aligned<Complex32> {
        &mut self.incident
    }

    /// Carries the adjoint field from what is seen ([`Workspace::arrived`], [`Workspace::source`]) to the first plane of each
    /// beam that asks for slopes, and adds them to `sums` ([`Optics::sums_of`]).
    pub(super) fn adjoint(&mut self, optics: &Optics, sums: &mut [f32]) {
        optics.lookout.put(&self.seen, &mut self.detector);
        for beam in 0..optics.beams.len() {
            self.adjoint_through(optics, beam, sums);
        }
    }

    fn adjoint_through(&mut self, optics: &Optics, beam: usize, sums: &mut [f32]) {
        let Some(earliest) = optics.earliest() else { return };
        let own = &optics.beams[beam];
        let last = own.to_regions();
        let first = beam * optics.rows;
        for row in optics.detector_rows.iter().cloned().flatten() {
            let inside = &mut self.spectra[row * self.stride..][..optics.columns];
            inside.fill(DARK);
            let source = &self.detector[(first + row) * optics.columns..(first + row + 1) * optics.columns];
            if optics.lookout.watches_plane() {
                inside.copy_from_slice(source);
            } else {
                let counted = &optics.lookout.beams[beam];
                for &place in &counted.counts_of_row[row] {
                    let columns = optics.lookout.regions[counted.counts[place].0].1.clone();
                    inside[columns.clone()].copy_from_slice(&source[columns]);
                }
            }
        }
        for rows in optics.detector_rows.iter().cloned().flat_map(together) {
            self.send_back(optics, beam, optics.crossed(), Some(last), rows, sums);
        }
        let mut lit = optics.detector_rows.clone();
        for index in (earliest..optics.crossed()).rev() {
            let here = &*own.crossings[index];
            let lit_rows = optics.planes[index].lit.rows.clone();
            let kept = std::slice::from_ref(&lit_rows);
            self.cross_columns(here, &lit, kept, true);
            if let Some(other) = &own.beside[index] {
                std::mem::swap(&mut self.spectra, &mut self.beside);
                self.cross_columns(other, &lit, kept, true);
                std::mem::swap(&mut self.spectra, &mut self.beside);
                self.spectra.iter_mut().zip(&*self.beside).for_each(|(sum, other)| *sum += other);
            }
            lit = vec![lit_rows.clone()];
            for rows in together(lit_rows) {
                let back = &here.before().row_inverse;
                back.apply(&mut self.spectra, self.stride, rows.clone(), &mut self.scratch);
                let next = (index > earliest).then(|| &*own.crossings[index - 1]);
                self.send_back(optics, beam, index, next, rows, sums);
            }
        }
    }

    /// Rows of the adjoint field meet what stands on plane `index` of `beam`, and are transformed for `next`, the crossing
    /// in front of it.
    fn send_back(
        &mut self,
        optics: &Optics,
        beam: usize,
        index: usize,
        next: Option<&Crossing>,
        rows: Range<usize>,
        sums: &mut [f32],
    ) {
        let (plane, stride) = (&optics.planes[index], self.stride);
        let next = next.map(Crossing::behind);
        for row in rows.clone() {
            let spectrum = &mut self.spectra[row * stride..][..stride];
            let inside = &mut spectrum[..plane.columns];
            meet_adjoint(optics, &plane.locals, beam, row, inside, &self.incident, sums);
            let Some(width) = next.map(|next| next.window.1) else { continue };
            spectrum[plane.columns..width].fill(DARK);
            if let Some(Local::Blend(slot)) = plane.locals.first() {
                let beside = &mut self.beside[row * stride..][..width];
                let shares = optics.factor_row(beam, slot.factor, row);
                for ((g, with), share) in spectrum[..plane.columns].iter_mut().zip(&mut *beside).zip(shares) {
                    *with = *g * share.conj();
                    *g -= *with;
                }
                beside[plane.columns..].fill(DARK);
            }
        }
        let Some(next) = next else { return };
        next.row_forward.apply(&mut self.spectra, stride, rows.clone(), &mut self.scratch);
        if let Some(Local::Blend(_)) = plane.locals.first() {
            next.row_forward.apply(&mut self.beside, stride, rows, &mut self.scratch);
        }
    }

    /// The column pass across `span`: rows outside `lit` are dark, rows outside `kept` are not written.
    fn cross_columns(&mut self, span: &Crossing, lit: &[Range<usize>], kept: &[Range<usize>], adjoint: bool) {
        span.filter().apply(&mut self.spectra, self.stride, lit, kept, adjoint, &mut self.lanes);
    }
}

/// Rows that are transformed, meet what stands on their plane and are transformed again before the next ones: few, since
/// they stay in the cache between, and as many as the widest vector takes at a time.
fn together(rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    const ROWS: usize = 16;
    rows.clone().step_by(ROWS).map(move |first| first..rows.end.min(first + ROWS))
}

/// Row `row` of a field meets what stands on the plane of `beam`; what is kept goes to `incident`.
fn meet(
    optics: &Optics,
    plane: &[Local],
    beam: usize,
    row: usize,
    field: &mut [Complex32],
    incident: &mut [Complex32],
) {
    for local in plane {
        match *local {
            Local::Multiply(slot) => {
                let factor = optics.factor_row(beam, slot.factor, row);
                if slot.wants == Wants::Nothing {
                    field.iter_mut().zip(factor).for_each(|(u, t)| *u *= t);
                } else {
                    let kept = &mut incident[optics.kept_row(beam, slot.kept, row)];
                    optics.arithmetic.cross_mask(field, factor, kept);
                }
            }
            Local::Pointwise { sheet, kept } => {
                let sheet = &*optics.sheets[sheet];
                incident[optics.kept_row(beam, kept, row)].copy_from_slice(field);
                field.iter_mut().for_each(|u| *u = narrow_complex(cross_pointwise(sheet, widen(*u))));
            }
            // Before it meets anything: [`Workspace::receive`].
            Local::Blend(_) => {}
        }
    }
}

/// The adjoint of [`meet`], which adds to `sums` what is asked for.
fn meet_adjoint(
    optics: &Optics,
    plane: &[Local],
    beam: usize,
    row: usize,
    field: &mut [Complex32],
    incident: &[Complex32],
    sums: &mut [f32],
) {
    for local in plane.iter().rev() {
        match *local {
            Local::Multiply(slot) => {
                let factor = optics.factor_row(beam, slot.factor, row);
                if slot.wants == Wants::Nothing {
                    field.iter_mut().zip(factor).for_each(|(u, t)| *u *= t.conj());
                    continue;
                }
                let kept = &incident[optics.kept_row(beam, slot.kept, row)];
                let numbers = slot.kept.columns * slot.sums();
                let sums = &mut sums[optics.sums_of(beam, &slot)][row * numbers..][..numbers];
                match slot.wants {
                    Wants::Turn { absorption } => {
                        optics.arithmetic.cross_phase_adjoint(field, factor, kept, sums, absorption as f32);
                    }
                    Wants::Whole | Wants::Nothing => {
                        optics.arithmetic.cross_adjoint(field, factor, kept, sums);
                    }
                }
            }
            Local::Blend(slot) => {
                if slot.wants == Wants::Nothing {
                    continue;
                }
                // S = conj(g) (B - A) u; the light is parted where it is sent on.
                let kept = &incident[optics.kept_row(beam, slot.kept, row)];
                let sums = &mut sums[optics.sums_of(beam, &slot)][row * 2 * slot.kept.columns..];
                for ((g, difference), sum) in field.iter().zip(kept).zip(sums.as_chunks_mut::<2>().0) {
                    let slope = g.conj() * difference;
                    *sum = [sum[0] + slope.re, sum[1] + slope.im];
                }
            }
            Local::Pointwise { sheet, kept } => {
                let sheet = &*optics.sheets[sheet];
                let kept = &incident[optics.kept_row(beam, kept, row)];
                for (g, u) in field.iter_mut().zip(kept) {
                    *g = narrow_complex(cross_pointwise_adjoint(sheet, widen(*u), widen(*g)));
                }
            }
        }
    }
}

fn widen(u: Complex32) -> Complex<f64> {
    Complex::new(f64::from(u.re), f64::from(u.im))
}
