//! The phase masks of a device, side by side in the order of the light.

use std::f64::consts::TAU;
use std::path::Path;

use ndarray::Array2;

use super::axes::{self, Bar, Tick, Words};
use super::colormaps::Colormap;
use super::sheet::{Pane, Sheet, Text, WIDTH};
use super::{PictureFormat, check_finite, check_shape};
use crate::error::{Error, Result};
use crate::grid::Grid;

/// Most masks in one row of the picture.
const IN_A_ROW: usize = 5;
const LEFT: f64 = 136.0;
const RIGHT: f64 = 210.0;
const GAP: f64 = 36.0;

/// What the numbers of a mask are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskQuantity {
    /// Phases in radians, any number of turns.
    Phase,
    /// Amplitudes from 0 to 1.
    Amplitude,
}

/// Masks with one shared colour bar, cyclic for phases.
#[derive(Clone, Copy, Debug)]
pub struct Masks<'a> {
    /// What is drawn.
    pub quantity: MaskQuantity,
    /// Numbers of that kind, indexed [y, x]; the mask nearest the object first.
    pub masks: &'a [Array2<f32>],
    /// The pixels of each mask; a single grid is that of all. Masks are drawn to one scale.
    pub grids: &'a [Grid],
    /// What device this is.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

impl Masks<'_> {
    /// Writes the plot to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for no masks, another number of grids, a mask of another shape than its grid or with a phase that is not
    /// finite; [`Error::Io`] when the file cannot be written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn draw(&self) -> Result<Sheet> {
        if self.masks.is_empty() {
            return Err(Error::Value("no masks to be plotted".into()));
        }
        let (count, grids) = (self.masks.len(), self.grids.len());
        if grids != 1 && grids != count {
            return Err(Error::Value(format!(
                "{grids} grids for {count} masks: one for each, or one for all"
            )));
        }
        let grid = |mask: usize| &self.grids[mask.min(grids - 1)];
        for (index, mask) in self.masks.iter().enumerate() {
            let what = format!("mask {}", index + 1);
            check_shape(mask, grid(index), &what)?;
            check_finite(mask.iter().map(|&phase| f64::from(phase)), &what)?;
        }
        let mut sheet = Sheet::new()?;
        let top = sheet.head(self.title, self.note);

        // Rows as even as they can be: six masks are three and three.
        let rows = count.div_ceil(IN_A_ROW);
        let columns = count.div_ceil(rows);
        let room = (WIDTH - LEFT - RIGHT - GAP * (columns as f64 - 1.0)) / columns as f64;
        let widest = if rows > 1 { 360.0 } else { 620.0 };
        let sides = self.grids.iter().map(Grid::aperture);
        let (height, width) = sides.fold((0.0, 0.0), |(h, w): (f64, f64), (y, x)| (h.max(y), w.max(x)));
        let cell = Pane::new(0.0, 0.0, room.min(widest), 620.0).fit(height, width);
        let pitch = (cell.width + GAP, cell.height + 86.0);
        let used = pitch.0 * columns as f64 - GAP;
        let left = LEFT + ((WIDTH - LEFT - RIGHT - used) / 2.0).max(0.0).round();

        let map = match self.quantity {
            MaskQuantity::Phase => Colormap::Phase,
            MaskQuantity::Amplitude => Colormap::Intensity,
        };
        for (index, mask) in self.masks.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            // A smaller mask in the middle of the place of a large one.
            let (tall, wide) = grid(index).aperture();
            let of_cell = (cell.width * wide / width, cell.height * tall / height);
            let (inward, down) = ((cell.width - of_cell.0) / 2.0, (cell.height - of_cell.1) / 2.0);
            let frame = Pane::new(
                (left + column as f64 * pitch.0 + inward).round(),
                (top + 44.0 + row as f64 * pitch.1 + down).round(),
                of_cell.0,
                of_cell.1,
            );
            let shares = mask.mapv(|value| match self.quantity {
                MaskQuantity::Phase => f64::from(value).rem_euclid(TAU) / TAU,
                MaskQuantity::Amplitude => f64::from(value),
            });
            sheet.raster(frame, shares.view(), map, false);
            // The last mask of a column carries the words of x.
            let words = Words { x: index + columns >= count, y: column == 0 };
            axes::plane(&mut sheet, frame, grid(index), words);
            let name = format!("mask {}", index + 1);
            sheet.text(Text::new(name, (frame.middle().0, frame.top - 24.0), 26.0).bold());
        }

        let bottom = top + 44.0 + (rows as f64 - 1.0) * pitch.1 + cell.height;
        let bar_height = (bottom - top - 44.0).clamp(200.0, 620.0);
        let bar = Pane::new(left + used + 44.0, top + 44.0, 28.0, bar_height.round());
        let (high, names, label) = match self.quantity {
            MaskQuantity::Phase => (TAU, ["0", "π/2", "π", "3π/2", "2π"], "phase in rad"),
            MaskQuantity::Amplitude => (1.0, ["0", "0.25", "0.5", "0.75", "1"], "amplitude transmission"),
        };
        let tick =
            |(i, name): (usize, &&str)| Tick { value: i as f64 * high / 4.0, label: (*name).to_owned() };
        let ticks = names.iter().enumerate().map(tick).collect();
        axes::bar_beside(&mut sheet, bar, &Bar { map, low: 0.0, high, ticks, label });
        sheet.height = bottom.max(bar.bottom()) + 96.0;
        Ok(sheet)
    }
}
