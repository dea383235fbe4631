-- Projects that are there keep the version by which their issues were made; a start moves them on, with a transition.
UPDATE settings SET settings = json_set(settings, '$.grouping', json('{"config":"wp:2026-11-22"}'))
    WHERE owner = 'project' AND json_valid(settings);
INSERT OR IGNORE INTO settings (owner, id, settings)
    SELECT 'project', id, '{"grouping":{"config":"wp:2026-11-22"}}' FROM projects;

-- How a hash came to be, and a sketch of what contributed, for likeness.
ALTER TABLE issue_hashes ADD COLUMN config TEXT;
ALTER TABLE issue_hashes ADD COLUMN basis TEXT;
ALTER TABLE issue_hashes ADD COLUMN first_event BLOB;
ALTER TABLE issue_hashes ADD COLUMN created INTEGER;
ALTER TABLE issue_hashes ADD COLUMN sketch BLOB;
CREATE INDEX issue_hashes_by_issue ON issue_hashes (issue_id);
-- Hashes whose sketches agree in a band share its number, so that what is alike is found without looking at all.
CREATE TABLE hash_bands (
    project_id INTEGER NOT NULL, band INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (project_id, band, hash)
) WITHOUT ROWID;

-- When an issue was resolved, and by what: 'release' (fixed in it), 'next' (fixed after it) or 'commit'; else at once.
ALTER TABLE issues ADD COLUMN resolved_at INTEGER;
ALTER TABLE issues ADD COLUMN resolved_how TEXT;
ALTER TABLE issues ADD COLUMN resolved_in TEXT;
UPDATE issues SET resolved_how = 'release', resolved_in = json_extract(status_details, '$.inRelease')
    WHERE status = 'resolved' AND json_valid(status_details)
    AND json_type(status_details, '$.inRelease') = 'text' AND json_extract(status_details, '$.inRelease') != 'latest';
CREATE INDEX release_commits_by_sha ON release_commits (sha);

-- Events that are on their way from an issue to another: a start goes on where a crash was.
CREATE TABLE unmerges (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, destination INTEGER NOT NULL, hashes TEXT NOT NULL
);
