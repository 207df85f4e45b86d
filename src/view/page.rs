//! The files of the page, which are part of the program.

/// A file of the page.
pub(super) struct PageFile {
    /// Where a browser finds it.
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// All of them.
pub(super) const FILES: &[PageFile] = &[
    PageFile { path: "/", content_type: HTML, text: include_str!("page/index.html") },
    PageFile { path: "/view.css", content_type: CSS, text: include_str!("page/view.css") },
    PageFile { path: "/view.js", content_type: SCRIPT, text: include_str!("page/view.js") },
    PageFile { path: "/pad.js", content_type: SCRIPT, text: include_str!("page/pad.js") },
    PageFile { path: "/controls.js", content_type: SCRIPT, text: include_str!("page/controls.js") },
    PageFile { path: "/pictures.js", content_type: SCRIPT, text: include_str!("page/pictures.js") },
    PageFile { path: "/frames.js", content_type: SCRIPT, text: include_str!("page/frames.js") },
    PageFile { path: "/icon.svg", content_type: SVG, text: include_str!("page/icon.svg") },
];

/// The file at `path`.
pub(super) fn file(path: &str) -> Option<&'static PageFile> {
    FILES.iter().find(|file| file.path == path)
}
