//! What leads events to an issue, and which issues are like it.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answers::{self, Shape};
use super::caller::Caller;
use super::guard::Guard;
use super::parameter::{FULL, HASHES, PAGE};
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use super::{event_shape, issue, issue_shape, page};
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::files::debug_key;
use crate::group::GroupHash;
use crate::instant::rfc3339;
use crate::store::{IssueHash, ProjectScope, StoredEvent, Unmerged};

/// Below one issue.
pub(super) fn routes(routes: &mut Routes, at: &str) {
    let hashes = format!("{at}/hashes/");
    routes
        .get_by(&hashes, Guard::Event, "Lists an issue's hashes", list, &[FULL, PAGE])
        .answers(Shape::List(&answers::issues::HASH))
        .delete_by(&hashes, Guard::Event, "Takes hashes from an issue, with their events", unmerge, &[HASHES])
        .answers(answers::issues::UNMERGED)
        .put_by(&hashes, Guard::Event, "Takes hashes from an issue, with their events", unmerge, &[HASHES])
        .answers(answers::issues::UNMERGED)
        .get_by(
            &format!("{at}/similar/"),
            Guard::Event,
            "Lists issues that are like an issue",
            similar,
            &[PAGE],
        )
        .answers(answers::issues::SIMILAR);
}

async fn list(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, issue) = (query.page(100)?, issue::find(&app, &found, &path).await?);
    let scope = ProjectScope::new([issue.project]);
    let full = query.one("full").is_none_or(|text| text != "false");
    let all = app
        .with_store(move |store| {
            let latest = if full { store.latest_by_hash(issue.id)? } else { HashMap::new() };
            let mut rows = Vec::new();
            for hash in store.issue_hashes(issue.id)? {
                let event = match latest.get(&hash.hash) {
                    Some(id) if rows.len() < MAX_EVENTS => store.event(&scope, id)?,
                    _ => None,
                };
                rows.push((hash, event));
            }
            Ok(rows)
        })
        .await?;
    Ok(page::of_list(&app, &uri, request, all.iter(), shape))
}

fn shape((hash, latest): &(IssueHash, Option<StoredEvent>)) -> Value {
    json!({
        "id": hex(&hash.hash),
        "hash": GroupHash::from_bytes(hash.hash),
        "latestEvent": latest.as_ref().map(event_shape::summary),
        "mergedBySeer": false,
        "groupingConfig": hash.config,
        "basis": hash.basis,
        "firstEventID": hash.first_event.map(|id| hex(&id)),
        "dateCreated": hash.created.map(rfc3339),
    })
}

/// 202 with the issue that the events went to, if there were any.
async fn unmerge(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path(path): Path<HashMap<String, String>>,
    query: Query,
) -> Result<Response, ApiError> {
    let issue = issue::find(&app, &found, &path).await?;
    let read = |text: &str| {
        let digits = text.strip_prefix("wp1:").unwrap_or(text);
        debug_key(digits)
            .ok_or_else(|| ApiError::BadRequest(format!("id={text} is no hash of 32 hex digits.")))
    };
    let gone = query.all("id").map(read).collect::<Result<Vec<_>, _>>()?;
    if gone.is_empty() {
        return Err(ApiError::BadRequest("Name the hashes to take away: ?id=...".to_owned()));
    }
    let (by, now) = (caller.holder.as_ref().map(|holder| holder.id), app.now());
    let destination = match app.with_store(move |store| store.unmerge(issue.id, &gone, by, now)).await? {
        Unmerged::NoneLeft => {
            return Err(ApiError::Conflict("An issue keeps at least one hash.".to_owned()));
        }
        Unmerged::Detached => None,
        Unmerged::Into(destination) => Some(destination.to_string()),
    };
    Ok((StatusCode::ACCEPTED, Json(json!({ "destination": destination }))).into_response())
}

/// Pairs of an issue and how alike it is.
async fn similar(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path(path): Path<HashMap<String, String>>,
    query: Query,
) -> Result<Json<Vec<Value>>, ApiError> {
    let issue = issue::find(&app, &found, &path).await?;
    let limit = query.page(10)?.limit.min(50);
    let scope = ProjectScope::new([issue.project]);
    let alike = app
        .with_store(move |store| {
            let mut all = Vec::new();
            for (id, score) in store.similar_issues(issue.id, limit)? {
                all.extend(store.issue(&scope, id)?.map(|issue| (issue, score)));
            }
            Ok(all)
        })
        .await?;
    let ids = alike.iter().map(|(issue, _)| issue.id).collect();
    let people = issue_shape::People::read(&app, &found, &caller, ids).await?;
    let projects = found.by_id();
    let rows = alike.iter().filter_map(|(issue, score)| {
        let project = projects.get(&issue.project)?;
        let shape = issue_shape::shape(&app, &found.org.slug, project, issue, &people);
        Some(json!([shape, { "contribution": (score * 1_000.0).round() / 1_000.0 }]))
    });
    Ok(Json(rows.collect()))
}

/// Events that a list of hashes shows.
const MAX_EVENTS: usize = 100;
