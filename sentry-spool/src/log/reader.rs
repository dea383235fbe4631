//! Reading a log in order.

use super::{Log, Position};
use crate::error::Result;
use crate::record::Kind;
use crate::scan::{Lost, Step};

/// One record of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it starts: what [`Log::append`] returned.
    pub position: Position,
    /// The bytes as they were appended, parts joined.
    pub bytes: Vec<u8>,
}

/// The records of a [`Log`] from some position on.
///
/// `None` means "nothing more yet": call `next` again after an append. Damaged stretches are skipped and counted.
/// An error does not move the reader.
#[derive(Debug)]
pub struct LogReader<'a> {
    log: &'a Log,
    next: Position,
    /// Whether a record (or damage) starts at `next`, so that it need not be looked for from the segment's start.
    aligned: bool,
    lost: Lost,
}

impl<'a> LogReader<'a> {
    pub(super) fn new(log: &'a Log, from: Position) -> LogReader<'a> {
        LogReader { log, next: from, aligned: false, lost: Lost::default() }
    }

    /// What was skipped so far.
    #[must_use]
    pub fn lost(&self) -> Lost {
        self.lost
    }

    /// Every record before this position was given out, or was lost.
    #[must_use]
    pub fn position(&self) -> Position {
        self.next
    }

    fn read(&mut self) -> Result<Option<Entry>> {
        let mut payload = Vec::new();
        while let Some((file, length, closed)) = self.log.segment_from(self.next.segment()) {
            if file.number != self.next.segment() {
                (self.next, self.aligned) = (Position::new(file.number, 0), true);
            }
            let start = if self.aligned { self.next.offset() } else { 0 };
            let mut scan = file.scan(start, length);
            scan.seek(self.next.offset())?;
            while let Some(step) = scan.step(&mut payload)? {
                (self.next, self.aligned) = (Position::new(file.number, scan.offset()), true);
                match step {
                    Step::Record { at, kind: Kind::Data } => {
                        return Ok(Some(Entry { position: Position::new(file.number, at), bytes: payload }));
                    }
                    Step::Record { .. } => {}
                    Step::Damage { lost, .. } => self.lost += lost,
                }
            }
            if !closed {
                break;
            }
            let Some(later) = file.number.checked_add(1) else { break };
            (self.next, self.aligned) = (Position::new(later, 0), true);
        }
        Ok(None)
    }
}

impl Iterator for LogReader<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        self.read().transpose()
    }
}
