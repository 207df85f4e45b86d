//! The floors and doors of docs/architecture.md, read from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Floor of each module of the crate; a file imports from lower floors and from its own module only.
const FLOORS: &[(&str, u32)] = &[
    ("error", 0),
    ("files", 0),
    ("named", 0),
    ("units", 0),
    ("random", 0),
    ("npy", 0),
    ("raster", 0),
    ("grid", 1),
    ("material", 1),
    ("dataset", 1),
    ("field", 2),
    ("object", 3),
    ("propagation", 3),
    ("misalignment", 3),
    ("mask", 3),
    ("detector", 3),
    ("network", 4),
    ("engine", 5),
    ("evaluation", 6),
    ("fabrication", 6),
    // Training validates through evaluation.
    ("training", 7),
    ("plots", 8),
    ("design", 8),
    // Shows what plots and designs know.
    ("view", 9),
    ("cli", 10),
];

/// Imports within a floor, each with its reason.
const SAME_FLOOR: &[(&str, &str)] = &[
    ("files", "error"), // the ground floor speaks with one Error
    ("units", "error"),
    ("npy", "error"),
    ("raster", "error"),
];

/// Where each dependency may be imported. Those not listed are the vocabulary: anywhere.
const DOORS: &[(&str, &[&str])] = &[
    ("d2nn_kernels", &["field", "propagation", "engine"]),
    ("rayon", &["engine", "fabrication"]),
    ("plotters", &["plots"]),
    ("ab_glyph", &["plots"]),
    ("png", &["raster"]),
    ("zune_jpeg", &["dataset"]),
    ("exif", &["dataset"]),
    ("stl_io", &["fabrication"]),
    ("strsim", &["design"]),
    ("tiff", &["fabrication"]),
    ("gdsii", &["fabrication"]),
    ("quick_xml", &["fabrication"]),
    ("serde", &["design", "view"]),
    ("toml", &["design"]),
    ("serde_json", &["cli", "fabrication", "view"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("hyper", &["view"]),
    ("hyper_util", &["view"]),
    ("http_body_util", &["view"]),
    ("tokio", &["view"]),
    ("indicatif", &["cli"]),
    ("ctrlc", &["cli"]),
    ("ureq", &["dataset"]),
    ("flate2", &["dataset"]),
    ("sha2", &["files", "dataset", "design"]),
    ("rand_chacha", &["random"]),
    ("tempfile", &["files"]),
    ("zip", &["npy", "fabrication"]),
    ("thiserror", &["error"]),
];

const VOCABULARY: &[&str] = &["ndarray", "num_complex", "num_traits"];

/// Names that must not be: they hide the one concept a file has.
const NAMELESS: &[&str] = &["utils", "util", "common", "core", "base", "types", "prelude", "helpers", "misc"];

fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap().to_owned();
                let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
                // Tests inside a file may look anywhere.
                if inside.ends_with("tests.rs") {
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
                found.push((module.trim_end_matches(".rs").to_owned(), inside, text));
            }
        }
    }
    assert!(found.len() > 30, "the sources are found");
    found
}

/// Identifiers that follow `before` in code lines (comments left out).
fn names_after<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(move |line| {
        line.match_indices(before).filter_map(move |(at, _)| {
            // `before` must begin a word: `std::error::` is not the crate `error`.
            let previous = line[..at].chars().next_back();
            if previous.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                return None;
            }
            let rest = &line[at + before.len()..];
            rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
        })
    })
}

#[test]
fn every_module_stands_on_a_floor() {
    for (module, path, _) in sources() {
        let known =
            ["lib", "main"].contains(&module.as_str()) || FLOORS.iter().any(|(name, _)| *name == module);
        assert!(known, "{}: put the module {module} on a floor", path.display());
        for part in path.iter() {
            let name = part.to_str().unwrap().trim_end_matches(".rs");
            assert!(!NAMELESS.contains(&name), "{}: a name that says nothing", path.display());
        }
    }
}

#[test]
fn imports_go_down() {
    let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
    for (module, path, text) in sources() {
        let Some(floor) = floors.get(module.as_str()) else { continue };
        for name in names_after(&text, "crate::") {
            let Some(other) = floors.get(name) else { continue };
            let allowed = name == module || other < floor || SAME_FLOOR.contains(&(module.as_str(), name));
            assert!(allowed, "{}: {module} (floor {floor}) imports {name} (floor {other})", path.display());
        }
    }
}

