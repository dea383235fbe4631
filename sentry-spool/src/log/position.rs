//! Places in a log.

/// Where a record starts: totally ordered, and never given out twice by one log.
///
/// A u64 below 2^63, so that it fits a signed database column: the segment's number times 2^32, plus the offset in
/// bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// Before every record.
    pub const START: Position = Position(0);

    pub(crate) fn new(segment: u32, offset: u64) -> Position {
        Position(u64::from(segment) << 32 | offset)
    }

    /// The position that [`Position::as_u64`] gave.
    #[must_use]
    pub fn from_u64(value: u64) -> Position {
        Position(value)
    }

    /// As a number, for storing.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The smallest position after this one. No record starts there, but reading from there gives the next record.
    #[must_use]
    pub fn just_after(self) -> Position {
        Position(self.0.saturating_add(1))
    }

    pub(crate) fn segment(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn offset(self) -> u64 {
        self.0 & u64::from(u32::MAX)
    }
}
