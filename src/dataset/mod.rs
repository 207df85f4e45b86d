//! Images with labels: IDX files, where they are found, download, built-in sample, splits, own pictures.
//!
//! [`locate`] finds a data set and says where ([`Source`]); [`load`] and [`load_split`] read it from there.
//! Images are bytes `[n, rows, columns]`, 0 dark and 255 bright, row 0 at the top.
//!
//! ```
//! use d2nn::dataset::{DatasetName, Source, Split, load_split};
//!
//! let images = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Test)?;
//! assert_eq!((images.len(), images.shape()), (1000, (28, 28)));
//! let batch = images.batch(&[0, 1, 2]);
//! assert!(batch.iter().all(|value| (0.0..=1.0).contains(value)));
//! # Ok::<(), d2nn::Error>(())
//! ```

pub mod download;
pub mod idx;
mod locate;
pub mod picture;
mod published;
mod sample;
mod split;

use std::path::{Path, PathBuf};

use ndarray::{Array3, Axis};
use sha2::{Digest, Sha256};

pub use locate::{Finding, Located, Place, Places, Step, Verdict, Wanted, locate, survey, verify};
pub use published::{CLASSES, Catalogue, DatasetName, Part, PublishedFile, Split};
pub use sample::{
    CHECKSUM as SAMPLE_CHECKSUM, LICENCE as SAMPLE_LICENCE, TEST_PER_CLASS as SAMPLE_TEST_PER_CLASS,
    TRAINING_PER_CLASS as SAMPLE_TRAINING_PER_CLASS,
};
pub use split::{HoldOut, epoch_flips, epoch_order, hold_out};

use crate::error::{Error, Result};
use idx::Idx;

/// Images and what they show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// `[n, rows, columns]`, 0 dark and 255 bright.
    pub images: Array3<u8>,
    /// `[n]`, each below the number of classes.
    pub labels: Vec<u8>,
}

impl Images {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Rows and columns of each image.
    pub fn shape(&self) -> (usize, usize) {
        let (_, rows, columns) = self.images.dim();
        (rows, columns)
    }

    /// The images with these indices as values from 0 to 1, shape (indices, rows, columns).
    pub fn batch(&self, indices: &[usize]) -> Array3<f32> {
        self.images.select(Axis(0), indices).mapv(|value| f32::from(value) / 255.0)
    }
}

/// A whole data set in memory.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Which one.
    pub name: DatasetName,
    /// Where it was read from.
    pub source: Source,
    /// What each label stands for.
    pub class_names: &'static [&'static str; CLASSES],
    /// The images to learn from.
    pub train: Images,
    /// The images to judge by.
    pub test: Images,
    /// SHA-256, in hexadecimal, of the four uncompressed IDX files one after the other in the order of
    /// [`Part::ALL`].
    pub checksum: String,
}

/// Where a data set is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder the user named.
    Folder(PathBuf),
    /// The user's cache.
    Cache(PathBuf),
    /// The system's folder of data sets.
    System(PathBuf),
    /// The user's cache, filled just now.
    Download(PathBuf),
    /// The sample in the program.
    BuiltinSample,
}

impl Source {
    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Source::Folder(path) | Source::Cache(path) | Source::System(path) | Source::Download(path) => {
                Some(path)
            }
            Source::BuiltinSample => None,
        }
    }

    /// In words: `the cache /home/ada/.cache/d2nn/fashion-mnist`.
    pub fn describe(&self) -> String {
        match self {
            Source::Folder(path) => format!("the folder {}", path.display()),
            Source::Cache(path) => format!("the cache {}", path.display()),
            Source::System(path) => format!("the system's folder {}", path.display()),
            Source::Download(path) => format!("the network, now in the cache {}", path.display()),
            Source::BuiltinSample => "the sample in the program".into(),
        }
    }

    /// What the user must be told before results from this source are believed.
    pub fn warning(&self) -> Option<String> {
        (*self == Source::BuiltinSample).then(|| {
            let (train, test) = (sample::TRAINING_PER_CLASS * CLASSES, sample::TEST_PER_CLASS * CLASSES);
            format!(
                "this is the built-in sample of Fashion-MNIST, {train} training and {test} test images, not the \
                 60000 and 10000 of the full set: accuracies do not compare with published ones. Get the full \
                 set with `d2nn data fetch fashion-mnist`, or name a folder that has it with --data"
            )
        })
    }
}

