//! What is done from time to time, on a thread of its own: settings are read again, monitors are looked at, and
//! what is too old is deleted.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use watchpost_core::Clock;

use crate::app::known;
use crate::digest::Trees;
use crate::ingest::KeyTable;
use crate::instant::{self, Micros};
use crate::store::{Result, Retention, Store};
use crate::watch::Watch;

/// The thread; ends when told to or dropped.
#[derive(Debug)]
pub(crate) struct Housekeeping {
    stop: Mutex<Option<SyncSender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What it works with.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<KeyTable>,
    pub(crate) trees: Arc<Trees>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) retention: Retention,
    pub(crate) watch: Watch,
}

impl Housekeeping {
    pub(crate) fn start(house: House) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("housekeeping".to_owned())
            .spawn(move || run(&house, &stopped))?;
        Ok(Self { stop: Mutex::new(Some(stop)), thread: Mutex::new(Some(thread)) })
    }

    /// Ends the thread after what it is doing. Blocks.
    pub(crate) fn stop(&self) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic was reported by the panic hook.
            let _ = thread.join();
        }
    }
}

impl House {
    /// Deletes what is too old or too much.
    pub(crate) fn tidy(&self) -> Result<()> {
        let now = self.clock.now().micros();
        let expired = self.store.expire(&self.retention, now)?;
        if expired.days > 0 {
            self.trees.forget();
            crate::log::info(format_args!("{} day files deleted, {} bytes", expired.days, expired.bytes));
        }
        Ok(())
    }

    /// Deletes what `meta.db` knows about times before the retention.
    pub(crate) fn forget(&self) -> Result<()> {
        let now = self.clock.now().micros();
        let mut slice = 0;
        while self.store.forget(&self.retention, now, slice)? {
            slice = slice.saturating_add(1);
        }
        Ok(())
    }

    /// Deletes what day files have of projects that are gone, until told to stop.
    pub(crate) fn sweep(&self, is_stopped: impl Fn() -> bool) -> Result<()> {
        while !is_stopped() && self.store.sweep()? {}
        Ok(())
    }

    fn reload(&self) -> Result<()> {
        let now = self.clock.now().micros();
        self.keys.load(&known(self.store.as_ref(), now)?, now);
        Ok(())
    }

    fn day(&self) -> i64 {
        instant::day(self.clock.now().micros() as Micros)
    }
}

fn run(house: &House, stopped: &Receiver<()>) {
    let mut forgotten = None;
    let mut pace = Pace::new(house.clock.now().micros(), Instant::now());
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(INTERVAL) {
        let is_settled = pace.is_settled(house.clock.now().micros(), Instant::now());
        // Apart from the rest: a spool that is full must not keep what is too old from going.
        if let Err(error) = house.watch.round() {
            crate::log::error(format_args!("monitors: {error}; looked at again in {INTERVAL:?}"));
        }
        let mut done = house.reload();
        if is_settled && done.is_ok() {
            done = house.tidy();
        }
        if is_settled && done.is_ok() && forgotten != Some(house.day()) {
            done = house.forget();
            forgotten = Some(house.day());
        }
        if done.is_ok() {
            done = house.sweep(|| matches!(stopped.try_recv(), Err(TryRecvError::Disconnected)));
        }
        if let Err(error) = done {
            crate::log::error(format_args!("housekeeping: {error}; tried again in {INTERVAL:?}"));
        }
    }
}

/// Tells a clock that was set from one that runs: nothing is deleted for its age by a clock that has just leapt ahead, as
/// it may be set back again, and what is deleted is gone.
#[derive(Debug)]
struct Pace {
    seen: (Micros, Instant),
    leapt: Option<Instant>,
}

impl Pace {
    fn new(wall: Micros, now: Instant) -> Self {
        Self { seen: (wall, now), leapt: None }
    }

    /// Looks at the clock; false for a while after it leapt.
    fn is_settled(&mut self, wall: Micros, now: Instant) -> bool {
        let ran = now.duration_since(self.seen.1).as_micros() as i64;
        let leap = wall.saturating_sub(self.seen.0).saturating_sub(ran);
        self.seen = (wall, now);
        if leap > LEAP.as_micros() as i64 {
            crate::log::error(format_args!(
                "the clock was set {} hours ahead; nothing is deleted for its age in the next {SETTLES:?}",
                leap / 3_600_000_000
            ));
            self.leapt = Some(now);
        } else if -leap > LEAP.as_micros() as i64 {
            self.leapt = None;
        }
        self.leapt.is_none_or(|leapt| now.duration_since(leapt) >= SETTLES)
    }
}

/// A machine that slept, or a daemon that sets the clock, is this far off at most.
const LEAP: Duration = Duration::from_secs(6 * 3_600);
/// Long enough for somebody to notice, short beside any retention.
const SETTLES: Duration = Duration::from_secs(24 * 3_600);

/// Settings hold after a minute at the latest, also those that another process changed.
const INTERVAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_leaps_ahead_deletes_nothing_for_a_day() {
        const DAY: i64 = 86_400_000_000;
        let begin = Instant::now();
        let after = |minutes: u64| begin + Duration::from_secs(60 * minutes);
        let minute = |n: i64| n * 60_000_000;
        let mut pace = Pace::new(0, begin);
        assert!(pace.is_settled(minute(1), after(1)));
        assert!(pace.is_settled(minute(2) + 3_600_000_000, after(2)), "an hour is no leap");
        assert!(!pace.is_settled(400 * DAY, after(3)));
        assert!(!pace.is_settled(400 * DAY + minute(60), after(63)));
        assert!(pace.is_settled(minute(64), after(64)), "set right again");
        assert!(!pace.is_settled(400 * DAY, after(65)));
        assert!(pace.is_settled(401 * DAY, after(65 + 24 * 60)), "it stayed so: that is the time");
    }
}
