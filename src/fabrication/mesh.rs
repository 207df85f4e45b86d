//! The closed solid of a plate: vertical walls, flat pixels, exact volume, all in integers.
//!
//! Two things make block reliefs leak. Walls around a corner end at different heights: here every vertical line
//! carries one sorted column of heights, and all walls at it use the vertices of that column. And at a *saddle*,
//! a corner where both pixels of one diagonal rise above both of the other, four walls share one vertical edge,
//! so no triangulation of the exact blocks is a two-manifold: here a thin rhombic post of the mean height stands
//! on such a corner. Then at most three regions meet at any vertical line, and the volume stays the same to the
//! integer, since the post takes an equal area from each of the four pixels.
//!
//! Cells may have any sides, and may be absent: that makes frames, engravings, notches, holes and whole parts that
//! are not plates. Two cells that meet in a corner only, both neighbours absent, are a saddle like any other: the
//! post joins them from the ground up.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::error::{Error, Result};

/// A corner of a triangle: x and y in 16ths of a pixel, z in quarters of a step of height.
pub type Vertex = [i32; 3];

/// Parts of a pixel's side the mesh counts in; a saddle's post reaches one of them along each grid line.
pub(super) const PARTS_A_PIXEL: i32 = 16;

/// Integer heights a step of height is divided into, so that the mean of four heights is an integer.
pub(super) const PARTS_A_STEP: i32 = 4;

/// Least side of a cell, in parts: two posts reach into it and must not meet.
pub const LEAST_SIDE: i32 = 4;

/// Largest coordinate of a vertex, 2^28: differences and products of two then fit into 64 bits.
pub const LARGEST_COORDINATE: i32 = 1 << 28;

/// A plate as an integer solid of blocks; triangles are made on demand, row by row, in a fixed order.
#[derive(Clone, Debug)]
pub struct PlateMesh {
    /// Where cells begin and end along x and y, rising, in 16ths of a pixel.
    x: Vec<i32>,
    y: Vec<i32>,
    /// Heights in quarter steps with a rim of zeros (outside) one cell wide: (rows + 2) x (columns + 2).
    heights: Vec<i32>,
    /// Whether a cell is absent: the flat side is then made cell by cell.
    open: bool,
}

/// A vertical line of the solid with the sorted, distinct heights of the regions that meet there.
#[derive(Clone, Copy)]
struct CornerColumn {
    x: i32,
    y: i32,
    heights: [i32; 4],
    count: usize,
}

