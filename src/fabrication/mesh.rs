//! The closed solid of a plate: vertical walls, flat pixels, exact volume, all in integers.
//!
//! Two things make block reliefs leak. Walls around a corner end at different heights: here every vertical line
//! carries one sorted column of heights, and all walls at it use the vertices of that column. And at a *saddle*,
//! a corner where both pixels of one diagonal rise above both of the other, four walls share one vertical edge,
//! so no triangulation of the exact blocks is a two-manifold: here a thin rhombic post of the mean height stands
//! on such a corner. Then at most three regions meet at any vertical line, and the volume stays the same to the
//! integer, since the post takes an equal area from each of the four pixels.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::error::{Error, Result};

/// A corner of a triangle: x and y in 16ths of a pixel, z in quarters of a step of height.
pub type Vertex = [i32; 3];

/// Parts of a pixel's side the mesh counts in; a saddle's post reaches one of them along each grid line.
pub const PARTS_A_PIXEL: i32 = 16;

/// Integer heights a step of height is divided into, so that the mean of four heights is an integer.
pub const PARTS_A_STEP: i32 = 4;

/// Largest coordinate of a vertex, 2^28: differences and products of two then fit into 64 bits.
pub const LARGEST_COORDINATE: i32 = 1 << 28;

/// A plate as an integer solid; triangles are made on demand, row by row, in a fixed order.
#[derive(Clone, Debug)]
pub struct PlateMesh {
    rows: usize,
    columns: usize,
    /// Heights in quarter steps with a rim of zeros (outside) one pixel wide: (rows + 2) x (columns + 2).
    heights: Vec<i32>,
}

/// A vertical line of the solid with the sorted, distinct heights of the regions that meet there.
#[derive(Clone, Copy)]
struct Column {
    x: i32,
    y: i32,
    heights: [i32; 4],
    count: usize,
}

impl Column {
    fn new<const N: usize>(x: i32, y: i32, mut regions: [i32; N]) -> Self {
        regions.sort_unstable();
        let mut column = Column { x, y, heights: [0; 4], count: 0 };
        for height in regions {
            if column.count == 0 || column.heights[column.count - 1] != height {
                column.heights[column.count] = height;
                column.count += 1;
            }
        }
        column
    }

    /// The heights from `low` to `high`, both of which are in the column.
    fn between(&self, low: i32, high: i32) -> &[i32] {
        let heights = &self.heights[..self.count];
        let above = heights.partition_point(|height| *height < low);
        let beyond = heights.partition_point(|height| *height <= high);
        &heights[above..beyond]
    }

    fn at(&self, height: i32) -> Vertex {
        [self.x, self.y, height]
    }
}

/// A grid point and the four pixels around it: south-west, south-east, north-east, north-west (north is +y).
#[derive(Clone, Copy)]
struct Corner {
    x: i32,
    y: i32,
    sw: i32,
    se: i32,
    ne: i32,
    nw: i32,
}

impl Corner {
    /// Whether a post must stand here.
    fn is_saddle(&self) -> bool {
        is_saddle(self.sw, self.se, self.ne, self.nw)
    }

    /// Height of the post: the mean, an integer because heights are whole steps.
    fn post(&self) -> i32 {
        let sum = i64::from(self.sw) + i64::from(self.se) + i64::from(self.ne) + i64::from(self.nw);
        (sum / 4) as i32
    }

    /// Where the grid line towards the south ends; the other three alike.
    fn south(&self) -> Column {
        if self.is_saddle() {
            Column::new(self.x, self.y - 1, [self.sw, self.se, self.post()])
        } else {
            self.middle()
        }
    }

    fn east(&self) -> Column {
        if self.is_saddle() {
            Column::new(self.x + 1, self.y, [self.se, self.ne, self.post()])
        } else {
            self.middle()
        }
    }

    fn north(&self) -> Column {
        if self.is_saddle() {
            Column::new(self.x, self.y + 1, [self.ne, self.nw, self.post()])
        } else {
            self.middle()
        }
    }

    fn west(&self) -> Column {
        if self.is_saddle() {
            Column::new(self.x - 1, self.y, [self.nw, self.sw, self.post()])
        } else {
            self.middle()
        }
    }

    fn middle(&self) -> Column {
        Column::new(self.x, self.y, [self.sw, self.se, self.ne, self.nw])
    }
}

