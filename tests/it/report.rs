//! The report on a device: its figures are those of the other commands, and its page is whole, plain and safe.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::support::device::small_but;
use crate::support::program::{command, copy, d2nn, workshop};

/// The regions of the small design, which others replace.
const REGIONS: &str = "region_size = \"4 mm\"\nrow_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"";

/// Runs `d2nn report device` with `more` in `folder` and reads the file.
#[track_caller]
fn report(folder: &Path, more: &[&str]) -> String {
    let answer = d2nn(folder, &[&["report", "device", "--data", "data"], more].concat());
    let file = Path::new("device").join("report.html");
    assert_eq!(answer.done(), format!("{}\n", file.display()));
    fs::read_to_string(folder.join(file)).unwrap()
}

/// What a page holds, read as XML: anything that is not well-formed fails.
#[derive(Default)]
struct Content {
    /// Text outside the style, white space as in the file.
    text: String,
    elements: Vec<(String, Vec<(String, String)>)>,
}

impl Content {
    #[track_caller]
    fn of(page: &str) -> Self {
        let mut reader = Reader::from_str(page);
        reader.config_mut().check_end_names = true;
        let mut content = Content::default();
        let mut open: Vec<String> = Vec::new();
        loop {
            let event = reader.read_event().unwrap_or_else(|error| panic!("not well-formed: {error}"));
            match event {
                Event::Start(ref tag) | Event::Empty(ref tag) => {
                    let name = tag.name().as_ref().to_owned();
                    let attributes = tag.attributes().map(|attribute| {
                        let attribute = attribute.unwrap();
                        let key = attribute.key.as_ref().to_owned();
                        (key, attribute.value.into_owned())
                    });
                    content.elements.push((name.clone(), attributes.collect()));
                    if matches!(event, Event::Start(_)) {
                        open.push(name);
                    }
                }
                Event::End(_) => {
                    open.pop().unwrap();
                    content.text.push(' ');
                }
                Event::Text(text) if open.last().is_some_and(|name| name != "style") => {
                    content.text += &text;
                }
                Event::GeneralRef(name) => content.text += &format!("&{};", &*name),
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(open.is_empty(), "never closed: {open:?}");
        content
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Vec<(String, String)>> {
        self.elements.iter().filter(move |(found, _)| found == name).map(|(_, attributes)| attributes)
    }

    fn values(&self, key: &str) -> Vec<&str> {
        let all = self.elements.iter().flat_map(|(_, attributes)| attributes);
        all.filter(|(found, _)| found == key).map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.text.contains(word), "\"{word}\" is not on the page: {}", self.text);
        }
    }
}

/// A page that reads the same as HTML and XML, loads nothing, and tells its structure and its pictures to everyone.
#[track_caller]
fn check(page: &str) -> Content {
    let content = Content::of(page);
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    let policy = "default-src &#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;";
    assert!(content.values("content").contains(&policy), "no policy");
    for name in ["script", "link", "iframe", "object", "form", "base"] {
        assert_eq!(content.named(name).count(), 0, "{name}");
    }
    let ids: Vec<&str> = content.values("id");
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "each id once");
    let own = |target: &str| target.strip_prefix('#').is_some_and(|id| ids.contains(&id));
    for target in [content.values("src"), content.values("href")].concat() {
        let kind = &target[..target.len().min(40)];
        assert!(target.starts_with("data:image/png;base64,iVBOR") || own(target), "loads {kind}");
    }
    assert!(!page.contains("http:") && !page.contains("https:"), "an address of the network");
    for key in content.elements.iter().flat_map(|(_, attributes)| attributes).map(|(key, _)| key) {
        assert!(!key.starts_with("on"), "{key} would run");
    }
    for name in ["title", "h1", "main", "nav"] {
        assert_eq!(content.named(name).count(), 1, "{name}");
    }
    let told = |attributes: &Vec<(String, String)>, key: &str| {
        attributes.iter().any(|(found, value)| found == key && !value.is_empty())
    };
    assert!(content.named("img").count() > 3, "pictures");
    assert!(content.named("img").all(|attributes| told(attributes, "alt")), "a picture without words");
    for drawing in content.named("svg") {
        assert!(told(drawing, "aria-label") || told(drawing, "aria-hidden"), "a drawing without words");
    }
    content
}

fn percent(value: &serde_json::Value, digits: usize) -> String {
    format!("{:.digits$} %", 100.0 * value.as_f64().unwrap()).replace('-', "\u{2212}")
}

