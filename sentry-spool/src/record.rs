//! One record: how it is framed and written.

use crate::error::{Error, Result};
use crc32fast::Hasher;
use rustix::io::{pwrite, pwritev, retry_on_intr};
use std::io::IoSlice;
use std::os::fd::BorrowedFd;

/// Bytes in front of each payload.
pub(crate) const HEADER_BYTES: u64 = 16;

/// Bytes of an acknowledgement.
pub(crate) const ACK_BYTES: u64 = HEADER_BYTES + 4;

/// The largest payload: 1 GiB. A server's cap on a request is far below it.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1 << 30;

/// The first bytes of a header. 0xF5 never occurs in UTF-8, so text is skipped fast when looking for one.
pub(crate) const MAGIC: [u8; 2] = [0xF5, 0x57];

const VERSION: u8 = 1;
const INLINE_PARTS: usize = 15;

/// What a record's payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The caller's bytes.
    Data,
    /// The offset, in this same file, of a data record that needs no delivery any more: u32, little endian.
    Ack,
    /// Of a later version; skipped.
    Unknown,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Kind::Data => 1,
            Kind::Ack => 2,
            Kind::Unknown => 0,
        }
    }

    fn from_code(code: u8) -> Kind {
        match code {
            1 => Kind::Data,
            2 => Kind::Ack,
            _ => Kind::Unknown,
        }
    }
}

/// The fixed part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) length: u32,
    check: u32,
}

impl Header {
    fn of(kind: Kind, salt: u32, length: u32, parts: &[&[u8]]) -> Header {
        Header { kind, length, check: payload_check(salt, parts) }
    }

    fn encode(self, salt: u32) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        bytes[0..2].copy_from_slice(&MAGIC);
        bytes[2] = VERSION;
        bytes[3] = self.kind.code();
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.check.to_le_bytes());
        let check = header_check(salt, &bytes[..12]);
        bytes[12..16].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads a header; `None` unless every bit of it is as it was written into a file with this salt.
    pub(crate) fn decode(bytes: &[u8], salt: u32) -> Option<Header> {
        let bytes = bytes.get(..HEADER_BYTES as usize)?;
        if bytes[..2] != MAGIC || bytes[2] != VERSION {
            return None;
        }
        if word(bytes, 12) != header_check(salt, &bytes[..12]) {
            return None;
        }
        Some(Header { kind: Kind::from_code(bytes[3]), length: word(bytes, 4), check: word(bytes, 8) })
    }

    /// Whether `payload` is what this header was written for.
    pub(crate) fn fits(self, salt: u32, payload: &[u8]) -> bool {
        payload.len() as u64 == u64::from(self.length) && self.check == payload_check(salt, &[payload])
    }
}

/// Bytes that `parts` take, or an error if a record cannot hold them.
pub(crate) fn payload_bytes(parts: &[&[u8]]) -> Result<u32> {
    let total = parts.iter().fold(0usize, |total, part| total.saturating_add(part.len()));
    match u32::try_from(total) {
        Ok(length) if total <= MAX_PAYLOAD_BYTES => Ok(length),
        _ => Err(Error::too_large("the record is larger than 1 GiB")),
    }
}

/// Writes one record with one `pwritev`, at `offset`, where the last one ends.
///
/// An error leaves an unknown number of bytes behind; the caller cuts them off.
pub(crate) fn write(fd: BorrowedFd<'_>, offset: u64, kind: Kind, salt: u32, parts: &[&[u8]]) -> Result<u64> {
    let length = payload_bytes(parts)?;
    let header = Header::of(kind, salt, length, parts).encode(salt);
    let total = HEADER_BYTES + u64::from(length);

    // Up to fifteen parts need no allocation; the odd caller with more pays for one joined tail.
    let (direct, rest) = parts.split_at(parts.len().min(INLINE_PARTS - 1));
    let joined = rest.concat();
    let mut slices = [IoSlice::new(&[]); INLINE_PARTS + 1];
    slices[0] = IoSlice::new(&header);
    for (slice, part) in slices[1..].iter_mut().zip(direct) {
        *slice = IoSlice::new(part);
    }
    slices[direct.len() + 1] = IoSlice::new(&joined);

    whole(retry_on_intr(|| pwritev(fd, &slices[..direct.len() + 2], offset)), total)
}

/// How many records [`write_all`] takes at most; a system takes 1,024 pieces of memory in one call.
pub(crate) const fn most_at_once(parts: usize) -> usize {
    1_024 / (parts + 1)
}

