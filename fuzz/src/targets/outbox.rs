//! Two writers on one folder, appending, acknowledging, dying and taking over, while what the dead left is cut,
//! flipped and forged. Whatever happens: only what was appended is delivered, exactly as it was; what no damage
//! touched is delivered; and what was acknowledged comes back only if its file was damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::UNIX_EPOCH;

use watchpost_spool::{Lane, Outbox, OutboxConfig};

use super::frames::{Segment, folder, number_of, payload};
use crate::source::Source;

const MAX_STEPS: usize = 48;
const ENDING: &str = ".seg";

#[derive(Default)]
struct Model {
    /// Length of the payload of every record whose append returned.
    appended: BTreeMap<u32, usize>,
    acknowledged: BTreeSet<u32>,
    /// Were in a file when it was damaged, in the damaged stretch or behind it: anything may be true of them.
    excused: BTreeSet<u32>,
    next: u32,
}

struct Writer {
    outbox: Option<Outbox>,
    /// Delivered by this process and not acknowledged yet.
    held: Vec<(watchpost_spool::RecordId, u32)>,
}

pub(crate) fn run(data: &[u8]) {
    let folder = folder();
    let mut source = Source::new(data);
    let mut model = Model::default();
    let mut writers = [Writer::new(folder.path()), Writer::new(folder.path())];
    for _ in 0..MAX_STEPS {
        if source.is_empty() {
            break;
        }
        let step = source.byte();
        let writer = &mut writers[usize::from(step >> 7)];
        match step & 0x0F {
            0..=3 => writer.append(&mut model, &mut source),
            4..=5 => writer.deliver(&mut model, step & 0x10 != 0),
            6 => writer.acknowledge_late(&mut model, &mut source),
            7 => writer.adopt(),
            8..=9 => {
                // The process dies; another takes its place.
                *writer = Writer { outbox: None, held: Vec::new() };
                *writer = Writer::new(folder.path());
            }
            10 => cut(folder.path(), &mut model, &mut source),
            11..=12 => flip(folder.path(), &mut model, &mut source),
            13 => forge(folder.path(), &mut model, &mut source),
            _ => {
                let outbox = writer.outbox.as_ref();
                let _ = (
                    outbox.map(Outbox::pending),
                    outbox.map(Outbox::take_lost),
                    Outbox::has_orphans(folder.path()),
                );
            }
        }
    }
    finish(folder.path(), writers, &model);
}

/// Everybody dies, and one process delivers what is left.
fn finish(folder: &Path, writers: [Writer; 2], model: &Model) {
    drop(writers);
    let last = Writer::new(folder);
    let mut delivered = BTreeSet::new();
    let Some(outbox) = &last.outbox else { return };
    loop {
        let adopted = outbox.adopt(UNIX_EPOCH).unwrap_or_else(|error| panic!("adopt: {error}"));
        while let Some(record) = outbox.peek().unwrap_or_else(|error| panic!("peek: {error}")) {
            let number = model.check(&record.bytes);
            assert!(
                delivered.insert(number) || model.excused.contains(&number),
                "record {number} is delivered twice"
            );
            assert!(
                !model.acknowledged.contains(&number) || model.excused.contains(&number),
                "record {number} was acknowledged and is back"
            );
            outbox.ack(record.id).unwrap_or_else(|error| panic!("ack: {error}"));
        }
        if !adopted.more {
            break;
        }
    }
    for number in model.appended.keys() {
        let known = delivered.contains(number) || model.acknowledged.contains(number);
        assert!(known || model.excused.contains(number), "record {number} is lost");
    }
    assert_eq!(outbox.pending(), 0, "nothing waits, and nothing is said to");
    drop(last);
    assert!(Segment::list(folder, ENDING).is_empty(), "no file is left behind");
}

impl Writer {
    fn new(folder: &Path) -> Self {
        // Room for everything that one run can append, so that nothing is evicted.
        let config = OutboxConfig { segment_bytes: 9_600, max_bytes: 614_400, ..OutboxConfig::new(folder) };
        let outbox = Outbox::open(config).unwrap_or_else(|error| panic!("open: {error}"));
        Self { outbox: Some(outbox), held: Vec::new() }
    }

    fn append(&mut self, model: &mut Model, source: &mut Source<'_>) {
        let Some(outbox) = &self.outbox else { return };
        let lane = if source.byte().is_multiple_of(2) { Lane::Urgent } else { Lane::Bulk };
        let length = source.below(4000);
        let bytes = payload(model.next, length);
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        outbox.append(lane, &[head, tail]).unwrap_or_else(|error| panic!("append: {error}"));
        model.appended.insert(model.next, length);
        model.next += 1;
    }

