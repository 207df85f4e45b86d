//! What light meets on a bench, in the order of the light, and the program that it becomes.

use std::ops::Range;
use std::sync::Arc;

use ndarray::Array2;

use super::{Bench, MaskPixels};
use crate::element::{Element, FreeSpace, Placed, Site, ThickPlate, ThinMask};
use crate::program::{Program, Slopes, Wants};
use crate::propagation::{Gap, PixelModel};
use crate::units::Metres;

/// What something on the path is to the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Free space.
    Gap,
    /// Mask with that number, 0 the first.
    Mask(usize),
    /// One of [`Bench::optics`], by its number.
    Optic(usize),
}

/// Something on the path of light.
#[derive(Clone, Debug)]
pub struct Station {
    /// What it is to the bench.
    pub role: Role,
    /// Site of its first face, metres from the object.
    pub z: Metres,
    /// Number of its first array of values.
    first: usize,
    gap: Option<Gap>,
    /// What it does.
    pub element: Arc<dyn Element>,
}

impl Station {
    /// Numbers of its arrays among all values of a network.
    pub fn arrays(&self) -> Range<usize> {
        self.first..self.first + self.element.arrays()
    }

    /// The gap it is, if it is free space.
    pub fn free_space(&self) -> Option<Gap> {
        self.gap
    }
}

/// What light meets from the object to the detector.
#[derive(Clone, Debug)]
pub struct Path {
    site: Site,
    stops: Vec<Station>,
}

impl Path {
    pub(super) fn new(site: Site) -> Self {
        Path { site, stops: Vec::new() }
    }

    pub(super) fn add(&mut self, role: Role, z: Metres, first: usize, element: Arc<dyn Element>) {
        self.stops.push(Station { role, z, first, gap: None, element });
    }

    pub(super) fn add_gap(&mut self, z: Metres, gap: Gap) {
        let element = Arc::new(FreeSpace(gap));
        self.stops.push(Station { role: Role::Gap, z, first: 0, gap: Some(gap), element });
    }

    /// What light meets, in the order of the light.
    pub fn stops(&self) -> &[Station] {
        &self.stops
    }

    /// The program of stop `stop` alone; `values` has all arrays of a network.
    pub fn piece(&self, stop: usize, values: &[Array2<f64>]) -> Program {
        let stop = &self.stops[stop];
        let mut program = Program::default();
        stop.element.lower(&values[stop.arrays()], &self.site, &mut program);
        program
    }

    /// The whole program; `values` has all arrays of a network.
    pub fn lower(&self, values: &[Array2<f64>]) -> Lowered {
        Lowered::of((0..self.stops.len()).map(|stop| self.piece(stop, values)))
    }

    /// Slopes by all values of a network from those at the factors that want some, in the order of the light.
    pub fn pull_back(
        &self,
        lowered: &Lowered,
        values: &[Array2<f64>],
        slopes: Vec<Slopes>,
    ) -> Vec<Array2<f64>> {
        let mut slopes = slopes.into_iter();
        // Every array is that of some stop.
        let mut by_value = vec![Array2::zeros((0, 0)); values.len()];
        for (stop, factors) in self.stops.iter().zip(&lowered.factors) {
            let wanting = lowered.program.factors()[factors.clone()]
                .iter()
                .filter(|factor| factor.wants() != Wants::Nothing)
                .count();
            let its_own: Vec<Slopes> = slopes.by_ref().take(wanting).collect();
            if stop.arrays().is_empty() {
                continue;
            }
            let found = stop.element.pull_back(&values[stop.arrays()], &self.site, &its_own);
            for (to, from) in by_value[stop.arrays()].iter_mut().zip(found) {
                *to = from;
            }
        }
        by_value
    }
}

/// The program of a path, and which part of it is whose.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// What light crosses.
    pub program: Program,
    /// Operations of each stop.
    pub ops: Vec<Range<usize>>,
    /// Factors of each stop.
    pub factors: Vec<Range<usize>>,
}

impl Lowered {
    /// The programs of the stops of a path, one behind the other.
    pub fn of(pieces: impl IntoIterator<Item = Program>) -> Self {
        let mut lowered = Lowered::default();
        for piece in pieces {
            let (ops, factors) = (lowered.program.ops().len(), lowered.program.factors().len());
            lowered.program.append(piece);
            lowered.ops.push(ops..lowered.program.ops().len());
            lowered.factors.push(factors..lowered.program.factors().len());
        }
        lowered
    }
}

