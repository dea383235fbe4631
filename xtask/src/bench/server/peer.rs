//! Bugsink from PyPI on SQLite, set up as its container is: gunicorn, and its own task runner beside it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::payload::Target;
use super::side::Side;
use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::setup::{Need, Readiness, venv};
use crate::stand::{Answer, request};
use crate::step::Log;
use crate::{language::Language, process, repo};

/// Its folder and, unless it is stopped, its processes.
#[derive(Debug)]
pub(super) struct Peer {
    folder: PathBuf,
    package: PathBuf,
    target: Target,
    token: String,
    processes: Vec<Child>,
    watcher: Option<Watcher>,
}

/// Reads its databases, outside of its own processes.
#[derive(Debug)]
struct Watcher {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Installs it and makes a fresh folder; it is not started.
    ///
    /// # Errors
    /// When Python or a package is missing, or the setup fails.
    pub(super) fn create() -> Result<Self> {
        if let Readiness::Missing(what) = Need::Language(Language::Python).ensure() {
            return Err(Failure::new(what));
        }
        let log = Log::new("bench server peer");
        venv(VENV, &repo::path("benches/server/requirements.txt"), log.path())?;
        line("bench: setting Bugsink up");
        let folder = repo::cache("bench/server/peer");
        let _ = std::fs::remove_dir_all(&folder);
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let said = process::output(helper("setup", &folder).arg(port.to_string()))?;
        let made: Value = serde_json::from_str(said.lines().last().unwrap_or_default())?;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let target = Target {
            address: format!("127.0.0.1:{port}"),
            key: text("key"),
            project: made["project"].to_string(),
        };
        Ok(Self {
            folder,
            package: text("package").into(),
            target,
            token: text("token"),
            processes: Vec::new(),
            watcher: None,
        })
    }

    /// Starts both of its programs; how long it took from there to the first answer with 200.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn start(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let bin = repo::cache(VENV).join("bin");
        let mut server = Command::new(bin.join("gunicorn"));
        server.args(["--bind", &self.target.address, "--config"]);
        server.arg(self.package.join("gunicorn.docker.conf.py")).arg("bugsink.wsgi");
        let runner = Command::new(bin.join("bugsink-runsnappea"));
        for mut command in [server, runner] {
            let log = process::appending(&self.folder.with_extension("log"))?;
            command
                .current_dir(&self.folder)
                .env("PYTHONPATH", &self.folder)
                .env("DJANGO_SETTINGS_MODULE", "bugsink_conf")
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log);
            self.processes.push(command.spawn().context("start Bugsink")?);
        }
        while !matches!(
            request(&self.target.address, "GET", "/health/ready", &[], &[]),
            Ok(Answer { status: 200, .. })
        ) {
            if began.elapsed() > PATIENCE {
                return Err(Failure::new(format!(
                    "Bugsink does not answer; see {}",
                    self.folder.with_extension("log").display()
                )));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = began.elapsed();
        self.watcher = Some(Watcher::start(&self.folder)?);
        Ok(took)
    }

    /// Stops it in good order.
    pub(super) fn stop(&mut self) {
        self.watcher = None;
        for mut child in self.processes.drain(..) {
            process::stop(&mut child, Duration::from_secs(30));
        }
    }

    /// What lies on the disk.
    pub(super) fn data(&self) -> &Path {
        &self.folder
    }

    /// Asks for its list of issues, and how long that took.
    ///
    /// # Errors
    /// When it is refused.
    pub(super) fn list(&self) -> Result<Duration> {
        let target = format!("/api/canonical/0/issues/?project={}", self.target.project);
        let authorization = format!("Bearer {}", self.token);
        let began = Instant::now();
        let headers = [("Authorization", authorization.as_str())];
        let answer = request(&self.target.address, "GET", &target, &headers, &[])?;
        match answer.status {
            200 => Ok(began.elapsed()),
            status => Err(Failure::new(format!("Bugsink's list: {status} {}", answer.text()))),
        }
    }
}

impl Side for Peer {
    fn name(&self) -> &'static str {
        "Bugsink"
    }

    fn target(&self) -> &Target {
        &self.target
    }

    fn leaders(&self) -> Vec<u32> {
        self.processes.iter().map(Child::id).collect()
    }

    fn digested(&mut self) -> Result<u64> {
        let watcher = self.watcher.as_mut().ok_or("Bugsink is not running")?;
        let counts = watcher.ask()?;
        counts["events"].as_u64().ok_or_else(|| Failure::new(format!("no count of events in {counts}")))
    }

    fn connections(&self) -> usize {
        4
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(50)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Watcher {
    fn start(folder: &Path) -> Result<Self> {
        let mut child = helper("watch", folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (questions, answers) = (child.stdin.take(), child.stdout.take());
        let pipes = questions.zip(answers).ok_or("no pipes to who watches Bugsink")?;
        Ok(Self { child, questions: pipes.0, answers: BufReader::new(pipes.1) })
    }

    fn ask(&mut self) -> Result<Value> {
        self.questions.write_all(b"\n")?;
        let mut said = String::new();
        self.answers.read_line(&mut said)?;
        Ok(serde_json::from_str(&said)?)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn helper(what: &str, folder: &Path) -> Command {
    let mut command = Command::new(repo::cache(VENV).join("bin/python"));
    command.arg(repo::path("benches/server/peer.py")).arg(what).arg(folder);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

const VENV: &str = "bench/bugsink";
const PATIENCE: Duration = Duration::from_secs(120);
