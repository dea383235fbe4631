//! `cargo xtask soak`: the second tier, for what takes hours and chance instead of one run.

mod frameworks;
mod fuzz;
mod requests;

use std::process::Command;
use std::time::Duration;

use crate::counts::{Counts, Dialect};
use crate::failure::{Failure, Result};
use crate::repo;
use crate::step::{Log, Outcome, Runner};
use crate::suite::{Clients, build_server, compat};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    parts: Vec<&'static str>,
    rounds: Option<u32>,
    requests: u32,
    minutes: u32,
    targets: Vec<String>,
}

const PARTS: [&str; 9] =
    ["kills", "storm", "fuzz", "fork", "memory", "compat", "requests", "loom", "frameworks"];

const USAGE: &str = "\
cargo xtask soak [PART...] [--rounds N] [--requests N] [--minutes N] [--target NAME]...

  kills     processes SIGKILLed at a random moment under load, then everything looked for (1000 rounds)
  storm     the server SIGKILLed at random under load, and as many power cuts, then every count compared (100 rounds)
  fuzz      each fuzz target for so many minutes (10), or those named by --target
  fork      the tests that fork, kill and adopt, again and again (20 rounds)
  memory    100,000 captures, with what is resident after each tenth
  compat    every version of the real clients against the server
  requests  100,000 requests each to an Express and a Flask application, with what is resident after each tenth
  loom      the models of the lock-free parts, with every interleaving that takes up to four preemptions
  frameworks
            the Python and the Node tests with every framework and server that there is an integration for
  without a PART all of them";

/// Runs the parts that `words` name.
///
/// # Errors
/// When one of them fails; the closing line is then already printed.
pub fn run(words: &[String]) -> Result<()> {
    let plan = Plan::parse(words)?;
    let mut runner = Runner::new(repo::in_ci());
    for part in &plan.parts {
        match *part {
            "kills" => {
                runner.step("kills", |log| kills(log, plan.rounds.unwrap_or(1000)));
            }
            "storm" => {
                runner.step("storm", |log| storm(log, plan.rounds.unwrap_or(100)));
            }
            "fuzz" => {
                fuzz::run(&mut runner, &plan.targets, Duration::from_secs(u64::from(plan.minutes) * 60))
            }
            "fork" => fork(&mut runner, plan.rounds.unwrap_or(20)),
            "memory" => {
                runner.step("memory", memory);
            }
            "compat" => {
                if runner.step("server", |log| build_server(log).map(|()| Outcome::one())) {
                    compat(&mut runner, Clients::All);
                }
            }
            "requests" => {
                runner.step("requests of Express", |log| requests::express(log, plan.requests));
                runner.step("requests of Flask", |log| requests::flask(log, plan.requests));
            }
            "loom" => {
                runner.step("loom", loom);
            }
            _ => {
                runner.step("frameworks python", frameworks::python);
                runner.step("frameworks node", frameworks::node);
            }
        }
    }
    if runner.finish() { Ok(()) } else { Err(Failure::silent()) }
}

fn kills(log: &Log, rounds: u32) -> Result<Outcome> {
    build_server(log)?;
    // Each round takes a process's start and a server's; a slow machine gets ten times of that.
    let log = log.within(Duration::from_secs(u64::from(rounds) * 20 + 1800));
    log.tests(soak("kills").env("WATCHPOST_SOAK_ROUNDS", rounds.to_string()), Dialect::Cargo)
}

fn storm(log: &Log, rounds: u32) -> Result<Outcome> {
    // Each round, and each power cut, takes a server's start and less than a second; a slow machine gets ten times that.
    let log = log.within(Duration::from_secs(u64::from(rounds) * 40 + 1800));
    let mut storm = cargo();
    storm.args(["test", "--package", "watchpost-server", "--test", "storm", "--test", "power"]);
    log.tests(storm.env("WATCHPOST_SOAK_ROUNDS", rounds.to_string()), Dialect::Cargo)
}

fn memory(log: &Log) -> Result<Outcome> {
    log.within(Duration::from_secs(2 * 3600)).tests(&mut soak("memory_is_flat"), Dialect::Cargo)
}

fn loom(log: &Log) -> Result<Outcome> {
    let mut models = cargo();
    models.args(["test", "--package", "watchpost-loom"]).env("WATCHPOST_SOAK_LOOM", LOOM_PREEMPTIONS);
    log.within(Duration::from_secs(2 * 3600)).tests(&mut models, Dialect::Cargo)
}

fn fork(runner: &mut Runner, rounds: u32) {
    for (package, test) in
        [("watchpost-transport", "fork"), ("watchpost-transport", "kill"), ("watchpost-spool", "crash")]
    {
        runner.step(&format!("{test} x{rounds}"), |log| {
            for _ in 0..rounds {
                // By its exit alone: two of them are programs without the test harness, which count nothing.
                log.run(cargo().args(["test", "--package", package, "--test", test]))?;
            }
            Ok(Outcome::Ran(Counts { passed: u64::from(rounds), ..Counts::default() }))
        });
    }
}

/// `cargo xtask test` has three.
const LOOM_PREEMPTIONS: &str = "4";

fn soak(test: &str) -> Command {
    let mut command = cargo();
    command.args([
        "test",
        "--package",
        "watchpost-tests",
        "--test",
        "soak",
        "--",
        "--exact",
        "--nocapture",
        test,
    ]);
    command
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repo::root());
    command
}

impl Plan {
    fn parse(words: &[String]) -> Result<Self> {
        let mut plan =
            Self { parts: Vec::new(), rounds: None, requests: 100_000, minutes: 10, targets: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|text| text.parse().ok()).filter(|number| *number > 0);
            match word.as_str() {
                "--rounds" => plan.rounds = Some(number().ok_or(USAGE)?),
                "--requests" => plan.requests = number().ok_or(USAGE)?,
                "--minutes" => plan.minutes = number().ok_or(USAGE)?,
                "--target" => plan.targets.push(words.next().ok_or(USAGE)?.clone()),
                part => {
                    let known = PARTS.into_iter().find(|known| *known == part);
                    let part = known.ok_or_else(|| format!("soak knows no {part:?}\n\n{USAGE}"))?;
                    plan.parts.push(part);
                }
            }
        }
        if plan.parts.is_empty() {
            plan.parts = if plan.targets.is_empty() { PARTS.to_vec() } else { vec!["fuzz"] };
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Plan> {
        Plan::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn parts_and_numbers_are_read() {
        let plan = parse("kills fuzz --rounds 30 --minutes 2").unwrap();
        assert_eq!((plan.parts, plan.rounds, plan.minutes), (vec!["kills", "fuzz"], Some(30), 2));
        assert_eq!(parse("requests --requests 1000000").unwrap().requests, 1_000_000);
        assert_eq!(parse("").unwrap().parts, PARTS);
        assert_eq!(parse("--target dsn").unwrap().parts, ["fuzz"]);
    }

    #[test]
    fn what_is_not_understood_is_answered_with_the_usage() {
        for wrong in ["sleep", "--rounds", "--rounds x", "kills --minutes 0"] {
            assert!(parse(wrong).unwrap_err().to_string().contains(USAGE), "{wrong}");
        }
    }
}
