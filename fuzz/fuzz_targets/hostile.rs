//! All kinds of input, one at a time: `D2NN_INPUT=idx cargo +nightly fuzz run hostile`.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/inputs.rs"]
mod inputs;

fuzz_target!(|bytes: &[u8]| {
    static TAKE: OnceLock<fn(&[u8]) -> bool> = OnceLock::new();
    let take = TAKE.get_or_init(|| {
        let name = std::env::var("D2NN_INPUT").unwrap_or_default();
        let names: Vec<&str> = inputs::INPUTS.iter().map(|input| input.name).collect();
        let input = inputs::INPUTS.iter().find(|input| input.name == name);
        input.unwrap_or_else(|| panic!("D2NN_INPUT={name}: set it to one of {}", names.join(", "))).take
    });
    take(bytes);
});
