//! What a detector looks at, whoever carries the light there: from fields to readings, from slopes to adjoint sources.

use std::ops::Range;

use num_complex::Complex32;

use crate::bench::{Beam, Bench};
use crate::detector::Watch;

/// The detector planes of all beams, one below the other, and what is looked at on them.
///
/// Fields come in two forms, beam by beam. *Planes*: every sample, row by row. *Seen*: the samples of the regions that a
/// beam counts in, region by region and row by row, or the planes where the detector watches them as a whole
/// ([`crate::detector::Detector::watching`]).
pub struct Lookout {
    rows: usize,
    columns: usize,
    networks: usize,
    pub(super) beams: Vec<Counted>,
    /// Regions of a network as (rows, columns).
    pub(super) regions: Vec<(Range<usize>, Range<usize>)>,
    pub(super) watch: Watch,
    pub(super) pixel_area: f64,
}

/// What a beam counts.
pub(super) struct Counted {
    /// The network it crosses.
    network: usize,
    /// Its share of the power.
    share: f64,
    /// Regions of its network whose readings it counts in, and what it counts there.
    pub(super) counts: Vec<(usize, f64)>,
    /// Places in `counts` of the regions each row meets: an image has hundreds of regions.
    pub(super) counts_of_row: Vec<Vec<usize>>,
}

/// A region on the plane of a beam.
#[derive(Clone)]
pub(super) struct Watched {
    /// Number of the beam.
    beam: usize,
    /// Rows of its plane.
    rows: Range<usize>,
    columns: Range<usize>,
    /// Number of the reading it counts in.
    pub(super) reading: usize,
    /// What its power counts there.
    pub(super) share: f64,
}

impl Watched {
    /// Samples it has.
    pub(super) fn samples(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

impl Lookout {
    /// The detector of `bench`.
    pub fn of(bench: &Bench) -> Self {
        let (rows, columns) = bench.grid().shape();
        let regions: Vec<_> =
            bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect();
        let counted = |beam: Beam| {
            let counts: Vec<(usize, f64)> = (0..regions.len())
                .map(|region| (region, bench.counts(&beam, region)))
                .filter(|(_, share)| *share != 0.0)
                .collect();
            let counts_of_row = counts_of_row(rows, &regions, &counts);
            Counted { network: beam.network, share: beam.share, counts, counts_of_row }
        };
        Lookout {
            rows,
            columns,
            networks: bench.networks,
            beams: bench.beams().into_iter().map(counted).collect(),
            watch: bench.detector.watch(),
            pixel_area: bench.grid().pixel_area(),
            regions,
        }
    }

    /// Whether planes are looked at as a whole.
    pub(super) fn watches_plane(&self) -> bool {
        self.watch != Watch::Regions
    }

    /// Samples of the plane of a beam.
    pub fn samples(&self) -> usize {
        self.rows * self.columns
    }

    /// Share of the power of each beam.
    pub(super) fn shares(&self) -> impl ExactSizeIterator<Item = f64> + Clone + '_ {
        self.beams.iter().map(|beam| beam.share)
    }

    /// Readings of all networks.
    pub(super) fn readings_each(&self) -> usize {
        self.networks * self.regions.len()
    }

    /// The regions on which beams are looked at, beam by beam.
    pub(super) fn watched(&self) -> impl Iterator<Item = Watched> + '_ {
        self.beams.iter().enumerate().flat_map(move |(beam, counted)| {
            let before = counted.network * self.regions.len();
            counted.counts.iter().map(move |&(region, share)| {
                let (rows, columns) = self.regions[region].clone();
                Watched { beam, rows, columns, reading: before + region, share }
            })
        })
    }

