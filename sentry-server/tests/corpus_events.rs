//! Every event that the official SDKs sent in the corpus is normalised and grouped.

#![expect(clippy::expect_used, reason = "a test fails loudly")]

mod given;

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use given::{context, tests_folder};
use serde_json::Value;
use watchpost_server::group::{Grouping, group};
use watchpost_server::normalize::{EventKind, NormalizedEvent, normalize};

/// Item types that become an event.
const EVENTS: [&str; 3] = ["event", "transaction", "feedback"];

#[test]
fn every_event_of_the_corpus_is_grouped() {
    let all = corpus();
    let count = |kind: EventKind| all.iter().filter(|(_, event, _)| event.kind == kind).count();
    assert_eq!(all.len(), 98, "events in the corpus");
    assert_eq!((count(EventKind::Transaction), count(EventKind::Feedback)), (16, 2));
    for (file, event, grouping) in &all {
        println!(
            "{file:<52} {:<11} {:<10} {} | {}",
            event.kind,
            grouping.basis.as_str(),
            grouping.title,
            grouping.culprit
        );
        assert!(!grouping.hashes.is_empty(), "{file}");
        assert!(grouping.groupable, "{file} holds something, so it must not fall back");
        assert!(event.body.get("errors").is_none(), "{file}: {:?}", event.body.get("errors"));
        assert!(!grouping.title.is_empty() && !grouping.title.contains('\n'), "{file}: {:?}", grouping.title);
    }
}

/// The same program that fails with another order number, in another run, or through another route.
#[test]
fn repeated_failures_share_an_issue() {
    let all = corpus();
    let issue = |file: &str| {
        let found = all
            .iter()
            .find(|(name, event, _)| name.starts_with(file) && event.kind != EventKind::Transaction);
        found.unwrap_or_else(|| panic!("{file} is in the corpus")).2.hashes.clone()
    };
    let same = |a: &str, b: &str| issue(a)[0] == issue(b)[0];
    assert!(same("rust-session_request-00", "rust-session_request-01"));
    assert!(same("rust-session_request-00", "rust-error_attachment-00"));
    assert!(same("node-express_error-00", "node-express_form_error-00"));
    assert!(!same("rust-error_io-00", "rust-session_request-00"));
    assert!(!same("rust-panic_main-00", "rust-panic_thread-00"));
    assert!(!same("node-session_errored-03", "node-exception_locals-01"));
}

/// Payloads with bytes overwritten, cut out and doubled: refused or grouped, never a panic.
#[test]
fn damaged_payloads_do_no_harm() {
    let given = surroundings();
    let payloads: Vec<Vec<u8>> =
        items().into_iter().map(|item| item.2).filter(|p| p.len() < 12_000).collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let mut grouped = 0;
    for round in 0..1500 {
        let mut payload = payloads[round % payloads.len()].clone();
        for _ in 0..=next(4) {
            let at = next(payload.len() - 8);
            match next(4) {
                0 => payload[at] = b"\"{}[]:,\\0-e\0\xff"[next(13)],
                1 => drop(payload.drain(at..at + 8)),
                // Swaps one value for another: mostly still JSON, of the wrong shape.
                2 => {
                    let shorter =
                        payload[at..].iter().position(|b| *b == b':').map_or(at, |colon| at + colon + 1);
                    payload.splice(shorter..shorter, b"[null,7],\"x\":".iter().copied());
                }
                _ => {
                    let copy = payload[at..at + 8].to_vec();
                    payload.splice(at..at, copy);
                }
            }
        }
        if let Ok(event) = normalize(&payload, &context(&given)) {
            assert!(!group(&event).hashes.is_empty());
            grouped += 1;
        }
    }
    assert!(grouped > 300, "only {grouped} of 1500 still were JSON");
}

/// Run by hand, in release mode: `cargo test --release -p watchpost-server --test corpus_events -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn corpus_speed() {
    let payloads: Vec<Vec<u8>> =
        items().into_iter().filter(|(_, kind, _)| kind == "event").map(|item| item.2).collect();
    let bytes: usize = payloads.iter().map(Vec::len).sum();
    let given = surroundings();
    let names = ["parse alone", "normalize", "group", "serialise body"];
    // The best of many rounds: other work on the machine only ever adds.
    let mut best = [u128::MAX; 4];
    for _ in 0..100 {
        let mut spent = [0; 4];
        for payload in &payloads {
            let from = Instant::now();
            // One event of the corpus holds half a surrogate pair, which only the repair accepts.
            let _ = black_box(serde_json::from_slice::<Value>(payload));
            spent[0] += from.elapsed().as_nanos();
            let from = Instant::now();
            let event = normalize(payload, &context(&given)).expect("an object");
            spent[1] += from.elapsed().as_nanos();
            let from = Instant::now();
            black_box(group(&event));
            spent[2] += from.elapsed().as_nanos();
            let from = Instant::now();
            black_box(serde_json::to_vec(&event.body).expect("JSON"));
            spent[3] += from.elapsed().as_nanos();
        }
        best = std::array::from_fn(|step| best[step].min(spent[step]));
    }
    println!("{} events of {} bytes on average", payloads.len(), bytes / payloads.len());
    for (name, nanos) in names.iter().zip(best) {
        println!("{name:<16} {:>8.1} us per event", nanos as f64 / 1e3 / payloads.len() as f64);
    }
}

fn corpus() -> Vec<(String, NormalizedEvent, Grouping)> {
    let given = surroundings();
    let parse = |(file, kind, payload): (String, String, Vec<u8>)| {
        let mut context = context(&given);
        context.item_kind = match kind.as_str() {
            "transaction" => Some(EventKind::Transaction),
            "feedback" => Some(EventKind::Feedback),
            _ => None,
        };
        let event = normalize(&payload, &context).unwrap_or_else(|error| panic!("{file}: {error}"));
        let grouping = group(&event);
        (file, event, grouping)
    };
    items().into_iter().map(parse).collect()
}

/// Received a minute after the last event of the corpus was made.
fn surroundings() -> Value {
    serde_json::json!({"received": 1_795_365_300.0})
}

/// File, type and payload of each event item. The framing is read here by hand: ingest has tests of its own.
fn items() -> Vec<(String, String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(tests_folder().join("corpus/envelopes"))
        .expect("the corpus")
        .flatten()
        .map(|e| e.path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "envelope"));
    files.sort();
    let mut items = Vec::new();
    for file in files {
        let bytes = fs::read(&file).expect("a readable envelope");
        let name = file.file_stem().expect("a file").to_string_lossy().into_owned();
        let mut rest = line(&bytes).1;
        while !rest.is_empty() {
            let (header, after) = line(rest);
            rest = after;
            if header.is_empty() {
                continue;
            }
            let header: Value =
                serde_json::from_slice(header).unwrap_or_else(|error| panic!("{name}: {error}"));
            let payload = match header["length"].as_u64() {
                Some(length) => {
                    let (payload, after) = rest.split_at(length as usize);
                    rest = after.strip_prefix(b"\n").unwrap_or(after);
                    payload
                }
                None => {
                    let (payload, after) = line(rest);
                    rest = after;
                    payload
                }
            };
            let kind = header["type"].as_str().unwrap_or("");
            if EVENTS.contains(&kind) {
                items.push((name.clone(), kind.to_owned(), payload.to_vec()));
            }
        }
    }
    items
}

fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}
