//! Lengths and angles: metres and radians inside, text with a unit ("0.75 mm") only at the border.
//!
//! ```
//! use d2nn::units::{format_length, parse_length};
//!
//! assert_eq!(parse_length("0.75 mm"), Ok(0.75e-3));
//! assert!(parse_length("0.75").is_err(), "a length has a unit");
//! assert_eq!(format_length(0.4e-3, 3), "0.4 mm");
//! ```

/// A length in metres.
pub type Metres = f64;

/// An angle or a phase in radians.
pub type Radians = f64;

/// Units a length may be written in, largest first, with their size in metres.
const LENGTH_UNITS: [(&str, Metres); 6] =
    [("m", 1.0), ("cm", 1e-2), ("mm", 1e-3), ("um", 1e-6), ("nm", 1e-9), ("pm", 1e-12)];

/// Reads a length such as `"0.75 mm"`, `"400um"` or `"532 nm"` (also `µm`).
///
/// # Errors
/// A sentence that says what is wrong with the text; the caller knows the file and key.
pub fn parse_length(text: &str) -> std::result::Result<Metres, String> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
    let (number, unit) = (text[..split].trim(), text[split..].trim());
    let advice = "write a number and a unit of m, cm, mm, um, nm or pm, for example \"0.75 mm\"";
    let value: f64 = number.parse().map_err(|_| format!("\"{text}\" is not a length: {advice}"))?;
    let unit = unit.replace(['\u{b5}', '\u{3bc}'], "u");
    if unit.is_empty() {
        return Err(format!("\"{text}\" has no unit: {advice}"));
    }
    let Some((_, size)) = LENGTH_UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("\"{text}\" has the unknown unit \"{unit}\": {advice}"));
    };
    // Dividing by a whole number rounds once: "0.4 mm" is the f64 nearest to 0.0004.
    let length = if *size < 1.0 { value / (1.0 / size).round() } else { value };
    if length.is_finite() { Ok(length) } else { Err(format!("\"{text}\" is not a finite length")) }
}

/// Reads a length that must be above zero.
///
/// # Errors
/// As [`parse_length`], and for zero and negative lengths.
pub fn parse_positive_length(text: &str) -> std::result::Result<Metres, String> {
    let length = parse_length(text)?;
    if length > 0.0 { Ok(length) } else { Err(format!("\"{text}\" must be a length above zero")) }
}

/// Reads an angle such as `"2 pi"`, `"90 deg"` or `"1.5 rad"`, in radians; `"pi"` alone is one of them.
///
/// # Errors
/// As [`parse_length`].
pub fn parse_angle(text: &str) -> std::result::Result<Radians, String> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
    let (number, unit) = (text[..split].trim(), text[split..].trim());
    let advice = "write a number and a unit of pi, rad or deg, for example \"2 pi\"";
    let value: f64 = match number {
        "" if unit == "pi" => 1.0,
        _ => number.parse().map_err(|_| format!("\"{text}\" is not an angle: {advice}"))?,
    };
    let size = match unit {
        "pi" => std::f64::consts::PI,
        "rad" => 1.0,
        "deg" => std::f64::consts::PI / 180.0,
        "" => return Err(format!("\"{text}\" has no unit: {advice}")),
        _ => return Err(format!("\"{text}\" has the unknown unit \"{unit}\": {advice}")),
    };
    let angle = value * size;
    if angle.is_finite() { Ok(angle) } else { Err(format!("\"{text}\" is not a finite angle")) }
}

/// Reads a share such as `"0.5 %"`; 0.005 is returned.
///
/// # Errors
/// As [`parse_length`].
pub fn parse_percent(text: &str) -> std::result::Result<f64, String> {
    let text = text.trim();
    let advice = "write a number and %, for example \"0.5 %\"";
    let number = text.strip_suffix('%').ok_or_else(|| format!("\"{text}\" has no unit: {advice}"))?;
    let value: f64 = number.trim().parse().map_err(|_| format!("\"{text}\" is not a share: {advice}"))?;
    if value.is_finite() { Ok(value / 100.0) } else { Err(format!("\"{text}\" is not a finite share")) }
}

