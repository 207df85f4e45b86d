//! A sheet as a PNG picture.

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBAColor};

use super::font::CAPITAL_HEIGHT;
use super::sheet::{Hang, Ink, Pane, Shape, Sheet, SheetRaster, Text, WIDTH};
use crate::error::{Error, Result};
use crate::raster::{self, Samples};

/// The PNG file of `sheet`.
pub(super) fn render(sheet: &Sheet) -> Result<Vec<u8>> {
    let (width, height) = (WIDTH as u32, sheet.height.ceil() as u32);
    let mut buffer = vec![0xff; width as usize * height as usize * 3];
    for raster in &sheet.rasters {
        paste(&mut buffer, width as usize, raster);
    }
    {
        let mut canvas =
            Canvas { backend: BitMapBackend::with_buffer(&mut buffer, (width, height)), width, height };
        for shape in &sheet.shapes {
            canvas.draw(sheet, shape)?;
        }
        canvas.backend.present().map_err(refused)?;
    }
    encode(&buffer, width, height)
}

/// A PNG file from rows x columns x 3 bytes of sRGB.
pub(super) fn encode(rgb: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    raster::png(rgb, width as usize, height as usize, Samples::Colour)
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Value(format!("the plot cannot be drawn: {error}"))
}

/// Stretches a raster over its frame: averaged when shrunk, interpolated or repeated when enlarged.
fn paste(buffer: &mut [u8], width: usize, raster: &SheetRaster) {
    let Pane { left, top, .. } = raster.frame;
    let (left, top) = (left.round() as usize, top.round() as usize);
    let across = weights(raster.columns, raster.frame.width.round() as usize, raster.smooth);
    let down = weights(raster.rows, raster.frame.height.round() as usize, raster.smooth);
    let wide = raster.columns * 3;
    // Rows first, then columns: the weights of both directions are independent.
    let mut row = vec![0.0; wide];
    for (y, sources) in down.iter().enumerate() {
        row.fill(0.0);
        for &(source, weight) in sources {
            for (sum, &value) in row.iter_mut().zip(&raster.rgb[source * wide..(source + 1) * wide]) {
                *sum += weight * f64::from(value);
            }
        }
        for (x, sources) in across.iter().enumerate() {
            let target = ((top + y) * width + left + x) * 3;
            let Some(pixel) = buffer.get_mut(target..target + 3) else { continue };
            for (channel, value) in pixel.iter_mut().enumerate() {
                let sum: f64 =
                    sources.iter().map(|&(source, weight)| weight * row[source * 3 + channel]).sum();
                *value = sum.round() as u8;
            }
        }
    }
}

/// For each of `targets` pixels, which of `sources` pixels it is made of and with which weights (sum 1).
pub(super) fn weights(sources: usize, targets: usize, smooth: bool) -> Vec<Vec<(usize, f64)>> {
    let step = sources as f64 / targets as f64;
    (0..targets)
        .map(|target| {
            if smooth && step < 1.0 {
                let place = ((target as f64 + 0.5) * step - 0.5).clamp(0.0, sources as f64 - 1.0);
                let first = place as usize;
                let share = place - first as f64;
                return vec![(first, 1.0 - share), ((first + 1).min(sources - 1), share)];
            }
            let (from, to) = (target as f64 * step, (target as f64 + 1.0) * step);
            let last = (to.ceil() as usize).min(sources);
            (from as usize..last)
                .map(|source| {
                    let overlap = to.min(source as f64 + 1.0) - from.max(source as f64);
                    (source, overlap / step)
                })
                .collect()
        })
        .collect()
}

struct Canvas<'a> {
    backend: BitMapBackend<'a>,
    width: u32,
    height: u32,
}

