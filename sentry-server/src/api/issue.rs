//! One issue.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answers::{self, NOTHING, Shape};
use super::body::{Body, Part};
use super::caller::Caller;
use super::guard::Guard;
use super::issue_shape::{self, Period};
use super::parameter::{ENVIRONMENTS, FULL, PAGE, SEARCH, SPAN};
use super::routes::Routes;
use super::scope::{self, InOrg, OrgScope};
use super::{committers, issue_change, issue_events, issue_hashes, issue_notes, issue_tags, issues, voices};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{Issue, PageRequest};

/// The paths that begin with `/issues/` name no organisation.
pub(super) fn routes(routes: &mut Routes) {
    for at in ["/api/0/organizations/{org}/issues/{issue}", "/api/0/issues/{issue}"] {
        routes
            .get(&format!("{at}/"), Guard::Event, "Shows an issue", detail)
            .answers(answers::issues::WHOLE_ISSUE)
            .put(&format!("{at}/"), Guard::Event, "Changes an issue", change)
            .answers(answers::issues::WHOLE_ISSUE.or_nothing())
            .delete(&format!("{at}/"), Guard::Event, "Deletes an issue", delete)
            .answers(NOTHING)
            .get_by(
                &format!("{at}/events/"),
                Guard::Event,
                "Lists an issue's events",
                issue_events::list,
                &[FULL, SEARCH, ENVIRONMENTS, SPAN, PAGE],
            )
            .answers(answers::events::EVENTS)
            .get(
                &format!("{at}/events/{{event}}/"),
                Guard::Event,
                "Shows an event of an issue",
                issue_events::detail,
            )
            .answers(answers::events::EVENT)
            .get(
                &format!("{at}/user-reports/"),
                Guard::Event,
                "Lists what users wrote about an issue",
                voices::of_issue,
            )
            .answers(Shape::List(&answers::events::FEEDBACK))
            .get(&format!("{at}/tags/"), Guard::Event, "Lists an issue's tags", issue_tags::list)
            .answers(Shape::List(&answers::issues::TAG_WITH_VALUES))
            .get(&format!("{at}/tags/{{key}}/"), Guard::Event, "Shows a tag of an issue", issue_tags::detail)
            .answers(answers::issues::TAG_WITH_VALUES);
        issue_hashes::routes(routes, at);
    }
    issue_notes::routes(routes);
    let short = "/api/0/organizations/{org}/shortids/{issue}/";
    routes
        .get(short, Guard::Event, "Finds an issue by its short id", by_short_id)
        .answers(answers::issues::BY_SHORT_ID);
}

async fn detail(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let issue = find(&app, &found, &path).await?;
    full(&app, &found, &caller, issue).await
}

async fn by_short_id(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let issue = find(&app, &found, &path).await?;
    let (group_id, project) =
        (issue.id, found.by_id().get(&issue.project).map(|project| project.slug.clone()));
    let short_id = path.get("issue").cloned().unwrap_or_default();
    let Json(group) = full(&app, &found, &caller, issue).await?;
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
    Extension(caller): Extension<Caller>,
    Path(path): Path<HashMap<String, String>>,
    Body(body): Body<Part<issue_change::Form>>,
) -> Result<Response, ApiError> {
    let (issue, body) = (find(&app, &found, &path).await?, body.given);
    let (all, id) = (found.all(), issue.id);
    if body["discard"] == true {
        issues::remove(&app, &found, all, vec![id], true).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let change = issue_change::read(&app, &found, &caller, &body).await?;
    let changed = app
        .with_store(move |store| {
            store.change_issues(&all, &[id], &change)?;
            store.issue(&all, id)
        })
        .await?;
    let changed = changed.ok_or(ApiError::NotFound("No such issue."))?;
    full(&app, &found, &caller, changed).await.map(IntoResponse::into_response)
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
) -> Result<StatusCode, ApiError> {
    let issue = find(&app, &found, &path).await?;
    issues::remove(&app, &found, found.all(), vec![issue.id], false).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The issue that a path names.
pub(super) async fn find(
    app: &App,
    found: &InOrg,
    path: &HashMap<String, String>,
) -> Result<Issue, ApiError> {
    scope::issue(app, found, path.get("issue").map(String::as_str).unwrap_or_default()).await
}

async fn full(app: &App, found: &OrgScope, caller: &Caller, issue: Issue) -> Result<Json<Value>, ApiError> {
    let (id, now, org, project) = (issue.id, app.now(), found.org.id, issue.project);
    let (hours, tags, owners, company, reports) = app
        .with_store(move |store| {
            let hours = store.issue_hours(&[id], Period::TwoWeeks.since_hour(now))?;
            // Not every event of a storm keeps its body.
            let mut latest =
                store.issue_events(id, PageRequest { cursor: None, limit: 10 })?.rows.into_iter();
            let latest = latest.find(|event| event.body.is_some());
            let owners = match latest {
                Some(latest) => committers::owners(store, org, &latest)?,
                None => Vec::new(),
            };
            let reports = store.feedback_about_issue(project, id)?.len();
            let hours = hours.into_iter().next().unwrap_or_default();
            Ok((hours, store.issue_tags(id, 0)?, owners, store.company(id)?, reports))
        })
        .await?;
    let projects = found.by_id();
    let project = projects.get(&issue.project).ok_or(ApiError::NotFound("No such issue."))?;
    let people = issue_shape::People::read(app, found, caller, vec![issue.id]).await?;
    let mut answer = issue_shape::shape(app, &found.org.slug, project, &issue, &people);
    answer["stats"] = json!({
        "24h": Period::Day.series(&hours, now),
        "14d": Period::TwoWeeks.series(&hours, now),
    });
    answer["tags"] = tags.iter().map(issue_tags::summary).collect();
    answer["owners"] = owners.into();
    answer["activity"] = issue_notes::history(app, issue.id).await?.into();
    let person =
        |id: &i64, name: &str| json!({ "id": id.to_string(), "name": name, "username": name, "email": name });
    let seen = company.seen_by.iter().map(|(id, name, at)| {
        let mut seen = person(id, name);
        seen["lastSeen"] = rfc3339(*at).into();
        seen
    });
    answer["seenBy"] = seen.collect();
    answer["participants"] = company.participants.iter().map(|(id, name)| person(id, name)).collect();
    answer["userReportCount"] = reports.into();
    Ok(Json(answer))
}
