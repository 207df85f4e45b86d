//! IDX files, the form MNIST and its successors come in: a header, then bytes; gzipped or not, grey or coloured.
//!
//! Header: two zero bytes, the type of the values (8: unsigned byte), the number of dimensions, and each
//! dimension as a big-endian u32. Nothing is believed before it is checked: no allocation is larger than the
//! header justifies, and no more is read than the header promises plus one byte.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use ndarray::Array3;
use sha2::{Digest, Sha256};

use super::gzip::{TrailingBytes, uncompressed};
use super::picture::luma_709;
use crate::error::{Error, Result};
use crate::units::counted;

/// Bytes of values at most; the largest file of MNIST has 47 million.
pub const MAX_BYTES: usize = 1 << 30;

/// Memory reserved before the first value has been read; a longer file grows as its values arrive.
const FIRST_RESERVE: usize = 1 << 20;

/// The code of unsigned bytes in the header, the only type read.
const UNSIGNED_BYTE: u8 = 8;

/// An IDX file of unsigned bytes: the dimensions and, last one fastest, the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    dimensions: Vec<usize>,
    values: Vec<u8>,
}

impl Idx {
    /// `values` with `dimensions`, last one fastest.
    ///
    /// # Errors
    /// [`Error::Value`] when the dimensions are none, zero, over [`MAX_BYTES`] or not those of `values`.
    pub fn new(dimensions: &[usize], values: Vec<u8>) -> Result<Self> {
        let count = checked_count(dimensions).map_err(Error::Value)?;
        if count != values.len() {
            return Err(Error::Value(format!("{} values for the dimensions {dimensions:?}", values.len())));
        }
        Ok(Idx { dimensions: dimensions.to_vec(), values })
    }

    /// Reads the file at `path`, which must have `dimensions` dimensions.
    ///
    /// One dimension more of size 1 is left out; images of three values a pixel, along the last of four dimensions,
    /// become grey.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::File`] when it is not such a file.
    pub fn open(path: &Path, dimensions: usize) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        Idx::read(path, file, dimensions)
    }

    /// Reads the file in `reader`, gzipped or not; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Idx::open`].
    pub fn read(name: &Path, reader: impl Read, dimensions: usize) -> Result<Self> {
        let failed = |source| unreadable(name, source);
        let mut reader = uncompressed(reader).map_err(failed)?;
        let mut magic = Vec::with_capacity(4);
        reader.by_ref().take(4).read_to_end(&mut magic).map_err(failed)?;
        let found = check_magic(&magic, dimensions).map_err(|problem| Error::file(name, problem))?;

        let mut sizes = Vec::with_capacity(4 * found);
        reader.by_ref().take(4 * found as u64).read_to_end(&mut sizes).map_err(failed)?;
        if sizes.len() < 4 * found {
            return Err(Error::file(name, "ends within its header: the file is truncated; get it again"));
        }
        let wanted = dimensions;
        let dimensions: Vec<usize> = sizes
            .chunks_exact(4)
            .map(|size| size.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
            .collect();
        let channels = Channels::of(&dimensions, wanted).map_err(|problem| Error::file(name, problem))?;
        let count = checked_count(&dimensions).map_err(|problem| {
            Error::file(
                name,
                format!("its header claims {problem}: not a set of images or labels; get it again"),
            )
        })?;

        let mut values = Vec::with_capacity((count + 1).min(FIRST_RESERVE));
        reader.take(count as u64 + 1).read_to_end(&mut values).map_err(failed)?;
        if values.len() < count {
            let problem = format!(
                "holds {} values where its header promises {count}: the file is truncated; get it again",
                values.len()
            );
            return Err(Error::file(name, problem));
        }
        if values.len() > count {
            let problem = format!(
                "goes on after the {count} values its header promises: the file is damaged; get it again"
            );
            return Err(Error::file(name, problem));
        }
        Ok(channels.joined(dimensions, values))
    }

    /// The sizes, slowest first.
    pub fn dimensions(&self) -> &[usize] {
        &self.dimensions
    }

    /// The values, last dimension fastest.
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The header as it stands in the file.
    fn header(&self) -> Vec<u8> {
        let mut header = vec![0, 0, UNSIGNED_BYTE, self.dimensions.len() as u8];
        for size in &self.dimensions {
            header.extend((*size as u32).to_be_bytes());
        }
        header
    }

    /// The uncompressed content of the file: header, then values.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.header().as_slice(), &self.values].concat()
    }

    /// Adds the uncompressed content of the file to `hasher`.
    pub(super) fn hash_into(&self, hasher: &mut Sha256) {
        hasher.update(self.header());
        hasher.update(&self.values);
    }

    /// SHA-256 of the uncompressed content, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        self.hash_into(&mut hasher);
        hexadecimal(hasher)
    }

    /// The values as images `[n, rows, columns]`; `None` unless there are three dimensions.
    pub fn into_images(self) -> Option<Array3<u8>> {
        let &[count, rows, columns] = self.dimensions.as_slice() else { return None };
        Array3::from_shape_vec((count, rows, columns), self.values).ok()
    }

    /// The values as labels `[n]`; `None` unless there is one dimension.
    pub fn into_labels(self) -> Option<Vec<u8>> {
        (self.dimensions.len() == 1).then_some(self.values)
    }
}

