//! A service under test: a process that says on which port it listens, and ends when its input does.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use xtask::stand::Project;
use xtask::{Context as _, Failure, Result, repo};

/// A running service; killed when dropped.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    child: Child,
    address: String,
}

impl Service {
    /// Starts the program of `command`, which reports to `project` and asks `next`, and waits until it listens. Its spool
    /// is in `folder`.
    ///
    /// # Errors
    /// When it cannot be started, or does not come to listen.
    pub fn start(
        name: &'static str,
        command: &mut Command,
        project: &Project,
        folder: &Path,
        next: Option<String>,
    ) -> Result<Self> {
        let log = repo::cache("logs/services");
        std::fs::create_dir_all(&log).at(&log)?;
        let log = log.join(format!("{name}.log"));
        let child = command
            .current_dir(repo::root())
            .env("SENTRY_DSN", &project.dsn)
            .env("WATCHPOST_STORAGE_DIR", folder.join(name))
            .env("WATCHPOST_NEXT", next.unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).at(&log)?)
            .spawn()
            .context(format_args!("start {name}"))?;
        let mut service = Self { name, child, address: String::new() };
        let port = service.port().context(format_args!("{name}, see {}", log.display()))?;
        service.address = format!("127.0.0.1:{port}");
        Ok(service)
    }

    /// Its host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Closes its input and waits until it has delivered everything and ended.
    ///
    /// # Errors
    /// When it does not end in time, or badly.
    pub fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(Failure::new(format!("{} ended with {status}", self.name))),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        Err(Failure::new(format!("{} did not end in time", self.name)))
    }

    fn port(&mut self) -> Result<u16> {
        let out = self.child.stdout.take().ok_or("it has no standard output")?;
        let (sender, ports) = channel();
        // Reads on after the port, so that the service never writes into a closed pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(std::result::Result::ok) {
                if let Some(port) = line.strip_prefix("listening ").and_then(|port| port.parse().ok()) {
                    let _ = sender.send(port);
                }
            }
        });
        Ok(ports.recv_timeout(LIMIT).map_err(|_| "it does not listen")?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const LIMIT: Duration = Duration::from_secs(120);
