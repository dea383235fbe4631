//! A command-line client in a folder of its own, with a server to talk to.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::stand::request;

use crate::client::Client;

/// The client, and a server for it.
pub(crate) struct Terminal {
    binary: PathBuf,
    pub(crate) client: Client,
    org_token: String,
}

impl Terminal {
    pub(crate) fn open(name: &str, binary: &Path) -> Self {
        assert!(binary.is_file(), "{} is not installed: cargo xtask test compat", binary.display());
        let client = Client::open(name, "javascript");
        let org_token = client.home.organization_token("default").unwrap();
        Self { binary: binary.into(), client, org_token }
    }

    /// Runs the client as a build does: with the organisation's token, which says where the server is.
    pub(crate) fn build(&self, words: &[&str]) -> String {
        self.succeed(words, &[("SENTRY_AUTH_TOKEN", &self.org_token)])
    }

    /// Runs the client as an operator does: with a personal token.
    pub(crate) fn operate(&self, words: &[&str]) -> String {
        let url = format!("http://{}", self.client.home.address());
        let environment = [
            ("SENTRY_AUTH_TOKEN", self.client.home.token()),
            ("SENTRY_URL", &url),
            ("SENTRY_ORG", "default"),
        ];
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
            .current_dir(&self.client.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.client.folder)
            .env("SENTRY_PROJECT", &self.client.project.slug)
            .env("SENTRY_DSN", &self.client.project.dsn)
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

    /// Makes the folder a repository with one commit.
    pub(crate) fn commit(&self, message: &str) {
        let git = |words: &[&str]| {
            let mut git = Command::new("git");
            git.args(["-c", "user.name=Ada", "-c", "user.email=ada@shop.test"])
                .args(words)
                .current_dir(&self.client.folder);
            assert!(git.output().unwrap().status.success(), "git {words:?}");
        };
        git(&["init", "--quiet"]);
        git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        git(&["remote", "add", "origin", "https://git.test/shop/shop.git"]);
    }

    /// Sends one event as an SDK does.
    pub(crate) fn send_event(&self, id: u128, event: &Value) {
        let (key, rest) = self.client.project.dsn.trim_start_matches("http://").split_once('@').unwrap();
        let project = rest.rsplit('/').next().unwrap();
        let path = format!("/api/{project}/envelope/?sentry_key={key}&sentry_version=7");
        let body = format!("{{\"event_id\":\"{id:032x}\"}}\n{{\"type\":\"event\"}}\n{event}\n");
        let answer = request(self.client.home.address(), "POST", &path, &[], body.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

const LIMIT: Duration = Duration::from_secs(120);
