//! Counts by pieces of time, for charts: `/events-stats/` and `/events-timeseries/`, which differ in the shape of the answer.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::super::answers;
use super::aggregate::{Aggregates, Buckets, Counted, of_nothing};
use super::fields::{kind, number, text};
use super::taker::Taker;
use super::{data_set, read};
use crate::api::guard::Guard;
use crate::api::parameter::{
    DATA_SET, ENVIRONMENTS, FIELDS, GROUP_BY, INTERVAL, PROJECTS, SEARCH, SERIES, SPAN,
};
use crate::api::query::Query;
use crate::api::routes::Routes;
use crate::api::scope::InOrg;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, DAY, HOUR, Micros, SECOND};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/organizations/{org}";
    routes
        .get_by(
            &format!("{at}/events-stats/"),
            Guard::Event,
            "Counts events, spans, logs or metrics by time, as charts read it",
            stats,
            &[DATA_SET, SERIES, FIELDS, GROUP_BY, SEARCH, PROJECTS, ENVIRONMENTS, SPAN, INTERVAL],
        )
        .answers(answers::telemetry::STATS)
        .get_by(
            &format!("{at}/events-timeseries/"),
            Guard::Event,
            "Counts events, spans, logs or metrics by time, as lists of values",
            timeseries,
            &[DATA_SET, SERIES, FIELDS, GROUP_BY, SEARCH, PROJECTS, ENVIRONMENTS, SPAN, INTERVAL],
        )
        .answers(answers::telemetry::TIME_SERIES);
}

/// Series that were counted.
struct Found {
    functions: Vec<String>,
    buckets: Buckets,
    groups: Vec<Group>,
    is_partial: bool,
}

/// One group: what it is told by, and by function a value for each piece of time.
struct Group {
    by: Vec<(String, Value)>,
    values: Vec<Vec<Value>>,
}

async fn stats(State(app): State<App>, found: InOrg, query: Query) -> Result<Json<Value>, ApiError> {
    let grouped = !groups_of(&query).is_empty();
    let found = count(&app, &found, &query).await?;
    let one = |group: &Group, order: usize| {
        let series = found.functions.iter().enumerate().map(|(at, function)| {
            let data: Vec<Value> = group.values[at]
                .iter()
                .enumerate()
                .map(|(bucket, value)| json!([found.second(bucket), [{ "count": value }]]))
                .collect();
            let series = json!({
                "data": data,
                "start": found.second(0),
                "end": found.second(found.buckets.count),
                "order": if found.functions.len() > 1 { at } else { order },
                "isMetricsData": false,
                "meta": {
                    "fields": { function: kind(function) }, "units": {}, "isPartial": found.is_partial
                },
            });
            (function.clone(), series)
        });
        let mut series: Map<String, Value> = series.collect();
        match found.functions.as_slice() {
            [only] => series.remove(only).unwrap_or_default(),
            _ => Value::Object(series),
        }
    };
    if !grouped {
        return Ok(Json(found.groups.first().map(|group| one(group, 0)).unwrap_or_default()));
    }
    let label = |group: &Group| group.by.iter().map(|(_, value)| text(value)).collect::<Vec<_>>().join(",");
    let all = found.groups.iter().enumerate().map(|(order, group)| (label(group), one(group, order)));
    Ok(Json(Value::Object(all.collect())))
}

async fn timeseries(State(app): State<App>, found: InOrg, query: Query) -> Result<Json<Value>, ApiError> {
    let grouped = !groups_of(&query).is_empty();
    let data_set = query.one("dataset").unwrap_or("errors").to_owned();
    let found = count(&app, &found, &query).await?;
    let now = app.now();
    let mut all = Vec::new();
    for (order, group) in found.groups.iter().enumerate() {
        let by: Vec<Value> =
            group.by.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        for (function, values) in found.functions.iter().zip(&group.values) {
            let value = |(bucket, value): (usize, &Value)| {
                let begin = found.begin(bucket);
                json!({
                    "timestamp": begin / 1_000,
                    "value": value,
                    // More may come.
                    "incomplete": begin + found.buckets.interval > now,
                })
            };
            all.push(json!({
                "yAxis": function,
                "groupBy": if grouped { Value::from(by.clone()) } else { Value::Null },
                "values": values.iter().enumerate().map(value).collect::<Vec<_>>(),
                "meta": {
                    "valueType": kind(function), "valueUnit": null, "interval": found.buckets.interval / 1_000,
                    "order": order, "isOther": false,
                },
            }));
        }
    }
    let meta = json!({
        "dataset": data_set,
        "start": found.begin(0) / 1_000,
        "end": found.begin(found.buckets.count) / 1_000,
        "isPartial": found.is_partial,
    });
    Ok(Json(json!({ "timeSeries": all, "meta": meta })))
}

impl Found {
    fn begin(&self, bucket: usize) -> Micros {
        self.buckets.first + bucket as i64 * self.buckets.interval
    }