#[test]
fn the_figures_are_those_of_the_other_commands() {
    let folder = copy();
    let path = folder.path();
    let content = check(&report(path, &[]));
    let json = |arguments: &[&str]| {
        d2nn(path, &[arguments, &["device", "--data", "data", "--json"]].concat()).json()
    };
    let judged = json(&["evaluate"]);
    content.says(&[
        &percent(&judged["accuracy"], 2),
        &percent(&judged["power_efficiency_input"], 3),
        &percent(&judged["power_efficiency_output"], 3),
        &percent(&judged["detector_share"], 3),
        &percent(&judged["signal_contrast"], 3),
        &format!("{:.4}", judged["loss"].as_f64().unwrap()),
        "of 50 test images",
    ]);
    // The cells of both tables stand one after the other, row by row.
    let squeezed = content.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for class in 0..10 {
        let counts = judged["confusion"][class].as_array().unwrap();
        let cell = |count: &serde_json::Value| match count.as_u64().unwrap() {
            0 => "\u{b7}".to_owned(),
            count => count.to_string(),
        };
        let row = counts.iter().map(cell).collect::<Vec<_>>().join(" ");
        assert!(squeezed.contains(&row), "{row} is no row of {squeezed}");
        let shares = judged["energy_distribution"][class].as_array().unwrap();
        let row: Vec<String> =
            shares.iter().map(|share| format!("{:.1}", 100.0 * share.as_f64().unwrap())).collect();
        assert!(squeezed.contains(&row.join(" ")), "{row:?} is no row of {squeezed}");
    }
    let grids = json(&["evaluate", "--convergence"]);
    for grid in grids["grids"].as_array().unwrap() {
        let row = format!(
            "{0} \u{d7} {0} {1} {2} {3} {4:.4}",
            grid["oversample"],
            grid["padding"].as_f64().unwrap(),
            percent(&grid["accuracy"], 2),
            percent(&grid["same_answers"], 2),
            grid["field_error"].as_f64().unwrap()
        );
        assert!(squeezed.contains(&row), "{row} is no row of {squeezed}");
    }
    // The small device has one sample a pixel, so its tolerance is judged on the grid of the report.
    let disturbed = json(&["tolerance", "--all", "--draws", "2"]);
    for row in disturbed["disturbances"].as_array().unwrap() {
        let figures = format!(
            "{} {} {}",
            percent(&row["accuracy"], 2),
            percent(&row["accuracy_lowest"], 2),
            percent(&row["accuracy_highest"], 2)
        );
        assert!(squeezed.contains(&figures), "{row} is not in {squeezed}");
    }
    let printed = d2nn(path, &["export-stl", "device", "--no-check", "--json"]).json();
    let triangles = printed["plates"][0]["triangles"].as_u64().unwrap();
    content.says(&[&format!("{},{:03}", triangles / 1000, triangles % 1000), "Misclassified"]);
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let folder = copy();
    let path = folder.path();
    let first = report(path, &[]);
    assert_eq!(first, report(path, &["--threads", "1"]), "threads change no byte");
    assert!(!first.contains("<dt>date</dt>"), "no clock");
    let mut dated = command(path, &["report", "device", "--data", "data", "--quick"]);
    assert!(dated.env("SOURCE_DATE_EPOCH", "1700000000").output().unwrap().status.success());
    let page = fs::read_to_string(path.join("device/report.html")).unwrap();
    assert!(check(&page).text.contains("2023-11-14"));
    // Trained again, the device has no report: its old one would be taken for one of the new masks.
    fs::copy(path.join("device/design.toml"), path.join("again.toml")).unwrap();
    let again = ["train", "again.toml", "--data", "data", "--epochs", "1", "--out", "device", "--force"];
    d2nn(path, &again).done();
    assert!(!path.join("device/report.html").exists());
}

#[test]
fn parts_that_take_their_time_can_be_left_out() {
    let folder = copy();
    let path = folder.path();
    let page = report(path, &["--quick", "--limit", "20"]);
    let content = check(&page);
    content.says(&["Left out of this report", "--convergence", "--all", "of 20 test images"]);
    assert!(!content.text.contains("field error"));
    content.says(&["thickness of the plates", "squared correlation"]);
    let page = report(path, &["--no-tolerance", "--limit", "10"]);
    assert!(check(&page).text.contains("field error"));
    let answer = d2nn(path, &["report", "device", "--data", "data", "--quick", "--out", "new/page.html"]);
    assert_eq!(answer.done(), "new/page.html\n");
    check(&fs::read_to_string(path.join("new/page.html")).unwrap());
}

