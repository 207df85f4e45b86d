//! The seam for other hardware: a carrier that is not ours, under the engines, the modes and the classifier.

use d2nn::bench::Bench;
use d2nn::engine::{
    Carrier, Classifier, CpuEngine, Engine, ImageEngine, Lookout, ModesEngine, Reach, ReadingSlopes,
};
use d2nn::error::Result;
use d2nn::field::WaveField;
use d2nn::object::ObjectPlane;
use d2nn::reference::{Instrument, Light};
use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use num_complex::Complex32;

use crate::support::{random_images, random_masks, side_by_side, small_bench};

/// Carries light by the slow reference, one sample after the other.
struct Plain {
    bench: Bench,
    instrument: Instrument<f32>,
    objects: Vec<ObjectPlane>,
    lookout: Lookout,
}

impl Plain {
    fn new(bench: Bench, values: &[Array2<f32>]) -> Result<Self> {
        let instrument = Instrument::new(&bench, values)?;
        let objects = instrument.beams().iter().map(|(_, beam)| beam.bench().object.clone()).collect();
        Ok(Plain { lookout: Lookout::of(&bench), objects, instrument, bench })
    }

    /// The light of an image, beam by beam, and the planes it leaves.
    fn carry(
        &self,
        objects: &[ObjectPlane],
        image: ArrayView2<'_, f32>,
    ) -> (Vec<Light<f32>>, Vec<Complex32>) {
        let of_beam = |((_, beam), object): (&(_, d2nn::reference::Network<f32>), &ObjectPlane)| {
            beam.propagate(object.encode(image).unwrap()).unwrap()
        };
        let lights: Vec<Light<f32>> = self.instrument.beams().iter().zip(objects).map(of_beam).collect();
        let planes = lights.iter().flat_map(|light| light.detector.amplitude.iter().copied()).collect();
        (lights, planes)
    }

    fn seen(&self, planes: &[Complex32]) -> Vec<Complex32> {
        let mut seen = Vec::new();
        self.lookout.look(planes, &mut seen);
        seen
    }

    /// Adds the slopes of a source that is `seen`.
    fn add_slopes(&self, lights: &[Light<f32>], seen: &[Complex32], sums: &mut Vec<Array2<f32>>) {
        let samples = self.lookout.samples();
        let mut planes = vec![Complex32::default(); lights.len() * samples];
        self.lookout.put(seen, &mut planes);
        let mut found: Vec<Array2<f32>> = Vec::new();
        for (((_, beam), light), plane) in
            self.instrument.beams().iter().zip(lights).zip(planes.chunks_exact(samples))
        {
            let mut source = WaveField::dark(self.bench.grid());
            source.amplitude.iter_mut().zip(plane).for_each(|(to, from)| *to = *from);
            found.extend(beam.gradients_from(light, source).unwrap());
        }
        if sums.is_empty() {
            *sums = found;
        } else {
            sums.iter_mut().zip(&found).for_each(|(sum, found)| *sum += found);
        }
    }
}

impl Carrier for Plain {
    /// Nothing waits: everything is carried again.
    type Waiting = ();

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn objects(&self) -> &[ObjectPlane] {
        &self.objects
    }

    fn lookout(&self) -> &Lookout {
        &self.lookout
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn threads(&self) -> usize {
        1
    }

    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        work()
    }

    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()> {
        *self = Plain::new(self.bench.clone(), values)?;
        Ok(())
    }

    fn at(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Self> {
        Plain::new(bench, values)
    }

    fn forward<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        reach: Reach,
        see: impl Fn(usize, &[Complex32]) -> R + Sync,
    ) -> Vec<R> {
        let see = |(sample, image)| {
            let (_, planes) = self.carry(objects, image);
            match reach {
                Reach::Planes => see(sample, &planes),
                Reach::Seen => see(sample, &self.seen(&planes)),
            }
        };
        images.outer_iter().enumerate().map(see).collect()
    }

