//! Notes which compiler builds the crate, as programs cannot ask later.

use std::process::Command;

fn main() {
    println_for_cargo("rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok();
    let text = output.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    println_for_cargo(&format!("rustc-env=WATCHPOST_RUSTC={}", text.trim()));
    let target = std::env::var("TARGET").unwrap_or_default();
    println_for_cargo(&format!("rustc-env=WATCHPOST_TARGET={target}"));
}

fn println_for_cargo(instruction: &str) {
    println!("cargo:{instruction}");
}
