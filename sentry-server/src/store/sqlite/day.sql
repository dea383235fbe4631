-- events-YYYY-MM-DD.db: what the server received that day (UTC). Deleting the file is the retention.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, issue_id INTEGER, event_id BLOB NOT NULL,
    kind TEXT NOT NULL, received INTEGER NOT NULL, timestamp INTEGER NOT NULL, title TEXT NOT NULL,
    culprit TEXT NOT NULL, level TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    dictionary INTEGER NOT NULL DEFAULT 0, body BLOB
);
CREATE INDEX events_by_issue ON events (issue_id, seq) WHERE issue_id IS NOT NULL;
CREATE INDEX events_by_project ON events (project_id, seq);
CREATE TABLE items (
    seq INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, event_id BLOB, kind TEXT NOT NULL,
    received INTEGER NOT NULL, header TEXT NOT NULL, size_bytes INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX items_by_event ON items (project_id, event_id) WHERE event_id IS NOT NULL;
