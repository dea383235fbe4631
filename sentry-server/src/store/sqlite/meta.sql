-- meta.db: everything relational, and the truth about what is counted.
CREATE TABLE organizations (
    id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE TABLE projects (
    id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES organizations(id), slug TEXT NOT NULL,
    name TEXT NOT NULL, platform TEXT, created INTEGER NOT NULL, first_event INTEGER,
    last_number INTEGER NOT NULL DEFAULT 0, UNIQUE (org_id, slug)
);
CREATE TABLE client_keys (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id), public TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1, created INTEGER NOT NULL
);
CREATE TABLE users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE COLLATE NOCASE, password_hash TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE tokens (
    hash BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id), label TEXT NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id), expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE issues (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id), number INTEGER NOT NULL,
    title TEXT NOT NULL, culprit TEXT NOT NULL, kind TEXT NOT NULL, metadata TEXT NOT NULL, level TEXT NOT NULL,
    platform TEXT NOT NULL, logger TEXT, unhandled INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'unresolved', substatus TEXT,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
    events INTEGER NOT NULL, users INTEGER NOT NULL, first_release TEXT, last_release TEXT,
    UNIQUE (project_id, number)
);
CREATE INDEX issues_by_last_seen ON issues (project_id, status, last_seen, id);
CREATE INDEX issues_by_last_seen_all ON issues (status, last_seen, id);
CREATE INDEX issues_by_first_seen ON issues (project_id, status, first_seen, id);
CREATE TABLE issue_hashes (
    project_id INTEGER NOT NULL, hash BLOB NOT NULL, issue_id INTEGER NOT NULL,
    PRIMARY KEY (project_id, hash)
) WITHOUT ROWID;
CREATE TABLE issue_hours (
    issue_id INTEGER NOT NULL, hour INTEGER NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (issue_id, hour)
) WITHOUT ROWID;
-- Which day files hold events of an issue.
CREATE TABLE issue_days (
    issue_id INTEGER NOT NULL, day INTEGER NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (issue_id, day)
) WITHOUT ROWID;
CREATE TABLE issue_users (
    issue_id INTEGER NOT NULL, user BLOB NOT NULL, PRIMARY KEY (issue_id, user)
) WITHOUT ROWID;
CREATE TABLE issue_tag_keys (
    issue_id INTEGER NOT NULL, key TEXT NOT NULL, events INTEGER NOT NULL, uniques INTEGER NOT NULL,
    PRIMARY KEY (issue_id, key)
) WITHOUT ROWID;
CREATE TABLE issue_tags (
    issue_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, events INTEGER NOT NULL,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY (issue_id, key, value)
) WITHOUT ROWID;

-- One row per event ever counted: refuses the second copy and says where the first one is.
CREATE TABLE event_keys (
    project_id INTEGER NOT NULL, event_id BLOB NOT NULL, day INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (project_id, event_id)
) WITHOUT ROWID;
CREATE TABLE outcomes (
    project_id INTEGER NOT NULL, hour INTEGER NOT NULL, category TEXT NOT NULL, outcome TEXT NOT NULL,
    reason TEXT NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (project_id, hour, category, outcome, reason)
) WITHOUT ROWID;
CREATE TABLE spool (id INTEGER PRIMARY KEY CHECK (id = 1), resume_at INTEGER NOT NULL);
INSERT INTO spool VALUES (1, 0);
