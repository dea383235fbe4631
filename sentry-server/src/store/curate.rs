//! What people change about things that reports made.

use super::{EventKey, Incident, MonitorId, ProjectId, ProjectScope, Result, Watched};
use crate::instant::Micros;

/// Changes by hand.
pub(crate) trait Curate {
    /// Puts another body in the place of an event's; false when there is no such event.
    fn replace_body(&self, scope: &ProjectScope, event_id: &EventKey, body: &[u8]) -> Result<bool>;
    /// Makes a monitor, or changes it; `None` leaves as it is.
    fn put_monitor(
        &self,
        project: ProjectId,
        slug: &str,
        name: Option<&str>,
        config: Option<&str>,
        now: Micros,
    ) -> Result<()>;
    /// With its check-ins.
    fn delete_monitor(&self, monitor: MonitorId) -> Result<()>;
    /// Notes runs that did not come or do not end, a bounded number at a time, and says which incidents are to be told.
    fn watch_monitors(&self, now: Micros) -> Result<Watched>;
    /// The event of an incident is on its way.
    fn incident_told(&self, incident: &Incident) -> Result<()>;
    /// The issue of an incident is resolved.
    fn incident_ended(&self, incident: &Incident, now: Micros) -> Result<()>;
}
