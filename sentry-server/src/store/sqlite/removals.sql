-- What is deleted and still has rows in a day's file: the housekeeping, and a start, goes on where a crash was.
-- Without an issue it is all of the project.
CREATE TABLE removals (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, issue_id INTEGER, day INTEGER NOT NULL
);
