//! `d2nn sweep`: one design in many variations, trained one after the other and compared.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;

use self::results::Results;
use super::lock::Lock;
use super::set::SetFlag;
use super::stop::Stop;
use super::train::folder::{
    check_free, default_folder, has_checkpoint, load_checkpoint, resumed, this_command,
};
use super::train::job::{Job, JobStart, SaveFlag};
use super::train::nothing_to_train;
use super::{DataFlag, ThreadsFlag, check_images, print, print_json, say};
use crate::dataset::{Dataset, Split, load};
use crate::design::Sweep;
use crate::design::folder::{DESIGN, Provenance, is_device_folder, read_provenance, read_typed};
use crate::design::sweep::Variation;
use crate::error::{Error, Result};
use crate::files::{Place, remove_temporaries};

mod picture;
mod results;

/// Files beside the folders of the devices: the table and the picture.
const FILES: [&str; 2] = ["sweep.csv", "sweep.png"];

/// Arguments of `d2nn sweep`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each combination of values becomes a device folder, and sweep.csv and sweep.png compare them. \
The same command again skips the devices that are finished and goes on with the one that was stopped. \
docs/sweep.md describes the file:

  preset = \"terahertz\"             # or design = \"my-design.toml\"
  seeds = [1, 2, 3]
  [set]
  \"mask.plate\" = \"thin\"
  \"training.epochs\" = 3
  [grid]
  \"bench.masks\" = [1, 3, 5]
  \"bench.gaps\" = [\"20 mm\", \"30 mm\"]

Examples:
  d2nn sweep masks.toml
  d2nn sweep masks.toml --out runs/quick --set training.epochs=1 --data builtin"
)]
pub struct SweepArgs {
    /// What is swept
    #[arg(value_name = "SWEEP.toml")]
    sweep: PathBuf,
    #[command(flatten)]
    data: DataFlag,
    /// Folder for the devices, sweep.csv and sweep.png (default: runs/ and the name of the file)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    set: SetFlag,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: ThreadsFlag,
    #[command(flatten)]
    save: SaveFlag,
}

/// What the folder of a device has.
enum Earlier {
    Nothing,
    Begun(JobStart),
    Finished(Box<Provenance>),
}

/// Runs `d2nn sweep`.
///
/// # Errors
/// For a wrong sweep or a wrong design in it, absent or damaged data, folders that hold something else;
/// [`Error::Interrupted`] after Ctrl-C, when everything is saved.
pub fn run(args: SweepArgs) -> Result<()> {
    let flags = [args.set.overrides(), &args.data.overrides()?].concat();
    let sweep = Sweep::read(&args.sweep, &flags).map_err(|error| args.set.told(error))?;
    for device in &sweep.devices {
        if let Some(problem) = nothing_to_train(&device.design) {
            let file = format!("{}: {}", args.sweep.display(), device.name);
            return Err(Error::Design { file, problem });
        }
        for warning in device.design.warnings.iter().chain(&device.design.idle_keys) {
            say(&format!("warning: {}: {warning}", device.name));
        }
    }
    let folder = args.out.clone().unwrap_or_else(|| default_folder(&sweep.name));
    if is_device_folder(&folder) {
        let shown = folder.display();
        return Err(Error::Usage(format!("{shown} is a device: choose a folder for many with --out")));
    }
    // To the end: two sweeps would write one table.
    let _lock = Lock::take(&folder)?;
    let _place = Place::files(&folder, FILES)?;
    let mut found = Vec::new();
    let mut datasets: Vec<Rc<Dataset>> = Vec::new();
    // All is looked at before the first training begins: what is wrong with the last device is not told after hours.
    for device in &sweep.devices {
        let dataset = args.dataset(device, &mut datasets)?;
        found.push((look(&folder.join(&device.name), device, &dataset)?, dataset));
    }
    let count = |kind: fn(&Earlier) -> bool| found.iter().filter(|(found, _)| kind(found)).count();
    let finished = count(|found| matches!(found, Earlier::Finished(_)));
    say(&format!(
        "{}: {} devices into {}, {finished} of them finished, {} begun",
        sweep.name,
        sweep.devices.len(),
        folder.display(),
        count(|found| matches!(found, Earlier::Begun(_)))
    ));
    remove_temporaries(&folder)?;
    let sample = datasets.iter().find_map(|dataset| dataset.source.warning());
    // One set of other files is enough to say so.
    let published = datasets.iter().filter_map(|dataset| dataset.published).min();
    let mut results = Results::new(&sweep, &folder, sample.is_some(), published);
    for (index, (found, _)) in found.iter().enumerate() {
        if let Earlier::Finished(provenance) = found {
            results.add(index, provenance);
        }
    }
    write(&results)?;
    // A table that cannot be written (opened elsewhere, say) does not stop the trainings: it is printed at the end.
    let mut unwritten = None;
    let stop = Stop::watch()?;
    for (index, (found, dataset)) in found.into_iter().enumerate() {
        let device = &sweep.devices[index];
        let start = match found {
            Earlier::Finished(_) => continue,
            Earlier::Begun(start) => start,
            Earlier::Nothing => JobStart::Anew,
        };
        if stop.asked() {
            return Err(Error::Interrupted(format!(
                "stopped after {} of {} devices; go on with\n  {}",
                results.finished(),
                sweep.devices.len(),
                this_command()
            )));
        }
        say(&format!("device {} of {}: {}", index + 1, sweep.devices.len(), device.name));
        let folder = folder.join(&device.name);
        let job = Job {
            lock: Lock::take(&folder)?,
            folder,
            design: device.design.clone(),
            text: device.typed.to_text()?,
            dataset,
            threads: &args.threads,
            save: &args.save,
            start,
            go_on: this_command(),
            plot_every: None,
        };
        let outcome = job.run(&stop)?;
        results.add(index, &outcome.provenance);
        unwritten = write(&results).err();
        if let Some(error) = &unwritten {
            say(&format!(
                "warning: {error}; the devices are in their folders, and the next table is tried again"
            ));
        }
        if let Some(error) = outcome.unfinished {
            return Err(error);
        }
    }
    if args.json {
        print_json(&results.as_json()?)?;
    } else {
        print(&results.report())?;
    }
    if let Some(warning) = sample {
        say(&format!("warning: {warning}"));
    }
    unwritten.map_or(Ok(()), Err)
}

