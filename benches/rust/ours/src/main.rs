//! `bench-ours DSN CAPTURES STORAGE_DIR`: the case with Watchpost, its spool on.
fn main() {}
