//! Pictures of a device at work, for paper and README: PNG, or SVG with embedded fields.
//!
//! Each plot is a struct that borrows what it shows and has one method `write`. Planes are drawn as they are
//! indexed: x to the right, y downward, row 0 on top. Nothing here feeds back into the simulation.

use std::path::Path;

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::files;
use crate::grid::Grid;

mod assembly;
mod axes;
mod bitmap;
mod chart;
mod colormaps;
mod confusion;
mod detector_plane;
mod font;
mod imaging;
mod intensity;
mod light;
mod masks;
mod phenomenon;
pub mod report;
mod sheet;
mod svg;
mod training;

pub use assembly::{AssembledPlate, Assembly};
pub use chart::{Chart, ChartAxis, ChartPanel, Series};
pub use colormaps::{Colormap, luminance};
pub use confusion::Confusion;
pub use detector_plane::DetectorPlane;
pub use imaging::{FormedImage, Imaging};
pub use light::{LightPath, Plane, SideView};
pub use masks::{MaskQuantity, Masks};
pub use phenomenon::{Axis, Brightness, Curve, IntensityMap, Origin, Phenomenon, PhenomenonPanel};
pub use training::{History, Score, Training};

/// What a plot is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// Pixels, 1760 across.
    Png,
    /// Vectors; fields are embedded as PNG.
    Svg,
}

impl PictureFormat {
    /// The ending of its files, without the point.
    pub fn extension(self) -> &'static str {
        match self {
            PictureFormat::Png => "png",
            PictureFormat::Svg => "svg",
        }
    }
}

/// Renders in memory, then writes the file whole or not at all.
fn write(sheet: &sheet::Sheet, path: &Path, format: PictureFormat) -> Result<()> {
    let bytes = match format {
        PictureFormat::Png => bitmap::render(sheet)?,
        PictureFormat::Svg => svg::render(sheet)?,
    };
    files::write_bytes(path, &bytes)
}

/// Refuses what is not a number; `what` names the values in the message.
fn check_finite(values: impl IntoIterator<Item = f64>, what: &str) -> Result<()> {
    match values.into_iter().find(|value| !value.is_finite()) {
        Some(value) => Err(Error::Value(format!("{what} to be plotted has the value {value}"))),
        None => Ok(()),
    }
}

/// Refuses an array that does not lie on `grid`.
fn check_shape<T>(array: &Array2<T>, grid: &Grid, what: &str) -> Result<()> {
    if array.dim() == grid.shape() {
        return Ok(());
    }
    let ((rows, columns), (grid_rows, grid_columns)) = (array.dim(), grid.shape());
    Err(Error::Value(format!(
        "{what} to be plotted has {rows} x {columns} pixels, its grid {grid_rows} x {grid_columns}"
    )))
}
