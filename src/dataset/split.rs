//! Which images are learned from, which are held out for validation, and in which order.
//!
//! Everything is a pure function of the seed: a resumed training needs no state of a random generator.

use crate::error::{Error, Result};
use crate::random::{Purpose, Stream};

/// Images held out and images left to learn from: disjoint, together all of them, each list ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOut {
    /// Indices to learn from.
    pub training: Vec<usize>,
    /// Indices to validate on.
    pub validation: Vec<usize>,
}

/// Holds `validation` of the images with these labels out, as many of each class as possible.
///
/// When the number does not divide by the number of classes, the lower labels have one more. A class with
/// too few images gives all it has and the others make up for it.
///
/// # Errors
/// [`Error::Value`] when no image would be left to learn from.
pub fn hold_out(labels: &[u8], validation: usize, seed: u64) -> Result<HoldOut> {
    if validation >= labels.len() {
        return Err(Error::Value(format!(
            "{validation} validation images of {} leave none to learn from: hold out fewer",
            labels.len()
        )));
    }
    let mut by_class = vec![Vec::new(); 256];
    for (index, label) in labels.iter().enumerate() {
        by_class[usize::from(*label)].push(index);
    }
    let mut random = Stream::new(seed, Purpose::HoldOut, 0);
    for class in &mut by_class {
        random.shuffle(class);
    }
    let mut held = vec![false; labels.len()];
    let mut left = validation;
    while left > 0 {
        for class in &mut by_class {
            if left > 0
                && let Some(index) = class.pop()
            {
                held[index] = true;
                left -= 1;
            }
        }
    }
    let (validation, training) = (0..labels.len()).partition(|index| held[*index]);
    Ok(HoldOut { training, validation })
}

/// `indices` in the order in which epoch `epoch` takes them: a function of the arguments alone.
pub fn epoch_order(indices: &[usize], seed: u64, epoch: u64) -> Vec<usize> {
    let mut order = indices.to_vec();
    Stream::new(seed, Purpose::EpochOrder, epoch).shuffle(&mut order);
    order
}

/// Which of `images` images epoch `epoch` shows mirrored left to right: a function of the arguments alone.
pub(crate) fn epoch_flips(images: usize, seed: u64, epoch: u64) -> Vec<bool> {
    let mut random = Stream::new(seed, Purpose::EpochFlips, epoch);
    (0..images).map(|_| random.coin()).collect()
}
