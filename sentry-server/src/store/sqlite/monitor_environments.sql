-- A monitor in each environment: when its next run is due and until when it may report, what failed or went well in a row,
-- and the incident that this makes: phase 0 none, 1 begun, 2 its issue is there, 3 over and its issue is to be resolved.
CREATE TABLE monitor_environments (
    monitor_id INTEGER NOT NULL, environment TEXT NOT NULL, status TEXT NOT NULL, last_check_in INTEGER,
    next_check_in INTEGER, latest INTEGER, failures INTEGER NOT NULL DEFAULT 0, successes INTEGER NOT NULL DEFAULT 0,
    incident INTEGER, phase INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, PRIMARY KEY (monitor_id, environment)
) WITHOUT ROWID;
CREATE INDEX monitor_environments_by_latest ON monitor_environments (latest) WHERE latest IS NOT NULL;
CREATE INDEX monitor_environments_by_phase ON monitor_environments (phase) WHERE phase IN (1, 3);
-- What reported before is planned with its next report.
INSERT INTO monitor_environments (monitor_id, environment, status, last_check_in, created)
    SELECT monitor_id, environment, status, max(updated), (SELECT min(started) FROM check_ins first
        WHERE first.monitor_id = c.monitor_id AND first.environment = c.environment)
    FROM check_ins c GROUP BY monitor_id, environment;
-- When a run takes too long.
ALTER TABLE check_ins ADD COLUMN timeout_at INTEGER;
CREATE INDEX check_ins_by_timeout ON check_ins (timeout_at) WHERE status = 'in_progress';
