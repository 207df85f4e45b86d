//! How a report writes figures, and what it says about where they come from.

use super::figures::Figures;
use crate::cli::images::not_published;
use crate::plots::report::{Markup, classed, element};
use crate::units;

/// "88.55 %".
pub(super) fn percent(share: f64, digits: usize) -> String {
    format!("{:.digits$} %", 100.0 * share).replace('-', "\u{2212}")
}

/// "87.91 to 89.16 %".
pub(super) fn interval((low, high): (f64, f64), digits: usize) -> String {
    format!("{:.digits$} to {:.digits$} %", 100.0 * low, 100.0 * high)
}

/// A whole number with its thousands apart: "10,000".
pub(super) fn grouped(number: usize) -> String {
    units::grouped(number as u64)
}

/// "2 x 2 samples a pixel".
pub(super) fn samples(oversample: usize) -> String {
    match oversample {
        1 => "one sample a pixel".into(),
        samples => format!("{samples} \u{d7} {samples} samples a pixel"),
    }
}

/// A paragraph.
pub(super) fn paragraph(text: impl AsRef<str>) -> Markup {
    element("p").text(text)
}

/// A quiet paragraph: images, data, grid where it is one, and the command for all of them.
pub(super) fn basis(
    figures: &Figures<'_>,
    images: usize,
    oversample: Option<usize>,
    command: &str,
) -> Markup {
    let data = if figures.shown.is_sample() {
        "the built-in sample of Fashion-MNIST".to_owned()
    } else {
        let (set, shown) = (&figures.shown.set, figures.shown);
        format!("{set}{}", not_published(shown.published, &shown.source))
    };
    let images = if images == 1 {
        "One test image".into()
    } else {
        format!("The first {} test images", grouped(images))
    };
    let grid = oversample.map_or(String::new(), |oversample| format!(", {}", samples(oversample)));
    classed("p", "quiet")
        .text(format!("{images} of {data}{grid}. In full: "))
        .with(element("code").text(format!("d2nn {command}")))
}

/// A warning that must not be missed.
pub(super) fn loud(text: impl AsRef<str>) -> Markup {
    classed("p", "loud").attribute("role", "note").text(text)
}

/// A cell with a figure.
pub(super) fn figure(text: impl AsRef<str>) -> Markup {
    element("td").text(text)
}

/// A cell that names its row.
pub(super) fn name(text: impl AsRef<str>) -> Markup {
    element("th").attribute("scope", "row").text(text)
}

/// A cell with words.
pub(super) fn words(text: impl AsRef<str>) -> Markup {
    classed("td", "words").text(text)
}

/// Heads of a table.
pub(super) fn heads(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The device as a command names it: its folder, quoted where a shell would split it.
pub(super) fn device(figures: &Figures<'_>) -> String {
    let path = figures.device.folder.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
