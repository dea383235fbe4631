//! The events of an issue.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;
use watchpost_core::EventId;

use super::discover::Rules;
use super::query::Query;
use super::scope::InOrg;
use super::{event_shape, events, issue, page, voices};
use crate::app::App;
use crate::error::ApiError;
use crate::store::{Cursor, Page, PageRequest, ProjectScope, StoredEvent};

pub(super) async fn list(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let issue = issue::find(&app, &found, &path).await?;
    let request = query.page(25)?;
    let rules = Rules::read(&app, &found, &query)?;
    let page = app
        .with_store(move |store| events::sieved(&rules, request, |part| store.issue_events(issue.id, part)))
        .await?;
    answer(&app, &uri, &query, &page)
}

/// `full` shows the events whole.
pub(super) fn answer(
    app: &App,
    uri: &Uri,
    query: &Query,
    page: &Page<StoredEvent>,
) -> Result<Response, ApiError> {
    let is_full = matches!(query.one("full"), Some("1" | "true"));
    let rows = page
        .rows
        .iter()
        .map(|event| if is_full { event_shape::full(event, None) } else { event_shape::summary(event) });
    let rows = rows.collect();
    Ok(page::answer(app, uri, page, rows))
}

/// `latest`, `oldest`, `recommended` or an event id.
pub(super) async fn detail(
    State(app): State<App>,
    org: InOrg,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let issue = issue::find(&app, &org, &path).await?;
    let name = path.get("event").map(String::as_str).unwrap_or_default();
    let found = match name {
        "latest" | "recommended" => {
            // In a storm most events have no body, and the very last one would show next to nothing.
            let whole = app.with_store(move |store| store.newest_whole_event(issue.id)).await?;
            match whole {
                Some(event) => Some(event),
                None => edge(&app, issue.id, None).await?,
            }
        }
        "oldest" => edge(&app, issue.id, Some(Cursor { value: 0, id: -1, backwards: true })).await?,
        id => {
            let id: EventId = id.parse().map_err(|_| {
                ApiError::BadRequest(
                    "Ask for latest, oldest, recommended or an event id of 32 hex digits.".to_owned(),
                )
            })?;
            let scope = ProjectScope::new([issue.project]);
            let event = app.with_store(move |store| store.event(&scope, id.as_bytes())).await?;
            event.filter(|event| event.issue == Some(issue.id))
        }
    };
    let event = found.ok_or(ApiError::NotFound("No such event in this issue."))?;
    let (event, neighbours) = app
        .with_store(move |store| {
            let neighbours = store.neighbours(issue.id, &event)?;
            Ok((event, neighbours))
        })
        .await?;
    let mut answer = event_shape::full(&event, Some(neighbours));
    answer["userReport"] = voices::report(&app, &org, &event).await?;
    Ok(Json(answer))
}

async fn edge(app: &App, issue: i64, cursor: Option<Cursor>) -> Result<Option<StoredEvent>, ApiError> {
    let request = PageRequest { cursor, limit: 1 };
    let page = app.with_store(move |store| store.issue_events(issue, request)).await?;
    Ok(page.rows.into_iter().next())
}
