//! Figures for programs.

use serde_json::{Value, json};

use crate::evaluation::Figure;

/// An object with the figures by their keys; null for what is not known.
pub(super) fn json_of(figures: &[Figure]) -> Value {
    figures.iter().map(|figure| (figure.key.to_owned(), json!(figure.value))).collect()
}
