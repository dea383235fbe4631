-- Tags of an issue in one value. Those that are there stay rows, with totals for every key, until something adds to the issue.
CREATE TABLE issue_tag_packs (issue_id INTEGER PRIMARY KEY, tags BLOB NOT NULL);
INSERT OR IGNORE INTO issue_tag_keys (issue_id, key, events, uniques)
    SELECT issue_id, key, sum(events), count(*) FROM issue_tags GROUP BY issue_id, key;
INSERT INTO issue_tag_packs (issue_id, tags) SELECT DISTINCT issue_id, x'020000' FROM issue_tag_keys;
