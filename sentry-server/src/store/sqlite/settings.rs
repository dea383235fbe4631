//! Settings of organisations, projects and keys.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::project::AllSettings;
use crate::store::{ProjectId, Result, StoreError};

pub(super) const ORGANIZATION: &str = "organization";
pub(super) const PROJECT: &str = "project";
pub(super) const KEY: &str = "key";

pub(super) fn all(meta: &Connection) -> Result<AllSettings> {
    Ok(AllSettings {
        organizations: of(meta, ORGANIZATION)?,
        projects: of(meta, PROJECT)?,
        keys: of(meta, KEY)?,
    })
}

/// Settings that cannot be read (of a newer version, perhaps) count as none, and are said.
fn of<T: DeserializeOwned>(meta: &Connection, owner: &str) -> Result<HashMap<i64, T>> {
    let mut statement = meta.prepare_cached("SELECT id, settings FROM settings WHERE owner = ?1")?;
    let rows = statement.query_map([owner], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let mut all = HashMap::new();
    for row in rows {
        let (id, text) = row?;
        match serde_json::from_str(&text) {
            Ok(settings) => drop(all.insert(id, settings)),
            Err(error) => crate::log::error(format_args!("settings of {owner} {id} are ignored: {error}")),
        }
    }
    Ok(all)
}

pub(super) fn set(meta: &Connection, owner: &str, id: i64, settings: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(settings).map_err(|error| StoreError::new("settings", error))?;
    meta.prepare_cached(
        "INSERT INTO settings (owner, id, settings) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO UPDATE SET settings = excluded.settings",
    )?
    .execute(params![owner, id, text])?;
    Ok(())
}

/// Accepted errors and transactions per hour since `since_hour`, as the mean over the hours that had any.
pub(super) fn hourly(meta: &Connection, since_hour: i64, until_hour: i64) -> Result<HashMap<ProjectId, u64>> {
    let mut statement = meta.prepare_cached(
        "SELECT project_id, sum(quantity) / count(DISTINCT hour) FROM outcomes WHERE hour >= ?1 AND hour < ?2 \
         AND outcome = 'accepted' AND category IN ('error', 'transaction') GROUP BY project_id",
    )?;
    let rows = statement
        .query_map([since_hour, until_hour], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
