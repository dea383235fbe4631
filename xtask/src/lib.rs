//! The one task runner: set-up, demo, tests, benchmarks, generated files.
//!
//! `cargo xtask help` lists the commands. The parts on which demo and end-to-end tests stand are in [`stand`].

pub mod bench;
pub mod console;
mod counts;
pub mod demo;
mod failed;
mod failure;
pub mod gen_files;
mod language;
pub mod lint;
pub mod package;
mod process;
pub mod repo;
pub mod setup;
pub mod soak;
pub mod stand;
mod step;
pub mod suite;

pub use counts::{Counts, Dialect};
pub use failed::FailedTest;
pub use failure::{Context, Failure, Result};
pub use language::Language;
pub use step::{Log, Outcome, Runner};
