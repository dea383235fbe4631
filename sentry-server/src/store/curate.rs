//! What people change about things that reports made.

use super::{EventKey, MonitorId, ProjectId, ProjectScope, Result};
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
}
