#![no_main]
//! libFuzzer's door to the target `search`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchpost_fuzz::run("search", data));
