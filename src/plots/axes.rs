//! Axes: where ticks stand, how numbers are written, frames and colour bars.

use ndarray::Array2;

use super::colormaps::Colormap;
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text};
use crate::grid::Grid;

/// Pixels per em of tick labels.
pub(super) const TICK_SIZE: f64 = 24.0;
/// Pixels per em of axis labels.
pub(super) const LABEL_SIZE: f64 = 26.0;
const TICK_LENGTH: f64 = 8.0;

/// A tick: its value and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// Round values inside `low`..=`high`, about `count` of them: steps of 1, 2, 4 or 5 times a power of ten.
pub(super) fn ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return vec![Tick { value: low, label: number(low, 0) }];
    }
    let rough = span / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 4.0, 5.0].iter().map(|m| m * power).find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let digits = (-(step * 1.001).log10().floor()).max(0.0) as usize;
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    (first..=last)
        .map(|i| {
            let value = i as f64 * step;
            Tick { value, label: number(value, digits) }
        })
        .collect()
}

/// `value` with `digits` digits after the point and a true minus sign; `1.5e-9` where that would be long.
pub(super) fn number(value: f64, digits: usize) -> String {
    let long = value != 0.0 && (digits > 6 || value.abs() >= 1e7);
    let text = if long { format!("{value:.1e}") } else { format!("{value:.0$}", digits.min(6)) };
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// The power of ten (a multiple of three) to take out of numbers up to `largest`, 0 if none need be.
pub(super) fn common_exponent(largest: f64) -> i32 {
    if largest == 0.0 || (0.05..10_000.0).contains(&largest) {
        return 0;
    }
    (largest.log10() / 3.0).floor() as i32 * 3
}

/// "10⁻⁶" for -6, nothing for 0.
pub(super) fn power_of_ten(exponent: i32) -> String {
    if exponent == 0 {
        return String::new();
    }
    let raised = |c| match c {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        '0' => '\u{2070}',
        digit => char::from_u32(0x2070 + char::to_digit(digit, 10).unwrap_or(0)).unwrap_or(digit),
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

/// A straight map from values to pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) at_low: f64,
    pub(super) at_high: f64,
}

impl Scale {
    pub(super) fn pixel(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        let share = if span == 0.0 { 0.5 } else { (value - self.low) / span };
        self.at_low + share * (self.at_high - self.at_low)
    }
}

/// The unit a plane is measured in on paper: its name and its size in metres.
pub(super) fn length_unit(extent: f64) -> (&'static str, f64) {
    match extent {
        e if e >= 5.0 => ("m", 1.0),
        e if e >= 2e-3 => ("mm", 1e-3),
        e if e >= 2e-6 => ("\u{b5}m", 1e-6),
        _ => ("nm", 1e-9),
    }
}

/// Which sides of a plane's frame carry words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub(super) x: bool,
    pub(super) y: bool,
}

/// Frame, ticks and labels of a plane shown in `frame`: x to the right, y downward as rows go, from the axis.
pub(super) fn plane(sheet: &mut Sheet, frame: Pane, grid: &Grid, words: Words) {
    plane_ticks(sheet, frame, grid, words, 14.0);
    let (height, width) = grid.aperture();
    let unit = length_unit(height.max(width)).0;
    if words.x {
        name_below(sheet, frame, &format!("x in {unit}"));
    }
    if words.y {
        name_beside(sheet, frame, &format!("y in {unit}"));
    }
}

/// The same without the names of the axes; tick labels may stand out of the frame by `spill` pixels.
pub(super) fn plane_ticks(sheet: &mut Sheet, frame: Pane, grid: &Grid, words: Words, spill: f64) {
    let (height, width) = grid.aperture();
    let size = length_unit(height.max(width)).1;
    let (half_x, half_y) = (width / size / 2.0, height / size / 2.0);
    let x = Scale { low: -half_x, high: half_x, at_low: frame.left, at_high: frame.right() };
    let y = Scale { low: -half_y, high: half_y, at_low: frame.top, at_high: frame.bottom() };
    let span = |tick: &Tick| {
        let half = sheet.width_of(&tick.label, TICK_SIZE, Weight::Regular) / 2.0;
        (x.pixel(tick.value) - half, x.pixel(tick.value) + half)
    };
    let across = roomy_ticks(&x, |ticks| {
        // Ends that stand out too far are dropped, on both sides as the axis is in the middle.
        ticks.retain(|tick| {
            let (left, right) = span(tick);
            let sign =
                if tick.value > 0.0 { sheet.width_of("\u{2212}", TICK_SIZE, Weight::Regular) } else { 0.0 };
            left >= frame.left - spill && right + sign / 2.0 <= frame.right() + spill
        });
        ticks.windows(2).all(|pair| span(&pair[0]).1 + 9.0 <= span(&pair[1]).0)
    });
    bottom_axis(sheet, frame, &x, &across, words.x);
    left_axis(sheet, frame, &y, &upward_ticks(&y), words.y);
    sheet.outline(frame, 2.0, Ink::LINE);
}

/// The densest ticks, five at most, that `fits` accepts; it may thin them out first.
fn roomy_ticks(scale: &Scale, fits: impl Fn(&mut Vec<Tick>) -> bool) -> Vec<Tick> {
    let mut best = Vec::new();
    for count in (1..=10).rev() {
        let mut found = ticks(scale.low, scale.high, count);
        if fits(&mut found) && found.len() <= 5 && found.len() > best.len() {
            best = found;
        }
    }
    best
}

/// Ticks for an axis that stands upright.
pub(super) fn upward_ticks(scale: &Scale) -> Vec<Tick> {
    roomy_ticks(scale, |ticks| {
        ticks.windows(2).all(|pair| (scale.pixel(pair[1].value) - scale.pixel(pair[0].value)).abs() >= 27.0)
    })
}

/// Name of the axis below `frame`.
pub(super) fn name_below(sheet: &mut Sheet, frame: Pane, name: &str) {
    sheet.text(Text::new(name, (frame.middle().0, frame.bottom() + 66.0), LABEL_SIZE));
}

/// Name of the axis left of `frame`, clear of four-letter tick labels.
pub(super) fn name_beside(sheet: &mut Sheet, frame: Pane, name: &str) {
    let name = Text::new(name, (frame.left - 100.0, frame.middle().1), LABEL_SIZE).upward();
    let name = sheet.fitted(name, frame.height + 80.0);
    sheet.text(name);
}

/// Ticks below `frame`, labelled if `words`.
pub(super) fn bottom_axis(sheet: &mut Sheet, frame: Pane, scale: &Scale, ticks: &[Tick], words: bool) {
    for tick in ticks {
        let x = scale.pixel(tick.value);
        sheet.fill(Pane::new(x - 1.0, frame.bottom(), 2.0, TICK_LENGTH), Ink::LINE);
        if words {
            sheet.text(Text::new(&tick.label, (x, frame.bottom() + 26.0), TICK_SIZE));
        }
    }
}

/// Ticks left of `frame`, labelled if `words`.
pub(super) fn left_axis(sheet: &mut Sheet, frame: Pane, scale: &Scale, ticks: &[Tick], words: bool) {
    for tick in ticks {
        let y = scale.pixel(tick.value);
        sheet.fill(Pane::new(frame.left - TICK_LENGTH, y - 1.0, TICK_LENGTH, 2.0), Ink::LINE);
        if words {
            sheet.text(Text::new(&tick.label, (frame.left - 14.0, y), TICK_SIZE).hang(Hang::Right));
        }
    }
}

/// Pale lines across `frame` at the ticks of both axes, below the curves.
pub(super) fn grid_lines(sheet: &mut Sheet, frame: Pane, x: (&Scale, &[Tick]), y: (&Scale, &[Tick])) {
    for tick in x.1 {
        sheet.fill(Pane::new(x.0.pixel(tick.value) - 1.0, frame.top, 2.0, frame.height), Ink::GRID);
    }
    for tick in y.1 {
        sheet.fill(Pane::new(frame.left, y.0.pixel(tick.value) - 1.0, frame.width, 2.0), Ink::GRID);
    }
}

/// What a colour bar says.
pub(super) struct Bar<'a> {
    pub(super) map: Colormap,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<Tick>,
    pub(super) label: &'a str,
}

