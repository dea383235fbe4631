//! Runs the server's conformance vectors: `tests/conformance/server/{normalize,group,scrub}/*.json` at the root of the repository.
//!
//! *Shape*: `name`, `why`, `given {events [..], received?, sent_at?, remote_addr?, user_agent?}`, `expect`. For `group`:
//! `groups` (one number per event, in the order in which issues come to be, or `same_group` as a short form) and `title`,
//! `culprit`, `basis`, `groupable`, `fingerprint`, `off` (hints of what does not count, in any variant) of the first event, and
//! `rule_error` instead of all that. `given` may have `fingerprint_rules`, `stack_rules` and `config`, and `before` with the
//! same three and `events`: so many were grouped by those before the project changed. For `normalize`: `fields` (JSON pointer to value) and `absent` of the
//! first event's body, and `errors`, the names of the fields noted as wrong. For `scrub`: `fields` of the first event as it
//! came, masked by the project's rules, which `given` has as `sensitive_fields`, `safe_fields` and `patterns`.

#![expect(clippy::expect_used, reason = "a test fails loudly")]

mod given;

use std::fs;
use std::path::PathBuf;

use given::{context, tests_folder};
use serde_json::Value;
use watchpost_core::{JsonScrubber, ScrubPatterns, Text};
use watchpost_server::group::{GroupHash, Grouper, RulesError};
use watchpost_server::normalize::normalize;

/// As many files as the folders hold; adding one means raising the number, so that none can vanish unseen.
const GROUP_VECTORS: usize = 70;
const NORMALIZE_VECTORS: usize = 28;
const SCRUB_VECTORS: usize = 7;

#[test]
fn group_vectors() {
    let ran = vectors("group").into_iter().map(|(file, vector)| check_group(&file, &vector)).count();
    assert_eq!(ran, GROUP_VECTORS);
}

#[test]
fn normalize_vectors() {
    let ran = vectors("normalize").into_iter().map(|(file, vector)| check_normalize(&file, &vector)).count();
    assert_eq!(ran, NORMALIZE_VECTORS);
}

#[test]
fn scrub_vectors() {
    let ran = vectors("scrub").into_iter().map(|(file, vector)| check_scrub(&file, &vector)).count();
    assert_eq!(ran, SCRUB_VECTORS);
}

fn check_scrub(file: &str, vector: &Value) {
    let given = &vector["given"];
    let list = |key: &str| -> Vec<Text> {
        let list = given[key].as_array().into_iter().flatten();
        list.map(|text| text.as_str().expect("a text").to_owned().into()).collect()
    };
    let has = |pattern: &str| list("patterns").iter().any(|known| known.as_str() == pattern);
    let patterns = ScrubPatterns { cards: has("cards"), tokens: has("tokens"), emails: has("emails") };
    let scrubber = JsonScrubber::new(&list("sensitive_fields"), &list("safe_fields"), patterns, true);
    let mut event = given["events"][0].as_object().expect("an event").clone();
    scrubber.event(&mut event);
    let event = Value::Object(event);
    for (pointer, wanted) in vector["expect"]["fields"].as_object().expect("fields") {
        assert_eq!(event.pointer(pointer), Some(wanted), "{file}: {pointer}");
    }
}

/// The rules that a part of a vector names.
fn grouper(given: &Value) -> Result<Grouper, RulesError> {
    let text = |key: &str| given[key].as_str().unwrap_or_default();
    Grouper::new(given["config"].as_str(), text("fingerprint_rules"), text("stack_rules"))
}

/// Why parts of a grouping do not count.
fn hints(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| hints(value, out)),
        Value::Object(map) => {
            out.extend(map.get("off").cloned());
            map.values().for_each(|value| hints(value, out));
        }
        _ => {}
    }
}

