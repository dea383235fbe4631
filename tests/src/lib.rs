//! Conformance vectors, their Rust runner and the end-to-end tests.

mod kills;
mod scene;
mod service;

pub use kills::{Kills, kill_under_load};
pub use scene::Scene;
pub use service::Service;
