//! The assembly sheet of a kit: what stands where, to scale, and which way round.

use std::path::Path;

use super::PictureFormat;
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text, WIDTH};
use crate::error::{Error, Result};
use crate::units::{Metres, format_length};

/// One plate from the side.
#[derive(Clone, Debug)]
pub struct AssembledPlate {
    /// What it is: "object", "mask 1".
    pub name: String,
    /// Where the plane it stands for lies along the light, metres.
    pub plane: Metres,
    /// Where its flat side lies, metres.
    pub flat_side: Metres,
    /// Thickness, metres.
    pub thickness: Metres,
}

/// Everything on the bench, from the side and from behind.
#[derive(Clone, Debug)]
pub struct Assembly<'a> {
    /// The plates in the order of the light.
    pub plates: &'a [AssembledPlate],
    /// Width and height of the plates, frames included, metres.
    pub plate: (Metres, Metres),
    /// Width of the frames, metres.
    pub frame: Metres,
    /// Whether a corner is cut off.
    pub notch: bool,
    /// Side of the holes for pins, metres.
    pub pin_holes: Option<Metres>,
    /// What to do, a sentence each, in this order.
    pub steps: &'a [String],
    /// What device this is.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

const LEFT: f64 = 90.0;
const SIDE_VIEW_HEIGHT: f64 = 430.0;
const SIZE: f64 = 26.0;

