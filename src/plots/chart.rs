//! Curves on straight or logarithmic axes or over names, panels in rows.

use std::path::Path;

use super::axes::{self, LABEL_SIZE, Scale, TICK_SIZE, Tick};
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text, WIDTH};
use super::{PictureFormat, check_finite};
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
/// The same for names that are written upward, at most.
const NAMES: f64 = 340.0;
/// Between the middles of two names that are written upward, at least.
const NAME_PITCH: f64 = 32.0;

/// One axis of a panel; it reaches as far as the curves.
#[derive(Clone, Copy, Debug)]
pub struct ChartAxis<'a> {
    /// Quantity and unit: "time in ms".
    pub name: &'a str,
    /// Whether equal factors are equally long.
    pub logarithmic: bool,
    /// What stands at 0, 1, 2 and so on of an axis across, instead of numbers; none for numbers.
    pub names: &'a [String],
}

/// One curve.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Its name in the legend; an empty one is left out.
    pub name: &'a str,
    /// Points (x, y), joined in their order unless they stand at names.
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
    /// [`Error::Value`] for no panels, a panel without points or with more than five curves, values that are not finite or
    /// not above zero on a logarithmic axis, and ranges for some points but not all; [`Error::Io`] when the file cannot be
    /// written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn draw(&self) -> Result<Sheet> {
        if self.panels.is_empty() {
            return Err(Error::Value("a chart to be plotted has no panels".into()));
        }
        self.panels.iter().try_for_each(ChartPanel::check)?;
        let mut sheet = Sheet::new()?;
        let lines = self.panels.iter().map(|panel| panel.named().count()).max().unwrap_or(0);
        let legend = 28.0 + LEGEND * lines as f64;
        let rows = self.panels.len().div_ceil(IN_A_ROW);
        let in_a_row = self.panels.len().div_ceil(rows);
        let each = (WIDTH - 40.0) / in_a_row as f64;
        let height = (0.8 * each).clamp(420.0, 620.0);
        let all: Vec<f64> = self.panels.iter().flat_map(ChartPanel::values).collect();
        let mut top = sheet.head(self.title, self.note) + legend;
        for row in self.panels.chunks(in_a_row) {
            let mut names: f64 = 0.0;
            for (index, panel) in row.iter().enumerate() {
                let left = 20.0 + index as f64 * each + BESIDE;
                let frame = Pane::new(left, top, each - BESIDE - 30.0, height);
                let values = if self.level { all.clone() } else { panel.values().collect() };
                names = names.max(panel.draw(&mut sheet, frame, &values));
            }
            top += height + BELOW + names + legend;
        }
        sheet.height = top - legend;
        Ok(sheet)
    }
}

