//! A report on one page: HTML in one file that loads nothing, light and dark, for screens, phones and paper.
//!
//! The page is built of [`Markup`]s, which escape what is put into them. Fields are pictures in data: addresses, at their
//! own resolution; figures, axes and words are HTML and SVG, so they follow the reader's font, width and colours. Nothing is
//! simulated here: all figures are borrowed.

mod field;
mod graph;
mod heat;
mod markup;
mod page;
mod table;

pub use field::{Face, Outline, fields, overlaid, scale, side_view};
pub use graph::{GraphCurve, bar, graph, histogram};
pub use heat::{Cell, heat_table};
pub use markup::{Markup, classed, element};
pub use page::{Page, Section};
pub use table::{facts, table};
