//! Conditions on the tags of an issue, for statements: functions look into its pack.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use super::pack::{Loose, Reader, damaged};
use crate::store::Result;

/// An issue has a key; its places are the key, twice.
pub(in crate::store::sqlite) const HAS: &str = "coalesce((SELECT tag_has(p.tags, ?) FROM issue_tag_packs p \
     WHERE p.issue_id = issues.id), EXISTS (SELECT 1 FROM issue_tags t WHERE t.issue_id = issues.id AND t.key = ?))";
/// A key has a value; its places are key and value, twice.
pub(in crate::store::sqlite) const IS: &str = "coalesce((SELECT tag_is(p.tags, ?, ?) FROM issue_tag_packs p \
     WHERE p.issue_id = issues.id), EXISTS (SELECT 1 FROM issue_tags t WHERE t.issue_id = issues.id AND t.key = ? AND t.value = ?))";
/// A key has a value like a pattern of `LIKE`, in which `\` is the escape; its places are key and pattern, twice.
pub(in crate::store::sqlite) const LIKE: &str = "coalesce((SELECT tag_like(p.tags, ?, ?) FROM issue_tag_packs p \
     WHERE p.issue_id = issues.id), EXISTS (SELECT 1 FROM issue_tags t WHERE t.issue_id = issues.id AND t.key = ? \
     AND t.value LIKE ? ESCAPE '\\'))";

/// Lets a connection use the conditions.
pub(in crate::store::sqlite) fn define(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("tag_has", 2, flags, |context| answer(context, |_| true))?;
    connection.create_scalar_function("tag_is", 3, flags, |context| {
        let wanted = context.get_raw(2).as_bytes()?;
        answer(context, |value| value == wanted)
    })?;
    connection.create_scalar_function("tag_like", 3, flags, |context| {
        let pattern: Arc<Like> = context.get_or_create_aux(2, |text| text.as_str().map(Like::new))?;
        answer(context, |value| pattern.matches(value))
    })?;
    Ok(())
}

/// Whether a value of the key passes; unknown where only the rows can tell.
fn answer(context: &Context<'_>, passes: impl Fn(&[u8]) -> bool) -> rusqlite::Result<Option<bool>> {
    let (pack, key) = (context.get_raw(0).as_blob()?, context.get_raw(1).as_bytes()?);
    find(pack, key, passes).ok_or_else(|| rusqlite::Error::UserFunctionError(damaged().into()))
}

/// `None` when the bytes are not a pack.
fn find(pack: &[u8], key: &[u8], passes: impl Fn(&[u8]) -> bool) -> Option<Option<bool>> {
    let mut reader = Reader::new(pack)?;
    while let Some(mut values) = reader.key()? {
        if values.key != key {
            continue;
        }
        while let Some((value, _)) = values.next()? {
            if passes(value) {
                return Some(Some(true));
            }
        }
        return Some(Some(false));
    }
    Some((reader.loose == Loose::None).then_some(false))
}

/// A pattern of `LIKE` as this server writes them: `%` is any text, what follows `\` is itself, and letters of ASCII are the same
/// in both cases.
struct Like(Vec<Vec<u8>>);

impl Like {
    fn new(pattern: &str) -> Self {
        let mut parts = vec![Vec::new()];
        let mut bytes = pattern.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => parts.push(Vec::new()),
                b'\\' => parts.last_mut().into_iter().for_each(|part| part.extend(bytes.next())),
                _ => parts.last_mut().into_iter().for_each(|part| part.push(byte)),
            }
        }
        Self(parts)
    }

    fn matches(&self, text: &[u8]) -> bool {
        let same = |text: &[u8], part: &[u8]| text.eq_ignore_ascii_case(part);
        let Some((first, others)) = self.0.split_first() else { return false };
        let Some((start, mut rest)) = text.split_at_checked(first.len()) else { return false };
        if !same(start, first) {
            return false;
        }
        let Some((last, between)) = others.split_last() else { return rest.is_empty() };
        for part in between.iter().filter(|part| !part.is_empty()) {
            match rest.windows(part.len()).position(|window| same(window, part)) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.len() >= last.len() && same(&rest[rest.len() - last.len()..], last)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pack::{Pack, Seen, Tag};
    use super::*;

    #[test]
    fn packs_say_what_they_know() {
        let seen = Seen { events: 1, first: 2, last: 3 };
        let tags = vec![
            Tag { key: "a", value: "x", seen },
            Tag { key: "a", value: "y", seen },
            Tag { key: "b", value: "", seen },
        ];
        for loose in [Loose::None, Loose::Some, Loose::All] {
            let pack = Pack { loose, tags: tags.clone() }.write();
            let is = |key: &str, wanted: &str| {
                find(&pack, key.as_bytes(), |value| value == wanted.as_bytes()).unwrap()
            };
            assert_eq!(
                [is("a", "x"), is("a", "y"), is("a", ""), is("b", "")],
                [true, true, false, true].map(Some)
            );
            assert_eq!(is("c", "x"), (loose == Loose::None).then_some(false));
        }
        assert_eq!(find(&[9], b"a", |_| true), None);
    }

    /// As SQLite itself has it.
    #[test]
    fn patterns_match_what_they_match_in_a_statement() {
        let connection = Connection::open_in_memory().unwrap();
        let patterns = [
            "", "%", "%%", "a", "A%", "%b", "%a%b%", "a%b", "ab%ba", "a\\%b", "a\\_%", "\\\\%", "ä%", "%Ä",
            "a%b%c", "%\\%",
        ];
        let texts = [
            "", "a", "A", "ab", "aB", "aba", "abba", "a%b", "a_b", "\\x", "äx", "xä", "XÄ", "acb", "a-b-b-c",
            "%",
        ];
        for pattern in patterns {
            for text in texts {
                let sql = "SELECT ?1 LIKE ?2 ESCAPE '\\'";
                let like: bool = connection.query_row(sql, [text, pattern], |row| row.get(0)).unwrap();
                assert_eq!(Like::new(pattern).matches(text.as_bytes()), like, "{text} like {pattern}");
            }
        }
    }
}
