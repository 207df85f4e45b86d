//! A device on disk: a folder with its design, masks, provenance and history.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::file::DesignFile;
use super::mask_files;
pub use super::mask_files::{ReadMasks, parse_mask, read_masks, write_masks};
use super::resolve::Design;
use super::work::Work;
use crate::error::{Error, Result};
use crate::files::{Place, read_text, write_bytes, write_whole};
use crate::training::Epoch;

/// Where a design is typed.
pub const DESIGN: &str = "design.toml";
/// Folder of the pictures.
pub const PLOTS: &str = "plots";
/// The folders that are tried before a training, and written to while it goes on.
pub(crate) const TRIED: [&str; 2] = [CHECKPOINT, PLOTS];
/// Folder of the plates.
pub const PLATES: &str = "stl";
/// Folder of the kit in a device folder.
pub const KIT: &str = "kit";
/// Folder of the masks in other formats.
pub const EXPORTS: &str = "export";
/// The report on a device.
pub const REPORT: &str = "report.html";
/// Folder of what a resumed training needs.
pub const CHECKPOINT: &str = "checkpoint";
/// The compiled classifier.
pub(super) const CLASSIFIER: &str = "classifier.npz";
const PROVENANCE: &str = "provenance.toml";
const HISTORY: &str = "history.csv";
/// Bytes of a design, a sweep or a provenance at most; the longest of ours has 5,000.
pub(super) const MAX_TOML: u64 = 1 << 20;
/// Bytes of a history at most: half a million epochs.
const MAX_HISTORY: u64 = 64 << 20;

/// A device: its design and its masks, as read from its folder.
#[derive(Clone, Debug)]
pub struct Device {
    /// The folder.
    pub folder: PathBuf,
    /// The checked design.
    pub design: Design,
    /// Values of the masks (phases in radians) in the order of the light, one array a channel of the modulation.
    pub masks: Vec<Array2<f32>>,
    /// How it came to be, if the folder says so.
    pub provenance: Option<Provenance>,
    /// Numbers of the masks whose files are not those the provenance was written for; its figures are not theirs.
    pub modified: Vec<usize>,
}

/// How a device came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of d2nn.
    pub version: String,
    /// Commit d2nn was built from, or "unknown".
    pub commit: String,
    /// The command line.
    pub command: String,
    /// Seed of the training.
    pub seed: u64,
    /// The images.
    pub data: DataProvenance,
    /// What the sampling report found wrong with a design that was run all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What was measured at the end.
    pub metrics: Metrics,
    /// The same device on a finer grid; left out where none was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finer_grid: Option<FinerGrid>,
    /// SHA-256 of each mask file, in the order of the light.
    pub masks: Vec<String>,
}

/// The images a device was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataProvenance {
    /// Name of the data set.
    pub name: String,
    /// Whether it was only the sample in the program.
    pub builtin_sample: bool,
    /// Whether they are the published ones; left out where no checksum is published, and by older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    /// SHA-256 over its uncompressed files.
    pub sha256: String,
    /// Images learned from.
    pub training_images: usize,
    /// Images held out for validation.
    pub validation_images: usize,
    /// Images of the final test.
    pub test_images: usize,
}

/// What became of the accuracy on a finer grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinerGrid {
    /// Samples along one side of a pixel.
    pub oversample: usize,
    /// Test images judged, the first of the set.
    pub images: usize,
    /// Share of right answers on the finer grid.
    pub accuracy: f64,
    /// Share of right answers of the same images on the grid of the training.
    pub accuracy_as_trained: f64,
}