impl CornerColumn {
    fn new<const N: usize>(x: i32, y: i32, mut regions: [i32; N]) -> Self {
        regions.sort_unstable();
        let mut column = CornerColumn { x, y, heights: [0; 4], count: 0 };
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
    /// Whether the flat side ends here, so that a post on this corner has a foot of its own.
    fn is_open(&self) -> bool {
        self.sw.min(self.se).min(self.ne).min(self.nw) == 0
    }

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
    fn south(&self) -> CornerColumn {
        if self.is_saddle() {
            CornerColumn::new(self.x, self.y - 1, [self.sw, self.se, self.post()])
        } else {
            self.middle()
        }
    }

    fn east(&self) -> CornerColumn {
        if self.is_saddle() {
            CornerColumn::new(self.x + 1, self.y, [self.se, self.ne, self.post()])
        } else {
            self.middle()
        }
    }

    fn north(&self) -> CornerColumn {
        if self.is_saddle() {
            CornerColumn::new(self.x, self.y + 1, [self.ne, self.nw, self.post()])
        } else {
            self.middle()
        }
    }

    fn west(&self) -> CornerColumn {
        if self.is_saddle() {
            CornerColumn::new(self.x - 1, self.y, [self.nw, self.sw, self.post()])
        } else {
            self.middle()
        }
    }

    fn middle(&self) -> CornerColumn {
        CornerColumn::new(self.x, self.y, [self.sw, self.se, self.ne, self.nw])
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
        if let Some(((row, column), steps)) = heights.indexed_iter().find(|(_, steps)| **steps < 1) {
            return Err(Error::Value(format!(
                "pixel [{row}, {column}] is {steps} steps high: every pixel needs 1 to {}",
                LARGEST_COORDINATE / PARTS_A_STEP
            )));
        }
        let lines = |count: usize| (0..=count as i32).map(|line| line * PARTS_A_PIXEL).collect();
        Self::of_cells(lines(columns), lines(rows), heights)
    }

    /// The solid of blocks between the lines `x` and `y` (rising, in 16ths of a pixel, at least [`LEAST_SIDE`] apart),
    /// `heights` in whole steps above the flat side, shape (y.len() - 1, x.len() - 1); 0 is no block at all.
    ///
    /// # Errors
    /// [`Error::Value`] for lines or heights beyond that, and for no block at all.
    pub fn of_cells(x: Vec<i32>, y: Vec<i32>, heights: ArrayView2<'_, i32>) -> Result<Self> {
        let (rows, columns) = heights.dim();
        if y.len() != rows + 1 || x.len() != columns + 1 {
            return Err(Error::Value(format!(
                "{} lines along x and {} along y around {columns} x {rows} cells",
                x.len(),
                y.len()
            )));
        }
        for lines in [&x, &y] {
            let within = lines.iter().all(|line| line.unsigned_abs() <= LARGEST_COORDINATE.unsigned_abs());
            if !within || lines.windows(2).any(|pair| pair[1] - pair[0] < LEAST_SIDE) {
                return Err(Error::Value(format!(
                    "cells must be at least {LEAST_SIDE} of {PARTS_A_PIXEL} parts of a pixel wide, and a plate at most \
                     {} pixels",
                    2 * LARGEST_COORDINATE / PARTS_A_PIXEL
                )));
            }
        }
        let mut padded = vec![0; (rows + 2) * (columns + 2)];
        for ((row, column), &steps) in heights.indexed_iter() {
            if !(0..=LARGEST_COORDINATE / PARTS_A_STEP).contains(&steps) {
                return Err(Error::Value(format!(
                    "cell [{row}, {column}] is {steps} steps high: a block has 1 to {}, 0 is none",
                    LARGEST_COORDINATE / PARTS_A_STEP
                )));
            }
            padded[(row + 1) * (columns + 2) + column + 1] = steps * PARTS_A_STEP;
        }
        if heights.iter().all(|steps| *steps == 0) {
            return Err(Error::Value("a plate without any material".into()));
        }
        let open = heights.iter().any(|steps| *steps == 0);
        Ok(PlateMesh { x, y, heights: padded, open })
    }

    /// Rows of cells.
    pub fn rows(&self) -> usize {
        self.y.len() - 1
    }

    /// Columns of cells.
    pub fn columns(&self) -> usize {
        self.x.len() - 1
    }

    /// Height of a cell in quarter steps; 0 where there is none.
    pub fn height(&self, row: usize, column: usize) -> i32 {
        self.heights[(row + 1) * (self.columns() + 2) + column + 1]
    }

    /// Near and far corner of the bounding box.
    pub fn bounds(&self) -> (Vertex, Vertex) {
        let mut bounds = ([i32::MAX, i32::MAX, 0], [i32::MIN, i32::MIN, 0]);
        for row in 0..self.rows() {
            for column in 0..self.columns() {
                let height = self.height(row, column);
                if height == 0 {
                    continue;
                }
                let near = [self.x[column], self.y[row], 0];
                let far = [self.x[column + 1], self.y[row + 1], height];
                for axis in 0..3 {
                    bounds.0[axis] = bounds.0[axis].min(near[axis]);
                    bounds.1[axis] = bounds.1[axis].max(far[axis]);
                }
            }
        }
        bounds
    }

    /// Six times the volume in the integer unit, from the heights alone: what the triangles must enclose.
    pub fn six_volumes(&self) -> i128 {
        6 * self.blocks().map(|(area, height)| i128::from(area) * i128::from(height)).sum::<i128>()
    }

    /// Height in quarter steps over a point, in 16ths of a pixel; 0 where there is nothing. Posts are not seen.
    pub fn height_at(&self, [x, y]: [i32; 2]) -> i32 {
        let cell = |lines: &[i32], at: i32| lines.partition_point(|line| *line <= at);
        // One beyond the last cell is the rim, which is empty.
        self.heights[cell(&self.y, y).min(self.rows() + 1) * (self.columns() + 2)
            + cell(&self.x, x).min(self.columns() + 1)]
    }

    /// Area (in 16ths of a pixel, squared) and height (in quarter steps) of every block.
    pub fn blocks(&self) -> impl Iterator<Item = (i64, i32)> {
        let side = |lines: &[i32], cell: usize| i64::from(lines[cell + 1] - lines[cell]);
        (0..self.rows())
            .flat_map(|row| (0..self.columns()).map(move |column| (row, column)))
            .map(move |(row, column)| (side(&self.x, column) * side(&self.y, row), self.height(row, column)))
    }

    /// Euler number the surface must have: 2 for each part, less 2 for each hole through one.
    ///
    /// Seen from above the cells, with the points and lines around them, are a drawing whose V - E + F counts parts less
    /// holes; blocks that meet in a point belong together, as their post makes them.
    pub fn euler_number(&self) -> i64 {
        let mut count = 0;
        for row in 0..=self.rows() {
            for column in 0..=self.columns() {
                let corner = self.corner(row, column);
                let there = |heights: &[i32]| i64::from(heights.iter().any(|height| *height > 0));
                // The corner, the lines that run east and north from it, the cell north-east of it.
                count += there(&[corner.sw, corner.se, corner.ne, corner.nw]);
                count -= there(&[corner.se, corner.ne]) + there(&[corner.ne, corner.nw]);
                count += there(&[corner.ne]);
            }
        }
        2 * count
    }

    /// All triangles, outward side counter-clockwise, in the order they are written.
    pub fn triangles(&self, mut triangle: impl FnMut([Vertex; 3])) {
        self.rows_of_triangles(0..self.rows(), &mut triangle);
        self.bottom(&mut triangle);
    }

    /// The tops of a band of rows with the walls on and below each row, and the flat side below them where cells are
    /// absent; the last row brings the far rim along.
    pub(super) fn rows_of_triangles(&self, rows: Range<usize>, triangle: &mut impl FnMut([Vertex; 3])) {
        for row in rows {
            let mut left = [self.corner(row, 0), self.corner(row + 1, 0)];
            self.wall_along_column(left, triangle);
            for column in 0..self.columns() {
                let right = [self.corner(row, column + 1), self.corner(row + 1, column + 1)];
                let around = [left[0], right[0], right[1], left[1]];
                if around[0].ne > 0 {
                    polygon(around, around[0].ne, true, triangle);
                    if self.open {
                        polygon(around, 0, false, triangle);
                    }
                }
                self.wall_along_row([left[0], right[0]], triangle);
                self.wall_along_column(right, triangle);
                post(right[0], triangle);
                if row + 1 == self.rows() {
                    self.wall_along_row([left[1], right[1]], triangle);
                }
                left = right;
            }
        }
    }

    /// The flat side of a plate whose cells are all there: a fan from its centre over all grid points of the rim.
    pub fn bottom(&self, triangle: &mut impl FnMut([Vertex; 3])) {
        if self.open {
            return;
        }
        let (rows, columns) = (self.rows(), self.columns());
        // Halved before they are added: lines may be as far out as numbers go.
        let middle = |lines: &[i32]| lines[0] + (lines[lines.len() - 1] - lines[0]) / 2;
        let centre = [middle(&self.x), middle(&self.y), 0];
        let rim = (0..columns)
            .map(|x| (x, 0))
            .chain((0..rows).map(|y| (columns, y)))
            .chain((0..columns).map(|x| (columns - x, rows)))
            .chain((0..rows).map(|y| (0, rows - y)))
            .map(|(x, y)| [self.x[x], self.y[y], 0]);
        let mut last = [self.x[0], self.y[1], 0];
        for point in rim {
            triangle([centre, point, last]);
            last = point;
        }
    }

    fn corner(&self, row: usize, column: usize) -> Corner {
        let width = self.columns() + 2;
        let south = row * width + column;
        let north = south + width;
        Corner {
            x: self.x[column],
            y: self.y[row],
            sw: self.heights[south],
            se: self.heights[south + 1],
            ne: self.heights[north + 1],
            nw: self.heights[north],
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

/// The top of the cell between four corners (from the south-west one, counter-clockwise), or its flat side: a convex
/// polygon at `height`, cut off where a post stands on it.
fn polygon(around: [Corner; 4], height: i32, up: bool, triangle: &mut impl FnMut([Vertex; 3])) {
    let [sw, se, ne, nw] = around;
    // A post that stands on the flat side of the cells around it does not reach down to it.
    let cut = |corner: Corner| up || corner.is_open();
    let ends = |corner: Corner, from: CornerColumn, to: CornerColumn| {
        if cut(corner) { [from, to] } else { [corner.middle(); 2] }
    };
    let mut points = [[0; 3]; 8];
    let mut count = 0;
    for column in [
        ends(sw, sw.north(), sw.east()),
        ends(se, se.west(), se.north()),
        ends(ne, ne.south(), ne.west()),
        ends(nw, nw.east(), nw.south()),
    ]
    .into_iter()
    .flatten()
    {
        let vertex = column.at(height);
        // Without a post both ends are the grid point itself.
        if count == 0 || points[count - 1] != vertex {
            points[count] = vertex;
            count += 1;
        }
    }
    for i in 1..count - 1 {
        let [from, to] = if up { [i, i + 1] } else { [i + 1, i] };
        triangle([points[0], points[from], points[to]]);
    }
}

/// The post on a saddle: its top, the four walls between it and the cells around, and its foot where one is absent.
fn post(corner: Corner, triangle: &mut impl FnMut([Vertex; 3])) {
    if !corner.is_saddle() {
        return;
    }
    let height = corner.post();
    let (south, east) = (corner.south(), corner.east());
    let (north, west) = (corner.north(), corner.west());
    triangle([south.at(height), east.at(height), north.at(height)]);
    triangle([south.at(height), north.at(height), west.at(height)]);
    if corner.is_open() {
        triangle([south.at(0), north.at(0), east.at(0)]);
        triangle([south.at(0), west.at(0), north.at(0)]);
    }
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
fn wall(from: CornerColumn, to: CornerColumn, left: i32, right: i32, triangle: &mut impl FnMut([Vertex; 3])) {
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
