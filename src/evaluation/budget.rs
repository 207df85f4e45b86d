//! Where the light goes: a power budget from the object to the detector.

use ndarray::{Array2, Axis};

use crate::bench::{Bench, Role};
use crate::dataset::Images;
use crate::error::{Error, Result};
use crate::reference::Instrument;

/// Shares of the power of the object, means over images. They add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerBudget {
    /// Lost in each gap: past the next plane or the mask that stands there, or in waves that do not travel.
    pub past: Vec<f64>,
    /// Absorbed in each mask, base included; with a thickness also reflected at its faces.
    pub absorbed: Vec<f64>,
    /// Taken by each of the other optics ([`Bench::optics`]): stopped, absorbed or reflected.
    pub optics: Vec<f64>,
    /// Collected by the detector regions.
    pub regions: f64,
    /// On the detector plane beside the regions.
    pub beside: f64,
}

impl PowerBudget {
    /// The budget of masks of `values` on `bench`, the mean over its networks and beams, for the images with `indices`; black ones do not count.
    ///
    /// Reflection at the faces of thin plates is not in it: it is not simulated.
    ///
    /// # Errors
    /// [`Error::Value`] when the parts do not fit together or there is no light at all.
    pub fn of(bench: &Bench, values: &[Array2<f32>], images: &Images, indices: &[usize]) -> Result<Self> {
        let instrument = Instrument::<f32>::new(bench, values)?;
        let (masks, planes) = (bench.masks(), bench.planes());
        let mut sum = PowerBudget {
            past: vec![0.0; masks + 1],
            absorbed: vec![0.0; masks],
            optics: vec![0.0; bench.optics.len()],
            regions: 0.0,
            beside: 0.0,
        };
        let mut lit = 0.0;
        let beams = instrument.beams();
        for (&index, (beam, network)) in
            indices.iter().flat_map(|index| beams.iter().map(move |b| (index, b)))
        {
            let image = images.batch(&[index]);
            let light = network.light(image.index_axis(Axis(0), 0))?;
            let entering = light.object.power();
            if entering <= 0.0 {
                continue;
            }
            // Shares of this beam's light count by the beam's share of it.
            lit += beam.share;
            let entering = entering / beam.share;
            let (mut leaving, mut gap) = (entering, 0);
            for ((role, _), (incident, behind)) in planes.iter().zip(light.incident.iter().zip(&light.behind))
            {
                let beside = match *role {
                    Role::Mask(mask) => bench.power_beside(mask, incident),
                    Role::Optic(_) | Role::Gap => 0.0,
                };
                let (arriving, behind) = (incident.power() - beside, behind.power());
                sum.past[gap] += (leaving - arriving) / entering;
                match *role {
                    Role::Mask(mask) => {
                        sum.absorbed[mask] += (arriving - behind) / entering;
                        gap = mask + 1;
                    }
                    Role::Optic(number) => sum.optics[number] += (arriving - behind) / entering,
                    Role::Gap => {}
                }
                leaving = behind;
            }
            let arriving = light.detector.power();
            let read =
                bench.detector.readings(&light.detector).into_iter().step_by(bench.detector.told_apart());
            let collected: f64 = read.sum();
            sum.past[masks] += (leaving - arriving) / entering;
            sum.regions += collected / entering;
            sum.beside += (arriving - collected) / entering;
        }
        if lit == 0.0 {
            return Err(Error::Value("no image with light for a power budget".into()));
        }
        let parts = sum.past.iter_mut().chain(&mut sum.absorbed).chain(&mut sum.optics);
        for share in parts.chain([&mut sum.regions, &mut sum.beside]) {
            *share /= lit;
        }
        Ok(sum)
    }
}
