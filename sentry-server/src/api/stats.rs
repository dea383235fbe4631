//! What arrived and what became of it, by hour or day.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::answers;
use super::guard::Guard;
use super::parameter::{GROUP_BY, INTERVAL, PROJECTS, SPAN, STAT, SUMS};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, DAY, HOUR, SECOND, rfc3339};
use crate::store::OutcomeRow;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get_by(
            "/api/0/organizations/{org}/stats_v2/",
            Guard::Org,
            "Counts what arrived, by outcome and category",
            list,
            &[SUMS, GROUP_BY, PROJECTS, SPAN, INTERVAL],
        )
        .answers(answers::telemetry::SUMS)
        .get_by(
            "/api/0/projects/{org}/{project}/stats/",
            Guard::Project,
            "Counts events of a project by hour",
            of_project,
            &[STAT],
        )
        .answers(answers::telemetry::COUNTS);
}

const GROUPS: [&str; 4] = ["outcome", "category", "reason", "project"];

async fn list(State(app): State<App>, found: InOrg, query: Query) -> Result<Json<Value>, ApiError> {
    let field = query.one("field").unwrap_or("sum(quantity)").to_owned();
    if !matches!(field.as_str(), "sum(quantity)" | "sum(times_seen)") {
        return Err(ApiError::BadRequest("field must be sum(quantity) or sum(times_seen).".to_owned()));
    }
    let by: Vec<&str> = query.all("groupBy").collect();
    if let Some(odd) = by.iter().find(|name| !GROUPS.contains(name)) {
        return Err(ApiError::BadRequest(format!(
            "groupBy={odd} is not known; there are {}.",
            GROUPS.join(", ")
        )));
    }
    let (since, until) = super::discover::span(&app, &query)?;
    let until = until.unwrap_or_else(|| app.now());
    let since = since.unwrap_or(until - DAY);
    let interval = match query.one("interval").filter(|text| !text.is_empty()) {
        None => HOUR,
        Some(text) => instant::period(text)
            .filter(|period| *period >= HOUR && *period % HOUR == 0)
            .ok_or_else(|| ApiError::BadRequest("interval must be whole hours, like 1h or 1d.".to_owned()))?,
    };
    let first = since.div_euclid(interval) * interval;
    let count = usize::try_from((until - first + interval - 1) / interval).unwrap_or_default();
    if count > MAX_INTERVALS {
        return Err(ApiError::BadRequest(format!(
            "That makes {count} intervals; at most {MAX_INTERVALS} are answered."
        )));
    }
    let scope = found.chosen(query.all("project"))?;
    let since_hour = instant::hour(first);
    let rows = app.with_store(move |store| store.outcomes(&scope, since_hour)).await?;
    let (categories, outcomes): (Vec<&str>, Vec<&str>) =
        (query.all("category").collect(), query.all("outcome").collect());
    let wanted = |row: &&OutcomeRow| {
        (categories.is_empty() || categories.contains(&row.category.as_str()))
            && (outcomes.is_empty() || outcomes.contains(&row.outcome.as_str()))
            && row.hour * HOUR < until
    };
    let mut groups: BTreeMap<Vec<String>, Vec<i64>> = BTreeMap::new();
    for row in rows.iter().filter(wanted) {
        let value = |name: &&str| match *name {
            "outcome" => row.outcome.clone(),
            "category" => row.category.clone(),
            "reason" => row.reason.clone(),
            _ => row.project.to_string(),
        };
        let series = groups.entry(by.iter().map(value).collect()).or_insert_with(|| vec![0; count]);
        let slot = usize::try_from((row.hour * HOUR - first).div_euclid(interval)).unwrap_or_default();
        if let Some(slot) = series.get_mut(slot) {
            *slot += row.quantity;
        }
    }
    let groups: Vec<Value> = groups
        .iter()
        .map(|(key, series)| {
            let named: Map<String, Value> =
                by.iter().zip(key).map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
            let total: i64 = series.iter().sum();
            json!({ "by": named, "totals": { field.as_str(): total }, "series": { field.as_str(): series } })
        })
        .collect();
    let intervals: Vec<String> = (0..count).map(|slot| rfc3339(first + slot as i64 * interval)).collect();
    let end = rfc3339(first + count as i64 * interval);
    Ok(Json(json!({ "start": rfc3339(first), "end": end, "intervals": intervals, "groups": groups })))
}

/// `[unix seconds, events]` for every hour of the last day; `stat` is received, rejected or blacklisted.
async fn of_project(State(app): State<App>, at: InProject, query: Query) -> Result<Json<Value>, ApiError> {
    let outcomes: &[&str] = match query.one("stat").unwrap_or("received") {
        "received" => &["accepted", "filtered", "rate_limited", "invalid"],
        "rejected" => &["rate_limited", "invalid"],
        "blacklisted" => &["filtered"],
        other => {
            return Err(ApiError::BadRequest(format!(
                "stat={other} is not known; there are received, rejected and blacklisted."
            )));
        }
    };
    let (scope, first) = (at.scope(), instant::hour(app.now()) - 23);
    let rows = app.with_store(move |store| store.outcomes(&scope, first)).await?;
    let sum = |hour: i64| -> i64 {
        let own = rows.iter().filter(|row| {
            row.hour == hour && row.category == "error" && outcomes.contains(&row.outcome.as_str())
        });
        own.map(|row| row.quantity).sum()
    };
    Ok(Json((first..first + 24).map(|hour| json!([hour * (HOUR / SECOND), sum(hour)])).collect()))
}

const MAX_INTERVALS: usize = 2_000;
