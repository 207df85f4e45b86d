//! The data sets as their authors published them: files, checksums, addresses.

use std::path::Path;

use super::names::DatasetName;
use crate::files;

/// Half of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Split {
    /// The images to learn from.
    Train,
    /// The images to judge by.
    Test,
}

impl Split {
    /// Both.
    pub const ALL: [Split; 2] = [Split::Train, Split::Test];

    /// The files of this half: images, labels.
    pub fn parts(self) -> [Part; 2] {
        match self {
            Split::Train => [Part::TrainImages, Part::TrainLabels],
            Split::Test => [Part::TestImages, Part::TestLabels],
        }
    }
}

/// One of the four files of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Images to learn from.
    TrainImages,
    /// Their labels.
    TrainLabels,
    /// Images to judge by.
    TestImages,
    /// Their labels.
    TestLabels,
}

impl Part {
    /// All four, in the order in which a data set's checksum is taken.
    pub const ALL: [Part; 4] = [Part::TrainImages, Part::TrainLabels, Part::TestImages, Part::TestLabels];

    /// The published name without `.gz`; the sets of EMNIST have names of their own.
    pub fn file_name(self) -> &'static str {
        match self {
            Part::TrainImages => "train-images-idx3-ubyte",
            Part::TrainLabels => "train-labels-idx1-ubyte",
            Part::TestImages => "t10k-images-idx3-ubyte",
            Part::TestLabels => "t10k-labels-idx1-ubyte",
        }
    }

    /// The published name in the set that is `known`, without `.gz`.
    pub fn published_name(self, known: Option<DatasetName>) -> String {
        match known.filter(|name| name.is_emnist()) {
            Some(name) => format!("{name}-{}", self.file_name().replacen("t10k", "test", 1)),
            None => self.file_name().to_owned(),
        }
    }

    /// Every name the file is accepted under, the published one first.
    pub(super) fn accepted_names(self, known: Option<DatasetName>) -> Vec<String> {
        let published = self.published_name(known);
        let mut names = vec![published.clone()];
        let called_test = published.replacen("t10k", "test", 1);
        if called_test != published {
            names.push(called_test);
        }
        // Some archives were unpacked by programs that took "idx3-ubyte" for the extension.
        let dotted: Vec<String> = names.iter().map(|name| name.replacen("-idx", ".idx", 1)).collect();
        names.extend(dotted);
        names.into_iter().flat_map(|name| [format!("{name}.gz"), name]).collect()
    }

    /// Number of dimensions of its IDX file: 3 for images, 1 for labels.
    pub fn dimensions(self) -> usize {
        match self {
            Part::TrainImages | Part::TestImages => 3,
            Part::TrainLabels | Part::TestLabels => 1,
        }
    }
}

/// A published file: how long its uncompressed content is and the SHA-256 of that content.
///
/// The content counts, not the gzip file: archives have packed the same content anew. Of some sets only the checksum of
/// the gzip file is published, which vouches for that file alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Which of the four.
    pub part: Part,
    /// Bytes of the uncompressed IDX file.
    pub bytes: u64,
    /// SHA-256 of the uncompressed IDX file, or of the gzip file, in hexadecimal.
    pub sha256: String,
    /// Whether the checksum is that of the gzip file.
    pub packed: bool,
}

impl PublishedFile {
    /// Bytes of its gzip file at most: gzip makes a file that cannot be compressed longer by less than a thousandth.
    pub(super) fn most_packed(&self) -> u64 {
        self.bytes + self.bytes / 1000 + 4096
    }
}

/// Where a data set can be had and what must arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// Base addresses, tried in turn; `<base><file name>.gz` is fetched.
    pub mirrors: Vec<String>,
    /// The four files, in the order of [`Part::ALL`].
    pub files: [PublishedFile; 4],
}

impl Catalogue {
    /// The published addresses and checksums of `name`; `None` where none are known of the files' content.
    pub fn published(name: DatasetName) -> Option<Self> {
        let (mirrors, sums) = match name {
            DatasetName::FashionMnist => (
                [
                    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
                ],
                [
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ],
            ),
            DatasetName::Mnist => (
                [
                    "https://storage.googleapis.com/cvdf-datasets/mnist/",
                    "https://ossci-datasets.s3.amazonaws.com/mnist/",
                ],
                [
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ],
            ),
            // Only the gzip files have published checksums: TensorFlow Datasets, torchvision-ruby and others
            // name these.
            DatasetName::Kmnist => (
                [
                    "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                    "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                ],
                [
                    "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
                    "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
                    "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
                    "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
                ],
            ),
            _ => return None,
        };
        // Headers of 16 and 8 bytes; all of them have 60,000 + 10,000 images of 28 x 28.
        let bytes = [47_040_016, 60_008, 7_840_016, 10_008];
        Some(Catalogue {
            mirrors: mirrors.map(String::from).to_vec(),
            files: [0, 1, 2, 3].map(|i| PublishedFile {
                part: Part::ALL[i],
                bytes: bytes[i],
                sha256: sums[i].to_owned(),
                packed: name == DatasetName::Kmnist,
            }),
        })
    }

    /// Whether the content of `part` with the checksum `sum`, read from `file`, is the published one; `None` where that
    /// cannot be known, as of a file that was packed anew.
    pub(super) fn vouches_for(&self, part: Part, sum: &str, file: &Path) -> Option<bool> {
        let published = self.file(part);
        if !published.packed {
            return Some(published.sha256 == sum);
        }
        let bytes = files::read_bytes(file, published.most_packed()).ok()?;
        (files::sha256(&bytes) == published.sha256).then_some(true)
    }

    /// The entry of `part`.
    pub fn file(&self, part: Part) -> &PublishedFile {
        &self.files[part as usize]
    }
}
