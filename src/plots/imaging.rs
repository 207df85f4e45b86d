//! The image a device forms of one object, beside the object and what free space makes of it.

use std::path::Path;

use ndarray::Array2;

use super::axes::{self, Bar, LABEL_SIZE, Words};
use super::colormaps::Colormap;
use super::sheet::{Ink, Pane, Sheet, Text};
use super::{PictureFormat, check_finite, check_shape, intensity};
use crate::detector::Region;
use crate::error::{Error, Result};
use crate::grid::Grid;

const PANEL: f64 = 440.0;
const GAP: f64 = 50.0;
const LEFT: f64 = 136.0;
const TOP_MARGIN: f64 = 48.0;
/// Between a row and the one below: ticks and words of x, and the names of the pictures.
const BETWEEN: f64 = 136.0;

/// The light on one plane, and the image that is read there.
#[derive(Clone, Copy, Debug)]
pub struct FormedImage<'a> {
    /// Where that is.
    pub name: &'a str,
    /// Intensity on the plane, indexed [y, x].
    pub intensity: &'a Array2<f64>,
    /// What is read, one value a region, 1 for white; brighter is shown white.
    pub picture: &'a Array2<f64>,
    /// Structural similarity to the object, if it is not the object itself.
    pub ssim: Option<f64>,
}

/// Planes in the upper row, what is read there in the lower.
#[derive(Clone, Copy, Debug)]
pub struct Imaging<'a> {
    /// Object, device, free space: at most three.
    pub images: &'a [FormedImage<'a>],
    /// The planes.
    pub grid: &'a Grid,
    /// Where the image stands on them.
    pub area: Region,
    /// Image number and device, say.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

impl Imaging<'_> {
    /// Writes the plot to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for no images or more than three, intensities or pictures that are not finite or below zero,
    /// and an area outside the grid; [`Error::Io`] when the file cannot be written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn check(&self) -> Result<()> {
        if !(1..=3).contains(&self.images.len()) {
            return Err(Error::Value(format!("{} images to be plotted: one to three", self.images.len())));
        }
        for image in self.images {
            check_shape(image.intensity, self.grid, image.name)?;
            intensity::check(image.intensity, image.name)?;
            intensity::check(image.picture, image.name)?;
            check_finite(image.ssim, "a similarity")?;
        }
        let (rows, columns) = self.grid.shape();
        if self.area.row.saturating_add(self.area.height) > rows
            || self.area.column.saturating_add(self.area.width) > columns
        {
            return Err(Error::Value("the image's area to be plotted leaves the plane".into()));
        }
        Ok(())
    }

    fn draw(&self) -> Result<Sheet> {
        self.check()?;
        let mut sheet = Sheet::new()?;
        let top = sheet.head(self.title, self.note) + TOP_MARGIN;
        let (height, width) = self.grid.aperture();
        let panel = Pane::new(0.0, top, PANEL, PANEL).fit(height, width);
        let lower = top + panel.height + BETWEEN;
        let mut read = Pane::new(0.0, lower, PANEL, PANEL);
        for (index, image) in self.images.iter().enumerate() {
            let left = LEFT + index as f64 * (PANEL + GAP);
            let frame = Pane { left: (left + (PANEL - panel.width) / 2.0).round(), top, ..panel };
            let full = intensity::largest(image.intensity.view());
            let shown = intensity::linear(image.intensity.view(), full);
            sheet.raster(frame, shown.view(), Colormap::Intensity, true);
            self.outline_area(&mut sheet, frame);
            axes::plane(&mut sheet, frame, self.grid, Words { x: true, y: index == 0 });
            sheet.text(Text::new(image.name, (frame.middle().0, frame.top - 26.0), 28.0).bold());

            let (rows, columns) = image.picture.dim();
            read = Pane::new(left, lower, PANEL, PANEL).fit(rows as f64, columns as f64);
            read.top = lower;
            let shown = intensity::linear(image.picture.view(), 1.0);
            sheet.raster(read, shown.view(), Colormap::Intensity, false);
            sheet.outline(read, 2.0, Ink::LINE);
            let name = match image.ssim {
                None => "the picture wanted".to_owned(),
                Some(ssim) => format!("read, SSIM {}", axes::number(ssim, 3)),
            };
            sheet.text(Text::new(name, (read.middle().0, lower - 24.0), LABEL_SIZE));
        }
        let left = LEFT + self.images.len() as f64 * (PANEL + GAP) - GAP + 40.0;
        for (frame, label) in [
            (Pane { left, top, width: 28.0, ..panel }, "intensity / own max."),
            (Pane { left, width: 28.0, ..read }, "intensity, white = 1"),
        ] {
            let bar =
                Bar { map: Colormap::Intensity, low: 0.0, high: 1.0, ticks: axes::ticks(0.0, 1.0, 5), label };
            axes::bar_beside(&mut sheet, frame, &bar);
        }
        sheet.height = read.bottom() + 44.0;
        Ok(sheet)
    }

    fn outline_area(&self, sheet: &mut Sheet, frame: Pane) {
        let (rows, columns) = self.grid.shape();
        let (down, across) = (frame.height / rows as f64, frame.width / columns as f64);
        let outline = Pane::new(
            (frame.left + self.area.column as f64 * across).round(),
            (frame.top + self.area.row as f64 * down).round(),
            (self.area.width as f64 * across).round(),
            (self.area.height as f64 * down).round(),
        );
        // A dark edge keeps the outline visible where the light is as bright as it.
        sheet.outline(outline, 6.0, Ink::BLACK.alpha(0.45));
        sheet.outline(outline, 2.0, Ink::WHITE.alpha(0.75));
    }
}
