//! The door: who may come in, how much, and nothing that could wait is done before the answer.

mod auth;
mod body;
mod committer;
mod cors;
mod endpoint;
mod keys;
mod payload;
mod record;
mod refusal;

use axum::Router;
use axum::middleware;
use axum::routing::post;

#[cfg(test)]
pub(crate) use self::body::Encoding;
pub(crate) use self::body::{BodyLimits, Budget, inflate};
pub(crate) use self::committer::Committer;
pub(crate) use self::keys::KeyTable;
pub(crate) use self::payload::stored_json;
pub(crate) use self::record::{Endpoint, RecordHead};
use crate::app::App;

/// `/api/{project}/envelope/` and `/api/{project}/store/`, with and without the last slash.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/api/{project}/envelope/", post(endpoint::envelope))
        .route("/api/{project}/envelope", post(endpoint::envelope))
        .route("/api/{project}/store/", post(endpoint::store))
        .route("/api/{project}/store", post(endpoint::store))
        .layer(middleware::from_fn(cors::layer))
}
