//! A server under measurement, ours or the peer, and one batch of events through it.

use std::time::{Duration, Instant};

use super::payload::Target;
use super::{load, meter};
use crate::failure::{Failure, Result};

/// What both servers have in common here.
pub(super) trait Side {
    /// Who is named in errors.
    fn name(&self) -> &'static str;

    /// Where events go.
    fn target(&self) -> &Target;

    /// The processes that make up the server; those that they start belong to it.
    fn leaders(&self) -> Vec<u32>;

    /// How many events have gone all the way since the server's start: parsed, grouped, stored, to be seen by its users.
    ///
    /// # Errors
    /// When the server does not say.
    fn digested(&mut self) -> Result<u64>;

    /// How many requests it gets at a time when it is to do its best.
    fn connections(&self) -> usize;

    /// How often it is asked for [`digested`](Self::digested).
    fn interval(&self) -> Duration;
}

/// What a batch took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    /// Events a second from the first request to the last event digested.
    pub(super) per_second: f64,
    /// The server's processor time for each, in microseconds.
    pub(super) cpu_us: f64,
    /// Of the sender, which is on the same machine.
    pub(super) sender_cpu_us: f64,
}

/// Sends all as fast as they are taken, and waits until all are digested.
///
/// # Errors
/// When one is refused, or the digest does not come to its end.
pub(super) fn batch(side: &mut dyn Side, requests: &[Vec<u8>]) -> Result<Batch> {
    let leaders = side.leaders();
    let before = side.digested()?;
    let (cpu, sender) = (meter::cpu(&leaders)?, meter::own_cpu()?);
    let began = Instant::now();
    load::all(&side.target().address, requests, side.connections())?;
    let sender = meter::own_cpu()? - sender;
    let took = drained(side, before, requests.len())?.duration_since(began);
    let count = requests.len() as f64;
    Ok(Batch {
        per_second: count / took.as_secs_f64(),
        cpu_us: (meter::cpu(&leaders)? - cpu) * 1e6 / count,
        sender_cpu_us: sender * 1e6 / count,
    })
}

/// Waits until so many more are digested than `before`; when that was.
///
/// # Errors
/// When it takes minutes, or more arrive than were sent.
pub(super) fn drained(side: &mut dyn Side, before: u64, count: usize) -> Result<Instant> {
    let wanted = before + count as u64;
    let began = Instant::now();
    loop {
        let digested = side.digested()?;
        if digested == wanted {
            return Ok(Instant::now());
        }
        if digested > wanted || began.elapsed() > PATIENCE {
            let (name, so_far) = (side.name(), digested - before);
            return Err(Failure::new(format!("{name} was sent {count} events and has digested {so_far}")));
        }
        std::thread::sleep(side.interval());
    }
}

const PATIENCE: Duration = Duration::from_secs(10 * 60);
