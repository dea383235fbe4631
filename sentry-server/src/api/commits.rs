//! Commits of a release, and the repositories that they come from.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::guard::Guard;
use super::parameter::PAGE;
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use super::{page, releases};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{Commit, Repository};

/// Below one release, and the list of repositories.
pub(super) fn routes(routes: &mut Routes, release: &str) {
    routes
        .get_by(&format!("{release}commits/"), Guard::Release, "Lists a release's commits", list, &[PAGE])
        .answers(Shape::List(&answers::releases::COMMIT));
    if release.starts_with("/api/0/organizations") {
        let previous = format!("{release}previous-with-commits/");
        let repos = "/api/0/organizations/{org}/repos/";
        routes
            .get(
                &previous,
                Guard::Release,
                "Shows the release before that has commits",
                previous_with_commits,
            )
            .answers(Shape::Either(&answers::releases::RELEASE, &Shape::Object("", &[])))
            .get_by(repos, Guard::Release, "Lists repositories", list_repositories, &[PAGE])
            .answers(Shape::List(&answers::releases::REPOSITORY))
            .post(repos, Guard::Release, "Adds a repository", create_repository)
            .answers(answers::releases::REPOSITORY)
            .delete(&format!("{repos}{{repo}}/"), Guard::Release, "Removes a repository", delete_repository)
            .answers(NOTHING);
    }
}

async fn list(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, release) = (query.page(100)?, releases::named(&app, &found, &path).await?);
    let commits = app.with_store(move |store| store.commits(release.id)).await?;
    Ok(page::of_list(&app, &uri, request, commits.iter(), shape))
}

async fn previous_with_commits(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
) -> Result<Json<Value>, ApiError> {
    let (org, release) = (found.org.id, releases::named(&app, &found, &path).await?);
    let previous = app.with_store(move |store| store.previous_with_commits(org, &release)).await?;
    Ok(Json(previous.map_or_else(|| json!({}), |release| releases::shape(&found, &release))))
}

/// A commit as a build describes it.
#[derive(Deserialize, ToSchema)]
pub(super) struct CommitForm {
    id: String,
    repository: Option<String>,
    author_name: Option<String>,
    author_email: Option<String>,
    message: Option<String>,
    timestamp: Option<String>,
    patch_set: Option<Value>,
}

impl CommitForm {
    pub(super) fn read(&self) -> Result<Commit, ApiError> {
        Ok(Commit {
            sha: check_sha(&self.id)?,
            repository: self.repository.clone(),
            author_name: self.author_name.clone(),
            author_email: self.author_email.clone(),
            message: self.message.clone(),
            committed: releases::date("timestamp", self.timestamp.as_deref())?,
            patch_set: self.patch_set.as_ref().filter(|set| set.is_array()).map(ToString::to_string),
        })
    }

    /// The head of a repository, of which no more is known.
    pub(super) fn head(repository: &str, sha: &str) -> Result<Commit, ApiError> {
        Ok(Commit { sha: check_sha(sha)?, repository: Some(repository.to_owned()), ..Commit::default() })
    }
}

fn check_sha(sha: &str) -> Result<String, ApiError> {
    if sha.is_empty() || sha.len() > 64 {
        return Err(ApiError::BadRequest("A commit's id has 1 to 64 characters.".to_owned()));
    }
    Ok(sha.to_owned())
}

fn shape(commit: &Commit) -> Value {
    let files: Value = commit
        .patch_set
        .as_deref()
        .and_then(|set| serde_json::from_str(set).ok())
        .unwrap_or_else(|| json!([]));
    json!({
        "id": commit.sha,
        "message": commit.message,
        "dateCreated": commit.committed.map(rfc3339),
        "author": { "name": commit.author_name, "email": commit.author_email },
        "repository": { "name": commit.repository },
        "patchSet": files,
    })
}

async fn list_repositories(
    State(app): State<App>,
    found: InOrg,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, org) = (query.page(100)?, found.org.id);
    let all = app.with_store(move |store| store.repositories(org)).await?;
    Ok(page::of_list(&app, &uri, request, all.iter(), repository_shape))
}

#[derive(Deserialize, ToSchema)]
struct RepositoryForm {
    name: String,
    url: Option<String>,
    provider: Option<String>,
}

async fn create_repository(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<RepositoryForm>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    if form.name.trim().is_empty() || form.name.len() > 200 {
        return Err(ApiError::BadRequest("name must have 1 to 200 characters.".to_owned()));
    }
    let (org, now) = (found.org.id, app.now());
    let RepositoryForm { name, url, provider } = form;
    let made = app
        .with_store(move |store| store.add_repository(org, &name, url.as_deref(), provider.as_deref(), now))
        .await?;
    let made = made.ok_or_else(|| ApiError::Conflict("This repository is known already.".to_owned()))?;
    Ok((StatusCode::CREATED, Json(repository_shape(&made))))
}

async fn delete_repository(
    State(app): State<App>,
    found: InOrg,
    Path((_, repo)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let id: i64 = repo.parse().map_err(|_| ApiError::NotFound("No such repository."))?;
    let org = found.org.id;
    let deleted = app.with_store(move |store| store.delete_repository(org, id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("No such repository.")) }
}

fn repository_shape(repository: &Repository) -> Value {
    let provider = repository.provider.as_deref().unwrap_or("manual");
    json!({
        "id": repository.id.to_string(),
        "name": repository.name,
        "url": repository.url,
        "provider": { "id": provider, "name": provider },
        "status": "active",
        "dateCreated": rfc3339(repository.created),
    })
}
