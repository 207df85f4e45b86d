//! Structural similarity of two pictures.
//!
//! Source: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error visibility to
//! structural similarity", IEEE Trans. Image Process. 13, 600 (2004); its constants and its window.

use ndarray::{Array1, Array2, ArrayView2};

/// Side of the window, in values.
const WINDOW: usize = 11;
/// Standard deviation of its Gaussian weights, in values.
const SIGMA: f64 = 1.5;
/// C1 = (K1 L)^2 with K1 = 0.01 and the range L = 1 of the values.
const C1: f64 = 1e-4;
/// C2 = (K2 L)^2 with K2 = 0.03.
const C2: f64 = 9e-4;

/// Mean structural similarity of two pictures of the same shape, values 0 to 1: 1 for equal ones, about 0 for
/// unlike ones, at least -1.
///
/// The window is Gaussian, 11 x 11 values with a standard deviation of 1.5, and goes everywhere it fits wholly; in a
/// picture narrower than that it is as wide as the picture.
///
/// # Panics
/// For different shapes and for pictures without values.
pub fn ssim(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> f64 {
    assert!(a.dim() == b.dim() && !a.is_empty(), "pictures of {:?} and {:?} values", a.dim(), b.dim());
    let (rows, columns) = a.dim();
    let (down, across) = (weights(WINDOW.min(rows)), weights(WINDOW.min(columns)));
    let mean = |picture: Array2<f64>| filtered(&filtered(&picture, &across).reversed_axes(), &down);
    let (mean_a, mean_b) = (mean(a.to_owned()), mean(b.to_owned()));
    let (square_a, square_b, product) = (mean(&a * &a), mean(&b * &b), mean(&a * &b));
    let mut sum = 0.0;
    for (at, &x) in mean_a.indexed_iter() {
        let y = mean_b[at];
        let (variance_x, variance_y) = (square_a[at] - x * x, square_b[at] - y * y);
        let covariance = product[at] - x * y;
        sum += (2.0 * x * y + C1) * (2.0 * covariance + C2)
            / ((x * x + y * y + C1) * (variance_x + variance_y + C2));
    }
    sum / mean_a.len() as f64
}

/// Gaussian weights that sum to 1.
fn weights(side: usize) -> Array1<f64> {
    let middle = (side as f64 - 1.0) / 2.0;
    let weights = Array1::from_shape_fn(side, |i| (-((i as f64 - middle) / SIGMA).powi(2) / 2.0).exp());
    &weights / weights.sum()
}

/// Weighted sums along each row, where `weights` fit.
fn filtered(picture: &Array2<f64>, weights: &Array1<f64>) -> Array2<f64> {
    let (rows, columns) = picture.dim();
    Array2::from_shape_fn((rows, columns + 1 - weights.len()), |(y, x)| {
        weights.iter().enumerate().map(|(i, weight)| weight * picture[[y, x + i]]).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn picture(seed: u64) -> Array2<f64> {
        let mut random = crate::random::Stream::new(seed, crate::random::Purpose::Masks, 0);
        Array2::from_shape_simple_fn((20, 14), || f64::from(random.uniform()))
    }

    #[test]
    fn equal_pictures_are_one_and_unlike_ones_near_zero() {
        let (a, b) = (picture(1), picture(2));
        // Rounding of variances against C2, and the denominators are those of the numerators.
        assert!((ssim(a.view(), a.view()) - 1.0).abs() < 1e-12);
        // 10 x 4 windows of some 30 independent values each.
        assert!(ssim(a.view(), b.view()).abs() < 0.2, "{}", ssim(a.view(), b.view()));
        assert_eq!(ssim(a.view(), b.view()), ssim(b.view(), a.view()));
        let negative = a.mapv(|value| 1.0 - value);
        assert!(ssim(a.view(), negative.view()) < -0.8);
    }

    #[test]
    fn one_window_by_hand() {
        // Two values, weights 1/2: means 0.5 and 0.3, variances 0.25 and 0.01, covariance 0.05.
        let (a, b) = (array![[0.0, 1.0]], array![[0.2, 0.4]]);
        let expected =
            (2.0 * 0.5 * 0.3 + 1e-4) * (2.0 * 0.05 + 9e-4) / ((0.25 + 0.09 + 1e-4) * (0.25 + 0.01 + 9e-4));
        assert!((ssim(a.view(), b.view()) - expected).abs() < 1e-12);
        // Flat pictures differ in brightness only.
        let (a, b) = (Array2::from_elem((12, 12), 0.5), Array2::from_elem((12, 12), 0.25));
        let expected = (2.0 * 0.5 * 0.25 + 1e-4) / (0.25 + 0.0625 + 1e-4);
        assert!((ssim(a.view(), b.view()) - expected).abs() < 1e-12);
    }

    #[test]
    fn windows_are_those_that_fit() {
        // 20 x 14 values hold 10 x 4 windows: each counts the same.
        let (a, b) = (picture(3), picture(4));
        let mut sum = 0.0;
        for (y, x) in (0..10).flat_map(|y| (0..4).map(move |x| (y, x))) {
            let window = |picture: &Array2<f64>| {
                Array2::from_shape_fn((11, 11), |(down, across)| picture[[y + down, x + across]])
            };
            sum += ssim(window(&a).view(), window(&b).view());
        }
        assert!((ssim(a.view(), b.view()) - sum / 40.0).abs() < 1e-12);
    }
}
