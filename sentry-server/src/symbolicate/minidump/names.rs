//! Names in a dump, measured before they are read: many entries may refer to one long text, and each would get its copy.

use minidump::Minidump;

/// Whether the modules can be read without taking much more memory than the dump has.
pub(super) fn of_modules(dump: &Minidump<'_, &[u8]>, all: &[u8]) -> bool {
    const MODULES: u32 = 4;
    are_bounded(dump, all, MODULES, 108, |entry, word| {
        // The name's place, and the bytes of what tells the build.
        let name = word(all, word(entry, 20)?)?;
        Some(name.max(word(entry, 76)?))
    })
}

/// The same for the names of threads.
pub(super) fn of_threads(dump: &Minidump<'_, &[u8]>, all: &[u8]) -> bool {
    const THREAD_NAMES: u32 = 24;
    are_bounded(dump, all, THREAD_NAMES, 12, |entry, word| word(all, word(entry, 4)?))
}

type Word<'w> = &'w dyn Fn(&[u8], usize) -> Option<usize>;

/// `measure` answers the longest text of an entry; one that refers to nowhere is for the reader to refuse.
fn are_bounded(
    dump: &Minidump<'_, &[u8]>,
    all: &[u8],
    stream: u32,
    entry_bytes: usize,
    measure: impl Fn(&[u8], Word<'_>) -> Option<usize>,
) -> bool {
    let is_little = dump.endian.is_little();
    let word = |bytes: &[u8], at: usize| {
        let bytes = *bytes.get(at..)?.first_chunk::<4>()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize)
    };
    let Ok(list) = dump.get_raw_stream(stream) else { return true };
    let Some(count) = word(list, 0) else { return true };
    if count > MAX_ENTRIES || all.len() > u32::MAX as usize {
        return false;
    }
    // Some writers align the list to eight bytes.
    let is_padded = list.len() >= 8 + count * entry_bytes;
    let entries = list.get(if is_padded { 8 } else { 4 }..).unwrap_or_default();
    entries
        .chunks_exact(entry_bytes)
        .take(count)
        .all(|entry| measure(entry, &word).unwrap_or(0) <= MAX_NAME_BYTES)
}

const MAX_ENTRIES: usize = 16_384;
const MAX_NAME_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// A dump with one stream: a list of three entries, each of which refers to the text at its end.
    fn dump(stream: u32, entry_bytes: usize, place: usize, padding: usize, text: usize) -> Vec<u8> {
        let list_bytes = 4 + padding + 3 * entry_bytes;
        let (list_at, text_at) = (44, 44 + list_bytes);
        let mut dump = b"MDMP".to_vec();
        for word in [0xA793, 1, 32, 0, 0, 0, 0, stream, list_bytes as u32, list_at, 3] {
            dump.extend(u32::to_le_bytes(word));
        }
        dump.extend(vec![0; padding]);
        for _ in 0..3 {
            let mut entry = vec![0; entry_bytes];
            entry[place..place + 4].copy_from_slice(&(text_at as u32).to_le_bytes());
            dump.extend(entry);
        }
        dump.extend((text as u32).to_le_bytes());
        dump.extend(vec![b'a'; text]);
        dump
    }

    #[test]
    fn a_long_name_that_many_refer_to_is_not_read() {
        for padding in [0, 4] {
            for (text, is_bounded) in [(8 * 1024, true), (8 * 1024 + 2, false)] {
                let modules = dump(4, 108, 20, padding, text);
                assert_eq!(of_modules(&Minidump::read(&modules[..]).unwrap(), &modules), is_bounded);
                let threads = dump(24, 12, 4, padding, text);
                assert_eq!(of_threads(&Minidump::read(&threads[..]).unwrap(), &threads), is_bounded);
                assert!(of_modules(&Minidump::read(&threads[..]).unwrap(), &threads), "no such stream");
            }
        }
    }
}
