//! Reading a data set from where it is, whatever its files are.

use std::path::{Path, PathBuf};

use ndarray::Array3;
use sha2::{Digest, Sha256};

#[cfg(feature = "npz")]
use super::arrays::ArrayFile;
use super::class_folders::ClassFolders;
use super::idx::{self, Idx};
use super::idx_folder::IdxFolder;
use super::names::DatasetName;
use super::published::{Catalogue, Part, Split};
use super::set::{CLASS_FILES, CLASSES, ImageSet, check_shape, names_in};
use super::source::Source;
use super::{Images, sample};
use crate::error::{Error, Result};

/// A whole data set in memory.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Which one.
    pub set: ImageSet,
    /// Where it was read from.
    pub source: Source,
    /// The images to learn from.
    pub train: Images,
    /// The images to judge by.
    pub test: Images,
    /// SHA-256, in hexadecimal, of the four uncompressed IDX files one after the other in the order of
    /// [`Part::ALL`]; of other files, of the IDX files their images and labels would make.
    pub checksum: String,
    /// Whether the content is the published one; `None` where no checksum is published.
    pub published: Option<bool>,
}

/// One half of a data set in memory.
#[derive(Clone, Debug)]
pub struct Half {
    /// The images.
    pub images: Images,
    /// Whether the content is the published one; `None` where no checksum is published.
    pub published: Option<bool>,
}

/// Reads the whole data set `set` from `source`.
///
/// # Errors
/// [`Error::Io`] and [`Error::File`] name the file that cannot be used: absent, damaged, images and labels of
/// different number, a label without a class, training and test images of different size, another data set.
pub fn load(set: impl Into<ImageSet>, source: &Source) -> Result<Dataset> {
    let set = set.into();
    let mut hasher = Sha256::new();
    let mut files = Files::open(&set, source)?;
    let train = files.half(&set, Split::Train, &mut hasher)?;
    let test = files.half(&set, Split::Test, &mut hasher)?;
    if train.images.shape() != test.images.shape() {
        let ((rows, columns), (test_rows, test_columns)) = (train.images.shape(), test.images.shape());
        let problem = format!(
            "has images of {test_rows} x {test_columns} where the training images have {rows} x {columns}: \
             the files belong to different data sets"
        );
        return Err(Error::file(&files.name(Part::TestImages)?, problem));
    }
    let published = train.published.zip(test.published).map(|(train, test)| train && test);
    Ok(Dataset {
        set,
        source: source.clone(),
        train: train.images,
        test: test.images,
        checksum: idx::hexadecimal(hasher),
        published,
    })
}

/// Reads one half of the data set `set` from `source`; IDX files of the other half are not touched.
///
/// # Errors
/// As [`load`].
pub fn load_split(set: impl Into<ImageSet>, source: &Source, split: Split) -> Result<Images> {
    Ok(load_half(set, source, split)?.images)
}

/// [`load_split`], with what the checksums say.
///
/// # Errors
/// As [`load`].
pub fn load_half(set: impl Into<ImageSet>, source: &Source, split: Split) -> Result<Half> {
    let set = set.into();
    Files::open(&set, source)?.half(&set, split, &mut Sha256::new())
}

/// What data set the files at `path` make, which somebody brought: its classes and the size of its images.
///
/// Pictures have no size of their own: they become images of `shape`, or of 28 x 28 values without one.
///
/// # Errors
/// [`Error::Io`] and [`Error::File`] as [`load`]; [`Error::File`] for no data set, too few or too many classes, and
/// images too small or too large.
pub fn look(path: &Path, shape: Option<(usize, usize)>) -> Result<ImageSet> {
    let name = path.display().to_string();
    if !path.exists() {
        return Err(Error::file(path, "there is no such file or folder"));
    }
    let source = Source::named(path.to_owned());
    let mut files = Files::at(path, None)?;
    let (class_names, shape) = match &mut files {
        Files::Pictures(folders) => (folders.classes().to_vec(), shape.unwrap_or(DatasetName::SHAPE)),
        files => {
            let (mut classes, mut first) = (0, usize::MAX);
            for split in Split::ALL {
                let labels = files.labels(split)?;
                classes = classes.max(labels.iter().max().map_or(0, |label| usize::from(*label) + 1));
                first = first.min(labels.iter().min().map_or(usize::MAX, |label| usize::from(*label)));
            }
            if first > 0 && first < classes {
                let problem = format!(
                    "labels are {first} to {}: they count from 0 on, so take {first} from each (a class without images would get a \
                     region and never be the answer)",
                    classes - 1
                );
                return Err(Error::file(&files.name(Part::TrainLabels)?, problem));
            }
            if classes < *CLASSES.start() {
                let problem = format!(
                    "all labels are 0: a data set has {} to {} classes",
                    CLASSES.start(),
                    CLASSES.end()
                );
                return Err(Error::file(&files.name(Part::TrainLabels)?, problem));
            }
            if classes > *CLASSES.end() {
                let problem = format!(
                    "label {} is the largest: a data set has at most {} classes, with labels from 0 on",
                    classes - 1,
                    CLASSES.end()
                );
                return Err(Error::file(&files.name(Part::TrainLabels)?, problem));
            }
            let folder = source.folder().or_else(|| path.parent()).unwrap_or(Path::new(""));
            let names = names_in(folder, classes)?;
            let (_, rows, columns) = files.images(Split::Train, (0, 0))?.dim();
            (names, (rows, columns))
        }
    };
    check_shape(shape).map_err(|problem| Error::file(path, problem))?;
    ImageSet::own(&name, class_names, shape).map_err(|error| Error::file(path, error.to_string()))
}

