-- Why events were grouped as they were: many events share one, named by 63 bits of its BLAKE3.
CREATE TABLE groupings (id INTEGER PRIMARY KEY, tree BLOB NOT NULL);
-- The hash that comes first, and the user as a number: what moves with an event when its issue is taken apart.
ALTER TABLE events ADD COLUMN hash BLOB;
ALTER TABLE events ADD COLUMN grouping INTEGER;
ALTER TABLE events ADD COLUMN user BLOB;
