//! Arrays that come back, arrays as others write them, and files that are none.

use ndarray::{Array, Array2, Ix1, Ix2, Ix3, array};
use num_complex::{Complex32, Complex64};

use super::*;

fn file(header: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{header}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values);
    bytes
}

fn described(descriptor: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    file(&format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}"), values)
}

#[test]
fn arrays_come_back_whole() {
    fn back<A: Number + PartialEq + std::fmt::Debug, D: Dimension>(array: Array<A, D>) {
        let bytes = array_bytes(&array);
        assert_eq!(
            (bytes.len() - array.len() * A::KIND.width()) % 64,
            0,
            "values are aligned as NumPy has them"
        );
        assert_eq!(read_array(&bytes), Ok(array));
    }
    back(array![[1.0f32, 2.0, 3.0], [4.0, 5.0, -6.5]]);
    back(array![[[1.0f64, f64::MIN_POSITIVE]], [[-0.0, f64::MAX]]]);
    back(array![1u8, 255]);
    back(array![1u64, u64::MAX]);
    back(array![-1i64, i64::MIN]);
    back(array![true, false]);
    back(array![[Complex32::new(1.5, -2.0)], [Complex32::new(0.0, 1.0)]]);
    back(array![Complex64::new(1.5, -2.0)]);
    back(Array2::<f32>::zeros((0, 7)));
    // What is turned is written as it reads.
    let turned = array![[1u8, 2, 3], [4, 5, 6]].reversed_axes();
    assert_eq!(read_array::<u8, Ix2>(&array_bytes(&turned)), Ok(array![[1u8, 4], [2, 5], [3, 6]]));
}

#[test]
fn the_header_is_that_of_numpy() {
    // numpy.save of np.zeros((2, 3), "<f4"), byte for byte.
    let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let literal = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    expected.extend(format!("{literal:<117}\n").bytes());
    expected.extend([0; 24]);
    assert_eq!(array_bytes(&Array2::<f32>::zeros((2, 3))), expected);
}

