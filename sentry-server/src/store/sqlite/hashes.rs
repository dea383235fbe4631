//! Hashes: how they lead to issues, how they came to be, and which of them are alike.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::days::Days;
use super::events;
use super::rows::{self, Inserts};
use crate::group::{SKETCH, likeness, sketch};
use crate::store::{EventKey, IssueHash, IssueId, NewEvent, NewGroup, ProjectId, Result, Tombstone};

/// Bands on their way into the file: project, number and hash.
pub(super) type Bands = Vec<(ProjectId, i64, [u8; 16])>;

/// Lets a hash lead to an issue if it leads nowhere, and says whether it did; `place` is its rank among the event's hashes.
/// Its bands are left to [`write_bands`].
pub(super) fn attach(
    meta: &Connection,
    event: &NewEvent,
    group: &NewGroup,
    place: usize,
    issue: IssueId,
    waiting: &mut Bands,
) -> Result<bool> {
    let hash = &group.hashes[place];
    let sketch = if place == 0 { sketch(&group.pieces) } else { None };
    let attached = meta
        .prepare_cached(
            "INSERT OR IGNORE INTO issue_hashes (project_id, hash, issue_id, config, basis, first_event, created, sketch) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            event.project,
            hash,
            issue,
            group.config,
            group.basis,
            event.event_id,
            event.received,
            sketch.as_ref().map(pack)
        ])?;
    if attached > 0
        && let Some(sketch) = sketch
    {
        waiting.extend(bands(&sketch).map(|band| (event.project, band, *hash)));
    }
    Ok(attached > 0)
}

/// Adds bands in the order of the table: they lie all over it, and each of its pages is looked for once.
pub(super) fn write_bands(meta: &Connection, mut bands: Bands) -> Result<()> {
    bands.sort_unstable();
    let rows: Vec<[&dyn ToSql; 3]> =
        bands.iter().map(|(project, band, hash)| -> [&dyn ToSql; 3] { [project, band, hash] }).collect();
    rows::insert(meta, &INSERT_BANDS, &rows)
}

static INSERT_BANDS: Inserts =
    LazyLock::new(|| rows::inserts("OR IGNORE INTO hash_bands (project_id, band, hash)", 3));

