//! One property each, for any bytes.

pub(crate) mod dsn;
pub(crate) mod envelope;
pub(crate) mod event;
mod frames;
pub(crate) mod headers;
pub(crate) mod ingest;
pub(crate) mod log;
pub(crate) mod normalize;
pub(crate) mod options;
pub(crate) mod outbox;
pub(crate) mod search;
