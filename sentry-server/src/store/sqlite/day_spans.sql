-- All spans by time, so that a page of them, and a count over many pages, reads no more of a day than it needs.
DROP INDEX spans_by_time;
CREATE INDEX spans_by_time ON spans (project_id, timestamp, is_segment);
