//! `mask.pixel_pitch` and `mask.pixels`: masks with pixels of their own.

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::typed::{Length, Lengths, Sides};
use super::work::Checked;
use crate::bench::{MaskPixels, stands_centred};
use crate::grid::Grid;
use crate::units::format_length;

/// One pitch for all masks, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Pitches {
    /// All alike.
    All(Length),
    /// One for each mask, in the order of the light.
    Each(Vec<Length>),
}

impl<'de> Deserialize<'de> for Pitches {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read =
            Lengths::read(deserializer, "a length such as \"0.8 mm\", or a list of one for each mask")?;
        Ok(match read {
            Lengths::One(length) => Pitches::All(length),
            Lengths::List(list) => Pitches::Each(list),
        })
    }
}

/// Pixels of all masks, or of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a number of pixels, [rows, columns], or a list of one of these for each mask")]
pub enum MaskSides {
    /// All alike, as many rows as columns.
    Square(usize),
    /// [rows, columns] of all, or one for each mask in the order of the light.
    List(Vec<Sides>),
}

/// The pixels of `masks` masks on planes of `grid`; none where all are those of the grid.
pub(super) fn mask_pixels(
    pitches: Option<&Pitches>,
    sides: Option<&MaskSides>,
    grid: Grid,
    masks: usize,
) -> Checked<Vec<MaskPixels>> {
    let pitches: Vec<Option<&Length>> = match pitches {
        None => vec![None; masks],
        Some(Pitches::All(pitch)) => vec![Some(pitch); masks],
        Some(Pitches::Each(list)) if list.len() == masks => list.iter().map(Some).collect(),
        Some(Pitches::Each(list)) => {
            return Err(format!("mask.pixel_pitch has {} lengths: there are {masks} masks", list.len()));
        }
    };
    let sides = each_of(sides, masks)?;
    let pixels = (0..masks).map(|mask| {
        let samples = pitches[mask].map_or(Ok(1), |pitch| wide(pitch, mask, grid))?;
        let shape = match sides[mask] {
            Some(sides) => typed_shape(sides.shape(), samples, mask, grid)?,
            None => whole_shape(pitches[mask], samples, mask, grid)?,
        };
        Ok(MaskPixels { shape, samples })
    });
    let pixels: Vec<MaskPixels> = pixels.collect::<Checked<_>>()?;
    // Masks that are as the grid is are written in one way.
    let usual = MaskPixels { shape: grid.shape(), samples: 1 };
    Ok(if pixels.iter().all(|own| *own == usual) { Vec::new() } else { pixels })
}

/// The sides of each mask, as far as they are typed.
fn each_of(sides: Option<&MaskSides>, masks: usize) -> Checked<Vec<Option<Sides>>> {
    Ok(match sides {
        None => vec![None; masks],
        Some(MaskSides::Square(side)) => vec![Some(Sides::Square(*side)); masks],
        Some(MaskSides::List(list)) => match list[..] {
            [Sides::Square(rows), Sides::Square(columns)] if masks != 2 || rows == columns => {
                vec![Some(Sides::Each([rows, columns])); masks]
            }
            [Sides::Square(first), Sides::Square(second)] => {
                return Err(format!(
                    "mask.pixels = [{first}, {second}] of two masks says two things: write [[{first}, {first}], [{second}, \
                     {second}]] for a number a mask, or [[{first}, {second}], [{first}, {second}]] for rows and columns"
                ));
            }
            _ if list.len() == masks => list.iter().copied().map(Some).collect(),
            _ => {
                return Err(format!(
                    "mask.pixels has {} entries: there are {masks} masks; write one for each, one number, or [rows, columns]",
                    list.len()
                ));
            }
        },
    })
}

/// How many pixels of `grid` the pixels of a mask are wide.
fn wide(pitch: &Length, mask: usize, grid: Grid) -> Checked<usize> {
    let own = grid.pixel_pitch();
    let times = pitch.value() / own;
    let whole = times.round();
    if whole >= 1.0 && (times - whole).abs() <= 1e-9 * whole {
        return Ok(whole as usize);
    }
    let length = |times: f64| format_length(times * own, 6);
    let nearest = match times.floor() {
        below if below < 1.0 => length(1.0),
        below => format!("{} or {}", length(below), length(below + 1.0)),
    };
    Err(format!(
        "mask.pixel_pitch = \"{pitch}\" of mask {}: it must be a whole multiple of bench.pixel_pitch = {}, whose samples all planes \
         have; take {nearest}, or lower bench.pixel_pitch to a length of which all pitches are multiples",
        mask + 1,
        length(1.0)
    ))
}

/// A mask that fills the plane, of pixels `samples` wide.
fn whole_shape(pitch: Option<&Length>, samples: usize, mask: usize, grid: Grid) -> Checked<(usize, usize)> {
    let (rows, columns) = grid.shape();
    if rows.is_multiple_of(samples) && columns.is_multiple_of(samples) {
        return Ok((rows / samples, columns / samples));
    }
    let pitch = pitch.map_or_else(String::new, ToString::to_string);
    let most = [rows, columns].map(|plane| largest(plane, samples).to_string());
    Err(format!(
        "mask.pixel_pitch = \"{pitch}\" of mask {}: a plane of {rows} x {columns} pixels of {} is no whole number of such pixels; \
         say how many the mask has, at most mask.pixels = [{}], or change bench.pixels",
        mask + 1,
        format_length(grid.pixel_pitch(), 6),
        most.join(", ")
    ))
}

