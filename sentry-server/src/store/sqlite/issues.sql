-- What people say about issues.
ALTER TABLE issues ADD COLUMN assignee TEXT;
ALTER TABLE issues ADD COLUMN priority TEXT;
ALTER TABLE issues ADD COLUMN status_details TEXT;
-- An ignored issue comes back at this time, or with this many events or users.
ALTER TABLE issues ADD COLUMN wake_at INTEGER;
ALTER TABLE issues ADD COLUMN wake_events INTEGER;
ALTER TABLE issues ADD COLUMN wake_users INTEGER;
CREATE INDEX issues_asleep ON issues (id) WHERE wake_at IS NOT NULL OR wake_events IS NOT NULL OR wake_users IS NOT NULL;
CREATE INDEX issues_by_assignee ON issues (assignee) WHERE assignee IS NOT NULL;
CREATE TABLE issue_marks (
    issue_id INTEGER NOT NULL, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    mark TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (issue_id, user_id, mark)
) WITHOUT ROWID;
CREATE TABLE issue_activity (
    id INTEGER PRIMARY KEY, issue_id INTEGER NOT NULL, kind TEXT NOT NULL,
    user_id INTEGER REFERENCES users(id) ON DELETE SET NULL, data TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX issue_activity_by_issue ON issue_activity (issue_id, id);
-- Numbers of deleted issues are not given out again: events of theirs lie in day files for a while.
CREATE TABLE last_deleted_issue (id INTEGER NOT NULL);
INSERT INTO last_deleted_issue VALUES (0);
-- Events with these hashes are not wanted any more.
CREATE TABLE discarded_hashes (
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE, hash BLOB NOT NULL,
    title TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (project_id, hash)
) WITHOUT ROWID;