    /// Takes the oldest record, and acknowledges it at once or later.
    fn deliver(&mut self, model: &mut Model, at_once: bool) {
        let Some(outbox) = &self.outbox else { return };
        let Some(record) = outbox.peek().unwrap_or_else(|error| panic!("peek: {error}")) else { return };
        let number = model.check(&record.bytes);
        assert!(
            !model.acknowledged.contains(&number) || model.excused.contains(&number),
            "record {number} was acknowledged and is back"
        );
        if at_once {
            outbox.ack(record.id).unwrap_or_else(|error| panic!("ack: {error}"));
            model.acknowledged.insert(number);
        } else {
            self.held.push((record.id, number));
        }
    }

    fn acknowledge_late(&mut self, model: &mut Model, source: &mut Source<'_>) {
        let Some(outbox) = &self.outbox else { return };
        if self.held.is_empty() {
            return;
        }
        let (id, number) = self.held.swap_remove(source.below(self.held.len()));
        outbox.ack(id).unwrap_or_else(|error| panic!("ack: {error}"));
        outbox.ack(id).unwrap_or_else(|error| panic!("the second ack: {error}"));
        model.acknowledged.insert(number);
    }

    fn adopt(&mut self) {
        let Some(outbox) = &self.outbox else { return };
        outbox.adopt(UNIX_EPOCH).unwrap_or_else(|error| panic!("adopt: {error}"));
    }
}

impl Model {
    /// The number of a record, which must have been appended as it is.
    fn check(&self, bytes: &[u8]) -> u32 {
        let number = number_of(bytes).unwrap_or_else(|| panic!("a record that nobody appended: {bytes:?}"));
        let length = *self.appended.get(&number).unwrap_or_else(|| panic!("nobody appended record {number}"));
        assert_eq!(bytes, payload(number, length), "record {number} is not as it was");
        number
    }

    /// What lies in `segment` from `at` on may be lost, and may come back.
    fn excuse(&mut self, segment: &Segment, at: usize) {
        if !segment.is_whole() {
            // Damaged before: what lies where is not known any more, so everything is excused.
            self.excused.extend(self.appended.keys());
            return;
        }
        // An acknowledgement may be hit as well, for any record of the file.
        let hit_ack = segment.frames().iter().any(|framed| framed.end > at && framed.number.is_none());
        for framed in segment.frames() {
            if framed.end > at || hit_ack {
                self.excused.extend(framed.number);
            }
        }
    }
}

/// A segment that no living process owns; damage done to a living process's file is no case of a spool.
fn orphan(folder: &Path, source: &mut Source<'_>) -> Option<Segment> {
    let mut segments = Segment::list(folder, ENDING);
    segments.retain(|segment| !is_locked(&segment.path));
    let chosen = source.below(segments.len());
    (!segments.is_empty()).then(|| segments.swap_remove(chosen))
}

fn is_locked(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else { return true };
    file.try_lock().is_err()
}

fn cut(folder: &Path, model: &mut Model, source: &mut Source<'_>) {
    let Some(mut segment) = orphan(folder, source) else { return };
    let at = source.below(segment.bytes.len() + 1);
    model.excuse(&segment, at);
    segment.bytes.truncate(at);
    segment.store();
}

fn flip(folder: &Path, model: &mut Model, source: &mut Source<'_>) {
    let Some(mut segment) = orphan(folder, source) else { return };
    if segment.bytes.is_empty() {
        return;
    }
    let (at, bit) = (source.below(segment.bytes.len()), source.byte() % 8);
    // Only the record that holds the bit is excused: damage must not cost its neighbours.
    let hit = segment.frames().into_iter().find(|framed| framed.start <= at && at < framed.end);
    match hit {
        Some(framed) if segment.is_whole() && framed.number.is_some() => model.excused.extend(framed.number),
        _ => model.excuse(&segment, 0),
    }
    segment.bytes[at] ^= 1 << bit;
    segment.store();
}

/// Appends what a program gone mad might have: records with a right header and a wrong rest, or plain bytes.
fn forge(folder: &Path, model: &mut Model, source: &mut Source<'_>) {
    let Some(mut segment) = orphan(folder, source) else { return };
    let (kind, claim) = (source.byte(), u32::from(source.word()));
    let count = usize::from(source.byte());
    let body = source.bytes(count).to_vec();
    model.excuse(&segment, 0);
    match kind % 4 {
        // An acknowledgement of any place, or of an odd length.
        0 => {
            let body = if claim % 3 == 0 { body } else { claim.to_le_bytes().to_vec() };
            segment.bytes.extend(segment.forge(2, body.len() as u32, &body));
        }
        // A kind from the future.
        1 => segment.bytes.extend(segment.forge(kind.max(3), body.len() as u32, &body)),
        // A length that is a lie.
        2 => segment.bytes.extend(segment.forge(1, (claim + 1) << 14, &body)),
        _ => segment.bytes.extend(body),
    }
    segment.store();
}
