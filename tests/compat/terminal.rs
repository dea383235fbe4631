//! A command-line client in a folder of its own, with a server to talk to.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::repo;
use xtask::stand::{Api, Project, Server, ServerHome, request, server_binary};

/// The server, its project, and a folder to work in.
pub(crate) struct Terminal {
    binary: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) home: ServerHome,
    pub(crate) project: Project,
    pub(crate) api: Api,
    org_token: String,
    _server: Server,
}

impl Terminal {
    pub(crate) fn open(name: &str, binary: &Path) -> Self {
        assert!(binary.is_file(), "{} is not installed: cargo xtask setup node", binary.display());
        let folder = repo::cache("compat").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(folder.join("work")).unwrap();
        let home = ServerHome::create(&server_binary(), &folder.join("data"), 0).unwrap();
        let project = home.project("shop", "javascript").unwrap();
        let org_token = home.organization_token("default").unwrap();
        let server = home.start().unwrap();
        let api = home.api().unwrap();
        Self {
            binary: binary.into(),
            folder: folder.join("work"),
            home,
            project,
            api,
            org_token,
            _server: server,
        }
    }

    /// Runs the client as a build does: with the organisation's token, which says where the server is.
    pub(crate) fn build(&self, words: &[&str]) -> String {
        self.succeed(words, &[("SENTRY_AUTH_TOKEN", &self.org_token)])
    }

    /// Runs the client as an operator does: with a personal token.
    pub(crate) fn operate(&self, words: &[&str]) -> String {
        let url = format!("http://{}", self.home.address());
        let environment =
            [("SENTRY_AUTH_TOKEN", self.home.token()), ("SENTRY_URL", &url), ("SENTRY_ORG", "default")];
        self.succeed(words, &environment)
    }

    fn succeed(&self, words: &[&str], environment: &[(&str, &str)]) -> String {
        let output = self.run(words, environment);
        let said = format!(
            "{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{words:?} ended with {}:\n{said}", output.status);
        said
    }

    /// Runs the client to its end, for two minutes at most.
    pub(crate) fn run(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(&self.binary);
        command
            .args(words)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .env("SENTRY_PROJECT", &self.project.slug)
            .env("SENTRY_DSN", &self.project.dsn)
            .env("SENTRY_LOG_LEVEL", "warn")
            .env("SENTRY_NO_PROGRESS_BAR", "1")
            .env("SENTRY_DISABLE_UPDATE_CHECK", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > LIMIT {
                child.kill().unwrap();
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        child.wait_with_output().unwrap()
    }

    /// Sends one event as an SDK does.
    pub(crate) fn send_event(&self, id: u128, event: &Value) {
        let (key, rest) = self.project.dsn.trim_start_matches("http://").split_once('@').unwrap();
        let project = rest.rsplit('/').next().unwrap();
        let path = format!("/api/{project}/envelope/?sentry_key={key}&sentry_version=7");
        let body = format!("{{\"event_id\":\"{id:032x}\"}}\n{{\"type\":\"event\"}}\n{event}\n");
        let answer = request(self.home.address(), "POST", &path, &[], body.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// The event, once it is stored.
    pub(crate) fn event(&self, id: u128) -> Value {
        let id = format!("{id:032x}");
        self.wait(|| self.api.event(&self.project.slug, &id).unwrap())
    }

    /// Asks until there is an answer, for twenty seconds at most.
    pub(crate) fn wait<T>(&self, ask: impl Fn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "nothing after 20 s; see {}",
                self.home.log().display()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

const LIMIT: Duration = Duration::from_secs(120);
