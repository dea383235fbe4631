//! Compressing with what a thread keeps for it: making a compressor costs as much as a small body.

use std::cell::RefCell;

use zstd::bulk::Compressor;

/// zstd of some bytes; `None` when memory is short.
pub(super) fn packed(bytes: &[u8], level: i32) -> Option<Vec<u8>> {
    thread_local! {
        static OWN: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
    }
    OWN.with_borrow_mut(|own| {
        let (known, compressor) = match own {
            Some(own) => own,
            None => own.insert((level, Compressor::new(level).ok()?)),
        };
        if *known != level {
            compressor.set_compression_level(level).ok()?;
            *known = level;
        }
        let mut packed = compressor.compress(bytes).ok()?;
        // Room was made for what cannot be compressed, and bodies wait for their batch.
        packed.shrink_to_fit();
        Some(packed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_at_any_level_reads_back() {
        for (level, text) in
            [(1, "a".repeat(1_000)), (3, "b".repeat(20)), (3, String::new()), (1, "c".into())]
        {
            let bytes = packed(text.as_bytes(), level).unwrap();
            assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), text.as_bytes());
        }
    }
}
