//! Projects: list, detail, create.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::scope;
use crate::app::App;
use crate::auth::Secret;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::setup;
use crate::store::{NewProject, Organization, Project};

pub(super) async fn list_all(State(app): State<App>) -> Result<Json<Vec<Value>>, ApiError> {
    let found = scope::organization(&app, None).await?;
    Ok(Json(found.projects.iter().map(|project| shape(&found.org, project)).collect()))
}

pub(super) async fn list(
    State(app): State<App>,
    Path(org): Path<String>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let found = scope::organization(&app, Some(org)).await?;
    Ok(Json(found.projects.iter().map(|project| shape(&found.org, project)).collect()))
}

pub(super) async fn detail(
    State(app): State<App>,
    Path((org, project)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let found = scope::organization(&app, Some(org)).await?;
    Ok(Json(shape(&found.org, found.project(&project)?)))
}

#[derive(Deserialize)]
pub(super) struct Form {
    name: Option<String>,
    slug: Option<String>,
    platform: Option<String>,
}

/// 201 with the project and its DSN.
pub(super) async fn create(
    State(app): State<App>,
    Path(org): Path<String>,
    body: Option<Json<Form>>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Some(Json(form)) = body else {
        return Err(ApiError::BadRequest("Send JSON with name or slug.".to_owned()));
    };
    let found = scope::organization(&app, Some(org)).await?;
    let name = form.name.or_else(|| form.slug.clone()).unwrap_or_default();
    let slug = form.slug.unwrap_or_else(|| setup::slug_of(&name));
    setup::check_slug(&slug).map_err(ApiError::BadRequest)?;
    let public_key = Secret::public_key().map_err(|error| ApiError::Internal(Box::new(error)))?;
    let project = NewProject {
        id: None,
        org: found.org.id,
        slug: slug.clone(),
        name,
        platform: form.platform,
        public_key: public_key.clone(),
        created: app.now(),
    };
    let made = app.with_store(move |store| store.create_project(&project)).await?;
    let made =
        made.ok_or_else(|| ApiError::Conflict(format!("A project with the slug {slug} exists already.")))?;
    app.reload_keys().await?;
    let mut answer = shape(&found.org, &made);
    answer["dsn"] = setup::dsn(&app.public_url, &public_key, made.id).into();
    Ok((StatusCode::CREATED, Json(answer)))
}

pub(super) fn shape(org: &Organization, project: &Project) -> Value {
    json!({
        "id": project.id.to_string(),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "dateCreated": rfc3339(project.created),
        "firstEvent": project.first_event.map(rfc3339),
        "status": "active",
        "isMember": true,
        "hasAccess": true,
        "features": [],
        "team": null,
        "teams": [],
        "organization": super::organizations::shape(org),
    })
}
