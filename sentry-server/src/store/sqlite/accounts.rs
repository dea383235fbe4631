//! Users, tokens and sessions. Secrets are hashes by the time they get here.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::instant::Micros;
use crate::store::{Holder, Result, User, UserId};

pub(super) fn create_user(
    meta: &Connection,
    username: &str,
    password_hash: &str,
    now: Micros,
) -> Result<UserId> {
    meta.execute(
        "INSERT INTO users (username, password_hash, created) VALUES (?1, ?2, ?3)",
        params![username, password_hash, now],
    )?;
    Ok(meta.last_insert_rowid())
}

/// Also ends every session of that user. False when there is no such user.
pub(super) fn set_password(meta: &mut Connection, username: &str, password_hash: &str) -> Result<bool> {
    let transaction = meta.transaction()?;
    let changed = transaction.execute(
        "UPDATE users SET password_hash = ?2 WHERE username = ?1",
        params![username, password_hash],
    )?;
    transaction.execute(
        "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = ?1)",
        params![username],
    )?;
    transaction.commit()?;
    Ok(changed > 0)
}

pub(super) fn user(meta: &Connection, username: &str) -> Result<Option<User>> {
    let mut statement =
        meta.prepare_cached("SELECT id, username, password_hash FROM users WHERE username = ?1")?;
    let found = statement.query_row([username], |row| {
        Ok(User { id: row.get(0)?, username: row.get(1)?, password_hash: row.get(2)? })
    });
    Ok(found.optional()?)
}

pub(super) fn has_users(meta: &Connection) -> Result<bool> {
    Ok(meta.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?)
}

pub(super) fn create_session(
    meta: &Connection,
    user: UserId,
    hash: &[u8; 32],
    expires: Micros,
) -> Result<()> {
    meta.execute(
        "INSERT INTO sessions (hash, user_id, expires) VALUES (?1, ?2, ?3)",
        params![hash, user, expires],
    )?;
    Ok(())
}

pub(super) fn session_holder(meta: &Connection, hash: &[u8; 32], now: Micros) -> Result<Option<Holder>> {
    let mut statement = meta.prepare_cached(
        "SELECT u.id, u.username FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.hash = ?1 AND s.expires > ?2",
    )?;
    Ok(statement.query_row(params![hash, now], holder).optional()?)
}

pub(super) fn delete_session(meta: &Connection, hash: &[u8; 32]) -> Result<()> {
    meta.execute("DELETE FROM sessions WHERE hash = ?1", params![hash])?;
    Ok(())
}

fn holder(row: &Row<'_>) -> rusqlite::Result<Holder> {
    Ok(Holder { id: row.get(0)?, username: row.get(1)? })
}
