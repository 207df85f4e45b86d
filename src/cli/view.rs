//! `d2nn view`: a device on a page in the browser.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

use super::{DataFlag, ModifiedFlag, SimulationFlags, ThreadsFlag, print, say};
use crate::dataset::Split;
use crate::error::{Error, Result};
use crate::view::{Server, Table};

/// Arguments of `d2nn view`.
#[derive(Debug, Args)]
#[command(
    after_help = "The page is for the browsers of this machine alone: it is served on 127.0.0.1, and requests that name
another host or come from another page are refused. Ctrl-C ends it. docs/view.md says what it shows.

Examples:
  d2nn view layers/fashion-400ghz --open
  d2nn view runs/fashion-400ghz --port 8080 --extinction-coefficient 0.01"
)]
pub struct ViewArgs {
    /// Device folder
    device: PathBuf,
    #[command(flatten)]
    modified: ModifiedFlag,
    /// Port to listen at (0: any free one)
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    simulation: SimulationFlags,
    #[command(flatten)]
    data: DataFlag,
    #[command(flatten)]
    threads: ThreadsFlag,
}

/// Runs `d2nn view`.
///
/// # Errors
/// For a damaged device, data that was asked for and is not there, and a port that is taken.
pub fn run(args: ViewArgs) -> Result<()> {
    let device = args.modified.open_as(&args.device, &args.simulation)?;
    args.threads.check()?;
    let images = match args.data.load(&device.design, Split::Test) {
        Ok(shown) => Some(shown.images),
        Err(error) if args.data.data.is_some() => return Err(error),
        Err(error) => {
            // One can draw all the same.
            say(&format!("no test images to choose from: {error}"));
            None
        }
    };
    let table = Table::new(device, images, args.threads.threads)?;
    let server = Server::bind(table, args.port).map_err(|error| match &error {
        Error::Io { source, .. } if source.kind() == ErrorKind::AddrInUse => Error::Usage(format!(
            "--port {}: another program listens there; name another port, or leave it out for any free one",
            args.port
        )),
        _ => error,
    })?;
    let stopper = server.stopper();
    ctrlc::set_handler(move || stopper.stop())
        .map_err(|error| Error::Value(format!("cannot watch for Ctrl-C: {error}")))?;
    let address = format!("http://{}/", server.address());
    print(&format!("{address}\n"))?;
    say("showing the device there until Ctrl-C");
    if args.open {
        open(&address);
    }
    server.run();
    Ok(())
}

/// Opens `address` in a browser; without one the user still has the address.
fn open(address: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        // Waited for beside the server, so that no dead process stays.
        Ok(mut child) => drop(std::thread::spawn(move || child.wait())),
        Err(error) => {
            say(&format!("no browser could be opened ({program}: {error}): open the address yourself"))
        }
    }
}