    /// The samples of `planes` in `watched`, row by row.
    fn lines<'a>(&self, watched: &Watched, planes: &'a [Complex32]) -> impl Iterator<Item = &'a [Complex32]> {
        let Watched { beam, rows, columns, .. } = watched.clone();
        let (first, width) = (beam * self.rows, self.columns);
        rows.map(move |row| &planes[(first + row) * width..][columns.clone()])
    }

    /// Puts what is seen of `planes` into `seen`.
    pub fn look(&self, planes: &[Complex32], seen: &mut Vec<Complex32>) {
        seen.clear();
        if self.watches_plane() {
            seen.extend_from_slice(planes);
            return;
        }
        self.look_at_regions(planes, seen);
    }

    /// Adds the samples of the regions of `planes` to `seen`, whether or not the planes are watched as a whole.
    pub(super) fn look_at_regions(&self, planes: &[Complex32], seen: &mut Vec<Complex32>) {
        for watched in self.watched() {
            self.lines(&watched, planes).for_each(|line| seen.extend_from_slice(line));
        }
    }

    /// Puts `seen` back where it was seen; the rest of `planes` stays.
    pub fn put(&self, seen: &[Complex32], planes: &mut [Complex32]) {
        if self.watches_plane() {
            planes.copy_from_slice(seen);
            return;
        }
        self.at_regions(seen, planes, <[Complex32]>::copy_from_slice);
    }

    /// Adds `seen` of the regions to `planes`.
    pub(super) fn add_regions(&self, seen: &[Complex32], planes: &mut [Complex32]) {
        self.at_regions(seen, planes, |to, from| to.iter_mut().zip(from).for_each(|(to, from)| *to += from));
    }

    /// Does `with` to each line of the regions of `planes` and what was `seen` there.
    fn at_regions(
        &self,
        seen: &[Complex32],
        planes: &mut [Complex32],
        with: impl Fn(&mut [Complex32], &[Complex32]),
    ) {
        let mut rest = seen;
        for Watched { beam, rows, columns, .. } in self.watched() {
            for row in rows {
                let (line, behind) = rest.split_at(columns.len());
                with(&mut planes[(beam * self.rows + row) * self.columns..][columns.clone()], line);
                rest = behind;
            }
        }
    }

    /// Power in each region, network by network, from what is seen; behind them what is watched of the plane.
    pub fn readings(&self, seen: &[Complex32]) -> Vec<f64> {
        if self.watches_plane() {
            let mut readings = self.readings_of_planes(seen);
            readings.push(self.power(seen));
            if self.watch == Watch::Power {
                return readings;
            }
            let squares: f64 = self
                .intensity(seen)
                .chunks_exact(self.columns)
                .map(|row| row.iter().map(|intensity| intensity * intensity).sum::<f64>())
                .sum();
            readings.push(squares * self.pixel_area);
            return readings;
        }
        let mut readings = vec![0.0; self.readings_each()];
        let mut rest = seen;
        for watched in self.watched() {
            let (fields, behind) = rest.split_at(watched.samples());
            let power: f64 = fields.chunks_exact(watched.columns.len()).map(power).sum();
            readings[watched.reading] += watched.share * (power * self.pixel_area);
            rest = behind;
        }
        readings
    }

    /// Power in each region, network by network, from every sample.
    pub fn readings_of_planes(&self, planes: &[Complex32]) -> Vec<f64> {
        let mut readings = vec![0.0; self.readings_each()];
        for watched in self.watched() {
            let power: f64 = self.lines(&watched, planes).map(power).sum();
            readings[watched.reading] += watched.share * (power * self.pixel_area);
        }
        readings
    }

    /// Power through the planes.
    pub fn power(&self, planes: &[Complex32]) -> f64 {
        let of_beam = |plane: &[Complex32]| plane.chunks_exact(self.columns).map(power).sum::<f64>();
        let planes = self.shares().zip(planes.chunks_exact(self.samples()));
        planes.map(|(share, plane)| share * of_beam(plane)).sum::<f64>() * self.pixel_area
    }

    /// Intensity on the detector plane of each network, of all its beams.
    fn intensity(&self, planes: &[Complex32]) -> Vec<f64> {
        let mut intensity = vec![0.0; self.networks * self.samples()];
        for (beam, plane) in self.beams.iter().zip(planes.chunks_exact(self.samples())) {
            let total = &mut intensity[beam.network * self.samples()..][..self.samples()];
            total.iter_mut().zip(plane).for_each(|(sum, u)| *sum += beam.share * f64::from(u.norm_sqr()));
        }
        intensity
    }

    /// Makes what is seen the source of the adjoint light, by the slopes of a loss by all of [`Lookout::readings`].
    ///
    /// Of a region with the slope s the source is 2 pitch^2 share s U.
    pub fn weigh(&self, seen: &mut [Complex32], slopes: &[f64]) {
        if self.watches_plane() {
            return self.weigh_planes(seen, slopes);
        }
        let mut rest = seen;
        for watched in self.watched() {
            let (fields, behind) = rest.split_at_mut(watched.samples());
            let factor = (2.0 * (watched.share * slopes[watched.reading]) * self.pixel_area) as f32;
            fields.iter_mut().for_each(|u| *u *= factor);
            rest = behind;
        }
    }

    /// With the slopes s of regions, plane power and Q, of a beam 2 pitch^2 share (s_region + s_plane + 2 s_Q I) U.
    fn weigh_planes(&self, planes: &mut [Complex32], slopes: &[f64]) {
        let (of_regions, of_plane) = slopes.split_at(self.readings_each());
        let of_plane = |number: usize| 2.0 * of_plane.get(number).copied().unwrap_or(0.0) * self.pixel_area;
        let (by_power, by_square) = (of_plane(0), of_plane(1));
        let intensity = (self.watch == Watch::Plane).then(|| self.intensity(planes));
        let mut along = vec![0f64; self.columns];
        for (line, row) in planes.chunks_exact_mut(self.columns).enumerate() {
            let (beam, line) = (&self.beams[line / self.rows], line % self.rows);
            along.fill(beam.share * by_power);
            for &place in &beam.counts_of_row[line] {
                let (region, share) = beam.counts[place];
                let slope = of_regions[beam.network * self.regions.len() + region];
                let slope = 2.0 * (share * slope) * self.pixel_area;
                along[self.regions[region].1.clone()].iter_mut().for_each(|factor| *factor += slope);
            }
            let Some(intensity) = &intensity else {
                row.iter_mut().zip(&along).for_each(|(u, factor)| *u *= *factor as f32);
                continue;
            };
            let total = &intensity[(beam.network * self.rows + line) * self.columns..];
            for ((u, factor), total) in row.iter_mut().zip(&along).zip(total) {
                *u *= (factor + 2.0 * beam.share * by_square * total) as f32;
            }
        }
    }
}

/// For each of `rows` rows the places in `counts` of the regions it meets, rising.
fn counts_of_row(
    rows: usize,
    regions: &[(Range<usize>, Range<usize>)],
    counts: &[(usize, f64)],
) -> Vec<Vec<usize>> {
    let mut met = vec![Vec::new(); rows];
    for (place, (region, _)) in counts.iter().enumerate() {
        met[regions[*region].0.clone()].iter_mut().for_each(|row| row.push(place));
    }
    met
}

/// Sum of |u|^2, in double precision: readings of different brightness share one sum.
fn power(field: &[Complex32]) -> f64 {
    field.iter().map(|u| f64::from(u.norm_sqr())).sum()
}
