//! Millions of hostile inputs: `cargo run -p studies --bin hostile -- --cases 1000000`.
//!
//! Each kind runs in a process of its own, whose peak memory is measured. The inputs are those of `tests/it/hostile.rs`,
//! further on. A panic ends it with the number of the case, which `--first` begins at again.

// An example is no library: what goes wrong here may end it.
#![expect(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use inputs::{INPUTS, Input};
use mutations::Mutations;

#[path = "../../tests/support/inputs.rs"]
mod inputs;
#[path = "../../tests/support/mutations.rs"]
mod mutations;

#[derive(Parser)]
struct Arguments {
    /// Cases of each kind
    #[arg(long, default_value_t = 1_000_000)]
    cases: u64,
    /// Number of the first
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Seed of all cases
    #[arg(long, default_value_t = 2)]
    seed: u64,
    /// Only this kind, in this process
    #[arg(long)]
    kind: Option<String>,
    /// Write sound inputs of all kinds into this folder, for `cargo fuzz`, and do no more
    #[arg(long)]
    corpus: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(folder) = arguments.corpus {
        for input in INPUTS {
            let folder = folder.join(input.name);
            std::fs::create_dir_all(&folder).unwrap();
            for (number, seed) in (input.seeds)().iter().enumerate() {
                std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
            }
        }
        return ExitCode::SUCCESS;
    }
    if let Some(kind) = &arguments.kind {
        let input = INPUTS.iter().find(|input| input.name == kind);
        return run(&arguments, input.unwrap_or_else(|| panic!("no kind of input is called {kind}")));
    }
    println!("kind,cases,accepted,refused,seconds,peak_mb,limit_mb");
    let mut failed = false;
    for input in INPUTS {
        let text = |number: u64| number.to_string();
        let words = [text(arguments.cases), text(arguments.first), text(arguments.seed)];
        let program = std::env::current_exe().unwrap();
        let status = Command::new(program)
            .args(["--kind", input.name, "--cases", &words[0], "--first", &words[1], "--seed", &words[2]])
            .status();
        failed |= !status.unwrap().success();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn run(arguments: &Arguments, input: &Input) -> ExitCode {
    let (began, seeds) = (Instant::now(), (input.seeds)());
    let mut accepted = 0;
    for case in arguments.first..arguments.first + arguments.cases {
        let bytes = Mutations::new(arguments.seed, case).hostile(&seeds);
        match std::panic::catch_unwind(|| (input.take)(&bytes)) {
            Ok(sound) => accepted += u64::from(sound),
            Err(_) => {
                eprintln!("{}: case {case} of seed {} panics", input.name, arguments.seed);
                return ExitCode::FAILURE;
            }
        }
    }
    let peak = peak().map_or_else(|| "unknown".into(), |peak| (peak >> 20).to_string());
    println!(
        "{},{},{accepted},{},{:.0},{peak},{}",
        input.name,
        arguments.cases,
        arguments.cases - accepted,
        began.elapsed().as_secs_f64(),
        input.most >> 20
    );
    let within = self::peak().is_none_or(|peak| peak <= input.most);
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Most memory this process has had, bytes, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
