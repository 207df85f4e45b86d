//! A whole device: its design as typed, as checked, and its folder on disk.
//!
//! ```
//! use d2nn::design::{Design, DesignFile};
//!
//! let typed = DesignFile::parse("three.toml", "format = 1\nname = \"three\"\n[bench]\nmasks = 3\n")?;
//! let design = Design::resolve("three.toml", &typed)?;
//! assert_eq!((design.bench.masks(), design.bench.gaps.len()), (3, 4));
//!
//! let message = DesignFile::parse("three.toml", "format = 1\n[bench]\nmaks = 3\n").unwrap_err().to_string();
//! assert!(message.contains("three.toml") && message.contains("maks"));
//! # Ok::<(), d2nn::Error>(())
//! ```

mod advice;
mod arrangement;
#[cfg(feature = "npz")]
mod compiled;
mod detector_table;
mod device_name;
pub mod file;
pub mod folder;
mod idle;
mod images_table;
pub mod lone_mask;
mod mask_files;
pub mod mask_pixels;
mod named_key;
pub mod objective;
mod optics_table;
mod overrides;
mod plate;
pub mod presets;
mod printed;
pub mod printer;
pub mod resolve;
mod rounding;
mod sampling;
mod source_table;
mod stages;
pub mod sweep;
mod training;
mod training_table;
pub mod typed;
mod work;

#[cfg(feature = "npz")]
pub use compiled::parse_classifier;
pub use detector_table::{DetectorTable, RegionSize};
pub use file::DesignFile;
pub use folder::Device;
pub use images_table::ImagesTable;
pub use objective::Objective;
pub use optics_table::{OpeningSides, OpticKind, OpticTable};
pub use overrides::Override;
pub use presets::Preset;
pub use resolve::Design;
pub use rounding::Rounding;
pub use stages::Stage;
pub use sweep::Sweep;
pub use training_table::{LossName, Optimiser, TrainingTable};
pub use typed::{Angle, Length, Offset};
pub use work::Work;
