-- Settings as JSON, by what they belong to: 'organization', 'project' or 'key'.
CREATE TABLE settings (
    owner TEXT NOT NULL, id INTEGER NOT NULL, settings TEXT NOT NULL, PRIMARY KEY (owner, id)
) WITHOUT ROWID;
