//! What people change about monitors.

use rusqlite::{TransactionBehavior, params};

use super::{SqliteStore, watch};
use crate::instant::Micros;
use crate::store::dictionary::packed;
use crate::store::{
    Curate, EventKey, Incident, MonitorId, ProjectId, ProjectScope, Result, StoreError, Watched,
};

impl Curate for SqliteStore {
    fn replace_body(&self, scope: &ProjectScope, event_id: &EventKey, body: &[u8]) -> Result<bool> {
        let Some((day, seq)) = self.read_meta(|meta| super::events::place(meta, scope, event_id))? else {
            return Ok(false);
        };
        let packed = packed(body, None).ok_or_else(|| StoreError::new("an event", "no memory"))?;
        let writer = &mut *self.writer();
        let file = &self.days.writer(&mut writer.days, day)?.file;
        let sql = "UPDATE events SET body = ?2, dictionary = 0 WHERE seq = ?1";
        Ok(file.execute(sql, params![seq, packed])? > 0)
    }

    fn put_monitor(
        &self,
        project: ProjectId,
        slug: &str,
        name: Option<&str>,
        config: Option<&str>,
        now: Micros,
    ) -> Result<()> {
        self.write_meta(|meta| {
            meta.execute(
                "INSERT INTO monitors (project_id, slug, name, config, created) \
                 VALUES (?1, ?2, coalesce(?3, ?2), ?4, ?5) ON CONFLICT (project_id, slug) DO UPDATE SET \
                 name = coalesce(?3, name), config = coalesce(?4, config)",
                params![project, slug, name, config, now],
            )?;
            if config.is_some()
                && let Some(monitor) = super::monitors::by_slug(meta, project, slug)?
            {
                watch::replanned(meta, monitor.id, now)?;
            }
            Ok(())
        })
    }

    fn delete_monitor(&self, monitor: MonitorId) -> Result<()> {
        self.write_meta(|meta| {
            meta.execute("DELETE FROM check_ins WHERE monitor_id = ?1", [monitor])?;
            meta.execute("DELETE FROM monitor_environments WHERE monitor_id = ?1", [monitor])?;
            meta.execute("DELETE FROM monitors WHERE id = ?1", [monitor])?;
            Ok(())
        })
    }

    fn watch_monitors(&self, now: Micros) -> Result<Watched> {
        let mut writer = self.writer();
        let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let watched = watch::watch(&transaction, now)?;
        transaction.commit()?;
        Ok(watched)
    }

    fn incident_told(&self, incident: &Incident) -> Result<()> {
        self.write_meta(|meta| watch::told(meta, incident))
    }

    fn incident_ended(&self, incident: &Incident, now: Micros) -> Result<()> {
        self.write_meta(|meta| watch::ended(meta, incident, now))
    }
}
