//! Fitting a plane of values to another size: area averages down, bilinear up, padded and never distorted.

use ndarray::{Array2, ArrayView2};

/// `image` scaled into the middle of `rows` x `columns` pixels, the rest filled with `border`.
pub(super) fn fit(image: ArrayView2<u16>, rows: usize, columns: usize, border: u16) -> Array2<f64> {
    let (height, width) = image.dim();
    // Pixels of the picture along one pixel of the target.
    let scale = (height as f64 / rows as f64).max(width as f64 / columns as f64);
    let vertical = weights(height, rows, scale);
    let horizontal = weights(width, columns, scale);
    let border = f64::from(border);
    // Rows first: each picture row is read once for every target row that needs it.
    let mut narrow = Array2::<f64>::zeros((height, columns));
    for (line, mut out) in image.rows().into_iter().zip(narrow.rows_mut()) {
        for (value, parts) in out.iter_mut().zip(&horizontal) {
            *value = parts.iter().map(|(at, weight)| weight * (f64::from(line[*at]) - border)).sum();
        }
    }
    Array2::from_shape_fn((rows, columns), |(row, column)| {
        let above: f64 = vertical[row].iter().map(|(at, weight)| weight * narrow[[*at, column]]).sum();
        border + above
    })
}

/// For each of `target` pixels, which of `samples` it sees and with what weight, the samples in the middle.
///
/// What the weights lack to one lies outside the picture.
fn weights(samples: usize, target: usize, scale: f64) -> Vec<Vec<(usize, f64)>> {
    let offset = (samples as f64 - target as f64 * scale) / 2.0;
    (0..target)
        .map(|pixel| {
            let start = offset + pixel as f64 * scale;
            if scale >= 1.0 { covered(start, scale, samples) } else { between(start + scale / 2.0, samples) }
        })
        .collect()
}

/// Area average: the share of each sample in the stretch from `start` on.
fn covered(start: f64, length: f64, samples: usize) -> Vec<(usize, f64)> {
    let end = (start + length).min(samples as f64);
    let first = start.max(0.0).floor() as usize;
    (first..samples)
        .take_while(|sample| (*sample as f64) < end)
        .map(|sample| {
            let overlap = end.min(sample as f64 + 1.0) - start.max(sample as f64);
            (sample, overlap.max(0.0) / length)
        })
        .collect()
}

/// Bilinear: the two samples whose centres enclose `position`; the picture's edge pixels reach to its edge.
fn between(position: f64, samples: usize) -> Vec<(usize, f64)> {
    if position < 0.0 || position > samples as f64 {
        return Vec::new();
    }
    let position = (position - 0.5).clamp(0.0, samples as f64 - 1.0);
    let low = position.floor() as usize;
    let share = position - low as f64;
    if share > 0.0 { vec![(low, 1.0 - share), (low + 1, share)] } else { vec![(low, 1.0)] }
}
