//! The server's log, appended to, closed, damaged and opened again. What is read was appended, in order, each at the
//! position that its append returned; what no damage touched is there; no position is given out twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use watchpost_spool::{Log, LogConfig, Position};

use super::frames::{Segment, folder, number_of, payload};
use crate::source::Source;

const MAX_STEPS: usize = 48;
const ENDING: &str = ".log";

#[derive(Default)]
struct Model {
    appended: BTreeMap<Position, (u32, usize)>,
    /// Were in the way of damage, or in segments that were deleted as done.
    excused: BTreeSet<u32>,
    next: u32,
    last: Position,
}

pub(crate) fn run(data: &[u8]) {
    let folder = folder();
    let mut source = Source::new(data);
    let mut model = Model::default();
    let mut log = open(folder.path(), &model);
    for _ in 0..MAX_STEPS {
        if source.is_empty() {
            break;
        }
        match source.byte() & 7 {
            0..=2 => append(&log, &mut model, &mut source),
            3 => model.read_all(&log),
            4 => {
                let end = log.sync().unwrap_or_else(|error| panic!("sync: {error}"));
                assert!(model.appended.is_empty() || end > model.last);
            }
            5 => {
                let done = model.appended.keys().nth(source.below(model.appended.len())).copied();
                let done = done.unwrap_or_default();
                log.truncate_before(done).unwrap_or_else(|error| panic!("truncate: {error}"));
                let before = model.appended.range(..done).map(|(_, (number, _))| *number);
                model.excused.extend(before.collect::<Vec<_>>());
            }
            step => {
                drop(log);
                if step == 7 {
                    damage(folder.path(), &mut model, &mut source);
                }
                log = open(folder.path(), &model);
            }
        }
    }
    model.read_all(&log);
}

fn open(folder: &Path, model: &Model) -> Log {
    let config = LogConfig { segment_bytes: 3000, after: model.last, ..LogConfig::new(folder) };
    Log::open(config).unwrap_or_else(|error| panic!("open: {error}"))
}

fn append(log: &Log, model: &mut Model, source: &mut Source<'_>) {
    let length = source.below(2000);
    let bytes = payload(model.next, length);
    let position = log.append(&[&bytes]).unwrap_or_else(|error| panic!("append: {error}"));
    assert!(model.appended.is_empty() || position > model.last, "positions only grow");
    model.appended.insert(position, (model.next, length));
    model.last = position;
    model.next += 1;
}

fn damage(folder: &Path, model: &mut Model, source: &mut Source<'_>) {
    let mut segments = Segment::list(folder, ENDING);
    if segments.is_empty() {
        return;
    }
    let mut segment = segments.swap_remove(source.below(segments.len()));
    let (what, at) = (source.byte(), source.below(segment.bytes.len()));
    let frames = segment.frames();
    let hit: Vec<u32> = match what % 3 {
        _ if !segment.is_whole() => model.appended.values().map(|(number, _)| *number).collect(),
        // A cut costs what lies behind it, a flipped bit its own record, plain bytes at the end nothing.
        0 => frames.iter().filter(|framed| framed.end > at).filter_map(|framed| framed.number).collect(),
        1 => {
            let hit = |framed: &&super::frames::Framed| framed.start <= at && at < framed.end;
            frames.iter().filter(hit).filter_map(|framed| framed.number).collect()
        }
        _ => Vec::new(),
    };
    model.excused.extend(hit);
    match what % 3 {
        0 => segment.bytes.truncate(at),
        1 => {
            if let Some(byte) = segment.bytes.get_mut(at) {
                *byte ^= 1 << (what / 3 % 8);
            }
        }
        _ => {
            let count = usize::from(source.byte());
            segment.bytes.extend_from_slice(source.bytes(count));
        }
    }
    segment.store();
}

impl Model {
    fn read_all(&self, log: &Log) {
        let mut seen = BTreeSet::new();
        let mut before = None;
        for entry in log.reader(Position::START) {
            let entry = entry.unwrap_or_else(|error| panic!("read: {error}"));
            assert!(before < Some(entry.position), "in order");
            before = Some(entry.position);
            let known = self.appended.get(&entry.position);
            let (number, length) =
                *known.unwrap_or_else(|| panic!("nothing was appended at {:?}", entry.position));
            assert_eq!(number_of(&entry.bytes), Some(number));
            assert_eq!(entry.bytes, payload(number, length), "record {number} is not as it was");
            seen.insert(number);
        }
        for (number, _) in self.appended.values() {
            assert!(seen.contains(number) || self.excused.contains(number), "record {number} is lost");
        }
    }
}
