//! What waits to be sent: the spool's outbox, and memory for when there is none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use watchpost_core::{Category, DiscardReason};
use watchpost_spool::{Adopted, Cause, Lane, Outbox, OutboxConfig, RecordId};

use crate::breaker::Breaker;
use crate::config::Config;
use crate::fork::Registration;
use crate::loss::count_envelope;
use crate::memory::Memory;
use crate::priority::{Manner, Priority};
use crate::waits::Waits;

/// So many delivered records are noted on disk with one write, at most, and as many may come twice if the process is
/// killed. Errors are noted one by one.
const ACKS_AT_ONCE: usize = 16;

/// The envelopes of one process generation.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Empty as long as no folder could be used.
    spool: OnceLock<Registration>,
    opening: Mutex<()>,
    complained: AtomicBool,
    breaker: Breaker,
    memory: Mutex<Memory>,
    /// Whether something was lost for want of room since the last check of health.
    overflowed: AtomicBool,
}

/// An envelope that waits, and where.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) place: Place,
    pub(crate) manner: Manner,
    pub(crate) envelope: Vec<u8>,
}

/// Where an envelope waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Spool(RecordId),
    Memory(Priority, u64),
}

/// A moment in the life of the queue: what was taken in before it can be told from what came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    /// The ends of the lanes; absent without a spool.
    spool: Option<[RecordId; 2]>,
    memory: u64,
}

/// How far each priority has been looked through in vain, so that what is rate-limited or less urgent is read once, not
/// each time.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    spool: [Option<RecordId>; 4],
    memory: [Option<u64>; 4],
}

impl Queue {
    /// Opens the first usable folder; without one, memory mode, and a new try every minute.
    pub(crate) fn open(config: &Config) -> Self {
        let queue = Self {
            spool: OnceLock::new(),
            opening: Mutex::default(),
            complained: AtomicBool::new(false),
            breaker: Breaker::default(),
            memory: Mutex::new(Memory::new(config.max_memory_bytes)),
            overflowed: AtomicBool::new(false),
        };
        queue.open_spool(config);
        queue
    }

