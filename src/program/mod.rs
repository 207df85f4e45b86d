//! What light meets between object and detector, as a short list of operations.
//!
//! Elements lower themselves into a program, and whatever simulates light runs programs: it knows these operations and
//! no kind of optics. [`crate::reference`] runs them slowly and obviously, engines fast.
//!
//! ```
//! use d2nn::grid::Grid;
//! use d2nn::program::{Factor, Op, Program, Wants};
//! use ndarray::Array2;
//! use num_complex::Complex;
//!
//! let grid = Grid::new(4, 4, 0.4e-3)?;
//! let mut program = Program::default();
//! program.multiply(Factor::sampled(Array2::from_elem(grid.shape(), Complex::new(0.5, 0.0)), Wants::Nothing));
//! assert!(matches!(program.ops(), [Op::Multiply(0)]) && program.is_linear());
//! # Ok::<(), d2nn::Error>(())
//! ```

use std::fmt::Debug;
use std::sync::Arc;

use ndarray::Array2;
use num_complex::Complex;

use crate::field::{Real, WaveField, narrow_complex};
use crate::propagation::Span;

mod footprint;

pub(crate) use footprint::Footprint;

/// One operation on the field of a plane, by the number of what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Light crosses a [`Span`] to the next plane: a convolution, linear and the same everywhere on the plane.
    Cross(usize),
    /// Each sample of the field is multiplied by its own number ([`Factor`]).
    Multiply(usize),
    /// Each sample changes by a rule of its own ([`Pointwise`]).
    Pointwise(usize),
    /// Light crosses two spans side by side, and each sample behind them takes its own share of both ([`Blend`]).
    Blend(usize),
}

/// What the adjoint pass is asked for at a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wants {
    /// Nothing: it has no values that could be trained.
    Nothing,
    /// The slope of the loss along dt = (i - absorption) t dv, one real number an entry: v is a phase in radians,
    /// of a relief that loses `absorption` nepers of amplitude per radian.
    Turn {
        /// Nepers per radian.
        absorption: f64,
    },
    /// S with dL = Re(S dt), one complex number an entry.
    Whole,
}

/// Numbers that samples of a field are multiplied by.
#[derive(Clone, Debug)]
pub struct Factor {
    entries: Array2<Complex<f64>>,
    footprint: Footprint,
    wants: Wants,
}

impl Factor {
    /// One entry a sample of the plane, indexed `[y, x]`.
    pub fn sampled(entries: Array2<Complex<f64>>, wants: Wants) -> Self {
        let footprint = Footprint::new(entries.dim(), 1, 0.0);
        Factor { entries, footprint, wants }
    }

    /// One entry a pixel; `footprint` says which samples meet it. Samples that meet none are multiplied by 0.
    pub(crate) fn of_pixels(entries: Array2<Complex<f64>>, footprint: Footprint, wants: Wants) -> Self {
        Factor { entries, footprint, wants }
    }

    /// The numbers, one an entry.
    pub fn entries(&self) -> &Array2<Complex<f64>> {
        &self.entries
    }

    /// Which entry each sample of the plane meets.
    pub(crate) fn footprint(&self) -> &Footprint {
        &self.footprint
    }

    /// The number of each sample of a plane of that shape; 0 where it meets no entry.
    pub fn samples(&self, shape: (usize, usize)) -> Array2<Complex<f64>> {
        let dark = Complex::new(0.0, 0.0);
        Array2::from_shape_fn(shape, |at| self.footprint.pixel(at).map_or(dark, |pixel| self.entries[pixel]))
    }

    /// The field behind it: t u.
    pub fn apply<T: Real>(&self, field: &WaveField<T>) -> WaveField<T> {
        self.times(field, |t| t)
    }

    /// The Hermitian adjoint of [`Factor::apply`]: conj(t) g.
    pub fn adjoint<T: Real>(&self, behind: &WaveField<T>) -> WaveField<T> {
        self.times(behind, |t| t.conj())
    }

    fn times<T: Real>(
        &self,
        field: &WaveField<T>,
        part: impl Fn(Complex<f64>) -> Complex<f64>,
    ) -> WaveField<T> {
        let mut product = field.clone();
        for (at, u) in product.amplitude.indexed_iter_mut() {
            let t = self.footprint.pixel(at).map_or(Complex::new(0.0, 0.0), |pixel| self.entries[pixel]);
            *u = *u * narrow_complex(part(t));
        }
        product
    }

    /// What the adjoint pass is asked for.
    pub fn wants(&self) -> Wants {
        self.wants
    }
}

/// Two ways to the next plane: v = (1 - w) A u + w B u with the share w of each sample.
///
/// The step of the wave propagation method (Brenner & Singer, Appl. Opt. 32, 4984 (1993)) between two media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blend {
    /// Number of the span A, of samples with the share 0.
    pub without: usize,
    /// Number of the span B, of samples with the share 1; its window is that of A.
    pub with: usize,
    /// Number of the factor w, which wants nothing or [`Wants::Whole`].
    pub share: usize,
}

impl Blend {
    /// The sample behind both, of those behind each.
    pub fn join<T: Real>(share: Complex<T>, without: Complex<T>, with: Complex<T>) -> Complex<T> {
        without + share * (with - without)
    }
}

/// What the adjoint pass found at a factor that wanted something: one number an entry.
#[derive(Clone, Debug)]
pub enum Slopes {
    /// Of [`Wants::Turn`].
    Turn(Array2<f64>),
    /// Of [`Wants::Whole`].
    Whole(Array2<Complex<f64>>),
}