/// Figures at the end of a training: those of classes or those of images, and what both have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Share of right answers on the test images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// Share of right answers on the validation images; left out without validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_accuracy: Option<f64>,
    /// Structural similarity of images and what is read, test images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_ssim: Option<f64>,
    /// The same without masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_ssim_free_space: Option<f64>,
    /// Structural similarity on the validation images; left out without validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_ssim: Option<f64>,
    /// Mean squared difference of images and what is read, test images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_squared_error: Option<f64>,
    /// The same without masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_squared_error_free_space: Option<f64>,
    /// I_L / E_in, test images; of a device that forms images sum(I) / E_in.
    pub power_efficiency_input: f64,
    /// I_L / E_out, test images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_efficiency_output: Option<f64>,
    /// sum(I) / E_out, test images.
    pub detector_share: f64,
    /// (I_L - max of the others) / sum(I), test images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_contrast: Option<f64>,
    /// The temperature at the end of a training that learns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learnt_temperature: Option<f64>,
    /// Seconds of training.
    pub training_seconds: f64,
}

impl Device {
    /// Reads the device in `folder`.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::File`] for what is missing or damaged, [`Error::Design`] for a wrong design.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::open_as(folder, Work::Simulation, &|_| ())
    }

    /// Reads the device in `folder` for `work`, with its design changed by `change`: the same masks on another bench.
    ///
    /// # Errors
    /// As [`Device::open`].
    pub fn open_as(folder: &Path, work: Work, change: &dyn Fn(&mut DesignFile)) -> Result<Self> {
        let path = folder.join(DESIGN);
        let mut typed = read_typed(&path)?;
        change(&mut typed);
        let design = Design::resolve_for(work, &path.display().to_string(), &typed)?;
        let ReadMasks { values: masks, sums } = read_masks(folder, &design.bench)?;
        let provenance = read_provenance(folder)?;
        let known = provenance.as_ref().map(|provenance| &provenance.masks);
        let differs =
            |number: &usize| known.is_some_and(|known| known.get(number - 1) != sums.get(number - 1));
        let modified = (1..=sums.len()).filter(differs).collect();
        Ok(Device { folder: folder.to_owned(), design, masks, provenance, modified })
    }
}

/// Reads a design file, and checks it as the design of a new device.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Design`] when it is wrong.
pub fn read_design(path: &Path) -> Result<(DesignFile, Design)> {
    let mut typed = read_typed(path)?;
    typed.look_at_images()?;
    let design = Design::resolve(&path.display().to_string(), &typed)?;
    Ok((typed, design))
}

/// Reads a design file as it is typed, without checking it.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Design`] for what is not TOML, unknown keys and values of a wrong kind.
pub fn read_typed(path: &Path) -> Result<DesignFile> {
    let text = read_text(path, MAX_TOML)?;
    DesignFile::parse(&path.display().to_string(), &text)
}

/// Whether the folder of a device has a first mask.
pub(crate) fn has_masks(folder: &Path) -> bool {
    mask_files::path(folder, 1).exists()
}

/// Whether a training of the device in `folder` has begun and not ended.
pub(crate) fn is_underway(folder: &Path) -> bool {
    folder.join(CHECKPOINT).is_dir()
}

/// Whether `folder` holds a device: it has a design.
pub fn is_device_folder(folder: &Path) -> bool {
    folder.join(DESIGN).is_file()
}

/// Tries whether a device of `masks` masks can be written into `folder`, before it is trained.
///
/// # Errors
/// As [`Place::file`]: a folder that cannot be written to, or something else where a file or a folder of a device goes.
pub fn try_place(folder: &Path, masks: usize) -> Result<()> {
    let files = [DESIGN, PROVENANCE, HISTORY].map(str::to_owned);
    drop(Place::files(folder, files.into_iter().chain((1..=masks).map(mask_files::name)))?);
    TRIED.iter().try_for_each(|below| Place::folder(&folder.join(below)).map(drop))
}