impl Assembly<'_> {
    /// Writes the sheet to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for no plates; [`Error::Io`] when the file cannot be written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn draw(&self) -> Result<Sheet> {
        let mut sheet = Sheet::new()?;
        let top = sheet.head(self.title, self.note) + 40.0;
        let below = self.side_view(&mut sheet, top)?;
        let view = Pane::new(LEFT, below + 96.0, 470.0, 470.0);
        let bottom = self.back_view(&mut sheet, view);
        let steps = self.list(&mut sheet, 660.0, below + 40.0);
        sheet.height = bottom.max(steps) + 50.0;
        Ok(sheet)
    }

    /// The plates from the side, distances to scale; gives where the drawing ends.
    fn side_view(&self, sheet: &mut Sheet, top: f64) -> Result<f64> {
        let (Some(first), Some(last)) = (self.plates.first(), self.plates.last()) else {
            return Err(Error::Value("an assembly of no plates".into()));
        };
        let (start, end) = (first.flat_side, last.flat_side + last.thickness);
        let length = end - start;
        let scale = ((WIDTH - 2.0 * LEFT) / length).min(SIDE_VIEW_HEIGHT / self.plate.1);
        let left = (WIDTH - length * scale) / 2.0;
        let at = |z: Metres| left + (z - start) * scale;
        let height = (self.plate.1 * scale).max(40.0);
        let frame = self.frame * scale;
        let top = top + 40.0;
        let axis = top + height / 2.0;
        // Light first: plates stand in it.
        sheet.stroke(vec![(at(start) - 60.0, axis), (at(end) + 60.0, axis)], 3.0, Ink::RED.alpha(0.7));
        let tip = at(end) + 60.0;
        sheet.stroke(vec![(tip - 16.0, axis - 10.0), (tip, axis), (tip - 16.0, axis + 10.0)], 3.0, Ink::RED);
        for (index, plate) in self.plates.iter().enumerate() {
            let width = (plate.thickness * scale).max(4.0);
            let body = Pane::new(at(plate.flat_side), top, width, height);
            sheet.fill(body, Ink::PALE);
            for end in [top, top + height - frame] {
                sheet.fill(Pane::new(body.left, end, width, frame.max(3.0)), Ink::BLUE);
            }
            // Names of near planes in two rows.
            let row = f64::from(u8::from(index % 2 == 1 && self.crowded(scale))) * 32.0;
            let name = Text::new(plate.name.as_str(), (body.middle().0, top - 24.0 - row), SIZE).bold();
            sheet.text(name);
        }
        let line = top + height + 34.0;
        for pair in self.plates.windows(2) {
            let (from, to) = (at(pair[0].plane), at(pair[1].plane));
            sheet.stroke(vec![(from, line), (to, line)], 2.0, Ink::LINE);
            for end in [from, to] {
                sheet.stroke(vec![(end, line - 9.0), (end, line + 9.0)], 2.0, Ink::LINE);
            }
            let words = format_length(pair[1].plane - pair[0].plane, 3);
            if sheet.width_of(&words, SIZE, Weight::Regular) < to - from - 8.0 {
                sheet.text(Text::new(words, ((from + to) / 2.0, line + 28.0), SIZE));
            }
        }
        let words = format!(
            "to scale: light goes to the right, flat sides look at the object; {} from object to detector",
            format_length(last.plane - first.plane, 3)
        );
        sheet.text(Text::new(words, (WIDTH / 2.0, line + 72.0), SIZE).ink(Ink::QUIET));
        Ok(line + 90.0)
    }

    /// Whether names of neighbouring planes would run into each other.
    fn crowded(&self, scale: f64) -> bool {
        self.plates.windows(2).any(|pair| (pair[1].plane - pair[0].plane) * scale < 130.0)
    }

    /// A plate as whoever mounts it sees it: the engraved side, against the light.
    fn back_view(&self, sheet: &mut Sheet, room: Pane) -> f64 {
        let whole = room.fit(self.plate.1, self.plate.0);
        let scale = whole.width / self.plate.0;
        let frame = self.frame * scale;
        sheet.text(
            Text::new("A plate from its engraved side", (whole.middle().0, whole.top - 30.0), SIZE).bold(),
        );
        sheet.fill(whole, Ink::BLUE.alpha(0.35));
        sheet.outline(whole, 3.0, Ink::LINE);
        let optics = Pane::new(
            whole.left + frame,
            whole.top + frame,
            whole.width - 2.0 * frame,
            whole.height - 2.0 * frame,
        );
        sheet.fill(optics, Ink::PALE);
        sheet.outline(optics, 2.0, Ink::LINE);
        if self.notch {
            let side = frame / 2.0;
            let cut = Pane::new(whole.right() - side, whole.top - 2.0, side + 2.0, side + 2.0);
            sheet.fill(cut, Ink::WHITE);
            sheet.stroke(
                vec![(cut.left, whole.top), (cut.left, whole.top + side), (whole.right(), whole.top + side)],
                3.0,
                Ink::LINE,
            );
            let name = Text::new("notch", (whole.right() + 14.0, whole.top + side / 2.0), 22.0);
            sheet.text(name.hang(Hang::Left));
        }
        if let Some(side) = self.pin_holes.map(|side| side * scale) {
            let inset = (frame - side) / 2.0;
            for (x, y) in [
                (whole.left + inset, whole.top + inset),
                (whole.left + inset, whole.bottom() - inset - side),
                (whole.right() - inset - side, whole.bottom() - inset - side),
            ] {
                let hole = Pane::new(x, y, side, side);
                sheet.fill(hole, Ink::WHITE);
                sheet.outline(hole, 2.0, Ink::LINE);
            }
        }
        let (middle, head) = (whole.middle().0, whole.top + frame / 2.0);
        let size = (frame * 0.6).clamp(12.0, 24.0);
        sheet.text(Text::new("↑ number, name", (middle, head), size));
        sheet.text(Text::new("DETECTOR SIDE", (middle, whole.bottom() - frame / 2.0), size));
        let corner = Text::new("pixel [0, 0]", (optics.right() - 10.0, optics.top + 20.0), 20.0);
        sheet.text(corner.hang(Hang::Right).ink(Ink::QUIET));
        sheet.text(Text::new("up", (whole.left - 34.0, whole.top + 16.0), 22.0));
        let (x, foot) = (whole.left - 34.0, whole.top + 110.0);
        sheet.stroke(vec![(x, foot), (x, whole.top + 40.0)], 3.0, Ink::LINE);
        sheet.stroke(
            vec![(x - 9.0, whole.top + 54.0), (x, whole.top + 40.0), (x + 9.0, whole.top + 54.0)],
            3.0,
            Ink::LINE,
        );
        let size = format!("{} x {}", format_length(self.plate.0, 2), format_length(self.plate.1, 2));
        sheet.text(Text::new(size, (middle, whole.bottom() + 28.0), 22.0).ink(Ink::QUIET));
        whole.bottom() + 40.0
    }

    /// What to do; lines are broken at words. Gives where the list ends.
    fn list(&self, sheet: &mut Sheet, left: f64, top: f64) -> f64 {
        let room = WIDTH - left - 60.0;
        let mut y = top + 26.0;
        for (number, step) in (1..).zip(self.steps) {
            sheet.text(Text::new(format!("{number}"), (left, y), SIZE).bold());
            let mut line = String::new();
            for word in step.split(' ') {
                let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if sheet.width_of(&longer, SIZE, Weight::Regular) > room - 40.0 && !line.is_empty() {
                    sheet.text(Text::new(std::mem::take(&mut line), (left + 40.0, y), SIZE).hang(Hang::Left));
                    y += 36.0;
                    line = word.to_owned();
                } else {
                    line = longer;
                }
            }
            sheet.text(Text::new(line, (left + 40.0, y), SIZE).hang(Hang::Left));
            y += 50.0;
        }
        y
    }
}
