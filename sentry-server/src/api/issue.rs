//! One issue.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::guard::Guard;
use super::issue_shape::{self, Period};
use super::routes::Routes;
use super::scope::{self, InOrg, OrgScope};
use super::{issue_events, issue_tags};
use crate::app::App;
use crate::error::ApiError;
use crate::store::{Issue, IssueChange, Status};

/// The paths that begin with `/issues/` name no organisation.
pub(super) fn routes(routes: &mut Routes) {
    for at in ["/api/0/organizations/{org}/issues/{issue}", "/api/0/issues/{issue}"] {
        routes
            .get(&format!("{at}/"), Guard::Event, "Shows an issue", detail)
            .put(&format!("{at}/"), Guard::Event, "Changes an issue", change)
            .get(&format!("{at}/events/"), Guard::Event, "Lists an issue's events", issue_events::list)
            .get(
                &format!("{at}/events/{{event}}/"),
                Guard::Event,
                "Shows an event of an issue",
                issue_events::detail,
            )
            .get(&format!("{at}/tags/"), Guard::Event, "Lists an issue's tags", issue_tags::list)
            .get(&format!("{at}/tags/{{key}}/"), Guard::Event, "Shows a tag of an issue", issue_tags::detail);
    }
    let short = "/api/0/organizations/{org}/shortids/{issue}/";
    routes.get(short, Guard::Event, "Finds an issue by its short id", by_short_id);
}

async fn detail(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let issue = find(&app, &found, &path).await?;
    full(&app, &found, issue).await
}

async fn by_short_id(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let issue = find(&app, &found, &path).await?;
    let (group_id, project) =
        (issue.id, found.by_id().get(&issue.project).map(|project| project.slug.clone()));
    let short_id = path.get("issue").cloned().unwrap_or_default();
    let Json(group) = full(&app, &found, issue).await?;
    Ok(Json(json!({
        "organizationSlug": found.org.slug,
        "projectSlug": project,
        "groupId": group_id.to_string(),
        "group": group,
        "shortId": short_id.to_uppercase(),
    })))
}

async fn change(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
    body: Option<Json<Value>>,
) -> Result<Json<Value>, ApiError> {
    let change = read_change(body)?;
    let issue = find(&app, &found, &path).await?;
    let (all, id) = (found.all(), issue.id);
    let changed = app
        .with_store(move |store| {
            store.change_issues(&all, &[id], &change)?;
            store.issue(&all, id)
        })
        .await?;
    full(&app, &found, changed.ok_or(ApiError::NotFound("No such issue."))?).await
}

/// What a PUT may say: `status`, and `substatus` to go with it.
pub(super) fn read_change(body: Option<Json<Value>>) -> Result<IssueChange, ApiError> {
    let Some(Json(Value::Object(body))) = body else {
        return Err(ApiError::BadRequest("Send a JSON object, like {\"status\": \"resolved\"}.".to_owned()));
    };
    let status = match body.get("status").and_then(Value::as_str) {
        None => None,
        Some(name) => Some(Status::parse(name).ok_or_else(|| {
            ApiError::BadRequest(format!(
                "status {name:?} is not known; use resolved, unresolved or ignored."
            ))
        })?),
    };
    let substatus = match (body.get("substatus").and_then(Value::as_str), status) {
        (Some(known), _) if SUBSTATUSES.contains(&known) => Some(known.to_owned()),
        (Some(other), _) => {
            return Err(ApiError::BadRequest(format!("substatus {other:?} is not known.")));
        }
        (None, Some(Status::Unresolved)) => Some("ongoing".to_owned()),
        (None, Some(Status::Ignored)) => Some("archived_forever".to_owned()),
        (None, _) => None,
    };
    if status.is_none() && substatus.is_none() {
        return Err(ApiError::BadRequest(
            "Nothing to change; this server takes status and substatus.".to_owned(),
        ));
    }
    Ok(IssueChange { status, substatus })
}

pub(super) fn change_shape(change: &IssueChange) -> Value {
    json!({
        "status": change.status.map(Status::as_str),
        "statusDetails": {},
        "substatus": change.substatus,
    })
}

/// The issue that a path names.
pub(super) async fn find(
    app: &App,
    found: &InOrg,
    path: &HashMap<String, String>,
) -> Result<Issue, ApiError> {
    scope::issue(app, found, path.get("issue").map(String::as_str).unwrap_or_default()).await
}

async fn full(app: &App, found: &OrgScope, issue: Issue) -> Result<Json<Value>, ApiError> {
    let (id, now) = (issue.id, app.now());
    let (hours, tags) = app
        .with_store(move |store| {
            let hours = store.issue_hours(&[id], Period::TwoWeeks.since_hour(now))?;
            Ok((hours.into_iter().next().unwrap_or_default(), store.issue_tags(id, 0)?))
        })
        .await?;
    let projects = found.by_id();
    let project = projects.get(&issue.project).ok_or(ApiError::NotFound("No such issue."))?;
    let mut answer = issue_shape::shape(app, &found.org.slug, project, &issue);
    answer["stats"] = json!({
        "24h": Period::Day.series(&hours, now),
        "14d": Period::TwoWeeks.series(&hours, now),
    });
    answer["tags"] = tags.iter().map(issue_tags::summary).collect();
    for (name, empty) in [("activity", json!([])), ("seenBy", json!([])), ("participants", json!([]))] {
        answer[name] = empty;
    }
    answer["userReportCount"] = 0.into();
    Ok(Json(answer))
}

const SUBSTATUSES: [&str; 7] = [
    "archived_until_escalating",
    "archived_until_condition_met",
    "archived_forever",
    "ongoing",
    "new",
    "regressed",
    "escalating",
];
