//! `/events/`: rows of a data set by the fields that the caller names, and counts over them.
//!
//! Rows are read newest first, up to a bound; an answer that ended there says so (`meta.isPartial`).

mod aggregate;
mod attributes;
mod errors;
mod fields;
mod logs;
mod metrics;
mod rules;
mod series;
mod spans;
mod taker;
mod telemetry;
mod trace;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use self::aggregate::Aggregates;
use self::fields::{Row, matches};
pub(super) use self::rules::Rules;
use self::taker::Taker;
use super::answers;
use super::guard::Guard;
use super::page;
use super::parameter::{DATA_SET, ENVIRONMENTS, FIELDS, PAGE, PROJECTS, SEARCH, SORT, SPAN};
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, Micros};
use crate::search::{self, Expr};
use crate::store::{ProjectScope, Store, StoreError};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/organizations/{org}/events/";
    routes
        .get_by(
            at,
            Guard::Event,
            "Lists events, spans, logs or metrics by field, or counts over them",
            list,
            &[DATA_SET, FIELDS, SEARCH, PROJECTS, ENVIRONMENTS, SPAN, SORT, PAGE],
        )
        .answers(answers::telemetry::ROWS);
    series::routes(routes);
    trace::routes(routes);
    attributes::routes(routes);
}

/// What to read, and how far.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    scope: ProjectScope,
    since: Option<Micros>,
    until: Option<Micros>,
    expr: Expr,
    fields: Vec<String>,
    /// All, if none is named.
    environments: Vec<String>,
    names: Vec<(i64, String)>,
}

/// How a data set is read.
type Read = fn(&dyn Store, &Ask, &mut Taker) -> Result<(), StoreError>;

/// The data set by its name.
fn data_set(query: &Query) -> Result<Read, ApiError> {
    Ok(match query.one("dataset").unwrap_or("errors") {
        "errors" | "discover" | "issuePlatform" => errors::read,
        "logs" | "ourlogs" => |store, ask, taker| logs::SET.read(store, ask, taker),
        "spans" => |store, ask, taker| spans::SET.read(store, ask, taker),
        "transactions" => |store, ask, taker| spans::SEGMENTS.read(store, ask, taker),
        "metrics" | "tracemetrics" => |store, ask, taker| metrics::SET.read(store, ask, taker),
        other => {
            return Err(ApiError::BadRequest(format!(
                "dataset={other} is not known; use errors, spans, logs or metrics."
            )));
        }
    })
}

async fn list(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let ask = read(&app, &found, &query)?;
    let read = data_set(&query)?;
    let request = query.page(50)?;
    let aggregates = Aggregates::parse(&ask.fields).map_err(ApiError::BadRequest)?;
    let sort = query.one("sort").filter(|sort| !sort.is_empty()).map(str::to_owned);
    let skip = request.cursor.map_or(0, |cursor| usize::try_from(cursor.id).unwrap_or_default());
    // Rows by time need no more than the page; another order needs all there are.
    let by_time = sort.as_deref().is_none_or(|sort| matches!(sort, "-timestamp" | "-sentry.timestamp"));
    let most = if by_time { (skip + request.limit + 1).min(MAX_ROWS) } else { MAX_ROWS };
    let counts = aggregates.is_some();
    let mut taker = match aggregates {
        Some(aggregates) => Taker::counts(aggregates.over(None)),
        None => Taker::list(most),
    };
    let (ask, taker) = app
        .with_store(move |store| {
            read(store, &ask, &mut taker)?;
            Ok((ask, taker))
        })
        .await?;
    // A list that was to be no longer than its page has ended where it was to.
    let is_partial = taker.is_partial && (counts || most == MAX_ROWS);
    let mut rows = taker.into_rows();
    if let Some(sort) = &sort {
        fields::sort(&mut rows, sort);
    }
    if !counts {
        rows = rows.iter().map(|row| fields::chosen(row, &ask.fields)).collect();
    }
    let kinds: serde_json::Map<String, Value> =
        ask.fields.iter().map(|field| (field.clone(), fields::kind(field).into())).collect();
    let meta = json!({ "fields": kinds, "units": {}, "isPartial": is_partial });
    let data = page::of_list(&app, &uri, request, rows.into_iter(), Value::Object);
    page::wrapped(data, |rows| json!({ "data": rows, "meta": meta })).await
}

fn read(app: &App, found: &InOrg, query: &Query) -> Result<Ask, ApiError> {
    let (since, until) = span(app, query)?;
    let mut fields: Vec<String> =
        query.all("field").filter(|field| !field.is_empty()).map(str::to_owned).collect();
    if fields.is_empty() {
        fields = ["id", "timestamp", "title", "project"].map(str::to_owned).to_vec();
    }
    if fields.len() > MAX_FIELDS {
        return Err(ApiError::BadRequest(format!("At most {MAX_FIELDS} fields can be asked for.")));
    }
    let expr = search::parse(query.one("query").unwrap_or_default());
    Ok(Ask {
        scope: found.chosen(query.all("project"))?,
        since,
        until,
        expr: expr.map_err(|error| ApiError::BadRequest(error.to_string()))?,
        fields,
        environments: query.all("environment").filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        names: found.projects.iter().map(|project| (project.id, project.slug.clone())).collect(),
    })
}

/// `statsPeriod`, or `start` and `end`.
pub(super) fn span(app: &App, query: &Query) -> Result<(Option<Micros>, Option<Micros>), ApiError> {
    if let Some(text) = query.one("statsPeriod").filter(|text| !text.is_empty()) {
        let period = instant::period(text)
            .ok_or_else(|| ApiError::BadRequest("statsPeriod must be like 24h or 14d.".to_owned()))?;
        return Ok((Some(app.now() - period), None));
    }
    let at = |name: &str| {
        // Without a zone it is UTC, and a day begins at midnight.
        let text = query.one(name).map(|text| match text.get(19..) {
            None if text.len() == 10 => format!("{text}T00:00:00Z"),
            Some(rest) if !rest.contains(['Z', 'z', '+', '-', ' ']) => format!("{text}Z"),
            _ => text.to_owned(),
        });
        super::releases::date(name, text.as_deref())
    };
    Ok((at("start")?, at("end")?))
}

impl Ask {
    fn project(&self, id: i64) -> &str {
        self.names.iter().find(|(known, _)| *known == id).map_or("", |(_, slug)| slug)
    }

    fn covers(&self, at: Micros) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }

    /// Hands on a row if the search lets it through.
    fn keep(&self, at: Micros, row: Row, taker: &mut Taker) {
        let environment = || row.get("environment").and_then(Value::as_str).unwrap_or_default();
        if matches(&self.expr, &row)
            && (self.environments.is_empty() || self.environments.iter().any(|name| name == environment()))
        {
            taker.take(at, row);
        }
    }
}

const MAX_FIELDS: usize = 40;
/// Rows that are read at most for one answer.
const MAX_ROWS: usize = 10_000;
/// Rows that are read at a time.
const PIECE: usize = 500;
