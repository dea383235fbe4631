//! The door: who may come in, how much, and nothing that could wait is done before the answer.

mod auth;
mod body;
mod committer;
mod cors;
mod cron;
mod endpoint;
mod framed;
mod keys;
mod minidump;
mod multipart;
mod otlp;
mod payload;
mod record;
mod refusal;
mod request;
mod security;
mod unreal;

use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::body::Encoding;
pub(crate) use self::body::{BodyLimits, Budget, inflate};
pub(crate) use self::committer::Committer;
pub(crate) use self::keys::{KeyTable, Known};
pub(crate) use self::otlp::Totals;
#[cfg(feature = "testing")]
pub(crate) use self::payload::framing;
pub(crate) use self::payload::{quantity, stored_json};
pub(crate) use self::record::{Endpoint, RecordHead};
use crate::app::App;

/// Every address that takes data, with and without the last slash: a POST is never answered with a redirect.
pub(crate) fn router() -> Router<App> {
    let cron = || get(cron::check_in).post(cron::check_in);
    let store = || post(endpoint::store).get(endpoint::pixel);
    let routes: [(&str, MethodRouter<App>); 17] = [
        ("/api/{project}/envelope", post(endpoint::envelope)),
        ("/api/{project}/store", store()),
        ("/api/store", store()),
        ("/api/{project}/security", post(security::report)),
        ("/api/{project}/csp-report", post(security::report)),
        ("/api/{project}/nel", post(security::network)),
        ("/api/{project}/minidump", post(minidump::minidump)),
        ("/api/{project}/unreal/{key}", post(minidump::unreal)),
        ("/api/{project}/events/{event_id}/attachments", post(minidump::attachments)),
        ("/api/{project}/cron/{slug}", cron()),
        ("/api/{project}/cron/{slug}/{key}", cron()),
        ("/api/{project}/otlp/v1/traces", post(otlp::traces)),
        ("/api/{project}/otlp/v1/logs", post(otlp::logs)),
        ("/api/{project}/otlp/v1/metrics", post(otlp::metrics)),
        ("/api/{project}/integration/otlp/v1/traces", post(otlp::traces)),
        ("/api/{project}/integration/otlp/v1/logs", post(otlp::logs)),
        ("/api/{project}/integration/otlp/v1/metrics", post(otlp::metrics)),
    ];
    let mut router = Router::new();
    for (path, methods) in routes {
        let methods = methods.fallback(wrong_method);
        router = router.route(path, methods.clone()).route(&format!("{path}/"), methods);
    }
    router.layer(middleware::from_fn(cors::layer))
}

async fn wrong_method() -> refusal::Refusal {
    refusal::Refusal::WrongMethod
}
