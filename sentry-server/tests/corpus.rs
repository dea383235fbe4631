//! Everything that the official SDKs were recorded to send is taken, and every event can be read afterwards.

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::Server;
use watchpost_core::{Envelope, ItemType};

#[tokio::test]
async fn every_recorded_envelope_is_taken_and_every_event_readable() {
    let server = Server::start();
    let index: Value =
        serde_json::from_slice(&std::fs::read(support::corpus().join("index.json")).unwrap()).unwrap();
    let recorded: Vec<&str> = index
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["file"].as_str().filter(|file| file.ends_with(".envelope")))
        .collect();
    assert!(recorded.len() > 150, "the corpus is complete: {}", recorded.len());

    let mut wanted: Vec<(&str, &str, String)> = Vec::new();
    let mut seen = BTreeSet::new();
    for file in &recorded {
        let entry = index.as_array().unwrap().iter().find(|entry| entry["file"] == *file).unwrap();
        let body = std::fs::read(support::corpus().join(file)).unwrap();
        // As it was sent: same target, same headers that matter, body compressed where it was.
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut encoded = false;
        for pair in entry["headers"].as_array().unwrap() {
            let (name, value) = (pair[0].as_str().unwrap().to_ascii_lowercase(), pair[1].as_str().unwrap());
            match name.as_str() {
                "content-encoding" => encoded = true,
                "x-sentry-auth" | "authorization" | "content-type" | "user-agent" | "origin" => {
                    headers.push((name, value.to_owned()));
                }
                _ => {}
            }
        }
        let wire = if encoded { support::gzip(&body) } else { body.clone() };
        if encoded {
            headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = server.post(entry["target"].as_str().unwrap(), &headers, wire).await.ok();

        let envelope = Envelope::decode(&body).unwrap();
        for item in &envelope.items {
            let kind = match item.header.item_type {
                ItemType::Event => "event",
                ItemType::Transaction => "transaction",
                ItemType::Feedback => "feedback",
                _ => continue,
            };
            let id = envelope.header.event_id.map(|id| id.to_string()).unwrap_or_else(|| {
                let payload: Value = serde_json::from_slice(&item.payload).unwrap();
                payload["event_id"].as_str().unwrap().replace('-', "")
            });
            assert_eq!(answer["id"], id.as_str(), "{file}");
            if seen.insert(id.clone()) {
                wanted.push((file, kind, id));
            }
        }
    }
    server.settle().await;

    let mut kinds = BTreeSet::new();
    for (file, kind, id) in &wanted {
        let event = server.get(&format!("/api/0/projects/default/shop/events/{id}/")).await;
        assert_eq!(event.status, 200, "{file}: {:?}", event.body);
        let event = event.json();
        assert_eq!(event["eventID"], id.as_str(), "{file}");
        kinds.insert(*kind);
        match *kind {
            "event" => {
                let issue = event["groupID"].as_str().unwrap_or_else(|| panic!("{file} belongs to no issue"));
                let path = format!("/api/0/organizations/default/issues/{issue}/events/{id}/");
                let again = server.get(&path).await.ok();
                assert_eq!(again["eventID"], id.as_str(), "{file}");
                assert!(!event["title"].as_str().unwrap().is_empty(), "{file}");
                assert!(!event["entries"].as_array().unwrap().is_empty(), "{file}");
            }
            other => assert_eq!(event["type"], other, "{file}"),
        }
    }
    assert_eq!(kinds.len(), 3, "events, transactions and feedback were among them");

    // Counted exactly: the issues' counters add up to the events, and nothing was dropped.
    let issues = server.get("/api/0/organizations/default/issues/?limit=100").await.ok();
    let counted: u64 = issues
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["count"].as_str().unwrap().parse::<u64>().unwrap())
        .sum();
    let events = wanted.iter().filter(|(_, kind, _)| *kind == "event").count();
    assert_eq!(counted, events as u64);
    let outcomes = server.get("/api/0/organizations/default/outcomes/").await.ok();
    let invalid: Vec<&Value> = outcomes
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["outcome"] == "invalid" && row["reason"] != "duplicate")
        .collect();
    assert!(invalid.is_empty(), "{invalid:?}");
}

/// What belongs to an event but is no event can be fetched as it came.
#[tokio::test]
async fn an_attachment_comes_back_byte_for_byte() {
    let server = Server::start();
    let body = std::fs::read(support::corpus().join("browser-feedback_with_screenshot-00.envelope")).unwrap();
    server.envelope(body.clone()).await.ok();
    server.settle().await;
    let envelope = Envelope::decode(&body).unwrap();
    let sent = envelope.items.iter().find(|item| item.header.item_type == ItemType::Attachment).unwrap();
    let id = envelope.header.event_id.unwrap();
    let base = format!("/api/0/projects/default/shop/events/{id}/attachments/");
    let list = server.get(&base).await.ok();
    assert_eq!(list[0]["name"], sent.header.filename.as_deref().unwrap());
    let file = server.get(&format!("{base}{}/", list[0]["id"].as_str().unwrap())).await;
    assert_eq!(file.body, sent.payload);
    assert_eq!(file.header("content-type"), "application/octet-stream");
}
