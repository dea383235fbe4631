//! A whole trace: its spans as a tree, with the errors that happened in them, and how much of everything there is.

use std::collections::{BTreeMap, HashMap, HashSet};

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};
use watchpost_core::EventId;

use super::super::answers;
use super::fields::Row;
use super::taker::Taker;
use super::telemetry::Sources;
use super::{Ask, errors, spans};
use crate::api::Params;
use crate::api::guard::Guard;
use crate::api::parameter::{ADDITIONAL, ENVIRONMENTS, FIELDS, PROJECTS, SEARCH, SPAN};
use crate::api::query::Query;
use crate::api::routes::Routes;
use crate::api::scope::InOrg;
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::instant::{HOUR, SECOND};
use crate::search;
use crate::store::{PageRequest, SpanRow, Store, StoreError, TelemetryFilter, TraceKey};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/organizations/{org}";
    routes
        .get_by(
            &format!("{at}/trace/{{trace}}/"),
            Guard::Event,
            "Shows a trace as a tree of spans, with its errors",
            tree,
            &[ADDITIONAL, FIELDS, SEARCH, PROJECTS, ENVIRONMENTS, SPAN],
        )
        .answers(answers::telemetry::TRACE)
        .get_by(
            &format!("{at}/trace-meta/{{trace}}/"),
            Guard::Event,
            "Counts what a trace consists of",
            meta,
            &[ADDITIONAL, FIELDS, SEARCH, PROJECTS, ENVIRONMENTS, SPAN],
        )
        .answers(answers::telemetry::TRACE_META);
}

/// What is known of a trace.
struct Trace {
    ask: Ask,
    spans: Vec<SpanRow>,
    /// The attributes of each that were asked for.
    attributes: Vec<Map<String, Value>>,
    errors: Vec<Row>,
    logs: usize,
}

async fn tree(
    State(app): State<App>,
    found: InOrg,
    Path(params): Path<Params>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let trace = read(&app, &found, &params, &query).await?;
    Ok(Json(Value::Array(nested(&trace))))
}

async fn meta(
    State(app): State<App>,
    found: InOrg,
    Path(params): Path<Params>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let trace = read(&app, &found, &params, &query).await?;
    let mut by_op: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_segment: BTreeMap<u64, (Option<String>, usize)> = BTreeMap::new();
    for span in &trace.spans {
        let op = if span.op.is_empty() { "default" } else { span.op.as_str() };
        *by_op.entry(op).or_default() += 1;
        let segment = by_segment.entry(span.common.place.item).or_default();
        segment.1 += usize::from(!span.is_segment);
        if span.is_segment {
            segment.0 = span.common.span.map(|id| hex(&id));
        }
    }
    let projects: HashSet<i64> = trace.spans.iter().map(|span| span.common.project).collect();
    let children = by_segment.values().filter(|(id, _)| id.is_some());
    Ok(Json(json!({
        "errors": trace.errors.len(),
        "logs": trace.logs,
        "performance_issues": 0,
        "projects": projects.len(),
        "transactions": trace.spans.iter().filter(|span| span.is_segment).count(),
        "span_count": trace.spans.len(),
        "span_count_map": by_op,
        "transaction_child_count_map": children
            .map(|(id, count)| json!({ "transaction.event_id": id, "count()": count }))
            .collect::<Vec<_>>(),
    })))
}

async fn read(app: &App, found: &InOrg, params: &Params, query: &Query) -> Result<Trace, ApiError> {
    let name = params.get("trace").map(String::as_str).unwrap_or_default();
    let wrong = || ApiError::BadRequest("A trace is named by 32 hexadecimal digits.".to_owned());
    // Traces are named in the same way as events.
    let key: TraceKey = name.parse::<EventId>().map_err(|_| wrong())?.as_bytes().to_owned();
    let mut ask = super::read(app, found, query)?;
    ask.expr = search::parse(&format!("trace:{}", hex(&key))).map_err(ApiError::internal)?;
    ask.fields = query.all("additional_attributes").map(str::to_owned).collect();
    app.with_store(move |store| of_store(store, ask, key)).await
}

