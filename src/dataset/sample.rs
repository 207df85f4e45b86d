//! The sample of Fashion-MNIST inside the program: 6,000 training and 1,000 test images.
//!
//! The first 600 (100) images of each class of the published training (test) set, in the published order.
//! `cargo run --release -p studies --bin builtin_sample -- <folder>` makes the files anew, byte for byte.

use std::path::PathBuf;

use super::idx::Idx;
use super::published::Part;
use crate::error::Result;

/// Training images of each class.
pub const TRAINING_PER_CLASS: usize = 600;

/// Test images of each class.
pub const TEST_PER_CLASS: usize = 100;

/// Training and test images.
pub(super) const SIZES: (usize, usize) = (10 * TRAINING_PER_CLASS, 10 * TEST_PER_CLASS);

/// Checksum of the sample: SHA-256 of its four uncompressed files one after the other.
pub const CHECKSUM: &str = "8bee4f463d98d32894e1b1263be7b7bd9754aea1f0be280ea19cab5f2e331d45";

/// The licence of the sample, which must go wherever the sample goes.
pub const LICENCE: &str = include_str!("sample/LICENSE");

const fn packed(part: Part) -> &'static [u8] {
    match part {
        Part::TrainImages => include_bytes!("sample/train-images-idx3-ubyte.gz"),
        Part::TrainLabels => include_bytes!("sample/train-labels-idx1-ubyte.gz"),
        Part::TestImages => include_bytes!("sample/t10k-images-idx3-ubyte.gz"),
        Part::TestLabels => include_bytes!("sample/t10k-labels-idx1-ubyte.gz"),
    }
}

/// What errors call a file of the sample.
pub(super) fn name(part: Part) -> PathBuf {
    PathBuf::from(format!("built-in sample/{}.gz", part.file_name()))
}

/// Reads one file of the sample.
pub(super) fn read(part: Part) -> Result<Idx> {
    Idx::read(&name(part), packed(part), part.dimensions())
}
