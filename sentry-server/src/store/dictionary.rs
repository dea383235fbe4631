//! What bodies are compressed against: bodies like them. Events of one kind differ in little, so what is left of a body is
//! a tenth of what it would be by itself.

use std::cell::RefCell;

use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound, get_frame_content_size};

/// A text that compressor and decompressor know beforehand.
pub(crate) struct Dictionary {
    /// 63 bits of the text's BLAKE3; never 0, which stands for none.
    pub(crate) id: i64,
    pub(crate) bytes: Vec<u8>,
    packer: CDict<'static>,
    unpacker: DDict<'static>,
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dictionary").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Dictionary {
    /// `None` when memory is short.
    pub(crate) fn new(bytes: Vec<u8>) -> Option<Self> {
        let mut short = [0; 8];
        short.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..8]);
        let id = (i64::from_le_bytes(short) & i64::MAX).max(1);
        let (packer, unpacker) = (CDict::try_create(&bytes, LEVEL)?, DDict::try_create(&bytes)?);
        Some(Self { id, bytes, packer, unpacker })
    }
}

/// zstd of some bytes; `None` when memory is short.
pub(crate) fn packed(bytes: &[u8], dictionary: Option<&Dictionary>) -> Option<Vec<u8>> {
    // Making a compressor costs as much as a small body.
    thread_local! {
        static OWN: RefCell<Option<(CCtx<'static>, Vec<u8>)>> = const { RefCell::new(None) };
    }
    OWN.with_borrow_mut(|own| {
        let (packer, room) = match own {
            Some(own) => own,
            None => own.insert((CCtx::try_create()?, Vec::new())),
        };
        room.clear();
        room.reserve(compress_bound(bytes.len()));
        match dictionary {
            Some(dictionary) => packer.compress_using_cdict(room, bytes, &dictionary.packer).ok()?,
            None => packer.compress(room, bytes, LEVEL).ok()?,
        };
        let packed = room.as_slice().to_vec();
        if room.capacity() > KEPT_BYTES {
            *room = Vec::new();
        }
        Some(packed)
    })
}

/// What was packed with the same dictionary.
pub(crate) fn unpacked(packed: &[u8], dictionary: Option<&Dictionary>) -> Result<Vec<u8>, String> {
    let Some(dictionary) = dictionary else {
        return zstd::decode_all(packed).map_err(|error| error.to_string());
    };
    let bytes = get_frame_content_size(packed).ok().flatten().filter(|bytes| *bytes <= MAX_BYTES);
    let bytes = bytes.ok_or("its length is unknown")?;
    let mut text = Vec::with_capacity(bytes as usize);
    let mut unpacker = DCtx::try_create().ok_or("no memory")?;
    unpacker
        .decompress_using_ddict(&mut text, packed, &dictionary.unpacker)
        .map_err(|code| zstd::zstd_safe::get_error_name(code).to_owned())?;
    Ok(text)
}

/// Higher levels find little more with a dictionary, and take twice as long.
const LEVEL: i32 = 1;
/// An event has 1 MiB at most, and so much besides that no dictionary is used for anything larger than this.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Room that a thread keeps for the next body.
const KEPT_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_reads_back_with_the_same_dictionary_only() {
        let text =
            |n: u32| format!("{{\"message\":\"a text that repeats in each event\",\"n\":{n}}}").into_bytes();
        let dictionary = Dictionary::new(text(1)).unwrap();
        for bytes in [text(2), Vec::new(), vec![7; 3_000_000]] {
            let alone = packed(&bytes, None).unwrap();
            assert_eq!(unpacked(&alone, None).unwrap(), bytes);
            let shared = packed(&bytes, Some(&dictionary)).unwrap();
            assert_eq!(unpacked(&shared, Some(&dictionary)).unwrap(), bytes);
        }
        let (alone, shared) = (packed(&text(2), None).unwrap(), packed(&text(2), Some(&dictionary)).unwrap());
        assert!(shared.len() * 2 < alone.len(), "{} of {}", shared.len(), alone.len());
        let other = Dictionary::new(vec![b' '; 200]).unwrap();
        assert_ne!(other.id, dictionary.id);
        assert_ne!(unpacked(&shared, Some(&other)).unwrap_or_default(), text(2));
    }
}
