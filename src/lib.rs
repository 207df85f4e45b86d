//! d2nn simulates, trains and fabricates diffractive optical neural networks.
//!
//! Light that carries an image crosses a few phase masks and falls on a detector. The masks are trained so that
//! the brightest region of the detector names the class of the image. This page is the whole bench.
//!
//! # The path of the light
//!
//! ```text
//!  image      object       mask 1       mask 2               mask n      detector     answer
//!  [y, x] --> plane  ~~~~~~~~|~~~~~~~~~~~~|~~~~~ ... ~~~~~~~~~~|~~~~~~~~~~ plane  --> brightest
//!            encode    gap 0      gap 1                              gap n  read      region
//!                                         light travels towards +z
//! ```
//!
//! # Conventions
//!
//! - Time dependence exp(-i omega t): a wave that travels towards +z gains exp(+i k z), k = 2 pi/wavelength, and
//!   a plate that delays light has a positive phase, t = exp(+i phase).
//! - Metres and radians inside; lengths are text with a unit ("0.75 mm") only at the border.
//! - Arrays are `[y, x]`. Pixel `[row, column]` of a plane has its centre at
//!   y = (row - (rows - 1)/2) pitch, x = (column - (columns - 1)/2) pitch: the axis is in the middle.
//!   Who looks along the light sees x to the right and y down, row 0 on top, as every plot shows it.
//! - |amplitude|^2 is an intensity, power per square metre. A reading is a power: sum |U|^2 pitch^2.
//! - Transforms: forward exp(-i 2 pi k n/N) without a factor, inverse with 1/N.
//! - The gradient g of a real loss L by a field U is the one with dL = Re <g, dU>, <a, b> = sum conj(a) b.
//!   An adjoint is the Hermitian adjoint, not an inverse and not a propagation by -z.
//!
//! `docs/conventions.md` has the same list with numbers.
//!
//! # Modules, in the order light meets them
//!
//! | module | what stands there |
//! |---|---|
//! | [`grid`], [`units`], [`material`], [`plate`] | planes of pixels, lengths, what a phase costs in height, what is asked of plates |
//! | [`dataset`] | images with labels: files, download, the sample in the program, splits, own pictures |
//! | [`field`] | light on a plane |
//! | [`object`] | an image encoded as amplitude or phase |
//! | [`source`] | the light on it: several wavelengths, a source that is no point |
//! | [`propagation`] | free space between two planes, forward and adjoint |
//! | [`misalignment`] | planes that do not stand where the design puts them |
//! | [`detector`] | regions, readings and their adjoint |
//! | [`program`] | what light meets as a list of operations: cross, multiply, pointwise |
//! | [`element`] | kinds of optics, one file each: masks, lenses, stops, plates, saturable sheets, yours |
//! | [`mod@bench`] | the device, and the path of light through it |
//! | [`mod@reference`] | programs run plainly, in any precision |
//! | [`engine`] | the same programs over batches, fast |
//! | [`evaluation`], [`training`] | how well a device answers; how its masks are found |
//! | [`fabrication`], [`plots`] | plates for a printer, pictures for paper |
//! | [`design`] | a device on disk: design file, checks, folder |
//! | [`view`] | a device on a page in the browser, and the light on it |
//! | [`cli`] | the program, one file a verb |
//! | [`error`], [`named`], [`files`], [`npy`], [`raster`], [`random`] | the ground: errors, names of kinds, whole files, NumPy and PNG files, random numbers |
//!
//! A module imports only from modules above it in `docs/architecture.md`'s list of floors. [`fabrication`], [`plots`],
//! [`view`] and [`cli`] are there with the Cargo feature of their name; the features `download` and `npz` bring the network
//! and NumPy archives. All are on by default.
//!
//! # A small bench
//!
//! Two masks, three gaps and two regions, left and right. A prism of half a radian a pixel on the first mask
//! sends the light to the right.
//!
//! ```
//! use d2nn::detector::{Detector, Region, brightest};
//! use d2nn::grid::Grid;
//! use d2nn::bench::Bench;
//! use d2nn::reference::Network;
//! use d2nn::object::{Encoding, ObjectPlane};
//! use ndarray::Array2;
//!
//! # fn main() -> d2nn::Result<()> {
//! let grid = Grid::new(32, 32, 0.4e-3)?;
//! let left = Region { row: 8, column: 0, height: 16, width: 16 };
//! let right = Region { row: 8, column: 16, height: 16, width: 16 };
//! // Images of 4 x 4 values, each a square of 2 x 2 pixels, in the middle of the plane.
//! let object = ObjectPlane::new(grid, (4, 4), 2, Encoding::Amplitude)?;
//! let bench = Bench::new(0.75e-3, vec![8e-3; 3], object, Detector::new(grid, vec![left, right])?)?;
//!
//! let prism = Array2::from_shape_fn(grid.shape(), |(_, x)| 0.5 * x as f64);
//! let network = Network::new(bench, vec![prism, Array2::zeros(grid.shape())])?;
//!
//! let image = Array2::from_elem((4, 4), 1.0f32);
//! let readings = network.readings(image.view())?;
//! assert_eq!(brightest(&readings), 1);
//!
//! // No light is made on the way.
//! let entering = network.bench().object.power(image.view());
//! assert!(readings.iter().sum::<f64>() <= entering);
//! # Ok(())
//! # }
//! ```
//!
//! `docs/optics.md` explains the propagation, `docs/training.md` derives the adjoint, `docs/design-file.md` lists
//! every key of a design.

pub mod bench;
#[cfg(feature = "cli")]
pub mod cli;
pub mod dataset;
pub mod design;
pub mod detector;
pub mod element;
pub mod engine;
pub mod error;
pub mod evaluation;
#[cfg(feature = "fabrication")]
pub mod fabrication;
pub mod field;
pub mod files;
pub mod grid;
pub mod material;
pub mod misalignment;
pub mod named;
pub mod npy;
pub mod object;
pub mod plate;
#[cfg(feature = "plots")]
pub mod plots;
pub mod program;
pub mod propagation;
pub mod random;
pub mod raster;
pub mod reference;
pub mod source;
pub mod training;
pub mod units;
#[cfg(feature = "view")]
pub mod view;

pub use error::{Error, Result};
