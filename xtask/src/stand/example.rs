//! The eight example programs, and what they promise to whoever runs them.
//!
//! | variable | meaning |
//! |---|---|
//! | `SENTRY_DSN` | where to report to |
//! | `WATCHPOST_STORAGE_DIR` | the spool's folder |
//! | `WATCHPOST_EXAMPLE_HOLD=1` | capture one error, then sleep (at most a minute) so that it can be killed |
//! | `WATCHPOST_EXAMPLE_IDLE=1` | capture nothing, wait until nothing is left to deliver (bounded), end |
//!
//! For every capture that has returned they print `captured <event id> <bug>` on a line of its own; captures of
//! the same bug must end up in one issue, different bugs in different ones.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::failure::{Context as _, Failure, Result};
use crate::language::Language;
use crate::{process, repo};

/// A program that fails on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// Its folder under `examples/`.
    pub name: &'static str,
    /// What it is written in.
    pub language: Language,
}

/// What to ask of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Run from start to end.
    Normal,
    /// Capture one error and sleep.
    Hold,
    /// Capture nothing; deliver what an earlier run left behind.
    Idle,
}

/// One capture that returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The event's id: 32 hex digits.
    pub id: String,
    /// Which of the program's bugs it was.
    pub bug: String,
}

/// An example at work; killed with all its children if it is dropped.
#[derive(Debug)]
pub struct Running {
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
    errors: PathBuf,
}

/// All eight.
pub const EXAMPLES: [Example; 8] = [
    Example { name: "rust-basic", language: Language::Rust },
    Example { name: "rust-axum", language: Language::Rust },
    Example { name: "python-basic", language: Language::Python },
    Example { name: "python-flask", language: Language::Python },
    Example { name: "node-basic", language: Language::Node },
    Example { name: "node-express", language: Language::Node },
    Example { name: "kotlin-cli", language: Language::Kotlin },
    Example { name: "swift-cli", language: Language::Swift },
];

impl Example {
    /// The example of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self> {
        let found = EXAMPLES.into_iter().find(|example| example.name == name);
        found.ok_or_else(|| Failure::new(format!("there is no example {name:?}")))
    }

    /// Starts it against `dsn`, with its spool in `storage`.
    ///
    /// # Errors
    /// When it has not been built or cannot be started.
    pub fn start(self, dsn: &str, storage: &Path, mode: Mode) -> Result<Running> {
        let errors = repo::cache("logs/examples").join(format!("{}.log", self.name));
        let mut command = self.command();
        command
            .env("SENTRY_DSN", dsn)
            .env("WATCHPOST_STORAGE_DIR", self.inside(storage)?)
            .env_remove("WATCHPOST_EXAMPLE_HOLD")
            .env_remove("WATCHPOST_EXAMPLE_IDLE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(process::appending(&errors)?)
            .process_group(0);
        let flag = match mode {
            Mode::Normal => None,
            Mode::Hold => Some("WATCHPOST_EXAMPLE_HOLD"),
            Mode::Idle => Some("WATCHPOST_EXAMPLE_IDLE"),
        };
        if let Some(flag) = flag {
            command.env(flag, "1");
        }
        let mut child = command.spawn().context(format_args!("start examples/{}", self.name))?;
        let out = child.stdout.take().ok_or("the example has no standard output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(std::result::Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Running { name: self.name, child, lines, errors })
    }

    /// The path of `folder` as the program sees it: Swift may run in a folder of Debian's own that holds its compiler.
    fn inside(self, folder: &Path) -> Result<PathBuf> {
        if self.language != Language::Swift {
            return Ok(folder.into());
        }
        std::fs::create_dir_all(folder).at(folder)?;
        let script = repo::path("bindings/swift/toolchain.sh");
        Ok(process::output(Command::new(script).arg("path").arg(folder))?.trim().into())
    }

    fn command(self) -> Command {
        let folder = repo::path("examples").join(self.name);
        match self.language {
            Language::Rust => Command::new(repo::built(&format!("example-{}", self.name))),
            Language::Python => {
                let mut command = Command::new(repo::cache("venv/bin/python"));
                command.arg(folder.join("main.py")).current_dir(folder);
                command
            }
            Language::Node => {
                let mut command = Command::new("node");
                command.arg(folder.join("main.js")).current_dir(folder);
                command
            }
            Language::Kotlin | Language::Swift => {
                let mut command = Command::new(folder.join("run.sh"));
                command.current_dir(folder);
                command
            }
        }
    }
}

impl Running {
    /// Waits for the next line that reports a capture.
    ///
    /// # Errors
    /// When the program ends or `limit` passes first.
    pub fn next_capture(&mut self, limit: Duration) -> Result<Capture> {
        let start = Instant::now();
        loop {
            match self.lines.recv_timeout(limit.saturating_sub(start.elapsed())) {
                Ok(line) => {
                    if let Some(capture) = capture(&line) {
                        return Ok(capture);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Err(self.failure("printed no capture in time")),
                Err(RecvTimeoutError::Disconnected) => return Err(self.failure("ended without a capture")),
            }
        }
    }

    /// SIGKILLs it, with whatever it started, at once.
    pub fn kill(mut self) {
        process::kill_group(&mut self.child);
    }

    /// Waits for its end; answers all captures that [`Running::next_capture`] has not taken.
    ///
    /// # Errors
    /// When it does not end within `limit`, or not with 0.
    pub fn finish(mut self, limit: Duration) -> Result<Vec<Capture>> {
        let status = process::wait(&mut self.child, limit)?;
        match status {
            Some(status) if status.success() => {
                Ok(self.lines.iter().filter_map(|line| capture(&line)).collect())
            }
            Some(status) => Err(self.ended(status)),
            None => Err(self.failure("did not end in time")),
        }
    }

    fn ended(&self, status: ExitStatus) -> Failure {
        self.failure(&format!("ended with {status}"))
    }

    fn failure(&self, what: &str) -> Failure {
        let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(15)..].join("\n  ");
        Failure::new(format!("examples/{} {what}; its last words:\n  {last}", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            process::kill_group(&mut self.child);
        }
    }
}

fn capture(line: &str) -> Option<Capture> {
    let mut words = line.strip_prefix("captured ")?.split_whitespace();
    let id = words.next()?.replace('-', "").to_ascii_lowercase();
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| Capture { id, bug: words.collect::<Vec<_>>().join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_ids_are_captures() {
        let id = "0123456789abcdef0123456789abcdef";
        let good = capture(&format!("captured {id} booking")).unwrap();
        assert_eq!((good.id.as_str(), good.bug.as_str()), (id, "booking"));
        assert_eq!(capture("captured 1234"), None);
        assert_eq!(capture("we captured nothing"), None);
    }
}
