//! What every host language shares when it embeds the Watchpost core.
//!
//! A binding turns host values into core values and back, and decides where its scopes live; everything else is here
//! or in the core: option names and their errors, environment variables, the process-wide client, JSON payloads,
//! hooks that speak JSON, and the client of the conformance vectors. No host's FFI crate is used in here.

mod client;
mod exchange;
mod guard;
mod hook;
mod identity;
mod monitor;
mod options;
mod otel;
mod outgoing;
mod payload;
mod process;
mod request;
mod sampler;
mod scope;
mod sessions;
mod signals;
mod testing;
mod tracing;

pub use crate::client::HostClient;
pub use crate::exchange::{HostExchange, HostHead};
pub use crate::guard::guard;
pub use crate::hook::{
    HostHook, breadcrumb_hook, check_in_hook, event_hook, log_hook, metric_hook, span_hook,
};
pub use crate::identity::HostIdentity;
pub use crate::monitor::HostMonitor;
pub use crate::options::{HostOptions, NameStyle};
pub use crate::otel::{HostOtelEnd, HostOtelSpan};
pub use crate::outgoing::{CallTraces, HostCall};
pub use crate::payload::{parse, parse_value};
pub use crate::process::{current_client, global_scope, replace_client};
pub use crate::request::describe_request;
pub use crate::sampler::{error_sampler, traces_sampler};
pub use crate::scope::HostScope;
pub use crate::signals::HostAttachment;
pub use crate::testing::{HostEnd, TestSetup};
pub use crate::tracing::{HostChild, HostSpan, HostTransaction};
