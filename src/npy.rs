//! NumPy files of others, read without trust.
//!
//! The header of an array may claim any shape, and the reader reserves memory for all of it before the first
//! value is read: a damaged header must be refused before that, or the program is killed instead of saying why.

use std::io::{Cursor, Read};

use ndarray::{Array, Dimension};
use ndarray_npy::{ReadNpyExt, ReadableElement};
use zip::ZipArchive;

/// Bytes of a header at most, as in NumPy itself.
const MAX_HEADER: usize = 10_000;

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
    pub fn open(bytes: Vec<u8>) -> Result<Self, String> {
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
    pub fn part<A: ReadableElement, D: Dimension>(&mut self, name: &str) -> Result<Array<A, D>, String> {
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

/// The array in `bytes`, the whole content of a file.
///
/// # Errors
/// A sentence that says what is wrong; the caller knows the file and what belongs there.
pub fn read_array<A: ReadableElement, D: Dimension>(bytes: &[u8]) -> Result<Array<A, D>, String> {
    check_shape(bytes, size_of::<A>())?;
    Array::read_npy(bytes).map_err(|error| error.to_string())
}

/// Refuses a header that claims more values, of `width` bytes each, than there are bytes for.
///
/// Layout: magic, version, length of the header (2 bytes in version 1, else 4), then a Python literal such as
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }` (numpy.lib.format). What is no such file at all
/// is left to the reader, which stops there too.
fn check_shape(bytes: &[u8], width: usize) -> Result<(), String> {
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else { return Ok(()) };
    let (length, start) = match *rest {
        [1, _, a, b, ..] => (u32::from(u16::from_le_bytes([a, b])), 4),
        [_, _, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]), 6),
        _ => return Ok(()),
    };
    let strange = || "its header is not that of an array".to_owned();
    let header = rest.get(start..start + length as usize).ok_or("its header is cut off")?;
    let header = std::str::from_utf8(header).map_err(|_| strange())?;
    // The reader takes any Python literal, and what it takes for brackets in brackets grows exponentially with them.
    let count = |bracket: char| header.matches(bracket).count();
    if header.len() > MAX_HEADER || (count('{'), count('('), count('[')) != (1, 1, 0) {
        return Err(strange());
    }
    let mut parts = header.split("shape");
    let (Some(_), Some(behind), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(strange());
    };
    let sizes = behind.split_once('(').and_then(|(_, sizes)| sizes.split_once(')'));
    let (sizes, _) = sizes.ok_or_else(strange)?;
    let (mut values, mut empty) = (1_usize, false);
    for size in sizes.split(',').map(str::trim).filter(|size| !size.is_empty()) {
        let size: usize = size.parse().map_err(|_| strange())?;
        // An empty side does not excuse the others: the reader multiplies them too, and panics.
        values = values.saturating_mul(size.max(1));
        empty |= size == 0;
    }
    if values > bytes.len() || !empty && values.saturating_mul(width) > bytes.len() {
        return Err(format!(
            "its header claims an array of ({sizes}), {width} bytes each: more than the file holds"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Ix2, array};
    use ndarray_npy::WriteNpyExt;

    fn file(header: &str, values: &[u8]) -> Vec<u8> {
        let header = format!("{header}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(values);
        bytes
    }

    #[test]
    fn arrays_are_read_whole() {
        let field = array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let mut bytes = Vec::new();
        field.write_npy(&mut bytes).unwrap();
        assert_eq!(read_array(&bytes), Ok(field));
        assert!(read_array::<f64, Ix2>(&bytes).is_err());
        let column = file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1), }", &[7, 8]);
        assert_eq!(read_array(&column), Ok(array![[7u8], [8]]));
    }

    #[test]
    fn damaged_headers_reserve_no_memory() {
        let claim = |shape: &str| {
            let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
            read_array::<f32, Ix2>(&file(&header, &[0; 16])).unwrap_err()
        };
        for shape in ["(100000000, 100000000)", "(4000000000, 4000000000, 4000000000)", "(1000000,)"] {
            assert!(claim(shape).contains("more than the file holds"), "{shape}: {}", claim(shape));
        }
        for shape in ["2", "(two, 2)", "(-1, 4)", "(2, 2), 'shape': (1000000, 1000000)", "("] {
            assert!(claim(shape).contains("not that of an array"), "{shape}: {}", claim(shape));
        }
        // Nothing, of a width beyond numbers.
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9000000000000000000, 9000000000000000000), }";
        assert!(read_array::<f32, Ix2>(&file(header, &[])).is_err());
        // Brackets that would be tried in every combination, and more of them than a stack is deep.
        for bracket in ["[", "(", "{", "[(", "{1:"] {
            for depth in [30, 900, 9_000] {
                let nested = bracket.repeat(depth);
                let header = format!("{{'descr': {nested}, 'fortran_order': False, 'shape': (2, 2), }}");
                let error = read_array::<f32, Ix2>(&file(&header, &[0; 16])).unwrap_err();
                assert!(error.contains("not that of an array"), "{bracket}: {error}");
            }
        }
        // Cut off anywhere: an error, never a panic.
        let whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", &[0; 16]);
        assert!(read_array::<f32, Ix2>(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(read_array::<f32, Ix2>(&whole[..length]).is_err(), "{length}");
        }
    }
}
