//! Client keys of a project: where SDKs learn what to send to.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::guard::Guard;
use super::page;
use super::parameter::{PAGE, PROJECTS};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use crate::app::App;
use crate::auth::Secret;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::project::{KeySettings, QuotaSettings};
use crate::setup;
use crate::store::ClientKey;

pub(super) fn routes(routes: &mut Routes) {
    let all = "/api/0/projects/{org}/{project}/keys/";
    let one = "/api/0/projects/{org}/{project}/keys/{key}/";
    routes
        .get_by(all, Guard::Project, "Lists a project's client keys", list, &[PAGE])
        .answers(Shape::List(&answers::accounts::KEY))
        .post(all, Guard::Project, "Makes a client key", create)
        .answers(answers::accounts::KEY)
        .get(one, Guard::Project, "Shows a client key", detail)
        .answers(answers::accounts::KEY)
        .put(one, Guard::Project, "Changes a client key", change)
        .answers(answers::accounts::KEY)
        .delete(one, Guard::Project, "Deletes a client key", delete)
        .answers(NOTHING)
        .get_by(
            "/api/0/organizations/{org}/project-keys/",
            Guard::Project,
            "Lists client keys",
            list_in_org,
            &[PROJECTS, PAGE],
        )
        .answers(Shape::List(&answers::accounts::KEY));
}

async fn list(State(app): State<App>, at: InProject, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let (keys, limits) = all(&app).await?;
    let own = keys.iter().filter(|key| key.project == at.project.id);
    Ok(page::of_list(&app, &uri, request, own, |key| shape(&app, key, limits.get(&key.id))))
}

async fn list_in_org(
    State(app): State<App>,
    found: InOrg,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let scope = found.chosen(query.all("project"))?;
    let (keys, limits) = all(&app).await?;
    let own = keys.iter().filter(|key| scope.ids().contains(&key.project));
    Ok(page::of_list(&app, &uri, request, own, |key| shape(&app, key, limits.get(&key.id))))
}

async fn detail(
    State(app): State<App>,
    at: InProject,
    Path((_, _, key)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (key, limits) = find(&app, &at, &key).await?;
    Ok(Json(shape(&app, &key, limits.get(&key.id))))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Form {
    name: Option<String>,
    is_active: Option<bool>,
    /// Null takes the limit away.
    #[serde(default, deserialize_with = "given")]
    #[schema(inline, value_type = Option<RateLimit>)]
    rate_limit: Option<Option<RateLimit>>,
}

/// So many events in so many seconds.
#[derive(Deserialize, ToSchema, Clone, Copy)]
struct RateLimit {
    window: u64,
    count: u64,
}

impl Form {
    /// What the limit becomes; `None` leaves it as it is.
    fn quotas(&self) -> Result<Option<Vec<QuotaSettings>>, ApiError> {
        Ok(match self.rate_limit {
            None => None,
            Some(None) => Some(Vec::new()),
            Some(Some(RateLimit { window, count })) if window > 0 => {
                Some(vec![QuotaSettings { categories: Vec::new(), limit: count, window_seconds: window }])
            }
            Some(Some(_)) => {
                return Err(ApiError::BadRequest("rateLimit.window must be above 0 seconds.".to_owned()));
            }
        })
    }
}

/// Tells null from what is not there.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<RateLimit>>, D::Error> {
    Option::deserialize(value).map(Some)
}

pub(super) type Limits = HashMap<i64, KeySettings>;

/// Every key, and the limits of those that have some.
async fn all(app: &App) -> Result<(Vec<ClientKey>, Limits), ApiError> {
    app.with_store(|store| Ok((store.client_keys()?, store.all_settings()?.keys))).await
}

async fn create(
    State(app): State<App>,
    at: InProject,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let public = Secret::public_key().map_err(ApiError::internal)?;
    let (project, now) = (at.project.id, app.now());
    let quotas = form.quotas()?;
    let label = form.name.unwrap_or_else(|| "Default".to_owned());
    let made = app
        .with_store(move |store| {
            let made = store.add_key(project, &public, &label, now)?;
            if let Some(quotas) = quotas {
                store.set_key_settings(made.id, &KeySettings { quotas })?;
            }
            if form.is_active == Some(false) {
                store.change_key(project, made.id, None, form.is_active)?;
            }
            Ok(made)
        })
        .await?;
    app.reload_keys().await?;
    let (key, limits) = find(&app, &at, &made.public).await?;
    Ok((StatusCode::CREATED, Json(shape(&app, &key, limits.get(&key.id)))))
}

async fn change(
    State(app): State<App>,
    at: InProject,
    Path((_, _, key)): Path<(String, String, String)>,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    let (project, id) = (at.project.id, find(&app, &at, &key).await?.0.id);
    let quotas = form.quotas()?;
    app.with_store(move |store| {
        store.change_key(project, id, form.name.as_deref(), form.is_active)?;
        match quotas {
            Some(quotas) => store.set_key_settings(id, &KeySettings { quotas }),
            None => Ok(()),
        }
    })
    .await?;
    app.reload_keys().await?;
    let (key, limits) = find(&app, &at, &key).await?;
    Ok(Json(shape(&app, &key, limits.get(&key.id))))
}

async fn delete(
    State(app): State<App>,
    at: InProject,
    Path((_, _, key)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let (project, id) = (at.project.id, find(&app, &at, &key).await?.0.id);
    app.with_store(move |store| store.delete_key(project, id)).await?;
    app.reload_keys().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A key by its id or its public half.
pub(super) async fn find(app: &App, at: &InProject, name: &str) -> Result<(ClientKey, Limits), ApiError> {
    let (keys, limits) = all(app).await?;
    let own = keys.into_iter().filter(|key| key.project == at.project.id);
    let mut named = own.filter(|key| key.public == name || key.id.to_string() == name);
    named.next().map(|key| (key, limits)).ok_or(ApiError::NotFound("No such key."))
}

fn shape(app: &App, key: &ClientKey, settings: Option<&KeySettings>) -> Value {
    // The one that counts everything is the one that clients of the API know.
    let quotas = settings.map(|settings| settings.quotas.as_slice()).unwrap_or_default();
    let limit = quotas.iter().find(|quota| quota.categories.is_empty());
    let dsn = setup::dsn(&app.public_url, &key.public, key.project);
    let (base, project, public) = (&app.public_url, key.project, &key.public);
    json!({
        "id": key.id.to_string(),
        "name": key.label,
        "label": key.label,
        "public": key.public,
        "secret": null,
        "projectId": key.project,
        "isActive": key.active,
        "rateLimit": limit.map(|quota| json!({ "window": quota.window_seconds, "count": quota.limit })),
        "dsn": {
            "public": dsn,
            "secret": dsn,
            "security": format!("{base}/api/{project}/security/?sentry_key={public}"),
            "csp": format!("{base}/api/{project}/csp-report/?sentry_key={public}"),
            "minidump": format!("{base}/api/{project}/minidump/?sentry_key={public}"),
            "nel": format!("{base}/api/{project}/nel/?sentry_key={public}"),
            "unreal": format!("{base}/api/{project}/unreal/{public}/"),
            "crons": format!("{base}/api/{project}/cron/___MONITOR_SLUG___/{public}/"),
            "integration": format!("{base}/api/{project}/integration/"),
            "otlp_traces": format!("{base}/api/{project}/integration/otlp/v1/traces"),
            "otlp_logs": format!("{base}/api/{project}/integration/otlp/v1/logs"),
        },
        "dateCreated": rfc3339(key.created),
    })
}
