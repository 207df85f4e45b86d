//! NumPy archives (.npz): arrays in a ZIP file. Those of d2nn are not packed; those of others may be.

use std::io::{Cursor, Read, Write};

use ndarray::{Array, ArrayBase, Data, Dimension};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Number, array_bytes, read_array};
use crate::error::{Error, Result};

/// Memory reserved for a packed part before its first byte has been read.
const FIRST_RESERVE: u64 = 1 << 20;

/// A NumPy archive whose parts carry checksums.
pub struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    /// Bytes a part may have.
    most: u64,
    /// What a part with more is told.
    larger: String,
}

impl Archive {
    /// The archive in `bytes`, the whole content of a file.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn open(bytes: Vec<u8>) -> std::result::Result<Self, String> {
        let size = bytes.len() as u64;
        // d2nn packs nothing, so a part is smaller than its file: one that swells on reading is refused before it does.
        Self::limited(bytes, size, "it is larger than the file it is packed in".into())
    }

    /// The archive in `bytes`, whose parts may be packed; none may have more than `most` bytes.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_packed(bytes: Vec<u8>, most: u64) -> std::result::Result<Self, String> {
        Self::limited(bytes, most, format!("it has more than {most} bytes, the most that are unpacked"))
    }

    fn limited(bytes: Vec<u8>, most: u64, larger: String) -> std::result::Result<Self, String> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        Ok(Archive { zip, most, larger })
    }

    /// Names of the parts.
    pub fn names(&self) -> Vec<String> {
        let names = self.zip.file_names().flatten();
        names.map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_owned()).collect()
    }

    /// The content of one part, a NumPy file; reading it to its end checks its CRC-32.
    ///
    /// # Errors
    /// A sentence that names the part and says what is wrong.
    pub fn bytes(&mut self, name: &str) -> std::result::Result<Vec<u8>, String> {
        let entry = self.zip.by_name(&format!("{name}.npy")).map_err(|error| format!("{name}: {error}"))?;
        if entry.size() > self.most {
            return Err(format!("{name}: {}", self.larger));
        }
        let promised = entry.size();
        let mut bytes = Vec::with_capacity(promised.min(FIRST_RESERVE) as usize);
        // One byte more than the archive promises: what goes on is not unpacked to its end.
        entry.take(promised + 1).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
        if bytes.len() as u64 > promised {
            return Err(format!("{name}: it goes on after the {promised} bytes that the archive promises"));
        }
        Ok(bytes)
    }

    /// Reads one part; only after its checksum is its header believed.
    ///
    /// # Errors
    /// As [`Archive::bytes`]; also for values of another type or of other dimensions.
    pub fn part<A: Number, D: Dimension>(&mut self, name: &str) -> std::result::Result<Array<A, D>, String> {
        read_array(&self.bytes(name)?).map_err(|error| format!("{name}: {error}"))
    }
}

/// A NumPy archive in the making.
pub struct ArchiveWriter {
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

impl Default for ArchiveWriter {
    fn default() -> Self {
        ArchiveWriter { zip: ZipWriter::new(Cursor::new(Vec::new())) }
    }
}

impl ArchiveWriter {
    /// Adds `array` under `name`.
    ///
    /// # Errors
    /// [`Error::Value`] for a name that is taken.
    pub fn add<A, D, S>(&mut self, name: &str, array: &ArrayBase<S, D>) -> Result<()>
    where
        A: Number,
        D: Dimension,
        S: Data<Elem = A>,
    {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.zip
            .start_file(format!("{name}.npy"), options)
            .map_err(std::io::Error::from)
            .and_then(|()| self.zip.write_all(&array_bytes(array)))
            .map_err(|error| Error::Value(format!("cannot put {name} into an archive: {error}")))
    }

    /// The file.
    ///
    /// # Errors
    /// [`Error::Value`] for more than an archive can hold.
    pub fn finish(self) -> Result<Vec<u8>> {
        let file = self.zip.finish();
        let file = file.map_err(|error| Error::Value(format!("cannot put an archive together: {error}")))?;
        Ok(file.into_inner())
    }
}