/// Removes the results of an earlier training from `folder`; other files stay.
///
/// # Errors
/// [`Error::Io`] when the operating system refuses.
pub fn remove_results(folder: &Path) -> Result<()> {
    // First what says that the device is whole: whatever happens between, half a device is not taken for one.
    let provenance = folder.join(PROVENANCE);
    if provenance.exists() {
        fs::remove_file(&provenance).map_err(|error| Error::io("remove", &provenance, error))?;
    }
    let entries = fs::read_dir(folder).map_err(|error| Error::io("read", folder, error))?;
    for entry in entries {
        let path = entry.map_err(|error| Error::io("read", folder, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let removed = if [CHECKPOINT, PLOTS, PLATES, KIT, EXPORTS].contains(&name.as_str()) {
            // Pictures and plates of other masks would be taken for those of the new ones.
            fs::remove_dir_all(&path)
        } else if mask_files::number(&name).is_some()
            || [PROVENANCE, HISTORY, CLASSIFIER, REPORT].contains(&name.as_str())
        {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
        removed.map_err(|error| Error::io("remove", &path, error))?;
    }
    Ok(())
}

/// Reads `provenance.toml`, if `folder` has one: that of a training that is finished.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::File`] when it is not a provenance.
pub fn read_provenance(folder: &Path) -> Result<Option<Provenance>> {
    let path = folder.join(PROVENANCE);
    if !path.exists() {
        return Ok(None);
    }
    parse_provenance(&path, &read_text(&path, MAX_TOML)?).map(Some)
}

/// Reads the text of a provenance; `path` is for messages.
///
/// # Errors
/// [`Error::File`] when it is not one.
pub fn parse_provenance(path: &Path, text: &str) -> Result<Provenance> {
    toml::from_str(text).map_err(|error| {
        Error::file(path, format!("\n{}\ndelete it to do without", error.to_string().trim_end()))
    })
}

/// Writes `provenance.toml`.
///
/// # Errors
/// [`Error::Io`] when the file cannot be written.
pub fn write_provenance(folder: &Path, provenance: &Provenance) -> Result<()> {
    let text = toml::to_string(provenance)
        .map_err(|error| Error::Value(format!("cannot write the provenance: {error}")))?;
    write_bytes(&folder.join(PROVENANCE), text.as_bytes())
}

const HISTORY_HEADER: &str = "epoch,steps,learning_rate,training_loss,training_accuracy,validation_loss,\
                              validation_accuracy,detector_share,seconds";

/// Writes `history.csv`, one row an epoch.
///
/// # Errors
/// [`Error::Io`] when the file cannot be written.
pub fn write_history(folder: &Path, history: &[Epoch]) -> Result<()> {
    let path = folder.join(HISTORY);
    write_whole(&path, |writer| {
        let mut line =
            |text: String| writeln!(writer, "{text}").map_err(|error| Error::io("write", &path, error));
        line(HISTORY_HEADER.into())?;
        for row in history {
            line(format!(
                "{},{},{:.6},{:.6},{:.6},{:.6},{:.6},{:.6},{:.1}",
                row.epoch,
                row.steps,
                row.learning_rate,
                row.training_loss,
                row.training_accuracy,
                row.validation_loss,
                row.validation_accuracy,
                row.detector_share,
                row.seconds
            ))?;
        }
        Ok(())
    })
}

/// Reads `history.csv` back; an absent file is an empty history.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::File`] with the line when it is not a history.
pub fn read_history(folder: &Path) -> Result<Vec<Epoch>> {
    let path = folder.join(HISTORY);
    if !path.exists() {
        return Ok(Vec::new());
    }
    parse_history(&path, &read_text(&path, MAX_HISTORY)?)
}

/// Reads the text of a history; `path` is for messages.
///
/// # Errors
/// [`Error::File`] with the line when it is not one.
pub fn parse_history(path: &Path, text: &str) -> Result<Vec<Epoch>> {
    let mut lines = text.lines();
    if lines.next() != Some(HISTORY_HEADER) {
        return Err(Error::file(path, "does not begin with the header of a history"));
    }
    let row = |(index, line): (usize, &str)| {
        let wrong = || Error::file(path, format!("line {}: not nine numbers: {line}", index + 2));
        let numbers: Vec<f64> =
            line.split(',').map(str::parse).collect::<std::result::Result<_, _>>().map_err(|_| wrong())?;
        let numbers: [f64; Epoch::WIDTH] = numbers.try_into().map_err(|_| wrong())?;
        Ok(Epoch::from_numbers(numbers))
    };
    lines.enumerate().map(row).collect()
}