fn check_group(file: &str, vector: &Value) {
    let expect = &vector["expect"];
    let new = grouper(&vector["given"]);
    if let Some(wanted) = expect["rule_error"].as_str() {
        let error = new.expect_err("an error").to_string();
        assert!(error.contains(wanted), "{file}: {error}");
        return;
    }
    let new = new.unwrap_or_else(|error| panic!("{file}: {error}"));
    let before = &vector["given"]["before"];
    let old = before.is_object().then(|| grouper(before).unwrap_or_else(|error| panic!("{file}: {error}")));
    let changed_at = before["events"].as_u64().unwrap_or(0) as usize;
    let events = vector["given"]["events"].as_array().expect("given.events");
    // Issues as a store would make them: the first known hash decides, and all hashes of an event stay with its issue.
    let mut issues: Vec<Vec<GroupHash>> = Vec::new();
    let mut groups = Vec::new();
    for (index, raw) in events.iter().enumerate() {
        let mut event = normalize(raw.to_string().as_bytes(), &context(&vector["given"])).expect("an object");
        let (now, then) = match &old {
            Some(old) if index < changed_at => (old, None),
            old => (&new, old.as_ref()),
        };
        now.mark(&mut event.body);
        let grouping = now.group(&event);
        // After a change of rules, hashes of the old ones still find an issue, and are not stored.
        let then = then.map(|old| old.group(&event).hashes).unwrap_or_default();
        let known = grouping
            .hashes
            .iter()
            .chain(&then)
            .find_map(|hash| issues.iter().position(|known| known.contains(hash)));
        let issue = known.unwrap_or_else(|| {
            issues.push(Vec::new());
            issues.len() - 1
        });
        issues[issue].extend(&grouping.hashes);
        groups.push(issue);
        if index == 0 {
            let got = serde_json::to_value(&grouping).expect("serialisable");
            if let Some(wanted) = expect["off"].as_array() {
                let mut off = Vec::new();
                hints(&got["variants"], &mut off);
                for wanted in wanted {
                    assert!(off.contains(wanted), "{file}: {wanted} is none of {off:?}");
                }
            }
            for key in ["title", "culprit", "basis", "groupable", "fingerprint"] {
                if let Some(wanted) = expect.get(key) {
                    assert_eq!(&got[key], wanted, "{file}: {key}");
                }
            }
        }
    }
    let wanted: Vec<usize> = match (&expect["same_group"], expect["groups"].as_array()) {
        (Value::Bool(true), None) => vec![0; events.len()],
        (Value::Bool(false), None) => (0..events.len()).collect(),
        (_, Some(groups)) => groups.iter().filter_map(Value::as_u64).map(|n| n as usize).collect(),
        _ => panic!("{file}: expect says neither same_group nor groups"),
    };
    assert_eq!(groups, wanted, "{file}: groups");
}

fn check_normalize(file: &str, vector: &Value) {
    let expect = vector["expect"].as_object().expect("expect");
    let raw = &vector["given"]["events"][0];
    // A text is sent as it stands, so that a vector can hold what is not JSON.
    let bytes = raw.as_str().map_or_else(|| raw.to_string(), str::to_owned);
    let event = normalize(bytes.as_bytes(), &context(&vector["given"])).expect("an object");
    let body = Value::Object(event.body.into());
    for (key, wanted) in expect {
        match key.as_str() {
            "fields" => {
                for (pointer, wanted) in wanted.as_object().expect("fields") {
                    assert_eq!(body.pointer(pointer), Some(wanted), "{file}: {pointer}");
                }
            }
            "absent" => {
                for pointer in wanted.as_array().expect("absent") {
                    assert_eq!(body.pointer(pointer.as_str().expect("a pointer")), None, "{file}: {pointer}");
                }
            }
            "errors" => {
                let names: Vec<&Value> =
                    body["errors"].as_array().into_iter().flatten().map(|error| &error["name"]).collect();
                assert_eq!(
                    names,
                    wanted.as_array().expect("errors").iter().collect::<Vec<_>>(),
                    "{file}: errors"
                );
            }
            other => panic!("{file}: expect.{other} is not a check"),
        }
    }
}

/// Name and content of each vector of one kind, sorted by name.
fn vectors(kind: &str) -> Vec<(String, Value)> {
    let folder = tests_folder().join("conformance/server").join(kind);
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the vectors' folder").flatten().map(|e| e.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |file: PathBuf| {
        let text = fs::read(&file).expect("a readable vector");
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        let vector = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, vector)
    };
    files.into_iter().map(read).collect()
}