#[test]
fn wrong_wishes_are_refused_before_any_work() {
    let folder = copy();
    let path = folder.path();
    d2nn(path, &["report", "data"]).fails(1, &["design.toml"]);
    d2nn(path, &["report", "nowhere"]).fails(2, &["nowhere", "not a device folder"]);
    d2nn(path, &["report", "device", "--limit", "0"]).fails(2, &["--limit 0"]);
    d2nn(path, &["report", "device", "--out", "data"]).fails(2, &["data: it is a folder", "name a file"]);
}

#[test]
fn what_users_type_stays_text() {
    let folder = copy();
    let path = folder.path();
    let wicked = "</dd><script>alert(1)</script>&\\\"'";
    for (file, from, to) in [
        ("design.toml", "VeroBlackPlus RGD875", wicked),
        ("provenance.toml", "command = \"", "command = \"<img src=x onerror=alert(1)> "),
    ] {
        let file = path.join("device").join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
    }
    let page = report(path, &["--quick", "--limit", "10"]);
    let content = check(&page);
    assert!(!page.contains("<script") && !page.contains("<img src=x"));
    content.says(&["&lt;script&gt;alert(1)", "&lt;img src=x onerror=alert(1)&gt;"]);
}

#[test]
fn masks_without_a_past_and_masks_that_changed() {
    let folder = copy();
    let path = folder.path();
    let trained = check(&report(path, &["--quick", "--limit", "10"]));
    assert!(!trained.text.contains("checksums differ"));
    // The first mask twice is another device.
    fs::copy(path.join("device/mask-1.npy"), path.join("device/mask-2.npy")).unwrap();
    check(&report(path, &["--quick", "--limit", "10"])).says(&["checksums differ"]);
    for name in ["provenance.toml", "history.csv"] {
        fs::remove_file(path.join("device").join(name)).unwrap();
    }
    check(&report(path, &["--quick", "--limit", "10"])).says(&[
        "no provenance.toml",
        "No history",
        "is not known",
    ]);
}

#[test]
fn the_sample_is_told_loudly() {
    let folder = copy();
    let path = folder.path();
    let answer = d2nn(path, &["report", "device", "--data", "builtin", "--quick", "--limit", "10"]);
    answer.done();
    let page = fs::read_to_string(path.join("device/report.html")).unwrap();
    check(&page).says(&["Judged on a sample", "built-in sample of Fashion-MNIST"]);
}

/// Trains `design` for a moment and reports on it.
#[track_caller]
fn trained_report(design: &str, more: &[&str]) -> Content {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("other.toml"), design.replace("epochs = 2", "epochs = 1")).unwrap();
    d2nn(path, &["train", "other.toml", "--data", "data", "--out", "device"]).done();
    check(&report(path, more))
}

#[test]
fn a_device_of_pairs_on_two_networks() {
    let detector = "scheme = \"differential\"\nlayout = \"grid\"\nregion_size = [\"2.4 mm\", \"2 mm\"]\n\
                    row_pitch = \"4 mm\"\ncolumn_pitch = \"4 mm\"";
    let design = small_but(REGIONS, detector).replace("[bench]", "[bench]\nnetworks = 2");
    let content = trained_report(&design, &["--no-convergence"]);
    content.says(&[
        "2 networks side by side",
        "Network 2 of 2: Sandal",
        "mask 4",
        "Trouser +",
        "through network 2 of 2",
        "detector plane of network 2 of 2",
    ]);
}

#[test]
fn a_device_that_forms_images() {
    let design =
        small_but(REGIONS, "layout = \"image\"").replace("[training]", "[training]\nloss = \"image-mse\"");
    let content = trained_report(&design, &[]);
    content.says(&["forms images", "SSIM", "free space", "mean squared error", "wanted"]);
    for word in ["Confusion", "Convergence", "Tolerance", "Misclassified"] {
        assert!(!content.text.contains(word), "{word}");
    }
}

#[test]
fn masks_that_are_no_reliefs() {
    let design = small_but("[training]", "[mask]\nmodulation = \"complex\"\n\n[training]");
    let content = trained_report(&design, &["--quick"]);
    content.says(&["2 complex masks", "amplitude transmission", "Not to be printed", "2\u{3c0} phase"]);
}
