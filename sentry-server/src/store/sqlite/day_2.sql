-- Telemetry in narrow rows. `item` and `place` say which event or item a row is from, and which entry of it.
-- Texts that many rows repeat, named by 63 bits of their BLAKE3: a writer needs no lookup.
CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE spans (
    item INTEGER NOT NULL, place INTEGER NOT NULL, project_id INTEGER NOT NULL, timestamp INTEGER NOT NULL,
    trace BLOB, span BLOB, release INTEGER, environment INTEGER,
    parent BLOB, segment INTEGER NOT NULL, is_segment INTEGER NOT NULL, op INTEGER NOT NULL,
    description INTEGER NOT NULL, status INTEGER NOT NULL, duration INTEGER NOT NULL, PRIMARY KEY (item, place)
) WITHOUT ROWID;
CREATE INDEX spans_by_trace ON spans (trace, timestamp);
CREATE INDEX spans_by_segment ON spans (project_id, segment, timestamp);
CREATE INDEX spans_by_time ON spans (project_id, timestamp) WHERE is_segment = 1;
CREATE TABLE logs (
    item INTEGER NOT NULL, place INTEGER NOT NULL, project_id INTEGER NOT NULL, timestamp INTEGER NOT NULL,
    trace BLOB, span BLOB, release INTEGER, environment INTEGER,
    severity INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (item, place)
) WITHOUT ROWID;
CREATE INDEX logs_by_time ON logs (project_id, timestamp);
CREATE INDEX logs_by_severity ON logs (project_id, timestamp) WHERE severity >= 13;
CREATE INDEX logs_by_trace ON logs (trace, timestamp) WHERE trace IS NOT NULL;
CREATE TABLE metrics (
    item INTEGER NOT NULL, place INTEGER NOT NULL, project_id INTEGER NOT NULL, timestamp INTEGER NOT NULL,
    trace BLOB, span BLOB, release INTEGER, environment INTEGER,
    name INTEGER NOT NULL, kind INTEGER NOT NULL, value REAL NOT NULL, unit INTEGER, PRIMARY KEY (item, place)
) WITHOUT ROWID;
CREATE INDEX metrics_by_name ON metrics (project_id, name, timestamp);
CREATE INDEX metrics_by_time ON metrics (project_id, timestamp);
CREATE INDEX metrics_by_trace ON metrics (trace, timestamp) WHERE trace IS NOT NULL;
CREATE TABLE profiles (
    item INTEGER NOT NULL, place INTEGER NOT NULL, project_id INTEGER NOT NULL, timestamp INTEGER NOT NULL,
    trace BLOB, span BLOB, release INTEGER, environment INTEGER,
    kind INTEGER NOT NULL, profile BLOB, segment INTEGER NOT NULL, platform INTEGER NOT NULL,
    PRIMARY KEY (item, place)
) WITHOUT ROWID;
CREATE INDEX profiles_by_segment ON profiles (project_id, segment, timestamp);
CREATE INDEX profiles_by_time ON profiles (project_id, timestamp);
CREATE TABLE feedback (
    seq INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, event_id BLOB NOT NULL, timestamp INTEGER NOT NULL,
    about BLOB, name TEXT NOT NULL, email TEXT NOT NULL, message TEXT NOT NULL
);
CREATE INDEX feedback_by_project ON feedback (project_id, seq);
CREATE INDEX feedback_about ON feedback (project_id, about) WHERE about IS NOT NULL;
CREATE INDEX items_by_kind ON items (project_id, kind, seq);
