//! The few modes of an object that hold most of the light of the images.

use ndarray::Array2;

use super::eigen::symmetric_eigen;
use crate::dataset::Images;
use crate::error::{Error, Result};
use crate::object::ObjectPlane;

/// Values of an image whose components are found at most (64 x 64): the memory ([`component_bytes`]) grows with their square,
/// and the time for the eigenvectors with their cube. One core took 0.6 s for 28 x 28, 5.6 s for 40 x 40, 50 s for 48 x 48
/// on a busy machine.
pub const MOST_VALUES: usize = 4096;

/// Bytes that finding the components of images of so many values takes at its peak: all products of two values and their
/// eigenvectors in double precision, and half as many numbers for the mirrors of the reduction.
pub fn component_bytes(values: usize) -> u64 {
    let products = (values as u64).saturating_mul(values as u64);
    products.saturating_mul(20)
}

/// Why there are no components of images of `rows` x `columns` values, if so.
pub fn too_many_values((rows, columns): (usize, usize)) -> Option<String> {
    let megabytes = |values| component_bytes(values).div_ceil(1_000_000);
    (rows * columns > MOST_VALUES).then(|| {
        format!(
            "images of {rows} x {columns} values have no modes: they would take {} MB of memory, and are found of at most \
             {MOST_VALUES} values (64 x 64), with {} MB and in some minutes",
            megabytes(rows * columns),
            megabytes(MOST_VALUES)
        )
    })
}

/// Images whose products are summed in single precision before they are added in double.
const PART: usize = 1024;

/// The `count` leading principal components of the coefficients ([`ObjectPlane::coefficient`]) of `images` with
/// `indices`, not centred: orthonormal rows, shape (components, image values), the one that holds most first. Real and
/// imaginary parts of coefficients count as vectors of their own; with `mirrored`, so does each image from left to
/// right. A component is positive where it is largest.
///
/// # Errors
/// [`Error::Value`] for no components, more than image values, images of another shape than the object takes, or of more
/// than `MOST_VALUES`, 4,096.
pub fn leading_components(
    object: &ObjectPlane,
    images: &Images,
    indices: &[usize],
    mirrored: bool,
    count: usize,
) -> Result<Array2<f32>> {
    let (rows, columns) = object.image();
    let values = rows * columns;
    if count == 0 || count > values || images.shape() != (rows, columns) {
        return Err(Error::Value(format!(
            "{count} components of images of {:?} values: this device has 1 to {values}, of {rows} x {columns}",
            images.shape()
        )));
    }
    if let Some(problem) = too_many_values((rows, columns)) {
        return Err(Error::Value(format!("{problem}; train in mini-batches, or take smaller images")));
    }
    let mut products = Array2::<f64>::zeros((values, values));
    for part in indices.chunks(PART) {
        let batch = images.batch(part);
        let parts: [&dyn Fn(f32) -> f32; 2] =
            [&|value| object.coefficient(value).re, &|value| object.coefficient(value).im];
        for of in &parts[..if object.has_complex_coefficients() { 2 } else { 1 }] {
            let mut vectors = Array2::zeros((part.len(), values));
            vectors.iter_mut().zip(&batch).for_each(|(to, value)| *to = of(*value));
            products += &vectors.t().dot(&vectors).mapv(f64::from);
        }
    }
    let mirror = |value: usize| value - value % columns + (columns - 1 - value % columns);
    let entry = |a: usize, b: usize| {
        let own = products[[a, b]];
        if mirrored { own + products[[mirror(a), mirror(b)]] } else { own }
    };
    let matrix = Array2::from_shape_fn((values, values), |(a, b)| entry(a, b));
    // It is as large as the matrix, and there is no room for both.
    drop(products);
    let (sizes, vectors) = symmetric_eigen(matrix)?;
    let mut order: Vec<usize> = (0..values).collect();
    order.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]));
    let mut components = Array2::zeros((count, values));
    for (mut row, index) in components.outer_iter_mut().zip(order) {
        let vector = vectors.row(index);
        let largest =
            vector.iter().fold(0.0_f64, |most, value| if value.abs() > most.abs() { *value } else { most });
        row.iter_mut().zip(vector).for_each(|(to, value)| *to = (largest.signum() * value) as f32);
    }
    Ok(components)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;
    use crate::object::Encoding;
    use ndarray::Array3;

    fn object(encoding: Encoding) -> ObjectPlane {
        ObjectPlane::new(Grid::new(12, 12, 1e-3).unwrap(), (2, 3), 2, encoding).unwrap()
    }

    fn images() -> Images {
        // Two patterns, the first five times as bright.
        let patterns = [[250, 0, 0, 0, 250, 0], [0, 0, 50, 50, 0, 0]];
        let images = Array3::from_shape_fn((20, 2, 3), |(n, y, x)| patterns[n % 2][3 * y + x]);
        Images { images, labels: vec![0; 20] }
    }

    #[test]
    fn components_are_orthonormal_and_the_brightest_first() {
        let indices: Vec<usize> = (0..20).collect();
        let found = leading_components(&object(Encoding::Amplitude), &images(), &indices, false, 6).unwrap();
        let unit = found.dot(&found.t());
        assert!((unit - Array2::<f32>::eye(6)).iter().all(|off| off.abs() < 1e-6));
        let half = 0.5f32.sqrt();
        for (component, expected) in
            [(0, [half, 0.0, 0.0, 0.0, half, 0.0]), (1, [0.0, 0.0, half, half, 0.0, 0.0])]
        {
            assert!(found.row(component).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }

    #[test]
    fn mirrored_images_count_as_well() {
        let indices: Vec<usize> = (0..20).collect();
        let object = object(Encoding::Phase { range: 2.0 });
        let found = leading_components(&object, &images(), &indices, true, 6).unwrap();
        // The spread is even under mirroring, so each component is even or odd.
        for row in found.outer_iter().take(4) {
            let mirrored: Vec<f32> = [2, 1, 0, 5, 4, 3].map(|value| row[value]).to_vec();
            let overlap: f32 = row.iter().zip(&mirrored).map(|(a, b)| a * b).sum();
            assert!((overlap.abs() - 1.0).abs() < 1e-5, "{overlap}");
        }
    }

    #[test]
    fn impossible_numbers_are_refused() {
        let object = object(Encoding::Amplitude);
        assert!(leading_components(&object, &images(), &[0], false, 0).is_err());
        assert!(leading_components(&object, &images(), &[0], false, 7).is_err());
        // Refused before there is a matrix of 65,536 x 65,536 numbers, 34 GB: 20 bytes for each of them at the peak.
        let large =
            ObjectPlane::new(Grid::new(256, 256, 1e-3).unwrap(), (256, 256), 1, Encoding::Amplitude).unwrap();
        let images = Images { images: Array3::zeros((1, 256, 256)), labels: vec![0] };
        let message = leading_components(&large, &images, &[0], false, 1).unwrap_err().to_string();
        for word in ["256 x 256", "85900 MB", "at most 4096 values (64 x 64), with 336 MB"] {
            assert!(message.contains(word), "{message}");
        }
        assert_eq!((too_many_values((64, 64)), component_bytes(784)), (None, 12_293_120));
    }
}
