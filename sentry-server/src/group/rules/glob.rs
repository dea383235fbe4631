//! Patterns of rules: `*`, `**`, `?` and `[a-z]`, matched in time linear in the text.

/// What a pattern is about, which decides on letters and slashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Upper and lower case differ, `*` is any text: functions, modules, types.
    Exact,
    /// Case does not count: messages, levels, tags of threads.
    Text,
    /// Case does not count, `\` is `/`, `*` stays within a folder and `**` does not.
    Path,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    kind: Kind,
    form: Form,
}

/// The shapes that nearly all patterns have need no machine.
#[derive(Debug, Clone)]
enum Form {
    Any,
    Exact(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Contains(Box<str>),
    /// What a file's name consists of, in any folder: `**/lib*.so*`.
    File(Box<[Box<str>]>),
    Machine(Box<[Token]>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    One(char),
    Anything,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// Any text; `false` without slashes.
    Many(bool),
}

impl Glob {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// With what is wrong: too long, or a `[` without `]`.
    pub(super) fn new(pattern: &str, kind: Kind) -> Result<Self, String> {
        let folded = fold(pattern, kind);
        let tokens = tokens(folded.as_deref().unwrap_or(pattern), kind)?;
        if tokens.len() > MAX_TOKENS {
            return Err(format!("a pattern has at most {MAX_TOKENS} characters"));
        }
        Ok(Self { kind, form: form(tokens) })
    }

    /// Whether the whole text has this form. Only the first 4,096 characters of a text are looked at.
    pub(super) fn matches(&self, text: &str) -> bool {
        let folded = fold(text, self.kind);
        self.matches_folded(folded.as_deref().unwrap_or(text))
    }

    /// The same for a text that [`fold`] was applied to already.
    pub(super) fn matches_folded(&self, text: &str) -> bool {
        match &self.form {
            Form::Any => true,
            Form::Exact(literal) => text == &**literal,
            Form::Prefix(literal) => text.starts_with(&**literal),
            Form::Suffix(literal) => text.ends_with(&**literal),
            Form::Contains(literal) => memchr::memmem::find(text.as_bytes(), literal.as_bytes()).is_some(),
            Form::File(parts) => text.rfind('/').is_some_and(|at| has_parts(&text[at + 1..], parts)),
            Form::Machine(tokens) => run(tokens, text),
        }
    }

    /// Whether a path that [`fold`] was applied to has this form, also as if it began with a slash, so that `**/app/**` finds
    /// `app/cart.py`. One that is empty has none.
    pub(super) fn matches_path(&self, path: &str) -> bool {
        if path.is_empty() {
            return false;
        }
        if self.matches_folded(path) {
            return true;
        }
        if path.starts_with('/') {
            return false;
        }
        // What else the slash brings is a match that begins with it.
        match &self.form {
            Form::Any => true,
            Form::Exact(literal) | Form::Suffix(literal) => literal.strip_prefix('/') == Some(path),
            Form::Prefix(literal) | Form::Contains(literal) => {
                literal.strip_prefix('/').is_some_and(|rest| path.starts_with(rest))
            }
            Form::File(parts) => !path.contains('/') && has_parts(path, parts),
            Form::Machine(tokens) => run(tokens, &format!("/{path}")),
        }
    }

    /// How all texts begin that it matches, if there is one way.
    pub(super) fn begin(&self) -> Option<Begin> {
        let first = |literal: &str| literal.bytes().next();
        match &self.form {
            Form::Exact(literal) | Form::Prefix(literal) => first(literal).map(Begin::Text),
            Form::File(parts) => first(parts.first()?).map(Begin::Name),
            Form::Machine(tokens) => match tokens.first()? {
                Token::One(c) => first(c.encode_utf8(&mut [0; 4])).map(Begin::Text),
                _ => None,
            },
            Form::Any | Form::Suffix(_) | Form::Contains(_) => None,
        }
    }
}

/// How all texts begin that a pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Begin {
    /// The first byte.
    Text(u8),
    /// The first byte of the last part of a path.
    Name(u8),
}

/// A text as patterns of a kind see it; `None` where it is the text itself.
pub(super) fn fold(text: &str, kind: Kind) -> Option<String> {
    match kind {
        Kind::Exact => None,
        Kind::Text if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) => None,
        Kind::Text => Some(text.to_lowercase()),
        Kind::Path if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_uppercase() || b == b'\\') => None,
        Kind::Path => Some(text.to_lowercase().replace('\\', "/")),
    }
}

