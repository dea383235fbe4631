//! Folders that earlier versions wrote are opened, read and written on.
//!
//! `folders/schema-N` is what a server of that schema left behind after SIGKILL between the two commits of a batch: two
//! databases with what their logs still hold, and a spool with one envelope that is stored and not yet counted. There is one of
//! each version that was given out; the steps between them are tried on the first one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use support::{NOW, PROJECT, Server, error, event_envelope};
use watchpost_core::{ManualClock, Timestamp};
use watchpost_server::{AdminAccount, App, Config, FirstRun, ProjectAccess, create_token, first_run};

/// What the versions since then made of `meta.db`, in their order.
const META: [&str; 13] = [
    include_str!("../src/store/sqlite/meta.sql"),
    include_str!("../src/store/sqlite/meta_2.sql"),
    include_str!("../src/store/sqlite/meta_3.sql"),
    include_str!("../src/store/sqlite/access.sql"),
    include_str!("../src/store/sqlite/releases.sql"),
    include_str!("../src/store/sqlite/files.sql"),
    include_str!("../src/store/sqlite/issues.sql"),
    include_str!("../src/store/sqlite/grouping.sql"),
    include_str!("../src/store/sqlite/removals.sql"),
    ENVIRONMENTS,
    include_str!("../src/store/sqlite/tags.sql"),
    include_str!("../src/store/sqlite/builds.sql"),
    include_str!("../src/store/sqlite/tag_packs.sql"),
];

/// The version that made environments of what was known of monitors.
const ENVIRONMENTS: &str = include_str!("../src/store/sqlite/monitor_environments.sql");

const OLD_EVENT: &str = "/api/0/projects/default/shop/events/c67850d993f343daaeda068ad4947b1c/";

fn unpack(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            unpack(&entry.path(), &to.join(name));
            continue;
        }
        let bytes = zstd::decode_all(&std::fs::read(entry.path()).unwrap()[..]).unwrap();
        std::fs::write(to.join(name.strip_suffix(".zst").unwrap()), bytes).unwrap();
    }
}

/// A server that goes on with a folder so many days after [`NOW`], when all of it was written.
async fn start(config: Config, dir: tempfile::TempDir, days: i64) -> Server {
    let token = create_token(&config.data, "test", &[]).unwrap();
    let project = ProjectAccess { id: PROJECT, slug: "shop".to_owned(), dsn: String::new() };
    let admin = AdminAccount { username: "admin".to_owned(), password: String::new() };
    let first = FirstRun { organization: "default".to_owned(), project, token, admin };
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(NOW + days * 86_400_000_000)));
    let app: App = support::start(&config, &clock);
    let server = Server { app, clock, first, config, dir };
    server.settle().await;
    server
}

