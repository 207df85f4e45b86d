//! A device and data sets so small that a test trains in a second.

use std::fs;
use std::path::Path;

use d2nn::dataset::idx::Idx;
use d2nn::dataset::{DatasetName, Images, Part, Source, Split, load_split};
use ndarray::Axis;

/// Two masks of 64 x 64 pixels, 12 mm apart: the impulse response is safely sampled up to 32 mm there, and the
/// plane is 25.6 mm wide.
pub const SMALL: &str = r#"
format = 1
name = "small"

[bench]
pixels = 64
masks = 2
gaps = "12 mm"
oversample = 1

[object]
upsampling = 2

[detector]
region_size = "4 mm"
row_pitch = "6 mm"
column_pitch = "6 mm"

[training]
epochs = 2
batch = 16
learning_rate = 0.1
seed = 7
"#;

/// [`SMALL`] with `from` replaced by `to`, which must occur once.
pub fn small_but(from: &str, to: &str) -> String {
    assert_eq!(SMALL.matches(from).count(), 1, "{from}");
    SMALL.replace(from, to)
}

/// `count` images of one half of the built-in sample, taken evenly from all of it so that every class is there.
pub fn some_images(split: Split, count: usize) -> Images {
    let all = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, split).unwrap();
    let chosen: Vec<usize> = (0..count).map(|index| index * (all.len() / count)).collect();
    let labels = chosen.iter().map(|index| all.labels[*index]).collect();
    Images { images: all.images.select(Axis(0), &chosen), labels }
}

/// Writes the two IDX files of one half into `folder`.
pub fn write_images(folder: &Path, split: Split, images: &Images) {
    fs::create_dir_all(folder).unwrap();
    let (count, rows, columns) = images.images.dim();
    let [pictures, labels]: [Part; 2] = split.parts();
    let values = images.images.iter().copied().collect();
    let idx = Idx::new(&[count, rows, columns], values).unwrap();
    fs::write(folder.join(pictures.file_name()), idx.to_bytes()).unwrap();
    let idx = Idx::new(&[images.labels.len()], images.labels.clone()).unwrap();
    fs::write(folder.join(labels.file_name()), idx.to_bytes()).unwrap();
}

/// A data set of 200 training and 50 test images in `folder`.
pub fn write_tiny_data(folder: &Path) {
    write_images(folder, Split::Train, &some_images(Split::Train, 200));
    write_images(folder, Split::Test, &some_images(Split::Test, 50));
}
