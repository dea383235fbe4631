//! Whether a resolved issue is back: only an event of a release that should have the fix says so.

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::instant::Micros;
use crate::store::version::Version;
use crate::store::{IssueId, ProjectId, Resolution, Result};

/// What resolved an issue.
struct Resolved {
    project: ProjectId,
    at: Option<Micros>,
    how: Option<String>,
    release: Option<String>,
}

/// The release that brought a resolved issue back, if one of these did: releases with the time of their last event.
pub(super) fn of<'a>(
    meta: &Connection,
    issue: IssueId,
    releases: &HashMap<Option<&'a str>, Micros>,
) -> Result<Option<Option<&'a str>>> {
    let resolved = meta
        .prepare_cached(
            "SELECT project_id, resolved_at, resolved_how, resolved_in FROM issues \
             WHERE id = ?1 AND status = 'resolved'",
        )?
        .query_row([issue], |row| {
            Ok(Resolved { project: row.get(0)?, at: row.get(1)?, how: row.get(2)?, release: row.get(3)? })
        })
        .optional()?;
    let Some(resolved) = resolved else { return Ok(None) };
    let mut releases: Vec<_> = releases.iter().collect();
    releases.sort_unstable();
    for (release, last) in releases {
        // What happened before and arrives late says nothing about the fix.
        if resolved.at.is_none_or(|at| *last >= at) && resolved.should_be_gone(meta, *release)? {
            return Ok(Some(*release));
        }
    }
    Ok(None)
}

impl Resolved {
    /// Whether a release should have the fix. One that nobody named may be any.
    fn should_be_gone(&self, meta: &Connection, release: Option<&str>) -> Result<bool> {
        let Some(release) = release else { return Ok(true) };
        let (Some(how), Some(fixed)) = (self.how.as_deref(), self.release.as_deref()) else {
            return Ok(true);
        };
        match how {
            "next" => Ok(compare(meta, self.project, release, fixed)?.is_gt()),
            "commit" => match release_of_commit(meta, self.project, fixed)? {
                Some(first) => Ok(compare(meta, self.project, release, &first)?.is_ge()),
                None => Ok(false),
            },
            _ => Ok(compare(meta, self.project, release, fixed)?.is_ge()),
        }
    }
}

/// The order of two releases: by their versions if both have one of the same package, else by when they came to be.
/// A release that was never seen is the newest there is.
fn compare(meta: &Connection, project: ProjectId, one: &str, other: &str) -> Result<Ordering> {
    if one == other {
        return Ok(Ordering::Equal);
    }
    if let (Some(one), Some(other)) = (Version::parse(one), Version::parse(other))
        && let Some(order) = one.compare(&other)
    {
        return Ok(order);
    }
    let mut created = meta.prepare_cached(
        "SELECT coalesce(r.released, r.created), r.id FROM releases r JOIN projects p ON p.org_id = r.org_id \
         WHERE p.id = ?1 AND r.version = ?2",
    )?;
    let mut place = |version: &str| {
        let found = created.query_row(params![project, version], |row| Ok((row.get(0)?, row.get(1)?)));
        found.optional().map(|found| found.unwrap_or((Micros::MAX, i64::MAX)))
    };
    Ok(place(one)?.cmp(&place(other)?))
}

/// The first release that a commit is in.
fn release_of_commit(meta: &Connection, project: ProjectId, sha: &str) -> Result<Option<String>> {
    let mut statement = meta.prepare_cached(
        "SELECT r.version FROM release_commits c JOIN releases r ON r.id = c.release_id \
         JOIN projects p ON p.org_id = r.org_id WHERE c.sha = ?2 AND p.id = ?1 ORDER BY r.created, r.id LIMIT 1",
    )?;
    Ok(statement.query_row(params![project, sha], |row| row.get(0)).optional()?)
}

/// What is stored of a resolution: how, and the release or commit. `latest` and the next release are taken from what the
/// project has now; without any release, the issue is resolved at once.
pub(super) fn stored(
    meta: &Connection,
    project: ProjectId,
    resolution: &Resolution,
) -> Result<Option<(&'static str, String)>> {
    Ok(match resolution {
        Resolution::AtOnce => None,
        Resolution::InRelease(version) => Some(("release", version.clone())),
        Resolution::InLatest => newest(meta, project)?.map(|version| ("release", version)),
        Resolution::InNext => newest(meta, project)?.map(|version| ("next", version)),
        Resolution::InCommit(sha) => Some(("commit", sha.clone())),
    })
}

/// The newest release of a project: by version where the last one has one, else the last.
fn newest(meta: &Connection, project: ProjectId) -> Result<Option<String>> {
    let mut statement = meta.prepare_cached(
        "SELECT r.version FROM release_projects p JOIN releases r ON r.id = p.release_id WHERE p.project_id = ?1 \
         ORDER BY coalesce(r.released, r.created) DESC, r.id DESC LIMIT 500",
    )?;
    let rows = statement.query_map([project], |row| row.get(0))?;
    let all = rows.collect::<rusqlite::Result<Vec<String>>>()?;
    let Some(last) = all.first() else { return Ok(None) };
    let mut best = (last, Version::parse(last));
    for version in &all {
        if let (Some(known), Some(parsed)) = (&best.1, Version::parse(version))
            && parsed.compare(known) == Some(Ordering::Greater)
        {
            best = (version, Some(parsed));
        }
    }
    Ok(Some(best.0.clone()))
}
