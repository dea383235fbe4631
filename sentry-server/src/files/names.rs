//! Names of content: checksums and debug ids as clients write them.

use sha1::{Digest as _, Sha1 as Hasher};

use crate::auth::hex;
use crate::store::{DebugKey, Sha1};

/// The SHA-1 of some bytes.
pub(crate) fn sha1_of(bytes: &[u8]) -> Sha1 {
    Hasher::digest(bytes).into()
}

/// Forty hex digits.
pub(crate) fn sha1_text(text: &str) -> Option<Sha1> {
    from_hex(text.as_bytes())
}

/// The first 32 hex digits of a debug id, with or without hyphens and whatever follows them.
pub(crate) fn debug_key(text: &str) -> Option<DebugKey> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').take(32).collect();
    from_hex(&digits)
}

/// A key as it is written: lower case, hyphenated.
pub(crate) fn debug_text(key: &DebugKey) -> String {
    let text = hex(key);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

fn from_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? * 16 + digit(1)?) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_and_debug_ids_are_read_and_nonsense_is_not() {
        let sha1 = sha1_of(b"abc");
        assert_eq!(hex(&sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(sha1_text("A9993E364706816aba3e25717850c26c9cd0d89d"), Some(sha1));
        for wrong in [
            "",
            "a9",
            "a9993e364706816aba3e25717850c26c9cd0d89g",
            "a9993e364706816aba3e25717850c26c9cd0d89d0",
        ] {
            assert_eq!(sha1_text(wrong), None, "{wrong}");
        }
        let id = "DFB8E43A-F2242-3D73-A453-AEB6A777EF75";
        assert_eq!(debug_key(id), debug_key("dfb8e43af22423d73a453aeb6a777ef7"));
        assert_eq!(debug_text(&debug_key(id).unwrap()), "dfb8e43a-f224-23d7-3a45-3aeb6a777ef7");
        assert_eq!(debug_key("dfb8e43a"), None);
    }
}
