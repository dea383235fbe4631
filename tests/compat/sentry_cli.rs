//! `sentry-cli`, as its registry has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use xtask::repo;

use crate::client::ORG;
use crate::terminal::Terminal;

/// Where that major version is installed.
pub(crate) fn binary(major: u32) -> PathBuf {
    repo::path(&format!("tests/compat/sentry-cli/node_modules/sentry-cli-{major}/bin/sentry-cli"))
}

/// Everything that a build and an operator do with a server, by one major version.
pub(crate) fn tour(major: u32) {
    let terminal = Terminal::open(&format!("sentry-cli-{major}"), &binary(major));
    who_it_is(&terminal);
    a_release(&terminal);
    source_maps(&terminal);
    deploys(&terminal);
    debug_files(&terminal);
    a_mapping(&terminal, major);
    if major > 2 {
        code_mappings(&terminal);
    }
    events_and_issues(&terminal, major);
    monitors(&terminal);
    logs(&terminal);
    lists(&terminal);
    the_end_of_a_release(&terminal);
}

const RELEASE: &str = "shop@1.0.0";

fn id(number: u128) -> String {
    format!("{number:032x}")
}

fn who_it_is(terminal: &Terminal) {
    let said = terminal.build(&["info"]);
    assert!(said.contains(terminal.client.home.address()) && said.contains("org:ci"), "{said}");
    let said = terminal.operate(&["info"]);
    assert!(said.contains("admin") && said.contains("project:releases"), "{said}");
}

fn a_release(terminal: &Terminal) {
    terminal.commit("charge only once");
    terminal.build(&["releases", "new", RELEASE, "--url", "http://shop.test/1.0.0"]);
    terminal.build(&["releases", "set-commits", RELEASE, "--local", "--ignore-missing"]);
    terminal.build(&["releases", "finalize", RELEASE]);
    let release = terminal.client.api.json(&format!("{ORG}/releases/{RELEASE}/")).unwrap();
    assert_eq!(release["url"], "http://shop.test/1.0.0");
    assert_eq!(release["projects"][0]["slug"], "shop");
    assert!(release["dateReleased"].is_string(), "{release}");
    let commits = terminal.client.api.json(&format!("{ORG}/releases/{RELEASE}/commits/")).unwrap();
    assert_eq!(commits[0]["author"]["email"], "ada@shop.test");
    assert!(commits[0]["message"].as_str().unwrap().contains("charge only once"));
    let said = terminal.build(&["releases", "list"]);
    assert!(said.contains(RELEASE), "{said}");
    let said = terminal.build(&["releases", "info", RELEASE]);
    assert!(said.contains(RELEASE), "{said}");
}

/// A browser's program, minified and injected, whose frames read as they were written.
fn source_maps(terminal: &Terminal) {
    let dist = terminal.client.folder.join("dist");
    std::fs::create_dir_all(&dist).unwrap();
    for name in ["app.min.js", "app.min.js.map"] {
        std::fs::copy(repo::path("tests/corpus/artifacts").join(name), dist.join(name)).unwrap();
    }
    terminal.build(&["sourcemaps", "inject", "dist"]);
    terminal.build(&[
        "sourcemaps",
        "upload",
        "dist",
        "--release",
        RELEASE,
        "--url-prefix",
        "~/static",
        "--wait",
    ]);
    let minified = std::fs::read_to_string(dist.join("app.min.js")).unwrap();
    let debug_id = minified
        .lines()
        .find_map(|line| line.strip_prefix("//# debugId="))
        .expect("no debug id was injected");
    let (line, column) = position(&minified, "BigInt(t)");
    let frame = |url: &str| json!({ "abs_path": url, "function": "l", "lineno": line, "colno": column, "in_app": true });
    let url = "https://shop.test/static/app.min.js";
    let event = |frame: Value| {
        json!({ "platform": "javascript", "exception": { "values": [
            { "type": "SyntaxError", "value": "Cannot convert 12,90", "stacktrace": { "frames": [frame] } }
        ] } })
    };
    let mut by_id = event(frame(url));
    by_id["debug_meta"] =
        json!({ "images": [{ "type": "sourcemap", "code_file": url, "debug_id": debug_id }] });
    terminal.send_event(1, &by_id);
    let mut by_name = event(frame(url));
    by_name["release"] = RELEASE.into();
    terminal.send_event(2, &by_name);
    for (event, how) in [(1, "debug-id"), (2, "release")] {
        let stored = terminal.client.event(&id(event));
        let frame = &stored["entries"][0]["data"]["values"][0]["stacktrace"]["frames"][0];
        assert_eq!(frame["function"], "parseAmount", "{frame}");
        assert_eq!(frame["lineNo"], 4, "{frame}");
        assert!(frame["filename"].as_str().unwrap().ends_with("app.src.js"), "{frame}");
        let own = frame["context"].as_array().unwrap().iter().find(|line| line[0] == 4).unwrap();
        assert!(own[1].as_str().unwrap().contains("BigInt(cleaned)"), "{own}");
        assert_eq!(frame["data"]["resolved_with"], how);
    }
}

