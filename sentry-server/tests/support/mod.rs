//! A server of its own for every test: own folder, own clock, real router.
#![expect(dead_code, unreachable_pub, reason = "every test binary uses a part of it")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

pub mod crash;
pub mod disk;
pub mod process;
pub mod program;
pub mod storm;
pub mod upload;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;
use watchpost_core::{ManualClock, SeededRng, Timestamp};
use watchpost_server::{App, Config, FirstRun, create_project, first_run};

pub const PROJECT: i64 = 42;
pub const KEY: &str = "0123456789abcdef0123456789abcdef";
/// 2026-11-22T18:00:00Z
pub const NOW: i64 = 1_795_370_400_000_000;
pub const URL: &str = "http://errors.test";

pub struct Server {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub first: FirstRun,
    pub config: Config,
    pub dir: TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Project 42 with a known key, an administrator, a token.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_with_settings(change, |_| {})
    }

    /// The same, with a data folder that was worked on before the start.
    pub fn start_prepared(prepare: impl FnOnce(&std::path::Path)) -> Self {
        Self::start_with_settings(|_| {}, prepare)
    }

    pub fn start_with_settings(
        change: impl FnOnce(&mut Config),
        prepare: impl FnOnce(&std::path::Path),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().join("data"));
        config.limits.digest_workers = 2;
        change(&mut config);
        create_project(&config.data, URL, "shop", None, Some(PROJECT), Some(KEY.to_owned())).unwrap();
        let first = first_run(&config.data, URL).unwrap().unwrap();
        prepare(&config.data);
        let clock = Arc::new(ManualClock::new(Timestamp::from_micros(NOW)));
        let app = start(&config, &clock);
        Self { app, clock, first, config, dir }
    }

    /// Stops in good order and starts again on the same folder.
    pub fn restart(&mut self) {
        self.app.stop();
        // The next app cannot take the folder while this one still holds it.
        let parked = tempfile::tempdir().unwrap();
        self.app = start(&Config::new(parked.path()), &self.clock);
        self.app.stop();
        self.app = start(&self.config, &self.clock);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.call(Method::POST, path, headers, body).await
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Posts an envelope with the project's key.
    pub async fn envelope(&self, body: impl Into<Body>) -> Answer {
        self.post("/api/42/envelope/", &[("x-sentry-auth", &auth())], body).await
    }

    /// Reads from the API with the token.
    pub async fn get(&self, path: &str) -> Answer {
        let token = format!("Bearer {}", self.first.token);
        self.call(Method::GET, path, &[("authorization", &token)], Body::empty()).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        let token = format!("Bearer {}", self.first.token);
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        self.call(Method::PUT, path, &headers, body.to_string()).await
    }

    /// Counts of refusals are stored with the next batch; this brings one about and waits for it.
    pub async fn flush_outcomes(&self) {
        let report = "{\"discarded_events\":[{\"reason\":\"flush\",\"category\":\"error\",\"quantity\":1}]}";
        let body = format!("{{}}\n{{\"type\":\"client_report\",\"length\":{}}}\n{report}\n", report.len());
        self.envelope(body).await.ok();
        self.settle().await;
    }

    /// Calls the API with a token and a JSON body.
    pub async fn api(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let token = format!("Bearer {token}");
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.call(method, path, &headers, body).await
    }

    pub async fn post_json(&self, path: &str, body: Value) -> Answer {
        self.api(Method::POST, path, &self.first.token, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.api(Method::DELETE, path, &self.first.token, Value::Null).await
    }

    /// The only day file of a server whose clock stands still.
    pub fn day_file(&self) -> Connection {
        Connection::open(self.config.data.join("events-2026-11-22.db")).unwrap()
    }

    pub fn meta(&self) -> Connection {
        Connection::open(self.config.data.join("meta.db")).unwrap()
    }

    pub async fn settle(&self) {
        let app = self.app.clone();
        tokio::time::timeout(Duration::from_secs(60), tokio::task::spawn_blocking(move || app.settle()))
            .await
            .expect("digest is stuck")
            .unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app.stop();
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        self.json()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn start(config: &Config, clock: &Arc<ManualClock>) -> App {
    let clock = Arc::clone(clock);
    App::start_with(config, URL, clock, Arc::new(SeededRng::new(7))).unwrap()
}

pub fn auth() -> String {
    format!("Sentry sentry_version=7, sentry_client=test/1, sentry_key={KEY}")
}

/// An envelope with one event.
pub fn event_envelope(id: u128, event: &Value) -> String {
    let payload = event.to_string();
    format!(
        "{{\"event_id\":\"{id:032x}\"}}\n{{\"type\":\"event\",\"length\":{}}}\n{payload}\n",
        payload.len()
    )
}

/// An error of one type, from one function.
pub fn error(kind: &str, function: &str) -> Value {
    serde_json::json!({
        "platform": "python",
        "exception": {"values": [{"type": kind, "value": "it broke", "stacktrace": {"frames": [
            {"function": "main", "module": "app", "filename": "app.py", "lineno": 1, "in_app": true},
            {"function": function, "module": "app", "filename": "app.py", "lineno": 7, "in_app": true,
             "pre_context": ["a", "b"], "context_line": "c", "post_context": ["d"], "vars": {"x": "1"}},
        ]}}]},
    })
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/envelopes")
}

/// The sum of one outcome for one reason.
pub fn counted(outcomes: &Value, outcome: &str, reason: &str) -> i64 {
    let rows = outcomes.as_array().unwrap().iter();
    let rows = rows.filter(|row| row["outcome"] == outcome && row["reason"] == reason);
    rows.map(|row| row["quantity"].as_i64().unwrap()).sum()
}

/// What a query over one text column finds.
pub fn texts(file: &Connection, sql: &str) -> Vec<String> {
    let mut statement = file.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}
