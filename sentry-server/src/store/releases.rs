//! Releases, their commits and deploys, and the repositories that commits come from.

use serde_json::Value;

use super::{OrgId, Page, PageRequest, ProjectId, ProjectScope, Result};
use crate::instant::Micros;

#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) id: i64,
    pub(crate) version: String,
    /// `open` or `archived`.
    pub(crate) status: String,
    pub(crate) url: Option<String>,
    pub(crate) git_ref: Option<String>,
    pub(crate) created: Micros,
    pub(crate) started: Option<Micros>,
    pub(crate) released: Option<Micros>,
    pub(crate) first_event: Option<Micros>,
    pub(crate) last_event: Option<Micros>,
    pub(crate) projects: Vec<ProjectId>,
    /// Issues first seen in it.
    pub(crate) new_issues: i64,
    pub(crate) commits: i64,
    pub(crate) deploys: i64,
    pub(crate) last_commit: Option<String>,
    /// The deploy that was reported last, its times in microseconds; null if there is none.
    pub(crate) last_deploy: Value,
    /// Who made its commits: a list of names and addresses.
    pub(crate) authors: Value,
}

/// What is set on a release; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReleaseChange {
    pub(crate) status: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) git_ref: Option<String>,
    pub(crate) started: Option<Micros>,
    pub(crate) released: Option<Micros>,
    /// Added to those it has.
    pub(crate) projects: Vec<ProjectId>,
    /// Replace those it has.
    pub(crate) commits: Option<Vec<Commit>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) repository: Option<String>,
    pub(crate) author_name: Option<String>,
    pub(crate) author_email: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) committed: Option<Micros>,
    /// JSON: the files that it touched.
    pub(crate) patch_set: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Deploy {
    pub(crate) id: i64,
    pub(crate) environment: String,
    pub(crate) name: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) started: Option<Micros>,
    pub(crate) finished: Micros,
    pub(crate) projects: Vec<ProjectId>,
}

#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) url: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) created: Micros,
}

/// Releases and what belongs to them.
pub(crate) trait Releases {
    /// Makes a release if there is none, and changes it; true when it is new.
    fn put_release(&self, org: OrgId, version: &str, change: &ReleaseChange, now: Micros) -> Result<bool>;
    fn release(&self, org: OrgId, version: &str) -> Result<Option<Release>>;
    /// Newest first; `query` is part of the version.
    fn releases(
        &self,
        org: OrgId,
        scope: Option<&ProjectScope>,
        query: &str,
        page: PageRequest,
    ) -> Result<Page<Release>>;
    fn delete_release(&self, org: OrgId, version: &str) -> Result<bool>;
    /// Newest commit first.
    fn commits(&self, release: i64) -> Result<Vec<Commit>>;
    /// The newest release before this one that has commits.
    fn previous_with_commits(&self, org: OrgId, release: &Release) -> Result<Option<Release>>;
    fn add_deploy(&self, release: i64, deploy: &Deploy) -> Result<i64>;
    /// Newest first.
    fn deploys(&self, release: i64) -> Result<Vec<Deploy>>;
    fn repositories(&self, org: OrgId) -> Result<Vec<Repository>>;
    /// `None` when the name is taken.
    fn add_repository(
        &self,
        org: OrgId,
        name: &str,
        url: Option<&str>,
        provider: Option<&str>,
        now: Micros,
    ) -> Result<Option<Repository>>;
    fn delete_repository(&self, org: OrgId, id: i64) -> Result<bool>;
}
