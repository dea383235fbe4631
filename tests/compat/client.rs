//! Programs that use a client as its registry has it: a server of their own, a bounded run, and the answers to what a
//! person looks up afterwards.
//!
//! A program prints `NAME: VALUE` for what a test has to know (the id of an event, say). One that serves requests prints
//! `listening: PORT`, and ends when its standard input does. Its SDK's debug log goes to either output.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::repo;
use xtask::stand::{Answer, Api, Project, Server, ServerHome, request, server_binary};

/// A running server with one project, and a folder to work in.
pub(crate) struct Client {
    pub(crate) folder: PathBuf,
    pub(crate) home: ServerHome,
    pub(crate) project: Project,
    pub(crate) api: Api,
    _server: Server,
}

/// What a program said on both outputs.
#[derive(Debug)]
pub(crate) struct Said(String);

impl Client {
    /// A fresh server for the test called `name`, with a project `shop`.
    pub(crate) fn open(name: &str, platform: &str) -> Self {
        let folder = repo::cache("compat").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(folder.join("work")).unwrap();
        let home = ServerHome::create(&server_binary(), &folder.join("data"), 0).unwrap();
        let project = home.project("shop", platform).unwrap();
        let server = home.start().unwrap();
        let api = home.api().unwrap();
        Self { folder: folder.join("work"), home, project, api, _server: server }
    }

    /// Runs a program to its end, which has to be a good one.
    pub(crate) fn run(&self, command: Command) -> Said {
        Running::start(self.prepared(command)).finish()
    }

    /// Runs a program that serves requests for as long as `visit` takes, which gets its address.
    pub(crate) fn serve(&self, command: Command, visit: impl FnOnce(&str)) -> Said {
        let running = Running::start(self.prepared(command));
        visit(&format!("127.0.0.1:{}", running.value("listening")));
        running.finish()
    }

    /// Nothing of this machine's settings reaches the program; what an SDK reads from its environment does.
    fn prepared(&self, mut command: Command) -> Command {
        let own: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .env("SENTRY_DSN", &self.project.dsn)
            .env("SENTRY_RELEASE", RELEASE)
            .env("SENTRY_ENVIRONMENT", ENVIRONMENT)
            .envs(own);
        command
    }