/// Whether the files at `path` say themselves what their classes are: a NumPy archive, pictures in folders, or IDX files
/// beside a list of names. Other IDX files go under the names of any set of their size.
pub fn brings_classes(path: &Path) -> bool {
    path.is_file()
        || CLASS_FILES.iter().any(|name| path.join(name).is_file())
        || matches!(Files::at(path, None), Ok(Files::Pictures(_)))
}

/// The files of a data set.
pub(super) enum Files {
    Sample,
    Idx {
        base: PathBuf,
        known: Option<DatasetName>,
    },
    #[cfg(feature = "npz")]
    Arrays(Box<ArrayFile>),
    Pictures(ClassFolders),
}

impl Files {
    fn open(set: &ImageSet, source: &Source) -> Result<Self> {
        match source.path() {
            Some(path) => {
                let mut files = Files::at(path, set.known)?;
                if let Files::Pictures(folders) = &mut files {
                    folders.order_as(&set.class_names)?;
                }
                Ok(files)
            }
            None if set.known == Some(DatasetName::FashionMnist) => Ok(Files::Sample),
            None => Err(Error::Usage(format!("the built-in sample is of fashion-mnist, not of {set}"))),
        }
    }

    /// The files at `path`, of one that is `known` or of any.
    pub(super) fn at(path: &Path, known: Option<DatasetName>) -> Result<Self> {
        if path.is_file() {
            return Files::archive(path);
        }
        let has_idx = IdxFolder::find(path, known, &Part::ALL).missing(&Part::ALL).len() < Part::ALL.len();
        if !has_idx && let Some(folders) = ClassFolders::find(path)? {
            return Ok(Files::Pictures(folders));
        }
        Ok(Files::Idx { base: path.to_owned(), known })
    }

    /// The NumPy archive at `path`.
    #[cfg(feature = "npz")]
    fn archive(path: &Path) -> Result<Self> {
        ArrayFile::open(path).map(|file| Files::Arrays(Box::new(file)))
    }

    /// Says that this build reads no archives.
    #[cfg(not(feature = "npz"))]
    fn archive(path: &Path) -> Result<Self> {
        let action = format!("read {}, a data set in one file (a NumPy archive)", path.display());
        Err(Error::Feature { action, feature: "npz" })
    }

    /// What errors call the file of `part`.
    fn name(&self, part: Part) -> Result<PathBuf> {
        Ok(match self {
            Files::Sample => sample::name(part),
            Files::Idx { base, known } => idx_file(base, *known, part)?,
            #[cfg(feature = "npz")]
            Files::Arrays(file) => file.path().to_owned(),
            Files::Pictures(folders) => folders.path().to_owned(),
        })
    }

    fn labels(&mut self, split: Split) -> Result<Vec<u8>> {
        let [_, part] = split.parts();
        match self {
            Files::Sample => labels_of(sample::read(part)?, &sample::name(part)),
            Files::Idx { base, known } => {
                let file = idx_file(base, *known, part)?;
                labels_of(Idx::open(&file, part.dimensions())?, &file)
            }
            #[cfg(feature = "npz")]
            Files::Arrays(file) => file.labels(split),
            Files::Pictures(folders) => folders.labels(split),
        }
    }

