#![no_main]

#[allow(dead_code, reason = "each target uses one of the properties")]
#[path = "../../tests/it/fuzz_seeds/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::ledger(data));