fn of_store(store: &dyn Store, mut ask: Ask, key: TraceKey) -> Result<Trace, StoreError> {
    let spans = store.trace(&ask.scope, &key, MAX_SPANS)?;
    let attributes = attributes(store, &ask, &spans)?;
    let filter = TelemetryFilter {
        trace: Some(key),
        page: PageRequest { cursor: None, limit: MAX_LOGS },
        ..TelemetryFilter::newest(ask.scope.clone(), MAX_LOGS)
    };
    let logs = store.logs(&filter)?.rows.len();
    // Errors have no index of traces: they are looked for while the trace went on, and around it.
    if let (Some(first), Some(last)) = (spans.first(), spans.iter().map(end).max()) {
        ask.since = Some(first.common.timestamp - HOUR);
        ask.until = Some(last + HOUR);
    }
    let mut taker = Taker::list(MAX_ERRORS);
    errors::read(store, &ask, &mut taker)?;
    Ok(Trace { errors: taker.into_rows(), ask, spans, attributes, logs })
}

/// Attributes lie with what spans were made of: only who names some pays for reading that.
fn attributes(
    store: &dyn Store,
    ask: &Ask,
    spans: &[SpanRow],
) -> Result<Vec<Map<String, Value>>, StoreError> {
    let mut sources = Sources::new(store, ask);
    let mut all = vec![Map::new(); spans.len()];
    if !ask.fields.is_empty() {
        for (span, own) in spans.iter().zip(&mut all) {
            let place = span.common.place;
            let found = (spans::SET.attributes)(sources.of(place)?, place.index as usize);
            own.extend(found.into_iter().filter(|(name, _)| ask.fields.contains(name)));
        }
    }
    Ok(all)
}

fn end(span: &SpanRow) -> i64 {
    span.common.timestamp.saturating_add(span.duration)
}

/// Spans inside of the span that started them; first those without one, or whose is not known.
fn nested(trace: &Trace) -> Vec<Value> {
    let shape = Shape::of(&trace.spans);
    let mut errors: HashMap<&str, Vec<Value>> = HashMap::new();
    let mut orphans = Vec::new();
    let known: HashSet<String> =
        trace.spans.iter().filter_map(|span| Some(hex(&span.common.span?))).collect();
    for row in &trace.errors {
        match row.get("span_id").and_then(Value::as_str).filter(|id| known.contains(*id)) {
            Some(id) => errors.entry(id).or_default().push(of_error(row)),
            None => orphans.push(of_error(row)),
        }
    }
    let segments: HashMap<u64, String> = trace
        .spans
        .iter()
        .filter(|span| span.is_segment)
        .filter_map(|span| Some((span.common.place.item, hex(&span.common.span?))))
        .collect();
    let mut done: Vec<Option<Value>> = vec![None; trace.spans.len()];
    // Inner ones are complete before those around them.
    for at in shape.order.iter().rev() {
        let span = &trace.spans[*at];
        let id = span.common.span.map(|id| hex(&id)).unwrap_or_default();
        let children: Vec<Value> =
            shape.children[*at].iter().filter_map(|child| done[*child].take()).collect();
        let seconds = |at: i64| at as f64 / SECOND as f64;
        done[*at] = Some(json!({
            "event_type": "span",
            "event_id": id,
            "transaction_id": segments.get(&span.common.place.item),
            "project_id": span.common.project,
            "project_slug": trace.ask.project(span.common.project),
            "parent_span_id": span.parent.map(|id| hex(&id)),
            "start_timestamp": seconds(span.common.timestamp),
            "end_timestamp": seconds(end(span)),
            "duration": span.duration as f64 / 1_000.0,
            "transaction": span.segment,
            "is_transaction": span.is_segment,
            "op": span.op,
            "name": span.description,
            "description": span.description,
            "status": span.status,
            "release": span.common.release,
            "environment": span.common.environment,
            // Clients want these to be there; rows of spans do not have them.
            "sdk_name": "",
            "profile_id": "",
            "profiler_id": "",
            "measurements": {},
            "additional_attributes": trace.attributes[*at],
            "occurrences": [],
            "errors": errors.remove(id.as_str()).unwrap_or_default(),
            "children": children,
        }));
    }
    shape.roots.iter().filter_map(|at| done[*at].take()).chain(orphans).collect()
}

fn of_error(row: &Row) -> Value {
    let field = |name: &str| row.get(name).cloned().unwrap_or_default();
    json!({
        "event_type": "error",
        "event_id": field("id"),
        "project_id": field("project.id"),
        "project_slug": field("project"),
        "issue_id": field("issue.id"),
        "title": field("title"),
        "description": field("title"),
        "level": field("level"),
        "culprit": field("culprit"),
        "transaction": field("transaction"),
        "span_id": field("span_id"),
        "timestamp": field("timestamp"),
    })
}