/// A colour bar lying in `frame`, ticks and label below it.
pub(super) fn bar_below(sheet: &mut Sheet, frame: Pane, bar: &Bar) {
    let colours = Array2::from_shape_fn((1, 256), |(_, i)| i as f64 / 255.0);
    sheet.raster(frame, colours.view(), bar.map, true);
    let scale = Scale { low: bar.low, high: bar.high, at_low: frame.left, at_high: frame.right() };
    bottom_axis(sheet, frame, &scale, &bar.ticks, true);
    sheet.outline(frame, 2.0, Ink::LINE);
    let label = Text::new(bar.label, (frame.middle().0, frame.bottom() + 64.0), LABEL_SIZE);
    let label = sheet.fitted(label, frame.width + 60.0);
    sheet.text(label);
}

/// A colour bar standing in `frame`, low end at the bottom, ticks at its right, label further right.
pub(super) fn bar_beside(sheet: &mut Sheet, frame: Pane, bar: &Bar) {
    let colours = Array2::from_shape_fn((256, 1), |(i, _)| 1.0 - i as f64 / 255.0);
    sheet.raster(frame, colours.view(), bar.map, true);
    let scale = Scale { low: bar.low, high: bar.high, at_low: frame.bottom(), at_high: frame.top };
    let mut widest = 0.0f64;
    for tick in &bar.ticks {
        let y = scale.pixel(tick.value);
        sheet.fill(Pane::new(frame.right(), y - 1.0, TICK_LENGTH, 2.0), Ink::LINE);
        sheet.text(Text::new(&tick.label, (frame.right() + 14.0, y), TICK_SIZE).hang(Hang::Left));
        widest = widest.max(sheet.width_of(&tick.label, TICK_SIZE, Weight::Regular));
    }
    sheet.outline(frame, 2.0, Ink::LINE);
    let at = (frame.right() + 14.0 + widest + 28.0, frame.middle().1);
    let label = Text::new(bar.label, at, LABEL_SIZE).upward();
    let label = sheet.fitted(label, frame.height.max(370.0));
    sheet.text(label);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, count: usize) -> Vec<String> {
        ticks(low, high, count).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_inside_the_range() {
        assert_eq!(labels(-40.0, 40.0, 5), ["−40", "−20", "0", "20", "40"]);
        assert_eq!(labels(0.0, 0.3, 3), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels(0.0, 0.07, 3), ["0.00", "0.04"]);
        assert_eq!(labels(3.0, 3.0, 4), ["3"]);
    }

    #[test]
    fn powers_of_ten_are_written_raised() {
        assert_eq!(common_exponent(0.0), 0);
        assert_eq!(common_exponent(3.0), 0);
        assert_eq!(common_exponent(3.2e-5), -6);
        assert_eq!(common_exponent(2.0e5), 3);
        assert_eq!(power_of_ten(-6), "10⁻⁶");
        assert_eq!(power_of_ten(12), "10¹²");
        assert_eq!(power_of_ten(0), "");
    }
}
