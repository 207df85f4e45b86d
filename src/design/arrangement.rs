//! Where the regions of a detector go when `[detector]` does not say: rows for any number of classes, as far apart as in the
//! default design where the plane has room for that.

use crate::detector::Scheme;
use crate::grid::Grid;
use crate::units::Metres;

/// Side of a region.
pub(super) const SIDE: Metres = 4.8e-3;
/// Distance between the centres of neighbours.
pub(super) const PITCH: Metres = 9.6e-3;

/// Numbers of regions in rows for `classes` classes: as nearly a square as they make, the fuller rows in the middle; the
/// two regions of a pair side by side.
pub(super) fn rows_of(classes: usize, scheme: Scheme) -> Vec<usize> {
    if (classes, scheme) == (10, Scheme::Single) {
        // As in Lin et al. 2018.
        return vec![3, 4, 3];
    }
    let each = scheme.regions_a_class();
    let rows = (((classes * each) as f64).sqrt().round() as usize).clamp(1, classes.max(1));
    let (least, more) = (classes / rows, classes % rows);
    let first = (rows - more) / 2;
    (0..rows).map(|row| each * (least + usize::from((first..first + more).contains(&row)))).collect()
}

/// Distance between `count` neighbours of `side` along `extent`: [`PITCH`] where that fits, else as far as whole `pixel`s
/// spread them evenly.
pub(super) fn pitch(count: usize, side: Metres, extent: Metres, pixel: Metres) -> Metres {
    // Lengths in decimals: a millionth of a pixel is no pixel.
    let fits = count.saturating_sub(1) as f64 * PITCH + side <= extent + 1e-6 * pixel;
    if fits { PITCH } else { (extent / count as f64 / pixel + 1e-6).floor().max(1.0) * pixel }
}

/// Side of a region between neighbours at these distances: [`SIDE`], or half of the shorter distance where that is less.
pub(super) fn side(pitches: [Metres; 2], grid: Grid) -> Metres {
    let pixel = grid.pixel_pitch();
    let closest = pitches[0].min(pitches[1]);
    if closest >= SIDE && pitches.iter().all(|pitch| *pitch >= PITCH) {
        return SIDE;
    }
    SIDE.min((closest / 2.0 / pixel + 1e-6).floor().max(1.0) * pixel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_nearly_a_square_and_full_in_the_middle() {
        for (classes, rows) in [
            (2, vec![2]),
            (3, vec![2, 1]),
            (4, vec![2, 2]),
            (7, vec![2, 3, 2]),
            (10, vec![3, 4, 3]),
            (26, vec![5, 5, 6, 5, 5]),
            (47, vec![6, 7, 7, 7, 7, 7, 6]),
            (100, vec![10; 10]),
        ] {
            assert_eq!(rows_of(classes, Scheme::Single), rows, "{classes}");
        }
        assert_eq!(rows_of(10, Scheme::Differential), [4, 6, 6, 4]);
        for classes in 2..=100 {
            for scheme in [Scheme::Single, Scheme::Differential] {
                let rows = rows_of(classes, scheme);
                assert_eq!(rows.iter().sum::<usize>(), classes * scheme.regions_a_class());
                assert!(rows.iter().all(|row| row % scheme.regions_a_class() == 0));
            }
        }
    }

    #[test]
    fn distances_are_those_of_the_default_design_where_they_fit() {
        let (extent, pixel) = (80e-3, 0.4e-3);
        assert_eq!(pitch(4, SIDE, extent, pixel), PITCH);
        // Eight take 7 x 9.6 + 4.8 = 72 mm, nine 81.6 mm.
        assert_eq!(pitch(8, SIDE, extent, pixel), PITCH);
        assert!((pitch(9, SIDE, extent, pixel) - 8.8e-3).abs() < 1e-12);
        let grid = Grid::new(200, 200, pixel).unwrap();
        assert_eq!(side([PITCH; 2], grid), SIDE);
        assert!((side([8.8e-3, PITCH], grid) - 4.4e-3).abs() < 1e-12);
    }
}
