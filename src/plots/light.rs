//! Light crossing the device: every plane face on, and the whole bench from the side.

use std::path::Path;

use ndarray::Array2;

use super::axes::{self, Bar, LABEL_SIZE, Scale, TICK_SIZE, Tick, Words};
use super::colormaps::Colormap;
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text, WIDTH};
use super::{PictureFormat, check_finite, check_shape, intensity};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::units::Metres;

/// Below the maximum by more than this the side view is black.
const FLOOR: f64 = -40.0;
/// Most planes that stand in one row, each above its place in the side view.
const IN_A_ROW: usize = 9;
const LEFT: f64 = 132.0;
const RIGHT: f64 = 158.0;
const GAP: f64 = 20.0;

/// Intensity on one plane across the axis.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// "object", "mask 1", "detector".
    pub name: &'a str,
    /// Position along the axis in metres.
    pub z: Metres,
    /// Intensity in any unit, indexed [y, x]; its root is shown relative to the maximum of this plane.
    pub intensity: &'a Array2<f64>,
}

/// Intensity on the plane x = 0, along the axis.
#[derive(Clone, Copy, Debug)]
pub struct SideView<'a> {
    /// Intensity in any unit, indexed [y, z].
    pub intensity: &'a Array2<f64>,
    /// Position of each column in metres, rising.
    pub z: &'a [Metres],
}

/// One image on its way from the object to the detector.
#[derive(Clone, Copy, Debug)]
pub struct LightPath<'a> {
    /// The planes in the order of the light; the first is the object, the last the detector.
    pub planes: &'a [Plane<'a>],
    /// The cut along the axis.
    pub side: SideView<'a>,
    /// Sampling of every plane.
    pub grid: &'a Grid,
    /// Positions of the masks along the axis in metres.
    pub masks: &'a [Metres],
    /// Which image crosses which device.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

