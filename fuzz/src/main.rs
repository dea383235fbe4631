//! `fuzz-stable TARGET --seconds N [--failures FOLDER]`: the stable runner. Prints how many inputs ran; ends with 1 if
//! one fails, and leaves the smallest such input in the folder.
#![expect(clippy::print_stdout, reason = "a program for a person")]

use std::path::Path;
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
        let names = names.join(", ");
        format!("fuzz-stable TARGET --seconds N [--failures FOLDER]; the targets are {names}")
    };
    let (name, seconds, folder) = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [name, "--seconds", seconds] => (name, seconds, None),
        [name, "--seconds", seconds, "--failures", folder] => (name, seconds, Some(folder)),
        _ => return Err(usage()),
    };
    let target = TARGETS.into_iter().find(|target| target.name == name).ok_or_else(usage)?;
    let time = Duration::from_secs(seconds.parse().map_err(|_| usage())?);
    let inputs: Vec<Vec<u8>> =
        corpus(name).map_err(|error| error.to_string())?.into_iter().map(|(_, bytes)| bytes).collect();
    let found = match search(target, &inputs, time) {
        Ok(ran) => return Ok(format!("{name}: {ran} inputs, every property held")),
        Err(found) => found,
    };
    let place = folder.map(|folder| Path::new(folder).join(format!("{name}-smallest")));
    let kept = place.map(|place| match std::fs::write(&place, &found.input) {
        Ok(()) => place.display().to_string(),
        Err(error) => error.to_string(),
    });
    Err(format!("{name}: {}\n{:?}\n{}", found.why, found.input, kept.unwrap_or_default()))
}
