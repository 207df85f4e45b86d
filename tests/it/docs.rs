//! The documentation says what the program does: design file, keys of the output for programs, links.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use d2nn::design::folder::write_masks;
use d2nn::design::{Design, DesignFile, Sweep};
use ndarray::Array2;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The content of each fenced block in `language`.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if line.trim() == fence {
            blocks.push(
                lines.by_ref().take_while(|line| line.trim() != "```").map(|l| format!("{l}\n")).collect(),
            );
        }
    }
    blocks
}

/// Key names in a TOML text.
fn keys(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key.trim().to_owned()).collect()
}

/// The part of `markdown` from the heading `from` to the next one of the same or a higher level.
fn section<'a>(markdown: &'a str, from: &str) -> &'a str {
    let level = from.chars().take_while(|c| *c == '#').count();
    let start = markdown.find(&format!("\n{from}\n")).unwrap() + 1;
    let rest = &markdown[start + from.len()..];
    let end = (1..=level).filter_map(|level| rest.find(&format!("\n{} ", "#".repeat(level)))).min();
    &rest[..end.unwrap_or(rest.len())]
}

/// Keys without a default, commented out in the complete file.
const OPTIONAL: [&str; 38] = [
    "wavelengths",
    "weights",
    "readout",
    "half_angle",
    "points",
    "shape",
    "classes",
    "density",
    "price",
    "layer_height",
    "levels",
    "frame_width",
    "frame_height",
    "engraving_depth",
    "pin_holes",
    "printer",
    "name",
    "minimum_feature",
    "faithful_feature",
    "tray",
    "relief_max",
    "centres",
    "kind",
    "gap",
    "distance",
    "focal_length",
    "phase",
    "diameter",
    "opening",
    "thickness",
    "refractive_index",
    "extinction_coefficient",
    "polarisation",
    "echoes",
    "optical_depth",
    "saturation_intensity",
    "pixel_pitch",
    "pixels",
];

/// The default design with everything written down that follows from keys that were left out.
fn settled_default() -> DesignFile {
    let mut typed = DesignFile::default();
    Design::resolve("default", &typed).unwrap().settle(&mut typed);
    typed
}

#[test]
fn the_complete_design_file_is_the_default() {
    let text = page("design-file.md");
    let complete = &blocks(&text, "toml")[0];
    assert_eq!(DesignFile::parse("docs/design-file.md", complete).unwrap(), settled_default());
    // Written out, nothing is left to defaults.
    assert_eq!(keys(complete), {
        let mut keys = keys(&settled_default().to_text().unwrap());
        keys.extend(OPTIONAL.map(|key| format!("# {key}")));
        keys
    });
}

#[test]
fn every_key_of_the_design_file_has_its_row() {
    let text = page("design-file.md");
    let rows = section(&text, "## Keys");
    let mut wanted = keys(&settled_default().to_text().unwrap());
    wanted.extend(OPTIONAL.map(str::to_owned));
    for key in wanted {
        assert!(rows.contains(&format!("\n| `{key}` |")), "docs/design-file.md has no row for {key}");
    }
}

#[test]
fn the_sweep_of_the_page_is_one() {
    let text = page("sweep.md");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("masks.toml");
    fs::write(&path, &blocks(&text, "toml")[0]).unwrap();
    let sweep = Sweep::read(&path, &[]).unwrap();
    let (first, last) = (&sweep.devices[0].name, &sweep.devices[17].name);
    assert_eq!(sweep.devices.len(), 18);
    assert!(text.contains(&format!("These are 18 devices, from `{first}` to `{last}`.")), "{first} {last}");
    let rows = section(&text, "## The sweep file");
    for key in ["format", "design", "preset", "seeds", "[set]", "[grid]", "[[runs]]"] {
        assert!(rows.contains(&format!("\n| `{key}` |")), "docs/sweep.md has no row for {key}");
    }
}

/// A device of one clear mask on a small grid, ready to be judged.
fn small_device(folder: &Path) {
    let text = "name = \"small\"\n[bench]\npixels = 120\nmasks = 1\n";
    fs::write(folder.join("design.toml"), text).unwrap();
    let design = Design::resolve("design.toml", &DesignFile::parse("design.toml", text).unwrap()).unwrap();
    write_masks(folder, design.bench.modulation, &[Array2::zeros(design.bench.grid().shape())]).unwrap();
}

/// The same, forming images.
fn small_imaging_device(folder: &Path) {
    let text = "name = \"image\"\n[bench]\npixels = 120\nmasks = 1\n[detector]\nlayout = \"image\"\n\
                [training]\nloss = \"image-mse\"\n";
    fs::write(folder.join("design.toml"), text).unwrap();
    let design = Design::resolve("design.toml", &DesignFile::parse("design.toml", text).unwrap()).unwrap();
    write_masks(folder, design.bench.modulation, &[Array2::zeros(design.bench.grid().shape())]).unwrap();
}

