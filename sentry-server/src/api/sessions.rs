//! Release health: how sessions went, and the crash-free rates.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::answers;
use super::discover::Rules;
use super::guard::Guard;
use super::parameter::{ENVIRONMENTS, FIELDS, GROUP_BY, INTERVAL, PROJECTS, SEARCH, SPAN};
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use super::sieve;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, DAY, HOUR, rfc3339};
use crate::search::{Ask, Expr, Term, Test};
use crate::store::{SessionCounts, SessionDay, SessionHour};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/organizations/{org}/sessions/";
    routes
        .get_by(
            at,
            Guard::Org,
            "Counts sessions and users by how they went",
            list,
            &[FIELDS, GROUP_BY, SEARCH, PROJECTS, ENVIRONMENTS, SPAN, INTERVAL],
        )
        .answers(answers::telemetry::SESSIONS);
}

/// What can be asked for.
const SUMS_OF: [&str; 8] = [
    "sum(session)",
    "count_unique(user)",
    "crash_rate(session)",
    "crash_free_rate(session)",
    "crash_rate(user)",
    "crash_free_rate(user)",
    "count_healthy(session)",
    "count_healthy(user)",
];
const GROUPS: [&str; 4] = ["release", "environment", "project", "session.status"];
const STATES: [&str; 4] = ["healthy", "errored", "abnormal", "crashed"];

/// One key per group: the values of the fields that it is grouped by.
type Groups = BTreeMap<Vec<String>, Series>;

/// Sessions and users of a group, over all and by interval.
#[derive(Debug, Default, Clone)]
struct Series {
    sessions: SessionCounts,
    users: SessionCounts,
    by_interval: BTreeMap<usize, (SessionCounts, SessionCounts)>,
}

