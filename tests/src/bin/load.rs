//! `load busy|idle DSN STORAGE_DIR`: captures without pause from two threads until it is killed, and prints the id of
//! every capture that has returned; or captures nothing and waits until nothing is left to deliver.
#![expect(clippy::print_stdout, reason = "the test that runs it reads the ids")]

use std::error::Error;
use std::time::{Duration, Instant};

use watchpost::ClientOptions;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, dsn, storage] = words.as_slice() else { return Err("load busy|idle DSN STORAGE_DIR".into()) };
    let options = ClientOptions::new().with_dsn(dsn)?.with_storage_dir(Some(storage.into()));
    let _guard = watchpost::init(options)?;
    match what.as_str() {
        "idle" => {
            let empty = watchpost::flush(Duration::from_secs(60));
            if empty { Ok(()) } else { Err("not everything was delivered within 60 s".into()) }
        }
        _ => {
            std::thread::scope(|scope| {
                scope.spawn(|| capture("a"));
                scope.spawn(|| capture("b"));
            });
            Ok(())
        }
    }
}

fn capture(thread: &str) {
    // An end of its own, in case nobody kills it.
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < Duration::from_secs(20) {
        number += 1;
        if let Some(id) = watchpost::capture_message(format!("order {number} of thread {thread}"), None) {
            println!("{id}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
