-- Releases: what was built when, from which commits, and where it went.
CREATE TABLE releases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, org_id INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    version TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open', url TEXT, ref TEXT, created INTEGER NOT NULL,
    started INTEGER, released INTEGER, UNIQUE (org_id, version)
);
CREATE INDEX releases_by_created ON releases (org_id, created, id);
CREATE TABLE release_projects (
    release_id INTEGER NOT NULL REFERENCES releases(id) ON DELETE CASCADE,
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    first_event INTEGER, last_event INTEGER, PRIMARY KEY (release_id, project_id)
) WITHOUT ROWID;
CREATE INDEX release_projects_by_project ON release_projects (project_id);
CREATE INDEX issues_by_first_release ON issues (project_id, first_release) WHERE first_release IS NOT NULL;
-- Releases that events named before this table was there.
INSERT OR IGNORE INTO releases (org_id, version, created)
    SELECT p.org_id, i.first_release, min(i.first_seen) FROM issues i JOIN projects p ON p.id = i.project_id
    WHERE i.first_release IS NOT NULL GROUP BY p.org_id, i.first_release;
INSERT OR IGNORE INTO release_projects (release_id, project_id, first_event, last_event)
    SELECT r.id, i.project_id, min(i.first_seen), max(i.first_seen) FROM issues i JOIN projects p ON p.id = i.project_id
    JOIN releases r ON r.org_id = p.org_id AND r.version = i.first_release GROUP BY r.id, i.project_id;
CREATE TABLE repositories (
    id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    name TEXT NOT NULL, url TEXT, provider TEXT, created INTEGER NOT NULL, UNIQUE (org_id, name)
);
-- Position 0 is the newest commit of the release.
CREATE TABLE release_commits (
    release_id INTEGER NOT NULL REFERENCES releases(id) ON DELETE CASCADE, position INTEGER NOT NULL,
    sha TEXT NOT NULL, repository TEXT, author_name TEXT, author_email TEXT, message TEXT,
    committed INTEGER, patch_set TEXT, PRIMARY KEY (release_id, position)
) WITHOUT ROWID;
CREATE TABLE deploys (
    id INTEGER PRIMARY KEY, release_id INTEGER NOT NULL REFERENCES releases(id) ON DELETE CASCADE,
    environment TEXT NOT NULL, name TEXT, url TEXT, started INTEGER, finished INTEGER NOT NULL, projects TEXT NOT NULL
);
CREATE INDEX deploys_by_release ON deploys (release_id, id);
