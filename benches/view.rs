//! What a frame of `d2nn view` costs: from the message of the page to the bytes it gets, on one core.
//!
//! Run: `cargo bench --bench view`. The shipped device, 200 x 200 pixels, an image that changes from frame to frame as it
//! does under a brush. Medians and the slowest of a hundred are printed; the load of the machine is printed beside them.

use std::path::Path;
use std::time::Instant;

use d2nn::design::Device;
use d2nn::error::Result;
use d2nn::view::{BenchSettings, FrameRequest, MaskSettings, Table};

const ROUNDS: usize = 101;

fn measure(what: &str, table: &mut Table, request: impl Fn(usize) -> FrameRequest) -> Result<()> {
    let mut times = Vec::new();
    let mut bytes = 0;
    for round in 0..ROUNDS {
        let request = request(round);
        let began = Instant::now();
        bytes = table.frame(&request)?.len();
        times.push(1e3 * began.elapsed().as_secs_f64());
    }
    // The first frame plans what later ones use.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what:<58} {median:6.1} ms, slowest {slowest:6.1} ms, {:4} kB", bytes / 1000);
    Ok(())
}

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("layers/fashion-400ghz");
    let mut table = Table::new(Device::open(&folder)?, None, 1)?;
    // A stroke that grows.
    let frame = |round: usize| {
        let mut image = vec![0u8; 28 * 28];
        let ink = (0..28 * 28).filter(|at| (at * 7919) % ROUNDS <= round && (8..20).contains(&(at % 28)));
        ink.for_each(|at| image[at] = 255);
        FrameRequest {
            image,
            bench: BenchSettings::default(),
            fine: false,
            phase: false,
            side: false,
            network: None,
        }
    };
    let moved = |round: usize, fine: bool| {
        let mut masks = vec![MaskSettings::default(); 5];
        masks[2].x = 1e-6 * round as f64;
        FrameRequest { bench: BenchSettings { masks, ..BenchSettings::default() }, fine, ..frame(round) }
    };
    let longer = |round: usize| {
        let bench = BenchSettings { wavelength: 1e-4 * round as f64, ..BenchSettings::default() };
        FrameRequest { bench, ..frame(round) }
    };
    let table = &mut table;
    measure("1 x 1 sample a pixel: all planes, readings", table, frame)?;
    measure("... with the side view", table, |n| FrameRequest { side: true, ..frame(n) })?;
    measure("... with phases and the side view", table, |n| FrameRequest {
        side: true,
        phase: true,
        ..frame(n)
    })?;
    measure("... a mask moved for each frame", table, |n| moved(n, false))?;
    measure("... another wavelength for each frame", table, longer)?;
    measure("2 x 2 samples a pixel: all planes, readings", table, |n| FrameRequest {
        fine: true,
        ..frame(n)
    })?;
    measure("... with the side view", table, |n| FrameRequest { fine: true, side: true, ..frame(n) })?;
    measure("... a mask moved for each frame", table, |n| moved(n, true))?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".into());
    println!("load of the machine (1, 5, 15 minutes): {}", load.trim());
    Ok(())
}
