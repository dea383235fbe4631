//! The steps of trimming a native signature, each a single pass.

/// Stand-ins for operator characters, so that they are not taken for brackets; private-use characters.
const SHIELDS: [(&str, char); 9] = [
    ("operator<<", '\u{e000}'),
    ("operator>>", '\u{e001}'),
    ("operator<=>", '\u{e002}'),
    ("operator<=", '\u{e003}'),
    ("operator>=", '\u{e004}'),
    ("operator<", '\u{e005}'),
    ("operator->", '\u{e006}'),
    ("operator>", '\u{e007}'),
    ("operator()", '\u{e008}'),
];
const ARROW: char = '\u{e00f}';
const ANONYMOUS: &str = "(anonymous namespace)";
const ANONYMOUS_MARK: char = '\u{e010}';

/// Removes what compilers and linkers append.
pub(super) fn suffixes(name: &str) -> &str {
    let mut name = name;
    while let Some(at) = name.find(" [clone ").or_else(|| name.find(" (.cold")) {
        name = name[..at].trim_end();
    }
    if let Some((function, version)) = name.split_once('@') {
        let version = version.trim_start_matches('@');
        let decoration = version.starts_with("GLIBC_")
            || (!version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()));
        if decoration && !function.is_empty() {
            name = function;
        }
    }
    if let Some((function, hash)) = name.rsplit_once("::h")
        && hash.len() == 16
        && hash.bytes().all(|b| b.is_ascii_hexdigit())
    {
        name = function;
    }
    let mut before = "";
    while name != before {
        before = name;
        name = name.trim_end_matches('&').trim_end();
        name = name
            .strip_suffix(" const")
            .or_else(|| name.strip_suffix(")const").map(|n| &before[..=n.len()]))
            .unwrap_or(name);
    }
    name
}

/// One spelling for what each compiler numbers in its own way: lambdas, closures, anonymous namespaces.
pub(super) fn unify(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(['{', '$', '?', 'l', '#']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, text) = numbered(rest).unwrap_or((1, &rest[..1]));
        out.push_str(text);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

fn numbered(rest: &str) -> Option<(usize, &str)> {
    let hex = |from: usize, count: usize| {
        rest.as_bytes().get(from..from + count).is_some_and(|b| b.iter().all(u8::is_ascii_hexdigit))
    };
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    if rest.starts_with("{lambda(") {
        let end = rest.find('}')?;
        return Some((end + 1, "lambda"));
    }
    if rest.starts_with("{closure#") || rest.starts_with("{async_block#") || rest.starts_with("{async_fn#") {
        return Some((rest.find('}')? + 1, "{{closure}}"));
    }
    if rest.starts_with("lambda_") && hex(7, 32) {
        return Some((39, "lambda"));
    }
    if rest.starts_with("$_") && digits(2) > 0 {
        return Some((2 + digits(2), "lambda"));
    }
    if rest.starts_with("?A0x") && hex(4, 8) {
        return Some((12, ANONYMOUS));
    }
    None
}

/// Hides operators and arrows from bracket matching.
pub(super) fn shield(name: &str) -> String {
    let mut out = name.replace(ANONYMOUS, ANONYMOUS_MARK.encode_utf8(&mut [0; 4]));
    if out.contains("operator") {
        for (text, mark) in SHIELDS {
            out = out.replace(text, mark.encode_utf8(&mut [0; 4]));
        }
    }
    if out.contains("->") { out.replace("->", ARROW.encode_utf8(&mut [0; 4])) } else { out }
}

/// Puts the operators back.
pub(super) fn unshield(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 16);
    for c in name.chars() {
        match SHIELDS.iter().find(|(_, mark)| *mark == c) {
            Some((text, _)) => out.push_str(text),
            None if c == ANONYMOUS_MARK => out.push_str(ANONYMOUS),
            None if c == ARROW => out.push_str("->"),
            None => out.push(c),
        }
    }
    out
}

/// Drops argument lists and replaces generic arguments by `<T>`; a leading `<Type as Trait>` leaves `Type`.
pub(super) fn brackets(name: &str) -> String {
    brackets_within(name, 4)
}

/// `levels` bounds the work on a name that is nothing but brackets.
fn brackets_within(name: &str, levels: usize) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    if levels > 0
        && let Some(inner) = name.strip_prefix('<')
        && let Some(end) = matching(inner, '<', '>')
    {
        let head = &inner[..end];
        let own = split_as(head);
        out.push_str(brackets_within(own, levels - 1).trim());
        rest = &inner[end + 1..];
    }
    while let Some(at) = rest.find(['<', '(']) {
        out.push_str(&rest[..at]);
        let open = rest.as_bytes()[at];
        let inner = &rest[at + 1..];
        let (open, close, text) = if open == b'<' { ('<', '>', "<T>") } else { ('(', ')', "") };
        match matching(inner, open, close) {
            Some(end) => {
                out.push_str(text);
                rest = &inner[end + 1..];
            }
            // Unbalanced: a grammar we do not know.
            None => break,
        }
    }
    out.push_str(rest);
    out
}

/// The part of `Type as Trait` before an `as` that is not inside of brackets.
fn split_as(head: &str) -> &str {
    let mut depth = 0_i32;
    for (at, c) in head.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ' ' if depth == 0 && head[at..].starts_with(" as ") => return &head[..at],
            _ => {}
        }
    }
    head
}

/// Where the bracket that is already open closes.
fn matching(inner: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, c) in inner.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Leaves out the return type: what stands last in C++, and before the arrow in Swift.
pub(super) fn last_token(flat: &str) -> String {
    let flat = flat.trim();
    if let Some(rest) = flat.strip_prefix("closure ") {
        let place = rest.rsplit_once(" in ").map_or(rest, |(_, place)| place);
        return format!("closure in {}", last_token(place));
    }
    for thunk in ["reabstraction thunk helper", "partial apply", "thunk for"] {
        if flat.starts_with(thunk) {
            return "thunk for closure".into();
        }
    }
    if flat.contains("variable initialization expression") {
        return flat.to_owned();
    }
    let before = flat.split_once(ARROW).map_or(flat, |(before, _)| before).trim_end();
    let before =
        before.strip_suffix(" throws").or_else(|| before.strip_suffix(" async")).unwrap_or(before).trim_end();
    if before.contains("`") {
        return before.to_owned();
    }
    // `operator bool`, `operator new`: the space belongs to the name.
    let from = before.find("operator ").map_or(before.len(), |at| at);
    let start = before[..from].rfind(' ').map_or(0, |at| at + 1);
    before[start..].trim_start_matches(['*', '&']).to_owned()
}
