//! `cargo xtask bench`: captures measured beside the official SDK, in one run, with both sides taking turns.

mod build;
mod delivery;
mod express;
mod flask;
mod instructions;
mod scenes;
mod server;
mod sink;
mod table;
mod web;

use std::process::Command;

use serde_json::Value;

use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::language::Language;
use crate::{process, repo};
use table::Table;

pub use express::{Application, Cost};
pub use sink::Sink;

const LANGUAGES: [Language; 3] = [Language::Rust, Language::Python, Language::Node];

/// The two programs of a language that run the same case.
#[derive(Debug)]
struct Pair {
    ours: Command,
    peer: Command,
}

impl Pair {
    fn sides(&self) -> [&Command; 2] {
        [&self.ours, &self.peer]
    }
}

/// Measures the named languages, or all three; `--quick` leaves out what takes minutes. `instructions` counts
/// instructions instead, `delivery` only looks at what arrives, `server` measures the server.
///
/// # Errors
/// When a side cannot be built or run, or loses an event: a figure with losses in it means nothing. The same for figures of
/// another profile than the one that is shipped.
pub fn run(words: &[String]) -> Result<()> {
    if let Some(name) = std::env::vars().map(|(name, _)| name).find(|name| name.starts_with(PROFILE)) {
        return Err(Failure::new(format!(
            "{name} is set: what is measured would be built otherwise than it is shipped; unset it"
        )));
    }
    if words.first().is_some_and(|word| word == "instructions") {
        return instructions::run(words.iter().any(|word| word == "--write"));
    }
    if words.first().is_some_and(|word| word == "server") {
        return server::run(&words[1..]);
    }
    if words.first().is_some_and(|word| word == "delivery") {
        return delivered(&chosen(&words[1..])?);
    }
    let quick = words.iter().any(|word| word == "--quick");
    let words: Vec<String> = words.iter().filter(|word| *word != "--quick").cloned().collect();
    let languages = chosen(&words)?;
    let sink = Sink::open()?;
    for language in languages {
        line(format_args!("bench: building both sides for {language}"));
        let mut pair = build::pair(language)?;
        let mut table = rounds(language, &mut pair, &sink)?;
        let rust = language == Language::Rust;
        if rust && !quick {
            scenes::compare(&pair, &sink, &mut table)?;
        }
        if !rust {
            scenes::spans(&pair, &sink, &mut table)?;
        }
        scenes::starts(&pair, &mut table)?;
        table.print(language);
        if rust && !quick {
            scenes::apart(&pair, &sink)?;
        } else if !quick {
            delivery::heading(language);
        }
        if !quick {
            delivery::measure(language, &pair, &sink)?;
        }
        if language == Language::Python && !quick {
            web::measure(&sink)?;
        }
        if language == Language::Node && !quick {
            express::measure()?;
        }
    }
    Ok(())
}

/// The rows of what arrives alone, which a busy machine does not change.
fn delivered(languages: &[Language]) -> Result<()> {
    let sink = Sink::open()?;
    for language in languages {
        let pair = build::pair(*language)?;
        delivery::heading(*language);
        delivery::measure(*language, &pair, &sink)?;
    }
    Ok(())
}

fn chosen(words: &[String]) -> Result<Vec<Language>> {
    if words.is_empty() {
        return Ok(LANGUAGES.to_vec());
    }
    let known = |word: &String| {
        Language::parse(word).filter(|language| LANGUAGES.contains(language)).ok_or_else(|| {
            Failure::new(format!("bench knows no {word:?}; it knows rust, python, node, server"))
        })
    };
    words.iter().map(known).collect()
}

fn rounds(language: Language, pair: &mut Pair, sink: &Sink) -> Result<Table> {
    let mut table = Table::default();
    for round in 0..ROUNDS {
        let (mut ours, mut peer) = if round % 2 == 0 {
            let ours = once(language, &mut pair.ours, sink)?;
            (ours, once(language, &mut pair.peer, sink)?)
        } else {
            let peer = once(language, &mut pair.peer, sink)?;
            (once(language, &mut pair.ours, sink)?, peer)
        };
        peer["wire_gzip"] = ours["gzip"].take();
        table.add(&ours, &peer);
    }
    Ok(table)
}

/// One round of one side: its own figures, and what arrived.
fn once(language: Language, program: &mut Command, sink: &Sink) -> Result<Value> {
    sink.take();
    let spool = repo::cache("bench/spool").join(language.name());
    let _ = std::fs::remove_dir_all(&spool);
    let mut command = again(program);
    command.arg(sink.dsn()).arg(CAPTURES.to_string()).arg(&spool);
    let said = process::output(&mut command)?;
    let last = said.lines().last().unwrap_or_default();
    let mut figures: Value = serde_json::from_str(last).context(format_args!("the figures {last:?}"))?;
    let arrived = sink.take();
    let captures = figures["captures"].as_u64().unwrap_or(0);
    if captures == 0 || arrived.events != captures {
        return Err(Failure::new(format!("{captures} captures, but {} events arrived", arrived.events)));
    }
    figures["wire"] = (arrived.wire_bytes / captures).into();
    let (wire, gzip) = arrived.beside_gzip();
    figures["wire_gzip"] = wire.into();
    figures["gzip"] = gzip.into();
    figures["bytes"] = (arrived.bytes / captures).into();
    Ok(figures)
}

/// The same program, to be started once more.
fn again(program: &Command) -> Command {
    let mut command = Command::new(program.get_program());
    command.args(program.get_args());
    for (key, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    command
}

/// Quick builds for tests are asked for by variables of this name.
const PROFILE: &str = "CARGO_PROFILE_RELEASE_";
const ROUNDS: usize = 11;
const CAPTURES: u32 = 100;
