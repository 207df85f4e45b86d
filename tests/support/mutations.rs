//! What hostile bytes are made of: sound ones, changed a few times, by seed.

use d2nn::random::{Purpose, Stream};

/// Numbers that break what does not check.
const SIZES: [u32; 10] =
    [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x00ff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/// The same in texts, and what opens without closing.
const WORDS: [&str; 26] = [
    "-1",
    "0",
    "1e999",
    "-1e-999",
    "nan",
    "inf",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "0.1",
    "1000000000",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "=",
    ".",
    "\n",
    "#",
    "\u{221e} mm",
    "1e300 mm",
    "-0 mm",
    "1,",
];

/// Draws changes.
pub struct Mutations {
    stream: Stream,
}

impl Mutations {
    /// Those of case `case` of `seed`.
    pub fn new(seed: u64, case: u64) -> Self {
        Mutations { stream: Stream::new(seed, Purpose::Masks, case) }
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.stream.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// One of `seeds`, changed one to eight times.
    pub fn hostile(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut bytes, seeds);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        if bytes.is_empty() {
            bytes.extend((0..self.below(64)).map(|place| place as u8));
            return;
        }
        let at = self.below(bytes.len());
        let length = 1 + self.below(64).min(bytes.len() - at - 1);
        match self.below(12) {
            0 | 1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes[at] = self.below(256) as u8,
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..at + length)),
            5 => {
                let again = bytes[at..at + length].to_vec();
                let times = 1 + self.below(40);
                bytes.splice(at..at, again.repeat(times));
            }
            6 | 7 => {
                let size = SIZES[self.below(SIZES.len())];
                let raw = if self.below(2) == 0 { size.to_le_bytes() } else { size.to_be_bytes() };
                // Sizes stand in front more often than not.
                let at = if self.below(2) == 0 { at } else { at.min(self.below(32)) };
                bytes.iter_mut().skip(at).zip(raw).for_each(|(byte, new)| *byte = new);
            }
            8 => {
                let word = WORDS[self.below(WORDS.len())];
                bytes.splice(at..at, word.bytes());
            }
            9 => {
                // In the place of a number or a word.
                let word = WORDS[self.below(WORDS.len())];
                let part = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
                let end = at + bytes[at..].iter().take_while(|byte| part(byte)).count();
                bytes.splice(at..end, word.bytes());
            }
            10 => {
                let other = &seeds[self.below(seeds.len())];
                if !other.is_empty() {
                    let from = self.below(other.len());
                    let end = (from + 1 + self.below(256)).min(other.len());
                    bytes.splice(at..at, other[from..end].iter().copied());
                }
            }
            _ => {
                let fill = self.below(256) as u8;
                bytes[at..at + length].fill(fill);
            }
        }
    }
}
