//! Organisations.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::scope;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::Organization;

pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<Value>>, ApiError> {
    let all = app.with_store(|store| store.organizations()).await?;
    Ok(Json(all.iter().map(shape).collect()))
}

pub(super) async fn detail(State(app): State<App>, Path(org): Path<String>) -> Result<Json<Value>, ApiError> {
    let found = scope::organization(&app, Some(org)).await?;
    Ok(Json(shape(&found.org)))
}

pub(super) fn shape(org: &Organization) -> Value {
    json!({
        "id": org.id.to_string(),
        "slug": org.slug,
        "name": org.name,
        "dateCreated": rfc3339(org.created),
        "status": { "id": "active", "name": "active" },
        "isEarlyAdopter": false,
        "require2FA": false,
        "requireEmailVerification": false,
        "features": [],
    })
}
