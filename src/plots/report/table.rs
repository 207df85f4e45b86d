//! Tables of figures and of facts.

use super::markup::{Markup, classed, element};

/// A table under `heads`, names to the left and figures to the right; it scrolls inside its box where it is wider.
///
/// The first column names the rows.
pub fn table(caption: &str, heads: &[String], rows: &[Vec<Markup>]) -> Markup {
    let head = heads.iter().enumerate().map(|(column, head)| {
        let of_words =
            rows.first().and_then(|row| row.get(column)).is_some_and(|cell| cell.is_classed("words"));
        let cell = if of_words { classed("th", "words") } else { element("th") };
        cell.attribute("scope", "col").text(head)
    });
    let body = rows.iter().map(|row| element("tr").with_all(row.iter().cloned()));
    boxed(
        caption,
        classed("table", "figures")
            .with(element("caption").text(caption))
            .with(element("thead").with(element("tr").with_all(head)))
            .with(element("tbody").with_all(body)),
    )
}

/// `table` in a box in which it scrolls.
pub(super) fn boxed(caption: &str, table: Markup) -> Markup {
    classed("div", "scroll")
        .attribute("tabindex", "0")
        .attribute("role", "region")
        .attribute("aria-label", caption)
        .with(table)
}

/// Names and what belongs to them.
pub fn facts<N: AsRef<str>, V: AsRef<str>>(lines: impl IntoIterator<Item = (N, V)>) -> Markup {
    let mut list = classed("dl", "facts");
    for (name, value) in lines {
        let line = element("div").with(element("dt").text(name)).with(element("dd").text(value));
        list = list.with(line);
    }
    list
}
