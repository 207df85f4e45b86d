//! `d2nn completions`: what a shell must know to complete the command line.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::{Cli, print};
use crate::error::Result;

/// Arguments of `d2nn completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn completions bash > ~/.local/share/bash-completion/completions/d2nn
  d2nn completions zsh > ~/.zfunc/_d2nn          # with fpath+=~/.zfunc before compinit in .zshrc
  d2nn completions fish > ~/.config/fish/completions/d2nn.fish
  d2nn completions powershell >> $PROFILE
  d2nn completions elvish >> ~/.config/elvish/rc.elv")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: ShellName,
}

/// Shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

/// Runs `d2nn completions`.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<()> {
    let shell = match args.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
        ShellName::Powershell => Shell::PowerShell,
        ShellName::Elvish => Shell::Elvish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "d2nn", &mut script);
    print(&String::from_utf8_lossy(&script))
}