/// A thin sheet whose transmission depends on the intensity that falls on it: v = t(I) u with a real t.
pub trait Pointwise: Debug + Send + Sync {
    /// Amplitude transmission t at the intensity `intensity`, in units of that of the illumination at amplitude 1.
    fn transmission(&self, intensity: f64) -> f64;

    /// dt/dI.
    fn slope(&self, intensity: f64) -> f64;
}

/// Field behind a pointwise sheet, of the field `u` on it.
pub fn cross_pointwise(sheet: &dyn Pointwise, u: Complex<f64>) -> Complex<f64> {
    u * sheet.transmission(u.norm_sqr())
}

/// The adjoint of [`cross_pointwise`] at `u`, applied to the adjoint field `g` behind the sheet.
///
/// From v = t(I) u and dI = 2 Re(conj(u) du) follows dL = Re <g, dv> = Re <t g + 2 t' Re(conj(u) g) u, du>.
pub fn cross_pointwise_adjoint(sheet: &dyn Pointwise, u: Complex<f64>, g: Complex<f64>) -> Complex<f64> {
    let intensity = u.norm_sqr();
    g * sheet.transmission(intensity) + u * (2.0 * sheet.slope(intensity) * (u.conj() * g).re)
}

/// A list of operations, and what they take.
#[derive(Clone, Debug, Default)]
pub struct Program {
    ops: Vec<Op>,
    spans: Vec<Span>,
    factors: Vec<Factor>,
    sheets: Vec<Arc<dyn Pointwise>>,
    blends: Vec<Blend>,
}

impl Program {
    /// Light crosses `span`.
    pub fn cross(&mut self, span: Span) {
        self.ops.push(Op::Cross(self.spans.len()));
        self.spans.push(span);
    }

    /// Samples are multiplied by `factor`.
    pub fn multiply(&mut self, factor: Factor) {
        self.ops.push(Op::Multiply(self.factors.len()));
        self.factors.push(factor);
    }

    /// Samples cross `sheet`.
    pub fn pointwise(&mut self, sheet: Arc<dyn Pointwise>) {
        self.ops.push(Op::Pointwise(self.sheets.len()));
        self.sheets.push(sheet);
    }

    /// Light crosses `without` and `with` side by side, and `share` says what each sample takes of the second.
    pub fn blend(&mut self, without: Span, with: Span, share: Factor) {
        let first = self.spans.len();
        self.ops.push(Op::Blend(self.blends.len()));
        self.blends.push(Blend { without: first, with: first + 1, share: self.factors.len() });
        self.spans.extend([without, with]);
        self.factors.push(share);
    }

    /// The operations of `other` behind those here.
    pub fn append(&mut self, other: Program) {
        let (spans, factors, sheets) = (self.spans.len(), self.factors.len(), self.sheets.len());
        let blends = self.blends.len();
        self.ops.extend(other.ops.into_iter().map(|op| match op {
            Op::Cross(span) => Op::Cross(spans + span),
            Op::Multiply(factor) => Op::Multiply(factors + factor),
            Op::Pointwise(sheet) => Op::Pointwise(sheets + sheet),
            Op::Blend(blend) => Op::Blend(blends + blend),
        }));
        self.blends.extend(other.blends.into_iter().map(|Blend { without, with, share }| Blend {
            without: spans + without,
            with: spans + with,
            share: factors + share,
        }));
        self.spans.extend(other.spans);
        self.factors.extend(other.factors);
        self.sheets.extend(other.sheets);
    }

    /// The operations in the order of the light.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// What is crossed, by number.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// What is multiplied by, by number.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// Sheets, by number.
    pub fn sheets(&self) -> &[Arc<dyn Pointwise>] {
        &self.sheets
    }

    /// Blends, by number.
    pub fn blends(&self) -> &[Blend] {
        &self.blends
    }

    /// Whether the field at the end is linear in that at the start.
    pub fn is_linear(&self) -> bool {
        self.sheets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Square;

    impl Pointwise for Square {
        fn transmission(&self, intensity: f64) -> f64 {
            0.3 + 0.1 * intensity
        }

        fn slope(&self, _: f64) -> f64 {
            0.1
        }
    }

    #[test]
    fn the_adjoint_of_a_sheet_is_its_derivative() {
        let (u, g) = (Complex::new(0.7, -0.4), Complex::new(-0.2, 0.9));
        let along = |du: Complex<f64>| {
            let step = 1e-6;
            let moved = cross_pointwise(&Square, u + du * step) - cross_pointwise(&Square, u - du * step);
            (g.conj() * moved).re / (2.0 * step)
        };
        let adjoint = cross_pointwise_adjoint(&Square, u, g);
        for du in [Complex::new(1.0, 0.0), Complex::new(0.0, 1.0), Complex::new(0.6, -0.8)] {
            // Truncation 1e-12 of third derivatives below one, rounding 1e-16/1e-6.
            assert!((along(du) - (adjoint.conj() * du).re).abs() < 1e-9);
        }
    }

    #[test]
    fn programs_are_joined_with_their_numbers() {
        let factor =
            |value| Factor::sampled(Array2::from_elem((1, 1), Complex::new(value, 0.0)), Wants::Nothing);
        let (mut first, mut second) = (Program::default(), Program::default());
        first.multiply(factor(1.0));
        second.pointwise(Arc::new(Square));
        second.multiply(factor(2.0));
        first.append(second);
        assert_eq!(first.ops(), [Op::Multiply(0), Op::Pointwise(0), Op::Multiply(1)]);
        assert_eq!(first.factors()[1].entries()[[0, 0]].re, 2.0);
        assert!(!first.is_linear());
    }
}
