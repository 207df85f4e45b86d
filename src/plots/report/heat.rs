//! A table whose cells are darker the larger their figure.

use super::markup::{Markup, classed, element};
use super::table::boxed;
use crate::plots::colormaps::{Colormap, luminance, mix};

/// The card that tables lie on in the dark, and the brightest cell.
const NIGHT: [[u8; 3]; 2] = [[0x17, 0x1b, 0x26], [0x8d, 0xbd, 0xff]];

/// One figure with its shade.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What is written.
    pub text: String,
    /// From 0 pale to 1 strong.
    pub shade: f64,
    /// Whether it is one of those that should be strong.
    pub wanted: bool,
}

/// A table of `rows`, each with its name, under the names of the columns; `corner` says which is which. Further columns
/// stand at the right of each row under the heads `more`.
pub fn heat_table(
    caption: &str,
    corner: &str,
    columns: &[String],
    rows: &[(String, Vec<Cell>, Vec<Markup>)],
    more: &[&str],
) -> Markup {
    let column = |name: &str| element("th").attribute("scope", "col").with(element("span").text(name));
    let head = std::iter::once(classed("th", "corner").attribute("scope", "col").text(corner))
        .chain(columns.iter().map(|name| column(name)))
        .chain(more.iter().map(|name| column(name)));
    let body = rows.iter().map(|(name, cells, more)| {
        element("tr")
            .with(element("th").attribute("scope", "row").text(name))
            .with_all(cells.iter().map(cell))
            .with_all(more.iter().cloned())
    });
    let table = classed("table", "heat")
        .with(element("caption").text(caption))
        .with(element("thead").with(element("tr").with_all(head)))
        .with(element("tbody").with_all(body));
    boxed(caption, table)
}

fn cell(cell: &Cell) -> Markup {
    let day = Colormap::Share.colour(cell.shade);
    let night = mix(NIGHT[0], NIGHT[1], cell.shade.clamp(0.0, 1.0));
    let style = format!(
        "--day:{};--day-ink:{};--night:{};--night-ink:{}",
        hexadecimal(day),
        ink(day),
        hexadecimal(night),
        ink(night)
    );
    classed("td", if cell.wanted { "wanted" } else { "cell" }).attribute("style", style).text(&cell.text)
}

fn hexadecimal([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Black or white, whichever is read better: both have a contrast of 4.58 where the luminance is 0.179 (WCAG 2).
fn ink(ground: [u8; 3]) -> &'static str {
    if luminance(ground) < 0.179 { "#ffffff" } else { "#000000" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shade_can_be_read() {
        for step in 0..=100 {
            let shade = f64::from(step) / 100.0;
            for ground in [Colormap::Share.colour(shade), mix(NIGHT[0], NIGHT[1], shade)] {
                let letters = if ink(ground) == "#ffffff" { 1.0 } else { 0.0 };
                let (light, dark) = (luminance(ground).max(letters), luminance(ground).min(letters));
                // Level AA of WCAG 2.
                assert!((light + 0.05) / (dark + 0.05) >= 4.5, "{shade}");
            }
        }
    }
}