/// Writes data records one behind the other with one `pwritev`, at `offset`, where the last one ends; at most as many as
/// [`most_at_once`] says.
///
/// An error leaves an unknown number of bytes behind; the caller cuts them off.
pub(crate) fn write_all<const N: usize>(
    fd: BorrowedFd<'_>,
    offset: u64,
    salt: u32,
    records: &[[&[u8]; N]],
) -> Result<u64> {
    let mut total = 0;
    let mut headers = Vec::with_capacity(records.len());
    for parts in records {
        let length = payload_bytes(parts)?;
        headers.push(Header::of(Kind::Data, salt, length, parts).encode(salt));
        total += HEADER_BYTES + u64::from(length);
    }
    let mut slices = Vec::with_capacity(records.len() * (N + 1));
    for (header, parts) in headers.iter().zip(records) {
        slices.push(IoSlice::new(header));
        slices.extend(parts.iter().map(|part| IoSlice::new(part)));
    }
    whole(retry_on_intr(|| pwritev(fd, &slices, offset)), total)
}

fn whole(written: rustix::io::Result<usize>, total: u64) -> Result<u64> {
    let written = written.map_err(|errno| Error::system("cannot append to the spool", errno))?;
    if written as u64 == total {
        Ok(total)
    } else {
        // The system wrote what fitted; the next try would have said ENOSPC or EFBIG.
        Err(Error::full("cannot append to the spool: only part of what was written fitted on the disk"))
    }
}

/// Writes an acknowledgement for each of these records with one `pwrite`, at `offset`, where the last record ends.
///
/// An error leaves an unknown number of bytes behind; the caller cuts them off.
pub(crate) fn write_acks(fd: BorrowedFd<'_>, offset: u64, salt: u32, records: &[u32]) -> Result<u64> {
    let mut bytes = Vec::with_capacity(records.len() * ACK_BYTES as usize);
    for record in records {
        let payload = record.to_le_bytes();
        bytes.extend_from_slice(&Header::of(Kind::Ack, salt, 4, &[&payload]).encode(salt));
        bytes.extend_from_slice(&payload);
    }
    whole(retry_on_intr(|| pwrite(fd, &bytes, offset)), bytes.len() as u64)
}

/// The number that ties a record to its file: of a file name with 64 random bits in it.
///
/// Payloads come from outside. Without the salt, bytes that look like a record could be taken for one when a
/// damaged header makes the reader search for the next.
pub(crate) fn salt_of(file_name: &str) -> u32 {
    crc32fast::hash(file_name.as_bytes())
}

fn header_check(salt: u32, bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(salt);
    hasher.update(bytes);
    hasher.finalize()
}

fn payload_check(salt: u32, parts: &[&[u8]]) -> u32 {
    let mut hasher = Hasher::new_with_initial(salt);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_header_survives_a_round_trip_and_no_flipped_bit() {
        let header = Header::of(Kind::Data, 7, 5, &[b"hello"]);
        let bytes = header.encode(7);
        assert_eq!(Header::decode(&bytes, 7), Some(header));
        assert_eq!(Header::decode(&bytes, 8), None, "another file's record");
        for bit in 0..128 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&flipped, 7), None, "bit {bit}");
        }
    }

    #[test]
    fn a_payload_is_its_parts_joined() {
        let header = Header::of(Kind::Data, 1, 5, &[b"he", b"", b"llo"]);
        assert!(header.fits(1, b"hello"));
        assert!(!header.fits(1, b"hellp"));
        assert!(!header.fits(1, b"hell"));
    }

    #[test]
    fn acknowledgements_written_at_once_are_records_like_others() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(write_acks(file.as_fd(), 0, 3, &[7, 1 << 30]).unwrap(), 2 * ACK_BYTES);
        let mut bytes = vec![0; 2 * ACK_BYTES as usize];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, 0).unwrap();
        for (ack, offset) in bytes.chunks(ACK_BYTES as usize).zip([7u32, 1 << 30]) {
            let (header, payload) = ack.split_at(HEADER_BYTES as usize);
            let header = Header::decode(header, 3).unwrap();
            assert_eq!((header.kind, payload), (Kind::Ack, &offset.to_le_bytes()[..]));
            assert!(header.fits(3, payload));
        }
    }

    #[test]
    fn any_number_of_parts_is_one_record() {
        for count in [0usize, 1, 13, 14, 15, 16, 40] {
            let file = tempfile::tempfile().unwrap();
            let parts = vec![b"ab".as_slice(); count];
            let written = write(file.as_fd(), 0, Kind::Data, 3, &parts).unwrap();
            assert_eq!(written, 16 + 2 * count as u64);
            let mut bytes = vec![0; written as usize];
            std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, 0).unwrap();
            let header = Header::decode(&bytes, 3).unwrap();
            assert!(header.fits(3, "ab".repeat(count).as_bytes()), "{count} parts");
        }
    }
}