async fn list(State(app): State<App>, found: InOrg, query: Query) -> Result<Json<Value>, ApiError> {
    let fields: Vec<String> = query.all("field").map(str::to_owned).collect();
    if fields.is_empty() {
        return Err(ApiError::BadRequest(format!("field must be one of {}.", SUMS_OF.join(", "))));
    }
    if let Some(odd) = fields.iter().find(|field| !SUMS_OF.contains(&field.as_str())) {
        return Err(ApiError::BadRequest(format!(
            "field={odd} is not known; there are {}.",
            SUMS_OF.join(", ")
        )));
    }
    let by: Vec<String> = query.all("groupBy").map(str::to_owned).collect();
    if let Some(odd) = by.iter().find(|name| !GROUPS.contains(&name.as_str())) {
        return Err(ApiError::BadRequest(format!(
            "groupBy={odd} is not known; there are {}.",
            GROUPS.join(", ")
        )));
    }
    let (since, until) = super::discover::span(&app, &query)?;
    let until = until.unwrap_or_else(|| app.now());
    let since = since.unwrap_or(until - 14 * DAY);
    let interval = match query.one("interval").filter(|text| !text.is_empty()) {
        None => {
            if until - since > 2 * DAY {
                DAY
            } else {
                HOUR
            }
        }
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
    let rules = Rules::read(&app, &found, &query)?;
    sieve::check(&rules.expr, "sessions", &SEARCHED)?;
    let release = release_of(&rules.expr);
    let scope = found.chosen(query.all("project"))?;
    let (hours, days) = app
        .with_store(move |store| {
            let hours = store.session_hours(
                &scope,
                release.as_deref(),
                instant::hour(first),
                instant::hour(until) + 1,
            )?;
            let days = store.session_days(
                &scope,
                release.as_deref(),
                instant::day(first),
                instant::day(until) + 1,
            )?;
            Ok((hours, days))
        })
        .await?;
    let projects = found.by_id();
    let wanted = |project: i64, release: &str, environment: &str| {
        let slug = projects.get(&project).map_or("", |project| project.slug.as_str());
        let fields = [("release", release), ("environment", environment), ("project", slug)];
        rules.let_row(&fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    };
    let slot = |at: i64| {
        usize::try_from((at - first).div_euclid(interval)).unwrap_or_default().min(count.saturating_sub(1))
    };
    let plain: Vec<&String> = by.iter().filter(|name| *name != "session.status").collect();
    let key = |project: i64, release: &str, environment: &str| -> Vec<String> {
        let value = |name: &&String| match name.as_str() {
            "release" => release.to_owned(),
            "environment" => environment.to_owned(),
            _ => project.to_string(),
        };
        plain.iter().map(value).collect()
    };
    let mut groups = Groups::new();
    for SessionHour { project, release, environment, hour, counts } in
        hours.iter().filter(|row| wanted(row.project, &row.release, &row.environment))
    {
        let series = groups.entry(key(*project, release, environment)).or_default();
        add(&mut series.sessions, counts);
        add(&mut series.by_interval.entry(slot(hour * HOUR)).or_default().0, counts);
    }
    for SessionDay { project, release, environment, day, users } in
        days.iter().filter(|row| wanted(row.project, &row.release, &row.environment))
    {
        let series = groups.entry(key(*project, release, environment)).or_default();
        add(&mut series.users, users);
        add(&mut series.by_interval.entry(slot(day * DAY)).or_default().1, users);
    }
    if groups.is_empty() && plain.is_empty() {
        groups.insert(Vec::new(), Series::default());
    }
    let by_state = by.iter().any(|name| name == "session.status");
    let mut rows = Vec::new();
    for (key, series) in &groups {
        let mut named: Map<String, Value> =
            plain.iter().zip(key).map(|(name, value)| ((*name).clone(), value.clone().into())).collect();
        if by_state {
            for state in STATES {
                named.insert("session.status".to_owned(), state.into());
                rows.push(row(&named, &fields, series, count, Some(state)));
            }
        } else {
            rows.push(row(&named, &fields, series, count, None));
        }
    }
    let intervals: Vec<String> = (0..count).map(|slot| rfc3339(first + slot as i64 * interval)).collect();
    Ok(Json(json!({
        "start": rfc3339(first),
        "end": rfc3339(first + count as i64 * interval),
        "query": query.one("query").unwrap_or_default(),
        "intervals": intervals,
        "groups": rows,
    })))
}

fn row(
    by: &Map<String, Value>,
    fields: &[String],
    series: &Series,
    count: usize,
    state: Option<&str>,
) -> Value {
    let (mut totals, mut lines) = (Map::new(), Map::new());
    for field in fields {
        totals.insert(field.clone(), value(field, &series.sessions, &series.users, state));
        let nothing = (SessionCounts::default(), SessionCounts::default());
        let line = (0..count).map(|slot| {
            let (sessions, users) = series.by_interval.get(&slot).unwrap_or(&nothing);
            value(field, sessions, users, state)
        });
        lines.insert(field.clone(), line.collect());
    }
    json!({ "by": by, "totals": totals, "series": lines })
}

/// A rate is null where there were no sessions: neither good nor bad.
fn value(field: &str, sessions: &SessionCounts, users: &SessionCounts, state: Option<&str>) -> Value {
    let counts = if field.contains("user") { users } else { sessions };
    let of_state = |state: &str| match state {
        "healthy" => counts.healthy(),
        "errored" => counts.errored,
        "abnormal" => counts.abnormal,
        _ => counts.crashed,
    };
    let rate =
        |part: i64| if counts.total == 0 { Value::Null } else { (part as f64 / counts.total as f64).into() };
    match field.split('(').next().unwrap_or_default() {
        "sum" | "count_unique" => state.map_or(counts.total, of_state).into(),
        "count_healthy" => counts.healthy().into(),
        "crash_rate" => rate(counts.crashed),
        _ => rate(counts.total - counts.crashed),
    }
}

fn add(sum: &mut SessionCounts, more: &SessionCounts) {
    sum.total += more.total;
    sum.errored += more.errored;
    sum.abnormal += more.abnormal;
    sum.crashed += more.crashed;
}

/// A release that all must be of: the store need read no other.
fn release_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::All(all) => all.iter().find_map(release_of),
        Expr::Term(Term { negated: false, ask: Ask::Filter { key, test: Test::Any(patterns) }, .. })
            if key.name() == "release" =>
        {
            match &patterns[..] {
                [one] if !one.wild => Some(one.text.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What sessions are searched by.
const SEARCHED: [&str; 3] = ["release", "environment", "project"];
const MAX_INTERVALS: usize = 2_000;
