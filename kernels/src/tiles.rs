//! Turning rows into columns and back, a tile at a time.

use std::ops::Range;

use num_complex::Complex32;

/// Columns gathered at a time: two cache lines of complex numbers a row, and 51 kB a block at 400 points.
pub const BLOCK: usize = 16;

/// Rows turned at a time between rows and columns: the bounds are checked once for TILE x BLOCK numbers.
const TILE: usize = 8;

/// Writes the first numbers of the rows in `range` (row length `width`) into the columns of `block` (column
/// length `height`), as many as there are columns.
#[inline(always)]
pub(crate) fn gather(
    rows: &[Complex32],
    width: usize,
    range: Range<usize>,
    block: &mut [Complex32],
    height: usize,
) {
    let columns = block.len() / height;
    let mut row = range.start;
    if columns == BLOCK {
        while row + TILE <= range.end {
            let from: [&[Complex32; BLOCK]; TILE] =
                std::array::from_fn(|line| fixed(&rows[(row + line) * width..]));
            for (column, place) in block.chunks_exact_mut(height).enumerate() {
                for (value, from) in place[row..row + TILE].iter_mut().zip(from) {
                    *value = from[column];
                }
            }
            row += TILE;
        }
    }
    for row in row..range.end {
        for (column, value) in rows[row * width..][..columns].iter().enumerate() {
            block[column * height + row] = *value;
        }
    }
}

/// The way back of [`gather`].
#[inline(always)]
pub(crate) fn scatter(
    block: &[Complex32],
    height: usize,
    range: Range<usize>,
    rows: &mut [Complex32],
    width: usize,
) {
    let columns = block.len() / height;
    let mut row = range.start;
    if columns == BLOCK {
        while row + TILE <= range.end {
            let from: [&[Complex32; TILE]; BLOCK] =
                std::array::from_fn(|column| fixed(&block[column * height + row..]));
            for line in 0..TILE {
                for (value, from) in rows[(row + line) * width..][..BLOCK].iter_mut().zip(from) {
                    *value = from[line];
                }
            }
            row += TILE;
        }
    }
    for row in row..range.end {
        for (column, value) in rows[row * width..][..columns].iter_mut().enumerate() {
            *value = block[column * height + row];
        }
    }
}

/// The first `N` numbers, as an array.
#[inline(always)]
fn fixed<const N: usize>(numbers: &[Complex32]) -> &[Complex32; N] {
    let (first, _) = numbers.as_chunks::<N>();
    &first[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gathered_is_scattered_back() {
        // Whole and ragged tiles, whole and ragged blocks.
        let (width, height) = (37, 40);
        let rows: Vec<Complex32> = (0..30 * width).map(|i| Complex32::new(i as f32, -(i as f32))).collect();
        for (first, columns) in [(0, BLOCK), (16, BLOCK), (32, 5)] {
            for range in [0..30, 3..11, 5..12, 7..7] {
                let mut block = vec![Complex32::default(); columns * height];
                gather(&rows[first..], width, range.clone(), &mut block, height);
                for (column, row) in (0..columns).flat_map(|c| (0..height).map(move |r| (c, r))) {
                    let expected = if range.contains(&row) {
                        rows[row * width + first + column]
                    } else {
                        Complex32::default()
                    };
                    assert_eq!(block[column * height + row], expected);
                }
                let mut back = vec![Complex32::default(); rows.len()];
                scatter(&block, height, range.clone(), &mut back[first..], width);
                for (at, value) in back.iter().enumerate() {
                    let (row, column) = (at / width, at % width);
                    let inside = range.contains(&row) && (first..first + columns).contains(&column);
                    assert_eq!(*value, if inside { rows[at] } else { Complex32::default() });
                }
            }
        }
    }
}
