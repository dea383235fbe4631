//! Conformance vectors, their Rust runner and the end-to-end tests.

mod scene;

pub use scene::Scene;
