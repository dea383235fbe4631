//! Runs every vector of `tests/conformance/sdk` through the public API. One test in a binary of its own, as the
//! client is global.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "conformance/filters.rs"]
mod filters;
#[path = "conformance/hooks.rs"]
mod hooks;
#[path = "conformance/repeat.rs"]
mod repeat;
#[path = "conformance/requests.rs"]
mod requests;
#[path = "conformance/server.rs"]
mod server;
#[path = "conformance/sessions.rs"]
mod sessions;
#[path = "conformance/signals.rs"]
mod signals;
#[path = "conformance/spans.rs"]
mod spans;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use watchpost::{Breadcrumb, ClientOptions, Event, Level, SharedScope, Timestamp, User};
use watchpost_core::testing::TestClient;

const DSN: &str = "https://key@errors.example.com/42";

#[test]
fn every_vector_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance");
    let mut files = Vec::new();
    collect(&root.join("sdk"), &mut files);
    let names: Vec<String> =
        files.iter().map(|file| file.strip_prefix(&root).unwrap().to_string_lossy().into_owned()).collect();
    let skips = skips(&root, &names);
    let mut failures = Vec::new();
    let mut ran = 0;
    for (file, name) in files.iter().zip(&names) {
        if skips.contains(name) {
            continue;
        }
        let vector: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        if let Err(why) = run(&repeat::expanded(&vector)) {
            failures.push(format!("{name}: {why}"));
        }
        ran += 1;
    }
    assert!(failures.is_empty(), "{} of {ran} vectors fail:\n{}", failures.len(), failures.join("\n"));
    assert!(ran >= 40 && ran + skips.len() == files.len(), "{ran} vectors ran, {} exist", files.len());
}

