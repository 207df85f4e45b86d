//! The loops in which a simulation spends its time: Fourier transforms, products of complex numbers, turning rows into
//! columns. They know no optics.

mod arithmetic;
mod tiles;
mod transforms;

pub use arithmetic::Arithmetic;
pub use tiles::BLOCK;
pub use transforms::{Fft, Planner, Transformed};