impl SweepArgs {
    /// The images of `device`, read once for all devices of one data set.
    fn dataset(&self, device: &Variation, read: &mut Vec<Rc<Dataset>>) -> Result<Rc<Dataset>> {
        let set = &device.design.data;
        let dataset = match read.iter().find(|dataset| dataset.set == *set) {
            Some(dataset) => Rc::clone(dataset),
            None => {
                let source = self.data.locate(set, &Split::ALL)?;
                read.push(Rc::new(load(set, &source)?));
                Rc::clone(&read[read.len() - 1])
            }
        };
        check_images(&dataset.source, &dataset.train, &device.design)?;
        Ok(dataset)
    }
}

/// Writes `sweep.csv` and, once a device is finished, `sweep.png`.
fn write(results: &Results<'_>) -> Result<()> {
    let [table, picture] = FILES.map(|name| results.folder.join(name));
    results.write(&table)?;
    if results.finished() == 0 { Ok(()) } else { picture::draw(results, &picture) }
}

/// What an earlier sitting left of `device` in `folder`.
fn look(folder: &Path, device: &Variation, dataset: &Dataset) -> Result<Earlier> {
    if !is_device_folder(folder) {
        check_free(folder, false)?;
        return Ok(Earlier::Nothing);
    }
    let advice = "choose another --out, or take that folder away";
    if read_typed(&folder.join(DESIGN))? != device.typed {
        return Err(Error::Usage(format!(
            "{} holds another design than the sweep asks for: {advice}",
            folder.display()
        )));
    }
    let _lock = Lock::take(folder)?;
    // What is finished but for its pictures and the removal of its checkpoint is finished again.
    let provenance = if has_checkpoint(folder) { None } else { read_provenance(folder)? };
    if let Some(provenance) = provenance {
        return if provenance.data.sha256 == dataset.checksum {
            Ok(Earlier::Finished(Box::new(provenance)))
        } else {
            let shown = folder.display();
            Err(Error::Usage(format!("{shown} was trained on other images than those found: {advice}")))
        };
    }
    if has_checkpoint(folder) {
        let state = resumed(folder, load_checkpoint(folder)?, &device.typed.to_text()?, dataset)?;
        return Ok(Earlier::Begun(JobStart::Resumed(state)));
    }
    // Cut off before its first checkpoint.
    Ok(Earlier::Nothing)
}
