//! Link flags of the addon.

fn main() {
    napi_build::setup();
    // Node unloads an addon when the worker that loaded it ends; our threads and fork handlers live on.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
