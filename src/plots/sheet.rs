//! A sheet of paper: rasters below, shapes and lettering above, in pixels with y downward.

use ndarray::ArrayView2;

use super::colormaps::Colormap;
use super::font::{Fonts, Weight};
use crate::error::Result;

/// Width of every sheet in pixels: twice what a README shows.
pub(super) const WIDTH: f64 = 1760.0;

/// A rectangle on the sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pane {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Pane {
    pub(super) fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Pane { left, top, width, height }
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn middle(&self) -> (f64, f64) {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }

    pub(super) fn meets(&self, other: &Pane) -> bool {
        self.left < other.right()
            && other.left < self.right()
            && self.top < other.bottom()
            && other.top < self.bottom()
    }

    pub(super) fn lies_in(&self, other: &Pane) -> bool {
        self.left >= other.left
            && self.right() <= other.right()
            && self.top >= other.top
            && self.bottom() <= other.bottom()
    }

    /// The largest frame of the shape `height`:`width` that fits inside, centred.
    ///
    /// Very long planes are drawn no thinner than a 20th of their length.
    pub(super) fn fit(&self, height: f64, width: f64) -> Pane {
        let ratio = (height / width).clamp(0.05, 20.0);
        let (fitted_width, fitted_height) = if self.height / self.width > ratio {
            (self.width, self.width * ratio)
        } else {
            (self.height / ratio, self.height)
        };
        Pane::new(
            (self.left + (self.width - fitted_width) / 2.0).round(),
            (self.top + (self.height - fitted_height) / 2.0).round(),
            fitted_width.round(),
            fitted_height.round(),
        )
    }
}

/// A colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    pub(super) rgb: [u8; 3],
    pub(super) alpha: f64,
}

impl Ink {
    pub(super) const TEXT: Ink = Ink::rgb(0x1b, 0x1e, 0x2b);
    pub(super) const QUIET: Ink = Ink::rgb(0x5b, 0x63, 0x72);
    pub(super) const LINE: Ink = Ink::rgb(0x3a, 0x40, 0x4d);
    pub(super) const GRID: Ink = Ink::rgb(0xdf, 0xe3, 0xea);
    pub(super) const WHITE: Ink = Ink::rgb(0xff, 0xff, 0xff);
    pub(super) const BLACK: Ink = Ink::rgb(0x00, 0x00, 0x00);
    /// Right, true, validation.
    pub(super) const TEAL: Ink = Ink::rgb(0x0b, 0x8a, 0x7d);
    /// The same on a dark field.
    pub(super) const AQUA: Ink = Ink::rgb(0x5c, 0xf0, 0xdc);
    /// Wrong.
    pub(super) const RED: Ink = Ink::rgb(0xd1, 0x4a, 0x2c);
    /// The same on a dark field.
    pub(super) const CORAL: Ink = Ink::rgb(0xff, 0x8a, 0x70);
    /// Everything that is merely there.
    pub(super) const BLUE: Ink = Ink::rgb(0x35, 0x62, 0xa8);
    pub(super) const PALE: Ink = Ink::rgb(0xa9, 0xb4, 0xc6);

    const fn rgb(red: u8, green: u8, blue: u8) -> Ink {
        Ink { rgb: [red, green, blue], alpha: 1.0 }
    }

    pub(super) const fn of(rgb: [u8; 3]) -> Ink {
        Ink { rgb, alpha: 1.0 }
    }

    pub(super) fn alpha(self, alpha: f64) -> Ink {
        Ink { alpha, ..self }
    }
}

/// Where a text hangs on its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hang {
    Left,
    Centre,
    Right,
}

/// One line of lettering; `at` is at half the height of its capitals.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) at: (f64, f64),
    /// Pixels per em.
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) ink: Ink,
    pub(super) hang: Hang,
    /// Read from bottom to top.
    pub(super) upward: bool,
}

impl Text {
    /// Regular dark text hanging on its centre.
    pub(super) fn new(text: impl Into<String>, at: (f64, f64), size: f64) -> Self {
        Text {
            text: text.into(),
            at,
            size,
            weight: Weight::Regular,
            ink: Ink::TEXT,
            hang: Hang::Centre,
            upward: false,
        }
    }

