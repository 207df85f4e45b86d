//! Solids of blocks with absent cells and uneven lines: closed, of exact volume, with the parts and holes they have.

use d2nn::fabrication::mesh::{LEAST_SIDE, Vertex};
use d2nn::fabrication::{PlateMesh, Surface};
use ndarray::{Array2, arr2};
use proptest::prelude::*;

/// Judges the mesh of blocks between lines; gives the number of triangles.
fn judge(x: &[i32], y: &[i32], heights: &Array2<i32>) -> usize {
    let mesh = PlateMesh::of_cells(x.to_vec(), y.to_vec(), heights.view()).unwrap();
    let mut surface = Surface::default();
    mesh.triangles(|triangle| surface.add(triangle).unwrap());
    assert_eq!(surface.check(), Ok(()), "{heights}");
    let blocks = heights.indexed_iter().map(|((row, column), &height)| {
        6 * i128::from(x[column + 1] - x[column]) * i128::from(y[row + 1] - y[row]) * 4 * i128::from(height)
    });
    assert_eq!(surface.six_volumes(), blocks.sum::<i128>(), "{heights}");
    assert_eq!(mesh.six_volumes(), surface.six_volumes());
    assert_eq!(surface.euler_number(), 2 * (parts(heights) - holes(heights)), "{heights}");
    assert_eq!(mesh.euler_number(), surface.euler_number());
    assert_eq!(Some(mesh.bounds()), surface.bounds());
    surface.triangles()
}

/// Cells of one kind that hang together, counted by flooding; cells that meet in a corner do if `diagonal`.
fn floods(kind: &Array2<bool>, diagonal: bool) -> i64 {
    let (rows, columns) = kind.dim();
    let mut seen = kind.mapv(|there| !there);
    let mut count = 0;
    for start in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        let mut open = vec![start];
        count += i64::from(!seen[start]);
        while let Some((row, column)) = open.pop() {
            if std::mem::replace(&mut seen[[row, column]], true) {
                continue;
            }
            for (dy, dx) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dy, dx))) {
                let next = (row.wrapping_add_signed(dy), column.wrapping_add_signed(dx));
                if (diagonal || dy == 0 || dx == 0) && next.0 < rows && next.1 < columns {
                    open.push(next);
                }
            }
        }
    }
    count
}

/// Blocks that touch, in a corner too, are one part: a post joins them.
fn parts(heights: &Array2<i32>) -> i64 {
    floods(&heights.mapv(|height| height > 0), true)
}

/// Absent cells that are not outside.
fn holes(heights: &Array2<i32>) -> i64 {
    let (rows, columns) = heights.dim();
    let absent = Array2::from_shape_fn((rows + 2, columns + 2), |(row, column)| {
        let inside = (1..=rows).contains(&row) && (1..=columns).contains(&column);
        !inside || heights[[row - 1, column - 1]] == 0
    });
    floods(&absent, false) - 1
}

fn even(cells: usize) -> Vec<i32> {
    (0..=cells as i32).map(|line| 16 * line).collect()
}

#[test]
fn every_two_by_two_with_absent_cells_is_closed() {
    for code in 1..256 {
        let heights = Array2::from_shape_fn((2, 2), |(y, x)| (code >> (4 * y + 2 * x)) % 4);
        judge(&even(2), &even(2), &heights);
    }
}

#[test]
fn every_three_by_three_of_present_and_absent_cells_is_closed() {
    for code in 1..512 {
        let heights = Array2::from_shape_fn((3, 3), |(y, x)| (code >> (3 * y + x)) % 2);
        judge(&even(3), &even(3), &heights);
        // The same with no two blocks alike.
        judge(
            &even(3),
            &even(3),
            &Array2::from_shape_fn((3, 3), |(y, x)| heights[[y, x]] * (3 * y + 2 * x + 1) as i32),
        );
    }
}

