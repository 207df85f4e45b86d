//! The detector plane: regions whose collected power is the answer.

/// A rectangle of pixels on the detector plane, in the order of the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First row.
    pub row: usize,
    /// First column.
    pub column: usize,
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
}
