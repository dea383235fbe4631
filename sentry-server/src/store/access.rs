//! Who may do what: people, roles, teams, tokens; and changes to organisations, projects and keys.

use super::{ClientKey, OrgId, Organization, Project, ProjectId, Result, UserId};
use crate::instant::Micros;

/// What a member may do in an organisation; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Member,
    Admin,
    Manager,
    Owner,
}

impl Role {
    pub(crate) const ALL: [Self; 4] = [Self::Member, Self::Admin, Self::Manager, Self::Owner];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Whom a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenOwner {
    User(UserId),
    Org(OrgId),
}

/// A token without its secret.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) id: i64,
    pub(crate) owner: TokenOwner,
    pub(crate) label: String,
    /// Separated by blanks; `*` is everything that the holder's role allows.
    pub(crate) scopes: String,
    /// The secret's last characters, to tell tokens apart.
    pub(crate) tail: Option<String>,
    pub(crate) created: Micros,
}

#[derive(Debug, Clone)]
pub(crate) struct NewToken {
    pub(crate) owner: TokenOwner,
    pub(crate) label: String,
    pub(crate) scopes: String,
    pub(crate) hash: [u8; 32],
    pub(crate) tail: Option<String>,
    pub(crate) created: Micros,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: i64,
    pub(crate) user: UserId,
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) created: Micros,
    /// Slugs of the member's teams.
    pub(crate) teams: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) id: i64,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) created: Micros,
    pub(crate) members: i64,
    pub(crate) projects: Vec<ProjectId>,
}

/// New names; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rename {
    pub(crate) slug: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) platform: Option<String>,
}

/// The outcome of a change that may run into a name that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Done,
    Missing,
    Taken,
}

/// Accounts, memberships, teams, tokens.
pub(crate) trait Access {
    fn token(&self, hash: &[u8; 32]) -> Result<Option<Token>>;
    fn add_token(&self, token: &NewToken) -> Result<Token>;
    fn tokens(&self, owner: TokenOwner) -> Result<Vec<Token>>;
    fn delete_token(&self, owner: TokenOwner, id: i64) -> Result<bool>;
    fn user_name(&self, id: UserId) -> Result<Option<String>>;

    /// The organisations a user belongs to.
    fn memberships(&self, user: UserId) -> Result<Vec<(OrgId, Role)>>;
    fn members(&self, org: OrgId) -> Result<Vec<Member>>;
    /// `None` when the user is a member already.
    fn add_member(&self, org: OrgId, user: UserId, role: Role, now: Micros) -> Result<Option<i64>>;
    /// Sets a role; `Taken` when the organisation would be left without an owner.
    fn set_role(&self, org: OrgId, member: i64, role: Role) -> Result<Changed>;
    /// `Taken` when the organisation would be left without an owner.
    fn remove_member(&self, org: OrgId, member: i64) -> Result<Changed>;

    fn teams(&self, org: OrgId) -> Result<Vec<Team>>;
    /// `None` when the slug is taken.
    fn add_team(&self, org: OrgId, slug: &str, name: &str, now: Micros) -> Result<Option<i64>>;
    fn rename_team(&self, org: OrgId, team: i64, rename: &Rename) -> Result<Changed>;
    fn delete_team(&self, org: OrgId, team: i64) -> Result<bool>;
    /// Puts a member into a team or takes them out; false when that changes nothing.
    fn join_team(&self, team: i64, member: i64, join: bool) -> Result<bool>;
    /// Gives a project to a team or takes it away; false when that changes nothing.
    fn own_project(&self, team: i64, project: ProjectId, own: bool) -> Result<bool>;

    /// `None` when the slug is taken.
    fn found_organization(
        &self,
        slug: &str,
        name: &str,
        owner: UserId,
        now: Micros,
    ) -> Result<Option<Organization>>;
    fn rename_organization(&self, org: OrgId, rename: &Rename) -> Result<Changed>;
    /// With everything in it.
    fn delete_organization(&self, org: OrgId) -> Result<bool>;
    fn rename_project(&self, project: ProjectId, rename: &Rename) -> Result<Changed>;
    /// With its issues, counts, keys. Events in day files are out of reach from then on, and go with their day.
    fn delete_project(&self, project: ProjectId) -> Result<bool>;
    fn project(&self, id: ProjectId) -> Result<Option<Project>>;

    fn add_key(&self, project: ProjectId, public: &str, label: &str, now: Micros) -> Result<ClientKey>;
    fn change_key(
        &self,
        project: ProjectId,
        id: i64,
        label: Option<&str>,
        active: Option<bool>,
    ) -> Result<bool>;
    fn delete_key(&self, project: ProjectId, id: i64) -> Result<bool>;
}
