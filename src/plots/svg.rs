//! A sheet as an SVG drawing: rasters as embedded PNG images, everything else as vectors.

use std::fmt::Write;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, ShapeStyle, TextStyle};

use super::bitmap;
use super::font::{CAPITAL_HEIGHT, Weight, X_HEIGHT};
use super::sheet::{Hang, Ink, Shape, Sheet, SheetRaster, Text, WIDTH};
use crate::error::{Error, Result};

/// The reader's DejaVu Sans, or Verdana, whose letters are as wide.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The SVG file of `sheet`.
pub(super) fn render(sheet: &Sheet) -> Result<Vec<u8>> {
    let mut document = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut document, (WIDTH as u32, sheet.height.ceil() as u32));
        for shape in &sheet.shapes {
            draw(&mut backend, shape)?;
        }
        backend.present().map_err(refused)?;
    }
    // Rasters lie below everything else: right behind the opening tag.
    let opening = document.find('>').map_or(0, |end| end + 1);
    let mut below = String::from("\n<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n");
    for raster in &sheet.rasters {
        image_element(&mut below, raster)?;
    }
    document.insert_str(opening, &below);
    Ok(document.into_bytes())
}

fn image_element(document: &mut String, raster: &SheetRaster) -> Result<()> {
    let png = bitmap::encode(&raster.rgb, raster.columns as u32, raster.rows as u32)?;
    let frame = raster.frame;
    let rendering = if raster.smooth {
        ""
    } else {
        " image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\""
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        document,
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\"{rendering} \
         href=\"data:image/png;base64,{}\"/>",
        frame.left,
        frame.top,
        frame.width,
        frame.height,
        base64(&png)
    );
    Ok(())
}

fn draw(backend: &mut SVGBackend<'_>, shape: &Shape) -> Result<()> {
    match shape {
        Shape::Fill { frame, ink } => {
            let (from, to) = ((frame.left, frame.top), (frame.right(), frame.bottom()));
            backend.draw_rect(pixel(from), pixel(to), &style(*ink, 1.0), true).map_err(refused)
        }
        Shape::Outline { frame, width, ink } => {
            // The backend's own outlines are one pixel wide; a path keeps the width. It runs half a width
            // past its start, so that the first corner is full.
            let (left, top) = pixel((frame.left, frame.top));
            let (right, bottom) = pixel((frame.right(), frame.bottom()));
            let corner = (width / 2.0).floor() as i32;
            let path = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top - corner)];
            backend.draw_path(path, &style(*ink, *width)).map_err(refused)
        }
        Shape::Stroke { points, width, ink } => {
            let path = points.iter().map(|&point| pixel(point));
            backend.draw_path(path, &style(*ink, *width)).map_err(refused)
        }
        Shape::Disc { at, radius, ink } => {
            backend.draw_circle(pixel(*at), radius.round() as u32, &style(*ink, 1.0), true).map_err(refused)
        }
        Shape::Text(text) => write_text(backend, text),
    }
}

fn write_text(backend: &mut SVGBackend<'_>, text: &Text) -> Result<()> {
    let weight = match text.weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    let hang = match text.hang {
        Hang::Left => HPos::Left,
        Hang::Centre => HPos::Center,
        Hang::Right => HPos::Right,
    };
    // The backend divides sizes by 1.24, and lowers centred text by half an x; we hang text by its capitals.
    let mut font = FontDesc::new(FontFamily::Name(FAMILY), text.size * 1.24, weight);
    let drop = text.size * (CAPITAL_HEIGHT - X_HEIGHT) / 2.0;
    let (mut x, mut y) = text.at;
    if text.upward {
        font = font.transform(FontTransform::Rotate270);
        x += drop;
    } else {
        y += drop;
    }
    let ink = colour(text.ink);
    let style = TextStyle::from(font).color(&ink).pos(Pos::new(hang, VPos::Center));
    backend.draw_text(&text.text, &style, pixel((x, y))).map_err(refused)
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Value(format!("the plot cannot be drawn: {error}"))
}

fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

fn colour(ink: Ink) -> RGBAColor {
    let [red, green, blue] = ink.rgb;
    RGBAColor(red, green, blue, ink.alpha)
}

fn style(ink: Ink, width: f64) -> ShapeStyle {
    ShapeStyle { color: colour(ink), filled: true, stroke_width: width.round().max(1.0) as u32 }
}

/// Base64 of `bytes` (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, i| word << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_gives_the_vectors_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
