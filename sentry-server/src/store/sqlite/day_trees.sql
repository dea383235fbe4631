-- What a tree is packed against, as `events.dictionary`.
ALTER TABLE groupings ADD COLUMN dictionary INTEGER NOT NULL DEFAULT 0;
