//! The plain reference pass: programs run slowly and obviously, one image at a time, in any precision.
//!
//! It judges the engines, and draws the pictures.

use ndarray::{Array2, ArrayView2, Zip};
use num_complex::Complex;

use crate::bench::{Bench, Lowered, Path, Role};
use crate::error::{Error, Result};
use crate::field::{Real, WaveField, narrow_complex};
use crate::program::{Op, Slopes, Wants, cross_pointwise, cross_pointwise_adjoint};
use crate::propagation::{Gap, Method, Propagator, Span};
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
    values: Vec<Array2<T>>,
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
        if bench.networks != 1 {
            return Err(Error::Value(format!(
                "{} networks side by side: take one alone (Network::side_by_side)",
                bench.networks
            )));
        }
        bench.check_values(0, &values)?;
        let path = bench.path();
        let lowered = path.lower(&values);
        let program = &lowered.program;
        let mut propagators: Vec<Propagator<T>> = Vec::new();
        for span in program.spans() {
            let known = propagators.iter().find(|propagator| propagator.span() == span).cloned();
            propagators.push(match known {
                Some(known) => known,
                None => Propagator::new(*span)?,
            });
        }
        Ok(Network { bench, path, lowered, values, propagators })
    }

    /// Each network of `bench` by itself; `values` of all, network by network.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn side_by_side(bench: &Bench, values: &[Array2<T>]) -> Result<Vec<Self>> {
        let each = bench.arrays();
        if values.len() != bench.networks * each {
            return Err(Error::Value(format!(
                "{} arrays of mask values for {} networks of {each}",
                values.len(),
                bench.networks
            )));
        }
        (0..bench.networks)
            .map(|network| Network::new(bench.alone(), values[network * each..(network + 1) * each].to_vec()))
            .collect()
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
            let field = &trace[trace.len() - 1];
            let next = match *op {
                Op::Cross(span) => self.propagators[span].carry(field)?,
                Op::Multiply(factor) => self.lowered.program.factors()[factor].apply(field),
                Op::Pointwise(sheet) => {
                    let sheet = &*self.lowered.program.sheets()[sheet];
                    let mut behind = field.clone();
                    behind.amplitude.mapv_inplace(|u| narrow_complex(cross_pointwise(sheet, widen(u))));
                    behind
                }
            };
            trace.push(next);
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
                let propagator = match planned.iter().find(|known| *known.span() == Span::Gap(gap)) {
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
        let program = &self.lowered.program;
        let trace = self.trace(light.object.clone())?;
        let mut adjoint = self.bench.detector.adjoint(&light.detector, slopes);
        let mut found = Vec::new();
        for (op, incident) in program.ops().iter().zip(&trace).rev() {
            adjoint = match *op {
                Op::Cross(span) => self.propagators[span].adjoint(&adjoint),
                Op::Multiply(number) => {
                    let factor = &program.factors()[number];
                    // From v = t u follows dL = Re(conj(g) u dt), summed over the samples of an entry.
                    let mut sums = Array2::from_elem(factor.entries().dim(), Complex::new(0.0, 0.0));
                    for ((at, u), g) in incident.amplitude.indexed_iter().zip(&adjoint.amplitude) {
                        sums[factor.footprint().pixel(at)] += widen(*g).conj() * widen(*u);
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

fn widen<T: Real>(u: Complex<T>) -> Complex<f64> {
    Complex::new(u.re.widen(), u.im.widen())
}
