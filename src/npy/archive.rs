//! NumPy archives (.npz): arrays in a ZIP file, none of them packed.

use std::io::{Cursor, Read, Write};

use ndarray::{Array, ArrayBase, Data, Dimension};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Number, array_bytes, read_array};
use crate::error::{Error, Result};

/// A NumPy archive whose parts carry checksums.
pub struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    /// Bytes of the file.
    size: u64,
}

impl Archive {
    /// The archive in `bytes`, the whole content of a file.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn open(bytes: Vec<u8>) -> std::result::Result<Self, String> {
        let size = bytes.len() as u64;
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        Ok(Archive { zip, size })
    }

    /// Reads one part; reading it to its end checks its CRC-32, and only then is its header believed.
    ///
    /// d2nn packs nothing, so a part is smaller than its file: one that swells on reading is refused before it does.
    ///
    /// # Errors
    /// A sentence that names the part and says what is wrong.
    pub fn part<A: Number, D: Dimension>(&mut self, name: &str) -> std::result::Result<Array<A, D>, String> {
        let entry = self.zip.by_name(&format!("{name}.npy")).map_err(|error| format!("{name}: {error}"))?;
        let large = || format!("{name}: it is larger than the file it is packed in");
        if entry.size() > self.size {
            return Err(large());
        }
        let mut bytes = Vec::with_capacity(entry.size() as usize);
        entry.take(self.size + 1).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
        if bytes.len() as u64 > self.size {
            return Err(large());
        }
        read_array(&bytes).map_err(|error| format!("{name}: {error}"))
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
