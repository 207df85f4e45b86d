//! A drawing of rectangles, each of one height, that becomes a solid: what is drawn later covers what was there.

use ndarray::Array2;

use crate::error::Result;
use crate::fabrication::mesh::PlateMesh;

/// A rectangle from above: x and y in 16ths of a pixel, far ends excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// Where it begins and ends along x.
    pub x: [i32; 2],
    /// Where it begins and ends along y.
    pub y: [i32; 2],
}

/// Rectangles in the order they are drawn.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    drawn: Vec<(Rectangle, i32)>,
    x: Vec<i32>,
    y: Vec<i32>,
}

impl Blocks {
    /// Draws a block of `height` whole steps; 0 takes away what was there.
    pub fn draw(&mut self, rectangle: Rectangle, height: i32) {
        self.drawn.push((rectangle, height));
        self.x.extend(rectangle.x);
        self.y.extend(rectangle.y);
    }

    /// The solid of all that was drawn, over a relief of `pixels` (whole steps, shape (rows, columns)) of `side` parts
    /// that begins at the origin. The relief is drawn first.
    ///
    /// # Errors
    /// As [`PlateMesh::of_cells`]: lines too near to each other, heights out of range.
    pub fn solid(mut self, pixels: &Array2<i32>, side: i32) -> Result<PlateMesh> {
        let (rows, columns) = pixels.dim();
        self.x.extend((0..=columns as i32).map(|line| line * side));
        self.y.extend((0..=rows as i32).map(|line| line * side));
        for lines in [&mut self.x, &mut self.y] {
            lines.sort_unstable();
            lines.dedup();
        }
        let cell = |lines: &[i32], line: i32| lines.partition_point(|other| *other < line);
        let mut heights = Array2::zeros((self.y.len() - 1, self.x.len() - 1));
        let mut fill = |rectangle: Rectangle, height: i32| {
            for row in cell(&self.y, rectangle.y[0])..cell(&self.y, rectangle.y[1]) {
                for column in cell(&self.x, rectangle.x[0])..cell(&self.x, rectangle.x[1]) {
                    heights[[row, column]] = height;
                }
            }
        };
        for ((row, column), &height) in pixels.indexed_iter() {
            let span = |index: usize| [index as i32 * side, (index as i32 + 1) * side];
            fill(Rectangle { x: span(column), y: span(row) }, height);
        }
        for (rectangle, height) in &self.drawn {
            fill(*rectangle, *height);
        }
        PlateMesh::of_cells(self.x, self.y, heights.view())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn later_blocks_cover_earlier_ones() {
        let mut blocks = Blocks::default();
        blocks.draw(Rectangle { x: [-32, 0], y: [-16, 32] }, 5);
        blocks.draw(Rectangle { x: [-24, -8], y: [0, 16] }, 0);
        let mesh = blocks.solid(&arr2(&[[1, 2], [3, 4]]), 16).unwrap();
        assert_eq!(mesh.bounds(), ([-32, -16, 0], [32, 32, 20]));
        // A hole in the strip on the left.
        assert_eq!(mesh.euler_number(), 0);
        let strip = (32 * 48 - 16 * 16) * 5;
        assert_eq!(mesh.six_volumes(), 6 * 4 * i128::from(strip + 16 * 16 * 10));
    }
}
