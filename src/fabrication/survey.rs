//! What the relief of a plate is like, counted: levels, saddles, islands, pillars.

use ndarray::ArrayView2;

use crate::fabrication::mesh::is_saddle;

/// Counts over the relief of one plate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Distinct heights.
    pub levels: usize,
    /// Inner corners where both pixels of one diagonal rise above both of the other; each gets a thin post.
    pub saddles: usize,
    /// Inner corners in all.
    pub corners: usize,
    /// Groups of pixels of one height, joined along their sides, whose neighbours are all lower.
    ///
    /// On the last layer of each the printer works on a patch of its own. The whole plate is no island.
    pub islands: usize,
    /// Islands of a single pixel that rise above their highest neighbour by more than their width: thin pillars.
    pub pillars: usize,
}

impl Survey {
    /// Counts over `relief`, in steps, shape (rows, columns); a pixel is `pixel_steps` steps wide.
    pub fn of(relief: ArrayView2<'_, i32>, pixel_steps: f64) -> Self {
        let (islands, pillars) = islands(relief, pixel_steps);
        let (rows, columns) = relief.dim();
        let saddles = relief
            .windows((2, 2))
            .into_iter()
            .filter(|corner| is_saddle(corner[[0, 0]], corner[[0, 1]], corner[[1, 1]], corner[[1, 0]]))
            .count();
        Survey {
            levels: levels(relief),
            saddles,
            corners: rows.saturating_sub(1) * columns.saturating_sub(1),
            islands,
            pillars,
        }
    }
}

/// Distinct values, all of them zero or more.
fn levels(relief: ArrayView2<'_, i32>) -> usize {
    let highest = relief.iter().copied().max().unwrap_or(0).max(0);
    let mut seen = vec![false; highest as usize + 1];
    relief.iter().for_each(|&steps| seen[steps.max(0) as usize] = true);
    seen.into_iter().filter(|level| *level).count()
}

/// Islands and pillars, by filling each group of equal pixels once.
fn islands(relief: ArrayView2<'_, i32>, pixel_steps: f64) -> (usize, usize) {
    let (rows, columns) = relief.dim();
    let mut visited = ndarray::Array2::from_elem(relief.dim(), false);
    let (mut islands, mut pillars) = (0, 0);
    let mut group = Vec::new();
    for start in ndarray::indices(relief.dim()) {
        if visited[start] {
            continue;
        }
        visited[start] = true;
        let height = relief[start];
        // The highest neighbour of the group so far; none for the whole plate.
        let mut highest: Option<i32> = None;
        let mut pixels = 0;
        group.push(start);
        while let Some((row, column)) = group.pop() {
            pixels += 1;
            let neighbours = [
                (row > 0).then(|| (row - 1, column)),
                (row + 1 < rows).then(|| (row + 1, column)),
                (column > 0).then(|| (row, column - 1)),
                (column + 1 < columns).then(|| (row, column + 1)),
            ];
            for neighbour in neighbours.into_iter().flatten() {
                if relief[neighbour] != height {
                    highest = highest.max(Some(relief[neighbour]));
                } else if !visited[neighbour] {
                    visited[neighbour] = true;
                    group.push(neighbour);
                }
            }
        }
        if let Some(rise) =
            highest.map(|highest| i64::from(height) - i64::from(highest)).filter(|rise| *rise > 0)
        {
            islands += 1;
            pillars += usize::from(pixels == 1 && rise as f64 > pixel_steps);
        }
    }
    (islands, pillars)
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn counted_by_hand() {
        // A pillar of 9 in the corner, a ridge of 4 that ends at the rim, a 3 beside a 4 that is no island; one
        // saddle, where 9 and 4 face each other across zeros.
        let relief = arr2(&[[9, 0, 0, 0], [0, 4, 4, 4], [0, 0, 3, 0], [1, 0, 0, 0]]);
        let survey = Survey::of(relief.view(), 5.0);
        assert_eq!(survey, Survey { levels: 5, saddles: 1, corners: 9, islands: 3, pillars: 1 });
        // Where pixels are wider than they are high there is no pillar.
        assert_eq!(Survey::of(relief.view(), 9.0).pillars, 0);
    }

    #[test]
    fn a_flat_plate_has_nothing() {
        let flat = ndarray::Array2::from_elem((3, 5), 7);
        let survey = Survey::of(flat.view(), 1.0);
        assert_eq!(survey, Survey { levels: 1, saddles: 0, corners: 8, islands: 0, pillars: 0 });
        let pixel = Survey::of(arr2(&[[2]]).view(), 1.0);
        assert_eq!((pixel.corners, pixel.islands), (0, 0));
    }
}