/// What `hasher` has seen, in hexadecimal.
pub(super) fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `60000 x 28 x 28`.
fn times(dimensions: &[usize]) -> String {
    dimensions.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

/// Number of values, or what is wrong with the dimensions.
fn checked_count(dimensions: &[usize]) -> std::result::Result<usize, String> {
    let text = times(dimensions);
    match dimensions.iter().try_fold(1_usize, |count, size| count.checked_mul(*size)) {
        _ if dimensions.is_empty() => Err("no dimensions".into()),
        Some(0) => Err(format!("{text} values, which is none")),
        Some(count) if count <= MAX_BYTES => Ok(count),
        _ => Err(format!("{text} values, more than the {MAX_BYTES} that are read at most")),
    }
}

/// Values a pixel or a label has along one dimension more than it should.
enum Channels {
    /// None more.
    Alone,
    /// One, which says nothing.
    Single,
    /// Red, green, blue.
    Colour,
}

impl Channels {
    /// Those of a file of `dimensions` where `wanted` of them were.
    fn of(dimensions: &[usize], wanted: usize) -> std::result::Result<Self, String> {
        if dimensions.len() == wanted {
            return Ok(Channels::Alone);
        }
        match dimensions[wanted] {
            1 => Ok(Channels::Single),
            3 if wanted == IMAGES => Ok(Channels::Colour),
            last if wanted == IMAGES => Err(format!(
                "has {last} values a pixel ({}): images are grey, of {IMAGES} dimensions, or have 1 or 3 values a pixel along the \
                 last of 4, such as 60000 x 28 x 28 x 3",
                times(dimensions)
            )),
            last => Err(format!("has {last} labels an image ({}): each image has one", times(dimensions))),
        }
    }

    /// The grey values, or the labels; colours become luma of Rec. ITU-R BT.709, as pictures do.
    fn joined(&self, mut dimensions: Vec<usize>, mut values: Vec<u8>) -> Idx {
        if !matches!(self, Channels::Alone) {
            dimensions.pop();
        }
        if matches!(self, Channels::Colour) {
            values = values
                .chunks_exact(3)
                .map(|pixel| luma_709([pixel[0].into(), pixel[1].into(), pixel[2].into()]) as u8)
                .collect();
        }
        Idx { dimensions, values }
    }
}

/// Dimensions of a file of images: number, rows, columns.
const IMAGES: usize = 3;

/// How many dimensions the file has: `dimensions`, or one more.
fn check_magic(magic: &[u8], dimensions: usize) -> std::result::Result<usize, String> {
    let what = match dimensions {
        1 => "labels".into(),
        IMAGES => "images".into(),
        _ => format!("{dimensions} dimensions"),
    };
    let expected = format!("an IDX file of {what} starts with 00 00 08 {dimensions:02x}");
    match *magic {
        [0, 0, UNSIGNED_BYTE, found] if [dimensions, dimensions + 1].contains(&found.into()) => {
            Ok(found.into())
        }
        [0, 0, UNSIGNED_BYTE, found] => {
            let swapped =
                (usize::from(found), dimensions) == (1, IMAGES) || (found, dimensions) == (IMAGES as u8, 1);
            Err(format!(
                "has {}; {expected}{}",
                counted(found.into(), "dimension"),
                if swapped { ": are the files of images and labels swapped?" } else { "" }
            ))
        }
        [0, 0, kind @ (9 | 11..=14), _] => {
            Err(format!("holds values of type {kind:#04x}, not unsigned bytes; {expected}"))
        }
        _ if magic.len() < 4 => {
            Err(format!("is {} long; {expected}: get it again", counted(magic.len() as u64, "byte")))
        }
        _ => {
            let found = magic.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
            Err(format!("starts with {found}; {expected}: this is another kind of file"))
        }
    }
}

/// The reader failed: a damaged gzip file is the file's fault, everything else the system's.
fn unreadable(name: &Path, source: io::Error) -> Error {
    if let Some(trailing) = source.get_ref().filter(|inner| inner.is::<TrailingBytes>()) {
        let problem = format!("is whole, but {trailing}: cut them off, or get the file again");
        return Error::file(name, problem);
    }
    match source.kind() {
        ErrorKind::UnexpectedEof => {
            Error::file(name, "ends within its gzip data: the file is truncated; get it again")
        }
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            Error::file(name, format!("its gzip data is damaged ({source}); get the file again"))
        }
        _ => Error::io("read", name, source),
    }
}
