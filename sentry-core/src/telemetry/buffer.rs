//! Many small things, sent together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::client::Due;
use crate::fork::{ForkLock, generation};
use crate::protocol::Timestamp;

/// So many items go together at most, and so many bring the sending forward (logs and metrics, published spec).
pub(crate) const BATCH: usize = 100;
/// No more than this is held: what comes while another thread is already emptying a full buffer is refused.
pub(crate) const MAX_ITEMS: usize = 1000;
/// The same in bytes, so that a hundred large items are not a hundred megabytes.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// How long the first item waits for others.
pub(crate) const WAIT: Duration = Duration::from_secs(5);
/// When to look again at a buffer that another thread is emptying.
const RETRY: Duration = Duration::from_millis(100);

/// Items in the order in which they came. Adding one is a push under a lock of a few instructions.
///
/// One thread at a time empties it, so that the order outlives the buffer. A forked child starts with an empty one:
/// what its parent held is the parent's to send.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    held: ForkLock<Held<T>>,
    /// The generation in which a thread began to empty the buffer; 0 while none does.
    emptying: AtomicU64,
}

#[derive(Debug)]
struct Held<T> {
    items: Vec<T>,
    bytes: usize,
    due: Option<Timestamp>,
    generation: u64,
}

/// What became of an item, and what its giver is to do about it.
#[derive(Debug)]
pub(crate) enum Pushed<T> {
    /// It waits with others.
    Held,
    /// Ask to be called at this time.
    Remind(Timestamp),
    /// The buffer is full: empty it now.
    Full,
    /// There was no room for it.
    Refused(T),
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { items: Vec::new(), bytes: 0, due: None, generation: generation() }
    }
}

impl<T> Default for Buffer<T> {
    fn default() -> Self {
        Self { held: ForkLock::default(), emptying: AtomicU64::new(0) }
    }
}

impl<T> Buffer<T> {
    /// Takes an item of about `bytes` in.
    pub(crate) fn push(&self, item: T, bytes: usize, now: Timestamp) -> Pushed<T> {
        let (pushed, stale) = self.held.with(|held| {
            let stale = held.leave_to_parent();
            (held.push(item, bytes, now), stale)
        });
        std::mem::forget(stale);
        pushed
    }