impl Canvas<'_> {
    fn draw(&mut self, sheet: &Sheet, shape: &Shape) -> Result<()> {
        match shape {
            Shape::Fill { frame, ink } => self.fill(frame, *ink),
            Shape::Outline { frame, width, ink } => {
                for side in sides(frame, *width) {
                    self.fill(&side, *ink)?;
                }
                Ok(())
            }
            Shape::Stroke { points, width, ink } => {
                points.windows(2).try_for_each(|pair| self.segment(pair[0], pair[1], *width, *ink))
            }
            Shape::Disc { at, radius, ink } => self.segment(*at, *at, 2.0 * radius, *ink),
            Shape::Text(text) => self.text(sheet, text),
        }
    }

    fn pixel(&mut self, x: i32, y: i32, ink: Ink, coverage: f64) -> Result<()> {
        let inside = x >= 0 && y >= 0 && (x as u32) < self.width && (y as u32) < self.height;
        if !inside || coverage <= 0.0 {
            return Ok(());
        }
        let colour = colour(ink.alpha(ink.alpha * coverage)).to_backend_color();
        self.backend.draw_pixel((x, y), colour).map_err(refused)
    }

    fn fill(&mut self, frame: &Pane, ink: Ink) -> Result<()> {
        let (left, top) = (frame.left.round() as i32, frame.top.round() as i32);
        let (right, bottom) = (frame.right().round() as i32, frame.bottom().round() as i32);
        // Pixel by pixel: the backend's own thin rectangles lose their last column or row.
        for y in top..bottom {
            for x in left..right {
                self.pixel(x, y, ink, 1.0)?;
            }
        }
        Ok(())
    }

    /// A line with round ends: a pixel is covered as far as it lies within half the width.
    fn segment(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) -> Result<()> {
        let reach = width / 2.0 + 1.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx * dx + dy * dy;
        let range = |a: f64, b: f64| {
            let (low, high) = (a.min(b) - reach, a.max(b) + reach);
            low.floor() as i32..=high.ceil() as i32
        };
        for y in range(from.1, to.1) {
            for x in range(from.0, to.0) {
                let (px, py) = (f64::from(x) + 0.5 - from.0, f64::from(y) + 0.5 - from.1);
                let along = if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
                let distance = (px - along * dx).hypot(py - along * dy);
                self.pixel(x, y, ink, (width / 2.0 + 0.5 - distance).clamp(0.0, 1.0))?;
            }
        }
        Ok(())
    }

    fn text(&mut self, sheet: &Sheet, text: &Text) -> Result<()> {
        let width = sheet.width_of(&text.text, text.size, text.weight);
        let back = match text.hang {
            Hang::Left => 0.0,
            Hang::Centre => width / 2.0,
            Hang::Right => width,
        };
        let drop = text.size * CAPITAL_HEIGHT / 2.0;
        // Upward text: drawn along x in its own frame, then turned by a quarter.
        let (x, y) = text.at;
        let along = if text.upward { -y } else { x };
        let across = if text.upward { x } else { y };
        let offset = (along - back, (across + drop).round());
        let mut result = Ok(());
        sheet.fonts.draw(&text.text, text.size, text.weight, offset, |px, py, coverage| {
            if result.is_ok() {
                let (px, py) = if text.upward { (py, -1 - px) } else { (px, py) };
                result = self.pixel(px, py, text.ink, coverage);
            }
        });
        result
    }
}

/// The four sides of an outline, `width` thick, centred on the edge of `frame`, not overlapping.
fn sides(frame: &Pane, width: f64) -> [Pane; 4] {
    let out = (width / 2.0).ceil();
    let (left, top) = (frame.left.round() - out, frame.top.round() - out);
    let (right, bottom) = (frame.right().round() + out, frame.bottom().round() + out);
    [
        Pane::new(left, top, right - left, width),
        Pane::new(left, bottom - width, right - left, width),
        Pane::new(left, top + width, width, bottom - top - 2.0 * width),
        Pane::new(right - width, top + width, width, bottom - top - 2.0 * width),
    ]
}

fn colour(ink: Ink) -> RGBAColor {
    let [red, green, blue] = ink.rgb;
    RGBAColor(red, green, blue, ink.alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resampling_weights_sum_to_one() {
        for (sources, targets) in [(200, 575), (200, 70), (1, 9), (9, 1), (7, 7)] {
            for smooth in [false, true] {
                for made_of in weights(sources, targets, smooth) {
                    let sum: f64 = made_of.iter().map(|(_, weight)| weight).sum();
                    assert!((sum - 1.0).abs() < 1e-9, "{sources} {targets} {sum}");
                    assert!(made_of.iter().all(|&(source, _)| source < sources));
                }
            }
        }
    }
}