/// Line and column of a text, both counted from 1.
fn position(text: &str, part: &str) -> (usize, usize) {
    let (line, content) = text.lines().enumerate().find(|(_, line)| line.contains(part)).unwrap();
    let column = content[..content.find(part).unwrap()].encode_utf16().count();
    (line + 1, column + 1)
}

fn deploys(terminal: &Terminal) {
    terminal.build(&["deploys", "new", "--release", RELEASE, "--env", "production", "--name", "first"]);
    let deploys = terminal.client.api.json(&format!("{ORG}/releases/{RELEASE}/deploys/")).unwrap();
    assert_eq!((&deploys[0]["environment"], &deploys[0]["name"]), (&json!("production"), &json!("first")));
    let said = terminal.build(&["deploys", "list", "--release", RELEASE]);
    assert!(said.contains("production"), "{said}");
}

fn debug_files(terminal: &Terminal) {
    let program = terminal.client.folder.join("program");
    // Says where it was loaded, and where its `pay` is.
    let source = "#[inline(never)] fn pay() { std::hint::black_box(1); }\nfn main() {\n    pay();\n    \
        let maps = std::fs::read_to_string(\"/proc/self/maps\").unwrap();\n    \
        println!(\"{} {:x}\", maps.split('-').next().unwrap(), pay as fn() as usize);\n}\n";
    std::fs::write(terminal.client.folder.join("program.rs"), source).unwrap();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["-g", "program.rs", "-o"]).arg(&program).current_dir(&terminal.client.folder);
    assert!(rustc.output().unwrap().status.success(), "rustc");
    for _ in 0..2 {
        // The second time the server has it.
        terminal.build(&["debug-files", "upload", "program", "--wait"]);
    }
    let files = terminal.client.api.json("/api/0/projects/default/shop/files/dsyms/").unwrap();
    assert_eq!(files.as_array().unwrap().len(), 1, "{files}");
    assert!(files[0]["data"]["features"].as_array().unwrap().contains(&json!("debug")), "{files}");
    let said = String::from_utf8(Command::new(&program).output().unwrap().stdout).unwrap();
    let (base, pay) = said.trim().split_once(' ').unwrap();
    let image = json!({ "type": "elf", "code_file": "/srv/program", "debug_id": files[0]["debugId"],
        "image_addr": format!("0x{base}") });
    let event = json!({
        "platform": "native",
        "debug_meta": { "images": [image] },
        "exception": { "values": [{ "type": "Crash", "value": "no", "stacktrace": {
            "frames": [{ "instruction_addr": format!("0x{pay}") }] } }] },
    });
    terminal.send_event(5, &event);
    terminal.client.event(&id(5));
    let doctor = format!("/api/0/projects/default/shop/events/{}/source-map-debug/", id(5));
    let verdict = terminal.client.wait("the debug file to be read", || {
        let verdict = terminal.client.api.json(&doctor).unwrap()["frames"][0].clone();
        (verdict["reason"] != "debug_file_being_read").then_some(verdict)
    });
    assert_eq!(verdict["resolvedWith"], "debug-file", "{verdict}");
}

