//! What users wrote, and what they saw: feedback, reports about events, replays.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Map, Value, json};
use watchpost_core::EventId;

use super::answers::{self, Shape};
use super::discover::Rules;
use super::guard::Guard;
use super::parameter::{ENVIRONMENTS, PAGE, PROJECTS, SEARCH, SORT, SPAN};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject, OrgScope};
use super::sieve::{self, Sieve};
use super::{Params, events, issue, page, short_id};
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{
    EventKey, FeedbackRow, Issue, PageRequest, ProjectScope, Replay, Store, StoreError, StoredEvent,
};

pub(super) fn routes(routes: &mut Routes) {
    let org = "/api/0/organizations/{org}";
    let project = "/api/0/projects/{org}/{project}";
    routes
        .get_by(
            &format!("{org}/feedback/"),
            Guard::Event,
            "Lists what users wrote",
            feedback,
            &[PROJECTS, PAGE],
        )
        .answers(Shape::List(&answers::events::FEEDBACK))
        .get_by(
            &format!("{project}/user-feedback/"),
            Guard::Event,
            "Lists what users of a project wrote",
            feedback_in_project,
            &[PAGE],
        )
        .answers(Shape::List(&answers::events::FEEDBACK))
        .get_by(
            &format!("{project}/user-reports/"),
            Guard::Event,
            "Lists what users of a project wrote",
            feedback_in_project,
            &[PAGE],
        )
        .answers(Shape::List(&answers::events::FEEDBACK))
        .get(
            &format!("{project}/events/{{event}}/user-reports/"),
            Guard::Event,
            "Lists what users wrote about an event",
            about,
        )
        .answers(Shape::List(&answers::events::FEEDBACK))
        .get_by(
            &format!("{org}/replays/"),
            Guard::Event,
            "Lists replays",
            replays,
            &[SEARCH, PROJECTS, ENVIRONMENTS, SPAN, SORT, PAGE],
        )
        .answers(answers::telemetry::REPLAYS)
        .get(&format!("{org}/replays/{{replay}}/"), Guard::Event, "Shows a replay", replay)
        .answers(answers::telemetry::ONE_REPLAY);
}

async fn feedback(
    State(app): State<App>,
    found: InOrg,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(50)?, found.chosen(query.all("project"))?);
    feedback_page(&app, &found, scope, &uri, request).await
}

async fn feedback_in_project(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(50)?, at.scope());
    feedback_page(&app, &at.found, scope, &uri, request).await
}

async fn feedback_page(
    app: &App,
    found: &OrgScope,
    scope: ProjectScope,
    uri: &Uri,
    request: PageRequest,
) -> Result<Response, ApiError> {
    let (page, issues) = app
        .with_store(move |store| {
            let page = store.feedback(&scope, request)?;
            let issues = issues_of(store, &page.rows)?;
            Ok((page, issues))
        })
        .await?;
    let rows = page.rows.iter().map(|row| feedback_shape(app, found, row, &issues)).collect();
    Ok(page::answer(app, uri, &page, rows))
}

async fn about(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let id = events::parse_id(path.get("event").map(String::as_str).unwrap_or_default())?;
    let project = at.project.id;
    let (rows, issues) = app
        .with_store(move |store| {
            let rows = store.feedback_about(project, id.as_bytes())?;
            let issues = issues_of(store, &rows)?;
            Ok((rows, issues))
        })
        .await?;
    Ok(Json(rows.iter().map(|row| feedback_shape(&app, &at.found, row, &issues)).collect()))
}

/// What users wrote about an issue.
pub(super) async fn of_issue(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let issue = issue::find(&app, &found, &path).await?;
    let (project, id) = (issue.project, issue.id);
    let rows = app.with_store(move |store| store.feedback_about_issue(project, id)).await?;
    let abouts = rows.iter().filter_map(|row| row.about);
    let issues = abouts.map(|about| (about, issue.clone())).collect();
    Ok(Json(rows.iter().map(|row| feedback_shape(&app, &found, row, &issues)).collect()))
}

/// What was written last about an event.
pub(super) async fn report(app: &App, found: &OrgScope, event: &StoredEvent) -> Result<Value, ApiError> {
    let (project, id) = (event.project, event.event_id);
    let rows = app.with_store(move |store| store.feedback_about(project, &id)).await?;
    Ok(rows.last().map_or(Value::Null, |row| feedback_shape(app, found, row, &HashMap::new())))
}

/// The issues of the events that people wrote about, by event.
fn issues_of(store: &dyn Store, rows: &[FeedbackRow]) -> Result<HashMap<EventKey, Issue>, StoreError> {
    let mut issues = HashMap::new();
    for row in rows {
        let Some(about) = row.about.filter(|about| !issues.contains_key(about)) else { continue };
        let scope = ProjectScope::new([row.project]);
        let event = store.event(&scope, &about)?;
        let Some(id) = event.and_then(|event| event.issue) else { continue };
        if let Some(issue) = store.issue(&scope, id)? {
            issues.insert(about, issue);
        }
    }
    Ok(issues)
}

fn feedback_shape(
    app: &App,
    found: &OrgScope,
    row: &FeedbackRow,
    issues: &HashMap<EventKey, Issue>,
) -> Value {
    let by_id = found.by_id();
    let issue = row.about.and_then(|about| issues.get(&about)).zip(by_id.get(&row.project));
    let issue = issue.map(|(issue, project)| {
        json!({
            "id": issue.id.to_string(),
            "shortId": short_id::format(&project.slug, issue.number),
            "title": issue.title,
            "status": issue.status.as_str(),
            "permalink": format!("{}/organizations/{}/issues/{}/", app.public_url, found.org.slug, issue.id),
        })
    });
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
        "issue": issue,
    })
}

async fn replays(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(50)?, found.chosen(query.all("project"))?);
    let rules = Rules::read(&app, &found, &query)?;
    sieve::check(&rules.expr, "replays", &SEARCHED)?;
    if let Some(odd) = query.one("sort").filter(|sort| !matches!(*sort, "" | "-started_at" | "-startedAt")) {
        return Err(ApiError::BadRequest(format!("sort={odd} is not known; replays come by -started_at.")));
    }
    let sieve = Sieve {
        keeps: |replay: &Replay, rules| rules.covers(replay.started) && rules.let_row(&searched(replay)),
        ends: |replay, rules| rules.since.is_some_and(|since| replay.started < since),
        place: |replay| (replay.started, replay.row),
    };
    let page = app
        .with_store(move |store| match rules.is_none() {
            true => store.replays(&scope, request),
            false => sieve::page(&sieve, &rules, request, |part| store.replays(&scope, part)),
        })
        .await?;
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

/// What replays are searched by.
const SEARCHED: [&str; 18] = [
    "id",
    "replay_type",
    "platform",
    "release",
    "environment",
    "user.id",
    "user.email",
    "user.username",
    "user.ip",
    "url",
    "urls",
    "error_ids",
    "trace_ids",
    "duration",
    "count_segments",
    "count_errors",
    "count_urls",
    "started_at",
];

/// A replay as fields of these names.
fn searched(replay: &Replay) -> Map<String, Value> {
    let shape = replay_shape(replay);
    let user = |name: &str| replay.user.get(name).cloned().unwrap_or_default();
    let mut row = Map::new();
    for name in SEARCHED {
        let value = match name {
            "release" => replay.release.clone().into(),
            "url" => shape["urls"].clone(),
            "user.ip" => user("ip_address"),
            _ => match name.strip_prefix("user.") {
                Some(part) => user(part),
                None => shape[name].clone(),
            },
        };
        row.insert(name.to_owned(), value);
    }
    row
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