    /// Takes an encoded envelope in. It is durable on return, unless memory mode holds. `accept_memory` is false
    /// when nobody will empty the memory any more: then what cannot be spooled is lost, and counted.
    ///
    /// True if something was lost for want of room, for the first time since the last check of health.
    pub(crate) fn push(
        &self,
        config: &Config,
        priority: Priority,
        pieces: &[&[u8]],
        accept_memory: bool,
    ) -> bool {
        if !self.breaker.is_open(|| config.clock.now())
            && let Some(spool) = self.spool.get().or_else(|| self.open_spool(config))
        {
            let suspicion = self.breaker.suspects();
            let started = Instant::now();
            match spool.outbox().append(priority.lane(), pieces) {
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
            self.memory().push(priority, envelope, &mut lost);
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

    /// The present moment.
    pub(crate) fn mark(&self) -> Mark {
        let spool = self.spool.get().and_then(|spool| {
            let outbox = spool.outbox();
            Some([outbox.end(Lane::Urgent).ok()?, outbox.end(Lane::Bulk).ok()?])
        });
        Mark { spool, memory: self.memory().end() }
    }

    /// True if something from before the mark still waits.
    pub(crate) fn waits_before(&self, mark: &Mark) -> bool {
        self.memory().waits_before(mark.memory)
            || match (self.spool.get(), &mark.spool) {
                (Some(spool), Some(ends)) => {
                    ends.iter().any(|end| spool.outbox().waits_before(*end).unwrap_or(false))
                }
                _ => false,
            }
    }

    /// The next envelope that may be sent: by priority, memory before disk (it lives shorter), old before new; with a
    /// mark, only what came before it.
    pub(crate) fn next(
        &self,
        config: &Config,
        cursors: &mut Cursors,
        mark: Option<&Mark>,
        sendable: impl Fn(&[u8]) -> bool,
    ) -> Option<Pending> {
        let in_spool = self.spool.get().filter(|_| mark.is_none_or(|mark| mark.spool.is_some()));
        for priority in Priority::ALL {
            let found = self.next_in_memory(priority, cursors, mark, &sendable);
            if found.is_some() {
                return found;
            }
            let Some(spool) = in_spool else { continue };
            let lane = priority.lane();
            let end = mark.and_then(|mark| mark.spool).map(|ends| ends[lane as usize]);
            let cursor = &mut cursors.spool[priority.index()];
            loop {
                match spool.outbox().peek_after(lane, *cursor) {
                    Ok(Some(record)) if end.is_none_or(|end| record.id < end) => {
                        let manner = Manner::of(&record.bytes);
                        if manner.priority == priority && sendable(&record.bytes) {
                            let place = Place::Spool(record.id);
                            return Some(Pending { place, manner, envelope: record.bytes });
                        }
                        *cursor = Some(record.id);
                    }
                    Ok(_) => break,
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
        self.forget(config, place, 1);
    }

    /// As [`remove`](Self::remove), but what is not urgent may be noted on disk later, with others: until then, a
    /// process that is killed leaves it to be delivered once more. True if something is now left for
    /// [`write_acks`](Self::write_acks).
    pub(crate) fn remove_soon(&self, config: &Config, place: Place) -> bool {
        let soon = matches!(place, Place::Spool(id) if id.lane() == Lane::Bulk);
        self.forget(config, place, if soon { ACKS_AT_ONCE } else { 1 });
        soon
    }

    /// Notes on disk what [`remove_soon`](Self::remove_soon) left.
    pub(crate) fn write_acks(&self, config: &Config) {
        if let Some(spool) = self.spool.get() {
            Self::say_unwritten(config, spool.outbox().write_acks());
        }
    }

    fn forget(&self, config: &Config, place: Place, at_once: usize) {
        match place {
            Place::Memory(priority, id) => self.memory().remove(priority, id),
            Place::Spool(id) => {
                if let Some(spool) = self.spool.get() {
                    Self::say_unwritten(config, spool.outbox().ack_up_to(id, at_once));
                }
            }
        }
    }

    fn say_unwritten(config: &Config, result: watchpost_spool::Result<()>) {
        if let Err(error) = result {
            config.diagnostic.say(|| format!("cannot acknowledge in the spool: {error}"));
        }
    }

    /// Takes over what killed processes left behind.
    pub(crate) fn adopt(&self, config: &Config) -> Adopted {
        let Some(spool) = self.spool.get() else { return Adopted::default() };
        let since_epoch = Duration::from_micros(u64::try_from(config.clock.now().micros()).unwrap_or(0));
        spool.outbox().adopt(UNIX_EPOCH + since_epoch).unwrap_or_else(|error| {
            config.diagnostic.say(|| format!("cannot look for orphans in the spool: {error}"));
            Adopted::default()
        })
    }

    /// Counts what the spool gave up for age or room, and what it found damaged.
    pub(crate) fn count_lost(&self, config: &Config) {
        let Some(spool) = self.spool.get() else { return };
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
        self.spool.get().is_none_or(|spool| spool.outbox().pending() == 0) && self.holds_only_durable()
    }

    /// True when nothing waits in memory, where it would be lost with the process.
    pub(crate) fn holds_only_durable(&self) -> bool {
        self.memory().is_empty()
    }

    fn next_in_memory(
        &self,
        priority: Priority,
        cursors: &mut Cursors,
        mark: Option<&Mark>,
        sendable: impl Fn(&[u8]) -> bool,
    ) -> Option<Pending> {
        let cursor = &mut cursors.memory[priority.index()];
        loop {
            let (id, envelope) = self.memory().peek_after(priority, *cursor)?;
            if mark.is_some_and(|mark| id >= mark.memory) {
                return None;
            }
            if sendable(&envelope) {
                let manner = Manner::of(&envelope);
                return Some(Pending { place: Place::Memory(priority, id), manner, envelope });
            }
            *cursor = Some(id);
        }
    }

    /// Opens the first usable folder. When none is, the breaker keeps the next try a minute away.
    #[cold]
    fn open_spool(&self, config: &Config) -> Option<&Registration> {
        if config.folders.is_empty() {
            return None;
        }
        let _one_at_a_time = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spool) = self.spool.get() {
            return Some(spool);
        }
        let complain = !self.complained.load(Ordering::Relaxed);
        for folder in &config.folders {
            let mut outbox = OutboxConfig::new(folder.clone());
            outbox.max_bytes = config.max_spool_bytes;
            match Outbox::open(outbox) {
                Ok(outbox) => {
                    let reports = Arc::clone(&config.reports);
                    let outbox = outbox.with_counter(move |bytes| {
                        count_envelope(&reports, DiscardReason::CacheOverflow, bytes);
                    });
                    if !complain {
                        config.diagnostic.say(|| format!("now spooling to {}", folder.display()));
                    }
                    return Some(self.spool.get_or_init(|| Registration::new(Arc::new(outbox))));
                }
                Err(error) if complain => {
                    config.diagnostic.say(|| format!("cannot spool to {}: {error}", folder.display()));
                }
                Err(_) => {}
            }
        }
        self.breaker.open(config.clock.now());
        if complain {
            self.complained.store(true, Ordering::Relaxed);
            config.diagnostic.say(|| {
                "events are kept in memory only and may be lost when the process ends; \
                 set `storage_dir` to a folder that this user may write to"
                    .to_owned()
            });
        }
        None
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
