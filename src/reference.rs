//! The plain reference pass: programs run slowly and obviously, one image at a time, in any precision.
//!
//! It judges the engines, and draws the pictures.

use ndarray::{Array2, ArrayView2, Zip};
use num_complex::Complex;

use crate::bench::{Beam, Bench, Lowered, Path, Role};
use crate::detector::Watch;
use crate::error::{Error, Result};
use crate::field::{Real, WaveField, narrow_complex};
use crate::grid::Grid;
use crate::program::{Blend, Op, Program, Slopes, Wants, cross_pointwise, cross_pointwise_adjoint};
use crate::propagation::{Camera, Gap, Method, Propagator, Span};
use crate::units::Metres;

/// The light of one image on its way through the device.
#[derive(Clone, Debug)]
pub struct Light<T> {
    /// Field at the object plane.
    pub object: WaveField<T>,
    /// Field that falls on each mask and on other optics, in the order of the light ([`Bench::planes`]).
    pub incident: Vec<WaveField<T>>,
    /// Field behind each of them.
    pub behind: Vec<WaveField<T>>,
    /// Field at the detector plane.
    pub detector: WaveField<T>,
}

/// A bench with its masks.
#[derive(Clone)]
pub struct Network<T: Real> {
    bench: Bench,
    path: Path,
    lowered: Lowered,
    values: Vec<Array2<f64>>,
    /// One a span of the program.
    propagators: Vec<Propagator<T>>,
}

impl<T: Real> Network<T> {
    /// Plans the device; `values` in the order of [`Bench::arrays`]: of the masks (phases in radians) in the order of the
    /// light, one array a channel of the modulation, one number a pixel; then of other optics.
    ///
    /// # Errors
    /// [`Error::Value`] when the parts do not fit together.
    pub fn new(bench: Bench, values: Vec<Array2<T>>) -> Result<Self> {
        bench.check()?;
        if bench.networks != 1 || !bench.source.is_plain() {
            return Err(Error::Value(format!(
                "{} networks side by side in {} beams each: a Network is one beam, take an Instrument",
                bench.networks,
                bench.beams_each()
            )));
        }
        bench.check_values(0, &values)?;
        let path = bench.path();
        let values: Vec<Array2<f64>> = values.iter().map(|values| values.mapv(Real::widen)).collect();
        let lowered = path.lower(&values);
        let program = &lowered.program;
        let propagators = planned(program)?;
        Ok(Network { bench, path, lowered, values, propagators })
    }

    /// Everything but the masks.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    /// What light crosses.
    pub fn lowered(&self) -> &Lowered {
        &self.lowered
    }

    /// The field in front of each operation of the program, and last that at the detector.
    fn trace(&self, object: WaveField<T>) -> Result<Vec<WaveField<T>>> {
        let mut trace = vec![object];
        for op in self.lowered.program.ops() {
            trace.push(step(&self.lowered.program, &self.propagators, *op, &trace[trace.len() - 1])?);
        }
        Ok(trace)
    }

    /// Carries `object` through the device.
    ///
    /// # Errors
    /// [`Error::Value`] for a span that gives light ([`Propagator::carry`]).
    pub fn propagate(&self, object: WaveField<T>) -> Result<Light<T>> {
        let mut trace = self.trace(object)?;
        let planes = || {
            let stops = self.path.stops().iter().zip(&self.lowered.ops);
            stops.filter(|(stop, _)| stop.role != Role::Gap).map(|(_, ops)| ops.clone())
        };
        let incident = planes().map(|ops| trace[ops.start].clone()).collect();
        let behind = planes().map(|ops| trace[ops.end].clone()).collect();
        let detector = trace.pop().ok_or_else(|| Error::Value("a program without light".into()))?;
        let object = if trace.is_empty() { detector.clone() } else { trace.swap_remove(0) };
        Ok(Light { object, incident, behind, detector })
    }

    /// The light of `image` (values 0 to 1) through the device.
    ///
    /// # Errors
    /// [`Error::Value`] when the image has not the shape the object plane takes, and as [`Network::propagate`].
    pub fn light(&self, image: ArrayView2<'_, f32>) -> Result<Light<T>> {
        self.propagate(self.bench.object.encode(image)?)
    }

    /// What crosses the last span to the detector, and the number of that operation.
    fn last_span(&self) -> Result<(usize, Span)> {
        match self.lowered.program.ops() {
            [.., Op::Cross(span)] => {
                Ok((self.lowered.program.ops().len() - 1, self.lowered.program.spans()[*span]))
            }
            _ => {
                Err(Error::Value("no free space in front of the detector, where a camera could stand".into()))
            }
        }
    }

