//! The lettering of all plots: DejaVu Sans, shipped, so plots look the same on every machine.
//!
//! Placed by `ab_glyph` directly: plotters' own placement drops each letter's left bearing, which shows.

use ab_glyph::{Font, FontRef, ScaleFont};

use crate::error::{Error, Result};

const REGULAR: &[u8] = include_bytes!("font/DejaVuSans.subset.ttf");
const BOLD: &[u8] = include_bytes!("font/DejaVuSans-Bold.subset.ttf");

/// Height of capitals and digits, in ems.
pub(super) const CAPITAL_HEIGHT: f64 = 0.729;
/// Height of a small x, in ems.
pub(super) const X_HEIGHT: f64 = 0.547;

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// The two faces, parsed.
pub(super) struct Fonts {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Fonts {
    /// Parses the shipped faces.
    pub(super) fn new() -> Result<Self> {
        let parse = |bytes| {
            FontRef::try_from_slice(bytes)
                .map_err(|error| Error::Value(format!("the shipped font cannot be read: {error}")))
        };
        Ok(Fonts { regular: parse(REGULAR)?, bold: parse(BOLD)? })
    }

    fn face(&self, weight: Weight) -> &FontRef<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Pixels per em as the font library counts them: by the height from descender to ascender.
    fn scale(face: &FontRef<'static>, size: f64) -> f32 {
        let per_em = f64::from(face.units_per_em().unwrap_or(2048.0));
        (size * f64::from(face.height_unscaled()) / per_em) as f32
    }

    /// Width of `text` in pixels at `size` pixels per em.
    pub(super) fn width(&self, text: &str, size: f64, weight: Weight) -> f64 {
        let face = self.face(weight);
        let scaled = face.as_scaled(Self::scale(face, size));
        let mut width = 0.0;
        let mut previous = None;
        for letter in text.chars() {
            let glyph = scaled.glyph_id(letter);
            if let Some(previous) = previous {
                width += scaled.kern(previous, glyph);
            }
            width += scaled.h_advance(glyph);
            previous = Some(glyph);
        }
        f64::from(width)
    }

    /// Rasterises `text` with its baseline starting at (0, 0), y downward, `offset` pixels to the right.
    ///
    /// Calls `pixel(x, y, coverage)` with coverage 0 to 1.
    pub(super) fn draw(
        &self,
        text: &str,
        size: f64,
        weight: Weight,
        offset: (f64, f64),
        mut pixel: impl FnMut(i32, i32, f64),
    ) {
        let face = self.face(weight);
        let scale = Self::scale(face, size);
        let scaled = face.as_scaled(scale);
        let mut pen = offset.0 as f32;
        let mut previous = None;
        for letter in text.chars() {
            let glyph = scaled.glyph_id(letter);
            if let Some(previous) = previous {
                pen += scaled.kern(previous, glyph);
            }
            let placed = glyph.with_scale_and_position(scale, ab_glyph::point(pen, offset.1 as f32));
            if let Some(outline) = face.outline_glyph(placed) {
                let bounds = outline.px_bounds();
                let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
                outline.draw(|x, y, coverage| {
                    pixel(left + x as i32, top + y as i32, f64::from(coverage.clamp(0.0, 1.0)));
                });
            }
            pen += scaled.h_advance(glyph);
            previous = Some(glyph);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_font_has_every_sign_plots_use() {
        let fonts = Fonts::new().unwrap();
        for face in [&fonts.regular, &fonts.bold] {
            for letter in "Az09πµλ×−–·→²⁰¹⁻⁹…≤°%●○".chars() {
                assert_ne!(face.glyph_id(letter).0, 0, "{letter}");
            }
        }
        assert!(fonts.width("WW", 20.0, Weight::Regular) > fonts.width("ii", 20.0, Weight::Regular));
    }

    #[test]
    fn capitals_are_as_high_as_stated() {
        let fonts = Fonts::new().unwrap();
        let (mut top, mut bottom) = (i32::MAX, i32::MIN);
        fonts.draw("H", 1000.0, Weight::Regular, (0.0, 0.0), |_, y, coverage| {
            if coverage > 0.5 {
                (top, bottom) = (top.min(y), bottom.max(y));
            }
        });
        assert!((f64::from(-top) - 1000.0 * CAPITAL_HEIGHT).abs() < 2.0, "{top}");
        assert!(bottom.abs() <= 1, "{bottom}");
    }
}
