//! Where rows go that are read: into a list of the newest, or into counts, for which none is kept.

use super::aggregate::Groups;
use super::fields::Row;
use super::{MAX_ROWS, PIECE};
use crate::instant::Micros;

/// Takes rows until it has enough of them.
#[derive(Debug)]
pub(super) struct Taker {
    to: To,
    /// How many rows of the list are from projects that were read before.
    before: usize,
    seen: usize,
    /// Some rows were left unread, so that sums are too small and lists have an end that is none.
    pub(super) is_partial: bool,
}

#[derive(Debug)]
enum To {
    List { rows: Vec<Row>, most: usize },
    Counts(Groups),
}

impl Taker {
    /// The newest `most` rows.
    pub(super) fn list(most: usize) -> Self {
        Self { to: To::List { rows: Vec::new(), most }, before: 0, seen: 0, is_partial: false }
    }

    /// What the functions make of all rows.
    pub(super) fn counts(groups: Groups) -> Self {
        Self { to: To::Counts(groups), before: 0, seen: 0, is_partial: false }
    }

    /// How many rows are worth reading at a time.
    pub(super) fn piece(&self) -> usize {
        match &self.to {
            To::List { most, .. } => PIECE.min(*most),
            To::Counts(_) => PIECE,
        }
    }

    /// Rows of another project follow, whose newest may be newer than those that are there.
    pub(super) fn begin(&mut self) {
        if let To::List { rows, .. } = &self.to {
            self.before = rows.len();
        }
    }

    pub(super) fn take(&mut self, at: Micros, row: Row) {
        match &mut self.to {
            To::List { rows, .. } => rows.push(row),
            To::Counts(groups) => self.is_partial |= !groups.take(at, &row),
        }
    }

    /// A piece was read, and there is more or not; true if it is to be read.
    pub(super) fn wants_more(&mut self, seen: usize, has_next: bool) -> bool {
        self.seen += seen;
        let is_full = match &self.to {
            To::List { rows, most } => rows.len() - self.before >= *most || self.seen >= MAX_ROWS,
            To::Counts(_) => self.seen >= MAX_COUNTED,
        };
        self.is_partial |= is_full && has_next;
        has_next && !is_full
    }

    /// The list, at most as long as was asked for; nothing where rows were counted.
    pub(super) fn into_rows(self) -> Vec<Row> {
        match self.to {
            To::List { mut rows, most } => {
                if self.before > 0 {
                    super::fields::sort(&mut rows, "-timestamp");
                }
                rows.truncate(most);
                rows
            }
            To::Counts(groups) => groups.finish().into_iter().map(|counted| counted.row).collect(),
        }
    }

    /// The counts with their intervals; nothing where rows were listed.
    pub(super) fn into_counts(self) -> Vec<super::aggregate::Counted> {
        match self.to {
            To::List { .. } => Vec::new(),
            To::Counts(groups) => groups.finish(),
        }
    }
}

/// Rows that are read at most for the counts of one answer.
const MAX_COUNTED: usize = 200_000;
