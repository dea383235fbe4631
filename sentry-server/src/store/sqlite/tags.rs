//! Tags of issues: how often each value came, and what all values of a key add up to.
//!
//! An issue has its tags in one [`Pack`], which a batch reads and writes at once. Keys that are too much for it, as they have many
//! values, are rows instead ([`loose`]). A key is either here or there.

mod ask;
mod loose;
mod pack;

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

pub(super) use self::ask::{HAS, IS, LIKE, define};
use self::pack::{Loose, Pack, by_key, bytes_of};
pub(super) use self::pack::{Seen, Tag};
use super::issues;
use crate::store::{IssueId, ProjectScope, Result, TagKey, TagValue};

/// The tags of an issue that has none yet; `tags` are in their order, each once.
pub(super) fn set(meta: &Connection, issue: IssueId, tags: &[Tag<'_>]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    store(meta, issue, Pack { loose: Loose::None, tags: tags.to_vec() }, true)
}

/// Adds to the tags of an issue; `tags` are in their order, each once.
pub(super) fn add(meta: &Connection, issue: IssueId, tags: &[Tag<'_>]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let mut bytes = packed(meta, issue)?;
    if bytes.first() == Some(&OLD) {
        gather(meta, issue)?;
        bytes = packed(meta, issue)?;
    }
    let is_new = bytes.is_empty();
    let pack = if is_new { Pack::default() } else { Pack::read(&bytes)? };
    let totals = if pack.loose == Loose::None { HashMap::new() } else { loose::totals(meta, issue)? };
    let mut all = Vec::with_capacity(pack.tags.len() + tags.len());
    let mut before = pack.tags.iter().copied().peekable();
    for of_key in by_key(tags) {
        let key = of_key[0].key;
        if let Some(uniques) = totals.get(key) {
            loose::add(meta, issue, of_key, *uniques)?;
            continue;
        }
        for tag in of_key {
            while let Some(earlier) = before.next_if(|other| other.place() < tag.place()) {
                all.push(earlier);
            }
            let mut tag = *tag;
            if let Some(same) = before.next_if(|other| other.place() == tag.place()) {
                tag.seen.add(&same.seen);
            }
            all.push(tag);
        }
    }
    all.extend(before);
    store(meta, issue, Pack { loose: pack.loose, tags: all }, is_new)
}

/// Writes a pack, and first makes rows of what is too much for it.
fn store(meta: &Connection, issue: IssueId, mut pack: Pack<'_>, is_new: bool) -> Result<()> {
    let mut bytes: usize = pack.tags.iter().map(bytes_of).sum();
    if bytes > MAX_BYTES || by_key(&pack.tags).any(|of_key| of_key.len() > MAX_VALUES) {
        let size = |of_key: &[Tag<'_>]| of_key.iter().map(bytes_of).sum::<usize>();
        let mut keys: Vec<(usize, &str)> = Vec::new();
        for of_key in by_key(&pack.tags) {
            // Those with many values first.
            let rank = if of_key.len() > MAX_VALUES { usize::MAX } else { size(of_key) };
            keys.push((rank, of_key[0].key));
        }
        keys.sort_unstable_by(|one, other| other.cmp(one));
        let mut gone = HashSet::new();
        for (rank, key) in keys {
            if rank < usize::MAX && bytes <= MAX_BYTES {
                break;
            }
            let of_key: Vec<Tag<'_>> = pack.tags.iter().filter(|tag| tag.key == key).copied().collect();
            bytes -= size(&of_key);
            loose::set(meta, issue, &of_key)?;
            gone.insert(key);
        }
        pack.tags.retain(|tag| !gone.contains(tag.key));
        pack.loose = Loose::Some;
    }
    let sql = if is_new {
        "INSERT INTO issue_tag_packs (issue_id, tags) VALUES (?1, ?2)"
    } else {
        "UPDATE issue_tag_packs SET tags = ?2 WHERE issue_id = ?1"
    };
    meta.prepare_cached(sql)?.execute(params![issue, pack.write()])?;
    Ok(())
}

/// Makes rows of all tags of an issue, with totals for every key, so that statements can work on them. [`gather`] comes after it.
pub(super) fn spread(meta: &Connection, issue: IssueId) -> Result<()> {
    let bytes = packed(meta, issue)?;
    if bytes.is_empty() {
        return Ok(());
    }
    for of_key in by_key(&Pack::read(&bytes)?.tags) {
        loose::set(meta, issue, of_key)?;
    }
    meta.prepare_cached("DELETE FROM issue_tag_packs WHERE issue_id = ?1")?.execute([issue])?;
    Ok(())
}

/// Packs what fits of an issue all of whose tags are rows.
pub(super) fn gather(meta: &Connection, issue: IssueId) -> Result<()> {
    let all = loose::list(meta, issue, MAX_VALUES)?;
    let mut pack = Pack::default();
    let mut left = MAX_BYTES;
    for of_key in &all {
        let bytes: usize = of_key.top.iter().map(|value| bytes_of(&tag(&of_key.key, value))).sum();
        let events: i64 = of_key.top.iter().map(|value| value.count).sum();
        // Values may have been left out, as there were too many, and stay in the total.
        if of_key.top.len() as i64 != of_key.unique || events != of_key.total || bytes > left {
            pack.loose = Loose::Some;
            continue;
        }
        left -= bytes;
        loose::remove(meta, issue, &of_key.key)?;
        pack.tags.extend(of_key.top.iter().map(|value| tag(&of_key.key, value)));
    }
    pack.tags.sort_unstable_by_key(Tag::place);
    meta.prepare_cached("INSERT OR REPLACE INTO issue_tag_packs (issue_id, tags) VALUES (?1, ?2)")?
        .execute(params![issue, pack.write()])?;
    Ok(())
}

/// The tags of an issue by key, each with its most frequent values.
pub(super) fn list(meta: &Connection, issue: IssueId, top: usize) -> Result<Vec<TagKey>> {
    // A batch may make rows of a key in between.
    let meta = meta.unchecked_transaction()?;
    let mut all = loose::list(&meta, issue, top)?;
    let bytes = packed(&meta, issue)?;
    if !bytes.is_empty() {
        for of_key in by_key(&Pack::read(&bytes)?.tags) {
            let mut values: Vec<TagValue> = of_key.iter().map(value).collect();
            values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
            all.push(TagKey {
                key: of_key[0].key.to_owned(),
                unique: values.len() as i64,
                total: values.iter().map(|value| value.count).sum(),
                top: {
                    values.truncate(top);
                    values
                },
            });
        }
        all.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    }
    Ok(all)
}

/// The keys that issues of these projects have, without their values.
pub(super) fn keys(meta: &Connection, scope: &ProjectScope) -> Result<Vec<TagKey>> {
    #[derive(Default)]
    struct Key {
        total: i64,
        /// By 128 bits of their BLAKE3: there may be millions.
        values: HashSet<[u8; 16]>,
    }
    let mut all: BTreeMap<String, Key> = BTreeMap::new();
    let named = |value: &str| {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(value.as_bytes()).as_bytes()[..16]);
        short
    };
    let meta = meta.unchecked_transaction()?;
    each_pack(&meta, scope, |pack| {
        for tag in &pack.tags {
            if !all.contains_key(tag.key) {
                all.insert(tag.key.to_owned(), Key::default());
            }
            if let Some(key) = all.get_mut(tag.key) {
                key.total += tag.seen.events;
                key.values.insert(named(tag.value));
            }
        }
    })?;
    loose::each_total(&meta, scope, |key, events| all.entry(key).or_default().total += events)?;
    loose::each_value(&meta, scope, |key, value| {
        all.entry(key).or_default().values.insert(named(value));
    })?;
    let shown = |(key, own): (String, Key)| TagKey {
        key,
        total: own.total,
        unique: own.values.len() as i64,
        top: Vec::new(),
    };
    Ok(all.into_iter().map(shown).collect())
}

/// All values of a key that issues of these projects have, in no order.
pub(super) fn values(meta: &Connection, scope: &ProjectScope, key: &str) -> Result<Vec<TagValue>> {
    let mut all: HashMap<String, Seen> = HashMap::new();
    let mut see = |value: &str, seen: Seen| match all.get_mut(value) {
        Some(known) => known.add(&seen),
        None => {
            all.insert(value.to_owned(), seen);
        }
    };
    let meta = meta.unchecked_transaction()?;
    each_pack(&meta, scope, |pack| {
        pack.tags.iter().filter(|tag| tag.key == key).for_each(|tag| see(tag.value, tag.seen));
    })?;
    loose::each_value_of(&meta, scope, key, see)?;
    let shown = |(value, seen): (String, Seen)| TagValue {
        value,
        count: seen.events,
        first_seen: seen.first,
        last_seen: seen.last,
    };
    Ok(all.into_iter().map(shown).collect())
}

fn each_pack(meta: &Connection, scope: &ProjectScope, mut see: impl FnMut(&Pack<'_>)) -> Result<()> {
    let sql = format!(
        "SELECT tags FROM issue_tag_packs WHERE issue_id IN (SELECT id FROM issues WHERE {})",
        issues::in_scope(scope)
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        see(&Pack::read(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?);
    }
    Ok(())
}

/// Empty where there is none.
fn packed(meta: &Connection, issue: IssueId) -> Result<Vec<u8>> {
    let mut statement = meta.prepare_cached("SELECT tags FROM issue_tag_packs WHERE issue_id = ?1")?;
    Ok(statement.query_row([issue], |row| row.get(0)).optional()?.unwrap_or_default())
}

fn tag<'a>(key: &'a str, value: &'a TagValue) -> Tag<'a> {
    let seen = Seen { events: value.count, first: value.first_seen, last: value.last_seen };
    Tag { key, value: &value.value, seen }
}

fn value(tag: &Tag<'_>) -> TagValue {
    TagValue {
        value: tag.value.to_owned(),
        count: tag.seen.events,
        first_seen: tag.seen.first,
        last_seen: tag.seen.last,
    }
}

/// How the pack of an issue begins whose tags are rows since before there were packs.
const OLD: u8 = 2;
/// A key with more values is rows.
const MAX_VALUES: usize = 8;
/// A pack has about so much at most: it is read and written as a whole.
const MAX_BYTES: usize = 1_500;