    /// Power in each detector region for `image`.
    ///
    /// # Errors
    /// As [`Network::light`].
    pub fn readings(&self, image: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
        Ok(self.bench.detector.readings(&self.light(image)?.detector))
    }

    /// Intensity on the cut x = 0 along the axis: positions in metres, and an array indexed `[y, z]`.
    ///
    /// As [`Network::side_views`] of one image.
    ///
    /// # Errors
    /// [`Error::Value`] for no slices.
    pub fn side_view(
        &self,
        light: &Light<T>,
        slices: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Vec<Metres>, Array2<f64>)> {
        let (positions, mut views) = self.side_views(&[light], slices, progress)?;
        let view = views.pop().ok_or_else(|| Error::Value("a side view of no light".into()))?;
        Ok((positions, view))
    }

    /// Intensity on the cut x = 0 along the axis, for the light of each image: positions in metres, and an array indexed
    /// `[y, z]` each.
    ///
    /// An even number of columns has none on the axis: the mean of the two beside it is taken.
    ///
    /// Each gap gives `slices` columns, its first plane included; the last column is the detector plane.
    /// Between planes the field is carried by [`Method::Auto`], planned once for all images and equal ways. The cut goes
    /// from the middle of a plane to the middle of the next, where they do not stand on the axis.
    /// `progress` is told the number of columns that are done.
    ///
    /// # Errors
    /// [`Error::Value`] for no slices.
    pub fn side_views(
        &self,
        lights: &[&Light<T>],
        slices: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Vec<Metres>, Vec<Array2<f64>>)> {
        if slices == 0 {
            return Err(Error::Value("a side view needs at least one slice a gap".into()));
        }
        let bench = &self.bench;
        let (rows, columns) = bench.grid().shape();
        let cut = |field: &WaveField<T>| {
            let intensity = field.intensity();
            (&intensity.column((columns - 1) / 2) + &intensity.column(columns / 2)) / 2.0
        };
        // Free space, and the operation it begins with.
        let gaps: Vec<(Gap, Metres, usize)> = self
            .path
            .stops()
            .iter()
            .zip(&self.lowered.ops)
            .filter_map(|(stop, ops)| Some((stop.free_space()?, stop.z, ops.start)))
            .collect();
        let traces =
            lights.iter().map(|light| self.trace(light.object.clone())).collect::<Result<Vec<_>>>()?;
        let count = gaps.len() * slices + 1;
        let mut views = vec![Array2::zeros((rows, count)); lights.len()];
        let mut positions = vec![0.0; count];
        let mut done = 0;
        for slice in 0..slices {
            let mut planned: Vec<Propagator<T>> = Vec::new();
            for (index, &(whole, start, op)) in gaps.iter().enumerate() {
                let way = slice as f64 / slices as f64;
                let column = index * slices + slice;
                positions[column] = start + whole.distance * way;
                let shift = (way * whole.shift.0, way * whole.shift.1);
                let gap = Gap { distance: whole.distance * way, method: Method::Auto, shift, ..whole };
                let propagator = match planned.iter().find(|known| *known.span() == Span::from(gap)) {
                    _ if slice == 0 => None,
                    Some(known) => Some(known.clone()),
                    None => {
                        planned.push(Propagator::new(gap)?);
                        planned.last().cloned()
                    }
                };
                for (trace, view) in traces.iter().zip(&mut views) {
                    let field = match &propagator {
                        Some(way) => &way.carry(&trace[op])?,
                        None => &trace[op],
                    };
                    view.column_mut(column).assign(&cut(field));
                }
                done += 1;
                progress(done);
            }
        }
        positions[count - 1] = bench.length();
        for (light, view) in lights.iter().zip(&mut views) {
            view.column_mut(count - 1).assign(&cut(&light.detector));
        }
        Ok((positions, views))
    }

    /// Gradient with respect to the values, in the order of [`Network::new`], of a loss whose derivatives by the readings are `slopes`.
    ///
    /// # Errors
    /// As [`Network::propagate`].
    pub fn gradients(&self, light: &Light<T>, slopes: &[f64]) -> Result<Vec<Array2<T>>> {
        self.gradients_from(light, self.bench.detector.adjoint(&light.detector, slopes))
    }

