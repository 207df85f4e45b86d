//! A value that is swept: for people, for file names, for axes.

use std::fmt;

use serde::Serialize;
use toml::{Table, Value};

use crate::units::{Metres, Radians, parse_angle, parse_length};

/// What a device has for a swept key; nothing for a key that it leaves out. Serialised it is the bare value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SweptValue(Option<Value>);

/// A value that has a place on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// A bare number.
    Number(f64),
    /// A length.
    Length(Metres),
    /// An angle or a phase.
    Angle(Radians),
}

impl SweptValue {
    /// What `table` has for the dotted `key`.
    pub(super) fn of(table: &Table, key: &str) -> Self {
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| table.get(part));
        SweptValue(parts.try_fold(first, |inner, part| inner.map(|inner| inner.get(part))).flatten().cloned())
    }

    /// The number, length or angle, if it is one.
    pub fn quantity(&self) -> Option<Quantity> {
        match self.0.as_ref()? {
            Value::Integer(value) => Some(Quantity::Number(*value as f64)),
            Value::Float(value) => Some(Quantity::Number(*value)),
            Value::String(text) => {
                let length = parse_length(text).ok().map(Quantity::Length);
                length.or_else(|| parse_angle(text).ok().map(Quantity::Angle))
            }
            _ => None,
        }
    }
}

/// As people read it: `20 mm`, `3`, `[20 mm, 30 mm]`, `-` for nothing.
impl fmt::Display for SweptValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0.as_ref().map_or_else(|| "-".into(), text))
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => number.to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(", ")),
        // The stages of a training, at length: enough to tell them apart.
        Value::Table(table) => table.values().map(text).collect::<Vec<_>>().join("/"),
        other => other.to_string(),
    }
}

/// `value` in letters that any file system takes, and whether that is all of it.
pub(super) fn file_safe(value: &Value) -> (String, bool) {
    if let Value::Array(values) = value {
        let (parts, exact): (Vec<String>, Vec<bool>) = values.iter().map(file_safe).unzip();
        return (parts.join("-"), exact.into_iter().all(|exact| exact));
    }
    let text = text(value);
    let kept = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let letters: String = text.chars().filter(|c| kept(*c)).collect();
    // "20 mm" and "20mm" are one length, so the blank says nothing.
    let exact = !letters.is_empty() && text.chars().all(|c| kept(c) || c == ' ');
    (letters, exact)
}
