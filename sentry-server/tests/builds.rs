//! What builds tell and upload: releases, commits, deploys, source maps, and what events become by them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use support::upload::{send_part, sha1};
use support::{Server, event_envelope};
use zip::write::SimpleFileOptions;

const ORG: &str = "/api/0/organizations/default";
const DEBUG_ID: &str = "dfb8e43a-f224-23d7-3a45-3aeb6a777ef7";

/// `throw` in `pay` (line 2, column 3 of `src/pay.js`) at line 1, column 16 of the minified file.
const MINIFIED: &str = "function a(b){throw new Error(b)}a(1)\n//# sourceMappingURL=app.min.js.map\n";

fn map() -> String {
    json!({
        "version": 3, "file": "app.min.js", "sources": ["../src/pay.js"], "names": ["pay", "amount"],
        "sourcesContent": ["function pay(amount) {\n  throw new Error(amount)\n}\npay(1)\n"],
        // 1:0 the function, 1:9 its name, 1:14 the throw in line 2, 1:33 the call in line 4.
        "mappings": "AAAA,SAASA,KACP,mBAEFA",
    })
    .to_string()
}

fn bundle(with_ids: bool) -> Vec<u8> {
    let headers = |more: Value| {
        let mut headers = more;
        if with_ids {
            headers["debug-id"] = DEBUG_ID.into();
        }
        headers
    };
    let manifest = json!({ "files": {
        "files/app.min.js": { "type": "minified_source", "url": "~/static/app.min.js",
            "headers": headers(json!({ "sourcemap": "app.min.js.map" })) },
        "files/app.min.js.map": { "type": "source_map", "url": "~/static/app.min.js.map", "headers": headers(json!({})) },
    } });
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let files = [
        ("manifest.json", manifest.to_string()),
        ("files/app.min.js", MINIFIED.into()),
        ("files/app.min.js.map", map()),
    ];
    for (path, content) in files {
        writer.start_file(path, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    let mut bytes = b"SYSB\x02\0\0\0".to_vec();
    bytes.extend(writer.finish().unwrap().into_inner());
    bytes
}

async fn upload(server: &Server, bundle: &[u8], release: Option<&str>) {
    let (left, right) = bundle.split_at(bundle.len() / 2);
    let chunks = [sha1(left), sha1(right)];
    let form =
        json!({ "checksum": sha1(bundle), "chunks": chunks, "projects": ["shop"], "version": release });
    let path = format!("{ORG}/artifactbundle/assemble/");
    let asked = server.post_json(&path, form.clone()).await.ok();
    assert_eq!((asked["state"].as_str(), &asked["missingChunks"]), (Some("not_found"), &json!(chunks)));
    let at = format!("{ORG}/chunk-upload/");
    assert_eq!(send_part(server, &at, "file", &chunks[0], left).await.status, 200);
    let asked = server.post_json(&path, form.clone()).await.ok();
    assert_eq!(asked["missingChunks"], json!([chunks[1]]), "only what is missing");
    let packed = support::gzip(right);
    assert_eq!(send_part(server, &at, "file_gzip", &chunks[1], &packed).await.status, 200);
    for _ in 0..2 {
        let done = server.post_json(&path, form.clone()).await.ok();
        assert_eq!((done["state"].as_str(), &done["missingChunks"]), (Some("ok"), &json!([])), "{done}");
    }
}

fn event(release: Option<&str>, with_id: bool) -> Value {
    let mut event = json!({
        "platform": "javascript",
        "exception": { "values": [{ "type": "Error", "value": "1", "stacktrace": { "frames": [
            { "abs_path": "https://shop.test/static/app.min.js", "filename": "/static/app.min.js", "function": "?",
              "lineno": 1, "colno": 34, "in_app": true },
            { "abs_path": "https://shop.test/static/app.min.js", "filename": "/static/app.min.js", "function": "a",
              "lineno": 1, "colno": 15, "in_app": true },
        ] } }] },
    });
    if let Some(release) = release {
        event["release"] = release.into();
    }
    if with_id {
        event["debug_meta"] = json!({ "images": [
            { "type": "sourcemap", "code_file": "https://shop.test/static/app.min.js", "debug_id": DEBUG_ID }
        ] });
    }
    event
}

async fn frames(server: &Server, id: u128) -> Value {
    let event = server.get(&format!("/api/0/projects/default/shop/events/{id:032x}/")).await.ok();
    event["entries"][0]["data"]["values"][0]["stacktrace"]["frames"].clone()
}

async fn doctor(server: &Server, id: u128) -> Value {
    let path = format!("/api/0/projects/default/shop/events/{id:032x}/source-map-debug/");
    server.get(&path).await.ok()["frames"][1].clone()
}

fn is_resolved(frames: &Value) {
    let frame = &frames[1];
    assert_eq!(frame["filename"], "src/pay.js", "{frame}");
    assert_eq!((frame["lineNo"].as_i64(), frame["colNo"].as_i64()), (Some(2), Some(3)), "{frame}");
    assert_eq!(frame["function"], "pay");
    let lines: Vec<&str> =
        frame["context"].as_array().unwrap().iter().map(|line| line[1].as_str().unwrap()).collect();
    assert_eq!(lines, ["function pay(amount) {", "  throw new Error(amount)", "}", "pay(1)"]);
    assert_eq!(frames[0]["lineNo"], 4);
}

#[tokio::test]
async fn a_frame_is_resolved_by_its_debug_id() {
    let server = Server::start();
    upload(&server, &bundle(true), None).await;
    server.envelope(event_envelope(1, &event(None, true))).await.ok();
    server.settle().await;
    is_resolved(&frames(&server, 1).await);
    assert_eq!(doctor(&server, 1).await["resolvedWith"], "debug-id");
    let issue = server.get(&format!("{ORG}/issues/1/")).await.ok();
    assert!(issue["culprit"].as_str().unwrap().contains("pay"), "{}", issue["culprit"]);
    let metadata = &issue["metadata"];
    assert_eq!((&metadata["function"], &metadata["filename"]), (&json!("pay"), &json!("src/pay.js")));
}

#[tokio::test]
async fn a_frame_is_resolved_by_release_and_name_and_the_doctor_says_why_not() {
    let server = Server::start();
    upload(&server, &bundle(false), Some("shop@1")).await;
    for (id, release, with_id) in
        [(1, Some("shop@1"), false), (2, None, false), (3, Some("shop@2"), false), (4, None, true)]
    {
        server.envelope(event_envelope(id, &event(release, with_id))).await.ok();
    }
    let mut elsewhere = event(Some("shop@1"), false);
    elsewhere["exception"]["values"][0]["stacktrace"]["frames"][1]["abs_path"] =
        "https://shop.test/other.js".into();
    server.envelope(event_envelope(5, &elsewhere)).await.ok();
    let mut beyond = event(Some("shop@1"), false);
    beyond["exception"]["values"][0]["stacktrace"]["frames"][1]["lineno"] = 7.into();
    server.envelope(event_envelope(6, &beyond)).await.ok();
    server.settle().await;
    is_resolved(&frames(&server, 1).await);
    for (id, reason) in [
        (2, "no_debug_id_and_no_release"),
        (3, "release_without_files"),
        (4, "debug_id_not_uploaded"),
        (5, "no_file_of_this_name"),
    ] {
        let verdict = doctor(&server, id).await;
        assert_eq!((verdict["reason"].as_str(), verdict["resolved"].as_bool()), (Some(reason), Some(false)));
        assert!(verdict["message"].as_str().unwrap().len() > 20);
        assert_eq!(frames(&server, id).await[1]["function"], "a", "left as it was");
    }
    let event = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/", 5)).await.ok();
    assert_eq!(event["errors"][0]["reason"], "no_file_of_this_name");
}

#[tokio::test]
async fn an_event_that_came_too_early_is_resolved_afterwards() {
    let server = Server::start();
    server.envelope(event_envelope(1, &event(None, true))).await.ok();
    server.settle().await;
    assert_eq!(frames(&server, 1).await[1]["function"], "a");
    assert_eq!(doctor(&server, 1).await["mayChange"], true);
    upload(&server, &bundle(true), None).await;
    assert_eq!(doctor(&server, 1).await["resolved"], true);
    let path = format!("/api/0/projects/default/shop/events/{:032x}/reprocess/", 1);
    server.post_json(&path, Value::Null).await.ok();
    is_resolved(&frames(&server, 1).await);
    // Again: from what the client sent, not from what it became.
    server.post_json(&path, Value::Null).await.ok();
    is_resolved(&frames(&server, 1).await);
}

#[tokio::test]
async fn files_uploaded_one_by_one_resolve_too() {
    let server = Server::start();
    assert_eq!(
        server
            .post_json(&format!("{ORG}/releases/"), json!({ "version": "shop@1", "projects": ["shop"] }))
            .await
            .status,
        201
    );
    let files = "/api/0/projects/default/shop/releases/shop@1/files/";
    for (name, content) in [("~/static/app.min.js", MINIFIED.to_owned()), ("~/static/app.min.js.map", map())]
    {
        let added = send_part(&server, files, "file", name, content.as_bytes()).await;
        assert_eq!(added.status, 201, "{:?}", added.body);
        assert_eq!(added.json()["name"], name);
        let twice = send_part(&server, files, "file", name, content.as_bytes()).await;
        assert_eq!(twice.status, 409);
    }
    server.envelope(event_envelope(1, &event(Some("shop@1"), false))).await.ok();
    server.settle().await;
    is_resolved(&frames(&server, 1).await);
    let listed = server.get(files).await.ok();
    let id = listed[1]["id"].as_str().unwrap();
    let content = server.get(&format!("{files}{id}/?download=1")).await;
    assert_eq!(content.body, map().as_bytes());
    assert_eq!(server.delete(&format!("{files}{id}/")).await.status, 204);
    assert_eq!(server.get(files).await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_an_upload_is_said() {
    let server = Server::start();
    let at = format!("{ORG}/chunk-upload/");
    for (name, file_name, bytes, word) in [
        ("file", "nonsense", &b"x"[..], "no SHA-1"),
        ("file", "a9993e364706816aba3e25717850c26c9cd0d89d", b"x", "another SHA-1"),
        ("file_gzip", "a9993e364706816aba3e25717850c26c9cd0d89d", b"x", "inflated"),
    ] {
        let answer = send_part(&server, &at, name, file_name, bytes).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{:?}", answer.body);
    }
    let bomb = support::gzip(&vec![0; 9 * 1024 * 1024]);
    let answer =
        send_part(&server, &at, "file_gzip", "a9993e364706816aba3e25717850c26c9cd0d89d", &bomb).await;
    assert_eq!(answer.status, 400);
    // Whole, but no bundle.
    assert_eq!(send_part(&server, &at, "file", &sha1(b"abc"), b"abc").await.status, 200);
    let form = json!({ "checksum": sha1(b"abc"), "chunks": [sha1(b"abc")], "projects": ["shop"] });
    let done = server.post_json(&format!("{ORG}/artifactbundle/assemble/"), form).await.ok();
    assert_eq!(done["state"], "error");
    assert!(done["detail"].as_str().unwrap().contains("bundle"));
    let form = json!({ "checksum": sha1(b"abd"), "chunks": [sha1(b"abc")], "projects": ["shop"] });
    let done = server.post_json(&format!("{ORG}/artifactbundle/assemble/"), form).await.ok();
    assert!(done["detail"].as_str().unwrap().contains("checksum"), "{done}");
}

#[tokio::test]
async fn releases_keep_commits_and_deploys_and_know_their_events() {
    let server = Server::start();
    let releases = format!("{ORG}/releases/");
    let form = json!({ "version": "shop@1.0", "projects": ["shop"], "url": "http://x.test" });
    assert_eq!(server.post_json(&releases, form.clone()).await.status, 201);
    assert_eq!(server.post_json(&releases, form).await.status, 208);
    for wrong in [
        json!({}),
        json!({ "version": "latest" }),
        json!({ "version": "a\nb" }),
        json!({ "version": "x", "projects": ["none"] }),
    ] {
        assert!(server.post_json(&releases, wrong.clone()).await.status.is_client_error(), "{wrong}");
    }
    let one = format!("{releases}shop@1.0/");
    let commits = json!({ "commits": [
        { "id": "b".repeat(40), "repository": "shop", "author_name": "Ada", "message": "newer",
          "timestamp": "2026-11-22T10:00:00Z", "patch_set": [{ "path": "pay.js", "type": "M" }] },
        { "id": "a".repeat(40), "repository": "shop", "message": "older" },
    ] });
    let changed = server.put(&one, commits).await.ok();
    assert_eq!(
        (changed["commitCount"].as_i64(), changed["lastCommit"]["id"].as_str()),
        (Some(2), Some("b".repeat(40).as_str()))
    );
    let listed = server.get(&format!("{one}commits/")).await.ok();
    assert_eq!(
        (listed[0]["author"]["name"].as_str(), listed[0]["patchSet"][0]["path"].as_str()),
        (Some("Ada"), Some("pay.js"))
    );
    assert_eq!(server.get(&format!("{ORG}/repos/")).await.ok()[0]["name"], "shop");
    server.clock.advance(std::time::Duration::from_secs(60));
    server.put(&format!("{releases}shop@1.1/"), json!({ "dateReleased": "2026-11-22T18:00:00Z" })).await.ok();
    let before = server.get(&format!("{releases}shop@1.1/previous-with-commits/")).await.ok();
    assert_eq!(before["version"], "shop@1.0");
    assert_eq!(server.get(&format!("{one}previous-with-commits/")).await.ok(), json!({}));
    let deploy = json!({ "environment": "prod", "name": "first" });
    assert_eq!(server.post_json(&format!("{one}deploys/"), deploy).await.status, 201);
    assert_eq!(server.get(&format!("{one}deploys/")).await.ok()[0]["projects"], json!(["shop"]));
    // An event makes the release that it names.
    let mut event = support::error("A", "f");
    for (id, release) in [(1, "shop@1.0"), (2, "shop@2.0")] {
        event["release"] = json!(release);
        server.envelope(event_envelope(id, &event)).await.ok();
    }
    server.settle().await;
    let seen = server.get(&one).await.ok();
    assert!(seen["firstEvent"].is_string());
    assert_eq!(seen["newGroups"], 1);
    let versions = server.get("/api/0/projects/default/shop/releases/").await.ok();
    let versions: Vec<&str> =
        versions.as_array().unwrap().iter().map(|row| row["version"].as_str().unwrap()).collect();
    assert_eq!(versions, ["shop@2.0", "shop@1.0"]);
    assert_eq!(server.get(&format!("{releases}?query=1.1")).await.ok().as_array().unwrap().len(), 1);
    assert_eq!(server.delete(&one).await.status, 204);
    assert_eq!(server.delete(&one).await.status, 404);
}

#[tokio::test]
async fn a_backup_has_the_files_and_a_check_misses_them() {
    let server = Server::start();
    upload(&server, &bundle(true), None).await;
    let (copy, back) = (server.dir.path().join("copy"), server.dir.path().join("back"));
    watchpost_server::backup(&server.config.data, &copy).unwrap();
    watchpost_server::restore(&copy, &back).unwrap();
    assert_eq!(watchpost_server::check(&back).unwrap().problems, [""; 0]);
    std::fs::remove_dir_all(back.join("files/blobs")).unwrap();
    let found = watchpost_server::check(&back).unwrap();
    assert_eq!(found.problems, ["files: 1 uploaded files are missing or cut short"]);
}
