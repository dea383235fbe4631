//! Tokens, members and their roles.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{SqliteStore, places};
use crate::instant::Micros;
use crate::store::{
    Access, Changed, ClientKey, Member, NewToken, OrgId, Organization, Project, ProjectId, Rename, Result,
    Role, StoreError, Team, Token, TokenOwner, UserId,
};

impl Access for SqliteStore {
    fn token(&self, hash: &[u8; 32]) -> Result<Option<Token>> {
        self.read_meta(|meta| {
            let sql = format!("SELECT {TOKEN} FROM access_tokens WHERE hash = ?1");
            Ok(meta.prepare_cached(&sql)?.query_row([hash], token).optional()?)
        })
    }

    fn add_token(&self, new: &NewToken) -> Result<Token> {
        let (user, org) = columns(new.owner);
        self.write_meta(|meta| {
            meta.execute(
                "INSERT INTO access_tokens (hash, user_id, org_id, label, scopes, tail, created) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![new.hash, user, org, new.label, new.scopes, new.tail, new.created],
            )?;
            Ok(Token {
                id: meta.last_insert_rowid(),
                owner: new.owner,
                label: new.label.clone(),
                scopes: new.scopes.clone(),
                tail: new.tail.clone(),
                created: new.created,
            })
        })
    }

