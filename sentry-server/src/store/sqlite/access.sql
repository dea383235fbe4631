-- Who may do what: memberships with a role, teams, and tokens of users and of organisations.
CREATE TABLE members (
    id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, role TEXT NOT NULL,
    created INTEGER NOT NULL, UNIQUE (org_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);
INSERT INTO members (org_id, user_id, role, created)
    SELECT o.id, u.id, 'owner', u.created FROM organizations o, users u;
CREATE TABLE teams (
    id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    slug TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE (org_id, slug)
);
CREATE TABLE team_members (
    team_id INTEGER NOT NULL REFERENCES teams(id) ON DELETE CASCADE,
    member_id INTEGER NOT NULL REFERENCES members(id) ON DELETE CASCADE, PRIMARY KEY (team_id, member_id)
) WITHOUT ROWID;
CREATE INDEX team_members_by_member ON team_members (member_id);
CREATE TABLE team_projects (
    team_id INTEGER NOT NULL REFERENCES teams(id) ON DELETE CASCADE,
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE, PRIMARY KEY (team_id, project_id)
) WITHOUT ROWID;
CREATE INDEX team_projects_by_project ON team_projects (project_id);

-- `scopes` is separated by blanks; `*` is everything that the holder's role allows.
CREATE TABLE access_tokens (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    org_id INTEGER REFERENCES organizations(id) ON DELETE CASCADE, label TEXT NOT NULL, scopes TEXT NOT NULL,
    tail TEXT, created INTEGER NOT NULL, CHECK ((user_id IS NULL) <> (org_id IS NULL))
);
CREATE INDEX access_tokens_by_user ON access_tokens (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX access_tokens_by_org ON access_tokens (org_id) WHERE org_id IS NOT NULL;
INSERT INTO access_tokens (hash, user_id, label, scopes, created)
    SELECT hash, user_id, label, '*', created FROM tokens;
DROP TABLE tokens;
-- Numbers of deleted projects are not given out again: events of theirs lie in day files for a while.
CREATE TABLE gone_projects (id INTEGER PRIMARY KEY);
