//! The program `d2nn`: parse, run, exit code.

use std::process::ExitCode;

use d2nn::cli::Cli;

fn main() -> ExitCode {
    match Cli::from_command_line().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let told = d2nn::cli::advice::told(&error, std::env::args_os());
            d2nn::cli::say(&format!("error: {told}"));
            ExitCode::from(error.exit_code())
        }
    }
}
