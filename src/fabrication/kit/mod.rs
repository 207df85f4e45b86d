//! What a device needs beside its plates: a stencil of the object, one with a window for each region, and a holder.

mod bridges;
mod holder;
mod stencil;

pub use bridges::{Bridges, bridge};
pub use holder::{Holder, Slot};
pub use stencil::{Label, Stencil};
