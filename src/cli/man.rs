//! `d2nn man`: the manual pages.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};

use super::{Cli, print};
use crate::error::{Error, Result};
use crate::files::{Place, write_bytes};

/// Arguments of `d2nn man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn man | man -l -                          the page of the program
  d2nn man --out ~/.local/share/man/man1       one page a command; then `man d2nn-train`")]
pub struct ManArgs {
    /// Folder for the pages of the program and of every command (without it, that of the program goes to stdout)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs `d2nn man`.
///
/// # Errors
/// When the folder cannot be written to.
pub fn run(args: &ManArgs) -> Result<()> {
    let mut program = Cli::command();
    // Gives every command its full name and the arguments it inherits.
    program.build();
    let Some(folder) = &args.out else {
        return print(&String::from_utf8_lossy(&page(&program)?));
    };
    let _place = Place::folder(folder)?;
    let mut written = Vec::new();
    write_pages(&program, "d2nn", folder, &mut written)?;
    print(&written.iter().map(|path| format!("{}\n", path.display())).collect::<String>())
}

/// The page of `command` and those of the commands below it, named `d2nn-data-fetch.1`.
fn write_pages(command: &Command, name: &str, folder: &Path, written: &mut Vec<PathBuf>) -> Result<()> {
    let path = folder.join(format!("{name}.1"));
    write_bytes(&path, &page(command)?)?;
    written.push(path);
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        write_pages(below, &format!("{name}-{}", below.get_name()), folder, written)?;
    }
    Ok(())
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page);
    rendered.map_err(|error| Error::Value(format!("cannot make a manual page: {error}")))?;
    Ok(page)
}
