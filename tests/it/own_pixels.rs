//! Masks with pixels of their own: other pitches than the planes', and smaller than them, in opaque holders.

use std::sync::Arc;

use d2nn::bench::{Bench, MaskPixels};
use d2nn::dataset::Images;
use d2nn::element::{Aperture, Modulation, Opening, Placed};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::evaluation::PowerBudget;
use d2nn::misalignment::Misalignment;
use d2nn::reference::Network;
use ndarray::{Array2, Array3};

use crate::support::{own_pixels_bench, random_image, random_images, random_masks, random_values};

/// Each number over a block of `side` x `side`.
fn doubled<T: Copy>(array: &Array2<T>, side: usize) -> Array2<T> {
    Array2::from_shape_fn((array.nrows() * side, array.ncols() * side), |(y, x)| array[[y / side, x / side]])
}

#[test]
fn wide_pixels_are_blocks_of_narrow_ones() {
    for modulation in [Modulation::LOSSLESS, Modulation::Complex] {
        let wide = Bench { modulation, ..own_pixels_bench() };
        let mut narrow = wide.clone();
        narrow.mask_pixels[1] = MaskPixels { shape: (40, 40), samples: 1 };
        let channels = modulation.channels();
        let values = random_values(&wide, 5);
        let is_second = |array: usize| array / channels == 1;
        let spread: Vec<Array2<f64>> = values
            .iter()
            .enumerate()
            .map(|(array, values)| if is_second(array) { doubled(values, 2) } else { values.clone() })
            .collect();
        let image = random_image((8, 8), 6);
        let read = |bench: &Bench, values: &[Array2<f64>]| {
            let network = Network::new(bench.clone(), values.to_vec()).unwrap();
            let light = network.light(image.view()).unwrap();
            let slopes = [0.3, -0.9, 0.5, 1.1];
            (bench.detector.readings(&light.detector), network.gradients(&light, &slopes).unwrap())
        };
        let ((readings, gradients), (same, finer)) = (read(&wide, &values), read(&narrow, &spread));
        // The same numbers in the same order, to the bit.
        assert_eq!(readings, same);
        for (array, (gradient, finer)) in gradients.iter().zip(&finer).enumerate() {
            if !is_second(array) {
                assert_eq!(gradient, finer);
                continue;
            }
            for ((y, x), slope) in gradient.indexed_iter() {
                let block: f64 = [(0, 0), (0, 1), (1, 0), (1, 1)]
                    .iter()
                    .map(|(down, right)| finer[[2 * y + down, 2 * x + right]])
                    .sum();
                // Sums of four in another order.
                assert!(
                    (slope - block).abs() <= 1e-14 * gradient.fold(0.0, |most: f64, s| most.max(s.abs()))
                );
            }
        }
        let narrowed =
            |values: &[Array2<f64>]| values.iter().map(|v| v.mapv(|v| v as f32)).collect::<Vec<_>>();
        let by_engine = |bench: &Bench, values: &[Array2<f64>]| {
            let mut engine = CpuEngine::new(bench.clone(), 2).unwrap();
            engine.set_masks(&narrowed(values)).unwrap();
            engine.readings(random_images(bench, 3).view()).unwrap()
        };
        assert_eq!(by_engine(&wide, &values), by_engine(&narrow, &spread));
    }
}

#[test]
fn a_small_mask_is_a_stop_around_it() {
    let held = own_pixels_bench();
    // The third mask on a whole plane, with a square stop of its size on it.
    let mut whole = held.clone();
    whole.mask_pixels[2] = MaskPixels { shape: (40, 40), samples: 1 };
    let opening = Opening::Rectangle { height: 32.0 * 0.4e-3, width: 32.0 * 0.4e-3 };
    let stop = Arc::new(Aperture::new(opening).unwrap());
    whole.optics = vec![Placed { gap: 3, distance: 0.0, element: stop }];
    whole.check().unwrap();
    let values = random_masks(&held, 7);
    let mut padded = values.clone();
    padded[2] = Array2::from_shape_fn((40, 40), |(y, x)| {
        let inside = (4..36).contains(&y) && (4..36).contains(&x);
        // What the mask does behind the stop is nobody's matter.
        if inside { values[2][[y - 4, x - 4]] } else { 1.7 }
    });
    let images = random_images(&held, 3);
    let wide = |values: &[Array2<f32>]| values.iter().map(|v| v.mapv(f64::from)).collect::<Vec<_>>();
    let (by_mask, by_stop) = (
        Network::new(held.clone(), wide(&values)).unwrap(),
        Network::new(whole.clone(), wide(&padded)).unwrap(),
    );
    let mut engine = CpuEngine::new(held.clone(), 2).unwrap();
    engine.set_masks(&values).unwrap();
    let read = engine.readings(images.view()).unwrap();
    for (sample, image) in images.outer_iter().enumerate() {
        let (light, stopped) = (by_mask.light(image).unwrap(), by_stop.light(image).unwrap());
        assert_eq!(light.detector, stopped.detector);
        assert!(light.behind[2].power() < 0.999 * light.incident[2].power(), "the holder takes some light");
        let exact = held.detector.readings(&light.detector);
        let brightest = exact.iter().copied().fold(0.0, f64::max);
        for (got, want) in read.regions.row(sample).iter().zip(&exact) {
            // Single precision, as in tests/it/engine.rs.
            assert!((got - want).abs() < 2e-5 * brightest, "{got} {want}");
        }
        let on_board = &engine.light(image).unwrap()[0];
        let dark = on_board.behind[2].amplitude.indexed_iter().filter(|(_, u)| u.norm() == 0.0).count();
        assert_eq!(dark, 40 * 40 - 32 * 32);
    }
}

