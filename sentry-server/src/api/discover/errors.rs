//! The data set of errors.

use serde_json::{Map, Value};
use watchpost_core::EventId;

use super::fields::Row;
use super::taker::Taker;
use super::{Ask, PIECE};
use crate::instant::rfc3339;
use crate::store::{PageRequest, Store, StoreError, StoredEvent};

pub(super) fn read(store: &dyn Store, ask: &Ask, taker: &mut Taker) -> Result<(), StoreError> {
    for project in ask.scope.ids() {
        taker.begin();
        let mut request = PageRequest { cursor: None, limit: taker.piece() };
        loop {
            let page = store.project_events(*project, request)?;
            // Rows come by the time of receipt, which is not before the time at which it happened.
            let too_old =
                ask.since.is_some_and(|since| page.rows.last().is_some_and(|event| event.received < since));
            for event in page.rows.iter().filter(|event| ask.covers(event.timestamp)) {
                if matches!(event.kind.as_str(), "transaction" | "feedback") {
                    continue;
                }
                ask.keep(event.timestamp, row(ask.project(event.project), event), taker);
            }
            if !taker.wants_more(page.rows.len(), page.has_next && !too_old) {
                break;
            }
            request = PageRequest { cursor: page.next, limit: PIECE };
        }
    }
    Ok(())
}

/// An event as fields.
pub(super) fn row(project: &str, event: &StoredEvent) -> Row {
    let body: Map<String, Value> =
        event.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let text = |path: &[&str]| {
        let mut at = body.get(path[0]);
        for name in &path[1..] {
            at = at.and_then(|value| value.get(name));
        }
        at.cloned().unwrap_or(Value::Null)
    };
    let mut row = Row::new();
    let pairs = body.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for pair in pairs {
        if let (Some(key), Some(value)) = (pair.get(0).and_then(Value::as_str), pair.get(1)) {
            row.insert(key.to_owned(), value.clone());
        }
    }
    let exception = body.get("exception").and_then(|exception| exception.get("values")?.as_array()?.last());
    let of_exception = |name: &str| exception.and_then(|last| last.get(name)).cloned().unwrap_or(Value::Null);
    let handled = exception.and_then(|last| last.get("mechanism")?.get("handled")).cloned();
    let own = [
        ("id", EventId::from_bytes(event.event_id).to_string().into()),
        ("timestamp", rfc3339(event.timestamp).into()),
        ("title", event.title.clone().into()),
        ("culprit", event.culprit.clone().into()),
        ("level", event.level.clone().into()),
        ("event.type", event.kind.clone().into()),
        ("project", project.into()),
        ("project.id", event.project.into()),
        ("issue.id", event.issue.into()),
        ("message", event.title.clone().into()),
        ("error.type", of_exception("type")),
        ("error.value", of_exception("value")),
        ("error.handled", handled.clone().unwrap_or(Value::Null)),
        ("error.unhandled", handled.and_then(|handled| Some(!handled.as_bool()?)).into()),
        ("platform", text(&["platform"])),
        ("release", text(&["release"])),
        ("environment", text(&["environment"])),
        ("dist", text(&["dist"])),
        ("transaction", text(&["transaction"])),
        ("trace", text(&["contexts", "trace", "trace_id"])),
        ("span_id", text(&["contexts", "trace", "span_id"])),
        ("user.id", text(&["user", "id"])),
        ("user.email", text(&["user", "email"])),
        ("user.username", text(&["user", "username"])),
        ("user.ip", text(&["user", "ip_address"])),
        ("url", text(&["request", "url"])),
        ("http.method", text(&["request", "method"])),
        ("sdk.name", text(&["sdk", "name"])),
        ("sdk.version", text(&["sdk", "version"])),
    ];
    for (name, value) in own {
        row.insert(name.to_owned(), value);
    }
    row
}
