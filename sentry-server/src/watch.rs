//! Watching monitors: what did not run in time becomes a check-in, and failures in a row become an issue.
//!
//! The issue is made by an event that goes the way of all events, through the spool. Its id is made of the incident, so
//! that one that is told twice, after a crash, is one event.

use std::sync::Arc;

use serde_json::json;
use watchpost_core::{Clock, EventId};

use crate::ingest::Committer;
use crate::instant::{HOUR, Micros, rfc3339};
use crate::store::{Incident, IssueChange, ProjectScope, Result, Status, Store, StoreError};

/// What it works with.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) committer: Arc<Committer>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Watch {
    /// Looks at all monitors as of now. Blocks.
    pub(crate) fn round(&self) -> Result<()> {
        let now = self.clock.now().micros();
        for _ in 0..MAX_SLICES {
            let watched = self.store.watch_monitors(now)?;
            for incident in &watched.begun {
                let event = event(incident, now);
                self.committer
                    .tell(incident.monitor.project, event_id(incident), &event, now)
                    .map_err(|error| StoreError::new("an incident", format!("{error:?}")))?;
                self.store.incident_told(incident)?;
            }
            for incident in &watched.over {
                if self.resolve(incident, now)? {
                    self.store.incident_ended(incident, now)?;
                }
            }
            if !watched.more {
                break;
            }
        }
        Ok(())
    }

    /// False while the event that made the issue is not stored yet.
    fn resolve(&self, incident: &Incident, now: Micros) -> Result<bool> {
        let scope = ProjectScope::new([incident.monitor.project]);
        let Some(event) = self.store.event(&scope, event_id(incident).as_bytes())? else {
            // Deleted, most likely.
            return Ok(now - incident.since > HOUR);
        };
        if let Some(issue) = event.issue {
            let change = IssueChange { status: Some(Status::Resolved), at: now, ..IssueChange::default() };
            self.store.change_issues(&scope, &[issue], &change)?;
        }
        Ok(true)
    }
}

fn event_id(incident: &Incident) -> EventId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&incident.monitor.id.to_le_bytes()).update(&incident.since.to_le_bytes());
    hasher.update(incident.environment.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    EventId::from_bytes(id)
}

fn event(incident: &Incident, now: Micros) -> serde_json::Value {
    let Incident { monitor, environment, status, failures, since } = incident;
    json!({
        "platform": "other",
        "level": "error",
        "logger": "monitor",
        "timestamp": now as f64 / 1e6,
        "message": format!("Cron failure: {}", monitor.name),
        "fingerprint": ["monitor", monitor.slug, environment],
        "environment": environment,
        "tags": { "monitor.slug": monitor.slug, "monitor.id": monitor.id.to_string(), "monitor.status": status },
        "contexts": { "monitor": {
            "type": "monitor", "id": monitor.id.to_string(), "slug": monitor.slug, "name": monitor.name, "status": status,
            "failures": failures, "since": rfc3339(*since), "config": monitor.config,
        } },
    })
}

/// What is left after so many slices waits for the next round.
const MAX_SLICES: usize = 100;
