//! `d2nn report`: all about a device on one page.

use std::path::PathBuf;

use clap::Args;

use super::stop::Stop;
use super::{DataFlag, ModifiedFlag, ThreadsFlag, print};
use crate::dataset::Split;
use crate::design::folder::REPORT;
use crate::error::{Error, Result};
use crate::files::{Place, write_bytes};
use crate::plots::report::Page;

mod answers;
mod examples;
mod figured;
mod figures;
mod making;
mod overview;
mod robustness;
mod so_far;
mod words;

use figures::{Figures, Gathered, ReportPart};

/// Arguments of `d2nn report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn report layers/fashion-400ghz
  d2nn report runs/fashion-400ghz --out boots.html --limit 1000
  d2nn report runs/fashion-400ghz --quick

One HTML file that needs no other file and no network. docs/report.md says what stands in it.")]
pub struct ReportArgs {
    /// Device folder
    device: PathBuf,
    #[command(flatten)]
    modified: ModifiedFlag,
    /// The file (default: report.html in the device folder)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Judge by the first N test images only
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Leave out convergence and tolerance
    #[arg(long)]
    quick: bool,
    /// Leave out the convergence table
    #[arg(long)]
    no_convergence: bool,
    /// Leave out the tolerance tables
    #[arg(long)]
    no_tolerance: bool,
    #[command(flatten)]
    data: DataFlag,
    #[command(flatten)]
    threads: ThreadsFlag,
}

/// Runs `d2nn report`.
///
/// # Errors
/// For a damaged device, absent or damaged data, an empty choice of images and a file that cannot be written;
/// [`Error::Interrupted`] after Ctrl-C, when what was judged is told.
pub fn run(args: ReportArgs) -> Result<()> {
    let device = args.modified.open(&args.device)?;
    let path = args.out.clone().unwrap_or_else(|| args.device.join(REPORT));
    if args.limit == Some(0) {
        return Err(Error::Usage("--limit 0: there must be at least one image".into()));
    }
    let _place = Place::file(&path)?;
    let shown = args.data.load(&device.design, Split::Test)?;
    let mut parts = Vec::new();
    if !(args.quick || args.no_convergence) {
        parts.push(ReportPart::Convergence);
    }
    if !(args.quick || args.no_tolerance) {
        parts.push(ReportPart::Tolerance);
    }
    let stop = Stop::watch_judging()?;
    let figures = match Figures::gather(&device, &shown, args.limit, &parts, &args.threads, &stop)? {
        Gathered::Whole(figures) => figures,
        Gathered::Stopped(so_far) => {
            print(&so_far.text(&device, &shown))?;
            let told = so_far.describe();
            return Err(Error::Interrupted(format!("{told}; {} is not written", path.display())));
        }
    };
    write_bytes(&path, page(&figures)?.html().as_bytes())?;
    print(&format!("{}\n", path.display()))
}

/// The report on `figures`.
fn page(figures: &Figures<'_>) -> Result<Page> {
    Ok(Page {
        title: figures.device.design.name.clone(),
        head: overview::head(figures),
        sections: vec![
            overview::data_sheet(figures),
            answers::accuracy(figures)?,
            answers::confusion(figures),
            answers::energy(figures),
            examples::masks(figures)?,
            examples::light(figures)?,
            examples::formed_images(figures)?,
            examples::mistakes(figures)?,
            robustness::convergence(figures),
            robustness::tolerance(figures)?,
            making::printing(figures)?,
            making::training(figures)?,
            making::colophon(figures),
        ],
        foot: overview::foot(),
    })
}