#[test]
fn dependencies_come_through_their_doors() {
    for (module, path, text) in sources() {
        for (dependency, doors) in DOORS {
            let used = names_after(&text, &format!("{dependency}::")).next().is_some();
            assert!(
                !used || doors.contains(&module.as_str()),
                "{}: no door for {dependency}",
                path.display()
            );
        }
    }
}

#[test]
fn every_dependency_has_a_door_that_is_used() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names: Vec<String> = section
        .lines()
        .filter(|line| !line.starts_with('#') && line.contains('='))
        .map(|line| line.split('=').next().unwrap().trim().replace('-', "_"))
        .collect();
    let everything = sources();
    for name in &names {
        let door = DOORS.iter().any(|(dependency, _)| dependency == name);
        assert!(door || VOCABULARY.contains(&name.as_str()), "{name}: give it a door");
        let used = everything.iter().any(|(_, _, text)| text.contains(&format!("{name}::")));
        assert!(used, "{name} is not used");
    }
    for (dependency, doors) in DOORS {
        assert!(names.iter().any(|name| name == dependency), "{dependency} is no dependency any more");
        for door in *doors {
            let used = everything
                .iter()
                .any(|(module, _, text)| module == door && text.contains(&format!("{dependency}::")));
            assert!(used, "the door of {dependency} into {door} is not used");
        }
    }
}

/// Files that lean on each other: reading one means to read all. Each circle of a folder is within one of these, and
/// each of these has one, so that what is dissolved is struck off.
const CIRCLES: &[(&str, &[&str])] = &[
    ("cli", &["as_exported", "convergence", "evaluate", "imaging"]),
    ("cli/sweep", &["picture", "results"]),
    ("cli/train", &["forecast", "job", "outcome", "telling"]),
    ("evaluation", &["photons", "tolerance"]),
    ("fabrication", &["plate", "report"]),
];

/// Where a file stands among the modules: `src/cli/train/job.rs` is `cli`, `train`, `job`.
fn module_path(inside: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        inside.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    parts.pop_if(|last| last == "mod");
    parts
}

/// The paths of an import tree at the beginning of `text`, such as `a::{b, c::d}`, each behind `before`; and the rest.
fn import_tree<'a>(text: &'a str, mut before: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        if let Some(mut list) = rest.strip_prefix('{') {
            while !list.trim_start().starts_with('}') && !list.is_empty() {
                list = import_tree(list, before.clone(), found);
                // An alias, a comma.
                let end = list.find([',', '}']).unwrap_or(list.len());
                list = list[end..].strip_prefix(',').unwrap_or(&list[end..]);
            }
            return list.trim_start().strip_prefix('}').unwrap_or_default();
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        match name {
            "super" => drop(before.pop()),
            "self" | "" => {}
            name => before.push(name.to_owned()),
        }
        let Some(further) = rest.strip_prefix("::") else {
            found.push(before);
            return rest;
        };
        rest = further;
    }
}

/// Modules of this crate that a file at `module` speaks of.
fn targets(module: &[String], text: &str) -> Vec<Vec<String>> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut found = Vec::new();
    for (word, from) in [("crate::", &[][..]), ("super::", module), ("self::", module)] {
        for (at, _) in code.match_indices(word) {
            // `super::super::` is one path, which begins at its first word.
            let begins =
                code[..at].chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || "_:".contains(c)));
            if begins {
                let tree = if word == "crate::" { &code[at + word.len()..] } else { &code[at..] };
                import_tree(tree, from.to_vec(), &mut found);
            }
        }
    }
    found
}

/// What can be reached from `from`, itself only on a circle.
fn reached<'a>(from: &str, edges: &'a BTreeSet<(String, String)>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(node) = next.pop() {
        for (_, to) in edges.iter().filter(|(begin, _)| begin == node) {
            if reached.insert(to.as_str()) {
                next.push(to);
            }
        }
    }
    reached
}

#[test]
fn import_trees_are_read() {
    let mut found = Vec::new();
    let rest = import_tree("super::{a::{self, b as c}, d}; more", vec!["x".into(), "y".into()], &mut found);
    assert_eq!(
        (found, rest),
        (
            vec![vec!["x", "a"], vec!["x", "a", "b"], vec!["x", "d"]]
                .into_iter()
                .map(|path| path.into_iter().map(str::to_owned).collect())
                .collect(),
            "; more"
        )
    );
}

