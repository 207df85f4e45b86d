//! A device on a page in the browser: the user draws, and sees where the light goes.
//!
//! A [`Table`] is the device on a bench that can be set wrong, and gives frames; a [`Server`] shows it to the browsers
//! of this machine. All light is simulated here; the page only shows numbers.

mod frame;
mod gate;
mod page;
mod request;
mod routes;
mod server;
mod table;

pub use request::{BenchSettings, FrameRequest, MaskSettings};
pub use server::{Server, Stopper};
pub use table::Table;
