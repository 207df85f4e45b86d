//! What a data set is to a device, whoever made it: its name, its classes and the size of its images.

use std::fmt;
use std::path::Path;

use super::names::DatasetName;
use crate::error::{Error, Result};
use crate::files::read_text;

/// Classes a data set may have.
pub const CLASSES: std::ops::RangeInclusive<usize> = 2..=100;

/// Values that an image may have along a side.
pub const SIDES: std::ops::RangeInclusive<usize> = 8..=256;

/// Files that may name the classes of a folder, one a line in the order of the labels.
pub(super) const CLASS_FILES: [&str; 2] = ["classes.txt", "labels.txt"];

/// Bytes of such a file at most.
const MOST_NAMES: u64 = 1 << 16;

/// Letters of a class's name at most: it stands in tables and on plots.
const LONGEST_NAME: usize = 60;

/// A data set as a device sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    /// Its name, or the path of its files.
    pub name: String,
    /// Which of the known ones it is; `None` for one that somebody brought.
    pub known: Option<DatasetName>,
    /// What each label stands for.
    pub class_names: Vec<String>,
    /// Rows and columns of its images.
    pub shape: (usize, usize),
}

impl ImageSet {
    /// A data set that somebody brought.
    ///
    /// # Errors
    /// [`Error::Value`] for fewer or more classes than [`CLASSES`], images smaller or larger than [`SIDES`], and names
    /// of classes that are empty, long, or there twice.
    pub fn own(name: &str, class_names: Vec<String>, shape: (usize, usize)) -> Result<Self> {
        check_names(&class_names).and_then(|()| check_shape(shape)).map_err(Error::Value)?;
        Ok(ImageSet { name: name.to_owned(), known: None, class_names, shape })
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// The name of class `label`.
    pub fn class_name(&self, label: usize) -> &str {
        self.class_names.get(label).map_or("?", String::as_str)
    }
}

impl From<DatasetName> for ImageSet {
    fn from(name: DatasetName) -> Self {
        ImageSet {
            name: name.as_str().into(),
            known: Some(name),
            class_names: name.class_names().iter().map(|class| (*class).to_owned()).collect(),
            shape: DatasetName::SHAPE,
        }
    }
}

impl From<&ImageSet> for ImageSet {
    fn from(set: &ImageSet) -> Self {
        set.clone()
    }
}

impl fmt::Display for ImageSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What is wrong with the names of classes.
pub(super) fn check_names(names: &[String]) -> std::result::Result<(), String> {
    if !CLASSES.contains(&names.len()) {
        return Err(format!(
            "{} classes: a data set has {} to {}",
            names.len(),
            CLASSES.start(),
            CLASSES.end()
        ));
    }
    for (label, name) in names.iter().enumerate() {
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return Err(format!("class {label} has no name that can be printed: give it one"));
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(format!("class {label} has a name of more than {LONGEST_NAME} letters: shorten it"));
        }
        if let Some(first) = names[..label].iter().position(|other| other == name) {
            return Err(format!("classes {first} and {label} are both called \"{name}\": tell them apart"));
        }
    }
    Ok(())
}

/// What is wrong with the size of images.
pub(super) fn check_shape((rows, columns): (usize, usize)) -> std::result::Result<(), String> {
    if SIDES.contains(&rows) && SIDES.contains(&columns) {
        return Ok(());
    }
    Err(format!(
        "images of {rows} rows and {columns} columns: a device takes {} to {} of each",
        SIDES.start(),
        SIDES.end()
    ))
}

/// The names of `classes` classes with labels from 0 on: those in a file of `folder`, or the labels themselves.
///
/// # Errors
/// [`Error::File`] for a file with fewer names than classes, or with names that cannot be used.
pub(super) fn names_in(folder: &Path, classes: usize) -> Result<Vec<String>> {
    let Some(path) = CLASS_FILES.iter().map(|name| folder.join(name)).find(|path| path.is_file()) else {
        return Ok((0..classes.max(*CLASSES.start())).map(|label| label.to_string()).collect());
    };
    let text = read_text(&path, MOST_NAMES)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let names: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.len() < classes {
        let problem = format!(
            "names {} classes where the labels go up to {}: give every class a line",
            names.len(),
            classes - 1
        );
        return Err(Error::file(&path, problem));
    }
    check_names(&names).map_err(|problem| Error::file(&path, problem))?;
    Ok(names)
}
