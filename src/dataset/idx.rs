//! IDX files, the form MNIST and its successors come in: a header, then bytes; gzipped or not.
//!
//! Header: two zero bytes, the type of the values (8: unsigned byte), the number of dimensions, and each
//! dimension as a big-endian u32. Nothing is believed before it is checked: no allocation is larger than the
//! header justifies, and no more is read than the header promises plus one byte.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ndarray::Array3;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

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
        check_magic(&magic, dimensions).map_err(|problem| Error::file(name, problem))?;

        let mut sizes = Vec::with_capacity(4 * dimensions);
        reader.by_ref().take(4 * dimensions as u64).read_to_end(&mut sizes).map_err(failed)?;
        if sizes.len() < 4 * dimensions {
            return Err(Error::file(name, "ends within its header: the file is truncated; get it again"));
        }
        let dimensions: Vec<usize> = sizes
            .chunks_exact(4)
            .map(|size| size.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
            .collect();
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
        Ok(Idx { dimensions, values })
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

/// The content of `reader`, decompressed when it starts like a gzip file, whatever its name.
pub(super) fn uncompressed<'a>(mut reader: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(2);
    reader.by_ref().take(2).read_to_end(&mut start)?;
    let gzipped = start == [0x1f, 0x8b];
    let whole = Cursor::new(start).chain(reader);
    Ok(if gzipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// What `hasher` has seen, in hexadecimal.
pub(super) fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Number of values, or what is wrong with the dimensions.
fn checked_count(dimensions: &[usize]) -> std::result::Result<usize, String> {
    let text = dimensions.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    match dimensions.iter().try_fold(1_usize, |count, size| count.checked_mul(*size)) {
        _ if dimensions.is_empty() => Err("no dimensions".into()),
        Some(0) => Err(format!("{text} values, which is none")),
        Some(count) if count <= MAX_BYTES => Ok(count),
        _ => Err(format!("{text} values, more than the {MAX_BYTES} that are read at most")),
    }
}

fn check_magic(magic: &[u8], dimensions: usize) -> std::result::Result<(), String> {
    let what = match dimensions {
        1 => "labels".into(),
        3 => "images".into(),
        _ => format!("{dimensions} dimensions"),
    };
    let expected = format!("an IDX file of {what} starts with 00 00 08 {dimensions:02x}");
    match *magic {
        [0, 0, UNSIGNED_BYTE, found] if usize::from(found) == dimensions => Ok(()),
        [0, 0, UNSIGNED_BYTE, found] => Err(format!(
            "has {found} dimension{}; {expected}: are the files of images and labels swapped?",
            if found == 1 { "" } else { "s" }
        )),
        [0, 0, kind @ (9 | 11..=14), _] => {
            Err(format!("holds values of type {kind:#04x}, not unsigned bytes; {expected}"))
        }
        _ if magic.len() < 4 => Err(format!("is {} bytes long; {expected}: get it again", magic.len())),
        _ => {
            let found = magic.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
            Err(format!("starts with {found}; {expected}: this is another kind of file"))
        }
    }
}

/// The reader failed: a damaged gzip file is the file's fault, everything else the system's.
fn unreadable(name: &Path, source: io::Error) -> Error {
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
