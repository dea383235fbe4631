-- Where the paths of a project's stack traces lie in a repository.
CREATE TABLE code_mappings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    repository TEXT NOT NULL, stack_root TEXT NOT NULL, source_root TEXT NOT NULL, branch TEXT NOT NULL,
    created INTEGER NOT NULL, UNIQUE (project_id, stack_root, source_root)
);
-- Which release a ProGuard mapping was made for.
CREATE TABLE proguard_releases (
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE, uuid TEXT NOT NULL, release TEXT NOT NULL,
    created INTEGER NOT NULL, PRIMARY KEY (project_id, uuid, release)
) WITHOUT ROWID;
