-- What bodies are compressed against: `events.dictionary` names one; 0 is none.
CREATE TABLE dictionaries (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
