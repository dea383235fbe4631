//! What the pages did and how long it took.

use serde_json::{Value, json};

use super::Visit;
use crate::client::{ENVIRONMENT, RELEASE};
use crate::event::tag;

const FIELDS: [&str; 13] = [
    "span_id",
    "parent_span",
    "is_transaction",
    "transaction",
    "span.op",
    "span.description",
    "span.duration",
    "release",
    "environment",
    "url.full",
    "user.id",
    "http.response.status_code",
    "sentry.origin",
];

/// Today's form: spans that are sent one by one.
pub(super) fn streamed_spans(visit: &Visit) {
    let sent = visit.sent("cart", "span");
    let spans: Vec<&Value> =
        sent.iter().flat_map(|container| container["items"].as_array().unwrap()).collect();
    for (op, name) in [("pageload", "Pageload"), ("navigation", "Navigation")] {
        let is =
            |span: &&&Value| span["is_segment"] == true && span["attributes"]["sentry.op"]["value"] == op;
        let root = spans.iter().find(is).unwrap_or_else(|| panic!("no {op} was sent"));
        let of_trace: Vec<_> = spans.iter().filter(|span| span["trace_id"] == root["trace_id"]).collect();
        let query = format!("trace:{}", root["trace_id"].as_str().unwrap());
        let rows = visit.client().rows("spans", &FIELDS, &query, of_trace.len());
        let row = row_of(&rows, root);
        assert_eq!((&row["transaction"], &row["span.op"]), (&json!(name), &json!(op)));
        assert_eq!((&row["is_transaction"], &row["release"]), (&json!(true), &json!(RELEASE)));
        assert_eq!((&row["environment"], &row["user.id"]), (&json!(ENVIRONMENT), &json!("ada")));
        assert_eq!(row["url.full"], root["attributes"]["url.full"]["value"]);
        assert!(row["span.duration"].as_f64().unwrap() > 0.0, "{row:#}");
        let paint = rows.iter().any(|row| row["span.description"] == "first-contentful-paint");
        assert_eq!(paint, op == "pageload", "{rows:#?}");
        // Everything that was sent of this trace is there, below what it was below.
        for span in of_trace {
            let row = row_of(&rows, span);
            assert_eq!(row["parent_span"], span.get("parent_span_id").cloned().unwrap_or_default());
            assert_eq!(row["span.description"], span["name"]);
            assert_eq!(row["sentry.origin"], span["attributes"]["sentry.origin"]["value"]);
        }
    }
    let query = "span.op:http.client http.response.status_code:409 user.id:ada";
    let refused = visit.client().rows("spans", &FIELDS, query, 1);
    assert!(refused[0]["url.full"].as_str().unwrap().ends_with("/api/stock?name=cup"), "{refused:#?}");
}

/// The older form: whole transactions, named by route.
pub(super) fn transactions(visit: &Visit) {
    for (op, name) in [("pageload", "/catalogue"), ("navigation", "/products/:id")] {
        let all = visit.sent("catalogue", "transaction");
        let is = |sent: &&Value| sent["contexts"]["trace"]["op"] == op && sent["transaction"] == name;
        let sent = all.into_iter().find(is).unwrap_or_else(|| panic!("no {op} of {name}"));
        let stored = visit.client().event(sent["event_id"].as_str().unwrap());
        assert_eq!((&stored["type"], &stored["title"]), (&json!("transaction"), &json!(name)));
        assert_eq!((tag(&stored, "browser.name"), tag(&stored, "release")), ("Chrome", RELEASE));
        let children = sent["spans"].as_array().unwrap();
        assert!(!children.is_empty(), "{name} has no spans");
        let trace = &sent["contexts"]["trace"]["trace_id"];
        // How a page felt is sent by itself, after its transaction.
        let vitals = visit.sent("catalogue", "span");
        let vitals = vitals.iter().flat_map(|container| container["items"].as_array().unwrap());
        let vitals = vitals.filter(|span| span["trace_id"] == *trace).count();
        let query = format!("trace:{}", trace.as_str().unwrap());
        let rows = visit.client().rows("spans", &FIELDS, &query, children.len() + 1 + vitals);
        for child in children {
            let row = row_of(&rows, child);
            assert_eq!((&row["transaction"], &row["span.op"]), (&json!(name), &child["op"]));
        }
    }
}

fn row_of<'a>(rows: &'a [Value], span: &Value) -> &'a Value {
    let row = rows.iter().find(|row| row["span_id"] == span["span_id"]);
    row.unwrap_or_else(|| panic!("{span:#} is missing"))
}
