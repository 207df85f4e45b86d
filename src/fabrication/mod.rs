//! From a phase mask to a plate that prints: height map, watertight mesh, STL file, read back and judged.
//!
//! The way of a mask, one file each: [`HeightMap`] turns phases into whole steps of height, [`PlateMesh`] builds
//! the closed solid in integers, `stl` writes it, [`Surface`] is our own judge of closed surfaces and
//! [`read_heights`] opens the file again. [`export_plates`] does all of it for the masks of a device. [`formats`] has the other
//! files that machines take.
//!
//! Arrays are `[y, x]`; a plate lies with its flat side on z = 0, x = column pitch, y = row pitch, and its relief
//! up. Light enters through the flat side, leaves through the relief and travels towards +z.
//!
//! ```
//! use d2nn::fabrication::{HeightMap, Relief};
//! use d2nn::grid::Grid;
//! use d2nn::material::Material;
//! use ndarray::Array2;
//!
//! let grid = Grid::new(4, 4, 0.4e-3)?;
//! let phase = Array2::from_shape_fn((4, 4), |(_, x)| x as f64 * std::f64::consts::FRAC_PI_2);
//! let resin = Material::new("VeroBlackPlus RGD875", 1.7227)?;
//! let layers = Relief::LayerHeight(16e-6);
//! let map = HeightMap::from_phase(phase.view(), &grid, 0.75e-3, &resin, 1e-3, layers)?;
//! // A quarter of the 1.038 mm of a full turn, in whole layers of 16 um: 16 of them.
//! assert_eq!(map.relief()[[0, 1]], 16);
//! assert!(map.height(0, 1) > map.height(0, 0));
//! # Ok::<(), d2nn::Error>(())
//! ```

mod as_exported;
mod blocks;
pub mod formats;
mod frame;
mod height_map;
pub mod kit;
mod lettering;
mod likeness;
mod manifold;
pub mod mesh;
mod plate;
mod profile;
mod read_back;
pub mod report;
mod short_lines;
mod solid_file;
mod stl;
mod survey;

pub use as_exported::{Exported, PlateFile, find_plates, read_plate_in, read_plates};
pub use formats::{DeviceMasks, Format, Sidecar};
pub use frame::{Framed, Steps};
pub use height_map::HeightMap;
pub use likeness::{Comparison, Lie, compare};
pub use manifold::{Defect, Surface};
pub use mesh::PlateMesh;
pub use plate::{PlateReport, export_plate, export_plates, export_profiles, plate_file_name, plate_table};
pub use profile::Profile;
pub use read_back::{check_plate, read_heights};
pub use report::{Making, PrintReport, format_reports};
pub use solid_file::{SolidReport, export_solid};
pub use stl::{StlScale, StlUnit};
pub use survey::Survey;

pub use crate::plate::{Frame, PlateOptions, Price, Printer, Relief, StlFormat, Stock};
