//! Crashes of a real program, as minidumps.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use support::crash::{minidump, unreal};
use support::program::{Program, line};
use support::upload::{debug_file, doctor};
use support::{KEY, Server};

/// A program that crashes at another address in every run, without frame pointers.
fn crash(program: &Program, dir: &Path) -> Vec<u8> {
    let stack = dir.join("stack");
    let run = program.run(&["crash", stack.to_str().unwrap()]);
    minidump(program, &run, &std::fs::read(stack).unwrap())
}

async fn send(server: &Server, dump: Vec<u8>) -> String {
    let answer = server.post(&format!("/api/42/minidump/?sentry_key={KEY}"), &[], dump).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    server.settle().await;
    String::from_utf8(answer.body.to_vec()).unwrap().replace('-', "")
}

async fn stored(server: &Server, id: &str) -> Value {
    server.get(&format!("/api/0/projects/default/shop/events/{id}/")).await.ok()
}

fn entry<'e>(event: &'e Value, kind: &str) -> &'e Value {
    let entries = event["entries"].as_array().unwrap();
    &entries.iter().find(|entry| entry["type"] == kind).unwrap_or_else(|| panic!("no {kind}: {event}"))["data"]
}

fn calls(trace: &Value) -> Vec<(&str, Option<u64>, &str)> {
    let frames = trace["frames"].as_array().unwrap();
    let text = |frame: &'_ Value, name: &str| frame[name].as_str().map(str::len).is_some();
    frames
        .iter()
        .map(|frame| {
            let function = if text(frame, "function") { frame["function"].as_str().unwrap() } else { "?" };
            (function, frame["lineNo"].as_u64(), frame["trust"].as_str().unwrap_or(""))
        })
        .collect()
}

/// From `main` to the crash; what called `main` is not the program's.
fn is_unwound(trace: &Value) {
    let calls = calls(trace);
    let at = |comment: &str| Some(line(comment) as u64);
    let wanted = [
        ("main", at("crashed from here"), "cfi"),
        ("checkout", at("checked out here"), "cfi"),
        ("pay", at("paid here"), "context"),
        ("charge", at("charged here"), "context"),
        ("store", at("stored here"), "context"),
    ];
    assert!(calls.ends_with(&wanted), "{calls:?}");
}

#[tokio::test]
async fn a_dump_is_unwound_by_the_program_and_named_by_its_debug_file() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    let (stripped, taken) = program.stripped();
    debug_file(&server, "shop", &stripped).await;
    debug_file(&server, "shop.debug", &taken).await;
    let id = send(&server, crash(&program, dir.path())).await;
    let event = stored(&server, &id).await;
    assert_eq!(event["title"], "SIGSEGV: Fatal error: SIGSEGV / SEGV_MAPERR at 0x0");
    assert!(event["culprit"].as_str().unwrap().contains("store"), "{}", event["culprit"]);
    let exception = &entry(&event, "exception")["values"][0];
    is_unwound(&exception["stacktrace"]);
    assert_eq!((&exception["threadId"], &exception["mechanism"]["type"]), (&json!(77), &json!("minidump")));
    assert_eq!(exception["mechanism"]["meta"]["signal"]["number"], 11);
    let registers = &exception["stacktrace"]["registers"];
    let innermost = exception["rawStacktrace"]["frames"].as_array().unwrap().last().unwrap();
    assert!(registers["rip"].is_string() && registers["rip"] == innermost["instructionAddr"], "{registers}");
    let threads = entry(&event, "threads")["values"].as_array().unwrap();
    let about: Vec<_> = threads.iter().map(|thread| (&thread["id"], &thread["crashed"])).collect();
    assert_eq!(about, [(&json!(77), &json!(true)), (&json!(78), &json!(false))]);
    assert_eq!(threads[0]["stacktrace"], Value::Null, "the exception has it");
    is_unwound(&threads[1]["stacktrace"]);
    let image = &entry(&event, "debugmeta")["images"][0];
    assert_eq!((&image["code_file"], &image["debug_status"]), (&json!("/srv/shop/shop"), &json!("found")));
    assert_eq!(
        (&event["contexts"]["os"]["name"], &event["contexts"]["device"]["arch"]),
        (&json!("Linux"), &json!("x86_64"))
    );
    let attachments =
        server.get(&format!("/api/0/projects/default/shop/events/{id}/attachments/")).await.ok();
    assert_eq!(attachments[0]["type"], "event.minidump");
    // Another crash at the same place, wherever it was loaded, is the same issue.
    send(&server, crash(&program, dir.path())).await;
    let issues = server.get("/api/0/organizations/default/issues/").await.ok();
    assert_eq!((issues.as_array().unwrap().len(), &issues[0]["count"]), (1, &json!("2")), "{issues}");
}

#[tokio::test]
async fn a_dump_that_came_too_early_is_unwound_again() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    let id = send(&server, crash(&program, dir.path())).await;
    let early = stored(&server, &id).await;
    let trace = entry(&early, "exception")["values"][0]["stacktrace"].clone();
    let (function, _, trust) = *calls(&trace).last().unwrap();
    assert_eq!((function, trust), ("?", "context"));
    assert!(calls(&trace).iter().all(|(_, _, trust)| *trust != "cfi"), "nothing to unwind by: {trace}");
    let verdict = doctor(&server, &id).await.into_iter().rfind(|verdict| verdict["exception"] == 0).unwrap();
    assert_eq!(
        (&verdict["reason"], &verdict["mayChange"]),
        (&json!("debug_file_not_uploaded"), &json!(true))
    );
    debug_file(&server, "shop", &program.bytes()).await;
    doctor(&server, &id).await;
    for _ in 0..2 {
        let path = format!("/api/0/projects/default/shop/events/{id}/reprocess/");
        server.post_json(&path, Value::Null).await.ok();
        let event = stored(&server, &id).await;
        is_unwound(&entry(&event, "exception")["values"][0]["stacktrace"]);
        is_unwound(&entry(&event, "threads")["values"][1]["stacktrace"]);
        assert_eq!(event["errors"], json!([]), "{event}");
    }
}

#[tokio::test]
async fn the_dump_in_an_unreal_report_goes_the_same_way() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    debug_file(&server, "shop", &program.bytes()).await;
    let report = unreal(&[("UE4Minidump.dmp", crash(&program, dir.path()))]);
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&report).unwrap();
    let answer = server.post(&format!("/api/42/unreal/{KEY}/"), &[], packer.finish().unwrap()).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    server.settle().await;
    let id = String::from_utf8(answer.body.to_vec()).unwrap().replace('-', "");
    is_unwound(&entry(&stored(&server, &id).await, "exception")["values"][0]["stacktrace"]);
}

#[tokio::test]
async fn a_damaged_dump_is_an_event_all_the_same() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    debug_file(&server, "shop", &program.bytes()).await;
    let dump = crash(&program, dir.path());
    let mut sent = 0;
    for at in (4..dump.len()).step_by(dump.len() / 24) {
        let mut damaged = dump.clone();
        // Some bytes are other ones, or the end is missing.
        for byte in &mut damaged[at..dump.len().min(at + 8)] {
            *byte ^= 0xFF;
        }
        send(&server, damaged).await;
        send(&server, dump[..at].to_vec()).await;
        sent += 2;
    }
    let all = server.get("/api/0/projects/default/shop/events/?per_page=100").await.ok();
    assert_eq!(all.as_array().unwrap().len(), sent);
    is_unwound(
        &entry(&stored(&server, &send(&server, dump).await).await, "exception")["values"][0]["stacktrace"],
    );
}
