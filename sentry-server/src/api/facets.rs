//! What lists can be narrowed by: environments and tags of projects, values of tags, and the files of an issue's events.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};
use watchpost_core::EventId;

use super::answers::{self, Shape};
use super::guard::Guard;
use super::parameter::{PAGE, PROJECTS};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use super::{Params, events, issue, issue_tags, page};
use crate::app::App;
use crate::error::ApiError;
use crate::store::ProjectScope;

pub(super) fn routes(routes: &mut Routes) {
    let (org, project) = ("/api/0/organizations/{org}", "/api/0/projects/{org}/{project}");
    routes
        .get_by(&format!("{org}/environments/"), Guard::Org, "Lists environments", environments, &[PROJECTS])
        .answers(Shape::List(&answers::telemetry::ENVIRONMENT))
        .get(
            &format!("{project}/environments/"),
            Guard::Project,
            "Lists a project's environments",
            of_project,
        )
        .answers(Shape::List(&answers::telemetry::ENVIRONMENT))
        .get_by(&format!("{org}/tags/"), Guard::Event, "Lists tags of events", tags, &[PROJECTS])
        .answers(Shape::List(&answers::issues::TAG))
        .get(&format!("{project}/tags/"), Guard::Event, "Lists tags of a project's events", tags_of_project)
        .answers(Shape::List(&answers::issues::TAG));
    for at in ["/api/0/organizations/{org}/issues/{issue}", "/api/0/issues/{issue}"] {
        routes
            .get_by(
                &format!("{at}/tags/{{key}}/values/"),
                Guard::Event,
                "Lists the values of an issue's tag, the most frequent first",
                values,
                &[PAGE],
            )
            .answers(Shape::List(&answers::issues::TAG_VALUE))
            .get_by(
                &format!("{at}/attachments/"),
                Guard::Event,
                "Lists files that came with an issue's events, of the newest first",
                attachments,
                &[PAGE],
            )
            .answers(Shape::List(&answers::events::ATTACHMENT));
    }
}

async fn environments(
    State(app): State<App>,
    found: InOrg,
    query: Query,
) -> Result<Json<Vec<Value>>, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    named(&app, scope).await
}

async fn of_project(State(app): State<App>, at: InProject) -> Result<Json<Vec<Value>>, ApiError> {
    named(&app, at.scope()).await
}

async fn named(app: &App, scope: ProjectScope) -> Result<Json<Vec<Value>>, ApiError> {
    let names = app.with_store(move |store| store.environments(&scope)).await?;
    // They have no numbers of their own.
    Ok(Json(names.iter().map(|name| json!({ "id": name, "name": name, "isHidden": false })).collect()))
}

async fn tags(State(app): State<App>, found: InOrg, query: Query) -> Result<Json<Vec<Value>>, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    keys(&app, scope).await
}

async fn tags_of_project(State(app): State<App>, at: InProject) -> Result<Json<Vec<Value>>, ApiError> {
    keys(&app, at.scope()).await
}

async fn keys(app: &App, scope: ProjectScope) -> Result<Json<Vec<Value>>, ApiError> {
    let keys = app.with_store(move |store| store.tag_keys(&scope)).await?;
    Ok(Json(keys.iter().map(issue_tags::summary).collect()))
}

async fn values(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, issue) = (query.page(100)?, issue::find(&app, &found, &path).await?);
    let tags = app.with_store(move |store| store.issue_tags(issue.id, MAX_VALUES)).await?;
    let key = path.get("key").map(String::as_str).unwrap_or_default();
    let tag =
        tags.iter().find(|tag| tag.key == key).ok_or(ApiError::NotFound("No such tag on this issue."))?;
    Ok(page::of_list(&app, &uri, request, tag.top.iter(), |value| issue_tags::value(key, value)))
}

async fn attachments(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, issue) = (query.page(50)?, issue::find(&app, &found, &path).await?);
    let (project, id) = (issue.project, issue.id);
    let items = app.with_store(move |store| store.issue_attachments(project, id, MAX_FILES)).await?;
    let shape = |(event, item): &(_, _)| events::item_shape(item, EventId::from_bytes(*event));
    Ok(page::of_list(&app, &uri, request, items.iter(), shape))
}

/// As many values as are counted of a tag.
const MAX_VALUES: usize = 1_000;
const MAX_FILES: usize = 1_000;