impl ChartPanel<'_> {
    fn points(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.series.iter().flat_map(|series| series.points)
    }

    /// The curves of the legend with their inks.
    fn named(&self) -> impl Iterator<Item = (&Series<'_>, Ink)> {
        self.series.iter().zip(INKS).filter(|(series, _)| !series.name.is_empty())
    }

    fn check(&self) -> Result<()> {
        if self.points().next().is_none() || self.series.len() > INKS.len() {
            return Err(Error::Value(format!(
                "a panel of \"{}\" has {} curves: one to five with points can be plotted",
                self.upright.name,
                self.series.len()
            )));
        }
        let name = format!("\"{}\"", self.upright.name);
        if self.series.iter().any(|series| ![0, series.points.len()].contains(&series.ranges.len())) {
            return Err(Error::Value(format!(
                "a curve of {name} has a range for some of its points: all or none must have one"
            )));
        }
        let (across, up) = (self.points().map(|point| point.0).collect(), self.values().collect());
        for (axis, values) in [(&self.across, across), (&self.upright, up)] {
            let values: Vec<f64> = values;
            check_finite(values.iter().copied(), &name)?;
            if let Some(value) = values.iter().find(|value| axis.logarithmic && **value <= 0.0) {
                return Err(Error::Value(format!(
                    "{value} has no place on the logarithmic axis \"{}\"",
                    axis.name
                )));
            }
        }
        Ok(())
    }

    /// Draws into `frame`, its upright axis holds `values`; returns the room that names need below it, beyond that for
    /// numbers.
    fn draw(&self, sheet: &mut Sheet, frame: Pane, values: &[f64]) -> f64 {
        let x = self.across.scale(self.points().map(|point| point.0), frame.left, frame.right());
        let y = self.upright.scale(values.iter().copied(), frame.bottom(), frame.top);
        // Nothing lies between whole numbers.
        let whole = self.points().all(|point| point.0.fract() == 0.0);
        let (across, up) = (
            self.across.ticks(&x, frame.width / 90.0, whole),
            self.upright.ticks(&y, frame.height / 70.0, false),
        );
        axes::grid_lines(sheet, frame, (&x, &across), (&y, &up));
        for (series, ink) in self.series.iter().zip(INKS) {
            let place = |&(at, value): &(f64, f64)| {
                (x.pixel(self.across.placed(at)), y.pixel(self.upright.placed(value)))
            };
            let points: Vec<(f64, f64)> = series.points.iter().map(place).collect();
            let open = |&(_, (low, high)): &(_, &(f64, f64))| low < high;
            for (point, (low, high)) in series.points.iter().zip(series.ranges).filter(open) {
                let ends = [*low, *high].map(|value| place(&(point.0, value)));
                sheet.stroke(ends.to_vec(), 4.0, ink.alpha(0.6));
                for (at, end) in ends {
                    sheet.stroke(vec![(at - 9.0, end), (at + 9.0, end)], 4.0, ink.alpha(0.6));
                }
            }
            if series.marked {
                points.iter().for_each(|point| sheet.disc(*point, 7.0, ink));
            }
            if self.joined() {
                sheet.stroke(points, if series.marked { 4.0 } else { 2.5 }, ink);
            }
        }
        let below = if self.joined() {
            axes::bottom_axis(sheet, frame, &x, &across, true);
            0.0
        } else {
            names_below(sheet, frame, &x, &across)
        };
        axes::left_axis(sheet, frame, &y, &up, true);
        sheet.outline(frame, 2.0, Ink::LINE);
        let at = (frame.middle().0, frame.bottom() + 66.0 + below);
        let name = sheet.fitted(Text::new(self.across.name, at, LABEL_SIZE), frame.width + 100.0);
        sheet.text(name);
        axes::name_beside(sheet, frame, self.upright.name);
        // Above the panel, where no curve runs.
        let size = 24.0;
        let lines = self.named().count();
        for (line, (series, ink)) in self.named().enumerate() {
            let at = frame.top - 26.0 - LEGEND * (lines - 1 - line) as f64;
            if self.joined() {
                let width = if series.marked { 4.0 } else { 2.5 };
                sheet.stroke(vec![(frame.left + 4.0, at), (frame.left + 46.0, at)], width, ink);
            }
            if series.marked {
                sheet.disc((frame.left + 25.0, at), 7.0, ink);
            }
            let name = Text::new(series.name, (frame.left + 58.0, at), size).hang(Hang::Left);
            let name = sheet.fitted(name, frame.width - 58.0);
            sheet.text(name);
        }
        below
    }

    /// Between names there is nothing to pass through.
    fn joined(&self) -> bool {
        self.across.names.is_empty()
    }

    /// Every value on the upright axis.
    fn values(&self) -> impl Iterator<Item = f64> {
        let ranges = self.series.iter().flat_map(|series| series.ranges);
        self.points().map(|point| point.1).chain(ranges.flat_map(|&(low, high)| [low, high]))
    }
}

/// Names below `frame`: lying where all of them have room, else upward, as many as have room; returns how much more room
/// they take than numbers.
fn names_below(sheet: &mut Sheet, frame: Pane, x: &Scale, ticks: &[Tick]) -> f64 {
    let pitch = frame.width / ticks.len() as f64;
    let width = |tick: &Tick| sheet.width_of(&tick.label, TICK_SIZE, Weight::Regular);
    let widest = ticks.iter().map(width).fold(0.0, f64::max);
    if widest <= pitch - 14.0 {
        axes::bottom_axis(sheet, frame, x, ticks, true);
        return 0.0;
    }
    axes::bottom_axis(sheet, frame, x, ticks, false);
    let each = (NAME_PITCH / pitch).ceil().max(1.0) as usize;
    for tick in ticks.iter().step_by(each) {
        let name = Text::new(&tick.label, (x.pixel(tick.value), frame.bottom() + 14.0), TICK_SIZE);
        let name = sheet.fitted(name.hang(Hang::Right).upward(), NAMES);
        sheet.text(name);
    }
    widest.min(NAMES) - 24.0
}

impl ChartAxis<'_> {
    /// Where a value stands on the scale.
    fn placed(&self, value: f64) -> f64 {
        if self.logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value }
    }

    fn scale(&self, values: impl Iterator<Item = f64>, at_low: f64, at_high: f64) -> Scale {
        if !self.names.is_empty() {
            return Scale { low: -0.5, high: self.names.len() as f64 - 0.5, at_low, at_high };
        }
        let (low, high) = values
            .map(|value| self.placed(value))
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let margin = match high > low {
            true => 0.06 * (high - low),
            // Half a decade to either side has a tick for whatever stands alone.
            false if self.logarithmic => 0.5,
            false => 0.05 * high.abs().max(1.0),
        };
        Scale { low: low - margin, high: high + margin, at_low, at_high }
    }

    /// About `count` ticks, at `whole` numbers only or anywhere.
    fn ticks(&self, scale: &Scale, count: f64, whole: bool) -> Vec<Tick> {
        if !self.names.is_empty() {
            let tick = |(at, name): (usize, &String)| Tick { value: at as f64, label: name.clone() };
            return self.names.iter().enumerate().map(tick).collect();
        }
        if whole && !self.logarithmic && scale.high - scale.low <= count {
            let tick = |value: i64| Tick { value: value as f64, label: axes::number(value as f64, 0) };
            return (scale.low.ceil() as i64..=scale.high.floor() as i64).map(tick).collect();
        }
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