#[test]
fn a_holder_is_taken_off_with_its_mask() {
    let bench = own_pixels_bench();
    let errors = Misalignment { absent: vec![false, false, true], ..Misalignment::default() };
    let mut values = random_values(&bench, 5);
    let image = random_image((8, 8), 6);
    let read = |bench: Bench, values: &[Array2<f64>]| {
        Network::new(bench, values.to_vec()).unwrap().readings(image.view()).unwrap()
    };
    let (with, without) = (read(bench.clone(), &values), read(bench.misaligned(&errors).unwrap(), &values));
    let mut whole = bench.clone();
    whole.mask_pixels[2] = MaskPixels { shape: (40, 40), samples: 1 };
    values[2] = Array2::zeros((40, 40));
    let open = read(whole, &values);
    assert_eq!(without, open);
    assert!(with.iter().sum::<f64>() != open.iter().sum::<f64>());
}

#[test]
fn what_falls_on_a_holder_is_past_the_plane() {
    let bench = own_pixels_bench();
    let values = random_masks(&bench, 7);
    let images = Array3::from_shape_fn((2, 8, 8), |(n, y, x)| (100 * n + 20 * y + 3 * x) as u8);
    let images = Images { images, labels: vec![0, 1] };
    let found = PowerBudget::of(&bench, &values, &images, &[0, 1]).unwrap();
    // Lossless masks absorb nothing; single precision of powers that add up to 1.
    assert!(found.absorbed.iter().all(|share| share.abs() < 1e-5), "{found:?}");
    let sum = found.past.iter().chain([&found.regions, &found.beside]).sum::<f64>();
    assert!((sum - 1.0).abs() < 1e-5, "{found:?}");
    let whole = Bench { mask_pixels: Vec::new(), ..bench.clone() };
    let padded = [values[0].clone(), doubled(&values[1], 2), Array2::zeros((40, 40))];
    let free = PowerBudget::of(&whole, &padded, &images, &[0, 1]).unwrap();
    // The light in front of mask 3 is the same, and 36 % of its plane are holder.
    assert!(
        (found.past[0] - free.past[0]).abs() < 1e-6 && found.past[2] > free.past[2] + 0.01,
        "{found:?} {free:?}"
    );
}

#[test]
fn less_is_transformed_where_planes_are_dark() {
    let held = own_pixels_bench();
    let whole = Bench { mask_pixels: Vec::new(), ..held.clone() };
    let points = |bench: &Bench| -> usize {
        let engine = CpuEngine::new(bench.clone(), 1).unwrap();
        engine.transforms().iter().map(|(points, count)| points * count).sum()
    };
    // 8 of 40 rows of the third plane are dark, and the windows of the gaps around it hold fewer offsets.
    assert!(points(&held) < points(&whole), "{} {}", points(&held), points(&whole));
}

#[test]
fn masks_that_cannot_stand_on_the_bench_are_refused() {
    let bench = own_pixels_bench();
    let with = |mask: usize, shape: (usize, usize), samples: usize| {
        let mut bench = bench.clone();
        bench.mask_pixels[mask] = MaskPixels { shape, samples };
        bench.check().unwrap_err().to_string()
    };
    for message in [with(1, (21, 20), 2), with(0, (39, 40), 1), with(2, (0, 8), 1), with(2, (8, 8), 0)] {
        assert!(message.contains("no larger than the plane"), "{message}");
        assert!(message.contains("on a plane of 40 x 40 samples"), "{message}");
    }
    assert!(with(1, (21, 20), 2).contains("mask 2 of 21 x 20 pixels of 2 samples a side"));
    let mut few = bench.clone();
    few.mask_pixels.pop();
    assert!(few.check().unwrap_err().to_string().contains("pixels of 2 masks for 3 masks"));
    let mut values = random_masks(&bench, 1);
    values[1] = Array2::zeros((40, 40));
    let mut engine = CpuEngine::new(bench.clone(), 1).unwrap();
    let message = engine.set_masks(&values).unwrap_err().to_string();
    assert!(message.contains("mask 2 has the shape (40, 40): this device takes (20, 20)"), "{message}");
    let other = Bench { mask_pixels: Vec::new(), ..bench.clone() };
    let open = other.open_values::<f32>();
    assert!(engine.at(other, &open).map(drop).unwrap_err().to_string().contains("another device"));
}

#[test]
fn coarse_grids_keep_the_masks_where_they_are() {
    let bench = own_pixels_bench();
    let fine = bench.sampled(2, 2.0).unwrap();
    assert_eq!(fine.pixels_of(1), MaskPixels { shape: (20, 20), samples: 4 });
    for mask in 0..3 {
        let (grid, finer) = (bench.mask_grid(mask), fine.mask_grid(mask));
        assert_eq!(grid.shape(), finer.shape());
        assert!((grid.pixel_pitch() - finer.pixel_pitch()).abs() < 1e-18);
    }
    // Blocks of 2 x 2 pixels of each mask on samples of 0.8 mm.
    let coarse = bench.binned(2, 2.0).unwrap();
    coarse.check().unwrap();
    assert_eq!(coarse.pixels_of(1), MaskPixels { shape: (10, 10), samples: 2 });
    assert_eq!(coarse.mask_grid(1).aperture(), bench.mask_grid(1).aperture());
    let mut odd = bench.clone();
    odd.mask_pixels[2].shape = (30, 31);
    assert!(odd.binned(2, 2.0).is_none(), "31 pixels are no whole number of pairs");
    assert!(bench.free_space().mask_pixels.is_empty());
}
