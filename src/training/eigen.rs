//! Eigenvectors of a symmetric matrix, in double precision.

use ndarray::{Array1, Array2, ArrayViewMut2, Axis};

use crate::error::{Error, Result};

/// Steps towards one eigenvalue; two are the rule, thirty have never been seen.
const MOST_STEPS: usize = 60;

/// Eigenvalues of the symmetric `matrix`, in no order, and their eigenvectors, which are the
/// orthonormal rows of the second array.
///
/// Householder's reduction to three diagonals, then the QL algorithm with implicit shifts (Golub & Van Loan, Matrix
/// Computations, 4th edition, algorithms 8.3.1 and 8.3.3; routine `tql2` of EISPACK).
///
/// # Errors
/// [`Error::Value`] for a matrix with values that are no numbers.
pub(super) fn symmetric_eigen(matrix: Array2<f64>) -> Result<(Vec<f64>, Array2<f64>)> {
    let (mut diagonal, mut beside, mut vectors) = tridiagonal(matrix);
    let size = diagonal.len();
    // What is rounding of the largest numbers is nothing: values that are the same in all images leave hundreds of rows of it, each
    // rounding of the one before, and between them nothing would ever be small.
    let largest = diagonal.iter().zip(&beside).fold(0.0, |most: f64, (d, b)| most.max(d.abs() + b.abs()));
    let nothing = f64::EPSILON * largest;
    for first in 0..size {
        let mut steps = 0;
        loop {
            let small = |at: usize| beside[at].abs() <= nothing;
            let last = (first..size - 1).find(|at| small(*at)).unwrap_or(size - 1);
            if last == first {
                break;
            }
            steps += 1;
            if steps > MOST_STEPS {
                return Err(Error::Value(
                    "the images have no components: some of their values are no numbers".into(),
                ));
            }
            ql_step(&mut diagonal, &mut beside, &mut vectors, first, last);
        }
    }
    Ok((diagonal, vectors))
}

/// One sweep of plane rotations over the rows and columns `first` to `last`, which it moves towards a diagonal.
fn ql_step(diagonal: &mut [f64], beside: &mut [f64], vectors: &mut Array2<f64>, first: usize, last: usize) {
    let slope = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let shift = beside[first] / (slope + slope.hypot(1.0).copysign(slope));
    let mut chased = diagonal[last] - diagonal[first] + shift;
    let (mut sine, mut cosine, mut moved) = (1.0, 1.0, 0.0);
    for at in (first..last).rev() {
        let (f, b) = (sine * beside[at], cosine * beside[at]);
        let length = f.hypot(chased);
        beside[at + 1] = length;
        if length == 0.0 {
            // The matrix falls apart here.
            diagonal[at + 1] -= moved;
            beside[last] = 0.0;
            return;
        }
        (sine, cosine) = (f / length, chased / length);
        let rest = diagonal[at + 1] - moved;
        let change = (diagonal[at] - rest) * sine + 2.0 * cosine * b;
        moved = sine * change;
        diagonal[at + 1] = rest + moved;
        chased = cosine * change - b;
        let (mut below, mut above) = vectors.view_mut().split_at(Axis(0), at + 1);
        let (mut low, mut high) = (below.row_mut(at), above.row_mut(0));
        low.iter_mut().zip(&mut high).for_each(|(low, high)| {
            (*low, *high) = (cosine * *low - sine * *high, sine * *low + cosine * *high);
        });
    }
    diagonal[first] -= moved;
    beside[first] = chased;
    beside[last] = 0.0;
}

/// The three diagonals that `matrix` has in another orthonormal basis: the middle one, the one beside it (its last value
/// is no part of it), and the basis as rows.
fn tridiagonal(mut matrix: Array2<f64>) -> (Vec<f64>, Vec<f64>, Array2<f64>) {
    let size = matrix.nrows();
    let mut beside = vec![0.0; size];
    let mut mirrors: Vec<Array1<f64>> = Vec::new();
    for (column, beside) in beside.iter_mut().enumerate().take(size.saturating_sub(2)) {
        let mut normal = corner(&mut matrix, column + 1, column).column(0).to_owned();
        let length = normal.dot(&normal).sqrt();
        let target = -length.copysign(normal[0]);
        *beside = target;
        normal[0] -= target;
        let norm = normal.dot(&normal).sqrt();
        if norm > 0.0 {
            normal /= norm;
            let mut rest = corner(&mut matrix, column + 1, column + 1);
            // (1 - 2 n nT) R (1 - 2 n nT) = R - 2 (n wT + w nT) with w = R n - (nT R n) n.
            let image = rest.dot(&normal);
            let w = &image - &(&normal * normal.dot(&image));
            for (row, mut line) in rest.axis_iter_mut(Axis(0)).enumerate() {
                line.scaled_add(-2.0 * normal[row], &w);
                line.scaled_add(-2.0 * w[row], &normal);
            }
        }
        mirrors.push(normal);
    }
    if size > 1 {
        beside[size - 2] = matrix[[size - 1, size - 2]];
    }
    let mut basis = Array2::eye(size);
    for (column, normal) in mirrors.iter().enumerate().rev() {
        // What lies before is not mirrored, and is still that of the unit matrix.
        let mut rest = corner(&mut basis, column + 1, column + 1);
        let along = rest.dot(normal);
        for (mut line, along) in rest.axis_iter_mut(Axis(0)).zip(along) {
            line.scaled_add(-2.0 * along, normal);
        }
    }
    (matrix.diag().to_vec(), beside, basis)
}

