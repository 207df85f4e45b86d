//! What one image becomes: the light on the detector plane and the reading of each region.

use std::path::Path;

use ndarray::Array2;

use super::axes::{self, Bar, LABEL_SIZE, TICK_SIZE, Words};
use super::colormaps::Colormap;
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text, WIDTH};
use super::{PictureFormat, check_finite, check_shape, intensity};
use crate::detector::{Region, Scheme};
use crate::error::{Error, Result};
use crate::grid::Grid;

/// Below the maximum by more than this the dB panel is black.
const FLOOR: f64 = -40.0;
const PANEL: f64 = 496.0;
/// Characters of a name that finds room beside its region.
const SHORT: usize = 2;
const TOP_MARGIN: f64 = 48.0;

/// The detector plane for one image: linear, in dB, and the readings as bars.
#[derive(Clone, Copy, Debug)]
pub struct DetectorPlane<'a> {
    /// Intensity relative to that of the unit input amplitude, indexed [y, x].
    pub intensity: &'a Array2<f64>,
    /// The detector plane.
    pub grid: &'a Grid,
    /// The detector regions.
    pub regions: &'a [Region],
    /// How they become scores.
    pub scheme: Scheme,
    /// Number of the first class: other networks may have those before it.
    pub first_class: usize,
    /// Name of each class.
    pub labels: &'a [String],
    /// Power on each region as a share of the sum over all regions.
    pub readings: &'a [f64],
    /// Which of these classes the device answers, if one of them.
    pub answer: Option<usize>,
    /// Which of these classes would be right, if known.
    pub truth: Option<usize>,
    /// Image number, true class and answer, say.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

