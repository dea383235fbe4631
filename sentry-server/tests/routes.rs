//! Every other way in: legacy forms, browsers' reports, crash files, cron addresses, OpenTelemetry.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write as _;

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use serde_json::{Value, json};
use support::{KEY, Server, auth, error, texts};

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

async fn event(server: &Server, id: &str) -> Value {
    server.settle().await;
    server.get(&format!("/api/0/projects/default/shop/events/{}/", id.replace('-', ""))).await.ok()
}

async fn count(server: &Server) -> usize {
    server.settle().await;
    server.get("/api/0/projects/default/shop/events/").await.ok().as_array().unwrap().len()
}

#[tokio::test]
async fn legacy_bodies_are_read() {
    let server = Server::start();
    let own = auth();
    let shown = [("x-sentry-auth", own.as_str())];
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    // Characters that make + and / in base64.
    let body = |n: u128| {
        let mut event = error("Legacy", "f");
        event["event_id"] = format!("{n:032x}").into();
        event["extra"] = json!({ "x": "~~~???>>>ÿÿÿ" });
        event.to_string()
    };
    let form = |text: &str| {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("a", "b")
            .append_pair("sentry_data", text)
            .finish()
    };
    let bodies: Vec<Vec<u8>> = vec![
        body(1).into_bytes(),
        base64(body(2).as_bytes()).into_bytes(),
        base64(&zlib(body(3).as_bytes())).into_bytes(),
        form(&body(4)).into_bytes(),
        form(&base64(&zlib(body(5).as_bytes()))).into_bytes(),
        body(6).replace("\"~~~", "NaN,\"y\":\"~~~").into_bytes(),
    ];
    for (n, bytes) in bodies.iter().enumerate() {
        let path = if n % 2 == 0 { "/api/42/store/" } else { "/api/store" };
        let answer = server.post(path, &shown, bytes.clone()).await;
        assert_eq!(answer.ok(), json!({ "id": format!("{:032x}", n + 1) }), "{n}");
    }
    for (n, data) in [(7, body(7)), (8, base64(&zlib(body(8).as_bytes())))] {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("sentry_version", "7")
            .append_pair("sentry_key", KEY)
            .append_pair("sentry_data", &data)
            .finish();
        let answer = server.call(Method::GET, &format!("/api/42/store/?{query}"), &[], Body::empty()).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "image/gif"), "{n}");
        assert!(answer.body.starts_with(b"GIF89a"));
    }
    assert_eq!(count(&server).await, 8);
    for (path, bytes, status) in [
        ("/api/42/store/", "", 400),
        ("/api/42/store/", "%%%", 400),
        ("/api/42/store/", "aGVsbG8=", 400),
        ("/api/store/", "{\"event_id\":", 400),
    ] {
        let answer = server.post(path, &shown, bytes).await;
        assert_eq!(answer.status, status, "{bytes}");
    }
    let wrong = [("x-sentry-auth", "Sentry sentry_key=f123456789abcdef0123456789abcdef")];
    assert_eq!(server.post("/api/store/", &wrong, body(9)).await.status, 403);
}