impl Bench {
    /// What light meets from the object to the detector.
    pub fn path(&self) -> Path {
        let mut path = Path::new(self.site());
        let channels = self.modulation.channels();
        let first = |number: usize| {
            let before = self.optics[..number].iter().map(|placed| placed.element.arrays());
            self.masks() * channels + before.sum::<usize>()
        };
        let ends = self.positions();
        for (index, length) in self.gaps.iter().enumerate() {
            let whole = self.gap(index);
            let (front, back) = self.taken_by_plates(index);
            // What is left of the gap, and where the plane at hand stands across the axis.
            let (mut rest, mut crossed) = (whole, front);
            if front > 0.0 {
                rest = Gap { pixel_model: PixelModel::Point, carrier: (0.0, 0.0), ..rest };
            }
            let mut lateral = self.alignment.lateral(index);
            let next = self.alignment.lateral(index + 1);
            let touching = self.optics_touching_end(index);
            for number in self.optics_of(index) {
                let Placed { distance, element, .. } = &self.optics[number];
                let way = distance - crossed;
                if way > 0.0 {
                    // Optics stand on the axis; those that touch a plane go with it.
                    let stand = if touching.contains(&number) { next } else { (0.0, 0.0) };
                    let shift = (stand.0 - lateral.0, stand.1 - lateral.1);
                    let gap = Gap { distance: way, shift, ..rest };
                    path.add_gap(ends[index] + crossed, gap);
                    lateral = stand;
                    // Behind it the field is smooth: no pixels leave it.
                    rest = Gap { pixel_model: PixelModel::Point, carrier: (0.0, 0.0), ..rest };
                }
                path.add(Role::Optic(number), ends[index] + distance, first(number), Arc::clone(element));
                crossed = distance + element.thickness();
            }
            let left = if crossed + back == 0.0 { *length } else { length - crossed - back };
            if left > 0.0 {
                let shift = (next.0 - lateral.0, next.1 - lateral.1);
                let gap = Gap { distance: left, shift, ..rest };
                path.add_gap(ends[index] + crossed, gap);
            }
            if index < self.masks() {
                path.add(Role::Mask(index), ends[index + 1] - back, index * channels, self.mask(index));
            }
        }
        path
    }

    /// Mask `index` as it stands on the bench.
    fn mask(&self, index: usize) -> Arc<dyn Element> {
        let (rotation, absent) = (self.alignment.rotation(index), self.alignment.is_absent(index));
        let MaskPixels { shape, samples } = self.pixels_of(index);
        match self.plate {
            None => {
                let mask = ThinMask::new(self.modulation, shape, samples).turned(rotation);
                Arc::new(if absent { mask.taken_off() } else { mask })
            }
            Some(thickness) => {
                let plate = ThickPlate::new(self.modulation, thickness, shape, samples).turned(rotation);
                Arc::new(if absent { plate.taken_off() } else { plate })
            }
        }
    }

    /// What the plates at both ends of a gap take of it: the relief of the one before, the base of the one behind.
    pub(super) fn taken_by_plates(&self, gap: usize) -> (Metres, Metres) {
        let Some(plate) = &self.plate else { return (0.0, 0.0) };
        let front = if gap > 0 { plate.relief } else { 0.0 };
        let back = if gap < self.masks() { plate.base } else { 0.0 };
        (front, back)
    }

    /// Numbers of the optics that the plane at the end of a gap touches, and of those that touch them.
    fn optics_touching_end(&self, gap: usize) -> Vec<usize> {
        let (_, back) = self.taken_by_plates(gap);
        let mut begin = self.gaps[gap] - back;
        let mut numbers: Vec<usize> = self.optics_of(gap).collect();
        numbers.reverse();
        let touching = numbers.into_iter().take_while(|&number| {
            let Placed { distance, element, .. } = &self.optics[number];
            let touches = distance + element.thickness() >= begin;
            begin = *distance;
            touches
        });
        touching.collect()
    }

    /// The shortest way of free space before the plane at the end of a gap: by so much that plane can come nearer.
    pub(crate) fn shortest_room(&self) -> Metres {
        let room = |(gap, length): (usize, &Metres)| {
            let (front, back) = self.taken_by_plates(gap);
            let ends = self.optics_of(gap).map(|number| {
                let Placed { distance, element, .. } = &self.optics[number];
                distance + element.thickness()
            });
            (length - back - ends.fold(front, f64::max)).max(0.0)
        };
        self.gaps.iter().enumerate().map(room).fold(f64::INFINITY, f64::min)
    }

    /// Numbers of the optics of a gap, in the order of the light.
    pub(super) fn optics_of(&self, gap: usize) -> impl Iterator<Item = usize> {
        let mut numbers: Vec<usize> =
            (0..self.optics.len()).filter(|&number| self.optics[number].gap == gap).collect();
        numbers.sort_by(|a, b| self.optics[*a].distance.total_cmp(&self.optics[*b].distance));
        numbers.into_iter()
    }
}
