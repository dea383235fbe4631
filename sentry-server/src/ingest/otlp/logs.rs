//! Log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Map, Value, json};

use super::Told;
use super::exceptions::{self, Place};
use super::value::{attributes, hex, of_resource, plain, seconds};

pub(super) fn told(export: ExportLogsServiceRequest) -> Told {
    let mut told = Told::default();
    for group in &export.resource_logs {
        let resource = of_resource(group.resource.as_ref());
        let records = group.scope_logs.iter().flat_map(|scope| &scope.log_records);
        for record in records {
            told.entries.push(entry(record, &resource));
            told.events.extend(thrown(record, &resource));
        }
    }
    told
}

/// The exception that a record tells of, if it is told as an error.
fn thrown(record: &LogRecord, resource: &Map<String, Value>) -> Option<Value> {
    let level = match level(record).as_str() {
        level @ ("error" | "fatal") => level.to_owned(),
        _ => return None,
    };
    let own = attributes(&record.attributes);
    let place = Place {
        resource,
        attributes: &own,
        trace: hex(&record.trace_id),
        span: hex(&record.span_id),
        parent: String::new(),
        segment: None,
        origin: ORIGIN,
    };
    exceptions::event(&own, seconds(at(record)), &level, &place)
}

fn at(record: &LogRecord) -> u64 {
    if record.time_unix_nano > 0 { record.time_unix_nano } else { record.observed_time_unix_nano }
}

fn entry(record: &LogRecord, resource: &Map<String, Value>) -> Value {
    let mut all = resource.clone();
    all.extend(attributes(&record.attributes));
    all.insert("sentry.origin".to_owned(), json!({ "value": ORIGIN, "type": "string" }));
    let body = match record.body.as_ref().and_then(|body| plain(body, 0)) {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => record.event_name.clone(),
    };
    let at = at(record);
    let mut entry = json!({ "level": level(record), "body": body, "attributes": all });
    if at > 0 {
        entry["timestamp"] = seconds(at);
    }
    if (1..=24).contains(&record.severity_number) {
        entry["severity_number"] = record.severity_number.into();
    }
    if !record.trace_id.is_empty() {
        entry["trace_id"] = hex(&record.trace_id).into();
    }
    if !record.span_id.is_empty() {
        entry["span_id"] = hex(&record.span_id).into();
    }
    entry
}

/// By number; by text where there is no number.
fn level(record: &LogRecord) -> String {
    match record.severity_number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => return record.severity_text.to_ascii_lowercase(),
    }
    .to_owned()
}

const ORIGIN: &str = "auto.otlp.logs";
