//! `/api/0/`: what the page, scripts and `sentry-cli` read and change. One resource per file.

mod answers;
mod archives;
mod body;
mod caller;
mod code_mappings;
mod commits;
mod committers;
mod debug_files;
mod deploys;
mod discover;
mod event_entries;
mod event_shape;
mod events;
mod facets;
mod filters;
mod grouping_info;
mod grouping_rules;
mod guard;
mod issue;
mod issue_change;
mod issue_events;
mod issue_hashes;
mod issue_import;
mod issue_notes;
mod issue_shape;
mod issue_tags;
mod issues;
mod keys;
mod login;
mod members;
mod monitor_stats;
mod monitors;
mod openapi;
mod organizations;
mod outcomes;
mod page;
mod parameter;
mod people;
mod project_options;
mod projects;
mod query;
mod recordings;
mod release_files;
mod releases;
mod reprocess;
mod routes;
mod scope;
mod sessions;
mod settings;
mod short_id;
mod sieve;
mod signature;
mod stats;
mod teams;
mod tokens;
mod uploads;
mod voices;

use axum::extract::Request;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Router, http};

use self::routes::Routes;
use crate::app::App;
use crate::error::ApiError;

/// The named parts of a path.
type Params = std::collections::HashMap<String, String>;

/// All of it; everything but the log-in asks for a token or a session.
pub(crate) fn router(app: &App) -> Router<App> {
    let mut routes = Routes::new(app);
    login::routes(&mut routes);
    organizations::routes(&mut routes);
    projects::routes(&mut routes);
    keys::routes(&mut routes);
    settings::routes(&mut routes);
    filters::routes(&mut routes);
    people::routes(&mut routes);
    teams::routes(&mut routes);
    members::routes(&mut routes);
    tokens::routes(&mut routes);
    monitors::routes(&mut routes);
    sessions::routes(&mut routes);
    stats::routes(&mut routes);
    voices::routes(&mut routes);
    recordings::routes(&mut routes);
    discover::routes(&mut routes);
    releases::routes(&mut routes);
    release_files::routes(&mut routes);
    uploads::routes(&mut routes);
    archives::routes(&mut routes);
    code_mappings::routes(&mut routes);
    debug_files::routes(&mut routes);
    issues::routes(&mut routes);
    issue_import::routes(&mut routes);
    events::routes(&mut routes);
    facets::routes(&mut routes);
    reprocess::routes(&mut routes);
    grouping_info::routes(&mut routes);
    grouping_rules::routes(&mut routes);
    committers::routes(&mut routes);
    outcomes::routes(&mut routes);
    let (router, operations) = routes.finish();
    let description = openapi::serve(&operations);
    router
        .method_not_allowed_fallback(not_allowed)
        .route("/api/0/{*rest}", axum::routing::any(unknown))
        .layer(middleware::from_fn_with_state(app.clone(), caller::require))
        .route("/api/0/auth/login/", post(login::login))
        .route("/api/0/auth/login", post(login::login))
        .route("/api/0/openapi.json", description)
}

async fn not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// Calls that this server does not know are said in the log: they tell what a client would need.
async fn unknown(request: Request) -> impl IntoResponse {
    let (method, path) = (request.method(), request.uri().path());
    crate::log::info(format_args!("unknown API call: {method} {path}"));
    (http::StatusCode::NOT_FOUND, ApiError::NotFound("This server has no such API call.")).1.into_response()
}
