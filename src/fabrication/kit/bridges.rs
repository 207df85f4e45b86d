//! Stencils that hold together: material inside a hole, such as the middle of a ring, needs a bridge or it falls out.

use std::collections::BinaryHeap;

use ndarray::Array2;

/// What was added to a stencil.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bridges {
    /// Pieces of material that had no hold.
    pub pieces: usize,
    /// Pixels of holes that were filled.
    pub pixels: usize,
}

/// Joins every piece of material (`true`) to the rim by the shortest way through the holes, `width` pixels wide.
///
/// Pixels hold together along their sides; what touches in a corner only is another piece. Around the stencil is a frame,
/// so whatever reaches the rim is held.
pub fn bridge(material: &mut Array2<bool>, width: usize) -> Bridges {
    let mut bridges = Bridges::default();
    let (rows, columns) = material.dim();
    let mut held = Array2::from_elem((rows, columns), false);
    let rim = (0..rows)
        .flat_map(|row| [(row, 0), (row, columns - 1)])
        .chain((0..columns).flat_map(|column| [(0, column), (rows - 1, column)]));
    flood(material, &mut held, rim.collect());
    while let Some(way) = way_to_loose(material, &held) {
        bridges.pieces += 1;
        for (row, column) in way {
            // Wider towards larger indices: a stroke of even width has no middle.
            for (row, column) in (row..(row + width).min(rows))
                .flat_map(|row| (column..(column + width).min(columns)).map(move |column| (row, column)))
            {
                bridges.pixels += usize::from(!material[[row, column]]);
                material[[row, column]] = true;
                flood(material, &mut held, vec![(row, column)]);
            }
        }
    }
    bridges
}

fn neighbours(
    (row, column): (usize, usize),
    (rows, columns): (usize, usize),
) -> impl Iterator<Item = (usize, usize)> {
    [(-1, 0), (1, 0), (0, -1), (0, 1)].into_iter().filter_map(move |(down, right)| {
        let next = (row.checked_add_signed(down)?, column.checked_add_signed(right)?);
        (next.0 < rows && next.1 < columns).then_some(next)
    })
}

/// Marks as held all material that hangs together with `open`, if that is held itself: at the rim or beside what is.
fn flood(material: &Array2<bool>, held: &mut Array2<bool>, mut open: Vec<(usize, usize)>) {
    while let Some(pixel) = open.pop() {
        if material[pixel] && !held[pixel] {
            held[pixel] = true;
            open.extend(neighbours(pixel, material.dim()));
        }
    }
}

/// The shortest way through holes from what is held to a piece that is not, that piece's first pixel left out.
///
/// Every pixel of a hole costs the same; of equal ways the one that comes first in the order of rows is taken.
fn way_to_loose(material: &Array2<bool>, held: &Array2<bool>) -> Option<Vec<(usize, usize)>> {
    let shape = material.dim();
    if material.iter().zip(held).all(|(there, held)| !there || *held) {
        return None;
    }
    let mut cost = Array2::from_elem(shape, usize::MAX);
    let mut came = Array2::from_elem(shape, (0, 0));
    let mut open = BinaryHeap::new();
    for pixel in ndarray::indices(shape) {
        let (row, column) = pixel;
        let at_rim = row == 0 || column == 0 || row + 1 == shape.0 || column + 1 == shape.1;
        // A hole at the rim is beside the frame.
        if held[pixel] || at_rim && !material[pixel] {
            cost[pixel] = usize::from(!material[pixel]);
            came[pixel] = pixel;
            open.push((std::cmp::Reverse(cost[pixel]), pixel));
        }
    }
    while let Some((std::cmp::Reverse(so_far), pixel)) = open.pop() {
        if so_far > cost[pixel] {
            continue;
        }
        if material[pixel] && !held[pixel] {
            let mut way = Vec::new();
            let mut at = came[pixel];
            while !material[at] {
                way.push(at);
                if came[at] == at {
                    break;
                }
                at = came[at];
            }
            return Some(way);
        }
        for next in neighbours(pixel, shape) {
            let total = so_far + usize::from(!material[next]);
            if total < cost[next] {
                (cost[next], came[next]) = (total, pixel);
                open.push((std::cmp::Reverse(total), next));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stencil(rows: &[&str]) -> Array2<bool> {
        Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| {
            rows[row].as_bytes()[column] == b'#'
        })
    }

    #[test]
    fn the_middle_of_a_ring_gets_a_bridge() {
        let mut ring = stencil(&["#######", "#.....#", "#.###.#", "#.###.#", "#.....#", "#######"]);
        assert_eq!(bridge(&mut ring, 1), Bridges { pieces: 1, pixels: 1 });
        assert_eq!(bridge(&mut ring, 1), Bridges::default(), "then all is held");
        // Two pixels wide: the second one lies in the hole as well.
        let mut wide = stencil(&["#######", "#.....#", "#.###.#", "#.###.#", "#.....#", "#######"]);
        assert_eq!(bridge(&mut wide, 2).pieces, 1);
        assert_eq!(bridge(&mut wide, 2), Bridges::default());
    }

    #[test]
    fn pieces_that_touch_in_a_corner_are_bridged() {
        let mut corner = stencil(&["#####", "#.#.#", "##.##", "#.#.#", "#####"]);
        assert_eq!(bridge(&mut corner, 1), Bridges::default(), "all hang on the rim by their sides");
        let mut diamond = stencil(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        assert_eq!(bridge(&mut diamond, 1), Bridges { pieces: 1, pixels: 1 });
    }

    #[test]
    fn a_piece_in_a_hole_that_reaches_the_rim_hangs_on_the_frame() {
        let mut open = stencil(&[".....", ".....", "..#..", ".....", "....."]);
        let found = bridge(&mut open, 1);
        assert_eq!(found, Bridges { pieces: 1, pixels: 2 });
    }

    #[test]
    fn many_pieces_are_all_held_in_the_end() {
        let mut dots = Array2::from_shape_fn((21, 21), |(row, column)| row % 3 == 1 && column % 3 == 1);
        let found = bridge(&mut dots, 1);
        assert!(found.pieces > 10 && found.pieces <= 49, "{found:?}");
        assert_eq!(bridge(&mut dots, 1), Bridges::default());
    }
}
