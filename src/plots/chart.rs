//! Curves on straight or logarithmic axes, panels in rows.

use std::path::Path;

use super::axes::{self, LABEL_SIZE, Scale, Tick};
use super::sheet::{Frame, Hang, Ink, Sheet, Text, WIDTH};
use super::{Format, check_finite};
use crate::error::{Error, Result};

/// Inks of the curves, in their order.
const INKS: [Ink; 5] = [Ink::BLUE, Ink::RED, Ink::TEAL, Ink::LINE, Ink::PALE];
/// Room at the left of a panel for ticks and the name of its axis.
const BESIDE: f64 = 130.0;
/// Height of a line of the legend.
const LEGEND: f64 = 38.0;
/// Panels in a row at most.
const IN_A_ROW: usize = 3;
/// Room below a panel for ticks and the name of its axis.
const BELOW: f64 = 100.0;

/// One axis of a panel; it reaches as far as the curves.
#[derive(Clone, Copy, Debug)]
pub struct ChartAxis<'a> {
    /// Quantity and unit: "time in ms".
    pub name: &'a str,
    /// Whether equal factors are equally long.
    pub logarithmic: bool,
}

/// One curve.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Points (x, y), joined in their order.
    pub points: &'a [(f64, f64)],
    /// Lowest and highest value at each point, drawn as a bar; empty for none.
    pub ranges: &'a [(f64, f64)],
    /// Whether the points are marked; a line without marks is something to compare with.
    pub marked: bool,
}

/// Curves on one pair of axes.
#[derive(Clone, Copy, Debug)]
pub struct ChartPanel<'a> {
    /// What the curves depend on.
    pub across: ChartAxis<'a>,
    /// What they show.
    pub upright: ChartAxis<'a>,
    /// Up to five curves; the last lies on top.
    pub series: &'a [Series<'a>],
}

/// Panels on one sheet, up to three in a row.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    /// From left to right, row by row.
    pub panels: &'a [ChartPanel<'a>],
    /// Whether the upright axes of all panels reach equally far.
    pub level: bool,
    /// What is shown.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

impl Chart<'_> {
    /// Writes the chart to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for no panels, a panel without points or with more than five curves, ranges for some points but
    /// not all, values that are not finite, and values that are not above zero on a logarithmic axis; [`Error::Io`] when the file cannot be written.
    pub fn write(&self, path: &Path, format: Format) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn draw(&self) -> Result<Sheet> {
        if self.panels.is_empty() {
            return Err(Error::Value("a chart to be plotted has no panels".into()));
        }
        self.panels.iter().try_for_each(ChartPanel::check)?;
        let mut sheet = Sheet::new()?;
        let lines = self.panels.iter().map(|panel| panel.series.len()).max().unwrap_or(0);
        let head = sheet.head(self.title, self.note);
        let legend = 28.0 + LEGEND * lines as f64;
        let rows = self.panels.len().div_ceil(IN_A_ROW);
        let in_a_row = self.panels.len().div_ceil(rows);
        let each = (WIDTH - 40.0) / in_a_row as f64;
        let height = (0.8 * each).clamp(420.0, 620.0);
        let all: Vec<f64> = self.panels.iter().flat_map(ChartPanel::values).collect();
        for (index, panel) in self.panels.iter().enumerate() {
            let left = 20.0 + (index % in_a_row) as f64 * each + BESIDE;
            let top = head + legend + (index / in_a_row) as f64 * (legend + height + BELOW);
            let frame = Frame::new(left, top, each - BESIDE - 30.0, height);
            let values = if self.level { all.clone() } else { panel.values().collect() };
            panel.draw(&mut sheet, frame, &values);
        }
        sheet.height = head + rows as f64 * (legend + height + BELOW);
        Ok(sheet)
    }
}

