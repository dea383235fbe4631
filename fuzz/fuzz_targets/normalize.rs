#![no_main]
//! libFuzzer's door to the target `normalize`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchpost_fuzz::run("normalize", data));
