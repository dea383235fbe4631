use super::cursor::{Cursor, is_word};

/// W3C `00-<32 hex>-<16 hex>-0x`, or `1-<8 hex>-<24 hex>`.
pub(super) fn traceparent(mut cursor: Cursor<'_>) -> Option<usize> {
    if cursor.attempt(|c| c.literal("00-")).is_some() {
        cursor.hex(32)?;
        cursor.literal("-")?;
        cursor.hex(16)?;
        cursor.literal("-0")?;
        cursor.one_of(b"01")?;
    } else {
        cursor.literal("1-")?;
        cursor.hex(8)?;
        cursor.literal("-")?;
        cursor.hex(24)?;
    }
    cursor.is_end_of_word().then_some(cursor.at)
}

/// Hex digits in groups of 8, 4, 4, 4 and 12.
pub(super) fn uuid(mut cursor: Cursor<'_>) -> Option<usize> {
    cursor.hex(8)?;
    for count in [4, 4, 4, 12] {
        cursor.literal("-")?;
        cursor.hex(count)?;
    }
    cursor.is_end_of_word().then_some(cursor.at)
}

/// `tx`, 21 hex digits, a hyphen, 10 hex digits, and what a server appends.
pub(super) fn swift_transaction(mut cursor: Cursor<'_>) -> Option<usize> {
    cursor.literal("tx")?;
    cursor.hex(21)?;
    cursor.literal("-")?;
    (cursor.run(10, |byte| byte.is_ascii_hexdigit()) == 10).then_some(())?;
    cursor.at += 10;
    cursor.at += cursor.run(64, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    cursor.is_end_of_word().then_some(cursor.at)
}

/// A whole word that is a number in hex or looks drawn at random.
pub(super) fn word(cursor: Cursor<'_>) -> Option<(usize, &'static str)> {
    let length = cursor.run(usize::MAX, is_word);
    let word = &cursor.rest()[..length];
    let end = cursor.at + length;
    if !word.iter().any(u8::is_ascii_digit) {
        return None;
    }
    if let Some(digits) = word.strip_prefix(b"0x").or_else(|| word.strip_prefix(b"0X")) {
        return (!digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit)).then_some((end, "hex"));
    }
    let upper = word.iter().any(u8::is_ascii_uppercase);
    let lower = word.iter().any(u8::is_ascii_lowercase);
    let one_case = !(upper && lower);
    if word.iter().all(u8::is_ascii_hexdigit) {
        match length {
            40 => return Some((end, "sha1")),
            32 => return Some((end, "md5")),
            7 if lower && one_case => return Some((end, "git_sha")),
            4..=6 | 8..=128 if one_case => return Some((end, "hex")),
            _ => {}
        }
    }
    looks_random(word).then_some((end, "random_id"))
}

/// Digits strewn among letters, as no person names things.
fn looks_random(word: &[u8]) -> bool {
    let changes = word.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    word.is_ascii() && ((word.len() >= 10 && changes >= 4) || (word.len() >= 18 && changes >= 3))
}
