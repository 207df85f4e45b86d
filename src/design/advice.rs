//! What to do about a design that cannot be read: the parser says what it met, and this what was probably meant.

use toml::de::{DeTable, DeValue};

use crate::named::meant;

/// What the parser says of `text`: the place, the key that stands there, what is wrong, and advice, where there is some.
pub(super) fn told(text: &str, error: &toml::de::Error) -> String {
    let shown = error.to_string();
    let key = error.span().and_then(|span| key_at(DeTable::parse(text).ok()?.get_ref(), span.start));
    // What is shown of the file stands before the message.
    match (key, shown.trim_end().strip_suffix(error.message().trim_end())) {
        (Some(key), Some(place)) => advised(&format!("{place}{key}: {}", error.message())),
        _ => advised(&shown),
    }
}

/// The dotted key of the value at the byte `at`.
fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let inner = match value.get_ref() {
            DeValue::Table(inner) => Some(key_at(inner, at)?),
            DeValue::Array(list) => list.iter().find_map(|entry| key_at(entry.get_ref().as_table()?, at)),
            _ => None,
        };
        let key = key.get_ref();
        match inner {
            Some(inner) => Some(format!("{key}.{inner}")),
            None => value.span().contains(&at).then(|| key.to_string()),
        }
    })
}

/// What the parser calls a type, and what people do.
const TYPES: [(&str, &str); 6] = [
    ("expected usize", "expected a whole number from 0 on"),
    ("expected u64", "expected a whole number from 0 on"),
    ("expected u32", "expected a whole number from 0 on"),
    ("expected f64", "expected a number"),
    ("expected a boolean", "expected true or false"),
    ("expected a string", "expected text in quotes"),
];

/// The parser's `message` in plain words, with advice, where there is some.
pub(super) fn advised(message: &str) -> String {
    let message =
        TYPES.iter().fold(message.trim_end().to_owned(), |said, (rust, plain)| said.replace(rust, plain));
    let message = message.as_str();
    match advice(message) {
        Some(advice) => format!("{message}: {advice}"),
        None => message.to_owned(),
    }
}

fn advice(message: &str) -> Option<String> {
    // unknown field `maks`, expected one of `masks`, `gaps`; unknown variant of values that are one of a few words.
    let names = &message[message.find("unknown field `").or_else(|| message.find("unknown variant `"))?..];
    // The quoted ones are every other piece.
    let mut names = names.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let known: Vec<&str> = names.collect();
    if ["runs", "set", "grid"].contains(&unknown) && known.contains(&"bench") {
        return Some("this is a sweep, which `d2nn sweep` runs".into());
    }
    meant(unknown, known).map(|name| format!("is `{name}` meant?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_with_their_dotted_key() {
        let text = "a = 1\n[b]\nc = [\"x\", \"y\"]\nd = { e = 2 }\n[[f.g]]\nh = 3\n";
        let table = DeTable::parse(text).unwrap();
        for (found, key) in [("1", "a"), ("\"y\"", "b.c"), ("2", "b.d.e"), ("3", "f.g.h")] {
            assert_eq!(key_at(table.get_ref(), text.find(found).unwrap()).as_deref(), Some(key));
        }
        // What is wrong with a key itself, or with a table, says which.
        for found in ["a =", "[b]", "h ="] {
            assert_eq!(key_at(table.get_ref(), text.find(found).unwrap()), None, "{found}");
        }
    }

    #[test]
    fn what_was_meant_is_guessed_and_what_was_not_is_not() {
        let bench = "expected one of `wavelength`, `pixel_pitch`, `pixels`, `masks`, `gaps`";
        for (unknown, meant) in [
            ("wavelenght", Some("wavelength")),
            ("pixel-pitch", Some("pixel_pitch")),
            ("maks", Some("masks")),
            ("gap", Some("gaps")),
            ("distance", None),
            ("colour", None),
        ] {
            let guessed = advice(&format!("unknown field `{unknown}`, {bench} in `bench`"));
            assert_eq!(guessed, meant.map(|meant| format!("is `{meant}` meant?")), "{unknown}");
        }
        let top = "expected one of `format`, `name`, `bench`, `mask`";
        assert!(advice(&format!("unknown field `runs`, {top}")).unwrap().contains("d2nn sweep"));
        assert_eq!(
            advice("unknown variant `thinn`, expected one of `thin`, `sliced`"),
            Some("is `thin` meant?".into())
        );
        assert_eq!(advice("invalid type: string \"5\", expected usize"), None);
        assert_eq!(
            advised("invalid type: string \"5\", expected usize in `bench.masks`"),
            "invalid type: string \"5\", expected a whole number from 0 on in `bench.masks`"
        );
        assert_eq!(advised("missing field `name`\n"), "missing field `name`");
    }
}