    fn forward_and_back<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        turn: impl Fn(usize, &mut [Complex32]) -> R + Sync,
    ) -> (Vec<R>, Vec<Array2<f32>>) {
        let mut sums = Vec::new();
        let turned = images.outer_iter().enumerate().map(|(sample, image)| {
            let (lights, planes) = self.carry(objects, image);
            let mut seen = self.seen(&planes);
            let result = turn(sample, &mut seen);
            self.add_slopes(&lights, &seen, &mut sums);
            result
        });
        let results = turned.collect();
        (results, sums)
    }

    fn forward_waiting<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        _: usize,
        _: &mut (),
        see: impl Fn(usize, &[Complex32]) -> R + Sync,
    ) -> Vec<R> {
        self.forward(objects, images, Reach::Seen, see)
    }

    fn back(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        _: &(),
        source: impl Fn(usize, &mut [Complex32]) + Sync,
    ) -> Vec<Array2<f32>> {
        self.forward_and_back(objects, images, source).1
    }

    fn light(&self, image: ArrayView2<'_, f32>) -> Result<Vec<Light<f32>>> {
        self.instrument.light(image)
    }
}

/// Largest distance of two arrays, over the largest number of the second.
fn distance<'a>(got: impl Iterator<Item = &'a f64>, want: impl Iterator<Item = &'a f64> + Clone) -> f64 {
    let largest = want.clone().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    got.zip(want).fold(0.0, |most: f64, (got, want)| most.max((got - want).abs())) / largest
}

#[test]
fn engines_modes_and_classifiers_work_on_any_carrier() {
    let slopes: &ReadingSlopes<'_> = &|sample, readings, slopes| {
        for (region, (slope, reading)) in slopes.iter_mut().zip(readings).enumerate() {
            *slope = (1 + sample + region) as f64 * reading;
        }
    };
    for (name, bench) in [("one network", small_bench()), ("two side by side", side_by_side())] {
        let (masks, images) = (random_masks(&bench, 11), random_images(&bench, 3));
        let plain = || ImageEngine::on(Plain::new(bench.clone(), &masks).unwrap());
        let mut cpu = CpuEngine::new(bench.clone(), 2).unwrap();
        cpu.set_masks(&masks).unwrap();
        let want = (cpu.readings(images.view()).unwrap(), cpu.gradients(images.view(), slopes).unwrap());

        let modes = || ModesEngine::new(plain()).with_basis(Array2::eye(64)).unwrap();
        let by_values = modes();
        // 64 modes: worth it for more than 96 images.
        by_values.prepare(1000, &mut |_| Ok(())).unwrap();
        let engines: [(&str, Box<dyn Engine>); 3] =
            [("images", Box::new(plain())), ("modes", Box::new(modes())), ("prepared", Box::new(by_values))];
        for (kind, engine) in engines {
            let read = engine.readings(images.view()).unwrap();
            // Two ways through single precision, and sums of 64 modes.
            let off = distance(read.regions.iter(), want.0.regions.iter());
            assert!(off < 3e-5, "{name}, {kind}: {off}");
            assert!(distance(read.plane.iter(), want.0.plane.iter()) < 1e-4, "{name}, {kind}");
            let found = engine.gradients(images.view(), slopes).unwrap();
            for (got, want) in found.masks.iter().zip(&want.1.masks) {
                let off = (got - want).mapv(|d| d * d).sum().sqrt() / want.mapv(|d| d * d).sum().sqrt();
                assert!(off < 3e-4, "{name}, {kind}: {off}");
            }
        }
        let compiled = Classifier::compile(&modes(), &mut |_| Ok(())).unwrap();
        for (image, want) in images.outer_iter().zip(want.0.regions.axis_iter(Axis(0))) {
            assert!(distance(compiled.readings(image).unwrap().iter(), want.iter()) < 1e-4, "{name}");
        }
    }
}
