//! `[images]` as it is typed, and the data set it makes with `training.data`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::work::Checked;
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

    /// Looks at the files of `data`, where that is no data set known by name, and writes down what was left out.
    ///
    /// # Errors
    /// As [`look`]; nothing is looked at for a known data set, and where nothing was left out.
    pub(super) fn look_at(&mut self, data: &str) -> Result<()> {
        let path = Path::new(data);
        let complete = self.shape.is_some() && !self.classes.is_empty();
        if complete || data.parse::<DatasetName>().is_ok() || !path.exists() {
            // What is neither a name nor there is told with the rest of the design.
            return Ok(());
        }
        let set = look(path, self.shape())?;
        self.shape = self.shape.or(Some([set.shape.0, set.shape.1]));
        if self.classes.is_empty() {
            self.classes = set.class_names;
        }
        Ok(())
    }

    fn shape(&self) -> Option<(usize, usize)> {
        self.shape.map(|[rows, columns]| (rows, columns))
    }
}

/// The data set that `training.data` and `[images]` name.
pub(super) fn image_set(data: &str, table: &ImagesTable) -> Checked<ImageSet> {
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
