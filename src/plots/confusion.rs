//! Which class is taken for which.

use std::path::Path;

use ndarray::Array2;

use super::PictureFormat;
use super::axes::{self, Bar, LABEL_SIZE, TICK_SIZE};
use super::colormaps::{Colormap, luminance};
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text};
use crate::error::{Error, Result};
use crate::units::grouped;

const LEFT: f64 = 300.0;
const MATRIX: f64 = 1040.0;

/// A confusion matrix with the accuracy of each class.
#[derive(Clone, Copy, Debug)]
pub struct Confusion<'a> {
    /// Number of images, indexed [true class, answer].
    pub counts: &'a Array2<u64>,
    /// Name of each class.
    pub labels: &'a [String],
    /// Which device and which images; the accuracy is added.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

impl Confusion<'_> {
    /// Writes the plot to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for a table that is empty, not square or not of the labels' number; [`Error::Io`] when
    /// the file cannot be written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn draw(&self) -> Result<Sheet> {
        let count = self.labels.len();
        if count == 0 || self.counts.dim() != (count, count) {
            let (rows, columns) = self.counts.dim();
            return Err(Error::Value(format!(
                "a confusion matrix of {rows} x {columns} to be plotted with {count} labels"
            )));
        }
        // In f64: a sum of counts may be larger than any one of them can be.
        let sums: Vec<f64> =
            self.counts.rows().into_iter().map(|row| row.iter().map(|&n| n as f64).sum()).collect();
        let total: f64 = sums.iter().sum();
        let right: f64 = self.counts.diag().iter().map(|&n| n as f64).sum();
        let shares =
            Array2::from_shape_fn((count, count), |(t, a)| share(self.counts[[t, a]] as f64, sums[t]));

        let mut sheet = Sheet::new()?;
        let accuracy = if total > 0.0 {
            format!("{:.2} % of {} right", 100.0 * right / total, grouped(total as u64))
        } else {
            "no images".to_owned()
        };
        let top = sheet.head(&format!("{}: {accuracy}", self.title), self.note) + 60.0;
        let cell = (MATRIX / count as f64).min(160.0).floor();
        let side = cell * count as f64;
        let frame = Pane::new(LEFT, top, side, side);
        // Cells are shapes, not an image: some viewers smooth images, and the table would blur.
        for ((truth, answer), &share) in shares.indexed_iter() {
            let (left, top) = (frame.left + answer as f64 * cell, frame.top + truth as f64 * cell);
            sheet.fill(Pane::new(left, top, cell, cell), Ink::of(Colormap::Share.colour(share)));
        }
        for i in 1..count {
            let at = i as f64 * cell;
            sheet.fill(Pane::new(frame.left, frame.top + at - 1.0, side, 2.0), Ink::WHITE);
            sheet.fill(Pane::new(frame.left + at - 1.0, frame.top, 2.0, side), Ink::WHITE);
        }
        self.write_counts(&mut sheet, frame, cell, &shares);
        sheet.outline(frame, 2.0, Ink::LINE);
        self.name_rows(&mut sheet, frame, cell, &sums);
        let below = self.name_columns(&mut sheet, frame, cell);

        let bar = Pane::new(frame.right() + 220.0, frame.top, 28.0, side.clamp(370.0, 600.0));
        let ticks = axes::ticks(0.0, 100.0, 5);
        let label = "share of the true class in %";
        let share = Bar { map: Colormap::Share, low: 0.0, high: 100.0, ticks, label };
        axes::bar_beside(&mut sheet, bar, &share);
        sheet.height = below.max(bar.bottom() + 40.0);
        Ok(sheet)
    }

    fn write_counts(&self, sheet: &mut Sheet, frame: Pane, cell: f64, shares: &Array2<f64>) {
        for ((truth, answer), &n) in self.counts.indexed_iter() {
            let at = (frame.left + (answer as f64 + 0.5) * cell, frame.top + (truth as f64 + 0.5) * cell);
            // Black on light, white on dark: equal contrast lies at a luminance of 0.18.
            let dark = luminance(Colormap::Share.colour(shares[[truth, answer]])) < 0.25;
            let ink = match (n, dark) {
                (0, _) => Ink::PALE,
                (_, true) => Ink::WHITE,
                (_, false) => Ink::TEXT,
            };
            let text = n.to_string();
            let weight = if truth == answer { Weight::Bold } else { Weight::Regular };
            let size = (cell * 0.4).min(28.0);
            let wide = sheet.width_of(&text, size, weight);
            let size = size * ((cell - 8.0) / wide).min(1.0);
            sheet.text(Text { weight, ..Text::new(text, at, size).ink(ink) });
        }
    }

    /// True classes at the left, their accuracy at the right.
    fn name_rows(&self, sheet: &mut Sheet, frame: Pane, cell: f64, sums: &[f64]) {
        let size = TICK_SIZE.min(cell * 0.7);
        let at = (frame.right() + 86.0, frame.top - 28.0);
        sheet.text(Text::new("accuracy", at, LABEL_SIZE));
        for (index, label) in self.labels.iter().enumerate() {
            let y = frame.top + (index as f64 + 0.5) * cell;
            let name = Text::new(label, (frame.left - 16.0, y), size).hang(Hang::Right);
            let name = sheet.fitted(name, LEFT - 16.0 - 76.0);
            sheet.text(name);
            let right = self.counts[[index, index]] as f64;
            let text = if sums[index] > 0.0 {
                format!("{:.1} %", 100.0 * right / sums[index])
            } else {
                "–".into()
            };
            sheet.text(Text::new(text, (frame.right() + 140.0, y), size).hang(Hang::Right));
        }
        let at = (48.0, frame.middle().1);
        sheet.text(Text::new("true class", at, LABEL_SIZE).bold().upward());
    }

    /// Answers below, level where all names fit and upward where not; returns where the sheet may end.
    fn name_columns(&self, sheet: &mut Sheet, frame: Pane, cell: f64) -> f64 {
        let size = TICK_SIZE.min(cell * 0.7);
        let widths: Vec<f64> =
            self.labels.iter().map(|label| sheet.width_of(label, size, Weight::Regular)).collect();
        let widest = widths.iter().copied().fold(0.0, f64::max).min(240.0);
        let level = widest <= cell - 10.0;
        for (index, label) in self.labels.iter().enumerate() {
            let x = frame.left + (index as f64 + 0.5) * cell;
            let name = if level {
                Text::new(label, (x, frame.bottom() + 26.0), size)
            } else {
                Text::new(label, (x, frame.bottom() + 14.0), size).hang(Hang::Right).upward()
            };
            let name = sheet.fitted(name, 240.0);
            sheet.text(name);
        }
        let deep = if level { 30.0 } else { widest };
        let y = frame.bottom() + deep + 50.0;
        sheet.text(Text::new("answer", (frame.middle().0, y), LABEL_SIZE).bold());
        y + 40.0
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
