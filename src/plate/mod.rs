//! What is asked of the plates of a device, as plain facts: base, steps of height, frame, printer, price of the material.
//!
//! A design file says them; [`fabrication`](../fabrication/index.html) makes the plates, where it is built in.

mod frame;
mod options;
mod printer;
mod stock;

pub use frame::Frame;
pub use options::{PlateOptions, Relief, StlFormat};
pub use printer::{NO_PRINTER, Printer};
pub use stock::{Measure, Price, Stock};
