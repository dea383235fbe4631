//! Processes that are killed while they capture, and whether anything of theirs is missing afterwards.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use xtask::console::line;
use xtask::{Context as _, Failure, Language, Result};

use crate::Scene;

/// What a run of kills saw.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kills {
    /// How many processes were killed.
    pub rounds: usize,
    /// How many of their captures had returned; all of them are stored.
    pub captured: usize,
    /// How many events are stored: those, and some whose capture was about to return.
    pub stored: usize,
}

/// Runs the program `load` `rounds` times, each time killed by SIGKILL at a random moment, the server up in every
/// other one; then once more without captures of its own, to deliver the rest.
///
/// # Errors
/// When a capture that had returned is not stored, or an event is stored twice.
pub fn kill_under_load(name: &str, rounds: usize, load: &Path) -> Result<Kills> {
    let scene = Scene::new(name, Language::Rust)?;
    let mut captured = Vec::new();
    for round in 0..rounds {
        let server = if round % 2 == 1 { Some(scene.server_up()?) } else { None };
        let moment = Duration::from_millis(random() % LONGEST_LIFE_MILLIS);
        let before = captured.len();
        captured.extend(until_killed(&scene, load, moment)?);
        line(format_args!(
            "round {round}: killed after {moment:?}, {} captures had returned",
            captured.len() - before
        ));
        drop(server);
    }
    let server = scene.server_up()?;
    // A flush ends early when an attempt fails or the server asks for a pause; what waits is durable, so the next
    // start goes on with it.
    let mut tries = 1;
    while !start(&scene, load, "idle")?.wait()?.success() {
        line(format_args!("run {tries} without captures did not deliver everything"));
        if tries == MOST_TRIES {
            return Err(Failure::new(format!("{tries} runs did not deliver everything")));
        }
        tries += 1;
    }
    let stored = scene.all_stored_once(&captured)?;
    server.stop();
    line(format_args!("{} captures had returned, {stored} are stored", captured.len()));
    Ok(Kills { rounds, captured: captured.len(), stored })
}

/// Captures without pause until SIGKILL; answers the ids of all captures that had returned.
fn until_killed(scene: &Scene, load: &Path, after: Duration) -> Result<Vec<String>> {
    let mut child = start(scene, load, "busy")?;
    let out = child.stdout.take().ok_or("the program has no output")?;
    let mut lines = BufReader::new(out).lines();
    let first = lines.next().ok_or("the program ended before it captured")??;
    let reader = std::thread::spawn(move || {
        // A line that was cut off by the kill ends without a line break; its capture had returned all the same.
        lines.map_while(std::result::Result::ok).filter(|id| id.len() == 32).collect::<Vec<_>>()
    });
    std::thread::sleep(after);
    child.kill()?;
    child.wait()?;
    let mut ids = reader.join().map_err(|_| "the reader of the output panicked")?;
    ids.push(first);
    Ok(ids)
}

fn start(scene: &Scene, load: &Path, what: &str) -> Result<Child> {
    Command::new(load)
        .args([what, &scene.project().dsn])
        .arg(scene.spool())
        .env("SENTRY_DEBUG", if what == "idle" { "1" } else { "0" })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .at(load)
}

fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// How many runs may deliver what the killed ones left.
const MOST_TRIES: u32 = 5;
const LONGEST_LIFE_MILLIS: u64 = 250;