    /// Images as they lie in the files; pictures fitted to `shape`.
    fn images(&mut self, split: Split, shape: (usize, usize)) -> Result<Array3<u8>> {
        let [part, _] = split.parts();
        match self {
            Files::Sample => images_of(sample::read(part)?, &sample::name(part)),
            Files::Idx { base, known } => {
                let file = idx_file(base, *known, part)?;
                images_of(Idx::open(&file, part.dimensions())?, &file)
            }
            #[cfg(feature = "npz")]
            Files::Arrays(file) => file.images(split),
            Files::Pictures(folders) => folders.images(split, shape),
        }
    }

    fn half(&mut self, set: &ImageSet, split: Split, hasher: &mut Sha256) -> Result<Half> {
        let [images_part, labels_part] = split.parts();
        let (images_file, labels_file) = (self.name(images_part)?, self.name(labels_part)?);
        // Labels first: they are small, and most mistakes show in them.
        let labels = self.labels(split)?;
        check_labels(set, &labels, &labels_file)?;
        let labels_idx = Idx::new(&[labels.len()], labels)?;
        check_other(set, labels_part, &labels_idx, &labels_file)?;
        let images = self.images(split, set.shape)?;
        let (count, rows, columns) = images.dim();
        let standard =
            if images.is_standard_layout() { images } else { images.as_standard_layout().into_owned() };
        let images_idx = Idx::new(&[count, rows, columns], standard.into_raw_vec_and_offset().0)?;
        images_idx.hash_into(hasher);
        labels_idx.hash_into(hasher);
        let published = set.known.and_then(Catalogue::published).and_then(|catalogue| {
            let vouches = |part, idx: &Idx, file: &Path| catalogue.vouches_for(part, &idx.sha256(), file);
            let images = vouches(images_part, &images_idx, &images_file)?;
            Some(images & vouches(labels_part, &labels_idx, &labels_file)?)
        });
        let (images, labels) = (images_of(images_idx, &images_file)?, labels_of(labels_idx, &labels_file)?);
        if count != labels.len() {
            let problem = format!(
                "has {} labels for the {count} images of {}: the files do not belong together",
                labels.len(),
                images_file.display()
            );
            return Err(Error::file(&labels_file, problem));
        }
        Ok(Half { images: upright(set, self, Images { images, labels }), published })
    }
}

/// Labels from 0 on, and images the way people see them: the files of EMNIST have them transposed.
fn upright(set: &ImageSet, files: &Files, images: Images) -> Images {
    let Some(name) = set.known else { return images };
    let Images { mut images, mut labels } = images;
    labels.iter_mut().for_each(|label| *label -= name.first_label());
    if name.is_emnist() && matches!(files, Files::Idx { .. }) {
        images.swap_axes(1, 2);
        images = images.as_standard_layout().into_owned();
    }
    Images { images, labels }
}

fn idx_file(base: &Path, known: Option<DatasetName>, part: Part) -> Result<PathBuf> {
    let pair = if Split::Train.parts().contains(&part) { Split::Train.parts() } else { Split::Test.parts() };
    let folder = IdxFolder::find(base, known, &pair);
    folder.file(part).ok_or_else(|| folder.lacks(&[part]))
}

fn images_of(idx: Idx, file: &Path) -> Result<Array3<u8>> {
    idx.into_images().ok_or_else(|| Error::file(file, "has the wrong number of dimensions"))
}

fn labels_of(idx: Idx, file: &Path) -> Result<Vec<u8>> {
    idx.into_labels().ok_or_else(|| Error::file(file, "has the wrong number of dimensions"))
}

/// Each label has a class.
fn check_labels(set: &ImageSet, labels: &[u8], file: &Path) -> Result<()> {
    let first = usize::from(set.known.map_or(0, DatasetName::first_label));
    let classes = first..first + set.classes();
    let Some(index) = labels.iter().position(|label| !classes.contains(&usize::from(*label))) else {
        return Ok(());
    };
    let problem = format!(
        "label {} of image {index} has no class: {set} has the labels {first} to {}",
        labels[index],
        classes.end - 1
    );
    Err(Error::file(file, problem))
}

/// They are not the labels of another data set, whose files have the same names.
fn check_other(set: &ImageSet, part: Part, labels: &Idx, file: &Path) -> Result<()> {
    let Some(name) = set.known else { return Ok(()) };
    let sum = labels.sha256();
    for other in DatasetName::ALL.into_iter().filter(|other| *other != name) {
        if Catalogue::published(other).is_some_and(|catalogue| catalogue.file(part).sha256 == sum) {
            let problem = format!("these are the labels of {other}, not of {name}: name another folder");
            return Err(Error::file(file, problem));
        }
    }
    Ok(())
}
