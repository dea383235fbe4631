//! Releases: made by builds or by the first event that names them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use watchpost_core::Timestamp;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::commits::CommitForm;
use super::guard::Guard;
use super::parameter::{PAGE, PART, PROJECTS};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject, OrgScope};
use super::{commits, deploys, page};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{Micros, rfc3339};
use crate::store::{ProjectId, ProjectScope, Release, ReleaseChange};

pub(super) fn routes(routes: &mut Routes) {
    for (at, what) in [
        ("organizations/{org}", "Lists releases"),
        ("projects/{org}/{project}", "Lists a project's releases"),
    ] {
        let all = format!("/api/0/{at}/releases/");
        if at.starts_with("projects") {
            routes
                .get_by(&all, Guard::Release, what, list_in_project, &[PART, PAGE])
                .answers(Shape::List(&answers::releases::RELEASE))
                .post(&all, Guard::Release, "Makes a release of a project, or changes it", create_in_project)
                .answers(answers::releases::RELEASE);
        } else {
            routes
                .get_by(&all, Guard::Release, what, list, &[PART, PROJECTS, PAGE])
                .answers(Shape::List(&answers::releases::RELEASE))
                .post(&all, Guard::Release, "Makes a release, or changes it", create)
                .answers(answers::releases::RELEASE);
        }
        let one = format!("{all}{{version}}/");
        routes
            .get(&one, Guard::Release, "Shows a release", detail)
            .answers(answers::releases::RELEASE)
            .put(&one, Guard::Release, "Changes a release; makes it if there is none", change)
            .answers(answers::releases::RELEASE)
            .delete(&one, Guard::Release, "Deletes a release", delete)
            .answers(NOTHING);
        commits::routes(routes, &one);
        deploys::routes(routes, &one);
    }
}

async fn list(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let scope = match query.one("project") {
        Some(_) => Some(found.chosen(query.all("project"))?),
        None => None,
    };
    answer(&app, &found, scope, &uri, &query).await
}

async fn list_in_project(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    answer(&app, &at.found, Some(at.scope()), &uri, &query).await
}

async fn answer(
    app: &App,
    found: &InOrg,
    scope: Option<ProjectScope>,
    uri: &Uri,
    query: &Query,
) -> Result<Response, ApiError> {
    let (request, org) = (query.page(100)?, found.org.id);
    let part = query.one("query").unwrap_or_default().to_owned();
    let page = app.with_store(move |store| store.releases(org, scope.as_ref(), &part, request)).await?;
    let rows = page.rows.iter().map(|release| shape(found, release)).collect();
    Ok(page::answer(app, uri, &page, rows))
}

async fn detail(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
) -> Result<Json<Value>, ApiError> {
    let release = named(&app, &found, &path).await?;
    Ok(Json(shape(&found, &release)))
}

/// The release that a path names.
pub(super) async fn named(app: &App, found: &InOrg, path: &super::Params) -> Result<Release, ApiError> {
    let (org, version) = (found.org.id, path.get("version").cloned().unwrap_or_default());
    let release = app.with_store(move |store| store.release(org, &version)).await?;
    release.ok_or(ApiError::NotFound("No such release."))
}

#[derive(Deserialize, ToSchema, Default)]
#[serde(rename_all = "camelCase")]
struct Form {
    version: Option<String>,
    #[serde(default)]
    projects: Vec<Value>,
    url: Option<String>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    date_started: Option<String>,
    date_released: Option<String>,
    status: Option<String>,
    #[schema(inline)]
    commits: Option<Vec<CommitForm>>,
    #[schema(inline)]
    refs: Option<Vec<RefForm>>,
}

/// Where a repository's head is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefForm {
    repository: String,
    commit: String,
}

async fn create(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    put(&app, &found, None, None, form).await
}

async fn create_in_project(
    State(app): State<App>,
    at: InProject,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    put(&app, &at.found, Some(at.project.id), None, form).await
}

async fn change(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    let project = match path.get("project") {
        Some(name) => Some(found.project(name)?.id),
        None => None,
    };
    let (_, release) = put(&app, &found, project, path.get("version").cloned(), form).await?;
    Ok(release)
}

/// 201 for a new release, 208 for one that was there.
async fn put(
    app: &App,
    found: &InOrg,
    project: Option<ProjectId>,
    version: Option<String>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let version = version.or_else(|| form.version.clone()).unwrap_or_default();
    check_version(&version)?;
    let mut change = form.read(found)?;
    change.projects.extend(project);
    let (org, now) = (found.org.id, app.now());
    let (fresh, release) = app
        .with_store(move |store| {
            let fresh = store.put_release(org, &version, &change, now)?;
            Ok((fresh, store.release(org, &version)?))
        })
        .await?;
    let release = release.ok_or(ApiError::NotFound("No such release."))?;
    let status = if fresh { StatusCode::CREATED } else { StatusCode::ALREADY_REPORTED };
    Ok((status, Json(shape(found, &release))))
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
) -> Result<StatusCode, ApiError> {
    let (org, version) = (found.org.id, path.get("version").cloned().unwrap_or_default());
    let deleted = app.with_store(move |store| store.delete_release(org, &version)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("No such release.")) }
}

