-- What outlives a day: release health, monitors, replays.
-- Sessions by the hour in which they began; those that are not listed as errored, abnormal or crashed were healthy.
CREATE TABLE session_hours (
    project_id INTEGER NOT NULL, release TEXT NOT NULL, environment TEXT NOT NULL, hour INTEGER NOT NULL,
    total INTEGER NOT NULL, errored INTEGER NOT NULL, abnormal INTEGER NOT NULL, crashed INTEGER NOT NULL,
    PRIMARY KEY (project_id, release, environment, hour)
) WITHOUT ROWID;
CREATE INDEX session_hours_by_time ON session_hours (project_id, hour);
-- The worst that befell a user on a day: 0 healthy, 1 errored, 2 abnormal, 3 crashed.
CREATE TABLE session_users (
    project_id INTEGER NOT NULL, release TEXT NOT NULL, environment TEXT NOT NULL, day INTEGER NOT NULL,
    user BLOB NOT NULL, health INTEGER NOT NULL, PRIMARY KEY (project_id, release, environment, day, user)
) WITHOUT ROWID;
CREATE INDEX session_users_by_day ON session_users (project_id, day);
-- Sessions that may still be told of again: what is counted for each so far.
CREATE TABLE session_states (
    project_id INTEGER NOT NULL, sid BLOB NOT NULL, started INTEGER NOT NULL, health INTEGER NOT NULL,
    PRIMARY KEY (project_id, sid)
) WITHOUT ROWID;
CREATE INDEX session_states_by_time ON session_states (started);

CREATE TABLE monitors (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id), slug TEXT NOT NULL,
    name TEXT NOT NULL, config TEXT, created INTEGER NOT NULL, last_check_in INTEGER, status TEXT,
    UNIQUE (project_id, slug)
);
CREATE TABLE check_ins (
    id INTEGER PRIMARY KEY, monitor_id INTEGER NOT NULL REFERENCES monitors(id), check_in BLOB NOT NULL,
    environment TEXT NOT NULL, status TEXT NOT NULL, started INTEGER NOT NULL, updated INTEGER NOT NULL,
    duration INTEGER, release TEXT, trace BLOB, UNIQUE (monitor_id, check_in)
);
CREATE INDEX check_ins_by_monitor ON check_ins (monitor_id, started, id);
CREATE INDEX check_ins_in_progress ON check_ins (monitor_id, environment, started) WHERE status = 'in_progress';
CREATE INDEX check_ins_by_time ON check_ins (started);

CREATE TABLE replays (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, replay BLOB NOT NULL, started INTEGER NOT NULL,
    finished INTEGER NOT NULL, segments INTEGER NOT NULL, kind TEXT NOT NULL, platform TEXT NOT NULL, release TEXT,
    environment TEXT, user TEXT, urls TEXT NOT NULL, errors TEXT NOT NULL, traces TEXT NOT NULL,
    UNIQUE (project_id, replay)
);
CREATE INDEX replays_by_time ON replays (project_id, started, id);

-- Items up to this number are counted: parts of a batch that were stored before a crash are not counted again.
ALTER TABLE spool ADD COLUMN items_at INTEGER NOT NULL DEFAULT 0;
