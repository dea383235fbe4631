//! What waits to be sent: the spool's outbox, and memory for when there is none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use watchpost_core::{Category, DiscardReason};
use watchpost_spool::{Adopted, Cause, Lane, Outbox, OutboxConfig, RecordId};

use crate::breaker::Breaker;
use crate::config::Config;
use crate::fork::Registration;
use crate::loss::count_envelope;
use crate::memory::Memory;
use crate::waits::Waits;

/// The envelopes of one process generation.
#[derive(Debug)]
pub(crate) struct Queue {
    spool: Option<Registration>,
    breaker: Breaker,
    memory: Mutex<Memory>,
    /// Whether something was lost for want of room since the last check of health.
    overflowed: AtomicBool,
}

/// An envelope that waits, and where.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) place: Place,
    pub(crate) envelope: Vec<u8>,
}

/// Where an envelope waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Spool(RecordId),
    Memory(Lane, u64),
}

/// How far each lane has been looked through in vain, so that what is rate-limited is read once, not each time.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    spool: [Option<RecordId>; 2],
    memory: [Option<u64>; 2],
}

const LANES: [Lane; 2] = [Lane::Urgent, Lane::Bulk];

impl Queue {
    /// Opens the first usable folder; without one, memory mode.
    pub(crate) fn open(config: &Config) -> Self {
        let memory = Mutex::new(Memory::new(config.max_memory_bytes));
        let spool = config.folders.iter().find_map(|folder| {
            let mut outbox = OutboxConfig::new(folder.clone());
            outbox.max_bytes = config.max_spool_bytes;
            match Outbox::open(outbox) {
                Ok(outbox) => Some(Registration::new(Arc::new(outbox))),
                Err(error) => {
                    config.diagnostic.say(|| format!("cannot spool to {}: {error}", folder.display()));
                    None
                }
            }
        });
        if spool.is_none() {
            config.diagnostic.say(|| {
                "events are kept in memory only and may be lost when the process ends; \
                 set `storage_dir` to a folder that this user may write to"
                    .to_owned()
            });
        }
        Self { spool, breaker: Breaker::default(), memory, overflowed: AtomicBool::new(false) }
    }

    /// Takes an encoded envelope in. It is durable on return, unless memory mode holds. `accept_memory` is false
    /// when nobody will empty the memory any more: then what cannot be spooled is lost, and counted.
    ///
    /// True if something was lost for want of room, for the first time since the last check of health.
    pub(crate) fn push(&self, config: &Config, lane: Lane, pieces: &[&[u8]], accept_memory: bool) -> bool {
        if let Some(spool) = &self.spool
            && !self.breaker.is_open(|| config.clock.now())
        {
            let suspicion = self.breaker.suspects();
            let started = Instant::now();
            match spool.outbox().append(lane, pieces) {
                Ok(()) => {
                    let took = started.elapsed();
                    let waited = suspicion.map(Waits::waited);
                    if self.breaker.appended(took, waited, || config.clock.now()) {
                        config
                            .diagnostic
                            .say(|| format!("the spool's disk is slow ({took:?}): a minute in memory only"));
                    }
                    return false;
                }
                Err(error) if error.is_too_large() => {
                    config.diagnostic.say(|| format!("kept in memory only: {error}"));
                }
                Err(error) => {
                    self.breaker.open(config.clock.now());
                    config.diagnostic.say(|| format!("cannot spool ({error}): a minute in memory only"));
                }
            }
        }
        let envelope = pieces.concat();
        let mut overflowed = false;
        let mut lost = |envelope: Vec<u8>| {
            overflowed = true;
            count_envelope(&config.reports, DiscardReason::QueueOverflow, &envelope);
        };
        if accept_memory {
            self.memory().push(lane, envelope, &mut lost);
        } else {
            lost(envelope);
        }
        overflowed && !self.overflowed.swap(true, Ordering::Relaxed)
    }

    /// True if something was lost for want of room since the last [`forget_overflow`](Self::forget_overflow).
    pub(crate) fn has_overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Relaxed)
    }

    /// Begins a new interval of health.
    pub(crate) fn forget_overflow(&self) {
        self.overflowed.store(false, Ordering::Relaxed);
    }

    /// The next envelope that may be sent: urgent before bulk, memory before disk (it lives shorter), old before new.
    pub(crate) fn next(
        &self,
        config: &Config,
        cursors: &mut Cursors,
        sendable: impl Fn(&[u8]) -> bool,
    ) -> Option<Pending> {
        for (index, lane) in LANES.into_iter().enumerate() {
            let cursor = &mut cursors.memory[index];
            loop {
                let Some((id, envelope)) = self.memory().peek_after(lane, *cursor) else { break };
                if sendable(&envelope) {
                    return Some(Pending { place: Place::Memory(lane, id), envelope });
                }
                *cursor = Some(id);
            }
            let Some(spool) = &self.spool else { continue };
            let cursor = &mut cursors.spool[index];
            loop {
                match spool.outbox().peek_after(lane, *cursor) {
                    Ok(Some(record)) if sendable(&record.bytes) => {
                        return Some(Pending { place: Place::Spool(record.id), envelope: record.bytes });
                    }
                    Ok(Some(record)) => *cursor = Some(record.id),
                    Ok(None) => break,
                    Err(error) => {
                        config.diagnostic.say(|| format!("cannot read the spool: {error}"));
                        break;
                    }
                }
            }
        }
        None
    }

    /// Forgets an envelope that was delivered, or that never will be.
    pub(crate) fn remove(&self, config: &Config, place: Place) {
        match place {
            Place::Memory(lane, id) => self.memory().remove(lane, id),
            Place::Spool(id) => {
                let Some(spool) = &self.spool else { return };
                if let Err(error) = spool.outbox().ack(id) {
                    config.diagnostic.say(|| format!("cannot acknowledge in the spool: {error}"));
                }
            }
        }
    }

    /// Takes over what killed processes left behind.
    pub(crate) fn adopt(&self, config: &Config) -> Adopted {
        let Some(spool) = &self.spool else { return Adopted::default() };
        let since_epoch = Duration::from_micros(u64::try_from(config.clock.now().micros()).unwrap_or(0));
        spool.outbox().adopt(UNIX_EPOCH + since_epoch).unwrap_or_else(|error| {
            config.diagnostic.say(|| format!("cannot look for orphans in the spool: {error}"));
            Adopted::default()
        })
    }

    /// Counts what the spool gave up for age or room, and what it found damaged.
    pub(crate) fn count_lost(&self, config: &Config) {
        let Some(spool) = &self.spool else { return };
        let mut damaged = spool.outbox().take_lost().records;
        for evicted in spool.outbox().take_evicted() {
            if evicted.cause() == Cause::Overflow {
                self.overflowed.store(true, Ordering::Relaxed);
            }
            let count = |bytes: &[u8]| count_envelope(&config.reports, DiscardReason::CacheOverflow, bytes);
            damaged += evicted.for_each(count).map_or(1, |lost| lost.records);
        }
        config.reports.record(DiscardReason::InternalSdkError, Category::Default, damaged);
    }

    /// True when nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.spool.as_ref().is_none_or(|spool| spool.outbox().pending() == 0) && self.holds_only_durable()
    }

    /// True when nothing waits in memory, where it would be lost with the process.
    pub(crate) fn holds_only_durable(&self) -> bool {
        self.memory().is_empty()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cursors {
    /// True when something was passed over.
    pub(crate) fn passed_over(&self) -> bool {
        self.spool.iter().any(Option::is_some) || self.memory.iter().any(Option::is_some)
    }
}