fn tokens(pattern: &str, kind: Kind) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let token = match c {
            '*' => {
                let double = chars.next_if_eq(&'*').is_some();
                while chars.next_if_eq(&'*').is_some() {}
                let crosses = double || kind != Kind::Path;
                match tokens.last_mut() {
                    Some(Token::Many(all)) => {
                        *all |= crosses;
                        continue;
                    }
                    _ => Token::Many(crosses),
                }
            }
            '?' => Token::Anything,
            '[' => set(&mut chars)?,
            '\\' if kind != Kind::Path => Token::One(chars.next().unwrap_or('\\')),
            other => Token::One(other),
        };
        tokens.push(token);
    }
    Ok(tokens)
}

fn set(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, String> {
    let negated = chars.next_if(|c| matches!(c, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    loop {
        let low = chars.next().ok_or("a [ has no ]; write [[] for the bracket itself")?;
        if low == ']' && !ranges.is_empty() {
            return Ok(Token::Set { negated, ranges });
        }
        let mut ahead = chars.clone();
        let high = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) if high != ']' => {
                *chars = ahead;
                high
            }
            _ => low,
        };
        ranges.push((low, high));
    }
}

fn form(tokens: Vec<Token>) -> Form {
    let many = Token::Many(true);
    let (open_start, open_end) = (tokens.first() == Some(&many), tokens.last() == Some(&many));
    let from = usize::from(open_start);
    let to = tokens.len() - usize::from(open_end && tokens.len() > from);
    let literal: Option<String> = tokens[from.min(to)..to]
        .iter()
        .map(|token| match token {
            Token::One(c) => Some(*c),
            _ => None,
        })
        .collect();
    let Some(literal) = literal.map(String::into_boxed_str) else {
        return file(&tokens).map_or_else(|| Form::Machine(tokens.into_boxed_slice()), Form::File);
    };
    match (open_start, open_end) {
        (true, true) if literal.is_empty() => Form::Any,
        (false, false) => Form::Exact(literal),
        (false, true) => Form::Prefix(literal),
        (true, false) => Form::Suffix(literal),
        (true, true) => Form::Contains(literal),
    }
}

/// The literals between the stars of a pattern that begins with `**/` and is about the last part of a path alone.
fn file(tokens: &[Token]) -> Option<Box<[Box<str>]>> {
    let name = tokens.strip_prefix(&[Token::Many(true), Token::One('/')])?;
    let mut parts = vec![String::new()];
    for token in name {
        match token {
            Token::One(c) if *c != '/' => parts.last_mut()?.push(*c),
            Token::Many(false) => parts.push(String::new()),
            _ => return None,
        }
    }
    Some(parts.into_iter().map(String::into_boxed_str).collect())
}

/// Whether a text begins with the first part, ends with the last, and has the others in between, one behind the other.
fn has_parts(text: &str, parts: &[Box<str>]) -> bool {
    let [first, inner @ .., last] = parts else { return parts.first().is_some_and(|only| text == &**only) };
    let Some(mut rest) = text.strip_prefix(&**first) else { return false };
    for part in inner {
        let Some(at) = rest.find(&**part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(&**last)
}

/// All places of the pattern at which the text read so far may be, as bits: each character is looked at once.
fn run(tokens: &[Token], text: &str) -> bool {
    const WORDS: usize = MAX_TOKENS / 64 + 1;
    let mut at = [0_u64; WORDS];
    enter(tokens, &mut at, 0);
    for c in text.chars().take(MAX_TEXT) {
        let mut next = [0_u64; WORDS];
        for (word, bits) in at.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let place = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                match tokens.get(place) {
                    Some(Token::Many(crosses)) if *crosses || c != '/' => enter(tokens, &mut next, place),
                    Some(Token::One(own)) if *own == c => enter(tokens, &mut next, place + 1),
                    Some(Token::Anything) => enter(tokens, &mut next, place + 1),
                    Some(Token::Set { negated, ranges })
                        if ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated =>
                    {
                        enter(tokens, &mut next, place + 1);
                    }
                    _ => {}
                }
            }
        }
        if next.iter().all(|bits| *bits == 0) {
            return false;
        }
        at = next;
    }
    at[tokens.len() / 64] >> (tokens.len() % 64) & 1 == 1
}

/// A place, and those behind it that need no character.
fn enter(tokens: &[Token], at: &mut [u64], mut place: usize) {
    loop {
        at[place / 64] |= 1 << (place % 64);
        if !matches!(tokens.get(place), Some(Token::Many(_))) {
            return;
        }
        place += 1;
    }
}

const MAX_TOKENS: usize = 500;
const MAX_TEXT: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn is(pattern: &str, text: &str, kind: Kind) -> bool {
        Glob::new(pattern, kind).unwrap().matches(text)
    }

    #[test]
    fn names_of_files_are_found_as_the_machine_finds_them() {
        let patterns = ["**/nv*um*.dll", "**/libgl.so*", "**/ab*b", "**/*a*", "**/a*a", "**/lib*_*.so"];
        let texts = [
            "/x/nvwgf2um.dll",
            "nvwgf2um.dll",
            "/nvum.dll/x",
            "c:/a/nvd3dumx.dll",
            "/nvum.dl",
            "/libgl.so",
            "/a/libgl.so.1",
            "/b/libgl.s",
            "/ab",
            "/abb",
            "/x/abxb",
            "/a",
            "/aa",
            "/a/a",
            "/b/cab",
            "/libgles_mali.so",
            "/lib_/x.so",
            "",
            "/",
        ];
        for pattern in patterns {
            let glob = Glob::new(pattern, Kind::Path).unwrap();
            assert!(matches!(glob.form, Form::File(_)), "{pattern}");
            for text in texts {
                assert_eq!(
                    glob.matches(text),
                    run(&tokens(pattern, Kind::Path).unwrap(), text),
                    "{pattern} {text}"
                );
            }
        }
    }

    #[test]
    fn a_path_may_lack_the_slash_that_it_would_begin_with() {
        let patterns = [
            "**",
            "/a",
            "/a/b",
            "/a**",
            "**/a",
            "**/a/**",
            "**/a*",
            "**/*.so",
            "/a/*/c",
            "**/a/*/c**",
            "a",
            "a**",
            "**a",
            "/",
            "/**",
        ];
        let texts = [
            "a", "a/", "a/b", "b/a", "ab", "x.so", "a/x.so", "a/b/c", "/a", "/a/b", "ca", "b/a/c", "/",
            "a/b/c/d",
        ];
        for pattern in patterns {
            let glob = Glob::new(pattern, Kind::Path).unwrap();
            for text in texts {
                let wanted =
                    glob.matches(text) || (!text.starts_with('/') && glob.matches(&format!("/{text}")));
                assert_eq!(glob.matches_path(text), wanted, "{pattern} {text}");
            }
            assert!(!glob.matches_path(""), "{pattern}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, text, kind, wanted) in [
            ("*", "", Kind::Exact, true),
            ("a*c", "abbbc", Kind::Exact, true),
            ("a*c", "abbbC", Kind::Exact, false),
            ("a*c", "aBbC", Kind::Text, true),
            ("io.sentry.*", "io.sentry.Sentry", Kind::Exact, true),
            ("*.dll", "kernel.DLL", Kind::Path, true),
            ("**/vendor/**", "C:\\App\\Vendor\\a.php", Kind::Path, true),
            ("/app/*.py", "/app/a.py", Kind::Path, true),
            ("/app/*.py", "/app/b/a.py", Kind::Path, false),
            ("/app/**.py", "/app/b/a.py", Kind::Path, true),
            ("f?o", "fäo", Kind::Exact, true),
            ("f?o", "fo", Kind::Exact, false),
            ("v[0-9]", "v7", Kind::Exact, true),
            ("v[!0-9]", "v7", Kind::Exact, false),
            ("[]x]", "]", Kind::Exact, true),
            ("\\*", "*", Kind::Exact, true),
            ("\\*", "a", Kind::Exact, false),
            ("*a*b*", "xxaxxbxx", Kind::Exact, true),
            ("*a*b*", "xxbxxaxx", Kind::Exact, false),
            ("ab", "ab", Kind::Exact, true),
            ("", "", Kind::Exact, true),
            ("", "a", Kind::Exact, false),
            ("a*a", "a", Kind::Exact, false),
        ] {
            assert_eq!(is(pattern, text, kind), wanted, "{pattern} {text}");
        }
        assert!(Glob::new("a[b", Kind::Exact).is_err());
        assert!(Glob::new(&"?".repeat(501), Kind::Exact).is_err());
    }

    #[test]
    fn a_hostile_pattern_is_no_slower_than_its_length() {
        let glob = Glob::new(&"*a?".repeat(160), Kind::Exact).unwrap();
        let text = "a".repeat(100_000) + "b";
        let began = std::time::Instant::now();
        glob.matches(&text);
        assert!(began.elapsed().as_secs() < 5);
        assert!(!is(&"*a".repeat(100), &"b".repeat(10_000), Kind::Exact));
    }
}
