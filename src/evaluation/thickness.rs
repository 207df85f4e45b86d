//! How much of the light behind a plate a thin mask foretells.

use ndarray::{Array2, ArrayView2};

use crate::bench::{Bench, MaskPixels, Role};
use crate::element::{Element, ThinMask};
use crate::error::{Error, Result};
use crate::program::Program;
use crate::propagation::{Gap, Method, PixelModel, Propagator};
use crate::reference::Network;

/// Squared correlation C of the field behind each mask with that of a thin one, network by network: with the light of `image`
/// (values 0 to 1) that falls on it on `bench`, whose plates have a thickness.
///
/// C = |<a, b>|^2 / (<a, a> <b, b>): 1 where a thin mask is the plate but for brightness and a common phase. A thin mask stands
/// where base and relief meet, with free space in place of both. Of several beams the chief one is taken
/// ([`Bench::chief_beam`]).
///
/// # Errors
/// [`Error::Value`] for a bench of thin plates, and for values or an image that do not fit it.
pub fn thin_correlation(
    bench: &Bench,
    values: &[Array2<f32>],
    image: ArrayView2<'_, f32>,
) -> Result<Vec<f64>> {
    let Some(plate) = bench.plate else {
        return Err(Error::Value("a bench of thin plates: there is nothing to compare them with".into()));
    };
    let each = bench.arrays();
    let beams = bench.beams();
    let mut found = Vec::new();
    for network in 0..bench.networks {
        let seen = bench.in_beam(&beams[bench.chief_beam(network)]);
        let own = &values[network * each..(network + 1) * each];
        let carried = Network::new(seen.clone(), own.to_vec())?;
        let light = carried.light(image)?;
        let site = seen.site();
        let across = |distance: f64| {
            Propagator::<f32>::new(Gap {
                grid: seen.grid(),
                padded: seen.padded,
                wavelength: seen.wavelength_in_medium(),
                distance,
                method: Method::AngularSpectrum,
                pixel_model: PixelModel::Point,
                shift: (0.0, 0.0),
                carrier: (0.0, 0.0),
            })
        };
        let (base, relief) = (across(plate.base)?, across(plate.relief)?);
        let channels = seen.modulation.channels();
        for (place, (role, _)) in seen.planes().iter().enumerate() {
            let Role::Mask(mask) = *role else { continue };
            let rotation = seen.alignment.rotation(mask);
            let MaskPixels { shape, samples } = seen.pixels_of(mask);
            let thin = ThinMask::new(seen.modulation, shape, samples).turned(rotation);
            let of_mask: Vec<Array2<f64>> = own[mask * channels..(mask + 1) * channels]
                .iter()
                .map(|values| values.mapv(f64::from))
                .collect();
            let mut program = Program::default();
            thin.lower(&of_mask, &site, &mut program);
            let on_mask = base.propagate(&light.incident[place]);
            let behind = relief.propagate(&program.factors()[0].apply(&on_mask));
            found.push(behind.correlation(&light.behind[place]));
        }
    }
    Ok(found)
}