    /// Empties the buffer through `send`, in batches, if it is due; when it will be due, if anything is left.
    ///
    /// Does nothing while another thread does it, except for [`Due::All`], which waits a second for that thread.
    pub(crate) fn send(&self, due: Due, now: Timestamp, mut send: impl FnMut(Vec<T>)) -> Option<Timestamp> {
        for _ in 0..1000 {
            let wanted = self.due()?;
            // A clock that was set back would else hold everything up for as long.
            if !due.includes(wanted) && wanted <= now.after(WAIT) {
                return Some(wanted);
            }
            if let Some(_turn) = Turn::take(&self.emptying) {
                let mut items = self.held.with(std::mem::take).items;
                while items.len() > BATCH {
                    let rest = items.split_off(BATCH);
                    send(std::mem::replace(&mut items, rest));
                }
                if !items.is_empty() {
                    send(items);
                }
                break;
            }
            if matches!(due, Due::At(_)) {
                return Some(now.after(RETRY));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.due()
    }

    fn due(&self) -> Option<Timestamp> {
        let (due, stale) = self.held.with(|held| {
            let stale = held.leave_to_parent();
            (held.due, stale)
        });
        std::mem::forget(stale);
        due
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        drop(self.held.with(std::mem::take));
    }
}

impl<T> Held<T> {
    /// Starts over in a forked child. The items are to be leaked: they may be half written.
    fn leave_to_parent(&mut self) -> Option<Vec<T>> {
        let stale = self.generation != generation();
        stale.then(|| std::mem::take(self).items)
    }

    fn push(&mut self, item: T, bytes: usize, now: Timestamp) -> Pushed<T> {
        let full = |held: &Self| held.items.len() >= MAX_ITEMS || held.bytes >= MAX_BYTES;
        if full(self) {
            return Pushed::Refused(item);
        }
        let before = (self.items.len(), self.bytes);
        self.items.push(item);
        self.bytes += bytes;
        if full(self) {
            self.due = Some(now);
            return Pushed::Full;
        }
        let early = |(items, bytes): (usize, usize)| items >= BATCH || bytes >= MAX_BYTES / 2;
        if early((self.items.len(), self.bytes)) && !early(before) {
            self.due = Some(now);
            return Pushed::Remind(now);
        }
        match self.due {
            Some(_) => Pushed::Held,
            None => Pushed::Remind(*self.due.insert(now.after(WAIT))),
        }
    }
}

/// The right to empty a buffer, until it is dropped.
struct Turn<'a>(&'a AtomicU64);

impl<'a> Turn<'a> {
    fn take(emptying: &'a AtomicU64) -> Option<Self> {
        let now = generation();
        let holder = emptying.load(Ordering::Relaxed);
        // A thread of the parent that was emptying it did not come along.
        let free = holder != now;
        let taken =
            free && emptying.compare_exchange(holder, now, Ordering::Acquire, Ordering::Relaxed).is_ok();
        taken.then_some(Self(emptying))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn sent(buffer: &Buffer<usize>, due: Due, now: Timestamp) -> (Vec<Vec<usize>>, Option<Timestamp>) {
        let mut batches = Vec::new();
        let next = buffer.send(due, now, |batch| batches.push(batch));
        (batches, next)
    }

    #[test]
    fn the_first_starts_the_timer_and_the_hundredth_ends_it() {
        let buffer = Buffer::default();
        assert!(matches!(buffer.push(0, 1, at(0)), Pushed::Remind(due) if due == at(5)));
        assert!(matches!(buffer.push(1, 1, at(3)), Pushed::Held));
        assert_eq!(sent(&buffer, Due::At(at(4)), at(4)), (vec![], Some(at(5))));
        assert_eq!(sent(&buffer, Due::At(at(5)), at(5)), (vec![vec![0, 1]], None));
        for n in 0..99 {
            buffer.push(n, 1, at(6));
        }
        assert!(matches!(buffer.push(99, 1, at(7)), Pushed::Remind(due) if due == at(7)));
        assert_eq!(sent(&buffer, Due::At(at(7)), at(7)), (vec![(0..100).collect()], None));
    }

    #[test]
    fn many_go_in_order_in_batches_of_a_hundred() {
        let buffer = Buffer::default();
        for n in 0..250 {
            buffer.push(n, 1, at(0));
        }
        let (batches, _) = sent(&buffer, Due::All, at(0));
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
        assert_eq!(batches.concat(), (0..250).collect::<Vec<_>>());
    }

    #[test]
    fn what_comes_while_a_full_buffer_is_emptied_is_refused_beyond_the_cap() {
        let buffer = Buffer::default();
        buffer.push(0, 1, at(0));
        let mut refused = 0;
        let next = buffer.send(Due::All, at(0), |_| {
            for n in 0..MAX_ITEMS + 7 {
                match buffer.push(n, 1, at(0)) {
                    Pushed::Refused(_) => refused += 1,
                    Pushed::Full => assert_eq!(sent(&buffer, Due::At(at(0)), at(0)).0.len(), 0),
                    _ => {}
                }
            }
        });
        assert_eq!((refused, next), (7, Some(at(0))));
        assert_eq!(sent(&buffer, Due::At(at(0)), at(0)).0.concat().len(), MAX_ITEMS);
    }

    #[test]
    fn bytes_count_as_well_as_items() {
        let buffer = Buffer::default();
        assert!(matches!(buffer.push(0, MAX_BYTES / 2, at(0)), Pushed::Remind(due) if due == at(0)));
        assert!(matches!(buffer.push(1, MAX_BYTES / 2, at(0)), Pushed::Full));
        assert!(matches!(buffer.push(2, 1, at(0)), Pushed::Refused(2)));
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nothing_up() {
        let buffer = Buffer::default();
        buffer.push(0, 1, at(1000));
        assert_eq!(sent(&buffer, Due::At(at(10)), at(10)).0, [[0]]);
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let buffer = Buffer::default();
        let mut count = 0;
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut sent = 0;
                        for n in 0..5000 {
                            assert!(!matches!(buffer.push(n, 1, at(0)), Pushed::Refused(_)));
                            buffer.send(Due::All, at(0), |batch| sent += batch.len());
                        }
                        sent
                    })
                })
                .collect();
            count = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        });
        buffer.send(Due::All, at(0), |batch| count += batch.len());
        assert_eq!(count, 20_000);
    }
}
