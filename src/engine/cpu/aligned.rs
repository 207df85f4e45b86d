//! Arrays that begin at a cache line.
//!
//! Vector loads that straddle two cache lines cost twice; memory of the allocator begins 16 bytes behind one.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// A fixed number of numbers; the first begins a cache line.
pub(super) struct Aligned<T> {
    /// A line longer than needed.
    storage: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Copy> Aligned<T> {
    /// `length` times `value`.
    pub(super) fn new(value: T, length: usize) -> Self {
        let storage = vec![value; length + LINE / size_of::<T>()];
        let start = storage.as_ptr().align_offset(LINE);
        Aligned { storage, start, length }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.storage[self.start..self.start + self.length]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.storage[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_at_a_line() {
        for length in [0, 1, 7, 1000] {
            let array = Aligned::new(1.5f32, length);
            assert_eq!(array.len(), length);
            assert!(array.as_ptr().cast::<u8>().align_offset(LINE) == 0);
            assert!(array.iter().all(|value| *value == 1.5));
        }
    }
}
