//! A running server with one project per language, and the verdict on what the examples sent to it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Api, Capture, EXAMPLES, Example, Login, Mode, Project, Server, ServerHome};
use crate::failure::{Context as _, Failure, Result};
use crate::language::Language;

/// A server that is up, with a project for each language.
#[derive(Debug)]
pub struct Stage {
    folder: PathBuf,
    home: ServerHome,
    server: Server,
    api: Api,
    projects: Vec<(Language, Project)>,
}

/// What came of one example.
#[derive(Debug)]
pub struct Report {
    /// Which example.
    pub example: Example,
    /// Its events as the API gives them, in the order of capture.
    pub events: Vec<Arrival>,
}

/// One event that arrived.
#[derive(Debug)]
pub struct Arrival {
    /// The capture that it belongs to.
    pub capture: Capture,
    /// The issue that it was put into.
    pub issue: String,
    /// The event, in full.
    pub event: Value,
}

impl Stage {
    /// Starts a server on `folder` (emptied first unless `keep`) with a project for each of `languages`.
    ///
    /// # Errors
    /// When the server is not built or does not start.
    pub fn open(folder: &Path, port: u16, keep: bool, languages: &[Language]) -> Result<Self> {
        if !keep && folder.exists() {
            std::fs::remove_dir_all(folder).at(folder)?;
        }
        let home = ServerHome::create(&super::server_binary(), &folder.join("data"), port)?;
        let projects = languages
            .iter()
            .map(|language| Ok((*language, home.project(language.name(), language.platform())?)))
            .collect::<Result<_>>()?;
        let server = home.start()?;
        let api = home.api()?;
        Ok(Self { folder: folder.into(), home, server, api, projects })
    }

    /// Runs one example to its end and waits for all its events.
    ///
    /// # Errors
    /// When the example fails or an event does not arrive.
    pub fn run(&self, example: Example) -> Result<Report> {
        let project = self.project(example.language)?;
        let spool = self.folder.join("spool").join(example.name);
        let captures = example.start(&project.dsn, &spool, Mode::Normal)?.finish(RUN_LIMIT)?;
        let events = captures
            .into_iter()
            .map(|capture| {
                let event = self.api.await_event(&project.slug, &capture.id, ARRIVAL_LIMIT)?;
                let issue = event["groupID"].as_str().ok_or("an event without groupID")?.to_owned();
                Ok(Arrival { capture, issue, event })
            })
            .collect::<Result<_>>()?;
        Ok(Report { example, events })
    }

    /// The examples of the languages on this stage.
    pub fn examples(&self) -> impl Iterator<Item = Example> {
        EXAMPLES
            .into_iter()
            .filter(|example| self.projects.iter().any(|(language, _)| *language == example.language))
    }

    /// Checks what one example was meant to show: four events in three issues, the repeated bug counted twice.
    ///
    /// # Errors
    /// With what is not as expected.
    pub fn verdict(&self, report: &Report) -> Result<()> {
        grouped(&report.events)?;
        let project = self.project(report.example.language)?;
        for issue in self.api.issues(&project.slug)? {
            let ours = report.events.iter().filter(|arrival| arrival.issue == issue.id).count() as u64;
            if ours != 0 && ours != issue.count {
                let text = format!("issue {:?} counts {} events, not {ours}", issue.title, issue.count);
                return Err(Failure::new(text));
            }
        }
        Ok(())
    }

    /// The page's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.home.address())
    }

    /// What to type into the page.
    ///
    /// # Errors
    /// When the server's command refuses.
    pub fn login(&self) -> Result<Login> {
        self.home.login()
    }

    /// The API of the running server.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Stays until the server ends: it shares the terminal's Ctrl-C.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn wait(self) -> Result<()> {
        self.server.wait()
    }

    fn project(&self, language: Language) -> Result<&Project> {
        let found = self.projects.iter().find(|(of, _)| *of == language).map(|(_, project)| project);
        found.ok_or_else(|| Failure::new(format!("there is no project for {language}")))
    }
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.event["title"].as_str().unwrap_or("(no title)");
        write!(f, "{}  issue {:<4} {title}", &self.capture.id[..8], self.issue)
    }
}

/// The same bug is one issue, different bugs are different issues; four captures of three bugs in all.
fn grouped(events: &[Arrival]) -> Result<()> {
    let mut issue_of: BTreeMap<&str, &str> = BTreeMap::new();
    for arrival in events {
        let (bug, issue) = (arrival.capture.bug.as_str(), arrival.issue.as_str());
        if let Some(other) = issue_of.insert(bug, issue).filter(|other| *other != issue) {
            return Err(Failure::new(format!("the bug {bug:?} is in two issues, {other} and {issue}")));
        }
    }
    let mut issues: Vec<&&str> = issue_of.values().collect();
    issues.sort_unstable();
    issues.dedup();
    if issues.len() != issue_of.len() {
        return Err(Failure::new(format!("different bugs are in one issue: {issue_of:?}")));
    }
    if (events.len(), issue_of.len()) != (EVENTS, BUGS) {
        let text = format!("{} events of {} bugs, not {EVENTS} of {BUGS}", events.len(), issue_of.len());
        return Err(Failure::new(text));
    }
    Ok(())
}

/// Every example reports one bug twice, another error once and a message once.
const EVENTS: usize = 4;
const BUGS: usize = 3;
const RUN_LIMIT: Duration = Duration::from_secs(120);
const ARRIVAL_LIMIT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(list: &[(&str, &str)]) -> Vec<Arrival> {
        let arrival = |(bug, issue): &(&str, &str)| Arrival {
            capture: Capture { id: "0".repeat(32), bug: (*bug).into() },
            issue: (*issue).into(),
            event: Value::Null,
        };
        list.iter().map(arrival).collect()
    }

    #[test]
    fn the_expected_grouping_and_the_ways_to_miss_it() {
        assert!(grouped(&arrivals(&[("a", "1"), ("a", "1"), ("b", "2"), ("c", "3")])).is_ok());
        let split = grouped(&arrivals(&[("a", "1"), ("a", "4"), ("b", "2"), ("c", "3")]));
        assert!(split.unwrap_err().to_string().contains("two issues"));
        let merged = grouped(&arrivals(&[("a", "1"), ("a", "1"), ("b", "1"), ("c", "3")]));
        assert!(merged.unwrap_err().to_string().contains("one issue"));
        assert!(grouped(&arrivals(&[("a", "1"), ("b", "2"), ("c", "3")])).is_err());
        assert!(grouped(&[]).is_err());
    }
}
