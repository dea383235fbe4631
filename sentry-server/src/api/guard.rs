//! Which scopes a call needs: each route names a guard, and the guard decides by method.

use axum::http::Method;

use crate::auth::Scopes;

/// What a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Whoever is known may call; the handler shows only what the caller may see.
    Known,
    Org,
    Project,
    Release,
    Event,
    Team,
    Member,
    /// Monitors, check-ins.
    Alert,
    /// Secrets of the organisation.
    OrgTokens,
}

impl Guard {
    /// Any one of these is enough; none means that everybody known may call.
    pub(super) fn any_of(self, method: &Method) -> &'static [&'static str] {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let deletes = *method == Method::DELETE;
        match self {
            Self::Known => &[],
            Self::Org if reads => &["org:read", "org:ci"],
            Self::Org if deletes => &["org:admin"],
            Self::Org => &["org:write"],
            Self::Project if reads => &["project:read", "project:releases", "org:ci"],
            Self::Project if deletes => &["project:admin"],
            Self::Project => &["project:write"],
            Self::Release if reads => &["project:read", "project:releases", "org:ci"],
            Self::Release if deletes => &["project:releases", "project:admin"],
            Self::Release => &["project:releases", "project:write", "org:ci"],
            Self::Event if reads => &["event:read"],
            Self::Event if deletes => &["event:admin"],
            Self::Event => &["event:write"],
            Self::Team if reads => &["team:read"],
            Self::Team if deletes => &["team:admin"],
            Self::Team => &["team:write"],
            Self::Member if reads => &["member:read"],
            Self::Member if deletes => &["member:admin"],
            Self::Member if *method == Method::POST => &["member:invite", "member:write"],
            Self::Member => &["member:write"],
            Self::Alert if reads => &["alerts:read", "project:read", "org:read"],
            Self::Alert => &["alerts:write", "project:write"],
            Self::OrgTokens => &["org:admin"],
        }
    }

    pub(super) fn lets_in(self, method: &Method, scopes: &Scopes) -> bool {
        let any = self.any_of(method);
        any.is_empty() || any.iter().any(|scope| scopes.has(scope))
    }
}
