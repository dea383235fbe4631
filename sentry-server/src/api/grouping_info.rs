//! Why an event is grouped as it is.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::answers;
use super::events;
use super::guard::Guard;
use super::routes::Routes;
use super::scope::InProject;
use crate::app::App;
use crate::error::ApiError;
use crate::group::{Grouper, Grouping};
use crate::normalize;
use crate::store::{ProjectId, StoredEvent};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/projects/{org}/{project}/events/{event}/grouping-info/";
    routes
        .get(at, Guard::Event, "Says why an event is grouped as it is", detail)
        .answers(answers::events::GROUPING_INFO);
}

/// What was stored when the event came; for events of older versions, what the rules say now.
async fn detail(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (event, _) = events::find(&app, &at, &event).await?;
    let (scope, id, issue) = (at.scope(), event.event_id, event.issue);
    let stored = app.with_store(move |store| store.event_grouping(&scope, &id)).await?;
    let grouper = app.grouper(at.project.id);
    // The reasons outlive the body, which a storm may have left out.
    let now = match event.body {
        Some(_) => Some(tree_of(&regroup(&grouper, &event)?)?),
        None => None,
    };
    let tree = match (&stored, &now) {
        (Some(tree), _) => serde_json::from_slice(tree).map_err(ApiError::internal)?,
        (None, Some(now)) => now.clone(),
        (None, None) => return Err(ApiError::NotFound("The body of this event was not kept.")),
    };
    let mut answer = shape(&tree);
    answer["stored"] = stored.is_some().into();
    answer["groupID"] = issue.map_or(Value::Null, |id| id.to_string().into());
    answer["now"] = now.map_or(Value::Null, |now| {
        json!({
            "grouping_config": now["config"],
            "hashes": hashes(&now),
            "changed": hashes(&now) != hashes(&tree),
        })
    });
    Ok(Json(answer))
}

fn hashes(tree: &Value) -> Vec<&Value> {
    tree["variants"].as_array().into_iter().flatten().filter_map(|variant| variant.get("hash")).collect()
}

/// A stored event grouped again.
pub(super) fn regroup(grouper: &Grouper, event: &StoredEvent) -> Result<Grouping, ApiError> {
    let body = event.body.as_deref().ok_or(ApiError::NotFound("The body of this event was not kept."))?;
    group_json(grouper, body, event.project, event.received)
}

/// A payload grouped, as if it came now.
pub(super) fn group_json(
    grouper: &Grouper,
    body: &[u8],
    project: ProjectId,
    received: i64,
) -> Result<Grouping, ApiError> {
    let event = normalize::stored(body, project, received);
    let mut event = event.map_err(|error| ApiError::BadRequest(format!("event: {error}.")))?;
    if grouper.mark(&mut event.body) {
        event.rename();
    }
    Ok(grouper.group(&event))
}

pub(super) fn tree_of(grouping: &Grouping) -> Result<Value, ApiError> {
    serde_json::from_slice(&grouping.tree()).map_err(ApiError::internal)
}

/// A stored tree in the form that clients of the API know.
pub(super) fn shape(tree: &Value) -> Value {
    let basis = tree["basis"].as_str().unwrap_or_default();
    let is_built_in = tree["rule"]["built_in"] == true;
    let mut variants = Map::new();
    for variant in tree["variants"].as_array().into_iter().flatten() {
        let name = variant["name"].as_str().unwrap_or_default();
        let kind = match (name, basis) {
            ("custom", "checksum") => "checksum",
            ("custom", _) if is_built_in => "built_in_fingerprint",
            ("custom", _) => "custom_fingerprint",
            ("fallback", _) => "fallback",
            (_, "hybrid") => "salted_component",
            _ => "component",
        };
        let component = component(&variant["component"]);
        let mut shape = json!({
            "key": name,
            "type": kind,
            "description": describe(name, &component),
            "hash": variant["hash"],
            "hashMismatch": false,
            "contributes": component["contributes"],
            "hint": variant["hint"],
            "config": { "id": tree["config"] },
            "component": component,
        });
        if let Some(values) = tree.get("fingerprint") {
            shape["values"] = values.clone();
        }
        if let Some(rule) = tree.get("rule") {
            shape["matched_rule"] = rule["text"].clone();
        }
        variants.insert(name.to_owned(), shape);
    }
    json!({
        "grouping_config": tree["config"],
        "basis": basis,
        "groupable": tree["groupable"],
        "matchedRule": tree["rule"],
        "fingerprint": tree["fingerprint"],
        "variants": variants,
    })
}

/// `{"id", "off"?, "hint"?, "v"}` as `{"id", "name", "contributes", "hint", "values"}`.
fn component(stored: &Value) -> Value {
    let parts = match &stored["v"] {
        Value::Array(parts) => parts.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    let values: Vec<Value> =
        parts.iter().map(|part| if part.is_object() { component(part) } else { part.clone() }).collect();
    let off = stored.get("off");
    json!({
        "id": stored["id"],
        "name": stored["id"].as_str().map(|id| id.replace('_', " ")),
        "contributes": off.is_none(),
        "hint": off.or_else(|| stored.get("hint")),
        "values": values,
    })
}

fn describe(name: &str, component: &Value) -> String {
    let what = component["name"].as_str().unwrap_or_default();
    match name {
        "app" => format!("in-app {what}"),
        "system" => format!("full {what}"),
        _ => what.to_owned(),
    }
}
