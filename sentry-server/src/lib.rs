//! A single-binary server that receives and groups errors from any Sentry-compatible SDK.

pub mod group;
pub mod normalize;