    /// The same for the adjoint field `source` at the detector.
    ///
    /// # Errors
    /// As [`Network::propagate`].
    pub fn gradients_from(&self, light: &Light<T>, source: WaveField<T>) -> Result<Vec<Array2<T>>> {
        let program = &self.lowered.program;
        let trace = self.trace(light.object.clone())?;
        let mut adjoint = source;
        let mut found = Vec::new();
        for (op, incident) in program.ops().iter().zip(&trace).rev() {
            adjoint = match *op {
                Op::Cross(span) => self.propagators[span].adjoint(&adjoint),
                Op::Multiply(number) => {
                    let factor = &program.factors()[number];
                    // From v = t u follows dL = Re(conj(g) u dt), summed over the samples of an entry.
                    let mut sums = Array2::from_elem(factor.entries().dim(), Complex::new(0.0, 0.0));
                    for ((at, u), g) in incident.amplitude.indexed_iter().zip(&adjoint.amplitude) {
                        if let Some(pixel) = factor.footprint().pixel(at) {
                            sums[pixel] += widen(*g).conj() * widen(*u);
                        }
                    }
                    match factor.wants() {
                        Wants::Nothing => {}
                        Wants::Whole => found.push(Slopes::Whole(sums)),
                        Wants::Turn { absorption } => {
                            let along = Complex::new(-absorption, 1.0);
                            let turn = Zip::from(&sums).and(factor.entries());
                            found.push(Slopes::Turn(turn.map_collect(|s, t| (s * t * along).re)));
                        }
                    }
                    factor.adjoint(&adjoint)
                }
                Op::Blend(number) => {
                    let blend = program.blends()[number];
                    let share = &program.factors()[blend.share];
                    let ways = [blend.without, blend.with].map(|span| &self.propagators[span]);
                    if share.wants() == Wants::Whole {
                        // From v = A u + w (B - A) u follows dL = Re(conj(g) (B - A) u dw).
                        let [without, with] = ways.map(|way| way.propagate(incident));
                        let mut sums = Array2::from_elem(share.entries().dim(), Complex::new(0.0, 0.0));
                        for ((at, g), (with, without)) in adjoint
                            .amplitude
                            .indexed_iter()
                            .zip(with.amplitude.iter().zip(&without.amplitude))
                        {
                            if let Some(pixel) = share.footprint().pixel(at) {
                                sums[pixel] += widen(*g).conj() * widen(*with - *without);
                            }
                        }
                        found.push(Slopes::Whole(sums));
                    }
                    let with = share.adjoint(&adjoint);
                    let mut without = adjoint;
                    without.amplitude.zip_mut_with(&with.amplitude, |g, with| *g = *g - *with);
                    let mut before = ways[0].adjoint(&without);
                    let other = ways[1].adjoint(&with);
                    before.amplitude.zip_mut_with(&other.amplitude, |sum, g| *sum = *sum + *g);
                    before
                }
                Op::Pointwise(sheet) => {
                    let sheet = &*program.sheets()[sheet];
                    let mut before = adjoint;
                    before.amplitude.zip_mut_with(&incident.amplitude, |g, u| {
                        *g = narrow_complex(cross_pointwise_adjoint(sheet, widen(*u), widen(*g)));
                    });
                    before
                }
            };
        }
        found.reverse();
        let by_value = self.path.pull_back(&self.lowered, &self.values, found);
        Ok(by_value.into_iter().map(|slopes| slopes.mapv(T::narrow)).collect())
    }
}

/// A propagator for each span of `program`; equal ones are planned once.
fn planned<T: Real>(program: &Program) -> Result<Vec<Propagator<T>>> {
    let mut propagators: Vec<Propagator<T>> = Vec::new();
    for span in program.spans() {
        let known = propagators.iter().find(|propagator| propagator.span() == span).cloned();
        propagators.push(match known {
            Some(known) => known,
            None => Propagator::new(*span)?,
        });
    }
    Ok(propagators)
}

/// `field` behind operation `op` of `program`, whose spans `propagators` carry.
fn step<T: Real>(
    program: &Program,
    propagators: &[Propagator<T>],
    op: Op,
    field: &WaveField<T>,
) -> Result<WaveField<T>> {
    Ok(match op {
        Op::Cross(span) => propagators[span].carry(field)?,
        Op::Multiply(factor) => program.factors()[factor].apply(field),
        Op::Pointwise(sheet) => {
            let sheet = &*program.sheets()[sheet];
            let mut behind = field.clone();
            behind.amplitude.mapv_inplace(|u| narrow_complex(cross_pointwise(sheet, widen(u))));
            behind
        }
        Op::Blend(number) => {
            let blend = program.blends()[number];
            let share = program.factors()[blend.share].samples(field.amplitude.dim());
            let mut behind = propagators[blend.without].carry(field)?;
            let with = propagators[blend.with].carry(field)?;
            Zip::from(&mut behind.amplitude).and(&with.amplitude).and(&share).for_each(
                |without, with, share| *without = Blend::join(narrow_complex(*share), *without, *with),
            );
            behind
        }
    })
}

