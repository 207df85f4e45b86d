//! The program `d2nn`: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match d2nn::cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            d2nn::cli::say(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
