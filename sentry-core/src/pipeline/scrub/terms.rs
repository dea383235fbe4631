//! Lists of terms that are looked for in keys, without regard to case and without allocating.

use crate::text::Text;

/// Substrings of keys in collected data (data collection, published spec 0.1.0). No option takes one away.
const MANDATORY: [&str; 17] = [
    "auth",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "key",
    "jwt",
    "bearer",
    "sso",
    "saml",
    "csrf",
    "xsrf",
    "credentials",
    "session",
    "sid",
    "identity",
];

/// Substrings of the names of headers that say who asked (optional terms of the same spec).
const PERSONAL_HEADERS: [&str; 5] = ["forwarded", "-ip", "remote-", "via", "-user"];

const MANDATORY_FIRST: First = First::of(&MANDATORY);
const PERSONAL_FIRST: First = First::of(&PERSONAL_HEADERS);

/// True if the key of something collected is a secret whatever the options say.
pub(super) fn is_mandatory(key: &str) -> bool {
    contains(key.as_bytes(), MANDATORY_FIRST, &MANDATORY)
}

/// True if a header says who asked.
pub(super) fn is_personal_header(key: &str) -> bool {
    contains(key.as_bytes(), PERSONAL_FIRST, &PERSONAL_HEADERS)
}

/// Terms of an option: a key matches when it contains one of them, in any case. Empty terms are ignored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    terms: Vec<Box<str>>,
    first: First,
    foreign: bool,
}

impl Terms {
    pub(crate) fn new(terms: &[Text]) -> Self {
        let lower = terms.iter().map(|term| term.trim().to_lowercase()).filter(|term| !term.is_empty());
        let terms: Vec<Box<str>> = lower.map(String::into_boxed_str).collect();
        let mut first = First::default();
        for byte in terms.iter().filter_map(|term| term.bytes().next()) {
            first = first.with(byte);
        }
        Self { foreign: terms.iter().any(|term| !term.is_ascii()), first, terms }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub(crate) fn matches(&self, key: &str) -> bool {
        if self.terms.is_empty() {
            return false;
        }
        if self.foreign && !key.is_ascii() {
            let lower = key.to_lowercase();
            return self.terms.iter().any(|term| lower.contains(&**term));
        }
        contains(key.as_bytes(), self.first, &self.terms)
    }
}

/// Which ASCII bytes a term begins with; a bit each, bytes beyond ASCII share the last one.
#[derive(Debug, Clone, Copy, Default)]
struct First(u128);

impl First {
    const fn of(terms: &[&str]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < terms.len() {
            bits |= bit(terms[at].as_bytes()[0]);
            at += 1;
        }
        Self(bits)
    }

    fn with(self, byte: u8) -> Self {
        Self(self.0 | bit(byte))
    }

    fn has(self, byte: u8) -> bool {
        self.0 & bit(byte) != 0
    }
}

const fn bit(byte: u8) -> u128 {
    if byte < 127 { 1 << byte } else { 1 << 127 }
}

fn contains(key: &[u8], first: First, terms: &[impl AsRef<str>]) -> bool {
    (0..key.len()).any(|at| {
        let lower = key[at].to_ascii_lowercase();
        first.has(lower)
            && terms.iter().any(|term| {
                let term = term.as_ref().as_bytes();
                term[0] == lower
                    && key.get(at..at + term.len()).is_some_and(|part| part.eq_ignore_ascii_case(term))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_found_anywhere_in_any_case() {
        for key in ["X-Api-Key", "PHPSESSID", "my_sessions", "Authorization", "pwd", "SSO"] {
            assert!(is_mandatory(key), "{key}");
        }
        for key in ["Accept", "theme", "q", "", "ke", "tok", "größe"] {
            assert!(!is_mandatory(key), "{key}");
        }
    }

    #[test]
    fn terms_of_an_option_know_other_scripts() {
        let terms = Terms::new(&["Größe".into(), " ssn ".into(), "".into()]);
        assert!(terms.matches("KÖRPERGRÖSSE") || terms.matches("körperGRÖßE"));
        assert!(terms.matches("userSSN") && !terms.matches("groesse") && !terms.matches(""));
        assert!(!Terms::new(&["".into()]).matches("x"));
    }
}
