//! How training went: loss and score (accuracy, or similarity of images) against epochs.

use std::path::Path;

use super::axes::{self, LABEL_SIZE, Scale};
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text, WIDTH};
use super::{PictureFormat, check_finite};
use crate::error::{Error, Result};
use crate::units::trimmed;

/// One logged moment of training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct History {
    /// Epochs done, fractions included.
    pub epoch: f64,
    /// Loss on the training images.
    pub training_loss: Option<f64>,
    /// Loss on the validation images.
    pub validation_loss: Option<f64>,
    /// Score on the training images: a share from 0 to 1, or a similarity.
    pub training_score: Option<f64>,
    /// Score on the validation images.
    pub validation_score: Option<f64>,
}

/// What the score is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// Share of images answered right, shown in percent.
    #[default]
    Accuracy,
    /// Structural similarity of the images that are formed.
    Ssim,
}

/// Loss and score, training and validation, with the best validation marked.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// In the order of time.
    pub history: &'a [History],
    /// What its score is.
    pub score: Score,
    /// What was trained.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

/// One panel: two curves on one scale.
struct CurvePanel {
    name: &'static str,
    unit: &'static str,
    training: Vec<(f64, f64)>,
    validation: Vec<(f64, f64)>,
    best: Option<(f64, f64)>,
    best_digits: usize,
}

impl Training<'_> {
    /// Writes the plot to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for an empty history or values that are not finite; [`Error::Io`] when the file cannot
    /// be written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn curve(&self, of: impl Fn(&History) -> Option<f64>) -> Vec<(f64, f64)> {
        self.history.iter().filter_map(|row| of(row).map(|value| (row.epoch, value))).collect()
    }

    fn draw(&self) -> Result<Sheet> {
        if self.history.is_empty() {
            return Err(Error::Value("an empty training history to be plotted".into()));
        }
        check_finite(self.history.iter().map(|row| row.epoch), "an epoch")?;
        let loss = CurvePanel {
            name: "loss",
            unit: "",
            training: self.curve(|row| row.training_loss),
            validation: self.curve(|row| row.validation_loss),
            best: None,
            best_digits: 4,
        };
        let (name, unit, factor, best_digits) = match self.score {
            Score::Accuracy => ("accuracy", " %", 100.0, 2),
            Score::Ssim => ("SSIM", "", 1.0, 4),
        };
        let score = CurvePanel {
            name,
            unit,
            training: self.curve(|row| row.training_score.map(|score| factor * score)),
            validation: self.curve(|row| row.validation_score.map(|score| factor * score)),
            best: None,
            best_digits,
        };
        for panel in [&loss, &score] {
            let values = panel.training.iter().chain(&panel.validation).map(|point| point.1);
            check_finite(values, &format!("a {} of the training history", panel.name))?;
        }
        // The first of equals: later epochs brought nothing.
        let lowest = loss.validation.iter().copied().reduce(|a, b| if b.1 < a.1 { b } else { a });
        let highest = score.validation.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });

        let mut sheet = Sheet::new()?;
        let top = sheet.head(self.title, self.note) + 92.0;
        let (width, height) = (690.0, 500.0);
        let left = Pane::new(150.0, top, width, height);
        let right = Pane::new(WIDTH - 40.0 - width, top, width, height);
        self.panel(&mut sheet, left, &CurvePanel { best: lowest, ..loss });
        self.panel(&mut sheet, right, &CurvePanel { best: highest, ..score });
        sheet.height = top + height + 100.0;
        Ok(sheet)
    }

    fn panel(&self, sheet: &mut Sheet, frame: Pane, panel: &CurvePanel) {
        let epochs = self.history.iter().map(|row| row.epoch);
        let (first, last) = (epochs.clone().fold(f64::MAX, f64::min), epochs.fold(f64::MIN, f64::max));
        let (first, last) = (first.min(if first <= 1.0 { 0.0 } else { first }), last);
        let last = if last > first { last } else { first + 1.0 };
        let x = Scale { low: first, high: last, at_low: frame.left, at_high: frame.right() };
        let values = || panel.training.iter().chain(&panel.validation).map(|point| point.1);
        let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let margin = if high > low { 0.06 * (high - low) } else { 0.05 * high.abs().max(1.0) };
        let y = Scale { low: low - margin, high: high + margin, at_low: frame.bottom(), at_high: frame.top };

        // Few epochs are counted one by one: there is no half of one.
        let count = (last - first).clamp(1.0, 8.0) as usize;
        let (across, up) = (axes::ticks(x.low, x.high, count), axes::ticks(y.low, y.high, 6));
        axes::grid_lines(sheet, frame, (&x, &across), (&y, &up));
        for (curve, ink, width) in [(&panel.training, Ink::PALE, 4.0), (&panel.validation, Ink::BLUE, 5.0)] {
            let points: Vec<_> = curve.iter().map(|&(at, value)| (x.pixel(at), y.pixel(value))).collect();
            // A few points are shown as points, many as a curve.
            if points.len() <= 40 {
                for &point in &points {
                    sheet.disc(point, width + 1.0, ink);
                }
            }
            sheet.stroke(points, width, ink);
        }
        axes::bottom_axis(sheet, frame, &x, &across, true);
        axes::left_axis(sheet, frame, &y, &up, true);
        sheet.outline(frame, 2.0, Ink::LINE);
        let name = if panel.unit.is_empty() { panel.name.to_owned() } else { format!("{} in %", panel.name) };
        sheet.text(Text::new("epoch", (frame.middle().0, frame.bottom() + 68.0), LABEL_SIZE));
        sheet.text(Text::new(name, (frame.left - 108.0, frame.middle().1), LABEL_SIZE).upward());

        if values().next().is_none() {
            sheet.text(Text::new("not recorded", frame.middle(), LABEL_SIZE).ink(Ink::QUIET));
        }
        if let Some((at, value)) = panel.best {
            mark_best(sheet, (x.pixel(at), y.pixel(value)));
        }
        self.legend(sheet, frame, panel);
    }

    /// Above the panel, where no curve runs.
    fn legend(&self, sheet: &mut Sheet, frame: Pane, panel: &CurvePanel) {
        let size = 24.0;
        let y = frame.top - 66.0;
        let mut x = frame.left;
        for (name, curve, ink) in
            [("training", &panel.training, Ink::PALE), ("validation", &panel.validation, Ink::BLUE)]
        {
            if curve.is_empty() {
                continue;
            }
            sheet.stroke(vec![(x + 4.0, y), (x + 46.0, y)], 6.0, ink);
            sheet.text(Text::new(name, (x + 58.0, y), size).hang(Hang::Left));
            x += 58.0 + sheet.width_of(name, size, Weight::Regular) + 36.0;
        }
        if let Some((at, value)) = panel.best {
            let y = frame.top - 26.0;
            mark_best(sheet, (frame.left + 25.0, y));
            let value = format!("{}{}", axes::number(value, panel.best_digits), panel.unit);
            let text = format!("best validation: {value} at epoch {}", trimmed(at, 2));
            sheet.text(Text::new(text, (frame.left + 58.0, y), size).hang(Hang::Left));
        }
    }
}

fn mark_best(sheet: &mut Sheet, at: (f64, f64)) {
    sheet.disc(at, 14.0, Ink::RED);
    sheet.disc(at, 9.0, Ink::WHITE);
    sheet.disc(at, 6.0, Ink::BLUE);
}