impl ChartPanel<'_> {
    fn points(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.series.iter().flat_map(|series| series.points)
    }

    /// Every value on the upright axis.
    fn values(&self) -> impl Iterator<Item = f64> {
        let ranges = self.series.iter().flat_map(|series| series.ranges);
        self.points().map(|point| point.1).chain(ranges.flat_map(|&(low, high)| [low, high]))
    }

    fn check(&self) -> Result<()> {
        if self.series.iter().any(|series| ![0, series.points.len()].contains(&series.ranges.len())) {
            return Err(Error::Value(format!(
                "a curve of \"{}\" has a range for some of its points: all or none must have one",
                self.upright.name
            )));
        }
        if self.points().next().is_none() || self.series.len() > INKS.len() {
            return Err(Error::Value(format!(
                "a panel of \"{}\" has {} curves: one to five with points can be plotted",
                self.upright.name,
                self.series.len()
            )));
        }
        let (across, up) = (self.points().map(|point| point.0).collect(), self.values().collect());
        for (axis, values) in [(&self.across, across), (&self.upright, up)] {
            let values: Vec<f64> = values;
            check_finite(values.iter().copied(), &format!("\"{}\"", self.upright.name))?;
            if let Some(value) = values.iter().find(|value| axis.logarithmic && **value <= 0.0) {
                return Err(Error::Value(format!(
                    "{value} has no place on the logarithmic axis \"{}\"",
                    axis.name
                )));
            }
        }
        Ok(())
    }

    /// Draws the panel; its upright axis holds `values`.
    fn draw(&self, sheet: &mut Sheet, frame: Frame, values: &[f64]) {
        let x = self.across.scale(self.points().map(|point| point.0), frame.left, frame.right());
        let y = self.upright.scale(values.iter().copied(), frame.bottom(), frame.top);
        let (across, up) =
            (self.across.ticks(&x, frame.width / 90.0), self.upright.ticks(&y, frame.height / 70.0));
        axes::grid_lines(sheet, frame, (&x, &across), (&y, &up));
        for (series, ink) in self.series.iter().zip(INKS) {
            let place = |&(at, value): &(f64, f64)| {
                (x.pixel(self.across.placed(at)), y.pixel(self.upright.placed(value)))
            };
            let open = |&(_, (low, high)): &(_, &(f64, f64))| low < high;
            for (point, (low, high)) in series.points.iter().zip(series.ranges).filter(open) {
                let ends = [*low, *high].map(|value| place(&(point.0, value)));
                sheet.stroke(ends.to_vec(), 4.0, ink.alpha(0.6));
                for (at, end) in ends {
                    sheet.stroke(vec![(at - 9.0, end), (at + 9.0, end)], 4.0, ink.alpha(0.6));
                }
            }
            let points: Vec<(f64, f64)> = series.points.iter().map(place).collect();
            if series.marked {
                points.iter().for_each(|point| sheet.disc(*point, 7.0, ink));
            }
            sheet.stroke(points, if series.marked { 4.0 } else { 2.5 }, ink);
        }
        axes::bottom_axis(sheet, frame, &x, &across, true);
        axes::left_axis(sheet, frame, &y, &up, true);
        sheet.outline(frame, 2.0, Ink::LINE);
        sheet.text(Text::new(self.across.name, (frame.middle().0, frame.bottom() + 66.0), LABEL_SIZE));
        axes::name_beside(sheet, frame, self.upright.name);
        // Above the panel, where no curve runs.
        let size = 24.0;
        for (line, (series, ink)) in self.series.iter().zip(INKS).enumerate() {
            let at = frame.top - 26.0 - LEGEND * (self.series.len() - 1 - line) as f64;
            sheet.stroke(
                vec![(frame.left + 4.0, at), (frame.left + 46.0, at)],
                if series.marked { 4.0 } else { 2.5 },
                ink,
            );
            if series.marked {
                sheet.disc((frame.left + 25.0, at), 7.0, ink);
            }
            let name = Text::new(series.name, (frame.left + 58.0, at), size).hang(Hang::Left);
            let name = sheet.fitted(name, frame.width - 58.0);
            sheet.text(name);
        }
    }
}

impl ChartAxis<'_> {
    /// Where a value stands on the scale.
    fn placed(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    fn scale(&self, values: impl Iterator<Item = f64>, at_low: f64, at_high: f64) -> Scale {
        let (low, high) = values
            .map(|value| self.placed(value))
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let margin = if high > low { 0.06 * (high - low) } else { 0.05 * high.abs().max(1.0) };
        Scale { low: low - margin, high: high + margin, at_low, at_high }
    }

    /// About `count` ticks.
    fn ticks(&self, scale: &Scale, count: f64) -> Vec<Tick> {
        if !self.logarithmic {
            return axes::ticks(scale.low, scale.high, count as usize);
        }
        // Whole powers of ten where they are many, otherwise 1, 2 and 5 times them.
        let decades = scale.high - scale.low;
        let steps: &[f64] = if decades * 3.0 <= count { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let (first, last) = (scale.low.floor() as i32, scale.high.ceil() as i32);
        (first..=last)
            .flat_map(|power| steps.iter().map(move |step| (power, *step)))
            .filter_map(|(power, step)| {
                let value = step * 10f64.powi(power);
                let at = value.log10();
                let label = match power {
                    -3..=4 => axes::number(value, (-power).max(0) as usize),
                    _ if step == 1.0 => axes::power_of_ten(power),
                    _ => axes::number(step, 0) + "\u{b7}" + &axes::power_of_ten(power),
                };
                (scale.low..=scale.high).contains(&at).then_some(Tick { value: at, label })
            })
            .collect()
    }
}
