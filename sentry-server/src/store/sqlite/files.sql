-- Uploaded files: pieces on their way in, whole files by content, and what they mean.
CREATE TABLE chunks (
    org_id INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE, sha1 BLOB NOT NULL,
    size INTEGER NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (org_id, sha1)
) WITHOUT ROWID;
CREATE INDEX chunks_by_created ON chunks (created);
-- The content lies in a file named by `hash`.
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE TABLE bundles (
    id INTEGER PRIMARY KEY AUTOINCREMENT, org_id INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    blob_id INTEGER NOT NULL REFERENCES blobs(id), sha1 BLOB NOT NULL, release TEXT NOT NULL, dist TEXT NOT NULL,
    created INTEGER NOT NULL, UNIQUE (org_id, sha1, release, dist)
);
CREATE INDEX bundles_by_release ON bundles (org_id, release, id);
CREATE TABLE bundle_projects (
    bundle_id INTEGER NOT NULL REFERENCES bundles(id) ON DELETE CASCADE,
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE, PRIMARY KEY (bundle_id, project_id)
) WITHOUT ROWID;
CREATE INDEX bundle_projects_by_project ON bundle_projects (project_id);
CREATE TABLE bundle_files (
    bundle_id INTEGER NOT NULL REFERENCES bundles(id) ON DELETE CASCADE, path TEXT NOT NULL, url TEXT NOT NULL,
    kind TEXT NOT NULL, debug_id BLOB, source_map TEXT, PRIMARY KEY (bundle_id, path)
) WITHOUT ROWID;
CREATE INDEX bundle_files_by_debug_id ON bundle_files (debug_id, kind) WHERE debug_id IS NOT NULL;
CREATE INDEX bundle_files_by_url ON bundle_files (url);
CREATE TABLE release_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, release_id INTEGER NOT NULL REFERENCES releases(id) ON DELETE CASCADE,
    blob_id INTEGER NOT NULL REFERENCES blobs(id), sha1 BLOB NOT NULL, name TEXT NOT NULL, dist TEXT NOT NULL,
    headers TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL, UNIQUE (release_id, name, dist)
);
CREATE TABLE debug_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    blob_id INTEGER NOT NULL REFERENCES blobs(id), sha1 BLOB NOT NULL, debug_id TEXT NOT NULL, code_id TEXT,
    kind TEXT NOT NULL, cpu TEXT NOT NULL, name TEXT NOT NULL, features TEXT NOT NULL, size INTEGER NOT NULL,
    created INTEGER NOT NULL, UNIQUE (project_id, sha1, debug_id)
);
CREATE INDEX debug_files_by_debug_id ON debug_files (project_id, debug_id);
CREATE INDEX bundles_by_blob ON bundles (blob_id);
CREATE INDEX release_files_by_blob ON release_files (blob_id);
CREATE INDEX debug_files_by_blob ON debug_files (blob_id);
