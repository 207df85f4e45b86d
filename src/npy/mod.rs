//! NumPy files (.npy, with the feature `npz` also .npz): written, and read without trust.
//!
//! The header of an array may claim any shape; it is believed only when the file holds as many values, so a damaged one
//! is refused before memory is reserved for it.

use ndarray::{Array, ArrayBase, ArrayView, Data, Dimension, IxDyn, ShapeBuilder};
use num_complex::{Complex, Complex32, Complex64};

#[cfg(feature = "npz")]
mod archive;
mod header;

#[cfg(feature = "npz")]
pub use archive::{Archive, ArchiveWriter};
pub use header::Kind;
use header::{Found, parse, shape_text};

/// A number that arrays are made of.
pub trait Number: Copy {
    /// What NumPy calls it.
    const KIND: Kind;
    /// Its descriptor with the order of bytes it is written in.
    const DESCRIPTOR: &'static str;

    /// The number in `bytes`, [`Kind::width`] of them, the least first.
    fn from_bytes(bytes: &[u8]) -> Self;

    /// Adds the number to `bytes`, the least first.
    fn write(self, bytes: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($number:ty: $kind:expr, $descriptor:literal;)*) => {$(
        impl Number for $number {
            const KIND: Kind = $kind;
            const DESCRIPTOR: &'static str = $descriptor;

            fn from_bytes(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$number>()];
                own.copy_from_slice(bytes);
                <$number>::from_le_bytes(own)
            }

            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    )*};
}

numbers! {
    u8: Kind::Uint(1), "|u1";
    u16: Kind::Uint(2), "<u2";
    u32: Kind::Uint(4), "<u4";
    u64: Kind::Uint(8), "<u8";
    i8: Kind::Int(1), "|i1";
    i16: Kind::Int(2), "<i2";
    i32: Kind::Int(4), "<i4";
    i64: Kind::Int(8), "<i8";
    f32: Kind::Float(4), "<f4";
    f64: Kind::Float(8), "<f8";
}

impl Number for bool {
    const KIND: Kind = Kind::Bool;
    const DESCRIPTOR: &'static str = "|b1";

    fn from_bytes(bytes: &[u8]) -> Self {
        bytes[0] != 0
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self));
    }
}

macro_rules! complex_numbers {
    ($($part:ty: $descriptor:literal;)*) => {$(
        impl Number for Complex<$part> {
            const KIND: Kind = Kind::Complex(2 * size_of::<$part>());
            const DESCRIPTOR: &'static str = $descriptor;

            fn from_bytes(bytes: &[u8]) -> Self {
                let (re, im) = bytes.split_at(size_of::<$part>());
                Complex::new(Number::from_bytes(re), Number::from_bytes(im))
            }

            fn write(self, bytes: &mut Vec<u8>) {
                self.re.write(bytes);
                self.im.write(bytes);
            }
        }
    )*};
}

complex_numbers! {
    f32: "<c8";
    f64: "<c16";
}

/// What the values in `bytes` are, the whole content of a file.
///
/// # Errors
/// As [`read_array`].
pub fn kind(bytes: &[u8]) -> Result<Kind, String> {
    parse(bytes).map(|found| found.kind)
}

/// The array in `bytes`, the whole content of a file, whose values must be of the type `A`.
///
/// # Errors
/// A sentence that says what is wrong; the caller knows the file and what belongs there.
pub fn read_array<A: Number, D: Dimension>(bytes: &[u8]) -> Result<Array<A, D>, String> {
    let found = parse(bytes)?;
    if found.kind != A::KIND {
        return Err(format!("it holds {}, not {}", found.describe(), A::KIND));
    }
    numbers(&found, A::from_bytes)
}

