//! Text in quotes.

/// How much is looked at together: what one vector register of any processor holds.
const BLOCK: usize = 16;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the text in quotes.
pub(super) fn text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        for piece in bytes.split_inclusive(|byte| needs(*byte)) {
            match piece.split_last() {
                Some((last, before)) if needs(*last) => {
                    out.extend_from_slice(before);
                    escaped(*last, out);
                }
                _ => out.extend_from_slice(piece),
            }
        }
    }
    out.push(b'"');
}

/// True if no byte needs an escape.
fn is_plain(bytes: &[u8]) -> bool {
    // Without an early end inside a block, so that the compiler compares all of it at once.
    let is_plain_block = |block: &[u8; BLOCK]| !block.iter().fold(false, |found, byte| found | needs(*byte));
    if let Some(last) = bytes.last_chunk::<BLOCK>() {
        let (blocks, _) = bytes.as_chunks::<BLOCK>();
        return blocks.iter().all(is_plain_block) && is_plain_block(last);
    }
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => !needs_any(*first) && !needs_any(*last),
        _ => !bytes.iter().any(|byte| needs(*byte)),
    }
}

/// Whether one of eight bytes needs an escape: a byte is below 32, or equal to another, if a subtraction borrows.
fn needs_any(bytes: [u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(bytes);
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let found = below(word, 0x20) | below(word ^ (ONES * 0x22), 1) | below(word ^ (ONES * 0x5C), 1);
    found & (ONES * 0x80) != 0
}

/// Quotes, backslashes and control characters. Source: RFC 8259, section 7.
fn needs(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

fn escaped(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xF)]];
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(&digits);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
