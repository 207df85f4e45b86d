//! Products of complex numbers in single precision, compiled for the vector units of the machine at hand.
//!
//! The program is built for the oldest processors and chooses at run time. Each number of the loops here is the result of the
//! same roundings in every choice, so the choice changes no bit; columns ([`crate::ColumnFilter`]) take fused
//! multiply-adds where there are some, as the transforms of rustfft do.

use num_complex::Complex32;
use pulp::Arch;

/// Loops that run with the widest vectors of the processor: AVX-512, AVX2, NEON or none.
#[derive(Clone, Copy, Default)]
pub struct Arithmetic(pub(crate) Arch);

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
