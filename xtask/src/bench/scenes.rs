//! What not all programs are put through: spans, and in Rust many threads, many places and many captures.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::sink::{Arrived, Sink, dsn};
use super::table::Table;
use super::{CAPTURES, Pair, ROUNDS, again, delivery};
use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::language::Language;
use crate::{process, repo};

/// Adds the rows that compare figures.
pub(super) fn compare(pair: &Pair, sink: &Sink, table: &mut Table) -> Result<()> {
    for _ in 0..HEAVY_ROUNDS {
        let both = |task: &str, count: u64, finish: fn(&mut Value, &Arrived)| {
            let mut figures = Vec::new();
            for program in pair.sides() {
                let (mut own, arrived) = run(program, sink, task, count, &spool())?;
                finish(&mut own, &arrived);
                figures.push(own);
            }
            Ok::<_, Failure>(figures)
        };
        for figures in [
            both("threads:8", CAPTURES.into(), |_, _| {})?,
            both("deliver:1", 2_000, |own, arrived| per_event(own, arrived, "second_1", true))?,
            both("deliver:4", 2_000, |own, arrived| per_event(own, arrived, "second_4", false))?,
            both("sites", 10_000, |_, _| {})?,
            both("spans", 200, |_, _| {})?,
            both("spans_in_a_row", 200, |own, arrived| bulk(own, arrived, "transaction_bulk"))?,
            both("unsampled", 20_000, |_, _| {})?,
            both("logs", 10_000, |own, arrived| entries(own, arrived, "log"))?,
            both("metrics", 10_000, |own, arrived| entries(own, arrived, "metric"))?,
        ] {
            table.add(&figures[0], &figures[1]);
        }
    }
    Ok(())
}

/// Adds the rows of transactions, for the languages that do not have those of Rust.
pub(super) fn spans(pair: &Pair, sink: &Sink, table: &mut Table) -> Result<()> {
    for round in 0..ROUNDS {
        for (task, count) in [("spans", CAPTURES), ("unsampled", 20 * CAPTURES)] {
            let one =
                |program: &Command| Ok::<_, Failure>(run(program, sink, task, count.into(), &spool())?.0);
            if round % 2 == 0 {
                let ours = one(&pair.ours)?;
                table.add(&ours, &one(&pair.peer)?);
            } else {
                let peer = one(&pair.peer)?;
                table.add(&one(&pair.ours)?, &peer);
            }
        }
    }
    Ok(())
}

/// Adds the rows of the start: a process each, both sides taking turns.
pub(super) fn starts(pair: &Pair, table: &mut Table) -> Result<()> {
    // Nobody there: nothing is sent so soon, and a sink would be asked about nothing.
    let nobody = dsn(free_address()?);
    for round in 0..ROUNDS {
        let one = |program: &Command| start(program, &nobody, "start", 1, &spool());
        let (ours, peer) = if round % 2 == 0 {
            let ours = one(&pair.ours)?;
            (ours, one(&pair.peer)?)
        } else {
            let peer = one(&pair.peer)?;
            (one(&pair.ours)?, peer)
        };
        table.add(&ours, &peer);
    }
    Ok(())
}

/// What was measured over all captures, per event that arrived.
fn per_event(own: &mut Value, arrived: &Arrived, name: &str, with_process: bool) {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand events")]
    let events = (arrived.events.max(1)) as f64;
    own[name] = (own["seconds"].as_f64().unwrap_or(f64::NAN) / events * 1e3).into();
    if with_process {
        return bulk(own, arrived, "process_bulk");
    }
    if let Some(own) = own.as_object_mut() {
        own.remove("process");
    }
}

/// What the whole process spent, per event that arrived.
fn bulk(own: &mut Value, arrived: &Arrived, name: &str) {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand events")]
    let events = (arrived.events.max(1)) as f64;
    own[name] = (own["process"].as_f64().unwrap_or(f64::NAN) / events).into();
    if let Some(own) = own.as_object_mut() {
        own.remove("process");
    }
}