/// Whether one diagonal of four pixels, given counter-clockwise, rises above the other.
///
/// Ties are no saddles: some pixel then shares a level with both its neighbours and joins them.
pub(super) fn is_saddle(sw: i32, se: i32, ne: i32, nw: i32) -> bool {
    sw.min(ne) > se.max(nw) || se.min(nw) > sw.max(ne)
}

impl PlateMesh {
    /// The solid over `heights`, in whole steps above the flat side, shape (rows, columns).
    ///
    /// # Errors
    /// [`Error::Value`] for no pixels, more than [`crate::grid::Grid::MAX_SIDE`] a side, or a height that is not
    /// above zero (a hole) or beyond [`LARGEST_COORDINATE`] quarter steps.
    pub fn new(heights: ArrayView2<'_, i32>) -> Result<Self> {
        let (rows, columns) = heights.dim();
        let sides = 1..=crate::grid::Grid::MAX_SIDE;
        if !(sides.contains(&rows) && sides.contains(&columns)) {
            return Err(Error::Value(format!("a plate of {rows} x {columns} pixels")));
        }
        let mut padded = vec![0; (rows + 2) * (columns + 2)];
        for ((row, column), &steps) in heights.indexed_iter() {
            if !(1..=LARGEST_COORDINATE / PARTS_A_STEP).contains(&steps) {
                return Err(Error::Value(format!(
                    "pixel [{row}, {column}] is {steps} steps high: every pixel needs 1 to {}",
                    LARGEST_COORDINATE / PARTS_A_STEP
                )));
            }
            padded[(row + 1) * (columns + 2) + column + 1] = steps * PARTS_A_STEP;
        }
        Ok(PlateMesh { rows, columns, heights: padded })
    }

    /// Rows of pixels.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of pixels.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Height of a pixel in quarter steps.
    pub fn height(&self, row: usize, column: usize) -> i32 {
        self.heights[(row + 1) * (self.columns + 2) + column + 1]
    }

    /// The far corner of the bounding box; the near one is the origin.
    pub fn far_corner(&self) -> Vertex {
        let highest = self.heights.iter().copied().max().unwrap_or(0);
        [self.columns as i32 * PARTS_A_PIXEL, self.rows as i32 * PARTS_A_PIXEL, highest]
    }

    /// Six times the volume in the integer unit, from the heights alone: what the triangles must enclose.
    pub fn six_volumes(&self) -> i128 {
        let sum: i128 = self.heights.iter().map(|&height| i128::from(height)).sum();
        6 * sum * i128::from(PARTS_A_PIXEL) * i128::from(PARTS_A_PIXEL)
    }

    /// All triangles, outward side counter-clockwise, in the order they are written.
    pub fn triangles(&self, mut triangle: impl FnMut([Vertex; 3])) {
        self.rows_of_triangles(0..self.rows, &mut triangle);
        self.bottom(&mut triangle);
    }

    /// The tops of a band of rows with the walls on and below each row; the last row brings the far rim along.
    pub fn rows_of_triangles(&self, rows: Range<usize>, triangle: &mut impl FnMut([Vertex; 3])) {
        for row in rows {
            let mut left = [self.corner(row, 0), self.corner(row + 1, 0)];
            self.wall_along_column(left, triangle);
            for column in 0..self.columns {
                let right = [self.corner(row, column + 1), self.corner(row + 1, column + 1)];
                self.top(left[0], right[0], right[1], left[1], triangle);
                self.wall_along_row([left[0], right[0]], triangle);
                self.wall_along_column(right, triangle);
                post(right[0], triangle);
                if row + 1 == self.rows {
                    self.wall_along_row([left[1], right[1]], triangle);
                }
                left = right;
            }
        }
    }

    /// The flat side: a fan from its centre over all grid points of the rim.
    pub fn bottom(&self, triangle: &mut impl FnMut([Vertex; 3])) {
        let (rows, columns) = (self.rows as i32, self.columns as i32);
        let centre = [columns * PARTS_A_PIXEL / 2, rows * PARTS_A_PIXEL / 2, 0];
        let rim = (0..columns)
            .map(|x| (x, 0))
            .chain((0..rows).map(|y| (columns, y)))
            .chain((0..columns).map(|x| (columns - x, rows)))
            .chain((0..rows).map(|y| (0, rows - y)))
            .map(|(x, y)| [x * PARTS_A_PIXEL, y * PARTS_A_PIXEL, 0]);
        let mut last = [0, PARTS_A_PIXEL, 0];
        for point in rim {
            triangle([centre, point, last]);
            last = point;
        }
    }

