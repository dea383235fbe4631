//! The server of this repository, in its release build.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::payload::Target;
use super::side::Side;
use crate::console::line;
use crate::failure::{Failure, Result};
use crate::stand::{Api, Server, ServerHome, request};
use crate::step::Log;
use crate::{process, repo};

/// A data folder and, unless it is stopped, the server on it.
#[derive(Debug)]
pub(super) struct Ours {
    home: ServerHome,
    server: Option<Server>,
    target: Target,
}

/// The project whose events all keep their bodies.
pub(super) const WHOLE: &str = "whole";
/// The project that thins out, as every project does unless told otherwise.
pub(super) const THINNED: &str = "thinned";

impl Ours {
    /// Builds the server, unless there is a binary, and makes a fresh folder with both projects; the server is not started.
    ///
    /// # Errors
    /// When it cannot be built, or refuses.
    pub(super) fn create(binary: Option<&Path>) -> Result<Self> {
        let binary = match binary {
            Some(binary) => binary.to_owned(),
            None => built()?,
        };
        let folder = repo::cache("bench/server/ours");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let home = ServerHome::create(&binary, &folder.join("data"), 0)?;
        let target = Target::of(&home.project(WHOLE, "python")?.dsn)?;
        home.set(WHOLE, "{\"bodies_per_hour\": 0}")?;
        home.project(THINNED, "python")?;
        Ok(Self { home, server: None, target })
    }

    /// Starts the server; how long it took from there to the first answer with 200.
    ///
    /// # Errors
    /// When it does not become healthy.
    pub(super) fn start(&mut self) -> Result<Duration> {
        let began = Instant::now();
        self.server = Some(self.home.start()?);
        Ok(began.elapsed())
    }

    /// Stops it in good order.
    pub(super) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }

    /// Where a project of it takes events.
    ///
    /// # Errors
    /// When there is no such project.
    pub(super) fn target_of(&self, project: &str) -> Result<Target> {
        Target::of(&self.home.project(project, "python")?.dsn)
    }

    /// A caller of its API.
    ///
    /// # Errors
    /// When the token is refused.
    pub(super) fn api(&self) -> Result<Api> {
        self.home.api()
    }

    /// What lies on the disk.
    pub(super) fn data(&self) -> &Path {
        self.home.data()
    }
}

impl Side for Ours {
    fn name(&self) -> &'static str {
        "watchpost"
    }

    fn target(&self) -> &Target {
        &self.target
    }

    fn leaders(&self) -> Vec<u32> {
        self.server.iter().map(Server::id).collect()
    }

    fn digested(&mut self) -> Result<u64> {
        let metrics = request(self.home.address(), "GET", "/metrics", &[], &[])?.text();
        let of = |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        of("watchpost_digested_events_total ")
            .ok_or_else(|| Failure::new(format!("no count of digested events in {metrics}")))
    }

    fn connections(&self) -> usize {
        32
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(5)
    }
}

fn built() -> Result<PathBuf> {
    line("bench: building the server");
    let log = Log::new("bench server");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", "watchpost-server"]).current_dir(repo::root());
    process::must(&mut cargo, log.path(), BUILD_LIMIT)?;
    Ok(repo::target().join("release/watchpost-server"))
}

const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);
