//! The header of a NumPy file: what is in it, and how much of it there must be.
//!
//! Layout (numpy.lib.format): magic, version, length of the header (2 bytes in version 1, else 4), then a Python literal
//! such as `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`. Anybody may have written it: a shape is
//! believed only when the file holds as many values.

use std::fmt;

/// Bytes of a header at most, as in NumPy itself.
const MAX_HEADER: usize = 10_000;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One byte, 0 or 1.
    Bool,
    /// A whole number with a sign, of that many bytes.
    Int(usize),
    /// A whole number without a sign, of that many bytes.
    Uint(usize),
    /// A number of that many bytes.
    Float(usize),
    /// A complex number of that many bytes.
    Complex(usize),
}

impl Kind {
    /// Bytes a value.
    pub fn width(self) -> usize {
        match self {
            Kind::Bool => 1,
            Kind::Int(width) | Kind::Uint(width) | Kind::Float(width) | Kind::Complex(width) => width,
        }
    }

    /// As the descriptor of a header has it, without the order of bytes: `f4`.
    fn parse(code: &str) -> Option<Self> {
        let (kind, width) = (code.chars().next()?, code.get(1..)?.parse().ok()?);
        let kind: fn(usize) -> Kind = match kind {
            'b' if width == 1 => return Some(Kind::Bool),
            'i' if [1, 2, 4, 8].contains(&width) => Kind::Int,
            'u' if [1, 2, 4, 8].contains(&width) => Kind::Uint,
            'f' if [2, 4, 8].contains(&width) => Kind::Float,
            'c' if [8, 16].contains(&width) => Kind::Complex,
            _ => return None,
        };
        Some(kind(width))
    }
}

impl fmt::Display for Kind {
    /// As NumPy calls it: `float32`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Bool => f.write_str("bool"),
            Kind::Int(width) => write!(f, "int{}", 8 * width),
            Kind::Uint(width) => write!(f, "uint{}", 8 * width),
            Kind::Float(width) => write!(f, "float{}", 8 * width),
            Kind::Complex(width) => write!(f, "complex{}", 8 * width),
        }
    }
}

/// A header that was read, and the values behind it: as many as it claims.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) kind: Kind,
    /// Whether the first byte of a value is the one that counts most.
    pub(super) big_endian: bool,
    /// Whether neighbours along the first axis lie side by side.
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
    pub(super) values: &'a [u8],
}

impl Found<'_> {
    /// `float32 of shape (200, 200)`.
    pub(super) fn describe(&self) -> String {
        format!("{} of shape {}", self.kind, shape_text(&self.shape))
    }
}

/// A shape as NumPy prints it: `(2, 3)`, `(7,)`, `()`.
pub(super) fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        sides => format!("({})", sides.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Reads the header at the beginning of `bytes`, the whole content of a file.
///
/// # Errors
/// A sentence that says what is wrong; the caller knows the file and what belongs there.
pub(super) fn parse(bytes: &[u8]) -> Result<Found<'_>, String> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("it is no NumPy array (.npy)")?;
    let (length, start) = match *rest {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([a, b])), 4),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize, 6),
        [0 | 4.., minor, ..] => {
            return Err(format!("it is a NumPy array of the unknown version {}.{minor}", rest[0]));
        }
        _ => return Err("its header is cut off".into()),
    };
    let strange = || "its header is not that of an array".to_owned();
    let end = start + length;
    let header = rest.get(start..end).ok_or("its header is cut off")?;
    let header =
        std::str::from_utf8(header).ok().filter(|header| header.len() <= MAX_HEADER).ok_or_else(strange)?;
    let Literal { descriptor, fortran, shape } = Literal::parse(header).ok_or_else(strange)?;
    let descriptor = descriptor.ok_or("it holds records or objects, not numbers")?;
    let (order, code) = descriptor.split_at_checked(1).ok_or_else(strange)?;
    let big_endian = match order {
        "<" | "|" => false,
        ">" => true,
        "=" => cfg!(target_endian = "big"),
        _ => return Err(strange()),
    };
    let kind = Kind::parse(code)
        .ok_or_else(|| format!("its values are of the type '{descriptor}', which is not read"))?;
    let values = &rest[end..];
    let claimed = shape.iter().try_fold(kind.width(), |product, side| product.checked_mul(*side));
    let found = Found { kind, big_endian, fortran, shape, values };
    let what = || format!("its header claims {}", found.describe());
    match claimed {
        Some(claimed) if claimed == values.len() => Ok(found),
        Some(claimed) if claimed < values.len() => {
            Err(format!("{}, and {} bytes follow behind them", what(), values.len() - claimed))
        }
        Some(claimed) => {
            Err(format!("{}, {claimed} bytes: more than the file holds ({})", what(), values.len()))
        }
        None => Err(format!("{}: more than the file holds", what())),
    }
}

/// The dictionary of a header.
struct Literal<'a> {
    /// None for a list: a record.
    descriptor: Option<&'a str>,
    fortran: bool,
    shape: Vec<usize>,
}

impl<'a> Literal<'a> {
    /// The three keys in any order, each once; nothing nested but the sizes.
    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim_end_matches(['\n', ' ', '\0']).trim_start().strip_prefix('{')?;
        let (mut descriptor, mut fortran, mut shape) = (None, None, None);
        loop {
            rest = rest.trim_start();
            if let Some(end) = rest.strip_prefix('}') {
                let whole = end.trim().is_empty();
                return whole.then_some(Literal {
                    descriptor: descriptor?,
                    fortran: fortran?,
                    shape: shape?,
                });
            }
            let (key, behind) = quoted(rest)?;
            rest = behind.trim_start().strip_prefix(':')?.trim_start();
            match key {
                "descr" if descriptor.is_none() => {
                    if let Some((code, behind)) = quoted(rest) {
                        (descriptor, rest) = (Some(Some(code)), behind);
                    } else {
                        // A list of fields; what follows does not matter.
                        rest.strip_prefix('[')?;
                        return Some(Literal { descriptor: None, fortran: false, shape: Vec::new() });
                    }
                }
                "fortran_order" if fortran.is_none() => {
                    let (value, behind) = if let Some(behind) = rest.strip_prefix("True") {
                        (true, behind)
                    } else {
                        (false, rest.strip_prefix("False")?)
                    };
                    (fortran, rest) = (Some(value), behind);
                }
                "shape" if shape.is_none() => {
                    let (sides, behind) = rest.strip_prefix('(')?.split_once(')')?;
                    (shape, rest) = (Some(sizes(sides)?), behind);
                }
                _ => return None,
            }
            rest = rest.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(behind) => behind,
                None if rest.starts_with('}') => rest,
                None => return None,
            };
        }
    }
}

/// What stands in quotes at the beginning of `text`, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    text[1..].split_once(quote)
}

/// `2, 3`, also as Python 2 wrote it, `2L, 3L`; a comma may follow the last.
fn sizes(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let text = text.strip_suffix(',').unwrap_or(text);
    text.split(',').map(|size| size.trim().trim_end_matches('L').parse().ok()).collect()
}
