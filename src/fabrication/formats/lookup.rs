//! Which grey makes which phase: the lookup table of a spatial light modulator.

use std::collections::BTreeMap;
use std::f64::consts::{PI, TAU};

use crate::units::Radians;

/// Greys of a modulator with the phase of each, and the way back.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupTable {
    /// As given, by grey.
    entries: Vec<(u8, Radians)>,
    /// Phases in [0, 2 pi), rising, each with the lowest grey that has it.
    wheel: Vec<(Radians, u8)>,
}

impl LookupTable {
    /// 256 greys to a full turn: grey g has the phase 2 pi g/256, so that 2 pi is grey 0 again.
    pub fn linear() -> Self {
        let entries = (0..=u8::MAX).map(|grey| (grey, TAU * f64::from(grey) / 256.0)).collect();
        Self::of(entries)
    }

    /// Reads a measured table: a line a grey, `grey,phase`, the grey a whole number from 0 to 255, the phase in radians.
    ///
    /// Lines that begin with `#`, empty lines and a first line of words, such as `gray,phase`, are left out. Only greys of
    /// the table are used. Phases count less whole turns. Semicolons or tabs may stand for the commas, as spreadsheets of
    /// some countries write them, and numbers then have a comma for a point.
    ///
    /// # Errors
    /// A sentence with the line and what is wrong with it; the caller knows the file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut entries = BTreeMap::new();
        let mut first = true;
        // The mark that some programs put before text in UTF-8.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |problem: String| format!("line {}: {problem}", index + 1);
            let wrong = || at(format!("\"{line}\" is not \"grey,phase\", such as \"128,3.1416\""));
            let (grey, phase) =
                line.split_once([';', '\t']).or_else(|| line.split_once(',')).ok_or_else(wrong)?;
            let decimal_comma = line.contains([';', '\t']);
            let (grey, phase) = (grey.trim(), phase.trim());
            if std::mem::take(&mut first) && [grey, phase].iter().all(|name| is_word(name)) {
                check_head(grey, phase).map_err(|problem| at(format!("\"{line}\" {problem}")))?;
                continue;
            }
            let phase = if decimal_comma { phase.replacen(',', ".", 1) } else { phase.to_owned() };
            let value: u8 = grey
                .parse()
                .map_err(|_| at(format!("\"{grey}\" is not a grey: a whole number from 0 to 255")))?;
            let phase: Radians = phase.parse().map_err(|_| wrong())?;
            // A modulator turns the phase a few times at most: more are degrees, or not phases at all.
            if phase.is_nan() || phase.abs() > 100.0 {
                return Err(at(format!("a phase of {phase}: it must be radians, from -100 to 100")));
            }
            if entries.insert(value, phase).is_some() {
                return Err(at(format!("grey {value} stands there twice")));
            }
        }
        let table = Self::of(entries.into_iter().collect());
        if table.wheel.len() < 2 {
            return Err(format!(
                "has {} different phases: a modulator needs two at least, a line `grey,phase` for each grey",
                table.wheel.len()
            ));
        }
        Ok(table)
    }

    fn of(entries: Vec<(u8, Radians)>) -> Self {
        let mut wheel: Vec<(Radians, u8)> =
            entries.iter().map(|(grey, phase)| (wrapped(*phase), *grey)).collect();
        wheel.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        wheel.dedup_by_key(|(phase, _)| *phase);
        LookupTable { entries, wheel }
    }

    /// The grey whose phase is nearest to `phase` on the circle, and how far it is off, radians.
    pub fn nearest(&self, phase: Radians) -> (u8, Radians) {
        let above = self.wheel.partition_point(|(other, _)| *other < wrapped(phase));
        let count = self.wheel.len();
        // One on either side, around the end of the turn.
        let [below, above] = [self.wheel[(above + count - 1) % count], self.wheel[above % count]];
        let off = |(other, _): (Radians, u8)| wrapped(other - phase + PI) - PI;
        let (below_off, above_off) = (off(below), off(above));
        if below_off.abs() <= above_off.abs() { (below.1, below_off) } else { (above.1, above_off) }
    }

    /// The largest error that any phase may get, radians: half the widest gap between neighbouring phases.
    pub fn largest_error(&self) -> Radians {
        let first = self.wheel[0].0 + TAU;
        let next = self.wheel.iter().skip(1).map(|(phase, _)| *phase).chain([first]);
        self.wheel.iter().zip(next).map(|((phase, _), next)| next - phase).fold(0.0, f64::max) / 2.0
    }

    /// The table as text that [`LookupTable::parse`] reads.
    pub fn to_csv(&self) -> String {
        let lines = self.entries.iter().map(|(grey, phase)| format!("{grey},{phase}\n"));
        format!("{HEAD}\n{}", lines.collect::<String>())
    }
}

/// The first line.
const HEAD: &str = "grey,phase";

/// Whether `text` is a heading, in quotes or not, and no number.
fn is_word(text: &str) -> bool {
    text.trim_start_matches(['"', '\'']).starts_with(char::is_alphabetic) && text.parse::<f64>().is_err()
}

