//! The spool's file format, read and forged by hand from its documentation: an oracle that shares no code with it.

use std::path::{Path, PathBuf};

const HEADER: usize = 16;
/// So many bytes of a payload are its number.
const NUMBER: usize = 4;

/// A segment as it lies there.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// A record found by walking from the start.
pub(super) struct Framed {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The number of a data record; `None` for other kinds.
    pub(super) number: Option<u32>,
}

impl Segment {
    /// The segments of a folder with this ending, in order of the first number in them, for runs that repeat:
    /// their names are random.
    pub(super) fn list(folder: &Path, ending: &str) -> Vec<Self> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(ending));
        let mut segments: Vec<Self> =
            paths.filter_map(|path| Some(Self { bytes: std::fs::read(&path).ok()?, path })).collect();
        segments.sort_by_cached_key(|segment| {
            (
                segment.frames().iter().find_map(|framed| framed.number),
                segment.bytes.len(),
                segment.path.clone(),
            )
        });
        segments
    }

    /// The records up to the first damage. Checksums are not looked at.
    pub(super) fn frames(&self) -> Vec<Framed> {
        let mut frames = Vec::new();
        let mut start = 0;
        while let Some(header) = self.bytes.get(start..start + HEADER) {
            let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
            let end = start + HEADER + length;
            if header[..3] != [0xF5, 0x57, 1] || end > self.bytes.len() {
                break;
            }
            let number = (header[3] == 1).then(|| number_of(&self.bytes[start + HEADER..end])).flatten();
            frames.push(Framed { start, end, number });
            start = end;
        }
        frames
    }

    /// Whether the records fill the file.
    pub(super) fn is_whole(&self) -> bool {
        self.frames().last().map_or(0, |last| last.end) == self.bytes.len()
    }

    /// Writes the bytes back, with an end of their own.
    pub(super) fn store(&self) {
        // A file that another outbox has just deleted stays deleted.
        if self.path.exists() {
            std::fs::write(&self.path, &self.bytes)
                .unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        }
    }

    /// A record of this file with a right header checksum, whatever else it claims.
    pub(super) fn forge(&self, kind: u8, length: u32, payload: &[u8]) -> Vec<u8> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let salt = crc32fast::hash(name.as_bytes());
        let check = |bytes: &[u8]| {
            let mut hasher = crc32fast::Hasher::new_with_initial(salt);
            hasher.update(bytes);
            hasher.finalize().to_le_bytes()
        };
        let mut record = vec![0xF5, 0x57, 1, kind];
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(&check(payload));
        let header = check(&record);
        record.extend_from_slice(&header);
        record.extend_from_slice(payload);
        record
    }
}

/// The payload of the record with this number.
pub(super) fn payload(number: u32, length: usize) -> Vec<u8> {
    let mut payload = number.to_le_bytes().to_vec();
    // Bytes that look like the start of a record, now and then.
    let fill = [0xF5, 0x57, 1, 1, 0, 0, 0, number as u8];
    payload.extend(fill.iter().cycle().take(length));
    payload
}

/// The number in a payload.
pub(super) fn number_of(payload: &[u8]) -> Option<u32> {
    payload.first_chunk::<NUMBER>().map(|bytes| u32::from_le_bytes(*bytes))
}

/// A fresh folder, in memory where the system has such a place.
pub(super) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap_or_else(|error| panic!("no temporary folder: {error}"))
}
