//! The program `d2nn`: parse, run, exit code.

fn main() {}