    fn corner(&self, row: usize, column: usize) -> Corner {
        let width = self.columns + 2;
        let south = row * width + column;
        let north = south + width;
        Corner {
            x: column as i32 * PARTS_A_PIXEL,
            y: row as i32 * PARTS_A_PIXEL,
            sw: self.heights[south],
            se: self.heights[south + 1],
            ne: self.heights[north + 1],
            nw: self.heights[north],
        }
    }

    /// The top of the pixel between four corners: a convex polygon, cut off where a post stands.
    fn top(&self, sw: Corner, se: Corner, ne: Corner, nw: Corner, triangle: &mut impl FnMut([Vertex; 3])) {
        let height = sw.ne;
        let mut polygon = [[0; 3]; 8];
        let mut count = 0;
        let mut add = |from: Column, to: Column| {
            for column in [from, to] {
                let vertex = column.at(height);
                // Without a post both ends are the grid point itself.
                if count == 0 || polygon[count - 1] != vertex {
                    polygon[count] = vertex;
                    count += 1;
                }
            }
        };
        add(sw.north(), sw.east());
        add(se.west(), se.north());
        add(ne.south(), ne.west());
        add(nw.east(), nw.south());
        for i in 1..count - 1 {
            triangle([polygon[0], polygon[i], polygon[i + 1]]);
        }
    }

    /// The wall between the pixels left and right of a grid line that runs north.
    fn wall_along_column(&self, [south, north]: [Corner; 2], triangle: &mut impl FnMut([Vertex; 3])) {
        if south.nw != south.ne {
            wall(south.north(), north.south(), south.nw, south.ne, triangle);
        }
    }

    /// The wall between the pixels below and above a grid line that runs east.
    fn wall_along_row(&self, [west, east]: [Corner; 2], triangle: &mut impl FnMut([Vertex; 3])) {
        if west.ne != west.se {
            wall(west.east(), east.west(), west.ne, west.se, triangle);
        }
    }
}

/// The post on a saddle: its top and the four walls between it and the pixels around.
fn post(corner: Corner, triangle: &mut impl FnMut([Vertex; 3])) {
    if !corner.is_saddle() {
        return;
    }
    let height = corner.post();
    let (south, east) = (corner.south(), corner.east());
    let (north, west) = (corner.north(), corner.west());
    triangle([south.at(height), east.at(height), north.at(height)]);
    triangle([south.at(height), north.at(height), west.at(height)]);
    for (from, to, pixel) in [
        (south, east, corner.se),
        (east, north, corner.ne),
        (north, west, corner.nw),
        (west, south, corner.sw),
    ] {
        wall(from, to, height, pixel, triangle);
    }
}

/// The wall from one column to another between a region of height `left` and one of height `right`.
///
/// It uses all heights of both columns in between, so neighbouring walls meet vertex to vertex, and faces the lower
/// region. Always the column whose next height is lower climbs: any order closes, this one keeps slivers few.
fn wall(from: Column, to: Column, left: i32, right: i32, triangle: &mut impl FnMut([Vertex; 3])) {
    if left == right {
        return;
    }
    // Outward is to the right of the way, so the higher region must be on the left.
    let (u, v) = if left > right { (from, to) } else { (to, from) };
    let (low, high) = (left.min(right), left.max(right));
    let (up_u, up_v) = (u.between(low, high), v.between(low, high));
    let (mut i, mut j) = (0, 0);
    while i + 1 < up_u.len() || j + 1 < up_v.len() {
        let climb_u = match (up_u.get(i + 1), up_v.get(j + 1)) {
            (Some(next_u), Some(next_v)) => next_u < next_v,
            (next_u, _) => next_u.is_some(),
        };
        if climb_u {
            triangle([u.at(up_u[i]), v.at(up_v[j]), u.at(up_u[i + 1])]);
            i += 1;
        } else {
            triangle([u.at(up_u[i]), v.at(up_v[j]), v.at(up_v[j + 1])]);
            j += 1;
        }
    }
}
