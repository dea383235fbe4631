//! Events of a project, whatever their kind, and what came along with them.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use watchpost_core::EventId;

use super::answers::{self, FILE, Shape};
use super::discover::Rules;
use super::guard::Guard;
use super::parameter::{ENVIRONMENTS, FULL, PAGE, SEARCH, SPAN};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use super::sieve::{self, Sieve};
use super::{event_shape, issue_events, voices};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{Neighbours, Page, PageRequest, StoreError, StoredEvent, StoredItem};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/projects/{org}/{project}/events";
    routes
        .get_by(
            &format!("{at}/"),
            Guard::Event,
            "Lists a project's events",
            list,
            &[FULL, SEARCH, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(answers::events::EVENTS)
        .get(&format!("{at}/{{event}}/"), Guard::Event, "Shows an event", detail)
        .answers(answers::events::EVENT)
        .get(&format!("{at}/{{event}}/json/"), Guard::Event, "Shows an event as the protocol has it", json)
        .answers(Shape::Map(&Shape::Any))
        .get(
            &format!("{at}/{{event}}/attachments/"),
            Guard::Event,
            "Lists an event's attachments",
            attachments,
        )
        .answers(Shape::List(&answers::events::ATTACHMENT))
        .get(
            &format!("{at}/{{event}}/attachments/{{attachment}}/"),
            Guard::Event,
            "Downloads an attachment",
            attachment,
        )
        .answers(FILE)
        .get(
            "/api/0/organizations/{org}/eventids/{event}/",
            Guard::Event,
            "Finds an event in any project",
            by_event_id,
        )
        .answers(answers::events::BY_ID);
}

async fn list(State(app): State<App>, at: InProject, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let (project, request) = (at.project.id, query.page(50)?);
    let rules = Rules::read(&app, &at.found, &query)?;
    let page = app
        .with_store(move |store| sieved(&rules, request, |part| store.project_events(project, part)))
        .await?;
    issue_events::answer(&app, &uri, &query, &page)
}

/// A page of the events that rules let through.
pub(super) fn sieved(
    rules: &Rules,
    request: PageRequest,
    read: impl Fn(PageRequest) -> Result<Page<StoredEvent>, StoreError>,
) -> Result<Page<StoredEvent>, StoreError> {
    if rules.is_none() {
        return read(request);
    }
    let sieve = Sieve {
        keeps: |event: &StoredEvent, rules| rules.let_event(event),
        // Events come by the time of receipt, which is not before the time at which it happened.
        ends: |event, rules| rules.since.is_some_and(|since| event.received < since),
        place: |event| (0, event.seq),
    };
    sieve::page(&sieve, rules, request, read)
}

async fn detail(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (event, neighbours) = find(&app, &at, &event).await?;
    let mut answer = event_shape::full(&event, Some(neighbours));
    answer["userReport"] = voices::report(&app, &at.found, &event).await?;
    Ok(Json(answer))
}

/// The normalised event, in the shape of the protocol.
async fn json(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let (event, _) = find(&app, &at, &event).await?;
    let body = event.body.ok_or(ApiError::NotFound("The body of this event was not kept."))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Finds an event by its id in any project of the organisation.
async fn by_event_id(
    State(app): State<App>,
    found: InOrg,
    Path((_, event)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (id, all) = (parse_id(&event)?, found.all());
    let event = app.with_store(move |store| store.event(&all, id.as_bytes())).await?;
    let event = event.ok_or(ApiError::NotFound("No such event."))?;
    let projects = found.by_id();
    let mut shape = event_shape::full(&event, None);
    shape["userReport"] = voices::report(&app, &found, &event).await?;
    Ok(Json(json!({
        "organizationSlug": found.org.slug,
        "projectSlug": projects.get(&event.project).map(|project| &project.slug),
        "groupId": event.issue.map(|id| id.to_string()),
        "eventId": id.to_string(),
        "event": shape,
    })))
}

/// Everything that was sent in the event's envelope beside it.
async fn attachments(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event)): Path<(String, String, String)>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let (project, id) = (at.project.id, parse_id(&event)?);
    let items = app.with_store(move |store| store.items(project, id.as_bytes())).await?;
    Ok(Json(items.iter().map(|item| item_shape(item, id)).collect()))
}

async fn attachment(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event, attachment)): Path<(String, String, String, String)>,
) -> Result<Response, ApiError> {
    let (project, id) = (at.project.id, parse_id(&event)?);
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

/// An event of a project by its id.
pub(super) async fn find(
    app: &App,
    at: &InProject,
    event: &str,
) -> Result<(StoredEvent, Neighbours), ApiError> {
    let (scope, id) = (at.scope(), parse_id(event)?);
    let found = app
        .with_store(move |store| {
            let Some(event) = store.event(&scope, id.as_bytes())? else { return Ok(None) };
            let neighbours = match event.issue {
                Some(issue) => store.neighbours(issue, &event)?,
                None => Neighbours::default(),
            };
            Ok(Some((event, neighbours)))
        })
        .await?;
    found.ok_or(ApiError::NotFound("No such event."))
}

pub(super) fn parse_id(text: &str) -> Result<EventId, ApiError> {
    text.parse().map_err(|_| ApiError::BadRequest("An event id has 32 hex digits.".to_owned()))
}

pub(super) fn item_shape(item: &StoredItem, event: EventId) -> Value {
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
