//! `d2nn completions` and `d2nn man`: every verb and flag is there, and shells read the scripts.

use std::fs;
use std::process::Command;

use super::help::VERBS;
use crate::support::program::{d2nn, names};

/// The flags that the help of `verb` names, without the dashes.
fn flags(verb: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let help = d2nn(folder.path(), &[verb, &["--help"]].concat()).done().to_owned();
    let options = help.split_once("Options:").map(|(_, options)| options.split("Example").next().unwrap());
    let words = options.unwrap_or("").split_whitespace().filter_map(|word| word.strip_prefix("--"));
    words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()).collect()
}

#[test]
fn completions_know_every_verb_and_flag() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let train = flags(&["train"]);
    assert!(train.len() > 10 && train.contains(&"allow-modified".to_owned()), "{train:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = d2nn(path, &["completions", shell]).done().to_owned();
        for word in VERBS.iter().copied().flatten() {
            assert!(script.contains(word), "{shell}: {word}");
        }
        for flag in &train {
            assert!(script.contains(flag.as_str()), "{shell}: --{flag}");
        }
        // A shell that is there must be able to read its script.
        let file = path.join(shell);
        fs::write(&file, &script).unwrap();
        if let Ok(read) = Command::new(shell).arg("-n").arg(&file).output() {
            assert!(read.status.success(), "{shell}: {}", String::from_utf8_lossy(&read.stderr));
        }
    }
    d2nn(path, &["completions", "tcsh"]).fails(2, &["tcsh", "bash", "fish"]);
    d2nn(path, &["completions"]).fails(2, &["SHELL"]);
}

#[test]
fn every_verb_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let listed = d2nn(path, &["man", "--out", "man"]).done().to_owned();
    let pages = names(&path.join("man"));
    assert_eq!(listed.lines().count(), pages.len());
    for verb in VERBS {
        let name = [&["d2nn"], verb].concat().join("-") + ".1";
        assert!(pages.contains(&name), "{name} is not in {pages:?}");
        let page = fs::read_to_string(path.join("man").join(&name)).unwrap();
        assert!(page.contains(".TH ") && page.contains(".SH SYNOPSIS"), "{name}");
        assert!(page.contains("Example"), "{name}");
        for flag in flags(verb) {
            // In a page a dash is written \\-.
            assert!(page.contains(&flag.replace('-', "\\-")), "{name}: --{flag}");
        }
    }
    assert_eq!(d2nn(path, &["man"]).done(), fs::read_to_string(path.join("man/d2nn.1")).unwrap());
    fs::write(path.join("file"), "").unwrap();
    d2nn(path, &["man", "--out", "file/man"]).fails(1, &["file/man"]);
}
