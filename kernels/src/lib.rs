//! The loops in which a simulation spends its time: Fourier transforms, convolutions along columns, products of complex
//! numbers. They know no optics.

mod arithmetic;
mod columns;
mod lanes;
mod rows;
mod transforms;

pub use arithmetic::Arithmetic;
pub use columns::ColumnFilter;
pub use rows::RowTransform;
pub use transforms::{Fft, Planner, Transformed};
