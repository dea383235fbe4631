use super::cursor::{Cursor, is_word};

/// Whether a byte may stand in a mailbox or a host name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
}

/// A web address, up to white space, a quote or a bracket, without closing punctuation.
pub(super) fn url(mut cursor: Cursor<'_>) -> Option<usize> {
    let scheme =
        ["https", "http", "wss", "ws", "ftp"].iter().find(|scheme| cursor.literal(scheme).is_some())?;
    debug_assert!(!scheme.is_empty(), "schemes have names");
    cursor.literal("://")?;
    let length = cursor.run(usize::MAX, |byte| {
        !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`')
    });
    let text = &cursor.rest()[..length];
    let closing = text
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b'.' | b',' | b';' | b':' | b'!' | b')' | b']' | b'}'))
        .count();
    (length > closing).then_some(cursor.at + length - closing)
}

/// `local@host.domain`; `run` is the length of the name at the cursor.
pub(super) fn email(mut cursor: Cursor<'_>, run: usize) -> Option<usize> {
    cursor.at += run;
    cursor.literal("@")?;
    let domain = host(&cursor)?;
    memchr::memchr(b'.', domain)?;
    let end = domain.rsplit(|byte| *byte == b'.').next()?;
    (end.len() >= 2 && end.iter().all(u8::is_ascii_alphabetic)).then_some(cursor.at + domain.len())
}

/// Dotted labels that end in a well-known top-level domain; `run` is the length of the name at the cursor.
pub(super) fn hostname(cursor: Cursor<'_>, run: usize) -> Option<usize> {
    let name = cursor.rest()[..run].trim_ascii_end();
    memchr::memchr(b'.', name)?;
    let name = host(&cursor).filter(|host| host.len() >= run - trailing_dots(&cursor.rest()[..run]))?;
    let (head, top) = std::str::from_utf8(name).ok()?.rsplit_once('.')?;
    if head.is_empty() || head.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return None;
    }
    let one_case =
        !(top.bytes().any(|b| b.is_ascii_uppercase()) && top.bytes().any(|b| b.is_ascii_lowercase()));
    let known = one_case && TOP_LEVEL.contains(&top.to_ascii_lowercase().as_str());
    // `foo.io(` and `self.app()` are calls.
    let after = cursor.bytes.get(cursor.at + name.len());
    (known && after != Some(&b'(')).then_some(cursor.at + name.len())
}

/// A run of host bytes without a dot or hyphen at its end.
fn host<'a>(cursor: &Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.run(usize::MAX, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let host = &cursor.rest()[..length];
    let host = &host[..length - trailing_dots(host)];
    (!host.is_empty() && Cursor { at: cursor.at + host.len(), ..*cursor }.is_end_of_word()).then_some(host)
}

fn trailing_dots(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| matches!(byte, b'.' | b'-')).count()
}

/// Six pairs of hex digits joined by colons or hyphens.
pub(super) fn mac(mut cursor: Cursor<'_>) -> Option<usize> {
    cursor.hex(2)?;
    let joint = [cursor.one_of(b":-")?];
    cursor.hex(2)?;
    for _ in 0..4 {
        cursor.one_of(&joint)?;
        cursor.hex(2)?;
    }
    (cursor.is_end_of_word() && cursor.peek() != Some(joint[0])).then_some(cursor.at)
}

/// An address of either family, a zone id included.
pub(super) fn ip(cursor: Cursor<'_>) -> Option<usize> {
    v4(cursor).or_else(|| v6(cursor))
}

fn v4(mut cursor: Cursor<'_>) -> Option<usize> {
    cursor.number(1, 3, 0..=255)?;
    for _ in 0..3 {
        cursor.literal(".")?;
        cursor.number(1, 3, 0..=255)?;
    }
    let more = cursor.peek() == Some(b'.') && cursor.bytes.get(cursor.at + 1).is_some_and(u8::is_ascii_digit);
    (cursor.is_end_of_word() && !more).then_some(cursor.at)
}

fn v6(cursor: Cursor<'_>) -> Option<usize> {
    let length = cursor.run(46, |byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    let text = std::str::from_utf8(&cursor.rest()[..length]).ok()?;
    if text.bytes().filter(|byte| *byte == b':').count() < 2 {
        return None;
    }
    let text = text.trim_end_matches('.');
    // `10::` may be followed by a sentence's colon, an address by none.
    let text = [text, text.strip_suffix(':').unwrap_or(text)]
        .into_iter()
        .find(|text| text.parse::<std::net::Ipv6Addr>().is_ok())?;
    // `dead::beef` is a path, as far as anybody can tell.
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut end = Cursor { at: cursor.at + text.len(), ..cursor };
    if end.peek() == Some(b'%') {
        let zone = Cursor { at: end.at + 1, ..end }.run(16, |byte| byte.is_ascii_alphanumeric());
        end.at += if zone > 0 { zone + 1 } else { 0 };
    }
    end.is_end_of_word().then_some(end.at)
}

/// Common enough to be meant as a host, and not the name of a file type or a method.
const TOP_LEVEL: [&str; 62] = [
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "io",
    "dev",
    "app",
    "cloud",
    "ai",
    "co",
    "biz",
    "xyz",
    "tech",
    "online",
    "site",
    "store",
    "shop",
    "local",
    "internal",
    "localdomain",
    "lan",
    "corp",
    "eu",
    "us",
    "uk",
    "de",
    "fr",
    "nl",
    "be",
    "ch",
    "at",
    "se",
    "no",
    "fi",
    "dk",
    "pl",
    "cz",
    "it",
    "es",
    "pt",
    "ie",
    "ru",
    "ua",
    "cn",
    "jp",
    "kr",
    "tw",
    "hk",
    "sg",
    "au",
    "nz",
    "br",
    "mx",
    "ar",
    "za",
    "tr",
    "il",
    "ca",
    "example",
];
