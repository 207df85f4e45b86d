//! `d2nn plot`: which files it writes, and when it refuses to.

use std::fs;
use std::path::Path;

use crate::support::pictures::{self, Drawn};
use crate::support::program::{Answer, copy, d2nn, names, trained};

const KINDS: [&str; 5] = ["confusion", "detector", "light", "masks", "training"];

fn plot(folder: &Path, more: &[&str]) -> Answer {
    let device = trained().device.to_str().unwrap();
    let data = trained().folder.join("data");
    d2nn(folder, &[&["plot", device, "--data", data.to_str().unwrap()], more].concat())
}

fn whole_picture(path: &Path) {
    let bytes = fs::read(path).unwrap();
    if path.extension().unwrap() == "png" {
        let picture = Drawn::open(path);
        // Readable at the width of a page, and something is drawn.
        assert!(picture.width >= 600 && picture.height >= 250, "{}", path.display());
        let first = picture.pixel(0, 0);
        assert!(picture.pixels.iter().filter(|pixel| **pixel != first).count() > 2000, "{}", path.display());
    } else {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("<svg") && text.trim_end().ends_with("</svg>"), "{}", path.display());
        // Embedded fields are letters by chance.
        let mut parts = text.split("base64,");
        let first = parts.next().unwrap().to_owned();
        let drawn = parts.fold(first, |drawn, part| drawn + part.split_once('"').unwrap().1);
        assert!(!drawn.contains("NaN") && text.contains("<text"), "{}", path.display());
    }
}

#[test]
fn every_kind_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for format in ["png", "svg"] {
        let answer = plot(path, &["all", "--out", format, "--format", format, "--limit", "20"]);
        let files = KINDS.map(|kind| format!("{kind}.{format}"));
        assert_eq!(names(&path.join(format)), files.clone().into());
        for file in files {
            whole_picture(&path.join(format).join(&file));
            assert!(
                answer.done().lines().any(|line| line == format!("{format}/{file}")),
                "{}",
                answer.stdout
            );
        }
    }
    for kind in KINDS {
        let answer = plot(path, &[kind, "--out", kind, "--format", "svg"]);
        assert_eq!(answer.done(), format!("{kind}/{kind}.svg\n"));
        assert_eq!(names(&path.join(kind)), [format!("{kind}.svg")].into());
    }
}

#[test]
fn the_chosen_image_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let draw = |out: &str, more: &[&str]| {
        plot(path, &[&["detector", "--format", "svg", "--out", out], more].concat()).done();
        fs::read_to_string(path.join(out).join("detector.svg")).unwrap()
    };
    let first = draw("first", &[]);
    assert!(first.contains("test image 0"), "the title says which");
    assert!(first == draw("again", &["--image", "0"]), "the same picture twice");
    let last = draw("last", &["--image", "49"]);
    assert!(last.contains("test image 49") && last != first);
    let picture = pictures::grey((40, 60), |x, y| if x.abs_diff(20) < 8 && y > 10 { 220 } else { 3 });
    fs::write(path.join("own.png"), picture).unwrap();
    let own = draw("own", &["--image-file", "own.png"]);
    assert!(own.contains("own.png") && own != first);
    // A picture of one's own needs no data set.
    let device = trained().device.to_str().unwrap();
    let arguments =
        ["plot", device, "detector", "--image-file", "own.png", "--data", "absent", "--out", "alone"];
    d2nn(path, &arguments).done();
}

#[test]
fn pictures_of_the_sample_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let device = trained().device.to_str().unwrap();
    for kind in ["detector", "confusion"] {
        let more = ["--data", "builtin", "--limit", "10", "--format", "svg", "--out", "sample"];
        let answer = d2nn(folder.path(), &[&["plot", device, kind][..], &more].concat());
        answer.done();
        assert!(answer.stderr.contains("warning: this is the built-in sample"), "{}", answer.stderr);
        let svg = fs::read_to_string(folder.path().join(format!("sample/{kind}.svg"))).unwrap();
        assert!(svg.contains("built-in sample"), "{kind}");
    }
}

#[test]
fn a_camera_draws_the_detector_plane_at_its_own_pixels() {
    let folder = copy();
    let camera = ["detector", "--camera-pitch", "0.15 mm", "--out", "pictures"];
    plot(folder.path(), &camera).done();
    whole_picture(&folder.path().join("pictures/detector.png"));
    for (arguments, reason) in [
        (
            &["detector", "--camera-pitch", "0.1 mm", "--camera-pixels", "20"][..],
            "does not see all detector regions",
        ),
        (&["masks", "--camera-pitch", "0.1 mm"], "draw `detector`"),
    ] {
        plot(folder.path(), &[arguments, &["--out", "none"]].concat()).fails(2, &[reason]);
    }
}

#[test]
fn nothing_is_written_for_a_wrong_wish() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    plot(path, &["all", "--image", "50", "--out", "p"]).fails(2, &["--image 50", "0 to 49"]);
    plot(path, &["light", "--image", "18446744073709551615", "--out", "p"]).fails(2, &["0 to 49"]);
    plot(path, &["all", "--image-file", "absent.png", "--out", "p"]).fails(1, &["absent.png"]);
    fs::write(path.join("text.png"), "no picture").unwrap();
    plot(path, &["detector", "--image-file", "text.png", "--out", "p"]).fails(1, &["text.png"]);
    plot(path, &["all", "--image", "1", "--image-file", "text.png"]).fails(2, &["--image", "cannot be used"]);
    plot(path, &["spectrum", "--out", "p"]).fails(2, &["spectrum", "detector"]);
    plot(path, &["masks", "--format", "gif", "--out", "p"]).fails(2, &["gif", "png, svg"]);
    plot(path, &["confusion", "--limit", "0", "--out", "p"]).fails(2, &["--limit 0"]);
    plot(path, &["masks", "--out", "p.svg"]).fails(2, &["--out p.svg", "the folder", "--format svg"]);
    assert!(!path.join("p").join("masks.png").exists());
    fs::write(path.join("file"), "").unwrap();
    plot(path, &["masks", "--out", "file"]).fails(1, &["file"]);
    plot(path, &["masks", "--out", "file/below"]).fails(1, &["file/below"]);
    d2nn(path, &["plot", "nowhere"]).fails(2, &["nowhere is not a device folder"]);
}

#[test]
fn a_device_without_history_has_no_curve() {
    let folder = copy();
    let path = folder.path();
    let training = || d2nn(path, &["plot", "device", "training", "--out", "p"]);
    fs::write(path.join("device/history.csv"), "epoch,loss\n1,2\n").unwrap();
    training().fails(1, &["history.csv", "header"]);
    let whole = fs::read_to_string(trained().device.join("history.csv")).unwrap();
    fs::write(path.join("device/history.csv"), whole.replace("\n2,", "\ntwo,")).unwrap();
    training().fails(1, &["history.csv", "line 3"]);
    fs::remove_file(path.join("device/history.csv")).unwrap();
    training().fails(1, &["history.csv", "nothing to draw"]);
    let all = d2nn(path, &["plot", "device", "all", "--data", "data", "--out", "q"]);
    all.done();
    assert!(!names(&path.join("q")).contains("training.png"));
}
