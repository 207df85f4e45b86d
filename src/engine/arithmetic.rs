//! Products of complex numbers in single precision, compiled for the vector units of the machine at hand.
//!
//! The program is built for the oldest processors and chooses at run time. Each number is the result of the same
//! roundings in every choice, so the choice changes no bit.

use num_complex::Complex32;
use pulp::Arch;

/// Loops that are dispatched to the widest vectors the processor has.
#[derive(Clone, Copy)]
pub(super) struct Arithmetic(Arch);

impl Arithmetic {
    /// Asks the processor what it can do.
    pub(super) fn new() -> Self {
        Arithmetic(Arch::new())
    }

    /// Runs `work`, whose loops must be inlined into it, with the widest vectors.
    #[inline(always)]
    pub(super) fn widest(self, work: impl FnOnce()) {
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

    /// `values *= factors`, or `values *= conj(factors)`.
    pub(super) fn multiply<const CONJUGATE: bool>(self, values: &mut [Complex32], factors: &[Complex32]) {
        self.0.dispatch(
            #[inline(always)]
            || {
                for (value, factor) in values.iter_mut().zip(factors) {
                    *value *= if CONJUGATE { factor.conj() } else { *factor };
                }
            },
        );
    }

    /// Light meets a mask: `incident` keeps the field, which goes on times the transmission `mask`.
    pub(super) fn cross_mask(self, field: &mut [Complex32], mask: &[Complex32], incident: &mut [Complex32]) {
        self.0.dispatch(
            #[inline(always)]
            || {
                for ((u, t), kept) in field.iter_mut().zip(mask).zip(incident) {
                    *kept = *u;
                    *u *= t;
                }
            },
        );
    }

    /// Adjoint light meets a mask: it goes on times conj(t), and Im(conj(t) g conj(u)) is added to `gradient`.
    pub(super) fn cross_mask_adjoint(
        self,
        adjoint: &mut [Complex32],
        mask: &[Complex32],
        incident: &[Complex32],
        gradient: &mut [f32],
    ) {
        self.0.dispatch(
            #[inline(always)]
            || {
                for (((g, t), u), gradient) in adjoint.iter_mut().zip(mask).zip(incident).zip(gradient) {
                    *g *= t.conj();
                    *gradient += g.im * u.re - g.re * u.im;
                }
            },
        );
    }
}
