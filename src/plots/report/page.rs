//! The page: head, table of contents, sections, foot.

use super::markup::{Markup, classed, element};

/// Looks for light, dark, phone and paper.
const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded, and nothing may run.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// One part of the report under its heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its anchor: small letters and hyphens.
    pub anchor: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What it says.
    pub content: Vec<Markup>,
}

/// A whole report.
#[derive(Clone, Debug)]
pub struct Page {
    /// Name of what is reported on.
    pub title: String,
    /// What stands above the sections.
    pub head: Vec<Markup>,
    /// The sections in their order; those without content are left out.
    pub sections: Vec<Section>,
    /// What stands below them.
    pub foot: Vec<Markup>,
}

impl Page {
    /// The file.
    pub fn html(&self) -> String {
        let sections = || self.sections.iter().filter(|section| !section.content.is_empty());
        let head = element("head").with_all([
            element("meta").attribute("charset", "utf-8"),
            element("meta").attribute("http-equiv", "Content-Security-Policy").attribute("content", POLICY),
            element("meta")
                .attribute("name", "viewport")
                .attribute("content", "width=device-width, initial-scale=1"),
            element("meta").attribute("name", "color-scheme").attribute("content", "light dark"),
            element("title").text(format!("{}: report", self.title)),
            element("style").verbatim(STYLE),
        ]);
        let links = sections().map(|section| {
            element("li")
                .with(element("a").attribute("href", format!("#{}", section.anchor)).text(section.title))
        });
        let contents = element("nav")
            .attribute("aria-label", "Contents")
            .with(classed("ol", "contents").with_all(links));
        let shown = sections().map(|section| {
            let heading = format!("{}-heading", section.anchor);
            element("section")
                .attribute("id", section.anchor)
                .attribute("aria-labelledby", heading.as_str())
                .with(element("h2").attribute("id", heading).text(section.title))
                .with_all(section.content.iter().cloned())
        });
        let body = element("body")
            .with(
                element("header")
                    .with(element("h1").text(&self.title))
                    .with_all(self.head.iter().cloned())
                    .with(contents),
            )
            .with(element("main").with_all(shown))
            .with(element("footer").with_all(self.foot.iter().cloned()));
        let mut page = String::from("<!DOCTYPE html>\n");
        element("html").attribute("lang", "en").with(head).with(body).render(&mut page);
        page.push('\n');
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_needs_no_escaping_and_loads_nothing() {
        assert!(!STYLE.contains(['<', '>', '&']), "HTML and XML must read the same");
        for word in ["url(", "@import", "http"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
