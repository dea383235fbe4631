//! From a finished envelope to a Sentry-compatible server: spool, worker, rate limits, HTTP.

mod backoff;
mod compress;
mod rate_limit;
mod upload;

pub use self::rate_limit::RateLimits;
pub use self::upload::{UploadRequest, UploadResponse, UploadResult, Uploader};
