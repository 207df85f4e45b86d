//! What is said of an error: messages from below the desk advise by key, and only the desk knows the flags of a verb.

use std::ffi::OsString;

use clap::CommandFactory;

use super::Cli;
use crate::error::Error;

/// What messages advise to change, and what may be typed for it.
const FLAGS: [(&str, &str); 7] = [
    ("bench.allow_aliasing", "--allow-aliasing"),
    ("fabrication.base_thickness", "--base"),
    ("fabrication.levels", "--levels"),
    ("fabrication.layer_height", "--layer-height"),
    ("fabrication.printer = \"none\"", "--printer none"),
    ("the panel", "--panel"),
    ("training.data", "--data"),
];

/// What is said of `error` to who typed `words`.
pub fn told(error: &Error, words: impl Iterator<Item = OsString>) -> String {
    advised(error.to_string(), words)
}

/// `message`, and which flags set the keys in it.
pub(super) fn advised(message: String, words: impl Iterator<Item = OsString>) -> String {
    let cli = Cli::command();
    let verb = words.filter_map(|word| cli.find_subcommand(word)).next();
    let has = |flag: &str| {
        let name = flag.split(' ').next().and_then(|flag| flag.strip_prefix("--"));
        verb.is_some_and(|verb| verb.get_arguments().any(|argument| argument.get_long() == name))
    };
    let stands_for = |(key, flag): &(&str, &str)| format!("{flag} sets {key}");
    let named = FLAGS.iter().filter(|(key, flag)| message.contains(key) && has(flag));
    let advice: Vec<String> = named.map(stands_for).collect();
    if advice.is_empty() { message } else { format!("{message}; {}", advice.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_told_its_own_flags() {
        let error = Error::Value("too fine: give fewer fabrication.levels".into());
        let told = |words: &[&str]| super::told(&error, words.iter().map(OsString::from));
        assert_eq!(
            told(&["d2nn", "export", "device"]),
            "too fine: give fewer fabrication.levels; --levels sets fabrication.levels"
        );
        assert_eq!(told(&["d2nn", "inspect", "device"]), error.to_string());
        assert_eq!(told(&["d2nn"]), error.to_string());
    }

    #[test]
    fn every_flag_is_one() {
        let cli = Cli::command();
        for (_, flag) in FLAGS {
            let name = flag.trim_start_matches("--").split(' ').next();
            let known =
                |verb: &clap::Command| verb.get_arguments().any(|argument| argument.get_long() == name);
            assert!(cli.get_subcommands().any(known), "{flag}");
        }
    }
}