/// An Android program's mapping, and a frame that reads as it was written.
fn a_mapping(terminal: &Terminal, major: u32) {
    let mapping = "dev.shop.Checkout -> a.b:\n    1:1:void charge(int):42:42 -> c\n";
    std::fs::write(terminal.client.folder.join("mapping.txt"), mapping).unwrap();
    let uuid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    let mut words = vec!["upload-proguard", "--uuid", uuid, "mapping.txt"];
    if major == 2 {
        // It says which release a mapping was made for, also when that is known.
        words.extend(["--app-id", "dev.shop", "--version", "1.0", "--version-code", "7"]);
        terminal.build(&words);
    }
    terminal.build(&words);
    if major == 2 {
        let at = "/api/0/projects/default/shop/files/proguard-artifact-releases/";
        let releases = terminal.client.api.json(&format!("{at}?proguard_uuid={uuid}")).unwrap();
        assert_eq!(releases, json!({ "releases": ["dev.shop@1.0+7"] }));
    }
    let event = json!({
        "platform": "java",
        "debug_meta": { "images": [{ "type": "proguard", "uuid": uuid }] },
        "exception": { "values": [{ "type": "IllegalStateException", "value": "twice", "stacktrace": { "frames": [
            { "module": "a.b", "function": "c", "lineno": 1, "filename": "SourceFile", "in_app": true }
        ] } }] },
    });
    terminal.send_event(3, &event);
    let stored = terminal.client.event(&id(3));
    let frame = &stored["entries"][0]["data"]["values"][0]["stacktrace"]["frames"][0];
    assert_eq!(
        (&frame["module"], &frame["function"]),
        (&json!("dev.shop.Checkout"), &json!("charge")),
        "{frame}"
    );
    assert_eq!(frame["lineNo"], 42);
}

fn code_mappings(terminal: &Terminal) {
    let mappings = json!([{ "stackRoot": "dev/shop", "sourceRoot": "android/src/dev/shop" }]).to_string();
    std::fs::write(terminal.client.folder.join("mappings.json"), mappings).unwrap();
    for wanted in ["Created: 1, Updated: 0, Errors: 0", "Created: 0, Updated: 1, Errors: 0"] {
        let said = terminal.build(&["code-mappings", "upload", "mappings.json", "--repo", "acme/shop"]);
        assert!(said.contains(wanted), "{said}");
    }
    let listed = terminal.client.api.json(&format!("{ORG}/code-mappings/")).unwrap();
    assert_eq!((&listed[0]["repoName"], &listed[0]["projectSlug"]), (&json!("acme/shop"), &json!("shop")));
}

fn events_and_issues(terminal: &Terminal, major: u32) {
    let message = format!("sent by version {major}");
    terminal.build(&[
        "send-event",
        "--message",
        &message,
        "--release",
        RELEASE,
        "--tag",
        "route:pay",
        "--level",
        "warning",
    ]);
    let envelope = format!(
        "{{\"event_id\":\"{:032x}\"}}\n{{\"type\":\"event\"}}\n{{\"message\":\"in an envelope\"}}\n",
        4
    );
    std::fs::write(terminal.client.folder.join("envelope"), envelope).unwrap();
    terminal.build(&["send-envelope", "envelope"]);
    assert_eq!(terminal.client.event(&id(4))["title"], "in an envelope");
    let find = || {
        let issues = terminal.client.api.issues("shop").unwrap();
        issues.into_iter().find(|issue| issue.title == message)
    };
    let issue = terminal.client.wait("the issue", find);
    let event = terminal.client.api.json(&format!("{ORG}/issues/{}/events/latest/", issue.id)).unwrap();
    assert!(
        event["tags"].as_array().unwrap().contains(&json!({ "key": "route", "value": "pay" })),
        "{event}"
    );
    let said = terminal.operate(&["issues", "list"]);
    assert!(said.contains(&message) && said.contains("in an envelope"), "{said}");
    let said = terminal.operate(&["events", "list"]);
    assert!(said.contains("00000000-0000-0000-0000-000000000004"), "{said}");
    let status =
        |id: &str| terminal.client.api.json(&format!("{ORG}/issues/{id}/")).unwrap()["status"].clone();
    for (verb, wanted) in [("resolve", "resolved"), ("mute", "ignored"), ("unresolve", "unresolved")] {
        terminal.operate(&["issues", verb, "--id", &issue.id]);
        assert_eq!(status(&issue.id), wanted, "{verb}");
    }
    terminal.operate(&["issues", "resolve", "--all"]);
    let open = terminal.client.api.json(&format!("{ORG}/issues/?query=is:unresolved")).unwrap();
    assert_eq!(open, json!([]));
    terminal.operate(&["issues", "unresolve", "--status", "resolved"]);
    assert_eq!(status(&issue.id), "unresolved");
}

