//! `[images]` as it is typed, and the data set it makes with `training.data`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::DesignFile;
use super::resolve::Checked;
use crate::dataset::{DatasetName, ImageSet, look};
use crate::error::Result;

/// `[images]`: what the images of a data set of your own are. A training writes it down, so that the device is known
/// without them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImagesTable {
    /// Rows and columns of the images; pictures are fitted to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<[usize; 2]>,
    /// Names of the classes in the order of the labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

impl ImagesTable {
    /// Whether nothing is typed.
    pub(super) fn is_empty(&self) -> bool {
        *self == ImagesTable::default()
    }

    fn shape(&self) -> Option<(usize, usize)> {
        self.shape.map(|[rows, columns]| (rows, columns))
    }
}

impl DesignFile {
    /// Looks at the files that `training.data` names, where they are no data set known by name, and writes down in
    /// `[images]` what was left out there.
    ///
    /// # Errors
    /// As [`look`]; nothing is looked at for a known data set, and where `[images]` is complete.
    pub fn look_at_images(&mut self) -> Result<()> {
        let path = Path::new(&self.training.data);
        let complete = self.images.shape.is_some() && !self.images.classes.is_empty();
        if complete || self.training.data.parse::<DatasetName>().is_ok() || !path.exists() {
            // What is neither a name nor there is told with the rest of the design.
            return Ok(());
        }
        let set = look(path, self.images.shape())?;
        self.images.shape = self.images.shape.or(Some([set.shape.0, set.shape.1]));
        if self.images.classes.is_empty() {
            self.images.classes = set.class_names;
        }
        Ok(())
    }
}

/// The data set of `typed`.
pub(super) fn image_set(typed: &DesignFile) -> Checked<ImageSet> {
    let (data, table) = (&typed.training.data, &typed.images);
    match (data.parse::<DatasetName>(), table.shape()) {
        (Ok(name), _) if table.is_empty() => Ok(name.into()),
        (Ok(name), _) => Err(format!(
            "[images] is for data of your own, and training.data = \"{name}\" has its classes and its size: leave it out"
        )),
        (Err(_), Some(shape)) if !table.classes.is_empty() => {
            ImageSet::own(data, table.classes.clone(), shape).map_err(|error| format!("images: {error}"))
        }
        (Err(error), _) => Err(format!(
            "training.data: {error}; files of your own are named by a path that is there, as seen from the current folder"
        )),
    }
}
