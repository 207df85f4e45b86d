//! `cargo checks`: everything a change must pass before it is committed, one after the other.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let checks: [&[&str]; 6] = [
        &["fmt", "--all", "--check"],
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--test",
            "slow",
            "--test",
            "bare",
            "--",
            "-D",
            "warnings",
        ],
        &["check", "--no-default-features", "--example", "bare"],
        &["test"],
        &["test", "--test", "slow"],
        &["doc", "--no-deps"],
    ];
    for arguments in checks {
        println!("== cargo {}", arguments.join(" "));
        let passed = Command::new("cargo")
            .args(arguments)
            .env("RUSTDOCFLAGS", "-D warnings")
            .status()
            .is_ok_and(|s| s.success());
        if !passed {
            eprintln!("cargo {} failed", arguments.join(" "));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
