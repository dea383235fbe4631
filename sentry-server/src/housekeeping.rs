//! What is done from time to time, on a thread of its own: settings are read again, and what is too old is deleted.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use watchpost_core::Clock;

use crate::app::known;
use crate::ingest::KeyTable;
use crate::instant::{self, Micros};
use crate::store::{Result, Retention, Store};

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
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) retention: Retention,
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
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(INTERVAL) {
        let mut done = house.reload().and_then(|()| house.tidy());
        if done.is_ok() && forgotten != Some(house.day()) {
            done = house.forget();
            forgotten = Some(house.day());
        }
        if let Err(error) = done {
            crate::log::error(format_args!("housekeeping: {error}; tried again in {INTERVAL:?}"));
        }
    }
}

/// Settings hold after a minute at the latest, also those that another process changed.
const INTERVAL: Duration = Duration::from_secs(60);
