//! What people saw and wrote, and what the pages said themselves.

use serde_json::{Value, json};

use super::Visit;
use crate::client::{ENVIRONMENT, ORG, PROJECT, RELEASE};
use crate::event::tag;

/// The recording of a visit, with what happened in it.
pub(super) fn replay(visit: &Visit) {
    let client = visit.client();
    let id = visit.report["visits"]["cart"]["replay"].as_str().unwrap();
    let replay = client.get(&format!("{ORG}/replays/{id}/"))["data"].take();
    let sent = visit.sent("cart", "replay_event");
    assert_eq!(replay["count_segments"], sent.len());
    assert_eq!((&replay["replay_type"], &replay["releases"]), (&json!("session"), &json!([RELEASE])));
    assert_eq!((&replay["environment"], &replay["user"]["id"]), (&json!(ENVIRONMENT), &json!("ada")));
    let urls = replay["urls"].as_array().unwrap();
    let ends = |at: usize, path: &str| urls[at].as_str().unwrap().ends_with(path);
    assert!(ends(0, "/cart") && ends(1, "/checkout"), "{urls:?}");
    // The way from the replay to the error, and back.
    let broken = visit.event_id("cart", "percent");
    assert!(replay["error_ids"].as_array().unwrap().contains(&json!(broken)), "{replay:#}");
    assert_eq!(tag(&client.event(broken), "replayId"), id);

    // Its pieces, as a player wants them: lists of what the recorder saw, unpacked and in order.
    let at = format!("{PROJECT}/replays/{id}/recording-segments/");
    let pieces = client.get(&format!("{at}?download=true&per_page=100"));
    let pieces = pieces.as_array().unwrap();
    assert_eq!(pieces.len(), sent.len());
    let seen: Vec<&Value> = pieces.iter().flat_map(|piece| piece.as_array().unwrap()).collect();
    // A page's address (4), its whole content (2), what changed (3) and what the SDK noted (5).
    for kind in [4, 2, 3, 5] {
        assert!(seen.iter().any(|event| event["type"] == kind), "no event of type {kind}");
    }
    let text = json!(seen).to_string();
    assert!(text.contains("ui.click") && text.contains("button#pay"), "the clicks are not in it");
    assert!(!text.contains("secret word"), "texts are masked by the client");
    assert_eq!(client.get(&format!("{at}0/?download=true")), pieces[0]);
    let listed = client.get(&at);
    assert_eq!(listed.as_array().unwrap().len(), pieces.len());
    assert_eq!((&listed[0]["segmentId"], &listed[0]["replayId"]), (&json!(0), &json!(id)));
}

/// What was written into the widget, and about an error.
pub(super) fn feedback(visit: &Visit) {
    let client = visit.client();
    let all = client.get(&format!("{ORG}/feedback/"));
    let find = |part: &str| {
        let all = all.as_array().unwrap();
        let entry = all.iter().find(|entry| entry["message"].as_str().unwrap().contains(part));
        entry.unwrap_or_else(|| panic!("nobody wrote {part:?}: {all:#?}"))
    };
    let entry = find("I cannot pay for my cup");
    assert_eq!((&entry["name"], &entry["email"]), (&json!("Ada"), &json!("ada@shop.test")));
    assert_eq!((&entry["project"], &entry["issue"]), (&json!("shop"), &json!(null)), "about no error");

    let about = visit.event_id("proxied", "the card was refused");
    let entry = find("my card is good");
    assert_eq!(entry["eventID"], about);
    let issue = client.issue("Error: the card was refused");
    assert_eq!((&entry["issue"]["id"], &entry["issue"]["title"]), (&issue["id"], &issue["title"]));
    let of_event = client.get(&format!("{PROJECT}/events/{about}/user-reports/"));
    assert_eq!(of_event[0]["message"], entry["message"]);
}

/// Beside the trace that they belong to.
pub(super) fn logs_and_metrics(visit: &Visit) {
    let client = visit.client();
    let sent = &visit.sent("cart", "log")[0]["items"][0];
    let row = &client.rows("logs", &["message", "severity", "trace", "user.id"], "lines:2", 1)[0];
    assert_eq!((&row["message"], &row["severity"]), (&json!("the cart was read"), &json!("warn")));
    assert_eq!((&row["trace"], &row["user.id"]), (&sent["trace_id"], &json!("ada")));
    let sent = &visit.sent("cart", "trace_metric")[0]["items"][0];
    let row = &client.rows("metrics", &["metric.name", "value", "trace", "route"], "route:cart", 1)[0];
    assert_eq!((&row["metric.name"], &row["value"]), (&json!("checkouts"), &json!(1.0)));
    assert_eq!(row["trace"], sent["trace_id"]);
}