#[test]
fn files_of_a_folder_do_not_lean_on_each_other_in_circles() {
    let files: Vec<(Vec<String>, String)> =
        sources().into_iter().map(|(_, path, text)| (module_path(&path), text)).collect();
    let mut folders: BTreeMap<Vec<String>, BTreeSet<(String, String)>> = BTreeMap::new();
    for (module, text) in &files {
        for target in targets(module, text) {
            // The folder in which the ways to both part; the floors keep the outermost.
            let common = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
            let (Some(from), Some(to)) = (module.get(common), target.get(common)) else { continue };
            let is_module = files.iter().any(|(other, _)| other.starts_with(&target[..=common]));
            if common > 0 && is_module {
                folders.entry(module[..common].to_vec()).or_default().insert((from.clone(), to.clone()));
            }
        }
    }
    assert!(folders.len() > 5, "imports are found");
    let mut circles: Vec<(String, BTreeSet<&str>)> = Vec::new();
    for (folder, edges) in &folders {
        for (node, _) in edges {
            let circle: BTreeSet<&str> = reached(node, edges)
                .into_iter()
                .filter(|other| reached(other, edges).contains(node.as_str()))
                .collect();
            let circle = (folder.join("/"), circle);
            if !circle.1.is_empty() && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
    }
    let within = |(folder, circle): &(String, BTreeSet<&str>), (listed, names): &(&str, &[&str])| {
        folder == listed && circle.iter().all(|name| names.contains(name))
    };
    let unknown: Vec<_> =
        circles.iter().filter(|circle| !CIRCLES.iter().any(|listed| within(circle, listed))).collect();
    assert!(unknown.is_empty(), "these import each other in a circle: {unknown:#?}");
    for listed in CIRCLES {
        let there = circles.iter().any(|circle| within(circle, listed));
        assert!(there, "src/{}: {:?} are no circle any more: strike them off", listed.0, listed.1);
    }
}

/// Type names that are still defined more than once; to become fewer.
const NAMESAKES: &[&str] = &[
    "Compared", "Figure", "Format", "Frame", "Judged", "Kind", "Light", "Outcome", "Panel", "Place",
    "Progress", "Purpose", "Readings", "Step",
];

#[test]
fn one_name_is_one_thing() {
    let mut homes: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for (_, path, text) in sources() {
        // At the margin: what is inside a function or an implementation is nobody else's.
        for line in text.lines() {
            let public =
                line.strip_prefix("pub(").and_then(|rest| rest.split_once(") ")).map(|(_, rest)| rest);
            let rest = public.or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
            let mut found = rest.splitn(2, ' ');
            let kind = found.next().unwrap_or_default();
            if ["struct", "enum", "trait", "type"].contains(&kind) {
                let name = found.next().unwrap_or_default();
                let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
                homes.entry(name[..end].to_owned()).or_default().insert(path.clone());
            }
        }
    }
    assert!(homes.len() > 200, "types are found");
    homes.retain(|_, files| files.len() > 1);
    let unknown: Vec<_> = homes.iter().filter(|(name, _)| !NAMESAKES.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "these are defined twice, rename one: {unknown:#?}");
    for name in NAMESAKES {
        assert!(homes.contains_key(*name), "{name} is one thing now: strike it off");
    }
}

/// Modules below the desk whose messages still name flags.
const FLAGGED: &[&str] = &["dataset"];

#[test]
fn flags_are_named_at_the_desk() {
    let mut found = BTreeSet::new();
    for (module, path, text) in sources().into_iter().filter(|(module, ..)| module != "cli") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            // `--name:` is a variable of a style sheet.
            let flags = line.match_indices("--").filter(|(at, _)| {
                let before = line[..*at].chars().next_back();
                let word: String =
                    line[at + 2..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
                let after = line[at + 2 + word.len()..].chars().next();
                before.is_some_and(|c| " \"(`'".contains(c)) && !word.is_empty() && after != Some(':')
            });
            if flags.count() > 0 {
                assert!(FLAGGED.contains(&module.as_str()), "{}: {line}", path.display());
                found.insert(module.clone());
            }
        }
    }
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), FLAGGED, "strike off who names none");
}
