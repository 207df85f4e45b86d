//! Plans of one-dimensional Fourier transforms, in single and double precision.
//!
//! Forward has exp(-i 2 pi k n / N); neither direction has a factor.

use std::sync::Arc;

pub use rustfft::Fft;
use rustfft::{FftNum, FftPlanner};

/// A precision in which transforms are planned.
pub trait Transformed: FftNum {
    /// A planner that knows no plan yet.
    fn planner() -> Box<dyn Planner<Self>>;
}

/// Makes plans; what two of them share is planned once.
pub trait Planner<T> {
    /// The forward transform of `points` points.
    fn forward(&mut self, points: usize) -> Arc<dyn Fft<T>>;

    /// The inverse transform of `points` points, without the factor 1 / points.
    fn inverse(&mut self, points: usize) -> Arc<dyn Fft<T>>;
}

/// One type a precision and not one for all: only then is the code made here and not by whoever calls it.
macro_rules! precision {
    ($planner:ident, $number:ty) => {
        struct $planner(FftPlanner<$number>);

        impl Planner<$number> for $planner {
            fn forward(&mut self, points: usize) -> Arc<dyn Fft<$number>> {
                self.0.plan_fft_forward(points)
            }

            fn inverse(&mut self, points: usize) -> Arc<dyn Fft<$number>> {
                self.0.plan_fft_inverse(points)
            }
        }

        impl Transformed for $number {
            fn planner() -> Box<dyn Planner<Self>> {
                Box::new($planner(FftPlanner::new()))
            }
        }
    };
}

precision!(Single, f32);
precision!(Double, f64);
