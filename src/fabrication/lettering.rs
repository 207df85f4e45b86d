//! Letters of square strokes, five strokes high: legible when they are milled, printed or seen from a slicer.

/// Strokes from the foot of a letter to its head.
pub(super) const LETTER_HEIGHT: i32 = 5;

/// The mark that points up.
pub(super) const ARROW: char = '^';

/// A letter, row by row from its head; `#` is a stroke.
const LETTERS: [(char, [&str; 5]); 41] = [
    ('A', [".#.", "#.#", "###", "#.#", "#.#"]),
    ('B', ["##.", "#.#", "##.", "#.#", "##."]),
    ('C', [".##", "#..", "#..", "#..", ".##"]),
    ('D', ["##.", "#.#", "#.#", "#.#", "##."]),
    ('E', ["###", "#..", "##.", "#..", "###"]),
    ('F', ["###", "#..", "##.", "#..", "#.."]),
    ('G', [".##", "#..", "#.#", "#.#", ".##"]),
    ('H', ["#.#", "#.#", "###", "#.#", "#.#"]),
    ('I', ["###", ".#.", ".#.", ".#.", "###"]),
    ('J', ["..#", "..#", "..#", "#.#", ".#."]),
    ('K', ["#.#", "#.#", "##.", "#.#", "#.#"]),
    ('L', ["#..", "#..", "#..", "#..", "###"]),
    ('M', ["#...#", "##.##", "#.#.#", "#...#", "#...#"]),
    ('N', ["#..#", "##.#", "#.##", "#..#", "#..#"]),
    ('O', [".#.", "#.#", "#.#", "#.#", ".#."]),
    ('P', ["##.", "#.#", "##.", "#..", "#.."]),
    ('Q', [".##.", "#..#", "#..#", "#.#.", ".#.#"]),
    ('R', ["##.", "#.#", "##.", "#.#", "#.#"]),
    ('S', [".##", "#..", ".#.", "..#", "##."]),
    ('T', ["###", ".#.", ".#.", ".#.", ".#."]),
    ('U', ["#.#", "#.#", "#.#", "#.#", "###"]),
    ('V', ["#.#", "#.#", "#.#", "#.#", ".#."]),
    ('W', ["#...#", "#...#", "#.#.#", "##.##", "#...#"]),
    ('X', ["#.#", "#.#", ".#.", "#.#", "#.#"]),
    ('Y', ["#.#", "#.#", ".#.", ".#.", ".#."]),
    ('Z', ["###", "..#", ".#.", "#..", "###"]),
    ('0', ["###", "#.#", "#.#", "#.#", "###"]),
    ('1', [".#.", "##.", ".#.", ".#.", "###"]),
    ('2', ["##.", "..#", ".#.", "#..", "###"]),
    ('3', ["##.", "..#", ".#.", "..#", "##."]),
    ('4', ["#.#", "#.#", "###", "..#", "..#"]),
    ('5', ["###", "#..", "##.", "..#", "##."]),
    ('6', [".##", "#..", "###", "#.#", "###"]),
    ('7', ["###", "..#", "..#", ".#.", ".#."]),
    ('8', ["###", "#.#", "###", "#.#", "###"]),
    ('9', ["###", "#.#", "###", "..#", "##."]),
    ('-', ["...", "...", "###", "...", "..."]),
    ('_', ["...", "...", "...", "...", "###"]),
    ('.', [".", ".", ".", ".", "#"]),
    (' ', ["..", "..", "..", "..", ".."]),
    (ARROW, ["..#..", ".###.", "#.#.#", "..#..", "..#.."]),
];

/// The strokes of a line of text and its width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lettering {
    /// What is written: capitals, shortened to the room there was.
    pub text: String,
    /// Runs of strokes: (first from the left, row from the head, how many).
    pub runs: Vec<(i32, i32, i32)>,
    /// Strokes from left to right.
    pub width: i32,
}

impl Lettering {
    /// Writes `text` in at most `room` strokes; letters without a form here are left out, and so is what does not fit.
    pub fn new(text: &str, room: i32) -> Self {
        let mut lettering = Lettering { text: String::new(), runs: Vec::new(), width: 0 };
        for letter in text.chars().map(|letter| letter.to_ascii_uppercase()) {
            let Some((_, rows)) = LETTERS.iter().find(|(known, _)| *known == letter) else { continue };
            // A stroke of space between letters.
            let left = if lettering.width == 0 { 0 } else { lettering.width + 1 };
            let right = left + rows[0].len() as i32;
            if right > room {
                break;
            }
            for (row, strokes) in (0..).zip(rows) {
                let mut column = 0;
                for run in strokes.split_inclusive('.') {
                    let length = run.trim_end_matches('.').len() as i32;
                    if length > 0 {
                        lettering.runs.push((left + column, row, length));
                    }
                    column += run.len() as i32;
                }
            }
            lettering.text.push(letter);
            lettering.width = right;
        }
        lettering
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_a_form_of_its_own() {
        for (index, (letter, rows)) in LETTERS.iter().enumerate() {
            assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{letter}");
            assert!(
                LETTERS[index + 1..].iter().all(|(other, form)| other != letter && form != rows),
                "{letter}"
            );
        }
    }

    #[test]
    fn strokes_lie_where_the_letters_have_them() {
        let lettering = Lettering::new("t-1", 100);
        assert_eq!((lettering.text.as_str(), lettering.width), ("T-1", 11));
        let of_row = |row| {
            lettering.runs.iter().filter(|run| run.1 == row).map(|run| (run.0, run.2)).collect::<Vec<_>>()
        };
        assert_eq!(of_row(0), [(0, 3), (9, 1)]);
        assert_eq!(of_row(1), [(1, 1), (8, 2)]);
        assert_eq!(of_row(2), [(1, 1), (4, 3), (9, 1)]);
        assert_eq!(of_row(4), [(1, 1), (8, 3)]);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        assert_eq!(Lettering::new("abc", 11).text, "ABC");
        assert_eq!(Lettering::new("abc", 10).text, "AB");
        assert_eq!(Lettering::new("a\u{df}b", 100).text, "AB");
        assert_eq!(Lettering::new("M", 4), Lettering { text: String::new(), runs: Vec::new(), width: 0 });
    }
}