/// Pixels as typed, if they stand in the middle of the plane on whole samples.
fn typed_shape(
    (rows, columns): (usize, usize),
    samples: usize,
    mask: usize,
    grid: Grid,
) -> Checked<(usize, usize)> {
    let stands = |side: usize, plane: usize| stands_centred(side.saturating_mul(samples), plane);
    let (tall, wide) = grid.shape();
    if stands(rows, tall) && stands(columns, wide) {
        return Ok((rows, columns));
    }
    let nearest = |side: usize, plane: usize| {
        let all = (1..=plane / samples).filter(|side| stands(*side, plane));
        all.min_by_key(|other| other.abs_diff(side))
    };
    let advice = match (nearest(rows, tall), nearest(columns, wide)) {
        (Some(rows), Some(columns)) => format!("the nearest that does is [{rows}, {columns}]"),
        _ => "none does: give bench.pixels an even number".into(),
    };
    Err(format!(
        "mask.pixels = {rows} x {columns} of mask {}, {samples} x {samples} samples each: the mask must stand in the middle of a plane of \
         {tall} x {wide} samples, with as many whole ones on one side as on the other; {advice}",
        mask + 1
    ))
}

/// The most pixels of `samples` samples that stand in the middle of `plane` samples.
fn largest(plane: usize, samples: usize) -> usize {
    (0..=plane / samples).rev().find(|side| (plane - side * samples).is_multiple_of(2)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(pitch: Option<&str>, pixels: Option<MaskSides>, masks: usize) -> Checked<Vec<MaskPixels>> {
        let pitch = pitch.map(|text| {
            let lengths: Vec<Length> = text.split(", ").map(|length| length.parse().unwrap()).collect();
            if lengths.len() == 1 { Pitches::All(lengths[0].clone()) } else { Pitches::Each(lengths) }
        });
        mask_pixels(pitch.as_ref(), pixels.as_ref(), Grid::new(40, 60, 0.4e-3).unwrap(), masks)
    }

    fn list(sides: &[usize]) -> Option<MaskSides> {
        Some(MaskSides::List(sides.iter().copied().map(Sides::Square).collect()))
    }

    #[test]
    fn masks_have_the_pixels_that_are_typed() {
        let own = |rows, columns, samples| MaskPixels { shape: (rows, columns), samples };
        assert_eq!(resolved(None, None, 3), Ok(vec![]));
        assert_eq!(resolved(Some("400 um"), list(&[40, 60]), 3), Ok(vec![]));
        assert_eq!(resolved(Some("0.8 mm"), None, 2), Ok(vec![own(20, 30, 2); 2]));
        assert_eq!(resolved(None, Some(MaskSides::Square(32)), 1), Ok(vec![own(32, 32, 1)]));
        assert_eq!(resolved(None, list(&[30, 20]), 1), Ok(vec![own(30, 20, 1)]));
        assert_eq!(
            resolved(Some("0.4 mm, 0.8 mm, 1.2 mm"), list(&[40, 20, 10]), 3),
            Ok(vec![own(40, 40, 1), own(20, 20, 2), own(10, 10, 3)])
        );
        let each = MaskSides::List(vec![Sides::Each([10, 20]), Sides::Square(8)]);
        assert_eq!(resolved(None, Some(each), 2), Ok(vec![own(10, 20, 1), own(8, 8, 1)]));
    }

    #[test]
    fn what_cannot_stand_is_told_with_the_nearest_that_can() {
        for (pitch, pixels, masks, reason) in [
            (Some("0.6 mm"), None, 2, "take 0.4 mm or 0.8 mm, or lower bench.pixel_pitch"),
            (Some("0.2 mm"), None, 2, "mask 1: it must be a whole multiple of bench.pixel_pitch = 0.4 mm"),
            (Some("0.2 mm"), None, 2, "take 0.4 mm, or lower"),
            (Some("0.4 mm, 0.8 mm"), None, 3, "mask.pixel_pitch has 2 lengths: there are 3 masks"),
            (Some("1.2 mm"), None, 1, "at most mask.pixels = [12, 20]"),
            (None, Some(MaskSides::Square(41)), 1, "the nearest that does is [40, 40]"),
            (None, Some(MaskSides::Square(15)), 1, "of mask 1, 1 x 1 samples each"),
            (None, Some(MaskSides::Square(0)), 1, "the nearest that does is [2, 2]"),
            (Some("0.8 mm"), Some(MaskSides::Square(31)), 1, "the nearest that does is [20, 30]"),
            (None, list(&[40, 20, 10]), 2, "mask.pixels has 3 entries: there are 2 masks"),
            (
                None,
                list(&[40, 20]),
                2,
                "write [[40, 40], [20, 20]] for a number a mask, or [[40, 20], [40, 20]]",
            ),
            (None, Some(MaskSides::Square(usize::MAX)), 1, "the nearest that does is [40, 60]"),
        ] {
            let message = resolved(pitch, pixels, masks).unwrap_err();
            assert!(message.contains(reason), "{message}");
        }
        let odd = mask_pixels(
            Some(&Pitches::All("0.8 mm".parse().unwrap())),
            Some(&MaskSides::Square(5)),
            Grid::new(41, 40, 0.4e-3).unwrap(),
            1,
        );
        assert!(odd.unwrap_err().contains("give bench.pixels an even number"));
    }
}