/// `field` behind all of `program`.
///
/// # Errors
/// [`Error::Value`] for a span that cannot be planned or gives light ([`Propagator::carry`]).
pub fn through<T: Real>(program: &Program, field: WaveField<T>) -> Result<WaveField<T>> {
    let propagators = planned(program)?;
    program.ops().iter().try_fold(field, |field, op| step(program, &propagators, *op, &field))
}

/// A bench with its masks, beam by beam: the intensities of beams add on the detector.
#[derive(Clone)]
pub struct Instrument<T: Real> {
    bench: Bench,
    beams: Vec<(Beam, Network<T>)>,
}

impl<T: Real> Instrument<T> {
    /// Plans every beam of `bench`; `values` of all networks, network by network.
    ///
    /// # Errors
    /// [`Error::Value`] when the parts do not fit together.
    pub fn new(bench: &Bench, values: &[Array2<T>]) -> Result<Self> {
        bench.check()?;
        let each = bench.arrays();
        bench.check_number(values.len(), bench.networks)?;
        let of = |network: usize| values[network * each..(network + 1) * each].to_vec();
        let carried = |beam: Beam| Ok((beam, Network::new(bench.in_beam(&beam), of(beam.network))?));
        let beams = bench.beams().into_iter().map(carried).collect::<Result<_>>()?;
        Ok(Instrument { bench: bench.clone(), beams })
    }

    /// Everything but the masks.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    /// Each beam, and the device as it sees it.
    pub fn beams(&self) -> &[(Beam, Network<T>)] {
        &self.beams
    }

    /// The light of `image` (values 0 to 1), beam by beam.
    ///
    /// # Errors
    /// As [`Network::light`].
    pub fn light(&self, image: ArrayView2<'_, f32>) -> Result<Vec<Light<T>>> {
        self.beams.iter().map(|(_, network)| network.light(image)).collect()
    }

    /// Readings of the light of all beams, network by network; behind them what the detector watches of the plane
    /// ([`Detector::watching`](crate::detector::Detector::watching)).
    pub fn readings_of(&self, lights: &[Light<T>]) -> Vec<f64> {
        readings(&self.bench, lights)
    }

    /// Intensity on the cut x = 0 along the axis of the light of every beam of `network`, as [`Network::side_view`].
    ///
    /// # Errors
    /// [`Error::Value`] for no slices.
    pub fn side_view(
        &self,
        lights: &[Light<T>],
        network: usize,
        slices: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Vec<Metres>, Array2<f64>)> {
        let mut total: Option<(Vec<Metres>, Array2<f64>)> = None;
        let own = self.beams.iter().zip(lights).filter(|((beam, _), _)| beam.network == network);
        for (number, ((beam, carried), light)) in own.enumerate() {
            let columns = carried.bench().gaps.len() * slices;
            let (positions, view) =
                carried.side_view(light, slices, &mut |done| progress(number * columns + done))?;
            match &mut total {
                None => total = Some((positions, view * beam.share)),
                Some((_, sum)) => sum.scaled_add(beam.share, &view),
            }
        }
        total.ok_or_else(|| Error::Value(format!("network {network}: there is none with that number")))
    }

    /// Readings of `image` (values 0 to 1), as [`Instrument::readings_of`].
    ///
    /// # Errors
    /// As [`Network::light`].
    pub fn readings(&self, image: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
        Ok(self.readings_of(&self.light(image)?))
    }

    /// Intensity of the light of every beam of `network` on a camera of `grid` in place of the detector, its middle `at` (y, x)
    /// metres off the axis.
    ///
    /// # Errors
    /// [`Error::Value`] for a camera that does not fit the window ([`Camera::new`]), and for no span in front of the detector.
    pub fn camera(
        &self,
        lights: &[Light<T>],
        network: usize,
        grid: Grid,
        at: (Metres, Metres),
    ) -> Result<Array2<f64>> {
        let mut total = Array2::zeros(grid.shape());
        let mut known: Option<Camera> = None;
        for ((beam, carried), light) in self.beams.iter().zip(lights) {
            if beam.network != network {
                continue;
            }
            let (op, span) = carried.last_span()?;
            let camera = match known.take() {
                Some(camera) if *camera.span() == span => camera,
                _ => Camera::new(span, grid, at)?,
            };
            let trace = carried.trace(light.object.clone())?;
            let field = WaveField::new(trace[op].grid(), trace[op].amplitude.mapv(widen))?;
            total.scaled_add(beam.share, &camera.propagate(&field).intensity());
            known = Some(camera);
        }
        Ok(total)
    }

