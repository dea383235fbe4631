//! Append-only, checksummed, bounded segment files: an event's seat belt, in the app and in the server.
