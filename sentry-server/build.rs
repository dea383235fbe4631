//! Makes sure that the folder of the built page exists, so that the server builds without it. Never runs npm.

use std::path::Path;

fn main() {
    let dist = Path::new("ui").join("dist");
    println!("cargo:rerun-if-changed=ui/dist");
    if let Err(error) = std::fs::create_dir_all(&dist) {
        // A package from a registry lies in a read-only folder, and has its page built in.
        println!("cargo:warning=cannot make {}: {error}", dist.display());
    }
}