impl DetectorPlane<'_> {
    /// Writes the plot to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for intensities or readings that are not finite or below zero, for lists of different
    /// lengths and for regions outside the grid; [`Error::Io`] when the file cannot be written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn check(&self) -> Result<()> {
        check_shape(self.intensity, self.grid, "the intensity")?;
        intensity::check(self.intensity, "the intensity")?;
        check_finite(self.readings.iter().copied(), "a reading")?;
        if let Some(reading) = self.readings.iter().find(|reading| **reading < 0.0) {
            return Err(Error::Value(format!("a reading to be plotted is {reading}, below zero")));
        }
        let (regions, count) = (self.regions.len(), self.labels.len());
        if regions == 0 || count * self.scheme.regions_a_class() != regions || self.readings.len() != regions
        {
            return Err(Error::Value(format!(
                "{regions} regions to be plotted with {count} labels and {} readings: one reading a region, and a \
                 label for every {} of them",
                self.readings.len(),
                self.scheme.regions_a_class()
            )));
        }
        if let Some(index) = [self.answer, self.truth].into_iter().flatten().find(|i| *i >= count) {
            return Err(Error::Value(format!("class {index} to be plotted: there are only {count}")));
        }
        let (rows, columns) = self.grid.shape();
        for (index, region) in self.regions.iter().enumerate() {
            if region.row.saturating_add(region.height) > rows
                || region.column.saturating_add(region.width) > columns
            {
                return Err(Error::Value(format!("region {index} to be plotted leaves the detector plane")));
            }
        }
        Ok(())
    }

    fn draw(&self) -> Result<Sheet> {
        self.check()?;
        let mut sheet = Sheet::new()?;
        let top = sheet.head(self.title, self.note) + TOP_MARGIN;
        let (height, width) = self.grid.aperture();
        let panel = Pane::new(0.0, top, PANEL, PANEL).fit(height, width);
        let left = Pane { left: 136.0 + (PANEL - panel.width) / 2.0, top, ..panel };
        let right = Pane { left: left.left + PANEL + 66.0, ..left };

        let full = intensity::largest(self.intensity.view());
        let scale = intensity::full_scale(self.intensity.view());
        let exponent = axes::common_exponent(scale);
        let unit = 10f64.powi(exponent);
        let power = axes::power_of_ten(exponent);
        let label = if power.is_empty() {
            "intensity / input intensity".to_owned()
        } else {
            format!("intensity / input intensity, in {power}")
        };
        let label = if scale < full { format!("{label} (0.1 % clipped)") } else { label };
        // A dark plane still needs a scale with two ends.
        let high = if scale > 0.0 { scale / unit } else { 1.0 };
        let linear =
            Bar { map: Colormap::Intensity, low: 0.0, high, ticks: axes::ticks(0.0, high, 5), label: &label };
        let decibels = Bar {
            map: Colormap::Intensity,
            low: FLOOR,
            high: 0.0,
            ticks: axes::ticks(FLOOR, 0.0, 4),
            label: "dB relative to the maximum",
        };
        let shown = [
            (left, intensity::linear(self.intensity.view(), scale), linear, "linear"),
            (right, intensity::decibels(self.intensity.view(), full, FLOOR), decibels, "decibels"),
        ];
        for (index, (frame, values, bar, name)) in shown.into_iter().enumerate() {
            sheet.raster(frame, values.view(), Colormap::Intensity, true);
            self.outline_regions(&mut sheet, frame);
            axes::plane(&mut sheet, frame, self.grid, Words { x: true, y: index == 0 });
            sheet.text(Text::new(name, (frame.middle().0, frame.top - 26.0), 28.0).bold());
            let across = frame.width.max(400.0);
            let at = (frame.middle().0 - across / 2.0).round();
            axes::bar_below(&mut sheet, Pane::new(at, frame.bottom() + 104.0, across, 26.0), &bar);
        }
        let bottom = left.bottom() + 224.0;
        let bars = Pane::new(1238.0, top, WIDTH - 1238.0 - 24.0, 600.0);
        let end = self.bars(&mut sheet, bars);
        sheet.height = bottom.max(end + 44.0);
        Ok(sheet)
    }

    /// Ink of the outlines of a class.
    fn ink_of(&self, index: usize) -> Ink {
        let right = self.truth.is_none_or(|truth| truth == index);
        match (self.answer == Some(index), right) {
            (true, true) => Ink::AQUA,
            (true, false) => Ink::CORAL,
            (false, _) if self.truth == Some(index) => Ink::AQUA,
            _ => Ink::WHITE.alpha(0.75),
        }
    }

    /// What a region is called: by the name of its class where all are short, by its number otherwise.
    fn mark(&self, region: usize) -> String {
        let numbered = self.scheme.mark(region + self.scheme.region(self.first_class));
        if self.labels.iter().any(|label| label.chars().count() > SHORT) {
            return numbered;
        }
        let sign = numbered.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{}{sign}", self.labels[self.scheme.class(region)])
    }

    /// Outlines with the number of the class just outside, where there is room, so as not to hide the light.
    fn outline_regions(&self, sheet: &mut Sheet, frame: Pane) {
        let (rows, columns) = self.grid.shape();
        let (down, across) = (frame.height / rows as f64, frame.width / columns as f64);
        let outlines: Vec<Pane> = self
            .regions
            .iter()
            .map(|region| {
                Pane::new(
                    (frame.left + region.column as f64 * across).round(),
                    (frame.top + region.row as f64 * down).round(),
                    (region.width as f64 * across).round(),
                    (region.height as f64 * down).round(),
                )
            })
            .collect();
        let size = 22.0;
        let width_of = |sheet: &Sheet, index: usize| sheet.width_of(&self.mark(index), size, Weight::Bold);
        let boxed =
            |at: (f64, f64), width: f64| Pane::new(at.0 - width / 2.0 - 4.0, at.1 - 12.0, width + 8.0, 24.0);
        // Above or below its region each, and if one finds no room there, all inside.
        let mut places: Vec<(f64, f64)> = Vec::new();
        for (index, outline) in outlines.iter().enumerate() {
            let width = width_of(sheet, index);
            let free = |at: &(f64, f64)| {
                let own = boxed(*at, width);
                own.lies_in(&frame)
                    && !outlines.iter().any(|other| other.meets(&own))
                    && !places
                        .iter()
                        .enumerate()
                        .any(|(i, &other)| boxed(other, width_of(sheet, i)).meets(&own))
            };
            let x = outline.middle().0;
            let Some(at) = [(x, outline.top - 16.0), (x, outline.bottom() + 16.0)].into_iter().find(free)
            else {
                break;
            };
            places.push(at);
        }
        let outside = places.len() == outlines.len();
        for (index, outline) in outlines.iter().enumerate() {
            let class = self.scheme.class(index);
            let ink = self.ink_of(class);
            let marked = [self.answer, self.truth].contains(&Some(class));
            let thick = if marked { 4.0 } else { 2.0 };
            // A dark edge keeps the outline visible where the light is as bright as it.
            sheet.outline(*outline, thick + 4.0, Ink::BLACK.alpha(0.45));
            sheet.outline(*outline, thick, ink);
            let width = width_of(sheet, index);
            let roomy = outline.width > width + 12.0 && outline.height > 30.0;
            let at = match places.get(index) {
                Some(&at) if outside => at,
                _ if roomy => (outline.left + width / 2.0 + 6.0, outline.top + 16.0),
                _ => outline.middle(),
            };
            sheet.fill(boxed(at, width), Ink::BLACK.alpha(0.65));
            let text = Text::new(self.mark(index), at, size).ink(if marked { ink } else { Ink::WHITE });
            sheet.text(if marked { text.bold() } else { text });
        }
    }

    /// One bar a class: the answer in colour, the true class named in bold. Returns where they end.
    fn bars(&self, sheet: &mut Sheet, area: Pane) -> f64 {
        let count = self.labels.len();
        let scores = self.scheme.scores(self.readings);
        let signed = self.scheme == Scheme::Differential;
        let title = (area.middle().0, area.top - 26.0);
        let words = if signed { "lead of + over - in each pair" } else { "share of the light on regions" };
        sheet.text(Text::new(words, title, LABEL_SIZE).bold());
        let pitch = (area.height / count as f64).min(62.0);
        let size = TICK_SIZE.min(pitch * 0.8);
        let names = 204.0;
        let values = sheet.width_of("100.0 %", size, Weight::Bold) + 12.0;
        let longest = scores.iter().copied().fold(0.0, |longest: f64, score| longest.max(score.abs()));
        let room = if signed { (area.width - names) / 2.0 - values } else { area.width - names - values };
        // Where a score is zero.
        let zero = area.left + names + if signed { (area.width - names) / 2.0 } else { 0.0 };
        for (index, (label, &score)) in self.labels.iter().zip(&scores).enumerate() {
            let y = area.top + (index as f64 + 0.5) * pitch;
            let is_true = self.truth == Some(index);
            let is_answer = self.answer == Some(index);
            let ink = match (is_answer, self.truth.is_none_or(|truth| truth == index)) {
                (true, true) => Ink::TEAL,
                (true, false) => Ink::RED,
                _ => Ink::PALE,
            };
            let name_ink = if is_true { Ink::TEAL } else { Ink::TEXT };
            let weight = if is_true { Weight::Bold } else { Weight::Regular };
            let text = Text::new(
                format!("{} {label}", self.first_class + index),
                (area.left + names - 12.0, y),
                size,
            )
            .ink(name_ink)
            .hang(Hang::Right);
            let text = sheet.fitted(Text { weight, ..text }, names - 12.0);
            sheet.text(text);
            let share = if longest > 0.0 { score / longest } else { 0.0 };
            let thick = (pitch * 0.62).round();
            let length = (share.abs() * room).max(2.0);
            let left = if share < 0.0 { zero - length } else { zero };
            let bar = Pane::new(left, y - thick / 2.0, length, thick);
            sheet.fill(bar, ink);
            let weight = if is_answer { Weight::Bold } else { Weight::Regular };
            let value = if signed { format!("{score:.2}") } else { format!("{:.1} %", 100.0 * score) };
            let text = if share < 0.0 {
                Text::new(value, (bar.left - 10.0, y), size).hang(Hang::Right)
            } else {
                Text::new(value, (bar.right() + 10.0, y), size).hang(Hang::Left)
            };
            sheet.text(Text { weight, ..text });
        }
        let bottom = area.top + count as f64 * pitch + 36.0;
        let right = self.truth.is_none_or(|truth| self.answer == Some(truth));
        let (ink, answer) = match self.answer {
            Some(_) if right => (Ink::TEAL, "the answer"),
            Some(_) => (Ink::RED, "the answer, wrong"),
            None => (Ink::PALE, "the answer is another network's"),
        };
        let key = Pane::new(area.left + 4.0, bottom - 9.0, 26.0, 18.0);
        sheet.fill(key, ink);
        let text = Text::new(answer, (key.right() + 10.0, bottom), 22.0).hang(Hang::Left);
        let end = key.right() + 10.0 + sheet.width_of(answer, 22.0, Weight::Regular);
        sheet.text(text);
        if self.truth.is_some() {
            let at = (end + 30.0, bottom);
            sheet.text(Text::new("true class", at, 22.0).bold().ink(Ink::TEAL).hang(Hang::Left));
        }
        bottom
    }
}
