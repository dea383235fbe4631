//! The real binary, started, killed and asked over a socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use watchpost_server::{Config, FirstRun, create_project, first_run};

/// The real binary.
pub struct Process {
    pub child: Child,
    pub address: String,
}

impl Process {
    pub fn start(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_watchpost-server"))
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
        let url = serde_json::from_str::<Value>(&line).unwrap()["url"].as_str().unwrap().to_owned();
        Self { child, address: url.trim_start_matches("http://").to_owned() }
    }

    /// Status and body; `None` when the connection ended before an answer.
    pub fn call(&self, request: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
    }

    /// The whole answer to an envelope, head and all.
    pub fn post_full(&self, body: &str) -> Option<String> {
        let head = format!(
            "POST /api/42/envelope/ HTTP/1.1\r\nhost: t\r\nconnection: close\r\nx-sentry-auth: {}\r\n\
             content-length: {}\r\n\r\n{body}",
            super::auth(),
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    pub fn post(&self, body: &str) -> Option<u16> {
        let auth = super::auth();
        let length = body.len();
        let head = format!(
            "POST /api/42/envelope/ HTTP/1.1\r\nhost: t\r\nconnection: close\r\nx-sentry-auth: {auth}\r\n\
             content-length: {length}\r\n\r\n"
        );
        self.call(&(head + body)).map(|(status, _)| status)
    }

    pub fn get(&self, token: &str, path: &str) -> Value {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let (status, body) = self.call(&request).unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// What the counts of all issues add up to.
    pub fn stored_events(&self, token: &str) -> u64 {
        let issues = self.get(token, "/api/0/organizations/default/issues/");
        let counts = issues.as_array().unwrap().iter();
        counts.map(|issue| issue["count"].as_str().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// The issue list once its counts add up to `events`, with a bound on the wait.
    pub fn issues(&self, token: &str, events: u64) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let issues = self.get(token, "/api/0/organizations/default/issues/");
            let all = issues.as_array().unwrap();
            let count: u64 =
                all.iter().map(|issue| issue["count"].as_str().unwrap().parse::<u64>().unwrap()).sum();
            if count >= events || Instant::now() > deadline {
                assert_eq!(count, events, "every event once");
                return issues;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The outcomes once they tell of as many as `quantity`, with a bound on the wait.
    pub fn outcomes(&self, token: &str, quantity: i64) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let outcomes = self.get(token, "/api/0/organizations/default/outcomes/");
            let rows = outcomes.as_array().unwrap().iter();
            let told: i64 = rows.map(|row| row["quantity"].as_i64().unwrap()).sum();
            if told >= quantity || Instant::now() > deadline {
                return outcomes;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone in the tests that kill it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn prepare() -> (tempfile::TempDir, Config, FirstRun) {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("data"));
    let key = super::KEY.to_owned();
    create_project(&config.data, super::URL, "shop", None, Some(super::PROJECT), Some(key)).unwrap();
    let first = first_run(&config.data, super::URL).unwrap().unwrap();
    (dir, config, first)
}
