//! Reading records back, over whatever a crash or a bad disk left.

use crate::error::{Error, Result};
use crate::record::{HEADER_BYTES, Header, Kind, MAGIC};
use rustix::io::{pread, retry_on_intr};
use std::ops::AddAssign;
use std::os::fd::BorrowedFd;

/// What was found damaged and left out.
///
/// `records` is a lower bound: a damaged stretch whose framing is unreadable counts as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Records that cannot be delivered, at least.
    pub records: u64,
    /// Bytes of file that were skipped.
    pub bytes: u64,
}

impl AddAssign for Lost {
    fn add_assign(&mut self, other: Lost) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

/// One step of a [`Scan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole record; its payload is in the buffer given to [`Scan::step`].
    Record { at: u64, kind: Kind },
    /// A damaged stretch from `at` to where the scan stands now.
    Damage { at: u64, lost: Lost },
}

/// A stretch of a file that was read at once. What is before a segment's length never changes.
#[derive(Debug, Default)]
pub(crate) struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Read ahead at most: some transactions, or an error.
    const BYTES: usize = 32 * 1024;

    /// From now on it is for another file. Keeps the memory.
    pub(crate) fn forget(&mut self) {
        self.bytes.clear();
    }

    /// Fills `buffer` from `offset`, with one read for as much as the window holds; false if it is too much for it, or
    /// the file ends before.
    fn read(&mut self, fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64, end: u64) -> Result<bool> {
        if buffer.len() > Self::BYTES {
            return Ok(false);
        }
        if self.part(offset, buffer.len()).is_none() {
            let ahead = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(Self::BYTES);
            if self.bytes.capacity() < ahead {
                // Nothing in it is wanted any more, so it is not copied.
                self.bytes = Vec::new();
                self.bytes.reserve_exact(ahead);
            }
            self.bytes.resize(ahead, 0);
            self.start = offset;
            let filled = read_at(fd, &mut self.bytes, offset)?;
            self.bytes.truncate(filled);
        }
        Ok(self.part(offset, buffer.len()).is_some_and(|part| {
            buffer.copy_from_slice(part);
            true
        }))
    }

    fn part(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(length)?)
    }
}