fn json(arguments: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_d2nn")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_key_of_the_json_output_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    small_device(folder.path());
    let device = folder.path().to_str().unwrap();
    let images = tempfile::tempdir().unwrap();
    small_imaging_device(images.path());
    let imaging = images.path().to_str().unwrap();
    let text = page("design-file.md");
    for (heading, arguments) in [
        (
            "### `d2nn evaluate --json`",
            &["evaluate", device, "--data", "builtin", "--limit", "2", "--json"][..],
        ),
        (
            "### `d2nn evaluate --json` of a device that forms images",
            &["evaluate", imaging, "--data", "builtin", "--limit", "2", "--json"],
        ),
        (
            "### `d2nn tolerance --json`",
            &["tolerance", device, "--data", "builtin", "--limit", "2", "--levels", "2", "--json"],
        ),
        ("### `d2nn inspect --json`", &["inspect", device, "--json"]),
    ] {
        let documented = section(&text, heading);
        // The first column of the table; a row may have several keys.
        let names: BTreeSet<&str> = documented
            .lines()
            .filter(|line| line.starts_with("| `"))
            .flat_map(|line| line.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
            .collect();
        let mut given = BTreeSet::new();
        for (key, value) in json(arguments) {
            if key == "sampling" {
                given.extend(value.as_object().unwrap().keys().map(|inner| format!("sampling.{inner}")));
            }
            if key == "data" {
                for inner in value.as_object().unwrap().keys() {
                    assert!(documented.contains(&format!("`{inner}`")), "{heading} lacks data.{inner}");
                }
            }
            if key == "disturbances" {
                for inner in value[0].as_object().unwrap().keys() {
                    assert!(documented.contains(&format!("`{inner}`")), "{heading} lacks {inner}");
                }
            }
            given.insert(key);
        }
        assert_eq!(names, given.iter().map(String::as_str).collect(), "{heading}");
    }
}

#[test]
fn every_key_of_the_sidecar_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    small_device(folder.path());
    let device = folder.path().to_str().unwrap();
    let text = page("fabrication.md");
    let rows = section(&text, "### The sidecar");
    let mut given = BTreeSet::new();
    for format in ["3mf", "png16", "tiff16", "csv", "npy", "gds", "slm"] {
        for (key, value) in json(&["export", device, "--format", format, "--levels", "8", "--json"]) {
            let inner = value.as_array().and_then(|list| list.first()).unwrap_or(&value);
            let inner: Vec<String> =
                inner.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect();
            let of_key = |line: &&str| {
                line.starts_with('|') && line.split('|').nth(1).unwrap_or("").contains(&format!("`{key}`"))
            };
            let row = rows.lines().find(of_key);
            let row = row.unwrap_or_else(|| panic!("docs/fabrication.md has no row for {key}"));
            for name in inner {
                assert!(row.contains(&format!("`{name}`")), "{key} lacks {name}");
            }
            given.insert(key);
        }
    }
    let first = |line: &str| line.split('|').nth(1).unwrap_or_default().to_owned();
    let columns: String = rows.lines().filter(|line| line.starts_with("| `")).map(first).collect();
    for key in columns.split('`').skip(1).step_by(2) {
        assert!(given.contains(key), "docs/fabrication.md has {key}, which no sidecar has");
    }
}

/// Markdown without fenced blocks and inline code, in which brackets are no links.
fn prose(markdown: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            for (number, part) in line.split('`').enumerate() {
                // Code in the text of a link or heading still counts for its anchor, so only brackets go.
                if number % 2 == 0 { text += part } else { text += &part.replace(['[', ']', '(', ')'], "") }
            }
        }
        text.push('\n');
    }
    text
}

/// Anchors that GitHub gives the headings of a page.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let slug = |heading: &str| -> String {
        heading
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    let mut inside = false;
    markdown
        .lines()
        .filter(|line| {
            inside ^= line.trim_start().starts_with("```");
            !inside && line.starts_with('#')
        })
        .map(|line| slug(line.trim_start_matches('#').trim()))
        .collect()
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.extend(
        ["README.md", "CHANGELOG.md"].map(|name| root().join(name)).into_iter().filter(|p| p.exists()),
    );
    let mut links = 0;
    for path in pages {
        let text = fs::read_to_string(&path).unwrap();
        for target in prose(&text).split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned())
        {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: {target} leads nowhere", path.display());
            if !anchor.is_empty() {
                let found = anchors(&fs::read_to_string(&file).unwrap());
                assert!(
                    found.contains(anchor),
                    "{}: {target}: no such heading, only {found:?}",
                    path.display()
                );
            }
        }
    }
    assert!(links > 10, "only {links} links found: does the test still see them?");
}

#[test]
fn the_crate_page_names_every_module() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for line in library.lines() {
        if let Some(module) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            // `mod@` tells a module from a keyword or a macro of its name.
            let introduced = ["", "mod@"].iter().any(|kind| library.contains(&format!("[`{kind}{module}`]")));
            assert!(introduced, "src/lib.rs does not introduce {module}");
        }
    }
}

#[test]
fn the_tests_that_keep_the_conventions_exist() {
    let text = page("conventions.md");
    let mut named = 0;
    for row in section(&text, "## Which test keeps what").lines().filter(|line| line.contains(".rs`")) {
        let mut source = String::new();
        for code in row.split('`').skip(1).step_by(2) {
            if code.ends_with(".rs") {
                source = fs::read_to_string(root().join(code)).unwrap_or_else(|_| panic!("no file {code}"));
            } else {
                named += 1;
                assert!(
                    source.contains(&format!("fn {code}(")),
                    "docs/conventions.md names {code}, which is gone"
                );
            }
        }
    }
    assert!(named > 15, "only {named} tests found in the table");
}