impl LightPath<'_> {
    /// Writes the plot to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for no planes, arrays of other shapes than the grid and the positions, positions that
    /// do not rise, and intensities that are not finite or below zero; [`Error::Io`] when the file cannot be
    /// written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn check(&self) -> Result<()> {
        if self.planes.is_empty() {
            return Err(Error::Value("no planes to be plotted".into()));
        }
        for plane in self.planes {
            let what = format!("the intensity on the plane \"{}\"", plane.name);
            check_shape(plane.intensity, self.grid, &what)?;
            intensity::check(plane.intensity, &what)?;
        }
        let positions = self.planes.iter().map(|plane| plane.z).chain(self.masks.iter().copied());
        check_finite(positions.chain(self.side.z.iter().copied()), "a position")?;
        intensity::check(self.side.intensity, "the side view")?;
        if self.side.intensity.dim() != (self.grid.rows(), self.side.z.len()) {
            let (rows, columns) = self.side.intensity.dim();
            return Err(Error::Value(format!(
                "a side view of {rows} x {columns} to be plotted for {} rows and {} positions",
                self.grid.rows(),
                self.side.z.len()
            )));
        }
        if self.side.z.windows(2).any(|pair| pair[1] <= pair[0]) {
            return Err(Error::Value("the positions of a side view to be plotted must rise".into()));
        }
        Ok(())
    }

    fn draw(&self) -> Result<Sheet> {
        self.check()?;
        let mut sheet = Sheet::new()?;
        let top = sheet.head(self.title, self.note) + 46.0;
        let count = self.planes.len();
        let rows = count.div_ceil(IN_A_ROW);
        let columns = count.div_ceil(rows);
        let room = WIDTH - LEFT - RIGHT;
        let pitch = ((room + GAP) / columns as f64).min(420.0);
        let (height, width) = self.grid.aperture();
        let cell = Pane::new(0.0, 0.0, pitch - GAP, 420.0).fit(height, width);
        let first = LEFT + (room + GAP - pitch * columns as f64) / 2.0 + (pitch - GAP - cell.width) / 2.0;
        let row_pitch = cell.height + 96.0;

        let mut frames = Vec::new();
        for (index, plane) in self.planes.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let frame = Pane {
                left: (first + column as f64 * pitch).round(),
                top: (top + row as f64 * row_pitch).round(),
                ..cell
            };
            // The root of intensity: an object that is an image in amplitude looks like that image.
            let full = intensity::largest(plane.intensity.view());
            let shown = intensity::linear(plane.intensity.view(), full).mapv(f64::sqrt);
            sheet.raster(frame, shown.view(), Colormap::Intensity, true);
            axes::plane_ticks(&mut sheet, frame, self.grid, Words { x: true, y: column == 0 }, 8.0);
            let name = Text::new(plane.name, (frame.middle().0, frame.top - 24.0), LABEL_SIZE).bold();
            let name = sheet.fitted(name, pitch - 6.0);
            sheet.text(name);
            frames.push(frame);
        }
        let last_row = frames[frames.len() - 1];
        let lowest = last_row.bottom();
        self.plane_bar(&mut sheet, Pane { top, height: lowest - top, ..frames[columns - 1] });

        // With one row the side view lies so that evenly spaced planes stand above their places.
        let (from, to) = if rows == 1 && count > 1 {
            (frames[0].middle().0, frames[count - 1].middle().0)
        } else {
            (LEFT + 100.0, WIDTH - RIGHT - 60.0)
        };
        let (low, high) = self.extent();
        let scale = (to - from) / (high - low);
        let side_top = lowest + 156.0;
        let side_height = (height * scale).clamp(340.0, 640.0).round();
        let side = Pane::new(from, side_top, to - from, side_height);
        self.side_view(&mut sheet, side, (low, high));
        let z = Scale { low, high, at_low: side.left, at_high: side.right() };
        if rows == 1 {
            for (plane, frame) in self.planes.iter().zip(&frames) {
                let (x, foot) = (frame.middle().0, z.pixel(plane.z));
                // Frames lie on whole pixels; what should be upright is drawn upright.
                let x = if (x - foot).abs() < 2.0 { foot } else { x };
                sheet.stroke(vec![(x, frame.bottom() + 46.0), (foot, side.top - 50.0)], 2.0, Ink::PALE);
            }
        }
        let unit = axes::length_unit(width.max(height)).0;
        let words = [
            Text::new(format!("x in {unit}"), (frames[0].middle().0 - 16.0, lowest + 62.0), 24.0)
                .hang(Hang::Right),
            Text::new(format!("y in {unit}"), (frames[0].left - 104.0, frames[0].middle().1), 24.0).upward(),
        ];
        words.into_iter().for_each(|text| sheet.text(text));
        sheet.height = side.bottom() + 100.0;
        Ok(sheet)
    }

    /// From the first to the last position of anything, never nothing.
    fn extent(&self) -> (Metres, Metres) {
        let all = || self.side.z.iter().chain(self.masks).copied().chain(self.planes.iter().map(|p| p.z));
        let (low, high) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max));
        if high > low { (low, high) } else { (low, low + self.grid.aperture().0) }
    }

    fn plane_bar(&self, sheet: &mut Sheet, last: Pane) {
        let tick = |value: f64, label: &str| Tick { value, label: label.to_owned() };
        let bar = Bar {
            map: Colormap::Intensity,
            low: 0.0,
            high: 1.0,
            ticks: vec![tick(0.0, "0"), tick(0.5, "0.5"), tick(1.0, "1")],
            label: "amplitude / own max.",
        };
        axes::bar_beside(sheet, Pane::new(last.right() + 22.0, last.top, 22.0, last.height), &bar);
    }

    fn side_view(&self, sheet: &mut Sheet, frame: Pane, (low, high): (Metres, Metres)) {
        let full = intensity::largest(self.side.intensity.view());
        let levels = intensity::decibels(self.side.intensity.view(), full, FLOOR);
        let columns = frame.width.round() as usize;
        let shown = self.along_z(&levels, low, high, columns);
        sheet.raster(frame, shown.view(), Colormap::Intensity, true);

        let (unit, size) = axes::length_unit(high - low);
        let z = Scale { low: low / size, high: high / size, at_low: frame.left, at_high: frame.right() };
        let height = self.grid.aperture().0;
        let (unit_y, size_y) = axes::length_unit(height.max(self.grid.aperture().1));
        let half = height / size_y / 2.0;
        let y = Scale { low: -half, high: half, at_low: frame.top, at_high: frame.bottom() };

        // Names above the view, skipped where they would touch.
        let mut taken = f64::MIN;
        let mut name = |sheet: &mut Sheet, text: &str, at: f64, weight| {
            let wide = sheet.width_of(text, TICK_SIZE, weight);
            if at - wide / 2.0 > taken + 8.0 {
                let text = Text::new(text, (at, frame.top - 31.0), TICK_SIZE);
                sheet.text(Text { weight, ..text });
                taken = at + wide / 2.0;
            }
        };
        let ends = (&self.planes[0], &self.planes[self.planes.len() - 1]);
        name(sheet, ends.0.name, z.pixel(ends.0.z / size), Weight::Regular);
        for (index, position) in self.masks.iter().enumerate() {
            let x = z.pixel(position / size);
            sheet.fill(Pane::new(x - 2.0, frame.top, 4.0, frame.height), Ink::BLACK.alpha(0.35));
            sheet.fill(Pane::new(x - 1.0, frame.top, 2.0, frame.height), Ink::WHITE.alpha(0.85));
            name(sheet, &(index + 1).to_string(), x, Weight::Bold);
        }
        if self.planes.len() > 1 {
            name(sheet, ends.1.name, z.pixel(ends.1.z / size), Weight::Regular);
        }

        axes::bottom_axis(sheet, frame, &z, &axes::ticks(z.low, z.high, 10), true);
        axes::left_axis(sheet, frame, &y, &axes::upward_ticks(&y), true);
        sheet.outline(frame, 2.0, Ink::LINE);
        axes::name_below(sheet, frame, &format!("z in {unit}, along the light"));
        axes::name_beside(sheet, frame, &format!("y in {unit_y}, at x = 0"));
        let bar = Bar {
            map: Colormap::Intensity,
            low: FLOOR,
            high: 0.0,
            ticks: axes::ticks(FLOOR, 0.0, 4),
            label: "dB relative to the maximum",
        };
        axes::bar_beside(sheet, Pane::new(frame.right() + 26.0, frame.top, 26.0, frame.height), &bar);
    }

    /// Levels resampled to `columns` even steps from `low` to `high`, dark outside the known positions.
    fn along_z(&self, levels: &Array2<f64>, low: Metres, high: Metres, columns: usize) -> Array2<f64> {
        let known = self.side.z;
        let mut shown = Array2::zeros((levels.nrows(), columns));
        for (column, mut target) in shown.columns_mut().into_iter().enumerate() {
            let z = low + (high - low) * (column as f64 + 0.5) / columns as f64;
            let next = known.partition_point(|&position| position < z);
            let (before, after) = match next {
                0 => (0, 0),
                n if n == known.len() => (n - 1, n - 1),
                n => (n - 1, n),
            };
            // Half a column of slack at both ends, for positions that are themselves rounded.
            let slack = 0.6 * (high - low) / columns as f64;
            if before == after && known.len() > 1 && (z - known[before]).abs() > slack {
                continue;
            }
            let share =
                if before == after { 0.0 } else { (z - known[before]) / (known[after] - known[before]) };
            target.assign(&levels.column(before));
            target.zip_mut_with(&levels.column(after), |value, &to| *value += (to - *value) * share);
        }
        shown
    }
}
