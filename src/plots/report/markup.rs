//! Elements and text as HTML that is also well-formed XML; everything inserted is escaped.

/// Elements without content, and without a closing tag in HTML.
const VOID: [&str; 5] = ["br", "hr", "img", "meta", "col"];

/// One element with its attributes and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Markup {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Markup(Markup),
    Text(String),
}

/// An empty element.
pub fn element(name: &'static str) -> Markup {
    Markup { name, attributes: Vec::new(), content: Vec::new() }
}

/// An element of class `class`.
pub fn classed(name: &'static str, class: &str) -> Markup {
    element(name).attribute("class", class)
}

impl Markup {
    /// Whether it is of class `class` alone.
    pub(super) fn is_classed(&self, class: &str) -> bool {
        self.attributes.iter().any(|(name, value)| *name == "class" && value == class)
    }

    /// With one attribute more.
    pub fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// With `text` after what is in it; a line break in it is one on the page.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        for (index, line) in text.as_ref().split('\n').enumerate() {
            if index > 0 {
                self.content.push(Node::Markup(element("br")));
            }
            self.content.push(Node::Text(line.to_owned()));
        }
        self
    }

    /// With `text` after what is in it, its line breaks those of the file.
    pub(super) fn verbatim(mut self, text: &str) -> Self {
        self.content.push(Node::Text(text.to_owned()));
        self
    }

    /// With `child` after what is in it.
    pub fn with(mut self, child: Markup) -> Self {
        self.content.push(Node::Markup(child));
        self
    }

    /// With `children` after what is in it.
    pub fn with_all(mut self, children: impl IntoIterator<Item = Markup>) -> Self {
        self.content.extend(children.into_iter().map(Node::Markup));
        self
    }

    /// Appends the element to `page`.
    pub(super) fn render(&self, page: &mut String) {
        page.push('<');
        page.push_str(self.name);
        for (name, value) in &self.attributes {
            page.push(' ');
            page.push_str(name);
            page.push_str("=\"");
            escape(value, page);
            page.push('"');
        }
        if VOID.contains(&self.name) {
            page.push_str("/>");
            return;
        }
        page.push('>');
        for node in &self.content {
            match node {
                Node::Markup(element) => element.render(page),
                // HTML takes the content of a style as it is; ours needs no escaping, which a test keeps.
                Node::Text(text) if self.name == "style" => page.push_str(text),
                Node::Text(text) => escape(text, page),
            }
        }
        page.push_str("</");
        page.push_str(self.name);
        page.push('>');
        if matches!(self.name, "p" | "tr" | "section" | "figure" | "table" | "h2" | "h3" | "div" | "li") {
            page.push('\n');
        }
    }
}

/// Appends `text` with everything escaped that means something to HTML or XML; what XML cannot hold becomes U+FFFD.
fn escape(text: &str, page: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => page.push('\u{fffd}'),
            control if control.is_control() && !matches!(control, '\t' | '\n' | '\r') => {
                page.push('\u{fffd}');
            }
            other => page.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(element: &Markup) -> String {
        let mut page = String::new();
        element.render(&mut page);
        page
    }

    #[test]
    fn nothing_inserted_becomes_markup() {
        let found = rendered(
            &element("b").attribute("title", "\" onload='x'").text("<script>alert(1)</script> & \u{1}"),
        );
        assert_eq!(
            found,
            "<b title=\"&quot; onload=&#39;x&#39;\">&lt;script&gt;alert(1)&lt;/script&gt; &amp; \u{fffd}</b>"
        );
    }

    #[test]
    fn only_void_elements_go_without_a_closing_tag() {
        assert_eq!(rendered(&element("td").text("a\nb")), "<td>a<br/>b</td>");
        assert_eq!(rendered(&element("i")), "<i></i>");
    }
}