#[test]
fn arrays_are_read_as_others_write_them() {
    let column = file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", &[1, 4, 2, 5, 3, 6]);
    assert_eq!(read_array(&column), Ok(array![[1u8, 2, 3], [4, 5, 6]]));
    let big = described(">f4", "(2,)", &[0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]);
    assert_eq!(read_array(&big), Ok(array![1.0f32, -2.0]));
    let big = described(">c8", "(1,)", &[0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]);
    assert_eq!(read_array(&big), Ok(array![Complex32::new(1.0, -2.0)]));
    // Python 2 marked long numbers; keys may stand in any order, and in double quotes.
    let old = file(r#"{"shape": (2L, 1L), "fortran_order": False, "descr": "|u1"}"#, &[7, 8]);
    assert_eq!(read_array(&old), Ok(array![[7u8], [8]]));
    // Version 2 counts the header with four bytes.
    let mut second = b"\x93NUMPY\x02\x00".to_vec();
    let header = "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }\n";
    second.extend((header.len() as u32).to_le_bytes());
    second.extend(header.bytes());
    second.extend([1, 0]);
    assert_eq!(read_array(&second), Ok(array![true, false]));
}

#[test]
fn real_numbers_of_any_kind_are_read() {
    let read = |descriptor, values: &[u8]| read_real::<Ix1>(&described(descriptor, "(2,)", values)).unwrap();
    assert_eq!(read("|b1", &[0, 1]), (array![0.0, 1.0], Kind::Bool));
    assert_eq!(read("|i1", &[255, 1]), (array![-1.0, 1.0], Kind::Int(1)));
    assert_eq!(read("<u2", &[1, 1, 2, 0]), (array![257.0, 2.0], Kind::Uint(2)));
    assert_eq!(read(">u2", &[1, 2, 0, 2]), (array![258.0, 2.0], Kind::Uint(2)));
    assert_eq!(read("<i4", &[255, 255, 255, 255, 9, 0, 0, 0]), (array![-1.0, 9.0], Kind::Int(4)));
    // 1.0, and the smallest number of half precision.
    assert_eq!(read("<f2", &[0, 0x3c, 1, 0]), (array![1.0, 2f64.powi(-24)], Kind::Float(2)));
    assert_eq!(read("<f2", &[0xff, 0x7b, 0, 0xc0]), (array![65504.0, -2.0], Kind::Float(2)));
    assert!(half(0x7c00).is_infinite() && half(0xfc01).is_nan());
    let complex = array_bytes(&array![Complex32::new(1.0, 2.0)]);
    assert!(read_real::<Ix1>(&complex).unwrap_err().contains("complex64 of shape (1,), not real numbers"));
    assert_eq!(read_complex(&complex), Ok((array![Complex64::new(1.0, 2.0)], Kind::Complex(8))));
    assert_eq!(
        read_complex(&array_bytes(&array![3i64])),
        Ok((array![Complex64::new(3.0, 0.0)], Kind::Int(8)))
    );
}

#[test]
fn a_refusal_says_what_is_there() {
    let complex = array_bytes(&Array2::<Complex64>::zeros((24, 40)));
    let cut = read_complex::<Ix2>(&complex[..complex.len() - 16]).unwrap_err();
    assert_eq!(
        cut,
        "its header claims complex128 of shape (24, 40), 15360 bytes: more than the file holds (15344)"
    );
    let longer = [&complex[..], &[0; 16]].concat();
    let longer = read_complex::<Ix2>(&longer).unwrap_err();
    assert!(longer.contains("complex128 of shape (24, 40), and 16 bytes follow"), "{longer}");
    let three = array_bytes(&array![[[1.0f64]]]);
    assert_eq!(read_real::<Ix2>(&three).unwrap_err(), "it holds float64 of shape (1, 1, 1): 3 dimensions");
    let other = read_array::<f32, Ix3>(&three).unwrap_err();
    assert_eq!(other, "it holds float64 of shape (1, 1, 1), not float32");
    let read = |bytes: &[u8]| read_real::<Ix1>(bytes).unwrap_err();
    assert!(read(&described("|S5", "(1,)", &[0; 5])).contains("of the type '|S5', which is not read"));
    let record = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
    assert!(read(&file(record, &[0; 4])).contains("records"));
    assert!(read(b"PK\x03\x04").contains("no NumPy array"));
    assert!(read(b"\x93NUMPY\x09\x00\x00\x00").contains("unknown version 9.0"));
}

#[test]
fn damaged_headers_reserve_no_memory() {
    let claim = |shape: &str| read_array::<f32, Ix2>(&described("<f4", shape, &[0; 16])).unwrap_err();
    for shape in ["(100000000, 100000000)", "(4000000000, 4000000000, 4000000000)", "(1000000,)"] {
        assert!(claim(shape).contains("more than the file holds"), "{shape}: {}", claim(shape));
    }
    for shape in ["2", "(two, 2)", "(-1, 4)", "(2, 2), 'shape': (1000000, 1000000)", "(", "(2,, 2)"] {
        assert!(claim(shape).contains("not that of an array"), "{shape}: {}", claim(shape));
    }
    // Nothing, of a width beyond numbers.
    let nothing = described("<f4", "(0, 9000000000000000000, 9000000000000000000)", &[]);
    assert!(read_array::<f32, Ix2>(&nothing).is_err());
    // Brackets, more of them than a stack is deep.
    for bracket in ["[", "(", "{", "[(", "{1:"] {
        for depth in [30, 900, 9_000] {
            let nested = bracket.repeat(depth);
            let header = format!("{{'descr': {nested}, 'fortran_order': False, 'shape': (2, 2), }}");
            let error = read_array::<f32, Ix2>(&file(&header, &[0; 16])).unwrap_err();
            assert!(
                error.contains("not that of an array") || error.contains("records"),
                "{bracket}: {error}"
            );
        }
    }
    // Cut off anywhere: an error, never a panic.
    let whole = described("<f4", "(2, 2)", &[0; 16]);
    assert!(read_array::<f32, Ix2>(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(read_array::<f32, Ix2>(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
#[cfg(feature = "npz")]
fn archives_come_back_and_know_damage() {
    let mut writer = ArchiveWriter::default();
    writer.add("numbers", &array![[1.0f32, 2.0]]).unwrap();
    writer.add("bytes", &array![7u8]).unwrap();
    assert!(writer.add("bytes", &array![8u8]).is_err(), "a name twice");
    let bytes = writer.finish().unwrap();
    let mut archive = Archive::open(bytes.clone()).unwrap();
    assert_eq!(archive.part::<f32, Ix2>("numbers"), Ok(array![[1.0, 2.0]]));
    assert_eq!(archive.part::<u8, Ix1>("bytes"), Ok(array![7]));
    assert!(archive.part::<u8, Ix1>("absent").unwrap_err().starts_with("absent: "));
    let mut damaged = bytes;
    let at = damaged.windows(4).position(|four| four == 2.0f32.to_le_bytes()).unwrap();
    damaged[at] ^= 1;
    assert!(Archive::open(damaged).unwrap().part::<f32, Ix2>("numbers").is_err());
}
