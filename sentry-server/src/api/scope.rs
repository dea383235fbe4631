//! From the names in a path to what the caller may see.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::caller::Caller;
use super::guard::Guard;
use crate::app::App;
use crate::auth::Scopes;
use crate::error::ApiError;
use crate::store::{Issue, Organization, Project, ProjectId, ProjectScope, Store, StoreError};

/// An organisation with its projects, and what the caller may do in it.
#[derive(Debug)]
pub(super) struct OrgScope {
    pub(super) org: Organization,
    pub(super) projects: Vec<Project>,
    pub(super) scopes: Scopes,
}

impl OrgScope {
    pub(super) fn all(&self) -> ProjectScope {
        ProjectScope::new(self.projects.iter().map(|project| project.id))
    }

    /// A project by slug or id.
    pub(super) fn project(&self, name: &str) -> Result<&Project, ApiError> {
        let id: Option<ProjectId> = name.parse().ok();
        self.projects
            .iter()
            .find(|project| project.slug == name)
            .or_else(|| self.projects.iter().find(|project| Some(project.id) == id))
            .ok_or(ApiError::NotFound("No such project."))
    }

    pub(super) fn by_id(&self) -> HashMap<ProjectId, &Project> {
        self.projects.iter().map(|project| (project.id, project)).collect()
    }

    /// The projects that repeated names ask for; all without any, and with `-1`.
    pub(super) fn chosen<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<ProjectScope, ApiError> {
        let names = names.filter(|name| !name.is_empty() && *name != "-1");
        let ids = names.map(|name| Ok(self.project(name)?.id)).collect::<Result<Vec<_>, ApiError>>()?;
        Ok(if ids.is_empty() { self.all() } else { ProjectScope::new(ids) })
    }
}

/// The organisation of a request; the guard of its route has let the caller in.
#[derive(Debug, Clone)]
pub(super) struct InOrg(Arc<OrgScope>);

impl std::ops::Deref for InOrg {
    type Target = OrgScope;

    fn deref(&self) -> &OrgScope {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for InOrg {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| ApiError::internal("a route without an organization asks for one"))
    }
}

/// The organisation and the project of a request.
#[derive(Debug, Clone)]
pub(super) struct InProject {
    pub(super) found: InOrg,
    pub(super) project: Project,
}

impl InProject {
    pub(super) fn scope(&self) -> ProjectScope {
        ProjectScope::new([self.project.id])
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InProject {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = InOrg::from_request_parts(parts, state).await?;
        let name = param(parts, "project").await.unwrap_or_default();
        let project = found.project(&name)?.clone();
        Ok(Self { found, project })
    }
}

/// Finds the organisation of a request and lets the caller in, or not.
pub(super) async fn enter(app: App, guard: Guard, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&app, guard, &mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => error.into_response(),
    }
}

async fn admit(app: &App, guard: Guard, parts: &mut Parts) -> Result<(), ApiError> {
    let caller = parts.extensions.get::<Caller>().cloned();
    let caller = caller.ok_or(ApiError::Unauthorized("Log in, or send `Authorization: Bearer <token>`."))?;
    let (org, issue) = (param(parts, "org").await, param(parts, "issue").await);
    if org.is_none() && issue.is_none() {
        return Ok(());
    }
    let found = app.with_store(move |store| find(store, &caller, org.as_deref(), issue.as_deref())).await?;
    let found = found.ok_or(ApiError::NotFound("No such organization."))?;
    if !guard.lets_in(&parts.method, &found.scopes) {
        let needed = guard.any_of(&parts.method).join(" or ");
        return Err(ApiError::Forbidden(format!("This needs the scope {needed}.")));
    }
    parts.extensions.insert(InOrg(Arc::new(found)));
    Ok(())
}

/// The organisation by slug or id; on paths that begin with an issue, the one that the issue is in.
fn find(
    store: &dyn Store,
    caller: &Caller,
    name: Option<&str>,
    issue: Option<&str>,
) -> Result<Option<OrgScope>, StoreError> {
    for org in store.organizations()? {
        let Some(scopes) = caller.scopes_in(org.id) else { continue };
        if name.is_some_and(|name| org.slug != name && org.id.to_string() != name) {
            continue;
        }
        let found = OrgScope { projects: store.projects(org.id)?, org, scopes };
        match (name, issue) {
            (None, Some(issue)) if issue_in(store, &found, issue)?.is_none() => {}
            _ => return Ok(Some(found)),
        }
    }
    Ok(None)
}

/// An issue by id or short id.
pub(super) async fn issue(app: &App, found: &InOrg, name: &str) -> Result<Issue, ApiError> {
    let (found, name) = (found.clone(), name.to_owned());
    let issue = app.with_store(move |store| issue_in(store, &found, &name)).await?;
    issue.ok_or(ApiError::NotFound("No such issue."))
}

fn issue_in(store: &dyn Store, scope: &OrgScope, name: &str) -> Result<Option<Issue>, StoreError> {
    if let Ok(id) = name.parse() {
        return store.issue(&scope.all(), id);
    }
    let Some((slug, number)) = super::short_id::parse(name) else { return Ok(None) };
    match scope.projects.iter().find(|project| project.slug.eq_ignore_ascii_case(slug)) {
        Some(project) => store.issue_by_number(project.id, number),
        None => Ok(None),
    }
}

/// A part of the path by its name, decoded.
async fn param(parts: &mut Parts, name: &str) -> Option<String> {
    let all = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}
