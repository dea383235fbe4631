//! Link flags of the native library.

fn main() {
    // The worker thread and the fork handler outlive any attempt to unload the library.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