/// Who is inside of whom.
struct Shape {
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
    /// Outer ones first.
    order: Vec<usize>,
}

impl Shape {
    fn of(spans: &[SpanRow]) -> Self {
        let mut by_id: HashMap<[u8; 8], usize> = HashMap::new();
        for (at, span) in spans.iter().enumerate() {
            if let Some(id) = span.common.span {
                by_id.entry(id).or_insert(at);
            }
        }
        let around = |at: usize| {
            let parent = spans[at].parent.and_then(|id| by_id.get(&id).copied());
            parent.filter(|parent| *parent != at)
        };
        let mut inside: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
        for at in 0..spans.len() {
            if let Some(parent) = around(at) {
                inside[parent].push(at);
            }
        }
        let mut shape =
            Self { roots: Vec::new(), children: vec![Vec::new(); spans.len()], order: Vec::new() };
        let mut depth: Vec<Option<usize>> = vec![None; spans.len()];
        // After all that hang on something come those that hang on each other: a circle has to begin somewhere.
        let starts = (0..spans.len()).filter(|at| around(*at).is_none()).chain(0..spans.len());
        for start in starts {
            if depth[start].is_some() {
                continue;
            }
            depth[start] = Some(0);
            shape.roots.push(start);
            let mut next = shape.order.len();
            // Beyond the deepest level, spans stand beside the one that they are in.
            let mut holder: HashMap<usize, usize> = HashMap::new();
            shape.order.push(start);
            while let Some(at) = shape.order.get(next).copied() {
                next += 1;
                let level = depth[at].unwrap_or_default();
                let place = if level < MAX_DEPTH { at } else { holder.get(&at).copied().unwrap_or(at) };
                for child in &inside[at] {
                    if depth[*child].is_none() {
                        depth[*child] = Some((level + 1).min(MAX_DEPTH));
                        holder.insert(*child, place);
                        shape.children[place].push(*child);
                        shape.order.push(*child);
                    }
                }
            }
        }
        shape
    }
}

/// Spans of a trace that are shown.
const MAX_SPANS: usize = 10_000;
const MAX_ERRORS: usize = 500;
/// Logs of a trace that are counted.
const MAX_LOGS: usize = 10_000;
/// Levels of a tree: clients read it by recursion.
const MAX_DEPTH: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Common, Place};

    fn span(id: u8, parent: Option<u8>) -> SpanRow {
        SpanRow {
            common: Common {
                place: Place { item: 1, index: u32::from(id) },
                project: 1,
                timestamp: i64::from(id),
                trace: Some([1; 16]),
                span: Some([id; 8]),
                release: None,
                environment: None,
            },
            parent: parent.map(|id| [id; 8]),
            segment: String::new(),
            is_segment: parent.is_none(),
            op: String::new(),
            description: String::new(),
            status: String::new(),
            duration: 1,
        }
    }

    #[test]
    fn spans_stand_inside_of_each_other_whatever_their_order() {
        let shape = Shape::of(&[span(3, Some(2)), span(1, None), span(2, Some(1)), span(4, Some(99))]);
        assert_eq!(shape.roots, [1, 3], "a span whose parent is not there stands at the top");
        assert_eq!((&shape.children[1], &shape.children[2]), (&vec![2], &vec![0]));
    }

    #[test]
    fn circles_begin_somewhere_and_show_each_span_once() {
        let shape = Shape::of(&[span(1, Some(2)), span(2, Some(1)), span(3, Some(3))]);
        let mut order = shape.order.clone();
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2]);
        assert_eq!(shape.roots.len(), 2);
    }

    #[test]
    fn what_is_too_deep_stands_side_by_side() {
        let spans: Vec<SpanRow> = (0..250).map(|id| span(id, id.checked_sub(1))).collect();
        let shape = Shape::of(&spans);
        assert_eq!(shape.order.len(), 250);
        let mut depth = vec![0; spans.len()];
        for at in &shape.order {
            for child in &shape.children[*at] {
                depth[*child] = depth[*at] + 1;
            }
        }
        assert_eq!(depth.iter().max(), Some(&MAX_DEPTH));
    }
}