/// The array in `bytes`, the whole content of a file, whatever real numbers it holds, and what they are in the file.
///
/// # Errors
/// As [`read_array`]; also for complex numbers.
pub fn read_real<D: Dimension>(bytes: &[u8]) -> Result<(Array<f64, D>, Kind), String> {
    let found = parse(bytes)?;
    let values = match found.kind {
        Kind::Complex(_) => return Err(format!("it holds {}, not real numbers", found.describe())),
        Kind::Bool => numbers(&found, |bytes| f64::from(u8::from(bool::from_bytes(bytes)))),
        Kind::Uint(1) => numbers(&found, |bytes| f64::from(u8::from_bytes(bytes))),
        Kind::Uint(2) => numbers(&found, |bytes| f64::from(u16::from_bytes(bytes))),
        Kind::Uint(4) => numbers(&found, |bytes| f64::from(u32::from_bytes(bytes))),
        Kind::Uint(_) => numbers(&found, |bytes| u64::from_bytes(bytes) as f64),
        Kind::Int(1) => numbers(&found, |bytes| f64::from(i8::from_bytes(bytes))),
        Kind::Int(2) => numbers(&found, |bytes| f64::from(i16::from_bytes(bytes))),
        Kind::Int(4) => numbers(&found, |bytes| f64::from(i32::from_bytes(bytes))),
        Kind::Int(_) => numbers(&found, |bytes| i64::from_bytes(bytes) as f64),
        Kind::Float(2) => numbers(&found, |bytes| half(u16::from_bytes(bytes))),
        Kind::Float(4) => numbers(&found, |bytes| f64::from(f32::from_bytes(bytes))),
        Kind::Float(_) => numbers(&found, f64::from_bytes),
    }?;
    Ok((values, found.kind))
}

/// The array in `bytes`, the whole content of a file, whatever numbers it holds, and what they are in the file.
///
/// # Errors
/// As [`read_array`].
pub fn read_complex<D: Dimension>(bytes: &[u8]) -> Result<(Array<Complex64, D>, Kind), String> {
    let found = parse(bytes)?;
    let values = match found.kind {
        Kind::Complex(8) => numbers(&found, |bytes| {
            let value = Complex32::from_bytes(bytes);
            Complex::new(f64::from(value.re), f64::from(value.im))
        }),
        Kind::Complex(_) => numbers(&found, Complex64::from_bytes),
        _ => {
            return read_real(bytes)
                .map(|(values, kind)| (values.mapv(|value| Complex::new(value, 0.0)), kind));
        }
    }?;
    Ok((values, found.kind))
}

/// The values of `found` in standard order, each made by `of` from its bytes, the least first.
fn numbers<A: Clone, D: Dimension>(found: &Found, of: impl Fn(&[u8]) -> A) -> Result<Array<A, D>, String> {
    let width = found.kind.width();
    // The parts of a complex number are turned each by itself.
    let part = if matches!(found.kind, Kind::Complex(_)) { width / 2 } else { width };
    let mut turned = vec![0; width];
    let values: Vec<A> = found
        .values
        .chunks_exact(width)
        .map(|bytes| {
            if !found.big_endian {
                return of(bytes);
            }
            turned.copy_from_slice(bytes);
            turned.chunks_exact_mut(part).for_each(<[u8]>::reverse);
            of(&turned)
        })
        .collect();
    let shape = IxDyn(&found.shape).set_f(found.fortran);
    let wrong_dimensions = || format!("it holds {}: {} dimensions", found.describe(), found.shape.len());
    let array = Array::from_shape_vec(shape, values).map_err(|_| wrong_dimensions())?;
    let array = array.into_dimensionality::<D>().map_err(|_| wrong_dimensions())?;
    Ok(if found.fortran { array.as_standard_layout().into_owned() } else { array })
}

/// A number of half precision (IEEE 754, binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => sign * f64::INFINITY,
        0x1f => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

/// The file of `array`, in standard order.
pub fn array_bytes<A, D, S>(array: &ArrayBase<S, D>) -> Vec<u8>
where
    A: Number,
    D: Dimension,
    S: Data<Elem = A>,
{
    let shape = shape_text(array.shape());
    let literal = format!("{{'descr': '{}', 'fortran_order': False, 'shape': {shape}, }}", A::DESCRIPTOR);
    // Magic, version and length take ten bytes; values begin at a multiple of 64, and a line ends before them.
    let length = (10 + literal.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{literal:<0$}\n", length - 1).bytes());
    bytes.reserve(array.len() * A::KIND.width());
    let view: ArrayView<A, D> = array.view();
    view.iter().for_each(|value| value.write(&mut bytes));
    bytes
}

#[cfg(test)]
mod tests;