fn monitors(terminal: &Terminal) {
    terminal.operate(&["monitors", "run", "nightly", "--schedule", "0 3 * * *", "--", "true"]);
    let failed = terminal.run(
        &["monitors", "run", "weekly", "--", "false"],
        &[("SENTRY_AUTH_TOKEN", terminal.client.home.token())],
    );
    assert!(!failed.status.success(), "the exit code of the job is passed on");
    let last = |slug: &str| {
        let path = format!("{ORG}/monitors/{slug}/checkins/");
        let found = terminal.client.api.json(&path).ok()?[0].clone();
        (found["status"] != "in_progress" && !found.is_null()).then_some(found)
    };
    assert_eq!(terminal.client.wait("nightly", || last("nightly"))["status"], "ok");
    let monitor = terminal.client.api.json(&format!("{ORG}/monitors/nightly/")).unwrap();
    assert_eq!(monitor["config"]["schedule"]["value"], "0 3 * * *", "{monitor}");
    let said = terminal.operate(&["monitors", "list"]);
    assert!(said.contains("nightly"), "{said}");
}

fn logs(terminal: &Terminal) {
    let at = std::time::UNIX_EPOCH;
    let now = Path::new("/proc/self").metadata().and_then(|file| file.modified()).unwrap();
    let seconds = now.duration_since(at).unwrap().as_secs();
    let entry = json!({
        "timestamp": seconds, "level": "error", "body": "the cart is empty",
        "trace_id": "0123456789abcdef0123456789abcdef", "attributes": { "cart": { "value": 7, "type": "integer" } },
    });
    let payload = json!({ "items": [entry] }).to_string();
    let header = json!({
        "type": "log", "item_count": 1, "content_type": "application/vnd.sentry.items.log+json", "length": payload.len(),
    });
    std::fs::write(terminal.client.folder.join("logs"), format!("{{}}\n{header}\n{payload}\n")).unwrap();
    terminal.operate(&["send-envelope", "--raw", "logs"]);
    let found = || {
        let path = format!("{ORG}/events/?dataset=logs&field=message&field=severity&field=cart&query=cart:7");
        terminal.client.api.json(&path).unwrap()["data"].get(0).cloned()
    };
    let row = terminal.client.wait("the log", found);
    assert_eq!(
        (&row["message"], &row["severity"], &row["cart"]),
        (&json!("the cart is empty"), &json!("error"), &json!(7))
    );
    let said = terminal.operate(&["logs", "list"]);
    assert!(said.contains("the cart is empty"), "{said}");
}

fn lists(terminal: &Terminal) {
    let said = terminal.operate(&["projects", "list"]);
    assert!(said.contains("shop"), "{said}");
    let said = terminal.operate(&["organizations", "list"]);
    assert!(said.contains("Watchpost"), "{said}");
    // The commits of the release brought their repository along, under the name that the client gives it.
    let commits = terminal.client.api.json(&format!("{ORG}/releases/{RELEASE}/commits/")).unwrap();
    let repository = commits[0]["repository"]["name"].as_str().unwrap();
    let said = terminal.operate(&["repos", "list"]);
    assert!(said.contains(repository), "{said}");
}

fn the_end_of_a_release(terminal: &Terminal) {
    let status =
        || terminal.client.api.json(&format!("{ORG}/releases/{RELEASE}/")).unwrap()["status"].clone();
    terminal.operate(&["releases", "archive", RELEASE]);
    assert_eq!(status(), "archived");
    terminal.operate(&["releases", "restore", RELEASE]);
    assert_eq!(status(), "open");
    terminal.operate(&["releases", "delete", RELEASE]);
    assert!(terminal.client.api.json(&format!("{ORG}/releases/{RELEASE}/")).is_err());
    let said = terminal.operate(&["releases", "delete", "no@such"]);
    assert!(said.contains("does not exist"), "{said}");
}