impl Form {
    fn read(&self, found: &OrgScope) -> Result<ReleaseChange, ApiError> {
        let status = match self.status.as_deref() {
            None => None,
            Some(known @ ("open" | "archived")) => Some(known.to_owned()),
            Some(other) => {
                return Err(ApiError::BadRequest(format!(
                    "status {other:?} is not known; use open or archived."
                )));
            }
        };
        let refs = self.refs.as_ref().map(|refs| {
            let heads = refs.iter().map(|head| CommitForm::head(&head.repository, &head.commit));
            heads.collect::<Result<Vec<_>, _>>()
        });
        let commits = match (&self.commits, refs) {
            (Some(commits), _) if commits.len() > MAX_COMMITS => {
                return Err(ApiError::BadRequest(format!("A release has at most {MAX_COMMITS} commits.")));
            }
            (Some(commits), _) => Some(commits.iter().map(CommitForm::read).collect::<Result<Vec<_>, _>>()?),
            (None, refs) => refs.transpose()?,
        };
        Ok(ReleaseChange {
            status,
            url: self.url.clone(),
            git_ref: self.git_ref.clone(),
            started: date("dateStarted", self.date_started.as_deref())?,
            released: date("dateReleased", self.date_released.as_deref())?,
            projects: projects(found, &self.projects)?,
            commits,
        })
    }
}

/// Projects named by slug or number.
pub(super) fn projects(found: &OrgScope, names: &[Value]) -> Result<Vec<ProjectId>, ApiError> {
    let names = names.iter().map(|name| match name {
        Value::String(name) => Ok(found.project(name)?.id),
        other => Ok(found.project(&other.to_string())?.id),
    });
    names.collect()
}

pub(super) fn date(field: &str, text: Option<&str>) -> Result<Option<Micros>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let at = Timestamp::parse_rfc3339(text)
        .ok_or_else(|| ApiError::BadRequest(format!("{field} must be a date like 2026-01-31T12:00:00Z.")))?;
    Ok(Some(at.micros()))
}

fn check_version(version: &str) -> Result<(), ApiError> {
    let reserved = matches!(version, "." | ".." | "latest");
    if version.trim().is_empty() || version.len() > 250 || reserved || version.chars().any(char::is_control) {
        return Err(ApiError::BadRequest(
            "version must have 1 to 250 characters, none of them a control character, and not be latest."
                .to_owned(),
        ));
    }
    Ok(())
}

pub(super) fn shape(found: &OrgScope, release: &Release) -> Value {
    let by_id = found.by_id();
    let projects: Vec<Value> = release
        .projects
        .iter()
        .filter_map(|id| by_id.get(id))
        .map(|project| {
            json!({
                "id": project.id,
                "slug": project.slug,
                "name": project.name,
                "platform": project.platform,
                "newGroups": release.new_issues,
            })
        })
        .collect();
    let (package, rest) = match release.version.rsplit_once('@') {
        Some((package, rest)) => (Some(package), rest),
        None => (None, release.version.as_str()),
    };
    json!({
        "id": release.id,
        "version": release.version,
        "shortVersion": rest,
        "versionInfo": { "package": package, "version": { "raw": rest }, "description": rest, "buildHash": null },
        "status": release.status,
        "url": release.url,
        "ref": release.git_ref,
        "dateCreated": rfc3339(release.created),
        "dateStarted": release.started.map(rfc3339),
        "dateReleased": release.released.map(rfc3339),
        "firstEvent": release.first_event.map(rfc3339),
        "lastEvent": release.last_event.map(rfc3339),
        "newGroups": release.new_issues,
        "commitCount": release.commits,
        "deployCount": release.deploys,
        "lastCommit": release.last_commit.as_ref().map(|sha| json!({ "id": sha })),
        "lastDeploy": last_deploy(&release.last_deploy),
        "authors": release.authors,
        "owner": null,
        "data": {},
        "projects": projects,
    })
}

fn last_deploy(kept: &Value) -> Value {
    let mut deploy = kept.clone();
    for name in ["dateStarted", "dateFinished"] {
        if let Some(at) = kept.get(name).and_then(Value::as_i64) {
            deploy[name] = rfc3339(at).into();
        }
    }
    deploy
}

const MAX_COMMITS: usize = 10_000;
