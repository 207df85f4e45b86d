//! The stream of readings that every judge reads.

use d2nn::dataset::Split;
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::evaluation::{ClassJudge, Sample, evaluate, stream};
use d2nn::training::{ClassError, ClassLoss, loss_of};
use d2nn::{Error, Result};

use crate::support::{device, random_values, small_bench};
use ndarray::{Array2, Axis};

fn engine() -> CpuEngine {
    let mut engine = CpuEngine::new(small_bench(), 2).unwrap();
    engine.set_masks(&masks()).unwrap();
    engine
}

fn masks() -> Vec<Array2<f32>> {
    random_values(&small_bench(), 5).iter().map(|mask| mask.mapv(|value| value as f32)).collect()
}

/// Images of 8 x 8 values, the labels the device of [`small_bench`] has.
fn images(classes: usize) -> d2nn::dataset::Images {
    let all = device::some_images(Split::Test, 200);
    let images = all.images.slice_each_axis(|axis| match axis.axis.index() {
        0 => (..).into(),
        _ => (10..18).into(),
    });
    let labels = all.labels.iter().map(|label| label % classes as u8).collect();
    d2nn::dataset::Images { images: images.to_owned(), labels }
}

#[test]
fn images_come_in_their_order_with_what_the_engine_reads_of_them() {
    let engine = engine();
    let images = images(engine.bench().classes());
    // More than are simulated at a time, and not in the order of the set.
    let indices: Vec<usize> = (0..200).map(|number| number * 7 % 200).collect();
    let (mut seen, mut told) = (Vec::new(), Vec::new());
    let mut go_on = |done| {
        told.push(done);
        Ok(true)
    };
    stream(&engine, &images, &indices, &mut go_on, &mut |sample| {
        let alone = images.batch(&[sample.index]);
        let read = engine.readings(alone.view()).unwrap();
        let image = alone.index_axis(Axis(0), 0);
        assert_eq!(sample.readings, read.regions.row(0).to_vec());
        assert_eq!((sample.plane, sample.image), (read.plane[0], image));
        assert_eq!(sample.entering, engine.bench().entering(image));
        assert_eq!(sample.label, usize::from(images.labels[sample.index]));
        assert_eq!(sample.collected(), read.regions.row(0).sum());
        seen.push(sample.index);
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, indices);
    assert!(told.is_sorted() && told.last() == Some(&200), "{told:?}");
}

#[test]
fn who_looks_on_can_stop_it() {
    let engine = engine();
    let images = images(engine.bench().classes());
    let mut seen = 0;
    let stopped = stream(&engine, &images, &[3, 4, 5], &mut |_| Ok(true), &mut |_| {
        seen += 1;
        if seen == 2 { Err(Error::Interrupted("enough".into())) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(Error::Interrupted(_))) && seen == 2);
    let none = stream(&engine, &images, &[], &mut |_| Ok(true), &mut |_| Ok(()));
    assert!(none.unwrap_err().to_string().contains("no images"));
}

#[test]
fn a_stream_that_is_not_to_go_on_ends_after_its_batch() {
    let engine = engine();
    let images = images(engine.bench().classes());
    let indices: Vec<usize> = (0..200).collect();
    let loss = |_: &Sample<'_>| 0.25;
    let judged = |indices: &[usize], go_on: &mut dyn FnMut(usize) -> Result<bool>| {
        evaluate(&engine, &images, indices, &loss, go_on).unwrap()
    };
    let mut told = Vec::new();
    let part = judged(&indices, &mut |done| {
        told.push(done);
        Ok(done < 100)
    });
    // A batch is 128 images; the figures are those of so many.
    assert_eq!((told.last(), part.images), (Some(&128), 128));
    assert_eq!(part, judged(&indices[..128], &mut |_| Ok(true)));
}

#[test]
fn a_stream_that_ends_while_the_engine_prepares_shows_no_image() {
    let mut engine = ModesEngine::new(CpuEngine::new(small_bench(), 2).unwrap());
    engine.set_masks(&masks()).unwrap();
    let images = images(engine.bench().classes());
    let indices: Vec<usize> = (0..200).collect();
    let judged = evaluate(&engine, &images, &indices, &|_| 0.25, &mut |_| Ok(false)).unwrap();
    assert_eq!(judged.images, 0);
    assert!(judged.accuracy().is_nan() && judged.loss.is_nan());
}

#[test]
fn several_judges_read_one_stream() {
    let engine = engine();
    let images = images(engine.bench().classes());
    let indices: Vec<usize> = (0..150).collect();
    let loss = ClassLoss::cross_entropy(20.0);
    let loss = loss_of(&loss, engine.bench());
    let mut judge = ClassJudge::of(engine.bench());
    let mut half = ClassJudge::of(engine.bench());
    stream(&engine, &images, &indices, &mut |_| Ok(true), &mut |sample| {
        if sample.index < 75 {
            half.add(sample, &loss)?;
        }
        judge.add(sample, &loss)
    })
    .unwrap();
    let alone = |indices: &[usize]| evaluate(&engine, &images, indices, &loss, &mut |_| Ok(true)).unwrap();
    assert_eq!(judge.figures(), alone(&indices));
    assert_eq!(half.figures(), alone(&indices[..75]));
}

#[test]
fn labels_without_a_class_are_told_before_any_loss() {
    let engine = engine();
    let mut images = images(engine.bench().classes());
    images.labels[1] = 200;
    // This one would look for a region of that class.
    let loss = ClassLoss { error: ClassError::PowerError, ..ClassLoss::cross_entropy(1.0) };
    let loss = ClassLoss { efficiency: Some(d2nn::training::Hinge { weight: 1.0, target: 0.5 }), ..loss };
    let loss = loss_of(&loss, engine.bench());
    let refused = evaluate(&engine, &images, &[0, 1], &loss, &mut |_| Ok(true)).unwrap_err().to_string();
    assert!(refused.contains("image 1 has the label 200"), "{refused}");
}
