//! Images with labels: where they are found, download, built-in sample, splits; IDX files, NumPy archives, folders of
//! pictures; own pictures.
//!
//! [`locate`] finds a data set and says where ([`Source`]); [`load`] and [`load_split`] read it from there. [`look`] says
//! what classes and what size of images files have that somebody brought.
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

#[cfg(feature = "npz")]
mod arrays;
mod class_folders;
pub mod download;
mod gzip;
pub mod idx;
mod idx_folder;
mod locate;
mod names;
pub mod picture;
mod published;
mod reading;
mod sample;
mod set;
mod source;
mod split;

use ndarray::{Array3, Axis};

pub use locate::{
    Finding, Located, Places, SearchPlace, SearchStep, Verdict, Wanted, locate, survey, verify,
};
pub use names::DatasetName;
pub use published::{Catalogue, Part, PublishedFile, Split};
pub use reading::{Dataset, Half, brings_classes, load, load_half, load_split, look};
pub use sample::{
    CHECKSUM as SAMPLE_CHECKSUM, LICENCE as SAMPLE_LICENCE, TEST_PER_CLASS as SAMPLE_TEST_PER_CLASS,
    TRAINING_PER_CLASS as SAMPLE_TRAINING_PER_CLASS,
};
pub use set::{CLASSES, ImageSet, SIDES};
pub use source::Source;
pub(crate) use split::epoch_flips;
pub use split::{HoldOut, epoch_order, hold_out};

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

    /// The images with these indices, in their order.
    pub(crate) fn select(&self, indices: &[usize]) -> Images {
        Images {
            images: self.images.select(Axis(0), indices),
            labels: indices.iter().map(|index| self.labels[*index]).collect(),
        }
    }

    /// The images with these indices as values from 0 to 1, shape (indices, rows, columns).
    pub fn batch(&self, indices: &[usize]) -> Array3<f32> {
        self.images.select(Axis(0), indices).mapv(|value| f32::from(value) / 255.0)
    }
}
