//! How to get from a frame to its caller, by address: Breakpad's `STACK` lines with an index in front of them.
//!
//! Only the lines of the function in question are read, so that a table of a large program costs no memory.
//!
//! *Shape*, all numbers little endian: `WPU1`, the number of entries (u32), the entries by first address, the text. An entry
//! is first address, address behind the last, place of its lines in the text (u64 each) and their bytes (u64).

/// A table, mapped into memory.
#[derive(Debug, Clone, Copy)]
pub(in crate::symbolicate) struct Unwinding<'a> {
    index: &'a [u8],
    text: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    first: u64,
    end: u64,
    at: u64,
    bytes: u64,
}

impl<'a> Unwinding<'a> {
    /// `None` for what [`write`] did not write.
    pub(in crate::symbolicate) fn read(table: &'a [u8]) -> Option<Self> {
        let rest = table.strip_prefix(MAGIC)?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let (index, text) =
            rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(ENTRY_BYTES)?)?;
        Some(Self { index, text })
    }

    /// The lines that cover an address of the image, ready to be read as a symbol file.
    pub(in crate::symbolicate) fn lines(&self, address: u64) -> Vec<u8> {
        let count = self.index.len() / ENTRY_BYTES;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            if self.entry(middle).is_some_and(|entry| entry.first <= address) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // Entries of one kind nest, and an address may have entries of several kinds.
        let mut lines = Vec::new();
        for entry in (low.saturating_sub(MAX_NESTED)..low).rev().filter_map(|number| self.entry(number)) {
            let (at, bytes) = (entry.at as usize, entry.bytes as usize);
            if entry.end > address
                && let Some(own) = at.checked_add(bytes).and_then(|end| self.text.get(at..end))
            {
                lines.extend_from_slice(own);
            }
        }
        lines
    }

    fn entry(&self, number: usize) -> Option<Entry> {
        let at = number.checked_mul(ENTRY_BYTES)?;
        let entry = self.index.get(at..at + ENTRY_BYTES)?;
        let field =
            |place: usize| entry.get(place * 8..)?.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        Some(Entry { first: field(0)?, end: field(1)?, at: field(2)?, bytes: field(3)? })
    }
}

/// The table of some `STACK` lines; other lines are left out.
pub(super) fn write(text: &[u8]) -> Vec<u8> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0_u64;
    // Lines that add to the rules of a function follow the line that begins it.
    let mut is_open = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let bytes = line.len() as u64;
        match range(line) {
            Some((first, end, has_more)) => {
                entries.push(Entry { first, end, at, bytes });
                is_open = has_more;
            }
            None if is_open && line.starts_with(b"STACK CFI ") => {
                if let Some(entry) = entries.last_mut() {
                    entry.bytes += bytes;
                }
            }
            None => is_open = false,
        }
        at += bytes;
    }
    entries.sort_by_key(|entry| entry.first);
    entries.truncate(u32::MAX as usize);
    let mut table = Vec::with_capacity(MAGIC.len() + 4 + entries.len() * ENTRY_BYTES + text.len());
    table.extend_from_slice(MAGIC);
    table.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    for entry in &entries {
        for field in [entry.first, entry.end, entry.at, entry.bytes] {
            table.extend_from_slice(&field.to_le_bytes());
        }
    }
    table.extend_from_slice(text);
    table
}

/// The addresses that a line begins the rules of, and whether lines that belong to it may follow.
fn range(line: &[u8]) -> Option<(u64, u64, bool)> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some("STACK") {
        return None;
    }
    let has_more = match (words.next()?, words.next()?) {
        ("CFI", "INIT") => true,
        ("WIN", _) => false,
        _ => return None,
    };
    let mut number = || u64::from_str_radix(words.next()?, 16).ok();
    let first = number()?;
    Some((first, first.checked_add(number()?)?, has_more))
}

const MAGIC: &[u8] = b"WPU1";
const ENTRY_BYTES: usize = 32;
const MAX_NESTED: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_function_are_found_by_any_address_in_it() {
        let text = b"MODULE windows x86 000 a.pdb\n\
            STACK CFI INIT 20 10 .cfa: $rsp 8 +\n\
            STACK CFI 21 .cfa: $rsp 16 +\n\
            STACK CFI INIT 10 8 .cfa: $rsp 4 +\n\
            STACK WIN 4 1e 8 0 0 0 0 0 0 1 $eip\n\
            STACK CFI 22 stray\n\
            STACK CFI INIT zz 8 nonsense\n";
        let table = write(text);
        let table = Unwinding::read(&table).unwrap();
        let lines = |address: u64| String::from_utf8(table.lines(address)).unwrap();
        assert_eq!(lines(0x17), "STACK CFI INIT 10 8 .cfa: $rsp 4 +\n");
        assert_eq!(lines(0x18), "");
        assert_eq!(lines(0x1e), "STACK WIN 4 1e 8 0 0 0 0 0 0 1 $eip\n");
        let both = lines(0x25);
        assert!(
            both.starts_with("STACK CFI INIT 20 10 .cfa: $rsp 8 +\nSTACK CFI 21 .cfa: $rsp 16 +\nSTACK WIN"),
            "{both}"
        );
        assert_eq!(lines(0x30), "");
        assert!(Unwinding::read(b"WPU1").is_none() && Unwinding::read(b"WPU1\xff\xff\xff\xff").is_none());
        assert!(Unwinding::read(&write(b"")).unwrap().lines(1).is_empty());
    }
}
