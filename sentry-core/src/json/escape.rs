//! Text in quotes.

/// How much is looked at together: what one vector register of any processor holds.
const BLOCK: usize = 16;
const WORD: usize = 8;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the text in quotes.
pub(super) fn text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        with_escapes(bytes, out);
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
    match (bytes.first_chunk::<WORD>(), bytes.last_chunk::<WORD>()) {
        (Some(first), Some(last)) => first_of(*first).is_none() && first_of(*last).is_none(),
        _ => !bytes.iter().any(|byte| needs(*byte)),
    }
}

/// Appends what is between escapes as it is, and looks for the next one eight bytes at a time.
fn with_escapes(bytes: &[u8], out: &mut Vec<u8>) {
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        let found = match bytes[at..].first_chunk::<WORD>() {
            Some(word) => first_of(*word),
            None => bytes[at..].iter().position(|byte| needs(*byte)),
        };
        let Some(found) = found else {
            at += WORD;
            continue;
        };
        at += found;
        out.extend_from_slice(&bytes[copied..at]);
        escaped(bytes[at], out);
        at += 1;
        copied = at;
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// The first of eight bytes that needs an escape: a byte is below 32, or equal to another, if a subtraction borrows. Bytes
/// behind the first may be taken for such by the borrow.
fn first_of(bytes: [u8; WORD]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(bytes);
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let found = below(word, 0x20) | below(word ^ (ONES * 0x22), 1) | below(word ^ (ONES * 0x5C), 1);
    let found = found & (ONES * 0x80);
    (found != 0).then(|| (found.trailing_zeros() / 8) as usize)
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