/// Takes away the figures of a side that lost some: what is dropped costs nothing.
fn entries(own: &mut Value, arrived: &Arrived, name: &str) {
    if own[format!("{name}_calls")].as_u64() != Some(arrived.entries) {
        line(format_args!("{name}: {} of {} arrived", arrived.entries, own[format!("{name}_calls")]));
        own[format!("{name}_delivered")] = Value::Null;
    }
}

/// Prints the rows of Rust that have no ratio: a figure of each side, and what ours must be.
pub(super) fn apart(pair: &Pair, sink: &Sink) -> Result<()> {
    delivery::heading(Language::Rust);
    contention(pair, sink)?;
    memory(pair, sink)?;
    Ok(())
}

fn contention(pair: &Pair, sink: &Sink) -> Result<()> {
    let mut factors = Vec::new();
    for program in pair.sides() {
        let mut rounds = Vec::new();
        for _ in 0..HEAVY_ROUNDS {
            let (own, _) = run(program, sink, "threads:8", CAPTURES.into(), &spool())?;
            rounds.push(own["contention"].as_f64().unwrap_or(f64::NAN));
        }
        rounds.sort_unstable_by(f64::total_cmp);
        factors.push(rounds[rounds.len() / 2]);
    }
    let kept = if factors[0] <= 1.3 { "kept" } else { "MISSED" };
    print(
        "CPU per capture, 8 threads against 1 (at most 1.3)",
        &[format!("{:.2}", factors[0]), format!("{:.2}", factors[1])],
        kept,
    );
    Ok(())
}

/// Memory after many captures: with a server that answers, and with one that is dead and nothing on disk.
fn memory(pair: &Pair, sink: &Sink) -> Result<()> {
    let nobody = dsn(free_address()?);
    for (title, dsn, folder, count) in [
        ("kB resident after 10,000 and 100,000 captures", sink.dsn(), spool(), 100_000),
        ("the same, server dead and no disk, 2,000 and 20,000", nobody, PathBuf::from("-"), 20_000),
    ] {
        let mut shown = Vec::new();
        let mut kept = "";
        for (side, program) in pair.sides().into_iter().enumerate() {
            let own = start(program, &dsn, "memory", count, &folder)?;
            let (early, end) =
                (own["early"].as_f64().unwrap_or(f64::NAN), own["end"].as_f64().unwrap_or(f64::NAN));
            if side == 0 {
                kept = if end <= early * 1.05 { "kept" } else { "MISSED" };
            }
            shown.push(format!("{early} {end}"));
        }
        sink.take();
        print(title, &shown, kept);
    }
    Ok(())
}

/// One row without a ratio.
pub(super) fn print(title: &str, shown: &[String], kept: &str) {
    line(format_args!("{title:<58} {:>12} {:>12} {kept:>8}", shown[0], shown[1]));
}

fn run(program: &Command, sink: &Sink, task: &str, count: u64, folder: &PathBuf) -> Result<(Value, Arrived)> {
    sink.take();
    clear(folder);
    let own = start(program, &sink.dsn(), task, count, folder)?;
    Ok((own, sink.take()))
}

/// Runs the task to its end; the figures that it prints.
pub(super) fn start(program: &Command, dsn: &str, task: &str, count: u64, folder: &PathBuf) -> Result<Value> {
    let mut command = again(program);
    let said = process::output(command.arg(dsn).arg(count.to_string()).arg(folder).arg(task))?;
    let last = said.lines().last().unwrap_or_default();
    if last.is_empty() {
        Ok(json!({}))
    } else {
        serde_json::from_str(last).context(format_args!("the figures {last:?}"))
    }
}

/// Where nobody listens.
pub(super) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The folder of the spool.
pub(super) fn spool() -> PathBuf {
    repo::cache("bench/spool/rust")
}

/// Removes it.
pub(super) fn clear(folder: &PathBuf) {
    let _ = std::fs::remove_dir_all(folder);
}

/// Rounds of what takes long.
const HEAVY_ROUNDS: usize = 3;