/// Walks the records of one file between two offsets.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    fd: BorrowedFd<'a>,
    salt: u32,
    offset: u64,
    end: u64,
    window: Option<&'a mut Window>,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(fd: BorrowedFd<'a>, salt: u32, offset: u64, end: u64) -> Scan<'a> {
        Scan { fd, salt, offset, end, window: None }
    }

    /// Reads ahead into this window, and takes what is in it from there: it has to be of the same file.
    pub(crate) fn ahead(self, window: &'a mut Window) -> Scan<'a> {
        Scan { window: Some(window), ..self }
    }

    /// Where the next step starts.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record or damage, `None` at the end. Always moves forward.
    pub(crate) fn step(&mut self, payload: &mut Vec<u8>) -> Result<Option<Step>> {
        let at = self.offset;
        if at >= self.end {
            return Ok(None);
        }
        let header = self.header_at(at)?;
        if let Some(header) = header {
            payload.clear();
            payload.resize(header.length as usize, 0);
            let whole = self.read(payload, at + HEADER_BYTES)?;
            if whole && header.fits(self.salt, payload) {
                self.offset = at + HEADER_BYTES + u64::from(header.length);
                return Ok(Some(Step::Record { at, kind: header.kind }));
            }
        }
        self.offset = self.next_header(at + 1)?;
        let data = !matches!(header, Some(Header { kind: Kind::Ack | Kind::Unknown, .. }));
        let lost = Lost { records: u64::from(data), bytes: self.offset - at };
        Ok(Some(Step::Damage { at, lost }))
    }

    /// Moves to the first record at or after `target` by reading headers alone.
    pub(crate) fn seek(&mut self, target: u64) -> Result<()> {
        while self.offset < target.min(self.end) {
            let at = self.offset;
            self.offset = match self.header_at(at)? {
                Some(header) => at + HEADER_BYTES + u64::from(header.length),
                None => self.next_header(at + 1)?,
            };
        }
        Ok(())
    }

    /// The header at `at`, if it is whole and its payload can lie inside the file.
    pub(crate) fn header_at(&mut self, at: u64) -> Result<Option<Header>> {
        let mut bytes = [0; HEADER_BYTES as usize];
        if self.end.saturating_sub(at) < HEADER_BYTES || !self.read(&mut bytes, at)? {
            return Ok(None);
        }
        Ok(Header::decode(&bytes, self.salt)
            .filter(|header| u64::from(header.length) <= self.end - at - HEADER_BYTES))
    }

    /// Fills `buffer` from `offset`; false if the file ends before.
    fn read(&mut self, buffer: &mut [u8], offset: u64) -> Result<bool> {
        if let Some(window) = &mut self.window
            && window.read(self.fd, buffer, offset, self.end)?
        {
            return Ok(true);
        }
        Ok(read_at(self.fd, buffer, offset)? == buffer.len())
    }

    /// Searches for the next header that holds; `end` if there is none.
    fn next_header(&self, from: u64) -> Result<u64> {
        const WINDOW: usize = 64 * 1024;
        const OVERLAP: usize = HEADER_BYTES as usize - 1;
        let mut window = vec![0; WINDOW];
        let mut start = from;
        while start + HEADER_BYTES <= self.end {
            let want = WINDOW.min(usize::try_from(self.end - start).unwrap_or(WINDOW));
            let filled = read_at(self.fd, &mut window[..want], start)?;
            if filled < HEADER_BYTES as usize {
                break;
            }
            for at in 0..filled - OVERLAP {
                if window[at] == MAGIC[0] && window[at + 1] == MAGIC[1] {
                    let position = start + at as u64;
                    if let Some(header) = Header::decode(&window[at..filled], self.salt)
                        && position + HEADER_BYTES + u64::from(header.length) <= self.end
                    {
                        return Ok(position);
                    }
                }
            }
            start += (filled - OVERLAP) as u64;
        }
        Ok(self.end)
    }
}

