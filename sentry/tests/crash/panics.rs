//! A program whose panics abort the process. `aborting.rs` builds it that way, with the library it uses.

use std::path::PathBuf;

use watchpost::ClientOptions;

fn main() {
    let folder = std::env::var_os("FOLDER").map(PathBuf::from);
    let options = ClientOptions::new().with_dsn("http://key@127.0.0.1:9/1").unwrap();
    let options = options.with_release("shop@1").with_storage_dir(folder);
    let _guard = watchpost::init(options).unwrap();
    match std::env::var("HOW").as_deref() {
        Ok("thread") => {
            let thread = std::thread::Builder::new().name("importer".into()).spawn(close_the_day).unwrap();
            thread.join().unwrap();
        }
        _ => close_the_day(),
    }
}

#[inline(never)]
fn close_the_day() {
    panic!("the day cannot be closed");
}
