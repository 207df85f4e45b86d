//! Which images are learned from, which are held out for validation, and in which order.
//!
//! Everything is a pure function of the seed: a resumed training needs no state of a random generator. The
//! shuffle is written out here because the ones in libraries may change between versions.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::error::{Error, Result};

/// What a stream of random numbers is for, so that no two uses of one seed share numbers.
#[derive(Clone, Copy)]
enum Purpose {
    HoldOut = 1,
    EpochOrder = 2,
    EpochFlips = 3,
    Masks = 4,
}

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
    let mut random = stream(seed, Purpose::HoldOut, 0);
    for class in &mut by_class {
        shuffle(class, &mut random);
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
    shuffle(&mut order, &mut stream(seed, Purpose::EpochOrder, epoch));
    order
}

/// Which of `images` images epoch `epoch` shows mirrored left to right: a function of the arguments alone.
pub fn epoch_flips(images: usize, seed: u64, epoch: u64) -> Vec<bool> {
    let mut random = stream(seed, Purpose::EpochFlips, epoch);
    (0..images).map(|_| random.next_u64() >> 63 == 1).collect()
}

/// `count` numbers from [0, 1) for the first phases of mask `mask`: a function of the arguments alone.
pub fn uniform(count: usize, seed: u64, mask: u64) -> Vec<f32> {
    let mut random = stream(seed, Purpose::Masks, mask);
    // The upper 24 bits are exact in single precision.
    (0..count).map(|_| (random.next_u64() >> 40) as f32 / (1u64 << 24) as f32).collect()
}

fn stream(seed: u64, purpose: Purpose, number: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    key[16..24].copy_from_slice(&number.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Fisher and Yates, from the back (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 P).
fn shuffle(items: &mut [usize], random: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        // The upper half of the product is uniform up to 1 part in 2^64 / items.
        let other = ((u128::from(random.next_u64()) * (last as u128 + 1)) >> 64) as usize;
        items.swap(last, other);
    }
}
