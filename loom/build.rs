//! Says in this crate alone that its files are compiled for a model.

fn main() {
    println!("cargo::rustc-cfg=watchpost_loom");
    println!("cargo::rerun-if-changed=build.rs");
}
