//! The files of a release as a whole, whichever way they came: listed, and deleted together. And releases of ProGuard mappings.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::guard::Guard;
use super::page;
use super::parameter::{NAME, PAGE, PART, PROGUARD};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{Archive, OrgId, ProjectScope};

pub(super) fn routes(routes: &mut Routes) {
    let (org, project) = ("/api/0/organizations/{org}/files", "/api/0/projects/{org}/{project}/files");
    let (in_org, in_project) = (format!("{org}/source-maps/"), format!("{project}/source-maps/"));
    let proguard = format!("{project}/proguard-artifact-releases/");
    routes
        .get_by(&in_org, Guard::Release, "Lists releases that have files", list_in_org, &[NAME, PART, PAGE])
        .answers(Shape::List(&answers::releases::ARCHIVE))
        .delete_by(&in_org, Guard::Release, "Deletes the files of the release ?name=", delete_in_org, &[NAME])
        .answers(NOTHING)
        .get_by(
            &in_project,
            Guard::Release,
            "Lists releases that have files for a project",
            list_in_project,
            &[NAME, PART, PAGE],
        )
        .answers(Shape::List(&answers::releases::ARCHIVE))
        .delete_by(
            &in_project,
            Guard::Release,
            "Takes the files of the release ?name= from a project",
            delete_in_project,
            &[NAME],
        )
        .answers(NOTHING)
        .get_by(
            &proguard,
            Guard::Release,
            "Lists the releases of a ProGuard mapping",
            proguard_releases,
            &[PROGUARD],
        )
        .answers(answers::releases::PROGUARD_RELEASES)
        .post(
            &proguard,
            Guard::Release,
            "Says which release a ProGuard mapping was made for",
            add_proguard_release,
        )
        .answers(answers::releases::PROGUARD_RELEASE);
}

async fn list_in_org(
    State(app): State<App>,
    found: InOrg,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    list(&app, found.org.id, found.all(), &uri, &query).await
}

async fn list_in_project(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    list(&app, at.found.org.id, at.scope(), &uri, &query).await
}

async fn list(
    app: &App,
    org: OrgId,
    scope: ProjectScope,
    uri: &Uri,
    query: &Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let part = query.one("query").unwrap_or_default().to_owned();
    let name = query.one("name").filter(|name| !name.is_empty()).map(str::to_owned);
    let all = app.with_store(move |store| store.archives(org, &scope, &part)).await?;
    let own = all.iter().filter(|archive| name.as_ref().is_none_or(|name| *name == archive.release));
    Ok(page::of_list(app, uri, request, own, shape))
}

fn shape(archive: &Archive) -> Value {
    json!({
        "type": "release",
        "id": archive.release,
        "name": archive.release,
        "date": rfc3339(archive.created),
        "fileCount": archive.files,
    })
}

async fn delete_in_org(State(app): State<App>, found: InOrg, query: Query) -> Result<StatusCode, ApiError> {
    delete(&app, found.org.id, found.all(), &query).await
}

async fn delete_in_project(
    State(app): State<App>,
    at: InProject,
    query: Query,
) -> Result<StatusCode, ApiError> {
    delete(&app, at.found.org.id, at.scope(), &query).await
}

async fn delete(app: &App, org: OrgId, scope: ProjectScope, query: &Query) -> Result<StatusCode, ApiError> {
    let name = query.one("name").filter(|name| !name.is_empty()).map(str::to_owned);
    let name = name.ok_or_else(|| ApiError::BadRequest("Name the release: ?name=shop@1.2.3".to_owned()))?;
    let deleted = app.with_store(move |store| store.delete_archive(org, &scope, &name)).await?;
    app.symbolicator.uploaded();
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("This release has no files.")) }
}

#[derive(Deserialize, ToSchema)]
struct Form {
    release_name: String,
    proguard_uuid: String,
}

async fn add_proguard_release(
    State(app): State<App>,
    at: InProject,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (uuid, release) = (uuid(&form.proguard_uuid)?, form.release_name);
    if release.trim().is_empty() || release.len() > 250 {
        return Err(ApiError::BadRequest("release_name must have 1 to 250 characters.".to_owned()));
    }
    let (project, now) = (at.project.id, app.now());
    let answer = json!({ "proguard_uuid": uuid, "release_name": release });
    let is_new =
        app.with_store(move |store| store.add_proguard_release(project, &uuid, &release, now)).await?;
    if !is_new {
        return Err(ApiError::Conflict("This mapping belongs to this release already.".to_owned()));
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn proguard_releases(
    State(app): State<App>,
    at: InProject,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let uuid = uuid(query.one("proguard_uuid").unwrap_or_default())?;
    let project = at.project.id;
    let releases = app.with_store(move |store| store.proguard_releases(project, &uuid)).await?;
    Ok(Json(json!({ "releases": releases })))
}

/// In lower case, with hyphens.
fn uuid(text: &str) -> Result<String, ApiError> {
    let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ApiError::BadRequest("proguard_uuid must be a UUID of 32 hex digits.".to_owned()));
    }
    let [a, b, c, d, e] = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Ok(format!("{a}-{b}-{c}-{d}-{e}"))
}