#[tokio::test]
async fn reports_of_browsers_become_events() {
    let server = Server::start();
    let path =
        |kind: &str| format!("/api/42/{kind}?sentry_key={KEY}&sentry_release=web%401&sentry_environment=eu");
    let csp = json!({ "csp-report": { "document-uri": "https://shop.example/pay", "blocked-uri": "https://evil.example/x",
        "effective-directive": "script-src-elem", "violated-directive": "script-src" } });
    for kind in ["security/", "security", "csp-report/"] {
        let headers = [("content-type", "application/csp-report")];
        let answer = server.post(&path(kind), &headers, csp.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{kind}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let many = json!([
        { "type": "csp-violation", "url": "https://shop.example/", "body": { "documentURL": "https://shop.example/",
          "blockedURL": "inline", "effectiveDirective": "style-src" } },
        { "type": "deprecation", "url": "https://shop.example/", "body": { "id": "unload", "message": "unload goes" } },
    ]);
    let headers = [("content-type", "application/reports+json")];
    assert_eq!(server.post(&path("security/"), &headers, many.to_string()).await.status, 200);
    let nel = json!([{ "age": 1, "type": "network-error", "url": "https://shop.example/a",
        "body": { "type": "dns.name_not_resolved", "phase": "dns" } }]);
    assert_eq!(server.post(&path("nel/"), &headers, nel.to_string()).await.status, 200);
    assert_eq!(count(&server).await, 6);
    let events = server.get("/api/0/projects/default/shop/events/").await.ok();
    let titles: Vec<&str> =
        events.as_array().unwrap().iter().map(|event| event["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"Blocked 'script' from 'evil.example'"), "{titles:?}");
    assert!(titles.contains(&"Request to shop.example failed: dns.name_not_resolved"), "{titles:?}");
    let issues = server.get("/api/0/organizations/default/issues/").await.ok();
    assert_eq!(issues.as_array().unwrap().len(), 4, "the same violation is one issue");
    let outcomes = server.get("/api/0/organizations/default/outcomes/").await.ok();
    let security = outcomes.as_array().unwrap().iter().find(|row| row["category"] == "security").unwrap();
    assert_eq!(security["quantity"], 6);
    let id = events[0]["eventID"].as_str().unwrap();
    let event = event(&server, id).await;
    assert!(
        event["tags"].as_array().unwrap().contains(&json!({ "key": "release", "value": "web@1" })),
        "{event}"
    );

    let odd = [("content-type", "application/pdf")];
    assert_eq!(server.post(&path("security/"), &odd, csp.to_string()).await.status, 415);
    assert_eq!(server.post(&path("security/"), &headers, "nonsense").await.status, 400);
    assert_eq!(server.post("/api/42/security/", &headers, csp.to_string()).await.status, 401);
}

/// A minidump with the least that says what happened: a system and an exception.
fn minidump() -> Vec<u8> {
    let (header, directory, system, exception) = (32_u32, 24_u32, 56_u32, 168_u32);
    let mut dump = Vec::new();
    dump.extend_from_slice(b"MDMP");
    for word in [0xA793, 2, header, 0, 0, 0, 0] {
        dump.extend_from_slice(&u32::to_le_bytes(word));
    }
    let system_at = header + directory;
    for word in [7, system, system_at, 6, exception, system_at + system] {
        dump.extend_from_slice(&u32::to_le_bytes(word));
    }
    let start = dump.len();
    dump.extend_from_slice(&9_u16.to_le_bytes());
    dump.extend_from_slice(&[0, 0, 0, 0, 8, 1]);
    for word in [6_u32, 1, 0, 0x8201, 0] {
        dump.extend_from_slice(&word.to_le_bytes());
    }
    dump.resize(start + system as usize, 0);
    let start = dump.len();
    for word in [77_u32, 0, 11, 1] {
        dump.extend_from_slice(&word.to_le_bytes());
    }
    for word in [0_u64, 0xDEAD_BEEF] {
        dump.extend_from_slice(&word.to_le_bytes());
    }
    dump.resize(start + exception as usize, 0);
    dump
}

fn form(fields: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file, bytes) in fields {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    ("multipart/form-data; boundary=XX".to_owned(), body)
}

async fn attachments(server: &Server, id: &str) -> Vec<String> {
    let path = format!("/api/0/projects/default/shop/events/{}/attachments/", id.replace('-', ""));
    let list = server.get(&path).await.ok();
    list.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_minidump_becomes_an_event_with_its_files() {
    let server = Server::start();
    let packed = support::gzip(&minidump());
    for (n, dump) in [minidump(), packed].into_iter().enumerate() {
        let sentry = json!({ "release": "game@1", "tags": { "n": n.to_string() } }).to_string();
        let (content_type, body) = form(&[
            ("sentry", None, sentry.as_bytes()),
            ("guid", None, b"abc"),
            ("upload_file_minidump", Some("crash.dmp"), &dump),
            ("log", Some("dir/game.log"), b"line"),
        ]);
        let path = if n == 0 { "/api/42/minidump/" } else { "/api/42/minidump" };
        let headers = [("content-type", content_type.as_str())];
        let answer = server.post(&format!("{path}?sentry_key={KEY}"), &headers, body).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let id = String::from_utf8(answer.body.to_vec()).unwrap();
        assert_eq!((id.len(), answer.header("content-type")), (36, "text/plain; charset=utf-8"));
        let event = event(&server, &id).await;
        assert_eq!(event["title"], "SIGSEGV: Fatal error: SIGSEGV / SEGV_MAPERR at 0xdeadbeef", "{event}");
        assert_eq!(event["context"]["guid"], "abc", "{event}");
        assert!(event["tags"].as_array().unwrap().contains(&json!({ "key": "level", "value": "fatal" })));
        assert_eq!(attachments(&server, &id).await, ["crash.dmp", "game.log"]);
    }
    // The file alone, and what is none.
    let path = format!("/api/42/minidump/?sentry_key={KEY}");
    assert_eq!(server.post(&path, &[], minidump()).await.status, 200);
    assert_eq!(server.post(&path, &[], "no dump").await.status, 400);
    assert_eq!(server.post(&path, &[], "").await.status, 400);
    let (content_type, body) = form(&[("other", None, b"x")]);
    assert_eq!(server.post(&path, &[("content-type", &content_type)], body).await.status, 400);
    let cut = [("content-type", "multipart/form-data; boundary=XX")];
    assert_eq!(server.post(&path, &cut, "--XX\r\nContent-Disp").await.status, 400);
    assert_eq!(count(&server).await, 3);
}

#[tokio::test]
async fn an_unreal_report_becomes_an_event_with_its_files() {
    let server = Server::start();
    let context = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><FGenericCrashContext><RuntimeProperties>\
        <CrashType>Crash</CrashType><ErrorMessage>Access violation</ErrorMessage><GameName>UE-Shop</GameName>\
        <BuildVersion>shop@3</BuildVersion></RuntimeProperties></FGenericCrashContext>";
    let files: [(&str, Vec<u8>); 3] = [
        ("CrashContext.runtime-xml", context.as_bytes().to_vec()),
        ("UE4Minidump.dmp", minidump()),
        ("Shop.log", b"line".to_vec()),
    ];
    let plain = support::crash::unreal(&files);
    let answer = server.post(&format!("/api/42/unreal/{KEY}/?UserID=me"), &[], zlib(&plain)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let id = String::from_utf8(answer.body.to_vec()).unwrap();
    let event = event(&server, &id).await;
    assert!(event["title"].as_str().unwrap().starts_with("SIGSEGV"), "{event}");
    assert_eq!(event["user"]["id"], "me");
    assert!(
        event["tags"].as_array().unwrap().contains(&json!({ "key": "release", "value": "shop@3" })),
        "{event}"
    );
    assert_eq!(attachments(&server, &id).await, ["CrashContext.runtime-xml", "UE4Minidump.dmp", "Shop.log"]);
    for wrong in [zlib(b"CR1 and nothing"), b"no zlib".to_vec(), Vec::new()] {
        assert_eq!(server.post(&format!("/api/42/unreal/{KEY}"), &[], wrong).await.status, 400);
    }
    assert_eq!(server.post("/api/42/unreal/f123/", &[], zlib(&plain)).await.status, 403);
}

#[tokio::test]
async fn files_are_added_to_an_event() {
    let server = Server::start();
    server.envelope(support::event_envelope(1, &error("A", "f"))).await.ok();
    let path = format!("/api/42/events/{:032x}/attachments/?sentry_key={KEY}", 1);
    let (content_type, body) = form(&[("x", Some("later.txt"), b"later"), ("y", Some("b.bin"), b"\0\xFF")]);
    assert_eq!(server.post(&path, &[("content-type", &content_type)], body).await.status, 201);
    server.settle().await;
    assert_eq!(attachments(&server, &format!("{:032x}", 1)).await, ["later.txt", "b.bin"]);
    assert_eq!(
        server.post("/api/42/events/nonsense/attachments/", &[("x-sentry-auth", &auth())], "x").await.status,
        400
    );
}

#[tokio::test]
async fn check_ins_by_address() {
    let server = Server::start();
    let get = |path: String| {
        let server = &server;
        async move { server.call(Method::GET, &path, &[], Body::empty()).await.status.as_u16() }
    };
    assert_eq!(get(format!("/api/42/cron/nightly/{KEY}?status=in_progress&environment=eu")).await, 202);
    assert_eq!(get(format!("/api/42/cron/nightly/{KEY}/?status=ok&environment=eu&duration=2.5")).await, 202);
    let id = "5afe2427de2d4f2baea15542aa31f3df";
    assert_eq!(
        get(format!("/api/42/cron/nightly?sentry_key={KEY}&status=error&check_in_id={id}")).await,
        202
    );
    let config = json!({ "status": "ok", "monitor_config": { "schedule": { "type": "interval", "value": 1, "unit": "hour" } } });
    let headers = [("content-type", "application/json")];
    let answer = server.post(&format!("/api/42/cron/hourly/{KEY}/"), &headers, config.to_string()).await;
    assert_eq!(answer.status, 202);
    for (path, status) in [
        (format!("/api/42/cron/nightly/{KEY}"), 400),
        (format!("/api/42/cron/nightly/{KEY}?status=fine"), 400),
        (format!("/api/42/cron/nightly/{KEY}?status=ok&duration=long"), 400),
        ("/api/42/cron/nightly?status=ok".to_owned(), 401),
        ("/api/42/cron/nightly/f1?status=ok".to_owned(), 403),
    ] {
        assert_eq!(get(path.clone()).await, status, "{path}");
    }
    server.settle().await;
    let meta = server.meta();
    let runs = texts(
        &meta,
        "SELECT slug || ' ' || check_ins.environment || ' ' || check_ins.status || ' ' || coalesce(duration, '-') \
         FROM check_ins JOIN monitors ON monitors.id = monitor_id ORDER BY check_ins.id",
    );
    assert_eq!(runs, ["nightly eu ok 2500000", "nightly production error -", "hourly production ok -"]);
    assert_eq!(texts(&meta, "SELECT config FROM monitors WHERE slug = 'hourly'").len(), 1);
}

/// Browsers ask first on every address, and see the headers on refusals.
#[tokio::test]
async fn every_address_lets_browsers_ask() {
    let server = Server::start();
    for path in [
        "/api/42/envelope/",
        "/api/42/store",
        "/api/store/",
        "/api/42/security/",
        "/api/42/nel",
        "/api/42/minidump",
        "/api/42/unreal/x/",
        "/api/42/events/1/attachments",
        "/api/42/cron/a",
        "/api/42/cron/a/b/",
        "/api/42/otlp/v1/traces",
        "/api/42/integration/otlp/v1/logs/",
        "/api/999/otlp/v1/metrics",
    ] {
        let asked = server.call(Method::OPTIONS, path, &[("origin", "https://a")], Body::empty()).await;
        assert_eq!(asked.status, 204, "{path}");
        assert_eq!(asked.header("access-control-allow-origin"), "*", "{path}");
        let refused = server.post(path, &[("content-type", "application/json")], "{}").await;
        assert!(matches!(refused.status.as_u16(), 401 | 403), "{path}: {}", refused.status);
        assert_eq!(refused.header("access-control-allow-origin"), "*", "{path}");
        assert!(
            refused.json()["detail"].is_string() && !refused.header("x-sentry-error").is_empty(),
            "{path}"
        );
    }
}

/// JSON as MessagePack, in the long forms.
fn packed(value: &Value) -> Vec<u8> {
    let long = |tag: u8, size: usize| [&[tag][..], &(size as u32).to_be_bytes()].concat();
    match value {
        Value::Null => vec![0xC0],
        Value::Bool(flag) => vec![0xC2 + u8::from(*flag)],
        Value::Number(number) => [&[0xCB][..], &number.as_f64().unwrap().to_be_bytes()].concat(),
        Value::String(text) => [long(0xDB, text.len()), text.as_bytes().to_vec()].concat(),
        Value::Array(list) => {
            list.iter().fold(long(0xDD, list.len()), |all, one| [all, packed(one)].concat())
        }
        Value::Object(map) => map.iter().fold(long(0xDF, map.len()), |all, (key, one)| {
            [all, packed(&Value::from(key.as_str())), packed(one)].concat()
        }),
    }
}

/// What `sentry-native` sends through Crashpad: the event and the breadcrumbs as files in MessagePack.
#[tokio::test]
async fn a_minidump_knows_what_was_noted_before_the_crash() {
    let server = Server::start();
    let id = "c993afb6-b4ac-48a6-b61b-2558e601d65d";
    let note = json!({ "event_id": id, "release": "game@2", "environment": "beta", "level": "fatal",
        "user": { "id": "42" }, "tags": { "quest": "dragon" }, "extra": { "password": "hunter2", "lives": 3 },
        "contexts": { "os": { "name": "Linux", "version": "6" } }, "sdk": { "name": "sentry.native", "version": "0.9" } });
    let crumb =
        |n: i64| json!({ "message": format!("step {n}"), "timestamp": format!("2026-11-22T17:00:{n:02}Z") });
    let trail = |steps: &[i64]| steps.iter().flat_map(|n| packed(&crumb(*n))).collect::<Vec<u8>>();
    // The second file is the older one, and as long as a trail becomes; the last note in the first was cut by the crash.
    let mut newer = trail(&[4, 5]);
    newer.extend_from_slice(&packed(&crumb(6))[..20]);
    let (dump, note) = (minidump(), packed(&note));
    let fields: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("guid", None, b"abc"),
        ("__sentry-event", Some("__sentry-event"), &note),
        ("__sentry-breadcrumb1", Some("__sentry-breadcrumb1"), &newer),
    ];
    let older = trail(&[1, 2, 3]);
    let fields = [
        fields,
        vec![
            ("__sentry-breadcrumb2", Some("__sentry-breadcrumb2"), &older[..]),
            ("upload_file_minidump", Some("crash.dmp"), &dump[..]),
            ("log", Some("game.log"), b"line"),
        ],
    ]
    .concat();
    let (content_type, body) = form(&fields);
    let path = format!("/api/42/minidump/?sentry_key={KEY}");
    let answer = server.post(&path, &[("content-type", &content_type)], body).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, id.as_bytes()));
    let found = event(&server, id).await;
    assert_eq!(found["title"], "SIGSEGV: Fatal error: SIGSEGV / SEGV_MAPERR at 0xdeadbeef", "{found}");
    let has = |key: &str, value: &str| {
        found["tags"].as_array().unwrap().contains(&json!({ "key": key, "value": value }))
    };
    assert!(has("release", "game@2") && has("environment", "beta") && has("quest", "dragon"), "{found}");
    assert_eq!(found["user"]["id"], "42");
    assert_eq!(found["context"], json!({ "guid": "abc", "lives": 3.0, "password": "[Filtered]" }));
    assert_eq!(
        (&found["contexts"]["os"]["version"], &found["sdk"]["name"]),
        (&json!("6"), &json!("sentry.native"))
    );
    let entries = found["entries"].as_array().unwrap();
    let crumbs = entries.iter().find(|entry| entry["type"] == "breadcrumbs").unwrap();
    let steps: Vec<&str> = crumbs["data"]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["message"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["step 3", "step 4", "step 5"]);
    assert_eq!(attachments(&server, id).await, ["crash.dmp", "game.log"], "parts of the event are no files");
    // Nonsense under these names is a file like others, and costs nothing.
    let (content_type, body) = form(&[
        ("upload_file_minidump", Some("crash.dmp"), &dump),
        ("__sentry-event", Some("__sentry-event"), b"\xdf\xff\xff\xff\xff\xdf"),
        ("__sentry-breadcrumb1", Some("__sentry-breadcrumb1"), &[0x91; 10_000]),
    ]);
    let answer = server.post(&path, &[("content-type", &content_type)], body).await;
    assert_eq!(answer.status, 200);
    let id = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(event(&server, &id).await["title"].as_str().unwrap().starts_with("SIGSEGV"));
    assert_eq!(attachments(&server, &id).await, ["crash.dmp", "__sentry-event", "__sentry-breadcrumb1"]);
}