/// The part of `matrix` from `row` and `column` on.
fn corner(matrix: &mut Array2<f64>, row: usize, column: usize) -> ArrayViewMut2<'_, f64> {
    matrix.view_mut().split_at(Axis(0), row).1.split_at(Axis(1), column).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// |A v - lambda v| of the worst vector and |V VT - 1|, both against |A| and 1.
    fn residuals(matrix: &Array2<f64>) -> (f64, f64) {
        let (values, vectors) = symmetric_eigen(matrix.clone()).unwrap();
        let scale = matrix.iter().map(|value| value * value).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let off = matrix.dot(&vectors.t()) - &vectors.t() * &Array1::from(values);
        let worst = off.iter().map(|value| value * value).sum::<f64>().sqrt() / scale;
        let unit = vectors.dot(&vectors.t()) - Array2::<f64>::eye(matrix.nrows());
        (worst, unit.iter().fold(0.0, |worst: f64, value| worst.max(value.abs())))
    }

    #[test]
    fn vectors_are_eigenvectors_and_orthonormal() {
        let mut stream = Stream::new(3, Purpose::Masks, 0);
        for size in [1, 2, 3, 10, 83] {
            let random = Array2::from_shape_simple_fn((size, size), || f64::from(stream.uniform()) - 0.5);
            let (off, unit) = residuals(&(&random + &random.t()));
            // Rounding: some units in the last place for each of the rows.
            assert!(
                off < 1e-14 * (1 + size) as f64 && unit < 1e-14 * (1 + size) as f64,
                "{size}: {off} {unit}"
            );
        }
    }

    #[test]
    fn equal_and_vanishing_eigenvalues_are_no_trouble() {
        for matrix in [
            Array2::zeros((5, 5)),
            Array2::eye(6),
            Array2::from_elem((40, 40), 2.5),
            Array2::from_diag(&Array1::from(vec![3.0, 0.0, 3.0, -1e-300, 1e9])),
        ] {
            let (off, unit) = residuals(&matrix);
            assert!(off < 1e-13 && unit < 1e-13, "{off} {unit}");
        }
    }

    #[test]
    fn values_that_are_the_same_in_all_images_are_no_trouble() {
        // Phases of pictures with a wide dark border: many equal rows, and eigenvalues that vanish up to rounding.
        let mut stream = Stream::new(5, Purpose::Masks, 0);
        for (same, size) in [(40, 60), (200, 300), (364, 784)] {
            let images = Array2::from_shape_fn((400, size), |(image, value)| match value {
                _ if value < same => f64::from(image % 2 == 0),
                _ if image % 2 == 0 => (3.0 * f64::from(stream.uniform())).cos(),
                _ => (3.0 * f64::from(stream.uniform())).sin(),
            });
            let (off, unit) = residuals(&images.t().dot(&images));
            assert!(
                off < 1e-14 * (1 + size) as f64 && unit < 1e-14 * (1 + size) as f64,
                "{size}: {off} {unit}"
            );
        }
    }

    #[test]
    fn eigenvalues_are_the_known_ones() {
        // Second differences of n points: 2 - 2 cos(pi k / (n + 1)).
        let size = 30;
        let matrix = Array2::from_shape_fn((size, size), |(a, b)| match a.abs_diff(b) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let mut values = symmetric_eigen(matrix).unwrap().0;
        values.sort_by(f64::total_cmp);
        for (k, value) in values.iter().enumerate() {
            let exact = 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (size + 1) as f64).cos();
            assert!((value - exact).abs() < 1e-13, "{k}: {value} {exact}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert!(symmetric_eigen(Array2::from_elem((4, 4), f64::NAN)).is_err());
    }
}
