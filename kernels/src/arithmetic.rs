//! Products of complex numbers in single precision, compiled for the vector units of the machine at hand.
//!
//! The program is built for the oldest processors and chooses at run time. Each number is the result of the same
//! roundings in every choice, so the choice changes no bit.

use std::ops::Range;

use num_complex::Complex32;
use pulp::Arch;

use crate::tiles;

/// Loops that run with AVX2 where the processor has it; wider vectors gain nothing (benches/README.md).
#[derive(Clone, Copy, Default)]
pub struct Arithmetic(Arch);

impl Arithmetic {
    /// Runs `work`, whose loops must be inlined into it, with the widest vectors there are.
    #[inline(always)]
    fn widest(self, work: impl FnOnce()) {
        struct Inlined<F>(F);
        impl<F: FnOnce()> pulp::NullaryFnOnce for Inlined<F> {
            type Output = ();
            #[inline(always)]
            fn call(self) {
                (self.0)();
            }
        }
        self.0.dispatch(Inlined(work));
    }

    /// Multiplies a spectrum by the even transfer function whose non-negative frequencies are `transfer`, or by its
    /// conjugate for adjoint light.
    pub fn filter(self, spectrum: &mut [Complex32], transfer: &[Complex32], adjoint: bool) {
        if adjoint {
            self.filter_as::<true>(spectrum, transfer)
        } else {
            self.filter_as::<false>(spectrum, transfer)
        }
    }

    fn filter_as<const ADJOINT: bool>(self, spectrum: &mut [Complex32], transfer: &[Complex32]) {
        self.widest(
            #[inline(always)]
            || {
                let (rising, falling) = spectrum.split_at_mut(transfer.len());
                for (value, factor) in rising.iter_mut().zip(transfer) {
                    *value *= if ADJOINT { factor.conj() } else { *factor };
                }
                // Negative frequencies, from the least to the one before zero.
                for (value, factor) in falling.iter_mut().rev().zip(&transfer[1..]) {
                    *value *= if ADJOINT { factor.conj() } else { *factor };
                }
            },
        );
    }

    /// Multiplies a spectrum by the transfer function `transfer` of all its frequencies, or by its conjugate for adjoint
    /// light.
    pub fn filter_whole(self, spectrum: &mut [Complex32], transfer: &[Complex32], adjoint: bool) {
        if adjoint {
            self.filter_whole_as::<true>(spectrum, transfer);
        } else {
            self.filter_whole_as::<false>(spectrum, transfer);
        }
    }

    fn filter_whole_as<const ADJOINT: bool>(self, spectrum: &mut [Complex32], transfer: &[Complex32]) {
        self.widest(
            #[inline(always)]
            || {
                for (value, factor) in spectrum.iter_mut().zip(transfer) {
                    *value *= if ADJOINT { factor.conj() } else { *factor };
                }
            },
        );
    }

    /// Writes the first numbers of the rows in `range` (row length `width`) into the columns of `block` (column length
    /// `height`), as many as there are columns, [`BLOCK`](crate::BLOCK) at most.
    pub fn gather(
        self,
        rows: &[Complex32],
        width: usize,
        range: Range<usize>,
        block: &mut [Complex32],
        height: usize,
    ) {
        self.widest(
            #[inline(always)]
            || tiles::gather(rows, width, range, block, height),
        );
    }

    /// The way back of [`gather`](Self::gather).
    pub fn scatter(
        self,
        block: &[Complex32],
        height: usize,
        range: Range<usize>,
        rows: &mut [Complex32],
        width: usize,
    ) {
        self.widest(
            #[inline(always)]
            || tiles::scatter(block, height, range, rows, width),
        );
    }

    /// Adds to `sums` the rows of `matrix` (as long as `sums`) whose numbers `weights` names, each times its weight.
    pub fn add_rows(self, sums: &mut [f32], matrix: &[f32], weights: &[(usize, f32)]) {
        self.widest(
            #[inline(always)]
            || {
                for (row, weight) in weights {
                    let row = &matrix[row * sums.len()..(row + 1) * sums.len()];
                    sums.iter_mut().zip(row).for_each(|(sum, factor)| *sum += weight * factor);
                }
            },
        );
    }

    /// Light meets a mask: `incident` keeps the field, which goes on times the transmission `mask`.
    pub fn cross_mask(self, field: &mut [Complex32], mask: &[Complex32], incident: &mut [Complex32]) {
        self.widest(
            #[inline(always)]
            || {
                for ((u, t), kept) in field.iter_mut().zip(mask).zip(incident) {
                    *kept = *u;
                    *u *= t;
                }
            },
        );
    }

    /// Adjoint light meets a phase mask: it goes on times conj(t), and the derivative by the phase is added to
    /// `gradient`: with a = conj(t) g and dt = (i - absorption) t dphase it is Re((i - absorption) conj(a) u).
    pub fn cross_phase_adjoint(
        self,
        adjoint: &mut [Complex32],
        mask: &[Complex32],
        incident: &[Complex32],
        gradient: &mut [f32],
        absorption: f32,
    ) {
        self.widest(
            #[inline(always)]
            || {
                for (((g, t), u), gradient) in adjoint.iter_mut().zip(mask).zip(incident).zip(gradient) {
                    *g *= t.conj();
                    *gradient += g.im * u.re - g.re * u.im - absorption * (g.re * u.re + g.im * u.im);
                }
            },
        );
    }

    /// Adjoint light meets any mask: it goes on times conj(t), and conj(g) u is added to `slopes`, with
    /// dL = Re(conj(g) u dt): real and imaginary part one behind the other.
    pub fn cross_adjoint(
        self,
        adjoint: &mut [Complex32],
        mask: &[Complex32],
        incident: &[Complex32],
        slopes: &mut [f32],
    ) {
        self.widest(
            #[inline(always)]
            || {
                let (slopes, _) = slopes.as_chunks_mut::<2>();
                for (((g, t), u), slope) in adjoint.iter_mut().zip(mask).zip(incident).zip(slopes) {
                    slope[0] += g.re * u.re + g.im * u.im;
                    slope[1] += g.re * u.im - g.im * u.re;
                    *g *= t.conj();
                }
            },
        );
    }
}
