//! Tags of an issue with their most frequent values.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::issue;
use super::scope::InOrg;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{TagKey, TagValue};

pub(super) async fn list(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let tags = read(&app, &found, &path, 10).await?;
    Ok(Json(tags.iter().map(full).collect()))
}

pub(super) async fn detail(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let tags = read(&app, &found, &path, 100).await?;
    let key = path.get("key").map(String::as_str).unwrap_or_default();
    let tag =
        tags.iter().find(|tag| tag.key == key).ok_or(ApiError::NotFound("No such tag on this issue."))?;
    Ok(Json(full(tag)))
}

pub(super) fn summary(tag: &TagKey) -> Value {
    json!({ "key": tag.key, "name": tag.key, "totalValues": tag.total, "uniqueValues": tag.unique })
}

async fn read(
    app: &App,
    found: &InOrg,
    path: &HashMap<String, String>,
    top: usize,
) -> Result<Vec<TagKey>, ApiError> {
    let issue = issue::find(app, found, path).await?;
    app.with_store(move |store| store.issue_tags(issue.id, top)).await
}

fn full(tag: &TagKey) -> Value {
    let mut answer = summary(tag);
    answer["topValues"] = tag.top.iter().map(|own| value(&tag.key, own)).collect();
    answer
}

pub(super) fn value(key: &str, value: &TagValue) -> Value {
    json!({
        "key": key,
        "name": value.value,
        "value": value.value,
        "count": value.count,
        "firstSeen": rfc3339(value.first_seen),
        "lastSeen": rfc3339(value.last_seen),
    })
}
