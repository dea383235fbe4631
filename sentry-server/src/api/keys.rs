//! Client keys of a project: where SDKs learn what to send to.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::scope;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::setup;
use crate::store::ClientKey;

pub(super) async fn list(
    State(app): State<App>,
    Path((org, project)): Path<(String, String)>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let found = scope::organization(&app, Some(org)).await?;
    let project = found.project(&project)?.id;
    let keys = app.with_store(|store| store.client_keys()).await?;
    let own = keys.iter().filter(|key| key.project == project);
    Ok(Json(own.map(|key| shape(&app, key)).collect()))
}

fn shape(app: &App, key: &ClientKey) -> Value {
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
        "rateLimit": null,
        "dsn": {
            "public": dsn,
            "secret": dsn,
            "security": format!("{base}/api/{project}/security/?sentry_key={public}"),
            "minidump": format!("{base}/api/{project}/minidump/?sentry_key={public}"),
        },
        "dateCreated": rfc3339(key.created),
    })
}
