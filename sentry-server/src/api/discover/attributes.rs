//! Which attributes spans, logs and metrics have, and which values: what a search can name.
//!
//! Attributes are not columns, so the newest entries are read and looked at.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::json;

use super::super::answers::{self, Shape};
use super::fields::{Row, text};
use super::taker::Taker;
use super::{Ask, logs, metrics, read, spans};
use crate::api::Params;
use crate::api::guard::Guard;
use crate::api::page;
use crate::api::parameter::{ATTRIBUTE, ENVIRONMENTS, FIELDS, PAGE, PROJECTS, SEARCH, SPAN};
use crate::api::query::Query;
use crate::api::routes::Routes;
use crate::api::scope::InOrg;
use crate::app::App;
use crate::error::ApiError;
use crate::store::{Store, StoreError};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/organizations/{org}/trace-items/attributes/";
    routes
        .get_by(
            at,
            Guard::Event,
            "Lists the attributes of recent spans, logs or metrics",
            names,
            &[ATTRIBUTE, FIELDS, SEARCH, PROJECTS, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(Shape::List(&answers::telemetry::ATTRIBUTE))
        .get_by(
            &format!("{at}{{key}}/values/"),
            Guard::Event,
            "Lists the values of an attribute in recent spans, logs or metrics",
            values,
            &[ATTRIBUTE, FIELDS, SEARCH, PROJECTS, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(Shape::List(&answers::telemetry::ATTRIBUTE_VALUE));
}

async fn names(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let numbers = match query.one("attributeType").filter(|kind| !kind.is_empty()) {
        None => None,
        Some("string" | "boolean") => Some(false),
        Some("number") => Some(true),
        Some(other) => {
            return Err(ApiError::BadRequest(format!(
                "attributeType={other} is not known; there are string, number and boolean."
            )));
        }
    };
    let part = query.one("substringMatch").unwrap_or_default().to_lowercase();
    let mut all: BTreeMap<String, bool> = BTreeMap::new();
    for row in recent(&app, &found, &query).await? {
        for (name, value) in row.iter().filter(|(_, value)| !value.is_null()) {
            all.entry(name.clone()).or_insert(value.is_number());
        }
    }
    let fits = |(name, is_number): &(String, bool)| {
        numbers.is_none_or(|numbers| numbers == *is_number) && name.to_lowercase().contains(&part)
    };
    let request = query.page(100)?;
    Ok(page::of_list(&app, &uri, request, all.into_iter().filter(fits), |(name, is_number)| {
        let kind = if is_number { "number" } else { "string" };
        json!({
            "key": name, "name": name, "attributeType": kind,
            "attributeSource": { "source_type": if name.starts_with("sentry.") { "sentry" } else { "user" } },
        })
    }))
}

async fn values(
    State(app): State<App>,
    found: InOrg,
    Path(params): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let key = params.get("key").cloned().unwrap_or_default();
    let part = query.one("substringMatch").unwrap_or_default().to_lowercase();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in recent(&app, &found, &query).await? {
        if let Some(value) = row.get(&key).map(text).filter(|value| !value.is_empty()) {
            *counts.entry(value).or_default() += 1;
        }
    }
    counts.retain(|value, _| value.to_lowercase().contains(&part));
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let request = query.page(100)?;
    Ok(page::of_list(
        &app,
        &uri,
        request,
        counts.into_iter(),
        |(value, count)| json!({ "key": key, "name": value, "value": value, "count": count }),
    ))
}

/// The newest entries with all of their attributes.
async fn recent(app: &App, found: &InOrg, query: &Query) -> Result<Vec<Row>, ApiError> {
    let mut ask = read(app, found, query)?;
    // A field that there cannot be makes the data set read attributes.
    ask.fields = vec![String::new()];
    let kind = query.one("itemType").or_else(|| query.one("dataset")).unwrap_or("spans");
    let read: fn(&dyn Store, &Ask, &mut Taker) -> Result<(), StoreError> = match kind {
        "logs" | "ourlogs" => |store, ask, taker| logs::SET.read(store, ask, taker),
        "spans" => |store, ask, taker| spans::SET.read(store, ask, taker),
        "metrics" | "tracemetrics" => |store, ask, taker| metrics::SET.read(store, ask, taker),
        other => {
            return Err(ApiError::BadRequest(format!(
                "itemType={other} is not known; there are spans, logs and tracemetrics."
            )));
        }
    };
    app.with_store(move |store| {
        let mut taker = Taker::list(RECENT);
        read(store, &ask, &mut taker)?;
        Ok(taker.into_rows())
    })
    .await
}

/// How many entries are looked at.
const RECENT: usize = 1_000;