    /// Gradients by the values of all networks of a loss whose derivatives by the readings are `slopes`.
    ///
    /// # Errors
    /// As [`Network::gradients`].
    pub fn gradients(&self, lights: &[Light<T>], slopes: &[f64]) -> Result<Vec<Array2<T>>> {
        let (bench, each) = (&self.bench, self.bench.detector.regions().len());
        let (of_regions, of_plane) = slopes.split_at(bench.readings().min(slopes.len()));
        let mut sums: Vec<Array2<T>> = Vec::new();
        for network in 0..bench.networks {
            let total =
                (!of_plane.is_empty()).then(|| intensity(bench, lights, network, |light| &light.detector));
            let mut by_value: Option<Vec<Array2<T>>> = None;
            for ((beam, carried), light) in self.beams.iter().zip(lights) {
                if beam.network != network {
                    continue;
                }
                let own = of_regions[network * each..(network + 1) * each].iter().enumerate();
                let own: Vec<f64> = own.map(|(region, slope)| slope * bench.counts(beam, region)).collect();
                let mut source = bench.detector.adjoint(&light.detector, &own);
                if let (Some(total), [by_power, by_square @ ..]) = (&total, of_plane) {
                    // From E = sum I and Q = sum I^2 with I = sum share |U|^2.
                    let by_square = by_square.first().copied().unwrap_or(0.0);
                    let area = 2.0 * beam.share * bench.grid().pixel_area();
                    Zip::from(&mut source.amplitude).and(&light.detector.amplitude).and(total).for_each(
                        |source, u, total| {
                            *source = *source + *u * T::narrow(area * (by_power + 2.0 * total * by_square));
                        },
                    );
                }
                let found = carried.gradients_from(light, source)?;
                match &mut by_value {
                    None => by_value = Some(found),
                    Some(sum) => sum.iter_mut().zip(&found).for_each(|(sum, found)| {
                        sum.zip_mut_with(found, |sum, found| *sum = *sum + *found);
                    }),
                }
            }
            sums.extend(by_value.unwrap_or_default());
        }
        Ok(sums)
    }
}

/// Intensity of the light of every beam of `network` on a plane, of which `field` gives the field: what a camera sees there.
pub fn intensity<'a, T: Real + 'a>(
    bench: &Bench,
    lights: &'a [Light<T>],
    network: usize,
    field: impl Fn(&'a Light<T>) -> &'a WaveField<T>,
) -> Array2<f64> {
    let mut total = Array2::zeros(bench.grid().shape());
    for (beam, light) in bench.beams().iter().zip(lights).filter(|(beam, _)| beam.network == network) {
        total.scaled_add(beam.share, &field(light).intensity());
    }
    total
}

/// Readings of the light of every beam of `bench`, as [`Instrument::readings_of`].
pub fn readings<T: Real>(bench: &Bench, lights: &[Light<T>]) -> Vec<f64> {
    let each = bench.detector.regions().len();
    let mut readings = vec![0.0; bench.readings()];
    for (beam, light) in bench.beams().iter().zip(lights) {
        let own = readings[beam.network * each..(beam.network + 1) * each].iter_mut();
        for (region, (reading, power)) in own.zip(bench.detector.readings(&light.detector)).enumerate() {
            *reading += bench.counts(beam, region) * power;
        }
    }
    if bench.detector.watch() != Watch::Regions {
        let area = bench.grid().pixel_area();
        let planes: Vec<_> = (0..bench.networks)
            .map(|network| intensity(bench, lights, network, |light| &light.detector))
            .collect();
        let power: f64 = planes.iter().map(|plane| plane.sum() * area).sum();
        readings.push(power);
        if bench.detector.watch() == Watch::Plane {
            readings.push(planes.iter().map(|plane| plane.mapv(|i| i * i).sum() * area).sum());
        }
    }
    readings
}

fn widen<T: Real>(u: Complex<T>) -> Complex<f64> {
    Complex::new(u.re.widen(), u.im.widen())
}