    fn second(&self, bucket: usize) -> i64 {
        self.begin(bucket) / SECOND
    }
}

/// What series are told apart by: `groupBy`, or with `topEvents` the fields that are no functions.
fn groups_of(query: &Query) -> Vec<String> {
    let mut by: Vec<String> = query.all("groupBy").map(str::to_owned).collect();
    if query.one("topEvents").is_some() {
        by.extend(query.all("field").filter(|field| !field.ends_with(')')).map(str::to_owned));
    }
    by.retain(|field| !field.is_empty() && field != "timestamp");
    by
}

async fn count(app: &App, scope: &InOrg, query: &Query) -> Result<Found, ApiError> {
    let mut ask = read(app, scope, query)?;
    let (until, default) = (ask.until.unwrap_or_else(|| app.now()), DAY);
    let since = ask.since.unwrap_or(until - default);
    if since >= until {
        return Err(ApiError::BadRequest("start must be before end.".to_owned()));
    }
    let buckets = buckets(since, until, query.one("interval").filter(|text| !text.is_empty()))?;
    let mut functions: Vec<String> =
        query.all("yAxis").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if functions.is_empty() {
        functions.push("count()".to_owned());
    }
    let by = groups_of(query);
    ask.fields = by.iter().chain(&functions).cloned().collect();
    (ask.since, ask.until) = (Some(since), Some(until));
    if let Some(plain) = functions.iter().find(|name| !name.ends_with(')')) {
        return Err(ApiError::BadRequest(format!("yAxis={plain} must be a function, like count().")));
    }
    let top = match query.one("topEvents").filter(|text| !text.is_empty()) {
        None => MAX_SERIES,
        Some(text) => text
            .parse()
            .ok()
            .filter(|top| (1..=MAX_SERIES).contains(top))
            .ok_or_else(|| ApiError::BadRequest(format!("topEvents must be from 1 to {MAX_SERIES}.")))?,
    };
    let aggregates = Aggregates::parse(&ask.fields).map_err(ApiError::BadRequest)?;
    let aggregates = aggregates.ok_or_else(|| ApiError::internal("a series without a function"))?;
    let read_set = data_set(query)?;
    let mut taker = Taker::counts(aggregates.over(Some(buckets)));
    let taker = app
        .with_store(move |store| {
            read_set(store, &ask, &mut taker)?;
            Ok(taker)
        })
        .await?;
    let is_partial = taker.is_partial;
    let groups = series(&by, &functions, buckets.count, taker.into_counts(), top);
    Ok(Found { functions, buckets, groups, is_partial })
}

/// The groups with the largest sums of the first function, each with a value for every piece of time.
fn series(
    by: &[String],
    functions: &[String],
    count: usize,
    counted: Vec<Counted>,
    top: usize,
) -> Vec<Group> {
    let empty = |by: Vec<(String, Value)>| Group {
        by,
        values: functions.iter().map(|function| vec![of_nothing(function); count]).collect(),
    };
    let mut places: HashMap<Vec<String>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for Counted { bucket, mut row } in counted {
        let own: Vec<(String, Value)> =
            by.iter().map(|field| (field.clone(), row.get(field).cloned().unwrap_or_default())).collect();
        let key = own.iter().map(|(_, value)| text(value)).collect();
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(empty(own));
            groups.len() - 1
        });
        for (values, function) in groups[place].values.iter_mut().zip(functions) {
            if let (Some(value), Some(counted)) = (values.get_mut(bucket), row.remove(function)) {
                *value = counted;
            }
        }
    }
    if groups.is_empty() && by.is_empty() {
        groups.push(empty(Vec::new()));
    }
    let weight = |group: &Group| group.values.first().into_iter().flatten().filter_map(number).sum::<f64>();
    groups.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    groups.truncate(top);
    groups
}

/// Pieces of time that begin at multiples of their length.
fn buckets(since: Micros, until: Micros, interval: Option<&str>) -> Result<Buckets, ApiError> {
    let interval = match interval {
        Some(text) => instant::period(text).filter(|interval| *interval >= 60 * SECOND).ok_or_else(|| {
            ApiError::BadRequest("interval must be like 5m, 1h or 1d, 1m at least.".to_owned())
        })?,
        None => match until - since {
            span if span <= HOUR => 60 * SECOND,
            span if span <= DAY => 300 * SECOND,
            span if span <= 14 * DAY => HOUR,
            _ => DAY,
        },
    };
    let first = since.div_euclid(interval) * interval;
    let count = usize::try_from((until - first + interval - 1) / interval).unwrap_or_default();
    if count > MAX_BUCKETS {
        return Err(ApiError::BadRequest(format!(
            "interval makes {count} values of that time; at most {MAX_BUCKETS} are answered."
        )));
    }
    Ok(Buckets { first, interval, count })
}

const MAX_BUCKETS: usize = 5_000;
const MAX_SERIES: usize = 50;
