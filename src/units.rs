//! Lengths, angles, powers and times: metres, radians, watts and seconds inside, text with a unit ("0.75 mm") only at the
//! border.
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

/// A power in watts.
pub type Watts = f64;

/// A time in seconds.
pub type Seconds = f64;

/// Units a length may be written in, largest first, with their size in metres.
const LENGTH_UNITS: [(&str, Metres); 6] =
    [("m", 1.0), ("cm", 1e-2), ("mm", 1e-3), ("um", 1e-6), ("nm", 1e-9), ("pm", 1e-12)];

/// The same for powers, in watts.
const POWER_UNITS: [(&str, Watts); 6] =
    [("W", 1.0), ("mW", 1e-3), ("uW", 1e-6), ("nW", 1e-9), ("pW", 1e-12), ("fW", 1e-15)];

/// The same for times, in seconds.
const TIME_UNITS: [(&str, Seconds); 4] = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];

/// Reads a length such as `"0.75 mm"`, `"400um"` or `"532 nm"` (also `µm`).
///
/// # Errors
/// A sentence that says what is wrong with the text; the caller knows the file and key.
pub fn parse_length(text: &str) -> std::result::Result<Metres, String> {
    parse(text, "length", &LENGTH_UNITS, "0.75 mm")
}

/// Reads a power above zero such as `"1 mW"` or `"20uW"`.
///
/// # Errors
/// As [`parse_length`], and for powers that are not above zero.
pub fn parse_power(text: &str) -> std::result::Result<Watts, String> {
    positive(text, "power", parse(text, "power", &POWER_UNITS, "1 uW")?)
}

/// Reads a time above zero such as `"20 ms"`.
///
/// # Errors
/// As [`parse_power`].
pub fn parse_time(text: &str) -> std::result::Result<Seconds, String> {
    positive(text, "time", parse(text, "time", &TIME_UNITS, "20 ms")?)
}

/// `text` as a number of one of `units`; `what` it is, and an `example` of it, for the message.
fn parse(text: &str, what: &str, units: &[(&str, f64)], example: &str) -> std::result::Result<f64, String> {
    let text = text.trim();
    let (number, unit) = number_and_unit(text);
    let advice = || {
        let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
        let (last, first) = names.split_last().unwrap_or((&"", &[]));
        format!("write a number and a unit of {} or {last}, for example \"{example}\"", first.join(", "))
    };
    let value: f64 = number.parse().map_err(|_| format!("\"{text}\" is not a {what}: {}", advice()))?;
    let unit = unit.replace(['\u{b5}', '\u{3bc}'], "u");
    if unit.is_empty() {
        return Err(format!("\"{text}\" has no unit: {}", advice()));
    }
    let Some((_, size)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("\"{text}\" has the unknown unit \"{unit}\": {}", advice()));
    };
    // Dividing by a whole number rounds once: "0.4 mm" is the f64 nearest to 0.0004.
    let value = if *size < 1.0 { value / (1.0 / size).round() } else { value };
    if value.is_finite() { Ok(value) } else { Err(format!("\"{text}\" is not a finite {what}")) }
}

/// The number at the beginning of `text`, and the unit behind it; either may be empty.
fn number_and_unit(text: &str) -> (&str, &str) {
    let split = text.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
    (text[..split].trim(), text[split..].trim())
}

/// `value` if it is above zero.
fn positive(text: &str, what: &str, value: f64) -> std::result::Result<f64, String> {
    if value > 0.0 { Ok(value) } else { Err(format!("\"{text}\" must be a {what} above zero")) }
}

/// Reads a length that must be above zero.
///
/// # Errors
/// As [`parse_length`], and for zero and negative lengths.
pub fn parse_positive_length(text: &str) -> std::result::Result<Metres, String> {
    positive(text, "length", parse_length(text)?)
}

/// Reads an angle such as `"2 pi"`, `"90 deg"` or `"1.5 rad"`, in radians; `"pi"` alone is one of them.
///
/// # Errors
/// As [`parse_length`].
pub fn parse_angle(text: &str) -> std::result::Result<Radians, String> {
    let text = text.trim();
    let (number, unit) = number_and_unit(text);
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
    // Centimetres are read but never written: the field speaks of mm and m.
    let units = LENGTH_UNITS.iter().filter(|(name, _)| *name != "cm");
    let magnitude = length.abs();
    let (name, size) = units
        .copied()
        .find(|(name, size)| magnitude >= *size * if *name == "mm" { 0.1 } else { 1.0 })
        .unwrap_or(if magnitude == 0.0 { ("mm", 1e-3) } else { ("pm", 1e-12) });
    format!("{} {name}", trimmed(length / size, digits))
}

/// Writes a power likewise: `1 mW`, `20 uW`.
pub fn format_power(power: Watts, digits: usize) -> String {
    // What was read as 1 uW may have been rounded below it.
    let fits = |(_, size): &(&str, Watts)| power.abs() >= *size * (1.0 - 1e-12);
    let (name, size) = POWER_UNITS.iter().copied().find(fits).unwrap_or(("fW", 1e-15));
    format!("{} {name}", trimmed(power / size, digits))
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

/// `value` rounded to three digits, written out: 12.3, 0.0123, 20700.
pub(crate) fn three_digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    rounded.to_string()
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
    fn powers_and_times_are_read_and_written() {
        assert_eq!((parse_power("1 mW"), parse_power("20\u{b5}W")), (Ok(1e-3), Ok(20e-6)));
        assert_eq!((parse_time("20 ms"), parse_time("1 s")), (Ok(0.02), Ok(1.0)));
        for text in ["1 W", "2.5 mW", "1 uW", "300 nW", "1 pW", "4 fW"] {
            assert_eq!(format_power(parse_power(text).unwrap(), 4), text);
        }
        for (found, reason) in [
            (parse_power("1"), "no unit: write a number and a unit of W, mW, uW, nW, pW or fW"),
            (parse_power("1 kW"), "unknown unit \"kW\""),
            (parse_power("0 W"), "a power above zero"),
            (parse_time("-1 s"), "a time above zero"),
            (parse_time("1 h"), "unknown unit \"h\""),
        ] {
            let message = found.unwrap_err();
            assert!(message.contains(reason), "{message}");
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

    #[test]
    fn three_digits_are_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.012_345_678_901_2, "0.0123"),
            (1.0 / 3.0, "0.333"),
            (9.996, "10"),
            (12.345, "12.3"),
            (543.21, "543"),
            (20_658.4, "20700"),
        ] {
            assert_eq!(three_digits(value), text);
        }
    }
}
