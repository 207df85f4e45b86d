//! Training images distorted at random: what a device has seen moved, it knows moved.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::random::Stream;

/// How far an image is moved, turned, scaled and made noisy, each by an amount drawn anew.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Largest shift along y and along x, pixels of the image; fractions of a pixel are interpolated.
    pub shift: f32,
    /// Largest turn about the middle, either way, radians.
    pub rotation: f32,
    /// Largest part by which the image is larger or smaller.
    pub scale: f32,
    /// Standard deviation of what is added to each value before it is bounded to 0 to 1.
    pub noise: f32,
}

impl Augmentation {
    /// Whether images stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Augmentation::default()
    }

    /// Distorts `image` (values 0 to 1) by what `random` gives; outside the image it is dark.
    pub(super) fn distort(&self, mut image: ArrayViewMut2<'_, f32>, random: &mut Stream) {
        let mut draw = |largest: f32| largest * (2.0 * random.uniform() - 1.0);
        let shift = [draw(self.shift), draw(self.shift)];
        let (sin, cos) = draw(self.rotation).sin_cos();
        let scale = 1.0 + draw(self.scale);
        if self.shift > 0.0 || self.rotation > 0.0 || self.scale > 0.0 {
            let before = Bordered::new(image.view());
            let middle = [image.nrows(), image.ncols()].map(|side| (side as f32 - 1.0) / 2.0);
            for ((y, x), value) in image.indexed_iter_mut() {
                let place = [y as f32 - middle[0] - shift[0], x as f32 - middle[1] - shift[1]];
                // Where it was before it was turned and scaled about the middle.
                let from = [cos * place[0] - sin * place[1], sin * place[0] + cos * place[1]];
                *value = before.interpolated(middle[0] + from[0] / scale, middle[1] + from[1] / scale);
            }
        }
        if self.noise > 0.0 {
            image.mapv_inplace(|value| (value + self.noise * random.normal() as f32).clamp(0.0, 1.0));
        }
    }
}

/// An image in a frame of dark pixels, so that no neighbour must be asked whether it is there: thousands of images are
/// distorted in each step.
struct Bordered {
    values: Vec<f32>,
    rows: i32,
    columns: i32,
}

impl Bordered {
    fn new(image: ArrayView2<'_, f32>) -> Self {
        let (rows, columns) = image.dim();
        let mut values = vec![0.0; (rows + 2) * (columns + 2)];
        for (row, framed) in image.rows().into_iter().zip(values.chunks_exact_mut(columns + 2).skip(1)) {
            framed.iter_mut().skip(1).zip(row).for_each(|(to, value)| *to = *value);
        }
        Bordered { values, rows: rows as i32, columns: columns as i32 }
    }

    /// Bilinear interpolation between the middles of pixels, dark beyond the outermost.
    fn interpolated(&self, y: f32, x: f32) -> f32 {
        let (row, column) = (floor(y), floor(x));
        if !(-1..self.rows).contains(&row) || !(-1..self.columns).contains(&column) {
            return 0.0;
        }
        let (down, right) = (y - row as f32, x - column as f32);
        let width = self.columns as usize + 2;
        let upper = &self.values[(row + 1) as usize * width + (column + 1) as usize..];
        let lower = &upper[width..];
        (1.0 - down) * ((1.0 - right) * upper[0] + right * upper[1])
            + down * ((1.0 - right) * lower[0] + right * lower[1])
    }
}

/// `f32::floor` as a whole number; that one is a call where the processor is not known to have it.
fn floor(value: f32) -> i32 {
    let towards_zero = value as i32;
    towards_zero - i32::from(towards_zero as f32 > value)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::random::Purpose;

    fn distorted(augmentation: Augmentation, image: &Array2<f32>, number: u64) -> Array2<f32> {
        let mut image = image.clone();
        augmentation.distort(image.view_mut(), &mut Stream::new(1, Purpose::Augmentation, number));
        image
    }

    /// Middle of the light, [y, x], and all of it.
    fn middle(image: &Array2<f32>) -> ([f32; 2], f32) {
        let sum = image.sum();
        let along = |of: &dyn Fn((usize, usize)) -> usize| {
            image.indexed_iter().map(|(at, value)| of(at) as f32 * value).sum::<f32>() / sum
        };
        ([along(&|at| at.0), along(&|at| at.1)], sum)
    }

    fn spot() -> Array2<f32> {
        let mut image = Array2::zeros((21, 21));
        image[[10, 14]] = 1.0;
        image
    }

    #[test]
    fn nothing_asked_for_changes_nothing() {
        let image = spot();
        assert!(Augmentation::default().is_none());
        assert_eq!(distorted(Augmentation::default(), &image, 0), image);
    }

    #[test]
    fn shifts_are_bounded_sub_pixel_and_their_own() {
        let shift = Augmentation { shift: 2.0, ..Augmentation::default() };
        let moved: Vec<_> = (0..20).map(|number| middle(&distorted(shift, &spot(), number))).collect();
        for ([y, x], sum) in &moved {
            assert!((y - 10.0).abs() <= 2.0 && (x - 14.0).abs() <= 2.0, "{y} {x}");
            // Bilinear weights sum to one: rounding.
            assert!((sum - 1.0).abs() < 1e-5);
        }
        let whole = |value: f32| (value - value.round()).abs() < 1e-3;
        assert!(moved.iter().any(|([y, x], _)| !whole(*y) && !whole(*x)));
        assert_ne!(moved[0].0, moved[1].0);
    }

    #[test]
    fn turns_keep_the_distance_from_the_middle_and_scales_change_it() {
        for number in 0..20 {
            let turned = middle(&distorted(
                Augmentation { rotation: 0.5, ..Augmentation::default() },
                &spot(),
                number,
            ));
            let [y, x] = turned.0.map(|place| place - 10.0);
            // A spot of one pixel is interpolated: its middle moves by less than a quarter of a pixel.
            assert!((y.hypot(x) - 4.0).abs() < 0.25, "{y} {x}");
            assert!((y / x).atan().abs() < 0.5 + 0.06);
            let scaled =
                middle(&distorted(Augmentation { scale: 0.25, ..Augmentation::default() }, &spot(), number));
            // From 3 to 5 pixels, and half a pixel for the interpolation.
            let [y, x] = scaled.0.map(|place| place - 10.0);
            assert!((2.5..=5.5).contains(&x) && y.abs() < 1e-3, "{y} {x}");
        }
    }

    #[test]
    fn noise_has_its_deviation_and_stays_in_range() {
        let noise = Augmentation { noise: 0.1, ..Augmentation::default() };
        let noisy = distorted(noise, &Array2::from_elem((60, 60), 0.5), 0);
        let deviation = noisy.mapv(|value| (value - 0.5).powi(2)).mean().unwrap().sqrt();
        // 3600 numbers: 0.1 +- 0.0012 (one sigma); five sigma.
        assert!((deviation - 0.1).abs() < 0.006, "{deviation}");
        let dark = distorted(noise, &Array2::zeros((60, 60)), 0);
        assert!(dark.iter().all(|value| (0.0..=1.0).contains(value)) && dark.sum() > 0.0);
    }
}
