//! Addresses: the password before the host, the query and a fragment of pairs.

use super::{FILTERED, pairs};

/// True if the text is an address with a scheme or a path with a query: worth a look.
pub(super) fn looks_like_url(text: &str) -> bool {
    let bytes = text.as_bytes();
    let scheme = bytes.iter().take(MAX_SCHEME).position(|byte| *byte == b':');
    match scheme {
        Some(at) if bytes[at..].starts_with(b"://") => {
            at > 0 && bytes[..at].iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
        }
        _ => bytes.first() == Some(&b'/') && bytes.contains(&b'?') && !bytes.contains(&b' '),
    }
}

/// What to do with the query of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Query {
    /// Mask the values of secret keys.
    Mask,
    /// Nothing of it may be collected.
    Remove,
}

/// The address with its secrets masked; `None` if there is none.
pub(super) fn mask(text: &str, query: Query, is_secret: impl Fn(&str) -> bool) -> Option<String> {
    let authority = text.find("://").map_or(0, |at| at + 3);
    let path = text[authority..].find(['/', '?', '#']).map_or(text.len(), |at| authority + at);
    let password = (authority > 0).then(|| password(&text[authority..path])).flatten();
    let question = text[path..].find(['?', '#']).map_or(text.len(), |at| path + at);
    let rest = &text[question..];
    let rest = match query {
        Query::Remove if rest.starts_with('?') => Some(String::new()),
        _ => {
            let hash = rest.find('#').unwrap_or(rest.len());
            let (asked, fragment) = rest.split_at(hash);
            match (pairs::mask_query(asked, &is_secret), pairs::mask_query(fragment, &is_secret)) {
                (None, None) => None,
                (first, second) => {
                    Some(first.unwrap_or_else(|| asked.to_owned()) + second.as_deref().unwrap_or(fragment))
                }
            }
        }
    };
    if password.is_none() && rest.is_none() {
        return None;
    }
    let mut masked = String::with_capacity(text.len());
    match password {
        Some((from, to)) => {
            masked.push_str(&text[..authority + from]);
            masked.push_str(FILTERED);
            masked.push_str(&text[authority + to..question]);
        }
        None => masked.push_str(&text[..question]),
    }
    masked.push_str(rest.as_deref().unwrap_or(&text[question..]));
    Some(masked)
}

/// Where the password stands in `user:password@host`.
fn password(authority: &str) -> Option<(usize, usize)> {
    let at = authority.rfind('@')?;
    let colon = authority[..at].find(':')?;
    (colon + 1 < at).then_some((colon + 1, at))
}

const MAX_SCHEME: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_an_address_are_masked() {
        let secret = |key: &str| key.contains("token");
        let masked = |text| mask(text, Query::Mask, secret);
        for (text, wanted) in [
            ("https://h/p?a=1&token=x", "https://h/p?a=1&token=[Filtered]"),
            ("https://u:p@h/p", "https://u:[Filtered]@h/p"),
            ("postgres://u:p@ss@h:5432/db?x=1", "postgres://u:[Filtered]@h:5432/db?x=1"),
            ("https://h#access_token=x&y=1", "https://h#access_token=[Filtered]&y=1"),
            ("/p?token=x#top", "/p?token=[Filtered]#top"),
        ] {
            assert!(looks_like_url(text), "{text}");
            assert_eq!(masked(text).unwrap(), wanted);
        }
        for text in ["https://h/p?a=1", "https://u@h/p", "https://h:80/a@b:c", "/p"] {
            assert_eq!(masked(text), None, "{text}");
        }
        assert_eq!(mask("https://h/p?a=1#b", Query::Remove, secret).unwrap(), "https://h/p");
        for text in ["hello: //x", "a/b?c=d", "see https://h", "://x", "/a b?c"] {
            assert!(!looks_like_url(text), "{text}");
        }
    }
}
