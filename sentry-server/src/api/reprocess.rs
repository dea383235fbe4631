//! What became of an event's frames, and resolving them again with the files that are there now.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers;
use super::body::Body;
use super::guard::Guard;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use super::{event_shape, events, issue};
use crate::app::App;
use crate::error::ApiError;
use crate::json::Map;
use crate::store::{EventKey, PageRequest, ProjectScope, Store, StoreError, StoredEvent};
use crate::symbolicate::{self, Symbolicator, Verdict, minidump};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/projects/{org}/{project}/events/{event}";
    // The name is that of the protocol's first clients; it answers for frames of every kind.
    routes
        .get(
            &format!("{at}/source-map-debug/"),
            Guard::Event,
            "Says of every frame how it was resolved, or why not",
            doctor,
        )
        .answers(answers::events::VERDICTS)
        .post(
            &format!("{at}/reprocess/"),
            Guard::Event,
            "Resolves an event's frames again, with the files that are there now",
            reprocess,
        )
        .answers(answers::events::REPROCESSED);
    for at in ["/api/0/organizations/{org}/issues/{issue}", "/api/0/issues/{issue}"] {
        routes
            .post(
                &format!("{at}/reprocessing/"),
                Guard::Event,
                "Resolves the frames of an issue's newest events again, with the files that are there now",
                reprocess_issue,
            )
            .answers(answers::issues::REPROCESSED);
    }
}

/// As things are now: files may have arrived since.
async fn doctor(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (event, _) = events::find(&app, &at, &event).await?;
    let (verdicts, _) = resolved(&app, event).await?;
    Ok(Json(json!({ "frames": symbolicate::report(&verdicts) })))
}

/// The event keeps its issue: what it is grouped by was decided when it came.
async fn reprocess(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (event, neighbours) = events::find(&app, &at, &event).await?;
    let (id, scope) = (event.event_id, at.scope());
    let (verdicts, body) = resolved(&app, event).await?;
    let event = app
        .with_store(move |store| {
            keep(store, &scope, &id, &body)?;
            store.event(&scope, &id)
        })
        .await?
        .ok_or(ApiError::NotFound("No such event."))?;
    let mut answer = event_shape::full(&event, Some(neighbours));
    answer["frames"] = symbolicate::report(&verdicts).into();
    Ok(Json(answer))
}

#[derive(Deserialize, ToSchema)]
struct Form {
    #[serde(default, rename = "maxEvents")]
    max_events: Option<usize>,
}

/// `maxEvents`: how many, the newest first. Default 100, at most 1,000. Events keep their issue.
async fn reprocess_issue(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    let issue = issue::find(&app, &found, &path).await?;
    let most = form.max_events.unwrap_or(DEFAULT_EVENTS);
    if !(1..=MAX_EVENTS).contains(&most) {
        return Err(ApiError::BadRequest(format!("maxEvents is from 1 to {MAX_EVENTS}.")));
    }
    let scope = ProjectScope::new([issue.project]);
    let (mut events, mut changed, mut cursor) = (0, 0, None);
    while events < most {
        let request = PageRequest { cursor, limit: PAGE.min(most - events) };
        let page = app.with_store(move |store| store.issue_events(issue.id, request)).await?;
        let (symbolicator, scope) = (Arc::clone(&app.symbolicator), scope.clone());
        let count = page.rows.len();
        cursor = page.next.filter(|_| page.has_next);
        let done = app.with_store(move |store| again(store, &symbolicator, &scope, page.rows));
        changed += done.await?;
        events += count;
        if cursor.is_none() || count == 0 {
            break;
        }
    }
    Ok(Json(json!({ "events": events, "changed": changed, "hasMore": cursor.is_some() })))
}

/// How many of the events have changed.
fn again(
    store: &dyn Store,
    symbolicator: &Symbolicator,
    scope: &ProjectScope,
    events: Vec<StoredEvent>,
) -> Result<usize, StoreError> {
    let mut changed = 0;
    for event in events {
        let (id, before) = (event.event_id, event.body.clone());
        let Some((_, body)) = resolve(store, symbolicator, event)? else { continue };
        if before.as_deref() != serde_json::to_vec(&body).ok().as_deref() {
            keep(store, scope, &id, &body)?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// What became of the frames, and the event with it.
type Resolved = (Vec<Verdict>, Map);

async fn resolved(app: &App, event: StoredEvent) -> Result<Resolved, ApiError> {
    let symbolicator = Arc::clone(&app.symbolicator);
    let done = app.with_store(move |store| resolve(store, &symbolicator, event)).await?;
    done.ok_or(ApiError::NotFound("The body of this event was not kept."))
}

/// `None` for an event whose body was not kept.
fn resolve(
    store: &dyn Store,
    symbolicator: &Symbolicator,
    event: StoredEvent,
) -> Result<Option<Resolved>, StoreError> {
    let Some(body) = event.body else { return Ok(None) };
    let mut body: Map = serde_json::from_slice(&body).map_err(|error| StoreError::new("an event", error))?;
    let items = store.items(event.project, &event.event_id)?;
    let is_dump = |header: &Value| header["attachment_type"] == "event.minidump";
    if let Some(item) = items.iter().find(|item| is_dump(&item.header))
        && let Some(dump) = store.item_body(event.project, &event.event_id, item.seq)?
    {
        minidump::unwind_again(&mut body, &dump, (symbolicator, event.project));
    }
    let verdicts = symbolicator.resolve(event.project, &mut body)?;
    Ok(Some((verdicts, body)))
}

fn keep(store: &dyn Store, scope: &ProjectScope, id: &EventKey, body: &Map) -> Result<(), StoreError> {
    let body = serde_json::to_vec(body).map_err(|error| StoreError::new("an event", error))?;
    store.replace_body(scope, id, &body).map(drop)
}

const DEFAULT_EVENTS: usize = 100;
const MAX_EVENTS: usize = 1_000;
const PAGE: usize = 25;