    fn tokens(&self, owner: TokenOwner) -> Result<Vec<Token>> {
        let (user, org) = columns(owner);
        self.read_meta(|meta| {
            let sql =
                format!("SELECT {TOKEN} FROM access_tokens WHERE user_id IS ?1 AND org_id IS ?2 ORDER BY id");
            let mut statement = meta.prepare_cached(&sql)?;
            Ok(statement.query_map(params![user, org], token)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn delete_token(&self, owner: TokenOwner, id: i64) -> Result<bool> {
        let (user, org) = columns(owner);
        self.write_meta(|meta| {
            let sql = "DELETE FROM access_tokens WHERE id = ?1 AND user_id IS ?2 AND org_id IS ?3";
            Ok(meta.execute(sql, params![id, user, org])? > 0)
        })
    }

    fn user_name(&self, id: UserId) -> Result<Option<String>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached("SELECT username FROM users WHERE id = ?1")?;
            Ok(statement.query_row([id], |row| row.get(0)).optional()?)
        })
    }

    fn memberships(&self, user: UserId) -> Result<Vec<(OrgId, Role)>> {
        self.read_meta(|meta| {
            let mut statement =
                meta.prepare_cached("SELECT org_id, role FROM members WHERE user_id = ?1 ORDER BY org_id")?;
            let rows = statement.query_map([user], |row| Ok((row.get(0)?, role(row, 1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn members(&self, org: OrgId) -> Result<Vec<Member>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT m.id, m.user_id, u.username, m.role, m.created, \
                 (SELECT json_group_array(t.slug) FROM team_members tm JOIN teams t ON t.id = tm.team_id \
                  WHERE tm.member_id = m.id) \
                 FROM members m JOIN users u ON u.id = m.user_id WHERE m.org_id = ?1 ORDER BY m.id",
            )?;
            Ok(statement.query_map([org], member)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn add_member(&self, org: OrgId, user: UserId, role: Role, now: Micros) -> Result<Option<i64>> {
        self.write_meta(|meta| {
            let sql =
                "INSERT OR IGNORE INTO members (org_id, user_id, role, created) VALUES (?1, ?2, ?3, ?4)";
            let added = meta.execute(sql, params![org, user, role.as_str(), now])? > 0;
            Ok(added.then(|| meta.last_insert_rowid()))
        })
    }

    fn set_role(&self, org: OrgId, member: i64, role: Role) -> Result<Changed> {
        keep_an_owner(&mut self.writer().meta, org, |meta| {
            let sql = "UPDATE members SET role = ?3 WHERE org_id = ?1 AND id = ?2";
            Ok(meta.execute(sql, params![org, member, role.as_str()])?)
        })
    }

    fn remove_member(&self, org: OrgId, member: i64) -> Result<Changed> {
        keep_an_owner(&mut self.writer().meta, org, |meta| {
            Ok(meta.execute("DELETE FROM members WHERE org_id = ?1 AND id = ?2", [org, member])?)
        })
    }

    fn teams(&self, org: OrgId) -> Result<Vec<Team>> {
        self.read_meta(|meta| places::teams(meta, org))
    }

    fn add_team(&self, org: OrgId, slug: &str, name: &str, now: Micros) -> Result<Option<i64>> {
        self.write_meta(|meta| {
            let sql = "INSERT OR IGNORE INTO teams (org_id, slug, name, created) VALUES (?1, ?2, ?3, ?4)";
            let added = meta.execute(sql, params![org, slug, name, now])? > 0;
            Ok(added.then(|| meta.last_insert_rowid()))
        })
    }

    fn rename_team(&self, org: OrgId, team: i64, rename: &Rename) -> Result<Changed> {
        self.write_meta(|meta| {
            let sql = "UPDATE OR IGNORE teams SET slug = coalesce(?3, slug), name = coalesce(?4, name) \
                       WHERE org_id = ?1 AND id = ?2";
            let changed = meta.execute(sql, params![org, team, rename.slug, rename.name])?;
            places::outcome(meta, changed, "teams", team)
        })
    }

    fn delete_team(&self, org: OrgId, team: i64) -> Result<bool> {
        self.write_meta(|meta| {
            Ok(meta.execute("DELETE FROM teams WHERE org_id = ?1 AND id = ?2", [org, team])? > 0)
        })
    }

    fn join_team(&self, team: i64, member: i64, join: bool) -> Result<bool> {
        self.write_meta(|meta| places::link(meta, "team_members", "member_id", team, member, join))
    }

    fn own_project(&self, team: i64, project: ProjectId, own: bool) -> Result<bool> {
        self.write_meta(|meta| places::link(meta, "team_projects", "project_id", team, project, own))
    }

    fn found_organization(
        &self,
        slug: &str,
        name: &str,
        owner: UserId,
        now: Micros,
    ) -> Result<Option<Organization>> {
        places::found_organization(&mut self.writer().meta, slug, name, owner, now)
    }

    fn rename_organization(&self, org: OrgId, rename: &Rename) -> Result<Changed> {
        self.write_meta(|meta| {
            let sql = "UPDATE OR IGNORE organizations SET slug = coalesce(?2, slug), name = coalesce(?3, name) \
                       WHERE id = ?1";
            let changed = meta.execute(sql, params![org, rename.slug, rename.name])?;
            places::outcome(meta, changed, "organizations", org)
        })
    }

    fn delete_organization(&self, org: OrgId) -> Result<bool> {
        places::delete_organization(&mut self.writer().meta, org, &self.days.newest_first())
    }

    fn rename_project(&self, project: ProjectId, rename: &Rename) -> Result<Changed> {
        self.write_meta(|meta| {
            let sql = "UPDATE OR IGNORE projects SET slug = coalesce(?2, slug), name = coalesce(?3, name), \
                       platform = coalesce(?4, platform) WHERE id = ?1";
            let changed = meta.execute(sql, params![project, rename.slug, rename.name, rename.platform])?;
            places::outcome(meta, changed, "projects", project)
        })
    }

    fn delete_project(&self, project: ProjectId) -> Result<bool> {
        places::delete_project(&mut self.writer().meta, project, &self.days.newest_first())
    }

    fn project(&self, id: ProjectId) -> Result<Option<Project>> {
        self.read_meta(|meta| super::projects::by_id(meta, id))
    }

    fn add_key(&self, project: ProjectId, public: &str, label: &str, now: Micros) -> Result<ClientKey> {
        self.write_meta(|meta| {
            let sql = "INSERT INTO client_keys (project_id, public, label, created) VALUES (?1, ?2, ?3, ?4)";
            meta.execute(sql, params![project, public, label, now])?;
            let id = meta.last_insert_rowid();
            let keys = super::projects::client_keys(meta)?;
            let made = keys.into_iter().find(|key| key.id == id);
            made.ok_or_else(|| StoreError::new("client key", "vanished while it was made"))
        })
    }

    fn change_key(
        &self,
        project: ProjectId,
        id: i64,
        label: Option<&str>,
        active: Option<bool>,
    ) -> Result<bool> {
        self.write_meta(|meta| {
            let sql = "UPDATE client_keys SET label = coalesce(?3, label), active = coalesce(?4, active) \
                       WHERE project_id = ?1 AND id = ?2";
            Ok(meta.execute(sql, params![project, id, label, active])? > 0)
        })
    }

    fn delete_key(&self, project: ProjectId, id: i64) -> Result<bool> {
        self.write_meta(|meta| {
            Ok(meta.execute("DELETE FROM client_keys WHERE project_id = ?1 AND id = ?2", [project, id])? > 0)
        })
    }
}

/// Makes a change unless the organisation would be left without an owner.
fn keep_an_owner(
    meta: &mut Connection,
    org: OrgId,
    change: impl FnOnce(&Connection) -> Result<usize>,
) -> Result<Changed> {
    let transaction = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if change(&transaction)? == 0 {
        return Ok(Changed::Missing);
    }
    let owners: i64 = transaction.query_row(
        "SELECT count(*) FROM members WHERE org_id = ?1 AND role = 'owner'",
        [org],
        |row| row.get(0),
    )?;
    if owners == 0 {
        return Ok(Changed::Taken);
    }
    transaction.commit()?;
    Ok(Changed::Done)
}

fn columns(owner: TokenOwner) -> (Option<UserId>, Option<OrgId>) {
    match owner {
        TokenOwner::User(user) => (Some(user), None),
        TokenOwner::Org(org) => (None, Some(org)),
    }
}

const TOKEN: &str = "id, user_id, org_id, label, scopes, tail, created";

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let user: Option<UserId> = row.get(1)?;
    let owner = match user {
        Some(user) => TokenOwner::User(user),
        None => TokenOwner::Org(row.get(2)?),
    };
    Ok(Token {
        id: row.get(0)?,
        owner,
        label: row.get(3)?,
        scopes: row.get(4)?,
        tail: row.get(5)?,
        created: row.get(6)?,
    })
}

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    let teams: String = row.get(5)?;
    Ok(Member {
        id: row.get(0)?,
        user: row.get(1)?,
        username: row.get(2)?,
        role: role(row, 3)?,
        created: row.get(4)?,
        teams: serde_json::from_str(&teams).unwrap_or_default(),
    })
}

/// A role that a newer version wrote counts as the least.
fn role(row: &Row<'_>, at: usize) -> rusqlite::Result<Role> {
    let text: String = row.get(at)?;
    Ok(Role::parse(&text).unwrap_or(Role::Member))
}