/// Fills `buffer` from `offset`; less only at the end of the file.
fn read_at(fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        let read = retry_on_intr(|| pread(fd, &mut *rest, offset + filled as u64))
            .map_err(|errno| Error::system("cannot read the spool", errno))?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record;
    use proptest::prelude::*;
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::AsFd;

    const SALT: u32 = 0x5EED;

    fn file_of(records: &[Vec<u8>]) -> (File, Vec<u64>) {
        let file = tempfile::tempfile().unwrap();
        let mut ends = vec![0];
        for record in records {
            let end = ends[ends.len() - 1];
            ends.push(end + record::write(file.as_fd(), end, Kind::Data, SALT, &[record]).unwrap());
        }
        (file, ends)
    }

    fn read_all(file: &File) -> (Vec<Vec<u8>>, Lost) {
        let end = file.metadata().unwrap().len();
        let mut scan = Scan::new(file.as_fd(), SALT, 0, end);
        let (mut records, mut lost, mut payload) = (Vec::new(), Lost::default(), Vec::new());
        while let Some(step) = scan.step(&mut payload).unwrap() {
            match step {
                Step::Record { .. } => records.push(payload.clone()),
                Step::Damage { lost: more, .. } => lost += more,
            }
        }
        assert_eq!(scan.offset(), end);
        (records, lost)
    }

    #[test]
    fn a_file_cut_at_any_byte_gives_every_whole_record() {
        let records: Vec<Vec<u8>> = (0u8..4).map(|n| vec![n; 40 + usize::from(n)]).collect();
        let (file, ends) = file_of(&records);
        for cut in (0..*ends.last().unwrap()).rev() {
            file.set_len(cut).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let (found, lost) = read_all(&file);
            assert_eq!(found, records[..whole], "cut at {cut}");
            let torn = cut - ends[whole];
            assert_eq!(lost, Lost { records: u64::from(torn > 0), bytes: torn }, "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_costs_the_record_it_is_in_and_no_other() {
        let records: Vec<Vec<u8>> = (0u8..3).map(|n| vec![n; 25]).collect();
        for bit in 0..3 * 41 * 8u64 {
            let (file, _) = file_of(&records);
            let mut byte = [0];
            std::os::unix::fs::FileExt::read_exact_at(&file, &mut byte, bit / 8).unwrap();
            byte[0] ^= 1 << (bit % 8);
            std::os::unix::fs::FileExt::write_all_at(&file, &byte, bit / 8).unwrap();
            let hit = (bit / 8 / 41) as usize;
            let (found, lost) = read_all(&file);
            let rest: Vec<_> = records.iter().enumerate().filter(|(n, _)| *n != hit).collect();
            assert!(found.iter().eq(rest.iter().map(|(_, r)| *r)), "bit {bit}");
            assert_eq!(lost, Lost { records: 1, bytes: 41 }, "bit {bit}");
        }
    }

    #[test]
    fn a_payload_that_holds_records_of_another_file_is_not_taken_for_records() {
        let mut forged = tempfile::tempfile().unwrap();
        record::write(forged.as_fd(), 0, Kind::Data, SALT + 1, &[b"forged"]).unwrap();
        let mut bytes = vec![0; 22];
        std::os::unix::fs::FileExt::read_exact_at(&forged, &mut bytes, 0).unwrap();
        forged.flush().unwrap();
        let (file, _) = file_of(&[bytes, b"real".to_vec()]);
        std::os::unix::fs::FileExt::write_all_at(&file, &[0], 0).unwrap();
        let (found, lost) = read_all(&file);
        assert_eq!(found, [b"real".to_vec()]);
        assert_eq!(lost.records, 1);
    }

    #[test]
    fn damage_wider_than_a_window_is_crossed() {
        let records = vec![vec![1; 200_000], vec![2; 10]];
        let (file, _) = file_of(&records);
        std::os::unix::fs::FileExt::write_all_at(&file, &[0; 4], 0).unwrap();
        assert_eq!(read_all(&file).0, records[1..]);
    }

    proptest! {
        #[test]
        fn whatever_happens_to_a_file_what_is_read_was_written(
            sizes in prop::collection::vec(0usize..300, 0..20),
            cut in 0.0f64..=1.0,
            flips in prop::collection::vec((0.0f64..1.0, 0u8..8), 0..6),
        ) {
            let records: Vec<Vec<u8>> =
                sizes.iter().enumerate().map(|(n, size)| vec![n as u8 ^ 0xF5; *size]).collect();
            let (file, ends) = file_of(&records);
            let end = (*ends.last().unwrap() as f64 * cut) as u64;
            file.set_len(end).unwrap();
            let mut hit = std::collections::BTreeSet::new();
            for (place, bit) in flips.iter().filter(|_| end > 0) {
                let at = (place * end as f64) as u64;
                let mut byte = [0];
                std::os::unix::fs::FileExt::read_exact_at(&file, &mut byte, at).unwrap();
                std::os::unix::fs::FileExt::write_all_at(&file, &[byte[0] ^ (1 << bit)], at).unwrap();
                hit.insert(ends.iter().filter(|end| **end <= at).count() - 1);
            }
            let (found, lost) = read_all(&file);
            // Every record that was neither cut nor hit is there, in order, and nothing that was never written.
            let mut expected = records.iter().enumerate()
                .filter(|(n, _)| ends[n + 1] <= end && !hit.contains(n)).map(|(_, r)| r).peekable();
            let mut written = records.iter();
            for record in &found {
                prop_assert!(written.any(|r| r == record), "never written, or out of order");
                if expected.peek() == Some(&record) { expected.next(); }
            }
            prop_assert_eq!(expected.next(), None);
            let bytes: u64 = found.iter().map(|r| r.len() as u64 + HEADER_BYTES).sum();
            prop_assert_eq!(bytes + lost.bytes, end);
        }
    }
}