/// Writes a length in the unit that gives it one to three digits before the point.
///
/// At most `digits` digits after the point, trailing zeros dropped: `0.75 mm`, `30 mm`, `285 nm`.
pub fn format_length(length: Metres, digits: usize) -> String {
    let magnitude = length.abs();
    // Centimetres are read but never written: the field speaks of mm and m.
    let (name, size) = LENGTH_UNITS
        .iter()
        .filter(|(name, _)| *name != "cm")
        .find(|(name, size)| magnitude >= *size * if *name == "mm" { 0.1 } else { 1.0 })
        .copied()
        .unwrap_or(if magnitude == 0.0 { ("mm", 1e-3) } else { ("pm", 1e-12) });
    format!("{} {name}", trimmed(length / size, digits))
}

/// `value` with at most `digits` digits after the point, trailing zeros dropped.
pub fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A whole number with its thousands apart: `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 mask`, `5 masks`.
pub fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_exactly() {
        assert_eq!(parse_length("0.75 mm"), Ok(0.00075));
        assert_eq!(parse_length(" 400um "), Ok(0.0004));
        assert_eq!(parse_length("400 \u{b5}m"), Ok(0.0004));
        assert_eq!(parse_length("1e-3 m"), Ok(0.001));
        assert_eq!(parse_length("3 cm"), Ok(0.03));
        assert_eq!(parse_length("5.32e2 nm"), Ok(532e-9));
    }

    #[test]
    fn angles_are_read() {
        use std::f64::consts::PI;
        for (text, angle) in
            [("2 pi", 2.0 * PI), ("pi", PI), ("180deg", PI), ("-0.5 rad", -0.5), ("1e-1 pi", 0.1 * PI)]
        {
            assert!((parse_angle(text).unwrap() - angle).abs() < 1e-15, "{text}");
        }
        for (text, reason) in [
            ("2", "no unit"),
            ("2 turns", "unknown unit"),
            ("x pi", "not an angle"),
            ("inf rad", "not an angle"),
        ] {
            assert!(parse_angle(text).unwrap_err().contains(reason), "{text}");
        }
    }

    #[test]
    fn shares_are_read() {
        assert_eq!((parse_percent("0.5 %"), parse_percent("-2%")), (Ok(0.005), Ok(-0.02)));
        for (text, reason) in [("0.5", "no unit"), ("x %", "not a share"), ("inf %", "not a finite share")] {
            assert!(parse_percent(text).unwrap_err().contains(reason), "{text}");
        }
    }

    #[test]
    fn wrong_lengths_say_why() {
        for (text, reason) in [
            ("0.75", "no unit"),
            ("0.75 inch", "unknown unit \"inch\""),
            ("mm", "not a length"),
            ("", "not a length"),
            ("1,5 mm", "not a length"),
            ("inf m", "not a length"),
            ("1e400 m", "not a finite length"),
        ] {
            let message = parse_length(text).unwrap_err();
            assert!(message.contains(reason), "{text}: {message}");
        }
        assert!(parse_positive_length("0 mm").is_err());
        assert!(parse_positive_length("-3 mm").is_err());
    }

    #[test]
    fn lengths_are_written_as_people_write_them() {
        assert_eq!(format_length(0.00075, 4), "0.75 mm");
        assert_eq!(format_length(0.03, 4), "30 mm");
        assert_eq!(format_length(532e-9, 4), "532 nm");
        assert_eq!(format_length(21.3e-6, 4), "21.3 um");
        assert_eq!(format_length(1.0377750e-3, 4), "1.0378 mm");
        assert_eq!(format_length(0.0, 4), "0 mm");
        assert_eq!(format_length(0.3, 2), "300 mm");
    }
}
