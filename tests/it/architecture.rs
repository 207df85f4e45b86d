//! The floors, doors, features and public items of docs/architecture.md, read from the sources.

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
    ("plate", 1),
    ("dataset", 1),
    ("field", 2),
    ("object", 3),
    ("source", 3),
    ("propagation", 3),
    ("misalignment", 3),
    ("detector", 3),
    ("program", 4),
    ("element", 5),
    ("bench", 6),
    ("reference", 7),
    ("engine", 8),
    ("evaluation", 9),
    ("fabrication", 9),
    // Training validates through evaluation.
    ("training", 10),
    ("plots", 11),
    ("design", 11),
    // Shows what plots and designs know.
    ("view", 12),
    ("cli", 13),
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
    ("strsim", &["named"]),
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

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn read_toml(file: &str) -> toml::Table {
    read(file).parse().unwrap()
}

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
    let names: Vec<String> = read_toml("Cargo.toml")["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .map(|name| name.replace('-', "_"))
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

/// Where the modules of `file` lie: `dataset` for `dataset/mod.rs`, `dataset/download` for `dataset/download.rs`.
fn folder_of(file: &Path) -> PathBuf {
    match file.file_stem().unwrap().to_str().unwrap() {
        "mod" | "lib" | "main" => file.parent().unwrap().to_owned(),
        name => file.with_file_name(name),
    }
}

/// The modules that wait for a feature, as paths without ending: those with `#[cfg(feature = "...")]` above them.
fn gates() -> Vec<(PathBuf, String)> {
    let mut gates = Vec::new();
    for (_, path, text) in sources() {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for pair in lines.windows(2) {
            let feature =
                pair[0].strip_prefix("#[cfg(feature = \"").and_then(|rest| rest.strip_suffix("\")]"));
            let module = pair[1]
                .trim_start_matches("pub ")
                .strip_prefix("mod ")
                .and_then(|rest| rest.strip_suffix(';'));
            if let (Some(feature), Some(module)) = (feature, module) {
                gates.push((folder_of(&path).join(module), feature.to_owned()));
            }
        }
    }
    gates
}

/// `[features]` of Cargo.toml.
fn features() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = read_toml("Cargo.toml");
    let names = |list: &toml::Value| {
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    manifest["features"].as_table().unwrap().iter().map(|(name, list)| (name.clone(), names(list))).collect()
}

/// Names of the dependencies that only features bring.
fn optional_dependencies() -> BTreeSet<String> {
    let manifest = read_toml("Cargo.toml");
    let optional = |value: &toml::Value| value.get("optional").and_then(toml::Value::as_bool) == Some(true);
    let dependencies = manifest["dependencies"].as_table().unwrap();
    dependencies.iter().filter(|(_, value)| optional(value)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_feature_brings_the_crates_of_its_modules_and_no_others() {
    let (gates, features, optional) = (gates(), features(), optional_dependencies());
    let all: BTreeSet<&String> = features.keys().filter(|name| *name != "default").collect();
    assert_eq!(
        gates.iter().map(|(_, feature)| feature).collect::<BTreeSet<_>>(),
        all,
        "a feature has modules"
    );
    let manifest = read_toml("Cargo.toml");
    for dependency in manifest["dependencies"].as_table().unwrap().keys() {
        let (mut bare, mut waiting) = (None, BTreeSet::new());
        for (_, path, text) in sources() {
            if names_after(&text, &format!("{}::", dependency.replace('-', "_"))).next().is_none() {
                continue;
            }
            match gates.iter().find(|(gate, _)| path.with_extension("").starts_with(gate)) {
                Some((_, feature)) => _ = waiting.insert(feature.clone()),
                None => bare = Some(path),
            }
        }
        if !optional.contains(dependency) {
            assert!(bare.is_some(), "{dependency}: only {waiting:?} use it, so make it optional");
            continue;
        }
        assert_eq!(bare, None, "{dependency} is optional, but this file of the bare library imports it");
        let lists = |list: &BTreeSet<String>| list.contains(&format!("dep:{dependency}"));
        let listed: BTreeSet<String> =
            features.iter().filter(|(_, list)| lists(list)).map(|(name, _)| name.clone()).collect();
        assert_eq!(listed, waiting, "{dependency}: the features that list it are those of its modules");
    }
}

#[test]
fn the_program_has_every_feature() {
    let features = features();
    assert_eq!(features["default"], BTreeSet::from(["cli".to_owned()]));
    let page = read("docs/architecture.md");
    for feature in features.keys().filter(|name| *name != "default") {
        assert!(feature == "cli" || features["cli"].contains(feature), "cli has {feature}");
        assert!(page.contains(&format!("\n| `{feature}` | ")), "docs/architecture.md: a row for {feature}");
    }
}

/// No crate of the bare library brings one of the program's along.
#[test]
fn the_bare_library_is_without_the_programs_crates() {
    let optional = optional_dependencies();
    for named in [
        "ab_glyph",
        "clap",
        "ctrlc",
        "gdsii",
        "hyper",
        "indicatif",
        "plotters",
        "quick-xml",
        "stl_io",
        "tiff",
        "tokio",
        "ureq",
        "zip",
    ] {
        assert!(optional.contains(named), "{named} is the program's");
    }
    let lock = read_toml("Cargo.lock");
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let list = package.get("dependencies").and_then(toml::Value::as_array);
        // A name, and its version where there are several.
        let names = list.into_iter().flatten().map(|name| name.as_str().unwrap().split(' ').next().unwrap());
        needs.entry(package["name"].as_str().unwrap()).or_default().extend(names);
    }
    let manifest = read_toml("Cargo.toml");
    let dependencies = manifest["dependencies"].as_table().unwrap();
    let mut waiting: Vec<&str> = dependencies
        .iter()
        .filter(|(name, _)| !optional.contains(*name))
        .map(|(name, value)| value.get("package").and_then(toml::Value::as_str).unwrap_or(name))
        .collect();
    let mut built = BTreeSet::new();
    while let Some(package) = waiting.pop() {
        if built.insert(package) {
            waiting.extend(&needs[package]);
        }
    }
    assert!(built.len() > dependencies.len() - optional.len(), "the lock file is read");
    for name in &optional {
        assert!(!built.contains(name.as_str()), "{name} is built with the bare library");
    }
}

/// Public items of each module of the library: what is named `pub` in files that can be reached from outside. A private
/// module counts where its parent re-exports from it.
fn surface() -> BTreeMap<String, usize> {
    const ITEMS: [&str; 8] = ["const ", "enum ", "fn ", "mod ", "static ", "struct ", "trait ", "type "];
    let files: BTreeMap<PathBuf, String> =
        sources().into_iter().map(|(_, path, text)| (path, text)).collect();
    let mut counts = BTreeMap::new();
    let mut waiting = vec![PathBuf::from("lib.rs")];
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let module = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        for line in files[&path].lines().map(str::trim) {
            let Some(item) = line.strip_prefix("pub ") else { continue };
            if module != "lib" && ITEMS.iter().any(|kind| item.starts_with(kind)) {
                *counts.entry(module.to_owned()).or_default() += 1;
            }
            let folder = folder_of(&path);
            let (folder, inside) = match item.strip_prefix("use super::") {
                Some(sibling) => (folder.parent().unwrap(), Some(sibling)),
                None => (&*folder, item.strip_prefix("mod ").or(item.strip_prefix("use "))),
            };
            let Some(name) = inside.and_then(|rest| rest.split([':', ';']).next()) else { continue };
            let places = [folder.join(name).join("mod.rs"), folder.join(format!("{name}.rs"))];
            waiting.extend(places.into_iter().find(|place| files.contains_key(place)));
        }
    }
    counts
}

#[test]
fn the_public_surface_is_the_one_that_is_listed() {
    let page = read("docs/architecture.md");
    let section = page.split("## The library's surface\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let listed: BTreeMap<String, usize> = section
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let count = cells.get(2)?.parse().ok()?;
            Some((cells[1].trim_matches('`').to_owned(), count))
        })
        .collect();
    let found = surface();
    let table: Vec<String> =
        found.iter().map(|(module, items)| format!("| `{module}` | {items} |")).collect();
    assert_eq!(
        listed,
        found,
        "public items of each module. What only the crate needs is pub(crate) or in a private module; of the rest, \
         update the list in docs/architecture.md:\n{}\nin all {}\n",
        table.join("\n"),
        found.values().sum::<usize>()
    );
}

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
    assert!(
        circles.is_empty(),
        "these lean on each other, so that reading one means to read all: {circles:#?}"
    );
}

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
    assert!(homes.is_empty(), "these are defined twice, rename one: {homes:#?}");
}

#[test]
fn flags_are_named_at_the_desk() {
    for (_, path, text) in sources().into_iter().filter(|(module, ..)| module != "cli") {
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
            assert!(flags.count() == 0, "{}: {line}", path.display());
        }
    }
}

#[test]
fn hardware_is_named_in_the_engine_room() {
    for (_, path, text) in sources().into_iter().filter(|(module, ..)| module != "engine") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let words = || line.split(|c: char| !c.is_alphanumeric() && c != '_');
            assert!(!words().any(|word| word == "Cpu" || word == "CpuEngine"), "{}: {line}", path.display());
        }
    }
}