#[test]
fn parts_and_holes_are_counted() {
    let euler = |heights: &Array2<i32>| {
        let (rows, columns) = heights.dim();
        judge(&even(columns), &even(rows), heights);
        PlateMesh::of_cells(even(columns), even(rows), heights.view()).unwrap().euler_number()
    };
    assert_eq!(euler(&arr2(&[[1, 1, 1], [1, 0, 1], [1, 1, 1]])), 0, "a ring");
    assert_eq!(euler(&arr2(&[[1, 0, 1]])), 4, "two blocks");
    assert_eq!(euler(&arr2(&[[1, 0], [0, 1]])), 2, "two blocks joined by a post");
    assert_eq!(euler(&arr2(&[[0, 1, 0], [1, 0, 1], [0, 1, 0]])), 0, "a ring of posts");
    assert_eq!(euler(&arr2(&[[1, 1, 1, 1, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 1]])), -2, "two holes");
}

#[test]
fn impossible_cells_are_refused() {
    let refuse = |x: Vec<i32>, y: Vec<i32>, heights: Array2<i32>| {
        PlateMesh::of_cells(x, y, heights.view()).map(drop).unwrap_err().to_string()
    };
    let block = arr2(&[[1]]);
    for (message, reason) in [
        (refuse(vec![0, 16], vec![0], block.clone()), "lines along x"),
        (refuse(vec![0, LEAST_SIDE - 1], vec![0, 16], block.clone()), "at least 4 of 16 parts"),
        (refuse(vec![16, 0], vec![0, 16], block.clone()), "at least 4 of 16 parts"),
        (refuse(vec![0, i32::MAX], vec![0, 16], block), "at most"),
        (refuse(vec![0, 16], vec![0, 16], arr2(&[[0]])), "without any material"),
        (refuse(vec![0, 16], vec![0, 16], arr2(&[[-1]])), "cell [0, 0] is -1 steps high"),
        (refuse(vec![0, 16], vec![0, 16], arr2(&[[i32::MAX]])), "steps high"),
    ] {
        assert!(message.contains(reason), "{message}");
    }
}

/// Rising lines around so many cells, beginning anywhere.
fn lines(cells: usize) -> impl Strategy<Value = Vec<i32>> {
    (-5000..5000, prop::collection::vec(LEAST_SIDE..200, cells)).prop_map(
        |(first, sides): (i32, Vec<i32>)| {
            let mut at = first;
            std::iter::once(first)
                .chain(sides.into_iter().map(|side| {
                    at += side;
                    at
                }))
                .collect()
        },
    )
}

fn solids() -> impl Strategy<Value = (Vec<i32>, Vec<i32>, Array2<i32>)> {
    (1..9_usize, 1..9_usize, 2..2000).prop_flat_map(|(rows, columns, tallest)| {
        // Absent in two of five cells; few heights make ties, many make saddles.
        let height = prop_oneof![2 => Just(0), 3 => 1..tallest];
        let heights = prop::collection::vec(height, rows * columns);
        let array =
            heights.prop_map(move |heights| Array2::from_shape_vec((rows, columns), heights).unwrap());
        (lines(columns), lines(rows), array)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_solid_is_closed((x, y, heights) in solids()) {
        prop_assume!(heights.iter().any(|height| *height > 0));
        judge(&x, &y, &heights);
    }

    #[test]
    fn any_plate_is_closed((rows, columns, tallest) in (1..12_usize, 1..12_usize, 2..3000), seed: u64) {
        let mut state = seed;
        let mut draw = || {
            // A linear congruence (Knuth, MMIX): proptest shrinks the shape, not 121 heights.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            1 + ((state >> 33) as i32).rem_euclid(tallest)
        };
        let heights = Array2::from_shape_simple_fn((rows, columns), &mut draw);
        let mut surface = Surface::default();
        PlateMesh::new(heights.view()).unwrap().triangles(|triangle: [Vertex; 3]| surface.add(triangle).unwrap());
        prop_assert_eq!(surface.check(), Ok(()));
        let volume: i128 = heights.iter().map(|height| 6 * 16 * 16 * 4 * i128::from(*height)).sum();
        prop_assert_eq!((surface.six_volumes(), surface.euler_number()), (volume, 2));
    }
}