/// Reads the whole data set `name` from `source`.
///
/// # Errors
/// [`Error::Io`] and [`Error::File`] name the file that cannot be used: absent, damaged, images and labels of
/// different number, a label without a class, training and test images of different size, another data set.
pub fn load(name: DatasetName, source: &Source) -> Result<Dataset> {
    let mut hasher = Sha256::new();
    let train = read_split(name, source, Split::Train, &mut hasher)?;
    let test = read_split(name, source, Split::Test, &mut hasher)?;
    if train.shape() != test.shape() {
        let ((rows, columns), (test_rows, test_columns)) = (train.shape(), test.shape());
        let problem = format!(
            "has images of {test_rows} x {test_columns} where the training images have {rows} x {columns}: \
             the files belong to different data sets"
        );
        return Err(Error::file(&file(source, Part::TestImages)?, problem));
    }
    Ok(Dataset {
        name,
        source: source.clone(),
        class_names: name.class_names(),
        train,
        test,
        checksum: idx::hexadecimal(hasher),
    })
}

/// Reads one half of the data set `name` from `source`; the files of the other half are not touched.
///
/// # Errors
/// As [`load`].
pub fn load_split(name: DatasetName, source: &Source, split: Split) -> Result<Images> {
    read_split(name, source, split, &mut Sha256::new())
}

fn read_split(name: DatasetName, source: &Source, split: Split, hasher: &mut Sha256) -> Result<Images> {
    if *source == Source::BuiltinSample && name != DatasetName::FashionMnist {
        return Err(Error::Usage(format!("the built-in sample is of fashion-mnist, not of {name}")));
    }
    let [images_part, labels_part] = split.parts();
    let (images_file, labels_file) = (file(source, images_part)?, file(source, labels_part)?);

    // Labels first: they are small, and most mistakes show in them.
    let labels = read_part(source, labels_part, &labels_file)?;
    check_labels(name, labels_part, &labels, &labels_file)?;
    let images = read_part(source, images_part, &images_file)?;
    images.hash_into(hasher);
    labels.hash_into(hasher);
    let other_kind = |file: &Path| Error::file(file, "has the wrong number of dimensions");
    let images = images.into_images().ok_or_else(|| other_kind(&images_file))?;
    let labels = labels.into_labels().ok_or_else(|| other_kind(&labels_file))?;
    if images.dim().0 != labels.len() {
        let problem = format!(
            "has {} labels for the {} images of {}: the files do not belong together",
            labels.len(),
            images.dim().0,
            images_file.display()
        );
        return Err(Error::file(&labels_file, problem));
    }
    Ok(Images { images, labels })
}

fn read_part(source: &Source, part: Part, file: &Path) -> Result<Idx> {
    match source {
        Source::BuiltinSample => sample::read(part),
        _ => Idx::open(file, part.dimensions()),
    }
}

/// The file of `part` in `source`, or for the sample what errors call it.
fn file(source: &Source, part: Part) -> Result<PathBuf> {
    match source.folder() {
        Some(folder) => locate::find(folder, part).ok_or_else(|| locate::lacks(folder, &[part])),
        None => Ok(sample::name(part)),
    }
}

/// Each label has a class, and they are not the labels of the other data set, whose files have the same names.
fn check_labels(name: DatasetName, part: Part, labels: &Idx, file: &Path) -> Result<()> {
    if let Some(index) = labels.values().iter().position(|label| usize::from(*label) >= CLASSES) {
        let problem = format!(
            "label {} of image {index} has no class: {name} has the labels 0 to {}",
            labels.values()[index],
            CLASSES - 1
        );
        return Err(Error::file(file, problem));
    }
    let sum = labels.sha256();
    for other in DatasetName::ALL.into_iter().filter(|other| *other != name) {
        if Catalogue::published(other).file(part).sha256 == sum {
            let problem = format!("these are the labels of {other}, not of {name}: name another folder");
            return Err(Error::file(file, problem));
        }
    }
    Ok(())
}
