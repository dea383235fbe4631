-- A key of an issue has totals from its second value on: until then they are those of the value.
DELETE FROM issue_tag_keys WHERE uniques = 1 AND events = (SELECT t.events FROM issue_tags t
    WHERE t.issue_id = issue_tag_keys.issue_id AND t.key = issue_tag_keys.key);
