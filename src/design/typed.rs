//! Lengths and angles of a design: text with a unit that is read where it stands, so that a wrong one is told with its
//! place in the file.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::units::{Metres, format_length, parse_angle, parse_length, parse_positive_length};

/// Lengths a device may have: from a picometre to a thousand kilometres, so that no product or power of them
/// leaves the range of numbers.
const LENGTHS: RangeInclusive<Metres> = 1e-12..=1e6;
/// Digits after the point of lengths that are written down in place of those left out.
const DIGITS: usize = 9;

/// What a text is read as.
pub trait Dimension {
    /// After "expected".
    const EXPECTED: &'static str;

    /// `text` in metres or radians, or a sentence that says what is wrong with it.
    fn read(text: &str) -> Result<f64, String>;
}

/// A text with a unit, and what it is in metres or radians.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed<Q> {
    text: String,
    value: f64,
    dimension: PhantomData<Q>,
}

/// A length of a device: above zero.
pub type Length = Typed<AboveZero>;
/// A length either way, or none.
pub type Offset = Typed<EitherWay>;
/// An angle or a phase.
pub type Angle = Typed<Turning>;

/// See [`Length`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AboveZero {}
/// See [`Offset`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EitherWay {}
/// See [`Angle`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turning {}

impl Dimension for AboveZero {
    const EXPECTED: &'static str = "a length: text with a unit, such as \"0.75 mm\"";

    fn read(text: &str) -> Result<f64, String> {
        let length = parse_positive_length(text)?;
        if LENGTHS.contains(&length) {
            return Ok(length);
        }
        Err(format!("\"{text}\" is out of range: lengths go from 1 pm to 1000 km (1e6 m)"))
    }
}

impl Dimension for EitherWay {
    const EXPECTED: &'static str = AboveZero::EXPECTED;

    fn read(text: &str) -> Result<f64, String> {
        parse_length(text)
    }
}

impl Dimension for Turning {
    const EXPECTED: &'static str = "an angle: text with a unit, such as \"2 pi\" or \"90 deg\"";

    fn read(text: &str) -> Result<f64, String> {
        parse_angle(text)
    }
}

impl<Q: Dimension> Typed<Q> {
    /// A default: `text`, which is known to be `value`. That it is, is seen when a default design is read back.
    pub(super) fn known(text: &str, value: f64) -> Self {
        Typed { text: text.into(), value, dimension: PhantomData }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// In metres or radians.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Reads a text in a file; `expected` is what is told of anything else.
    pub(super) fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        expected: &'static str,
    ) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TypedText { expected, dimension: PhantomData })
    }
}

impl Length {
    /// `length` as it is written down.
    pub fn of(length: Metres) -> Self {
        let text = format_length(length, DIGITS);
        // What is read back is what is simulated.
        let value = parse_length(&text).unwrap_or(length);
        Self::known(&text, value)
    }
}

impl<Q: Dimension> FromStr for Typed<Q> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Q::read(text).map(|value| Self::known(text, value))
    }
}

/// As it was typed.
impl<Q> fmt::Display for Typed<Q> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

impl<Q> Serialize for Typed<Q> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, Q: Dimension> Deserialize<'de> for Typed<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer, Q::EXPECTED)
    }
}

/// One number for both sides, or [rows, columns].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a number of pixels, or [rows, columns]")]
pub enum Sides {
    /// Rows and columns alike.
    Square(usize),
    /// Rows, columns.
    Each([usize; 2]),
}

impl Sides {
    /// Rows and columns.
    pub fn shape(self) -> (usize, usize) {
        match self {
            Sides::Square(side) => (side, side),
            Sides::Each([rows, columns]) => (rows, columns),
        }
    }
}

/// One length, or a list of them.
pub(super) enum Lengths {
    One(Length),
    List(Vec<Length>),
}

impl Lengths {
    /// Reads either; `expected` is what is told of anything else.
    pub(super) fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        expected: &'static str,
    ) -> Result<Self, D::Error> {
        struct OneOrMore(&'static str);
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Lengths;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.0)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Lengths, E> {
                text.parse().map(Lengths::One).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Lengths, A::Error> {
                let mut lengths = Vec::new();
                while let Some(length) = list.next_element()? {
                    lengths.push(length);
                }
                Ok(Lengths::List(lengths))
            }
        }
        deserializer.deserialize_any(OneOrMore(expected))
    }
}

struct TypedText<Q> {
    expected: &'static str,
    dimension: PhantomData<Q>,
}

impl<Q: Dimension> Visitor<'_> for TypedText<Q> {
    type Value = Typed<Q>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Typed<Q>, E> {
        text.parse().map_err(E::custom)
    }
}
