//! Events of a project, whatever their kind, and what came along with them.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use watchpost_core::EventId;

use super::issues::Query;
use super::{event_shape, page, scope};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{Neighbours, ProjectId, ProjectScope, StoredEvent, StoredItem};

pub(super) async fn list(
    State(app): State<App>,
    Path((org, project)): Path<(String, String)>,
    uri: Uri,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let found = scope::organization(&app, Some(org)).await?;
    let project = found.project(&project)?.id;
    let query = Query::parse(query.as_deref());
    let limit = query.one("per_page").or(query.one("limit"));
    let request = page::request(query.one("cursor"), limit, 50)?;
    let page = app.with_store(move |store| store.project_events(project, request)).await?;
    let rows = page.rows.iter().map(event_shape::summary).collect();
    Ok(page::answer(&app, &uri, &page, rows))
}

pub(super) async fn detail(
    State(app): State<App>,
    Path((org, project, event)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (_, event, neighbours) = find(&app, org, &project, &event).await?;
    Ok(Json(event_shape::full(&event, Some(neighbours))))
}

/// The normalised event, in the shape of the protocol.
pub(super) async fn json(
    State(app): State<App>,
    Path((org, project, event)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let (_, event, _) = find(&app, org, &project, &event).await?;
    let body = event.body.ok_or(ApiError::NotFound("The body of this event was not kept."))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Finds an event by its id in any project of the organisation.
pub(super) async fn by_event_id(
    State(app): State<App>,
    Path((org, event)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let found = scope::organization(&app, Some(org)).await?;
    let (id, all) = (parse_id(&event)?, found.all());
    let event = app.with_store(move |store| store.event(&all, id.as_bytes())).await?;
    let event = event.ok_or(ApiError::NotFound("No such event."))?;
    let projects = found.by_id();
    Ok(Json(json!({
        "organizationSlug": found.org.slug,
        "projectSlug": projects.get(&event.project).map(|project| &project.slug),
        "groupId": event.issue.map(|id| id.to_string()),
        "eventId": id.to_string(),
        "event": event_shape::full(&event, None),
    })))
}

/// Everything that was sent in the event's envelope beside it.
pub(super) async fn attachments(
    State(app): State<App>,
    Path((org, project, event)): Path<(String, String, String)>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let (project, id) = project_and_id(&app, org, &project, &event).await?;
    let items = app.with_store(move |store| store.items(project, id.as_bytes())).await?;
    Ok(Json(items.iter().map(|item| item_shape(item, id)).collect()))
}

pub(super) async fn attachment(
    State(app): State<App>,
    Path((org, project, event, attachment)): Path<(String, String, String, String)>,
) -> Result<Response, ApiError> {
    let (project, id) = project_and_id(&app, org, &project, &event).await?;
    let missing = ApiError::NotFound("No such attachment.");
    let Ok(seq) = attachment.parse() else { return Err(missing) };
    let body = app.with_store(move |store| store.item_body(project, id.as_bytes(), seq)).await?;
    let body = body.ok_or(missing)?;
    // What strangers sent is never shown in the page's own origin, only saved.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, Body::from(body)).into_response())
}

async fn find(
    app: &App,
    org: String,
    project: &str,
    event: &str,
) -> Result<(ProjectId, StoredEvent, Neighbours), ApiError> {
    let (project, id) = project_and_id(app, org, project, event).await?;
    let found = app
        .with_store(move |store| {
            let Some(event) = store.event(&ProjectScope::new([project]), id.as_bytes())? else {
                return Ok(None);
            };
            let neighbours = match event.issue {
                Some(issue) => store.neighbours(issue, &event)?,
                None => Neighbours::default(),
            };
            Ok(Some((project, event, neighbours)))
        })
        .await?;
    found.ok_or(ApiError::NotFound("No such event."))
}

async fn project_and_id(
    app: &App,
    org: String,
    project: &str,
    event: &str,
) -> Result<(ProjectId, EventId), ApiError> {
    let found = scope::organization(app, Some(org)).await?;
    Ok((found.project(project)?.id, parse_id(event)?))
}

fn parse_id(text: &str) -> Result<EventId, ApiError> {
    text.parse().map_err(|_| ApiError::BadRequest("An event id has 32 hex digits.".to_owned()))
}

fn item_shape(item: &StoredItem, event: EventId) -> Value {
    let text = |name: &str| item.header.get(name).and_then(Value::as_str);
    json!({
        "id": item.seq.to_string(),
        "event_id": event.to_string(),
        "type": text("attachment_type").unwrap_or(&item.kind),
        "itemType": item.kind,
        "name": text("filename").unwrap_or(&item.kind),
        "mimetype": text("content_type").unwrap_or("application/octet-stream"),
        "dateCreated": rfc3339(item.received),
        "size": item.size_bytes,
        "headers": item.header,
    })
}