    /// What the API has at `path`, now.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.api.json(path).unwrap()
    }

    /// The bytes at a path of the API.
    pub(crate) fn bytes(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.home.token());
        request(self.home.address(), "GET", path, &[("Authorization", &bearer)], &[]).unwrap()
    }

    /// The event of that id (32 digits), once it is stored.
    pub(crate) fn event(&self, id: &str) -> Value {
        self.wait(id, || self.api.event(&self.project.slug, id).unwrap())
    }

    /// The issue of that title in full, once there is one.
    pub(crate) fn issue(&self, title: &str) -> Value {
        let find =
            || self.api.issues(&self.project.slug).unwrap().into_iter().find(|issue| issue.title == title);
        let id = self.wait(title, find).id;
        self.get(&format!("{ORG}/issues/{id}/"))
    }

    /// The first file of an event: what the list says of it, and what is in it.
    pub(crate) fn attachment(&self, event: &str) -> (Value, String) {
        let at = format!("{PROJECT}/events/{event}/attachments/");
        let file = self.get(&at)[0].take();
        let bytes = self.bytes(&format!("{at}{}/", file["id"].as_str().unwrap()));
        assert_eq!(bytes.status, 200);
        let text = bytes.text();
        (file, text)
    }

    /// The rows of a data set that a search finds, once there are `count`; more are too many. They have these fields, and
    /// say who they are.
    pub(crate) fn rows(&self, dataset: &str, fields: &[&str], query: &str, count: usize) -> Vec<Value> {
        let usual: &[&str] = match dataset {
            // Counts have no other fields than those that they are counted by.
            _ if fields.iter().any(|field| field.ends_with(')')) => &[],
            "spans" => &["id", "parent_span", "transaction", "is_transaction", "release", "environment"],
            _ => &["id", "span_id", "release", "environment"],
        };
        let fields = fields.iter().chain(usual.iter().filter(|field| !fields.contains(field)));
        let fields: String = fields.map(|field| format!("&field={field}")).collect();
        let query = query.replace(' ', "%20").replace('"', "%22");
        let path = format!("{ORG}/events/?dataset={dataset}&query={query}&per_page=100{fields}");
        let rows = self.wait(&path, || {
            let rows = self.get(&path)["data"].as_array().unwrap().clone();
            (rows.len() >= count).then_some(rows)
        });
        assert_eq!(rows.len(), count, "{rows:#?}");
        rows
    }

    /// Sessions of the release, by `field`, once there is one.
    pub(crate) fn sessions(&self, field: &str) -> Value {
        let path = format!(
            "{ORG}/sessions/?field=sum(session)&field={field}&query=release:{RELEASE}&statsPeriod=24h"
        );
        self.wait(&path, || {
            let totals = self.get(&path)["groups"][0]["totals"].take();
            (totals["sum(session)"].as_u64() > Some(0)).then(|| totals[field].clone())
        })
    }

    /// The check-ins of a monitor, once the newest has this status.
    pub(crate) fn check_ins(&self, monitor: &str, status: &str) -> Value {
        self.wait(&format!("{monitor}: {status}"), || {
            let runs = self.api.json(&format!("{ORG}/monitors/{monitor}/checkins/")).ok()?;
            (runs[0]["status"] == status).then_some(runs)
        })
    }

    /// Everything that arrived was taken, as often as `wanted` says by category; waits until so much was.
    pub(crate) fn took(&self, wanted: &[(&str, u64)]) {
        let rows = || match self.get(&format!("{ORG}/outcomes/")) {
            Value::Array(rows) => rows,
            other => panic!("{other}"),
        };
        let count = |rows: &[Value], category: &str| -> u64 {
            let own = rows.iter().filter(|row| row["category"] == category && row["outcome"] == "accepted");
            own.filter_map(|row| row["quantity"].as_u64()).sum()
        };
        let start = Instant::now();
        let rows = loop {
            let rows = rows();
            if wanted.iter().all(|(category, least)| count(&rows, category) >= *least) {
                break rows;
            }
            assert!(start.elapsed() < PATIENCE, "not {wanted:?} but {rows:#?}");
            std::thread::sleep(Duration::from_millis(50));
        };
        // What an SDK itself thinks is one too many (the same exception twice, say) is no loss.
        let is_own = |row: &Value| row["outcome"] == "client_discard" && row["reason"] == "event_processor";
        let refused: Vec<&Value> =
            rows.iter().filter(|row| row["outcome"] != "accepted" && !is_own(row)).collect();
        assert!(refused.is_empty(), "{refused:#?}");
        for (category, exact) in wanted {
            assert_eq!(count(&rows, category), *exact, "{category}: {rows:#?}");
        }
    }

    /// Asks until there is an answer, for twenty seconds at most.
    pub(crate) fn wait<T>(&self, what: &str, ask: impl Fn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            let log = self.home.log();
            assert!(
                start.elapsed() < PATIENCE,
                "not there after {PATIENCE:?}: {what}; see {}",
                log.display()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Said {
    /// What the program printed under `name`.
    pub(crate) fn value(&self, name: &str) -> &str {
        value(&self.0, name).unwrap_or_else(|| panic!("no {name}: in {}", self.0))
    }

    /// No answer of the server gave the SDK something to complain about, and its log was there to say so.
    pub(crate) fn was_content(&self, speaks: &str) {
        assert!(self.0.contains(speaks), "the SDK's log is not there: {}", self.0);
        for line in self.0.lines() {
            let lower = line.to_lowercase();
            let complaint = COMPLAINTS.iter().find(|complaint| lower.contains(*complaint));
            assert!(complaint.is_none(), "{line}\nin\n{}", self.0);
        }
    }
}

fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
}

/// A program at work; killed if it is dropped.
struct Running {
    child: Child,
    name: String,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let name = format!("{command:?}");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let said = Arc::new(Mutex::new(String::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = vec![read(out, &said), read(err, &said)];
        Self { child, name, said, readers }
    }

    /// Waits for a line that the program prints.
    fn value(&self, name: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(value) = value(&self.said.lock().unwrap(), name) {
                return value.to_owned();
            }
            assert!(start.elapsed() < START, "no {name}: from {}: {}", self.name, self.said.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn finish(mut self) -> Said {
        drop(self.child.stdin.take());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break Some(status);
            }
            if start.elapsed() > LIMIT {
                self.child.kill().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let said = self.said.lock().unwrap().clone();
        let good = status.is_some_and(|status| status.success());
        assert!(good, "{} ended with {status:?} (none: not in time):\n{said}", self.name);
        Said(said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: impl Read + Send + 'static, said: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        let mut lines = BufReader::new(output).split(b'\n');
        while let Some(Ok(line)) = lines.next() {
            let mut said = said.lock().unwrap();
            said.push_str(&String::from_utf8_lossy(&line));
            said.push('\n');
        }
    })
}

/// The organisation of a fresh server.
pub(crate) const ORG: &str = "/api/0/organizations/default";
/// Its project.
pub(crate) const PROJECT: &str = "/api/0/projects/default/shop";
/// What the programs run as, by their environment.
pub(crate) const RELEASE: &str = "shop@1.2.0";
pub(crate) const ENVIRONMENT: &str = "staging";

/// How SDKs say in their debug logs that a server did not take something; lower case.
const COMPLAINTS: &[&str] = &[
    // sentry-python
    "unexpected status code",
    "rate-limited via",
    "api returned",
    // @sentry/node
    "sentry responded with status code",
    "error while sending",
    "failed to send",
    // sentry for Rust, which logs what it was answered
    "{\"detail\":",
    // OpenTelemetry
    "failed to export",
    "otlpexportererror",
    // all
    "rate limit",
    "rate-limit",
];
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a program may take until it serves: a virtual machine on a busy processor takes its time.
const START: Duration = Duration::from_secs(90);
const LIMIT: Duration = Duration::from_secs(120);
