//! What to do about a design that cannot be read: the parser says what it met, and this what was probably meant.

/// How alike two keys must be to be taken for one (Jaro and Winkler's measure, 1 for the same): one letter wrong, missing or
/// too many in a key of five is above 0.85, keys of other meaning are below.
const ALIKE: f64 = 0.85;

/// The parser's `message` with advice, where there is some.
pub(super) fn advised(message: &str) -> String {
    let message = message.trim_end();
    match advice(message) {
        Some(advice) => format!("{message}: {advice}"),
        None => message.to_owned(),
    }
}

fn advice(message: &str) -> Option<String> {
    if message.contains("invalid type") && message.contains("expected a string") {
        return Some("lengths and angles are text with a unit, such as \"0.75 mm\"".into());
    }
    // unknown field `maks`, expected one of `masks`, `gaps`
    let names = &message[message.find("unknown field `")?..];
    // The quoted ones are every other piece.
    let mut names = names.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let known: Vec<&str> = names.collect();
    if ["runs", "set", "grid"].contains(&unknown) && known.contains(&"bench") {
        return Some("this is a sweep, which `d2nn sweep` runs".into());
    }
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .map(|(_, name)| format!("is `{name}` meant?"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(
            advice("invalid type: integer `30`, expected a string").unwrap().contains("unit"),
            "a number where a length stands"
        );
        assert_eq!(advice("invalid type: string \"5\", expected usize"), None);
        assert_eq!(advised("missing field `name`\n"), "missing field `name`");
    }
}
