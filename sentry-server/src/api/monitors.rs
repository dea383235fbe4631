//! Monitors: jobs that report when they run.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::guard::Guard;
use super::parameter::{ENVIRONMENTS, MONITOR_STATS, PAGE, PROJECTS};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject, OrgScope};
use super::{Params, monitor_stats, page, projects};
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::schedule::Plan;
use crate::setup;
use crate::store::{CheckInRow, Monitor, MonitorEnvironment, ProjectId, ProjectScope};

pub(super) fn routes(routes: &mut Routes) {
    let monitor = answers::telemetry::MONITOR;
    for at in ["organizations/{org}", "projects/{org}/{project}"] {
        let all = format!("/api/0/{at}/monitors/");
        if at.starts_with("projects") {
            routes.get_by(&all, Guard::Alert, "Lists a project's monitors", list_of_project, &[PAGE]);
            routes.answers(Shape::List(&answers::telemetry::MONITOR));
            routes
                .post(&all, Guard::Alert, "Makes a monitor of a project", create_in_project)
                .answers(monitor);
        } else {
            routes.get_by(&all, Guard::Alert, "Lists monitors", list, &[PROJECTS, PAGE]);
            routes.answers(Shape::List(&answers::telemetry::MONITOR));
            routes.post(&all, Guard::Alert, "Makes a monitor", create).answers(monitor);
        }
        let one = format!("{all}{{monitor}}/");
        routes
            .get(&one, Guard::Alert, "Shows a monitor", detail)
            .answers(monitor)
            .put(&one, Guard::Alert, "Changes a monitor", change)
            .answers(monitor)
            .delete(&one, Guard::Alert, "Deletes a monitor", delete)
            .answers(NOTHING)
            .get_by(
                &format!("{one}checkins/"),
                Guard::Alert,
                "Lists a monitor's check-ins",
                check_ins,
                &[PAGE],
            )
            .answers(Shape::List(&answers::telemetry::CHECK_IN))
            .get_by(
                &format!("{one}stats/"),
                Guard::Alert,
                "Counts a monitor's runs by how they went",
                monitor_stats::list,
                &[MONITOR_STATS, ENVIRONMENTS],
            )
            .answers(Shape::List(&answers::telemetry::MONITOR_COUNTS));
    }
}

async fn list(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    answer(&app, &found, scope, &uri, &query).await
}

async fn list_of_project(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    answer(&app, &at.found, at.scope(), &uri, &query).await
}

async fn answer(
    app: &App,
    found: &InOrg,
    scope: ProjectScope,
    uri: &Uri,
    query: &Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let all = app.with_store(move |store| store.monitors(&scope)).await?;
    Ok(page::of_list(app, uri, request, all.iter(), |monitor| shape(found, monitor)))
}

/// The monitor that a path names, by slug or number.
pub(super) async fn named(app: &App, found: &InOrg, path: &Params) -> Result<Monitor, ApiError> {
    let scope = match path.get("project") {
        Some(project) => found.chosen([project.as_str()].into_iter())?,
        None => found.all(),
    };
    let name = path.get("monitor").cloned().unwrap_or_default();
    let all = app.with_store(move |store| store.monitors(&scope)).await?;
    let mut own = all.into_iter().filter(|monitor| monitor.slug == name || monitor.id.to_string() == name);
    own.next().ok_or(ApiError::NotFound("No such monitor."))
}

async fn detail(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shape(&found, &named(&app, &found, &path).await?)))
}

async fn check_ins(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, monitor) = (query.page(50)?, named(&app, &found, &path).await?);
    let page = app.with_store(move |store| store.check_ins(monitor.id, request)).await?;
    let rows = page.rows.iter().map(check_in_shape).collect();
    Ok(page::answer(&app, &uri, &page, rows))
}

#[derive(Deserialize, ToSchema)]
struct Form {
    project: Option<String>,
    slug: Option<String>,
    name: Option<String>,
    config: Option<Value>,
}

async fn create(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let project = found.project(form.project.as_deref().unwrap_or_default())?.id;
    make(&app, &found, project, form).await
}

async fn create_in_project(
    State(app): State<App>,
    at: InProject,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    make(&app, &at.found, at.project.id, form).await
}

async fn make(
    app: &App,
    found: &InOrg,
    project: ProjectId,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (name, slug) = setup::names(form.name, form.slug).map_err(ApiError::BadRequest)?;
    let (config, now) = (config(form.config)?, app.now());
    let made = app
        .with_store(move |store| {
            if store.monitor(project, &slug)?.is_some() {
                return Ok(None);
            }
            store.put_monitor(project, &slug, Some(&name), config.as_deref(), now)?;
            store.monitor(project, &slug)
        })
        .await?;
    let made =
        made.ok_or_else(|| ApiError::Conflict("A monitor with this slug exists already.".to_owned()))?;
    Ok((StatusCode::CREATED, Json(shape(found, &made))))
}

async fn change(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    let monitor = named(&app, &found, &path).await?;
    let (config, now) = (config(form.config)?, app.now());
    let changed = app
        .with_store(move |store| {
            store.put_monitor(
                monitor.project,
                &monitor.slug,
                form.name.as_deref(),
                config.as_deref(),
                now,
            )?;
            store.monitor(monitor.project, &monitor.slug)
        })
        .await?;
    Ok(Json(shape(&found, &changed.ok_or(ApiError::NotFound("No such monitor."))?)))
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<StatusCode, ApiError> {
    let monitor = named(&app, &found, &path).await?;
    app.with_store(move |store| store.delete_monitor(monitor.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn config(config: Option<Value>) -> Result<Option<String>, ApiError> {
    match config {
        None => Ok(None),
        Some(config) if config.is_object() => {
            Plan::read(&config).map_err(|error| ApiError::BadRequest(format!("config: {error}")))?;
            Ok(Some(config.to_string()))
        }
        Some(_) => Err(ApiError::BadRequest("config must be an object.".to_owned())),
    }
}

fn shape(found: &OrgScope, monitor: &Monitor) -> Value {
    let by_id = found.by_id();
    json!({
        "id": monitor.id.to_string(),
        "slug": monitor.slug,
        "name": monitor.name,
        "status": "active",
        "lastStatus": monitor.status,
        "lastCheckIn": monitor.last_check_in.map(rfc3339),
        "type": "cron_job",
        "config": monitor.config,
        "isMuted": false,
        "dateCreated": rfc3339(monitor.created),
        "environments": monitor.environments.iter().map(environment).collect::<Vec<_>>(),
        "project": by_id.get(&monitor.project).map(|project| projects::shape(&found.org, project, &[])),
    })
}

fn environment(own: &MonitorEnvironment) -> Value {
    json!({
        "name": own.name,
        "status": own.status,
        "isMuted": false,
        "dateCreated": rfc3339(own.created),
        "lastCheckIn": own.last_check_in.map(rfc3339),
        "nextCheckIn": own.next.map(rfc3339),
        "nextCheckInLatest": own.latest.map(rfc3339),
        "activeIncident": own.incident.map(|since| json!({ "startingTimestamp": rfc3339(since), "resolvingTimestamp": null })),
    })
}

fn check_in_shape(row: &CheckInRow) -> Value {
    json!({
        "id": hex(&row.check_in),
        "environment": row.environment,
        "status": row.status,
        "duration": row.duration.map(|micros| micros / 1_000),
        "dateCreated": rfc3339(row.started),
        "dateUpdated": rfc3339(row.updated),
        "release": row.release,
        "traceId": row.trace.map(|trace| hex(&trace)),
    })
}
