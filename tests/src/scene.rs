//! A scene of the end-to-end tests: a server that can be up or down, a project, and a spool folder, all fresh.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::stand::{Api, Example, Mode, Project, Server, ServerHome, server_binary};
use xtask::{Context as _, Failure, Language, Result, repo};

/// One test's own server home, project and spool.
#[derive(Debug)]
pub struct Scene {
    folder: PathBuf,
    home: ServerHome,
    project: Project,
}

impl Scene {
    /// A fresh scene for a program in `language`; the server is down.
    ///
    /// # Errors
    /// When the server is not built, or refuses.
    pub fn new(name: &str, language: Language) -> Result<Self> {
        let folder = repo::cache("e2e").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).at(&folder)?;
        }
        let home = ServerHome::create(&server_binary(), &folder.join("data"), 0)?;
        let project = home.project("shop", language.platform())?;
        Ok(Self { folder, home, project })
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When it does not become healthy.
    pub fn server_up(&self) -> Result<Server> {
        self.home.start()
    }

    /// The API of the running server.
    ///
    /// # Errors
    /// When it refuses the token.
    pub fn api(&self) -> Result<Api> {
        self.home.api()
    }

    /// Where programs report to.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Another project, for a program in `language`.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn another_project(&self, language: Language) -> Result<Project> {
        self.home.project(language.name(), language.platform())
    }

    /// The server's host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        self.home.address()
    }

    /// The project's public key.
    #[must_use]
    pub fn key(&self) -> &str {
        let dsn = self.project.dsn.trim_start_matches("http://");
        dsn.split('@').next().unwrap_or_default()
    }

    /// The path that envelopes are posted to.
    #[must_use]
    pub fn envelope_path(&self) -> String {
        format!("/api/{}/envelope/", self.project.dsn.rsplit('/').next().unwrap_or_default())
    }

    /// The spool folder of the program under test.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.folder.join("spool")
    }

    /// Runs an example to its end; answers the ids of what it captured.
    ///
    /// # Errors
    /// When it fails or takes more than two minutes.
    pub fn run(&self, example: Example, mode: Mode) -> Result<Vec<String>> {
        let captures = example.start(&self.project.dsn, &self.spool(), mode)?.finish(RUN_LIMIT)?;
        Ok(captures.into_iter().map(|capture| capture.id).collect())
    }

    /// Starts an example that captures and then holds still, and SIGKILLs it the moment it says that a capture has
    /// returned; answers that capture's id.
    ///
    /// # Errors
    /// When it does not get that far.
    pub fn capture_and_kill(&self, example: Example) -> Result<String> {
        let mut running = example.start(&self.project.dsn, &self.spool(), Mode::Hold)?;
        let capture = running.next_capture(RUN_LIMIT)?;
        running.kill();
        Ok(capture.id)
    }

    /// Waits until the server has all of `ids` and counts what it has; no id may be there twice, nor be counted twice.
    /// Answers how many events it has.
    ///
    /// # Errors
    /// With the first id that is doubled at any time, or that is missing when nothing arrives any more.
    pub fn all_stored_once(&self, ids: &[String]) -> Result<usize> {
        let api = self.api()?;
        let (mut last, mut changed) = ((0, 0), Instant::now());
        loop {
            let mut stored = BTreeSet::new();
            for event in &api.events(&self.project.slug)? {
                let id = event_id(event)?;
                if let Some(twice) = stored.replace(id) {
                    return Err(Failure::new(format!("event {twice} is stored twice")));
                }
            }
            // Events can be read a moment before they are counted, and more of them may still arrive.
            let counted: u64 = api.issues(&self.project.slug)?.iter().map(|issue| issue.count).sum();
            let missing = ids.iter().find(|id| !stored.contains(*id));
            if missing.is_none() && counted == stored.len() as u64 {
                return Ok(stored.len());
            }
            if last != (stored.len(), counted) {
                (last, changed) = ((stored.len(), counted), Instant::now());
            }
            if changed.elapsed() > ARRIVAL_LIMIT {
                let text = match missing {
                    Some(missing) => format!("event {missing} did not arrive; {} are stored", stored.len()),
                    None => format!("the issues count {counted} events, the list has {}", stored.len()),
                };
                return Err(Failure::new(text));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn event_id(event: &Value) -> Result<String> {
    let id = event["eventID"]
        .as_str()
        .ok_or_else(|| Failure::new(format!("an event without eventID: {event}")))?;
    Ok(id.replace('-', ""))
}

const RUN_LIMIT: Duration = Duration::from_secs(120);
const ARRIVAL_LIMIT: Duration = Duration::from_secs(20);
