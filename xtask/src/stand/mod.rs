//! The stand on which the whole product runs on one machine: a real server process, the API seen from outside,
//! and the eight examples. The demo and the end-to-end tests both stand on it.

mod api;
mod example;
pub(crate) mod http;
mod server;
mod stage;

pub use api::{Api, Issue};
pub use example::{Capture, EXAMPLES, Example, Mode, Running};
pub use http::{Answer, request};
pub use server::{Login, Project, Server, ServerHome, binary as server_binary};
pub use stage::{Arrival, Report, Stage};
