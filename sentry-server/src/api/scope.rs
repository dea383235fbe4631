//! From the names in a path to what the caller may see.

use std::collections::HashMap;

use crate::app::App;
use crate::error::ApiError;
use crate::store::{Issue, Organization, Project, ProjectId, ProjectScope};

/// An organisation with its projects.
#[derive(Debug)]
pub(super) struct OrgScope {
    pub(super) org: Organization,
    pub(super) projects: Vec<Project>,
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
}

/// The organisation named in a path, by slug or id; without a name, everything there is.
pub(super) async fn organization(app: &App, name: Option<String>) -> Result<OrgScope, ApiError> {
    let found = app
        .with_store(move |store| {
            let mut organizations = store.organizations()?.into_iter();
            let org = match &name {
                Some(name) => organizations.find(|org| &org.slug == name || org.id.to_string() == *name),
                None => organizations.next(),
            };
            let Some(org) = org else { return Ok(None) };
            let projects = store.projects(org.id)?;
            Ok(Some(OrgScope { org, projects }))
        })
        .await?;
    found.ok_or(ApiError::NotFound("No such organization."))
}

/// An issue by id or short id.
pub(super) async fn issue(app: &App, scope: &OrgScope, name: &str) -> Result<Issue, ApiError> {
    let found = if let Ok(id) = name.parse() {
        let all = scope.all();
        app.with_store(move |store| store.issue(&all, id)).await?
    } else if let Some((slug, number)) = super::short_id::parse(name) {
        let project = scope.projects.iter().find(|project| project.slug.eq_ignore_ascii_case(slug));
        match project.map(|project| project.id) {
            Some(project) => app.with_store(move |store| store.issue_by_number(project, number)).await?,
            None => None,
        }
    } else {
        None
    };
    found.ok_or(ApiError::NotFound("No such issue."))
}