#[tokio::test]
async fn a_folder_of_the_first_schema_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("data"));
    unpack(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/folders/schema-1"), &config.data);
    assert!(first_run(&config.data, support::URL).unwrap().is_none(), "it is set up already");
    let server = start(config, dir, 6).await;

    let events = server.get("/api/0/projects/default/shop/events/").await.ok();
    assert_eq!(events.as_array().unwrap().len(), 3, "as before");
    let old = server.get(OLD_EVENT).await.ok();
    assert_eq!(old["title"], "PaymentError: payment of order 3 failed: bad amount");
    let files = "/api/0/projects/default/shop/events/c67850d993f343daaeda068ad4947b1c/attachments/";
    assert_eq!(server.get(files).await.ok().as_array().unwrap().len(), 4);
    let meta = Connection::open(server.config.data.join("meta.db")).unwrap();
    let number = |sql: &str| meta.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    first_run(fresh.path(), support::URL).unwrap().unwrap();
    let newest = Connection::open(fresh.path().join("meta.db")).unwrap();
    let newest = newest.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("PRAGMA user_version"), newest);
    assert_eq!(number("SELECT sum(total) FROM session_hours"), 1, "the spool's envelope, by the new version");
    assert_eq!(number("SELECT quantity FROM outcomes WHERE category = 'session'"), 2);

    server.envelope(event_envelope(1, &error("A", "f"))).await.ok();
    server.envelope(event_envelope(0xc678_50d9_93f3_43da_aeda_068a_d494_7b1c, &error("A", "f"))).await.ok();
    let log = r#"{"items":[{"body":"x","level":"info"}]}"#;
    server.envelope(format!("{{}}\n{{\"type\":\"log\",\"length\":{}}}\n{log}\n", log.len())).await.ok();
    server.settle().await;
    let events = server.get("/api/0/projects/default/shop/events/").await.ok();
    assert_eq!(events.as_array().unwrap().len(), 4, "one that is known from before is a copy");
    // Issues were made by the first version of grouping: the project went on to the newest, and is in transition.
    let project = server.get("/api/0/projects/default/shop/").await.ok();
    assert_eq!(project["secondaryGroupingConfig"], "wp:2026-11-22");
    assert_ne!(project["groupingConfig"], "wp:2026-11-22");
    let info = server.get(&format!("{OLD_EVENT}grouping-info/")).await.ok();
    assert_eq!((info["stored"].as_bool(), info["groupID"] == old["groupID"]), (Some(false), true));
    let hashes = format!("/api/0/organizations/default/issues/{}/hashes/", old["groupID"].as_str().unwrap());
    let hashes = server.get(&hashes).await.ok();
    assert!(hashes[0]["hash"].is_string() && hashes[0]["groupingConfig"].is_null());
    let mut again = server.get(&format!("{OLD_EVENT}json/")).await.ok();
    again["event_id"] = format!("{:032x}", 7).into();
    server.envelope(event_envelope(7, &again)).await.ok();
    server.settle().await;
    let again = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/", 7)).await.ok();
    assert_eq!(again["groupID"], old["groupID"]);
    let day = Connection::open(server.config.data.join("events-2026-11-28.db")).unwrap();
    assert_eq!(day.query_row("SELECT count(*) FROM logs", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

/// Folders of the versions in between are not kept: these are the first one's, brought as far by the same statements, with a
/// monitor in them as soon as there are monitors. What else only later versions wrote is not in them.
#[tokio::test]
async fn a_folder_of_every_version_since_goes_on() {
    for version in 1..=META.len() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::new(dir.path().join("data"));
        unpack(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/folders/schema-1"), &config.data);
        let meta = Connection::open(config.data.join("meta.db")).unwrap();
        let at: i64 = meta.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(at, 1);
        for migration in &META[1..version] {
            meta.execute_batch(migration).unwrap();
        }
        meta.pragma_update(None, "user_version", version as u32).unwrap();
        // Before there were packs. One key more, with many values.
        let is_packed = meta.prepare("SELECT 1 FROM issue_tag_packs").is_ok();
        if !is_packed {
            for n in 0..9 {
                let insert = "INSERT INTO issue_tags (issue_id, key, value, events, first_seen, last_seen) \
                              VALUES (1, 'many', ?1, 2, 3, 4)";
                meta.execute(insert, [format!("v{n}")]).unwrap();
            }
            meta.execute(
                "INSERT INTO issue_tag_keys (issue_id, key, events, uniques) VALUES (1, 'many', 18, 9)",
                [],
            )
            .unwrap();
        }
        if version > 1 {
            let insert = "INSERT INTO monitors (id, project_id, slug, name, created, last_check_in, status) \
                          VALUES (1, 42, 'nightly', 'Nightly', 1, 9, 'ok'); \
                          INSERT INTO check_ins (monitor_id, check_in, environment, status, started, updated) \
                          VALUES (1, x'01', 'prod', 'error', 1, 2), (1, x'02', 'prod', 'ok', 8, 9)";
            meta.execute_batch(insert).unwrap();
        }
        drop(meta);
        let server = start(config, dir, 6).await;
        let old = server.get(OLD_EVENT).await.ok();
        assert_eq!(old["title"], "PaymentError: payment of order 3 failed: bad amount", "version {version}");
        if !is_packed {
            old_tags_go_on(&server, old["groupID"].as_str().unwrap(), version).await;
        }
        let newest = server.meta().query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(newest, META.len() as i64, "else a migration is missing in this test");
        if version > 1 {
            let monitor = server.get("/api/0/organizations/default/monitors/nightly/").await.ok();
            let own = &monitor["environments"][0];
            // From then on a server writes them itself, as none did here.
            let is_since = META[..version].contains(&ENVIRONMENTS);
            assert!(
                is_since || (own["name"] == "prod" && own["status"] == "ok"),
                "version {version}: {monitor}"
            );
        }
        assert_eq!(
            watchpost_server::check(&server.config.data).unwrap().problems,
            [""; 0],
            "version {version}"
        );
    }
}

/// Two errors, a transaction, a log, a session and a check-in; then one of the errors again, stored and not yet counted.
#[tokio::test]
async fn a_folder_of_each_version_that_was_given_out_goes_on() {
    for version in [7, 8, 11] {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::new(dir.path().join("data"));
        let folder = format!("tests/folders/schema-{version}");
        unpack(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &config.data);
        let meta = Connection::open(config.data.join("meta.db")).unwrap();
        let at: i64 = meta.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(at, version, "else it is another version's");
        drop(meta);
        let server = start(config, dir, 8).await;

        let project = "/api/0/projects/default/shop";
        let event = async |n: u128| server.get(&format!("{project}/events/{n:032x}/")).await.ok();
        let (first, other) = (event(1).await["groupID"].clone(), event(2).await["groupID"].clone());
        assert_ne!(first, other, "version {version}");
        assert_eq!(event(4).await["groupID"], first, "version {version}: from the spool");
        let issue = format!("/api/0/organizations/default/issues/{}/", first.as_str().unwrap());
        assert_eq!(server.get(&issue).await.ok()["count"], "2", "version {version}");
        let tags = async || -> Vec<(String, i64, i64)> {
            let tags = server.get(&format!("{issue}tags/")).await.ok();
            let tags = tags.as_array().unwrap().iter();
            let counted =
                tags.filter(|tag| ["order", "region", "release"].contains(&tag["key"].as_str().unwrap()));
            let number = |tag: &serde_json::Value, name: &str| tag[name].as_i64().unwrap();
            let tag = |tag: &serde_json::Value| {
                let key = tag["key"].as_str().unwrap().to_owned();
                (key, number(tag, "totalValues"), number(tag, "uniqueValues"))
            };
            counted.map(tag).collect()
        };
        let expected = |all: i64, orders: i64| {
            vec![
                ("order".to_owned(), all, orders),
                ("region".to_owned(), all, 1),
                ("release".to_owned(), all, 1),
            ]
        };
        assert_eq!(tags().await, expected(2, 2), "version {version}");
        let number = |sql: &str| server.meta().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT sum(total) FROM session_hours"), 1, "version {version}");
        assert_eq!(number("SELECT count(*) FROM monitors WHERE slug = 'nightly'"), 1, "version {version}");
        let logs = "/api/0/organizations/default/events/?dataset=logs&field=message&statsPeriod=7d";
        assert_eq!(server.get(logs).await.ok()["data"][0]["message"], "paid", "version {version}");

        let mut again = server.get(&format!("{project}/events/{:032x}/json/", 1)).await.ok();
        again["event_id"] = format!("{:032x}", 9).into();
        server.envelope(event_envelope(9, &again)).await.ok();
        server.settle().await;
        assert_eq!(event(9).await["groupID"], first, "version {version}");
        assert_eq!(server.get(&issue).await.ok()["count"], "3", "version {version}");
        assert_eq!(tags().await, expected(3, 2), "version {version}");
        let problems = watchpost_server::check(&server.config.data).unwrap().problems;
        assert!(problems.is_empty(), "version {version}: {problems:?}");
    }
}

/// Tags that were rows are found and counted as before, and another event of the issue adds to them.
async fn old_tags_go_on(server: &Server, issue: &str, version: usize) {
    let of_issue = format!("/api/0/organizations/default/issues/{issue}/tags/");
    let search = "/api/0/organizations/default/issues/?query=server_name:app-1+many:v3+environment:PROD*+has:mechanism";
    let tags = async || -> Vec<(String, i64, i64)> {
        let tags = server.get(&of_issue).await.ok();
        let number = |tag: &serde_json::Value, name: &str| tag[name].as_i64().unwrap();
        let tag = |tag: &serde_json::Value| {
            (tag["key"].as_str().unwrap().to_owned(), number(tag, "totalValues"), number(tag, "uniqueValues"))
        };
        tags.as_array().unwrap().iter().map(tag).collect()
    };
    let expected = |many: i64, others: i64, environments: i64| -> Vec<(String, i64, i64)> {
        let keys = [
            "environment",
            "handled",
            "level",
            "many",
            "mechanism",
            "release",
            "runtime",
            "runtime.name",
            "server_name",
        ];
        let of = |key: &str| match key {
            "many" => (many, 9),
            "environment" => (others, environments),
            _ => (others, 1),
        };
        keys.iter().map(|key| ((*key).to_owned(), of(key).0, of(key).1)).collect()
    };
    assert_eq!(tags().await, expected(18, 1, 1), "version {version}");
    assert_eq!(server.get(search).await.ok().as_array().unwrap().len(), 1, "version {version}");
    let mut again = server.get(&format!("{OLD_EVENT}json/")).await.ok();
    again["event_id"] = format!("{:032x}", 9).into();
    again["environment"] = "staging".into();
    let own = again["tags"].as_array_mut().unwrap();
    own.retain(|tag| tag[0] != "environment");
    own.push(serde_json::json!(["many", "v3"]));
    server.envelope(event_envelope(9, &again)).await.ok();
    server.settle().await;
    assert_eq!(tags().await, expected(19, 2, 2), "version {version}");
    assert_eq!(server.get(search).await.ok().as_array().unwrap().len(), 1, "version {version}");
    let rows =
        server.meta().query_row("SELECT count(*) FROM issue_tags", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(rows, 9, "what fits is packed by then");
}