/// Lets hashes lead nowhere.
pub(super) fn drop_of(meta: &Connection, issue: IssueId, only: Option<&[[u8; 16]]>) -> Result<()> {
    let mut find = meta.prepare_cached(
        "SELECT project_id, hash, sketch FROM issue_hashes INDEXED BY issue_hashes_by_issue WHERE issue_id = ?1",
    )?;
    let rows = find.query_map([issue], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<(ProjectId, [u8; 16], Option<Vec<u8>>)>>>()?;
    let mut drop_band =
        meta.prepare_cached("DELETE FROM hash_bands WHERE project_id = ?1 AND band = ?2 AND hash = ?3")?;
    let mut drop_hash =
        meta.prepare_cached("DELETE FROM issue_hashes WHERE project_id = ?1 AND hash = ?2")?;
    for (project, hash, sketch) in rows {
        if only.is_some_and(|only| !only.contains(&hash)) {
            continue;
        }
        for band in sketch.as_deref().and_then(unpack).iter().flat_map(bands) {
            drop_band.execute(params![project, band, hash])?;
        }
        drop_hash.execute(params![project, hash])?;
    }
    Ok(())
}

pub(super) fn list(meta: &Connection, issue: IssueId) -> Result<Vec<IssueHash>> {
    let mut statement = meta.prepare_cached(
        "SELECT hash, config, basis, first_event, created FROM issue_hashes INDEXED BY issue_hashes_by_issue \
         WHERE issue_id = ?1 ORDER BY created, hash",
    )?;
    let rows = statement.query_map([issue], |row| {
        Ok(IssueHash {
            hash: row.get(0)?,
            config: row.get(1)?,
            basis: row.get(2)?,
            first_event: row.get(3)?,
            created: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The issue of the first hash that has one.
pub(super) fn owner(meta: &Connection, project: ProjectId, hashes: &[[u8; 16]]) -> Result<Option<IssueId>> {
    let mut statement =
        meta.prepare_cached("SELECT issue_id FROM issue_hashes WHERE project_id = ?1 AND hash = ?2")?;
    for hash in hashes {
        let found = statement.query_row(params![project, hash], |row| row.get(0)).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Newest events by hash; `newest_first` are the issue's days.
pub(super) fn latest(
    days: &Days,
    newest_first: &[i64],
    issue: IssueId,
) -> Result<HashMap<[u8; 16], EventKey>> {
    let mut found = HashMap::new();
    let mut left = MAX_LOOKED_AT;
    for day in newest_first {
        let seen = days.read(*day, |file| {
            let mut statement = file.prepare_cached(
                "SELECT hash, event_id FROM events WHERE issue_id = ?1 ORDER BY seq DESC LIMIT ?2",
            )?;
            let rows = statement.query_map([issue, left], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut seen = 0;
            for row in rows {
                let (hash, event): (Option<[u8; 16]>, EventKey) = row?;
                seen += 1;
                if let Some(hash) = hash {
                    found.entry(hash).or_insert(event);
                }
            }
            Ok(seen)
        })?;
        left -= seen.unwrap_or(0);
        if left <= 0 {
            break;
        }
    }
    Ok(found)
}

/// Issues whose sketches are like those of an issue. Looks at a bounded number of candidates.
pub(super) fn similar(meta: &Connection, issue: IssueId, limit: usize) -> Result<Vec<(IssueId, f64)>> {
    let mut own = meta.prepare_cached(
        "SELECT project_id, hash, sketch FROM issue_hashes INDEXED BY issue_hashes_by_issue \
         WHERE issue_id = ?1 AND sketch IS NOT NULL ORDER BY created DESC LIMIT ?2",
    )?;
    let rows = own.query_map([issue, OWN_HASHES], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<(ProjectId, [u8; 16], Vec<u8>)>>>()?;
    let mut in_band =
        meta.prepare_cached("SELECT hash FROM hash_bands WHERE project_id = ?1 AND band = ?2 LIMIT ?3")?;
    let mut other =
        meta.prepare_cached("SELECT issue_id, sketch FROM issue_hashes WHERE project_id = ?1 AND hash = ?2")?;
    let mut best: HashMap<IssueId, f64> = HashMap::new();
    let mut looked_at: HashSet<([u8; 16], [u8; 16])> = HashSet::new();
    for (project, hash, packed) in rows {
        let Some(sketch) = unpack(&packed) else { continue };
        for band in bands(&sketch) {
            let hashes = in_band.query_map(params![project, band, PER_BAND], |row| row.get(0))?;
            for candidate in hashes {
                let candidate: [u8; 16] = candidate?;
                if candidate == hash || !looked_at.insert((hash, candidate)) {
                    continue;
                }
                let row = other
                    .query_row(params![project, candidate], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let Some((owner, Some(packed))): Option<(IssueId, Option<Vec<u8>>)> = row else { continue };
                let Some(its) = unpack(&packed).filter(|_| owner != issue) else { continue };
                let score = best.entry(owner).or_default();
                *score = score.max(likeness(&sketch, &its));
            }
        }
    }
    let mut all: Vec<(IssueId, f64)> = best.into_iter().filter(|(_, score)| *score >= LEAST_LIKE).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(limit);
    Ok(all)
}

pub(super) fn tombstones(meta: &Connection, project: ProjectId) -> Result<Vec<Tombstone>> {
    let mut statement = meta.prepare_cached(
        "SELECT min(hash), title, created FROM discarded_hashes WHERE project_id = ?1 \
         GROUP BY created, title ORDER BY created DESC, title LIMIT 1000",
    )?;
    let rows = statement.query_map([project], |row| {
        Ok(Tombstone { id: row.get(0)?, title: row.get(1)?, created: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn delete_tombstone(meta: &Connection, project: ProjectId, id: &[u8; 16]) -> Result<bool> {
    let sql = "DELETE FROM discarded_hashes WHERE project_id = ?1 AND (created, title) = \
               (SELECT created, title FROM discarded_hashes WHERE project_id = ?1 AND hash = ?2)";
    Ok(meta.execute(sql, params![project, id])? > 0)
}

/// The tree that an event's row points to.
pub(super) fn tree(
    meta: &Connection,
    days: &Days,
    scope: &crate::store::ProjectScope,
    event_id: &EventKey,
) -> Result<Option<Vec<u8>>> {
    let Some((day, seq)) = events::place(meta, scope, event_id)? else { return Ok(None) };
    Ok(days.read(day, |file| super::trees::of(file, &days.dictionaries, seq))?.flatten())
}

fn pack(sketch: &[u16; SKETCH]) -> Vec<u8> {
    sketch.iter().flat_map(|place| place.to_le_bytes()).collect()
}

fn unpack(packed: &[u8]) -> Option<[u16; SKETCH]> {
    let (pairs, []) = packed.as_chunks::<2>() else { return None };
    let places: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    places.try_into().ok()
}

/// Numbers of three places each: two sketches that agree in half of their places share one in three of four cases.
fn bands(sketch: &[u16; SKETCH]) -> impl Iterator<Item = i64> {
    let (bands, _) = sketch.as_chunks::<BAND>();
    let numbers: Vec<i64> = bands
        .iter()
        .enumerate()
        .map(|(place, band)| band.iter().fold(place as i64, |number, part| number << 16 | i64::from(*part)))
        .collect();
    numbers.into_iter()
}

const BAND: usize = 3;
/// Hashes of the issue that are compared with others.
const OWN_HASHES: i64 = 10;
/// Hashes that are compared for each band of each: at most 10,000 in all.
const PER_BAND: i64 = 100;
const LEAST_LIKE: f64 = 0.4;
const MAX_LOOKED_AT: i64 = 5_000;