    pub(super) fn bold(self) -> Self {
        Text { weight: Weight::Bold, ..self }
    }

    pub(super) fn ink(self, ink: Ink) -> Self {
        Text { ink, ..self }
    }

    pub(super) fn hang(self, hang: Hang) -> Self {
        Text { hang, ..self }
    }

    pub(super) fn upward(self) -> Self {
        Text { upward: true, ..self }
    }
}

/// What lies above the rasters, in the order of drawing.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Fill { frame: Pane, ink: Ink },
    Outline { frame: Pane, width: f64, ink: Ink },
    Stroke { points: Vec<(f64, f64)>, width: f64, ink: Ink },
    Disc { at: (f64, f64), radius: f64, ink: Ink },
    Text(Text),
}

/// An image stretched over a frame.
#[derive(Clone, Debug)]
pub(super) struct SheetRaster {
    pub(super) frame: Pane,
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Rows x columns x 3, sRGB.
    pub(super) rgb: Vec<u8>,
    /// Interpolate between pixels (light) or show them as they are (masks).
    pub(super) smooth: bool,
}

/// A sheet being drawn.
pub(super) struct Sheet {
    pub(super) height: f64,
    pub(super) fonts: Fonts,
    pub(super) rasters: Vec<SheetRaster>,
    pub(super) shapes: Vec<Shape>,
}

impl Sheet {
    /// An empty white sheet.
    pub(super) fn new() -> Result<Self> {
        Ok(Sheet { height: 0.0, fonts: Fonts::new()?, rasters: Vec::new(), shapes: Vec::new() })
    }

    /// Draws `values` (0 to 1, indexed [y, x], row 0 on top) over `frame`.
    pub(super) fn raster(&mut self, frame: Pane, values: ArrayView2<f64>, map: Colormap, smooth: bool) {
        let (rows, columns) = values.dim();
        let rgb = values.iter().flat_map(|&value| map.colour(value)).collect();
        self.rasters.push(SheetRaster { frame, columns, rows, rgb, smooth });
    }

    pub(super) fn fill(&mut self, frame: Pane, ink: Ink) {
        self.shapes.push(Shape::Fill { frame, ink });
    }

    pub(super) fn outline(&mut self, frame: Pane, width: f64, ink: Ink) {
        self.shapes.push(Shape::Outline { frame, width, ink });
    }

    pub(super) fn stroke(&mut self, points: Vec<(f64, f64)>, width: f64, ink: Ink) {
        self.shapes.push(Shape::Stroke { points, width, ink });
    }

    pub(super) fn disc(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.shapes.push(Shape::Disc { at, radius, ink });
    }

    pub(super) fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    /// Width of a text in pixels.
    pub(super) fn width_of(&self, text: &str, size: f64, weight: Weight) -> f64 {
        self.fonts.width(text, size, weight)
    }

    /// `text`, made smaller (to 75 %) and then cut with an ellipsis until it is at most `width` wide.
    pub(super) fn fitted(&self, text: Text, width: f64) -> Text {
        let natural = self.width_of(&text.text, text.size, text.weight);
        if natural <= width {
            return text;
        }
        let size = text.size * (width / natural).max(0.75);
        let mut letters: Vec<char> = text.text.chars().collect();
        let mut cut = text.text.clone();
        while self.width_of(&cut, size, text.weight) > width && !letters.is_empty() {
            letters.pop();
            cut = letters.iter().collect::<String>().trim_end().to_owned() + "…";
        }
        Text { text: cut, size, ..text }
    }

    /// Title at the top left with a quieter line below; returns where the rest may begin.
    pub(super) fn head(&mut self, title: &str, note: Option<&str>) -> f64 {
        let left = 40.0;
        let room = WIDTH - 2.0 * left;
        let title = Text::new(title, (left, 46.0), 36.0).bold().hang(Hang::Left);
        let title = self.fitted(title, room);
        self.text(title);
        let Some(note) = note.filter(|note| !note.is_empty()) else { return 84.0 };
        let note = Text::new(note, (left, 92.0), 26.0).ink(Ink::QUIET).hang(Hang::Left);
        let note = self.fitted(note, room);
        self.text(note);
        126.0
    }
}
