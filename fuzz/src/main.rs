//! `fuzz-stable TARGET --seconds N`: the stable runner. Prints how many inputs ran; ends with 1 and the smallest
//! failing input if there is one.
#![expect(clippy::print_stdout, reason = "a program for a person")]

use std::process::ExitCode;
use std::time::Duration;

use watchpost_fuzz::{TARGETS, corpus, search};

fn main() -> ExitCode {
    match run() {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let usage = || {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        format!("fuzz-stable TARGET --seconds N; the targets are {}", names.join(", "))
    };
    let [name, flag, seconds] = words.as_slice() else { return Err(usage()) };
    let target = TARGETS.into_iter().find(|target| target.name == name).ok_or_else(usage)?;
    let seconds = seconds.parse().ok().filter(|_| flag == "--seconds").ok_or_else(usage)?;
    let inputs: Vec<Vec<u8>> =
        corpus(name).map_err(|error| error.to_string())?.into_iter().map(|(_, bytes)| bytes).collect();
    let ran = search(target, &inputs, Duration::from_secs(seconds))?;
    Ok(format!("{name}: {ran} inputs, every property held"))
}
