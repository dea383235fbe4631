//! What arrives when things go wrong: processes that are killed, that capture faster than anybody can send, that end at once or
//! fork, and a server that is not there yet.

use std::process::Command;
use std::time::Duration;

use super::Pair;
use super::scenes::{clear, free_address, print, spool, start};
use super::sink::{Arrived, Sink, dsn};
use crate::console::line;
use crate::failure::{Failure, Result};
use crate::language::Language;

/// A way in which things go wrong: what the program does, how many events it captures, and whether it starts once more.
struct Scene {
    title: &'static str,
    task: &'static str,
    count: u64,
    /// How many events must arrive.
    must: u64,
    resumes: bool,
}

const SCENES: [Scene; 4] = [
    Scene {
        title: "delivered after SIGKILL straight after 1 capture",
        task: "kill",
        count: 1,
        must: 1,
        resumes: true,
    },
    Scene {
        title: "delivered after SIGKILL straight after 20 captures",
        task: "kill",
        count: 20,
        must: 20,
        resumes: true,
    },
    Scene {
        title: "delivered at normal exit after 200 quick captures",
        task: "exit",
        count: 200,
        must: 200,
        resumes: true,
    },
    Scene { title: "delivered of a burst of 2,000", task: "exit", count: 2_000, must: 2_000, resumes: true },
];

/// Python's own: four children and their parent capture at once.
const FORK: Scene = Scene {
    title: "delivered by 4 forked children and their parent, 20 each",
    task: "fork",
    count: 20,
    must: 100,
    resumes: false,
};

/// Runs all scenes and prints a row each.
///
/// # Errors
/// When a program fails in another way than it should.
pub(super) fn measure(language: Language, pair: &Pair, sink: &Sink) -> Result<()> {
    for scene in SCENES.iter().chain((language == Language::Python).then_some(&FORK)) {
        let mut delivered = Vec::new();
        for program in pair.sides() {
            delivered.push(run(scene, program, sink)?);
        }
        row(scene.title, &delivered, scene.must);
    }
    let mut delivered = Vec::new();
    for program in pair.sides() {
        delivered.push(outage(program)?);
    }
    row("delivered of 80 events, server down for the first 5 s", &delivered, 80);
    Ok(())
}

/// The heading of rows that have no ratio.
pub(super) fn heading(language: Language) {
    line("");
    line(format_args!("{:<58} {:>12} {:>12} {:>8}", language.name(), "watchpost", "official", ""));
}

fn run(scene: &Scene, program: &Command, sink: &Sink) -> Result<Arrived> {
    sink.take();
    let spool = spool();
    clear(&spool);
    let ended = start(program, &sink.dsn(), scene.task, scene.count, &spool);
    if scene.task != "kill" {
        ended?;
    }
    if scene.resumes {
        start(program, &sink.dsn(), "resume", 1, &spool)?;
    }
    Ok(sink.take())
}

/// The server comes up five seconds after the program.
fn outage(program: &Command) -> Result<Arrived> {
    let address = free_address()?;
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(5));
        Sink::open_at(address)
    });
    let spool = spool();
    clear(&spool);
    start(program, &dsn(address), "outage", 80, &spool)?;
    let sink = late.join().map_err(|_| Failure::new("the late server failed"))??;
    Ok(sink.take())
}

/// Each event counts once: a server knows it again by its id. How often one came again is told beside it.
fn row(title: &str, delivered: &[Arrived], must: u64) {
    let ours = delivered.first().map_or(0, |arrived| arrived.events);
    let shown: Vec<String> = delivered.iter().map(shown).collect();
    print(title, &shown, if ours == must { "kept" } else { "MISSED" });
}

fn shown(arrived: &Arrived) -> String {
    match arrived.repeated {
        0 => arrived.events.to_string(),
        again => format!("{} +{again} again", arrived.events),
    }
}