fn run(vector: &Value) -> Result<(), String> {
    let (given, expect) = (&vector["given"], &vector["expect"]);
    let variable = |name: &str| given["env"][name].as_str().map(str::to_owned);
    let options =
        options(&given["options"], &vector["hooks"]).and_then(|options| options.with_variables(variable));
    let options = match options {
        Ok(options) => options,
        Err(error) => {
            let wanted = (expect["init_error"]["option"].as_str(), expect["init_error"]["contains"].as_str());
            let text = error.to_string();
            return match wanted {
                (Some(option), Some(part)) if error.field() == option && text.contains(part) => Ok(()),
                _ => Err(format!("init failed: {text}")),
            };
        }
    };
    if !expect["init_error"].is_null() {
        return Err("init did not fail".into());
    }
    if let Some(wanted) = expect.get("dsn") {
        let facts = options.dsn().map_or(json!({"enabled": false}), |dsn| {
            json!({"enabled": true, "envelope_url": dsn.envelope_url(), "public_key": dsn.public_key(), "org_id": dsn.org_id(),
                "project_id": dsn.project_id(), "auth_header": dsn.auth_header("watchpost.test/0.0.0")})
        });
        matches("dsn", wanted, Some(&facts))?;
    }
    let now = Timestamp::from_seconds(given["now"].as_f64().unwrap_or(1_767_323_045.0)).unwrap();
    let seed = given["seed"].as_u64().unwrap_or(1);
    let (mut _guard, mut test, script) = if given["answers"].is_array() {
        let (guard, test, script) = server::client(options, &given["answers"], now, seed);
        (guard, test, Some(script))
    } else {
        let (guard, test) = watchpost::testing::init(options, now, seed);
        (guard, test, None)
    };
    let (mut captured, mut envelopes) = (Vec::new(), Vec::new());
    spans::reset();
    BOUND.take();
    for (list, die) in sessions::starts(&vector["calls"]) {
        calls(&list, &test, &mut captured);
        envelopes.append(&mut test.transport.take());
        if let Some(die) = die {
            let (vanished, now) = sessions::left(&test, &die);
            let again =
                crate::options(&sessions::merged(&given["options"], &die["options"]), &vector["hooks"]);
            (_guard, test) = watchpost::testing::restart(
                sessions::recorded(again.unwrap(), &die),
                now,
                seed + 1,
                vanished,
            );
        }
    }
    if let Some(wanted) = expect.get("headers") {
        matches("headers", wanted, Some(&spans::headers()))?;
    }
    if let Some(wanted) = expect.get("captured") {
        matches("captured", wanted, Some(&json!(captured)))?;
    }
    if let Some(wanted) = expect["bytes"].as_str() {
        let mut bytes = Vec::new();
        envelopes.first().ok_or("nothing was sent")?.encode(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        if text != wanted {
            return Err(format!("bytes are {text:?}"));
        }
    }
    if let Some(wanted) = expect.get("envelopes") {
        let shapes: Vec<Value> = envelopes.iter().map(shape).collect();
        matches("envelopes", wanted, Some(&json!(shapes)))?;
    }
    if let Some(wanted) = expect.get("requests") {
        let found = script.ok_or("only a vector with `answers` has requests")?.shapes(shape);
        matches("requests", wanted, Some(&json!(found)))?;
    }
    if let Some(wanted) = expect["dropped"].as_array() {
        let report = test.client.reports().take(now);
        let dropped = json!(report.map(|report| report.discarded_events).unwrap_or_default());
        let dropped = dropped.as_array().cloned().unwrap_or_default();
        if dropped.len() != wanted.len() || !wanted.iter().all(|entry| dropped.contains(entry)) {
            return Err(format!("dropped is {dropped:?}"));
        }
    }
    Ok(())
}

fn options(given: &Value, hooks: &Value) -> watchpost::Result<ClientOptions> {
    let dsn = given.get("dsn").map_or(Some(DSN), Value::as_str);
    let sdk = serde_json::from_value(json!({"name": "watchpost.test", "version": "0.0.0"})).unwrap();
    let mut options = ClientOptions::new().with_sdk(sdk).with_platform("other");
    if let Some(dsn) = dsn {
        options = options.with_dsn(dsn)?;
    }
    for (name, value) in given.as_object().into_iter().flatten() {
        let text = || value.as_str().unwrap();
        let texts = || serde_json::from_value(value.clone()).unwrap();
        options = match name.as_str() {
            "dsn" => options,
            "release" => options.with_release(text()),
            "environment" => options.with_environment(text()),
            "dist" => options.with_dist(text()),
            "modules" => options.with_modules(serde_json::from_value(value.clone()).unwrap()),
            "server_name" => options.with_server_name(text()),
            "sample_rate" => options.with_sample_rate(value.as_f64().unwrap())?,
            "max_breadcrumbs" => options.with_max_breadcrumbs(value.as_u64().unwrap() as usize),
            "auto_session_tracking" => options.with_auto_session_tracking(value.as_bool().unwrap()),
            "report_killed" => options.with_report_killed(value.as_bool().unwrap()),
            "send_client_reports" => options.with_send_client_reports(value.as_bool().unwrap()),
            "compression" => options.with_compression(text())?,
            "http_proxy" => options.with_http_proxy(text())?,
            "https_proxy" => options.with_https_proxy(text())?,
            "tunnel" => options.with_tunnel(text())?,
            "spotlight" => match value.as_bool() {
                Some(yes) => options.with_spotlight(yes),
                None => options.with_spotlight_url(text())?,
            },
            "in_app_include" => options.with_in_app_include(texts()),
            "in_app_exclude" => options.with_in_app_exclude(texts()),
            other if spans::OPTIONS.contains(&other) => spans::option(other, value, options)?,
            other => match filters::option(other, value, &options)? {
                Some(options) => options,
                None => signals::option(options, other, value)
                    .unwrap_or_else(|| panic!("the runner does not know the option {other}")),
            },
        };
    }
    options = filters::hooks(spans::hooks(hooks, options), hooks);
    Ok(signals::hooks(hooks::of_events(options, hooks), hooks))
}

fn calls(list: &Value, test: &TestClient, captured: &mut Vec<bool>) {
    for call in list.as_array().unwrap() {
        one(call, test, captured);
    }
}

fn one(call: &Value, test: &TestClient, captured: &mut Vec<bool>) {
    let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
    let scope: SharedScope = match call["scope"].as_str() {
        Some("global") => watchpost::global_scope(),
        Some("current") => watchpost::current_scope(),
        _ => watchpost::isolation_scope(),
    };
    let top = call["scope"].is_null();
    let key = text("key");
    if signals::one(call, top, &scope, captured, |list, captured| calls(list, test, captured)) {
        return;
    }
    match text("do").as_str() {
        "capture_event" => {
            let event: Event = serde_json::from_value(call["event"].clone()).unwrap();
            captured.push(watchpost::capture_event(event).is_some());
        }
        "capture_message" => {
            let level = call["level"].as_str().and_then(Level::parse_lenient);
            captured.push(watchpost::capture_message(text("message"), level).is_some());
        }
        "add_breadcrumb" => {
            let crumb: Breadcrumb = serde_json::from_value(call["breadcrumb"].clone()).unwrap();
            watchpost::add_breadcrumb(crumb);
        }
        "set_tag" if top => watchpost::set_tag(key, text("value")),
        "set_tag" => scope.update(|scope| scope.set_tag(key, text("value"))),
        "remove_tag" if top => watchpost::remove_tag(&key),
        "remove_tag" => scope.update(|scope| scope.remove_tag(&key)),
        "set_extra" if top => watchpost::set_extra(key, call["value"].clone()),
        "set_extra" => scope.update(|scope| scope.set_extra(key, call["value"].clone())),
        "set_context" => {
            let value = call["value"].as_object().cloned();
            match value {
                value if top => watchpost::set_context(key, value),
                Some(value) => scope.update(|scope| scope.set_context(key, value)),
                None => scope.update(|scope| scope.remove_context(&key)),
            }
        }
        "set_user" => {
            let user: Option<User> = serde_json::from_value(call["user"].clone()).unwrap();
            if top { watchpost::set_user(user) } else { scope.update(|scope| scope.set_user(user)) }
        }
        "set_level" => {
            let level = Level::parse_lenient(&text("level"));
            if top { watchpost::set_level(level) } else { scope.update(|scope| scope.set_level(level)) }
        }
        "set_fingerprint" => {
            let parts: Vec<watchpost::Text> = serde_json::from_value(call["fingerprint"].clone()).unwrap();
            if top {
                watchpost::set_fingerprint(parts)
            } else {
                scope.update(|scope| scope.set_fingerprint(parts))
            }
        }
        "set_transaction_name" if top => watchpost::set_transaction_name(text("value")),
        "set_transaction_name" => scope.update(|scope| scope.set_transaction(Some(text("value").into()))),
        "add_event_processor" => {
            let hook = hooks::event_hook(&text("hook"));
            scope.update(|scope| scope.add_event_processor(hook));
        }
        "clear" => scope.update(watchpost::Scope::clear),
        "clear_breadcrumbs" => scope.update(watchpost::Scope::clear_breadcrumbs),
        "new_scope" => watchpost::with_scope(|| calls(&call["calls"], test, captured)),
        "isolation_scope" => watchpost::isolate(|| calls(&call["calls"], test, captured)),
        "repeat" => {
            for round in 0..call["times"].as_u64().unwrap() {
                let text = call["calls"].to_string().replace("{i}", &round.to_string());
                calls(&serde_json::from_str(&text).unwrap(), test, captured);
            }
        }
        "advance_clock" => test.advance(Duration::from_secs_f64(call["seconds"].as_f64().unwrap())),
        "flush" => server::flush(test),
        "close" => drop(watchpost::close(server::PATIENCE)),
        _ if sessions::one(call, |list| calls(list, test, captured)) => {}
        "answer_request" => requests::answer(call, |list| {
            if list.is_array() {
                calls(list, test, captured);
            }
        }),
        other => {
            let mut inner = |list: &Value| {
                if list.is_array() {
                    calls(list, test, captured);
                }
            };
            assert!(spans::call(call, &mut inner), "the runner does not know the call {other}");
        }
    }
}

fn shape(envelope: &watchpost_core::Envelope) -> Value {
    let item = |item: &watchpost_core::Item| {
        let text = || String::from_utf8_lossy(&item.payload).into_owned().into();
        let payload: Value = serde_json::from_slice(&item.payload).unwrap_or_else(|_| text());
        json!({"header": item.header, "payload": payload})
    };
    json!({"header": envelope.header, "items": envelope.items.iter().map(item).collect::<Vec<_>>()})
}

fn matches(at: &str, wanted: &Value, found: Option<&Value>) -> Result<(), String> {
    match (wanted, found) {
        (Value::Null, None | Some(Value::Null)) => Ok(()),
        (Value::String(any), Some(_)) if any == "<any>" => Ok(()),
        (Value::String(rule), Some(found)) if rule.starts_with("<same:") || rule.starts_with("<not:") => {
            bound(at, rule, found)
        }
        (Value::Object(wanted), Some(Value::Object(found))) => {
            wanted.iter().try_for_each(|(key, value)| matches(&format!("{at}.{key}"), value, found.get(key)))
        }
        (Value::Array(wanted), Some(Value::Array(found))) if wanted.len() == found.len() => {
            let mut pairs = wanted.iter().zip(found).enumerate();
            pairs.try_for_each(|(i, (wanted, found))| matches(&format!("{at}[{i}]"), wanted, Some(found)))
        }
        (Value::Number(wanted), Some(Value::Number(found))) if wanted.as_f64() == found.as_f64() => Ok(()),
        (wanted, Some(found)) if wanted == found => Ok(()),
        (wanted, found) => {
            Err(format!("{at} should be {wanted}, is {}", found.map_or("absent".into(), Value::to_string)))
        }
    }
}

thread_local! {
    /// The values that `<same:name>` has stood for in this vector.
    static BOUND: RefCell<HashMap<String, Value>> = RefCell::default();
}

/// `<same:name>` stands for one value wherever it occurs in a vector, `<not:name>` for any but that one.
fn bound(at: &str, rule: &str, found: &Value) -> Result<(), String> {
    let (kind, name) = rule.trim_matches(['<', '>']).split_once(':').unwrap();
    BOUND.with_borrow_mut(|bound| {
        if kind == "same" {
            bound.entry(name.to_owned()).or_insert_with(|| found.clone());
        }
        let known = bound.get(name).ok_or(format!("{at}: nothing was called {name} before"))?;
        match (kind, known == found) {
            ("same", true) | ("not", false) => Ok(()),
            _ => Err(format!("{at} should be {rule}, which stands for {known}, is {found}")),
        }
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// The files that `skips.toml` names for Rust; a name that ends in `/*` stands for all files of a folder.
fn skips(root: &Path, names: &[String]) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root.join("skips.toml")).unwrap();
    let entries = text.split("[[skip]]").skip(1).filter(|entry| entry.contains("language = \"rust\""));
    let mut skips = BTreeSet::new();
    for entry in entries {
        let wanted = entry.split("file = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let folder = wanted.strip_suffix('*');
        let hit = |name: &&String| folder.map_or(name.as_str() == wanted, |folder| name.starts_with(folder));
        let before = skips.len();
        skips.extend(names.iter().filter(hit).cloned());
        assert!(skips.len() > before, "stale skip: {wanted}");
    }
    skips
}
