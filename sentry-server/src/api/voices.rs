//! What users wrote, and what they saw: feedback, reports about events, replays.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};
use watchpost_core::EventId;

use super::guard::Guard;
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject, OrgScope};
use super::{Params, events, page};
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{FeedbackRow, Replay, StoredItem};

pub(super) fn routes(routes: &mut Routes) {
    let org = "/api/0/organizations/{org}";
    let project = "/api/0/projects/{org}/{project}";
    routes
        .get(&format!("{org}/feedback/"), Guard::Event, "Lists what users wrote", feedback)
        .get(
            &format!("{project}/user-feedback/"),
            Guard::Event,
            "Lists what users of a project wrote",
            feedback_in_project,
        )
        .get(
            &format!("{project}/user-reports/"),
            Guard::Event,
            "Lists what users of a project wrote",
            feedback_in_project,
        )
        .get(
            &format!("{project}/events/{{event}}/user-reports/"),
            Guard::Event,
            "Lists what users wrote about an event",
            about,
        )
        .get(&format!("{org}/replays/"), Guard::Event, "Lists replays", replays)
        .get(&format!("{org}/replays/{{replay}}/"), Guard::Event, "Shows a replay", replay)
        .get(
            &format!("{project}/replays/{{replay}}/recording-segments/"),
            Guard::Event,
            "Lists the pieces of a replay",
            segments,
        );
}

async fn feedback(
    State(app): State<App>,
    found: InOrg,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(50)?, found.chosen(query.all("project"))?);
    let page = app.with_store(move |store| store.feedback(&scope, request)).await?;
    let rows = page.rows.iter().map(|row| feedback_shape(&found, row)).collect();
    Ok(page::answer(&app, &uri, &page, rows))
}

async fn feedback_in_project(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(50)?, at.scope());
    let page = app.with_store(move |store| store.feedback(&scope, request)).await?;
    let rows = page.rows.iter().map(|row| feedback_shape(&at.found, row)).collect();
    Ok(page::answer(&app, &uri, &page, rows))
}

async fn about(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let id = events::parse_id(path.get("event").map(String::as_str).unwrap_or_default())?;
    let project = at.project.id;
    let rows = app.with_store(move |store| store.feedback_about(project, id.as_bytes())).await?;
    Ok(Json(rows.iter().map(|row| feedback_shape(&at.found, row)).collect()))
}

fn feedback_shape(found: &OrgScope, row: &FeedbackRow) -> Value {
    let by_id = found.by_id();
    json!({
        "id": EventId::from_bytes(row.event_id).to_string(),
        "eventID": row.about.map(|id| EventId::from_bytes(id).to_string()),
        "name": row.name,
        "email": row.email,
        "comments": row.message,
        "message": row.message,
        "dateCreated": rfc3339(row.timestamp),
        "project": by_id.get(&row.project).map(|project| &project.slug),
        "user": null,
        "issue": null,
    })
}

async fn replays(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(50)?, found.chosen(query.all("project"))?);
    let page = app.with_store(move |store| store.replays(&scope, request)).await?;
    let rows = page.rows.iter().map(replay_shape).collect();
    page::wrapped(page::answer(&app, &uri, &page, rows), |rows| json!({ "data": rows })).await
}

async fn replay(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<Json<Value>, ApiError> {
    let id = events::parse_id(path.get("replay").map(String::as_str).unwrap_or_default())?;
    let scope = found.all();
    let replay = app.with_store(move |store| store.replay(&scope, id.as_bytes())).await?;
    let replay = replay.ok_or(ApiError::NotFound("No such replay."))?;
    Ok(Json(json!({ "data": replay_shape(&replay) })))
}

fn replay_shape(replay: &Replay) -> Value {
    json!({
        "id": hex(&replay.replay),
        "project_id": replay.project.to_string(),
        "started_at": rfc3339(replay.started),
        "finished_at": rfc3339(replay.finished),
        "duration": (replay.finished - replay.started) / 1_000_000,
        "count_segments": replay.segments,
        "count_errors": replay.errors.as_array().map_or(0, Vec::len),
        "count_urls": replay.urls.as_array().map_or(0, Vec::len),
        "replay_type": replay.kind,
        "platform": replay.platform,
        "releases": replay.release.iter().collect::<Vec<_>>(),
        "environment": replay.environment,
        "user": replay.user,
        "urls": replay.urls,
        "error_ids": replay.errors,
        "trace_ids": replay.traces,
        "is_archived": false,
    })
}

/// The pieces as they were sent; each is read as an attachment of the replay's id.
async fn segments(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let id = events::parse_id(path.get("replay").map(String::as_str).unwrap_or_default())?;
    let project = at.project.id;
    let items = app.with_store(move |store| store.items(project, id.as_bytes())).await?;
    let shape = |item: &StoredItem| json!({ "id": item.seq.to_string(), "itemType": item.kind, "size": item.size_bytes, "dateAdded": rfc3339(item.received) });
    Ok(page::of_list(&app, &uri, request, items.iter(), shape))
}
