//! Many requests to an Express and to a Flask application with Watchpost: at rest, neither must have become larger.

use std::io::Write as _;
use std::path::Path;

use crate::bench::{Application, Sink};
use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::setup::node_modules;
use crate::step::{Log, Outcome};
use crate::{process, repo, suite};

/// The Express application.
pub(super) fn express(log: &Log, requests: u32) -> Result<Outcome> {
    suite::install(Language::Node, log)?;
    node_modules("benches/node", log.path())?;
    run(log, requests, "express", |dsn, spool| Application::start("ours", dsn, spool, "0"))
}

/// The Flask application.
pub(super) fn flask(log: &Log, requests: u32) -> Result<Outcome> {
    suite::install(Language::Python, log)?;
    run(log, requests, "flask", Application::start_flask)
}

/// Sends so many requests, a tenth of which fails and is captured, and compares what is resident after each tenth of
/// them, with garbage collected and everything delivered.
fn run(
    log: &Log,
    requests: u32,
    name: &str,
    start: impl FnOnce(&str, &Path) -> Result<Application>,
) -> Result<Outcome> {
    let sink = Sink::open()?;
    let spool = repo::cache("soak/requests").join(name);
    let _ = std::fs::remove_dir_all(&spool);
    let application = start(&sink.dsn(), &spool)?;
    let mut resident = Vec::new();
    let groups = (requests / PER_GROUP).max(10);
    for group in 1..=groups {
        application.load("/orders/", 200, PER_GROUP - FAILING)?;
        application.load("/broken/", 500, FAILING)?;
        if group * 10 / groups > (group - 1) * 10 / groups {
            resident.push(application.at_rest()?.resident_kb);
            note(log.path(), &resident)?;
        }
    }
    let (arrived, captured) = (sink.take(), u64::from(groups * FAILING));
    if (arrived.events, arrived.repeated) != (captured, 0) {
        let what = format!("{} events arrived, {} came again", arrived.events, arrived.repeated);
        return Err(Failure::new(format!("{captured} captures, but {what}")));
    }
    flat(&resident)?;
    Ok(Outcome::one())
}

/// What is resident of late is within a twentieth of what was after a few tenths; of each the median of three, as garbage
/// is never collected whole.
fn flat(resident: &[u64]) -> Result<()> {
    let middle = |from: usize| {
        let mut three = resident.get(from..from + 3)?.to_vec();
        three.sort_unstable();
        three.get(1).copied()
    };
    let (Some(early), Some(late)) = (middle(1), resident.len().checked_sub(3).and_then(middle)) else {
        return Err(Failure::new("too few samples"));
    };
    if late * 100 <= early * 105 {
        return Ok(());
    }
    Err(Failure::new(format!("{early} kB resident early on, {late} kB at the end: {resident:?}")))
}

fn note(path: &Path, resident: &[u64]) -> Result<()> {
    let mut log = process::appending(path)?;
    Ok(writeln!(log, "resident kB after each tenth: {resident:?}")?)
}

const PER_GROUP: u32 = 200;
const FAILING: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_from_noise() {
        assert!(flat(&[50, 100, 90, 120, 110, 105, 130, 80]).is_ok());
        assert!(flat(&[50, 100, 90, 120, 110, 106, 130, 80]).is_err());
        assert!(flat(&[100, 100]).is_err());
    }
}