/// Refuses headings that say other columns than a grey and its phase in radians.
fn check_head(grey: &str, phase: &str) -> Result<(), String> {
    let [grey, phase] = [grey, phase].map(str::to_lowercase);
    if grey.contains("phase") {
        return Err("has the phase first: a line is \"grey,phase\"".into());
    }
    if phase.contains("deg") || phase.contains('\u{b0}') {
        return Err("says degrees: phases must be radians".into());
    }
    Ok(())
}

/// `phase` in [0, 2 pi).
fn wrapped(phase: Radians) -> Radians {
    let phase = phase.rem_euclid(TAU);
    // A tiny negative phase plus 2 pi rounds to 2 pi itself.
    if phase >= TAU { 0.0 } else { phase }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linear_table_is_exact_on_its_phases() {
        let table = LookupTable::linear();
        for grey in 0..=255_u8 {
            for turns in [-2.0, 0.0, 3.0] {
                let phase = TAU * (f64::from(grey) / 256.0 + turns);
                let (found, off) = table.nearest(phase);
                // A few units in the last place of 20 rad.
                assert!(found == grey && off.abs() < 1e-14, "{grey} {turns}: {found} {off}");
            }
        }
        // Just below a turn is grey 0 again.
        assert_eq!(table.nearest(TAU * 255.6 / 256.0).0, 0);
        assert!((table.largest_error() - PI / 256.0).abs() < 1e-14);
        assert_eq!(LookupTable::parse(&table.to_csv()), Ok(table));
    }

    #[test]
    fn the_nearest_grey_is_that_of_a_search_through_all() {
        // A curve as measured: not straight, 1.1 turns, with a step back and two greys of one phase.
        let phase = |grey: u8| match grey {
            40 => 0.5,
            41 => 0.5,
            g => 1.1 * TAU * (f64::from(g) / 255.0).powf(1.4) - 0.3,
        };
        let text: String = (0..=255).step_by(3).map(|grey| format!("{grey}, {}\n", phase(grey))).collect();
        let table = LookupTable::parse(&format!("# measured\ngrey, phase\n{text}40,0.5\n41,0.5\n")).unwrap();
        let mut worst = 0.0_f64;
        for step in 0..5000 {
            let wanted = -1.0 + f64::from(step) * 2e-3;
            let (grey, off) = table.nearest(wanted);
            let distance = |grey: u8| ((phase(grey) - wanted + PI).rem_euclid(TAU) - PI).abs();
            let best = (0..=255).step_by(3).chain([40, 41]).map(distance).fold(f64::INFINITY, f64::min);
            // Rounding of phases of a few radians.
            assert!((distance(grey) - best).abs() < 1e-12 && (off.abs() - best).abs() < 1e-12, "{wanted}");
            assert_ne!(grey, 41, "of equal phases the lowest grey");
            worst = worst.max(best);
        }
        // The bound is reached to within the 0.002 rad that phases were tried in.
        assert!(worst <= table.largest_error() && worst > table.largest_error() - 2e-3);
    }

    #[test]
    fn tables_are_read_as_spreadsheets_save_them() {
        let plain = LookupTable::parse("0,0\n128,3.25\n255,6.25\n").unwrap();
        for text in [
            "\u{feff}grey,phase\n0,0\n128,3.25\n255,6.25\n",
            "gray,phase\r\n0,0\r\n128,3.25\r\n255,6.25\r\n",
            "\u{feff}# measured\nGray level, Phase (rad)\n0, 0\n128, 3.25\n255, 6.25",
            "\"gray\",\"phase\"\n0,0\n128,3.25\n255,6.25\n",
            "grey;phase\r\n0;0\r\n128;3,25\r\n255;6,25\r\n",
            "0\t0\n128\t3.25\n255\t6,25\n",
        ] {
            assert_eq!(LookupTable::parse(text).as_ref(), Ok(&plain), "{text:?}");
        }
    }

    #[test]
    fn wrong_tables_say_where() {
        for (text, reason) in [
            ("", "0 different phases"),
            ("0,0\n", "1 different"),
            ("0,0\n5,6.283185307179586\n", "1 different"),
            ("0,0\n1 2\n", "line 2: \"1 2\""),
            ("0,0\n1;2;3\n", "line 2"),
            ("0;0,5\n1;1,234,5\n", "line 2"),
            ("phase,grey\n0,0\n", "line 1: \"phase,grey\" has the phase first"),
            ("gray;phase (deg)\n0;0\n", "says degrees"),
            ("nan,inf\n0,0\n1,1\n", "line 1: \"nan\" is not a grey"),
            ("0,0\n1,2,3\n", "line 2"),
            ("0,0\n256,1\n", "line 2: \"256\" is not a grey"),
            ("0,0\n-1,1\n", "\"-1\" is not a grey"),
            ("0,0\n1.5,1\n", "\"1.5\" is not a grey"),
            ("0,0\n1,nan\n", "a phase of NaN"),
            ("0,0\n1,inf\n", "a phase of inf"),
            ("0,0\n1,180\n", "a phase of 180"),
            ("0,0\n1,one\n", "line 2"),
            ("0,0\n0,1\n", "line 2: grey 0 stands there twice"),
            ("0,0\ngrey,phase\n", "line 2"),
        ] {
            let message = LookupTable::parse(text).unwrap_err();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}
