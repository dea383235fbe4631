//! A single-binary server that receives and groups errors from any Sentry-compatible SDK.
//!
//! ```text
//! ingest: key, caps, framing ─▶ spool + group commit ─▶ 200
//!                                     │
//!                 digest: normalise ▶ group ▶ one batched write ─▶ store ─▶ api ─▶ page
//! ```
//!
//! A 200 means that the bytes are on disk. Everything lies in one folder; nothing else is needed to run.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use watchpost_server::{App, Config};
//!
//! let app = App::start(&Config::new("/var/lib/watchpost"), "https://errors.example.com")?;
//! let router = app.router(); // an axum router, to be served or called in tests
//! # Ok(()) }
//! ```

mod api;
mod app;
mod auth;
mod cli;
mod config;
mod connections;
mod digest;
mod error;
mod files;
pub mod group;
mod health;
mod housekeeping;
mod ingest;
mod instant;
pub mod json;
mod log;
mod metrics;
mod msgpack;
pub mod normalize;
mod project;
mod proxy;
mod schedule;
pub mod search;
mod serve;
mod settings;
mod setup;
mod store;
mod symbolicate;
#[cfg(feature = "testing")]
pub mod testing;
mod ui;
mod upkeep;
mod watch;

pub use crate::app::{App, StartError};
pub use crate::cli::run;
pub use crate::config::{Config, Limits};
pub use crate::proxy::TrustedProxy;
pub use crate::settings::{SettingsOwner, set_settings, settings};
pub use crate::setup::{
    AdminAccount, FirstRun, ProjectAccess, create_org_token, create_project, create_token, first_run,
    set_password,
};
pub use crate::store::{Checked, Retention};
pub use crate::upkeep::{backup, check, restore};
