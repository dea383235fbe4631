//! Keys of what the application itself put in: compared word by word, so that `author` or `monkey` stay.

/// Words, and neighbouring words written together, that make a key a secret anywhere; by length.
const WORDS: [&[&str]; LONGEST + 1] = [
    &[],
    &[],
    &[],
    &["pwd", "jwt"],
    &["auth", "csrf", "xsrf"],
    &["token"],
    &["passwd", "secret", "tokens", "apikey", "bearer", "cookie"],
    &["secrets", "session", "cookies", "symfony"],
    &["password"],
    &["passwords", "accesskey", "secretkey", "setcookie", "csrftoken", "sessionid", "xsrftoken", "phpsessid"],
    &["passphrase", "privatekey", "credential", "connectsid"],
    &["credentials"],
    &[],
    &["authorization"],
];

/// The same for keys that say where somebody is; secrets unless personal data may be collected.
const PERSONAL: [&str; 5] = ["forwardedfor", "realip", "ipaddress", "remoteaddr", "clientip"];

/// The letters that the words of both lists begin with: most keys are told by them.
const STARTS: u32 = {
    let (mut starts, mut length) = (0, 0);
    while length < WORDS.len() {
        let mut at = 0;
        while at < WORDS[length].len() {
            starts |= letter(WORDS[length][at].as_bytes()[0]);
            at += 1;
        }
        length += 1;
    }
    let mut at = 0;
    while at < PERSONAL.len() {
        starts |= letter(PERSONAL[at].as_bytes()[0]);
        at += 1;
    }
    starts
};

/// A bit for an ASCII letter of either case; what is none may share one.
const fn letter(byte: u8) -> u32 {
    1 << (byte & 0x1F)
}

/// The longest text that `WORDS` can match.
const LONGEST: usize = 13;

/// True if one word of the key, or two neighbours written together, are in the list. `personal` adds the keys of
/// addresses.
pub(super) fn is_secret(key: &str, personal: bool) -> bool {
    let mut previous = "";
    for word in words(key) {
        if listed("", word, personal) || (!previous.is_empty() && listed(previous, word, personal)) {
            return true;
        }
        previous = word;
    }
    false
}

/// True if the key says where somebody is.
pub(super) fn is_address(key: &str) -> bool {
    let mut previous = "";
    words(key).any(|word| {
        let is = PERSONAL.iter().any(|wanted| {
            wanted.len() == previous.len() + word.len()
                && wanted.as_bytes()[..previous.len()].eq_ignore_ascii_case(previous.as_bytes())
                && wanted.as_bytes()[previous.len()..].eq_ignore_ascii_case(word.as_bytes())
        });
        previous = word;
        is
    })
}

fn listed(first: &str, second: &str, personal: bool) -> bool {
    let start = if first.is_empty() { second } else { first };
    if start.bytes().next().is_none_or(|byte| STARTS & letter(byte) == 0) {
        return false;
    }
    let is = |word: &&str| {
        let (head, tail) = word.as_bytes().split_at(first.len());
        head.eq_ignore_ascii_case(first.as_bytes()) && tail.eq_ignore_ascii_case(second.as_bytes())
    };
    let length = first.len() + second.len();
    WORDS.get(length).is_some_and(|words| words.iter().any(is))
        || (personal && PERSONAL.iter().filter(|word| word.len() == length).any(is))
}

/// The words of `snake_case`, `kebab-case`, `dotted.names` and `camelCase`.
fn words(key: &str) -> impl Iterator<Item = &str> {
    let bytes = key.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(|byte| is_border(*byte)) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && !is_border(bytes[at]) && (at == start || !starts_word(bytes, at)) {
            at += 1;
        }
        // Borders and capitals are ASCII, so both ends are borders of characters.
        key.get(start..at).filter(|word| !word.is_empty())
    })
}

fn is_border(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.' | b' ' | b':' | b'/' | b'[' | b']' | b'$' | b'@')
}

fn starts_word(bytes: &[u8], at: usize) -> bool {
    bytes[at].is_ascii_uppercase()
        && (bytes[at - 1].is_ascii_lowercase()
            || bytes[at - 1].is_ascii_digit()
            || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_at_its_length() {
        for (length, words) in WORDS.iter().enumerate() {
            assert!(words.iter().all(|word| word.len() == length), "{length}");
        }
    }

    #[test]
    fn words_decide() {
        for secret in [
            "password",
            "db_password",
            "userPassword",
            "API_KEY",
            "apiKey",
            "x-csrf-token",
            "Set-Cookie",
            "auth",
            "session.id",
            "HTTPAuthorization",
            "X_API_KEY",
            "connect.sid",
            "PHPSESSID",
            "aiohttp_session",
            "mysql_pwd",
            "user[password]",
            "größe_password",
        ] {
            assert!(is_secret(secret, false), "{secret}");
        }
        for plain in [
            "author",
            "monkey",
            "residence",
            "passport",
            "key",
            "tokenizer",
            "secretary",
            "sessionless",
            "",
            "__",
        ] {
            assert!(!is_secret(plain, true), "{plain}");
        }
    }

    #[test]
    fn addresses_are_personal() {
        for key in ["x_forwarded_for", "X-Real-IP", "ip_address", "REMOTE_ADDR", "ipAddress"] {
            assert!(is_secret(key, true) && !is_secret(key, false), "{key}");
        }
    }
}
