//! `/api/0/`: what the page, scripts and `sentry-cli` read and change. One resource per file.

mod caller;
mod event_entries;
mod event_shape;
mod events;
mod issue;
mod issue_events;
mod issue_query;
mod issue_shape;
mod issue_tags;
mod issues;
mod keys;
mod login;
mod organizations;
mod outcomes;
mod page;
mod projects;
mod scope;
mod short_id;

use axum::extract::Request;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use axum::{Router, http};

use crate::app::App;
use crate::error::ApiError;

/// All of it; everything but the log-in asks for a token or a session.
pub(crate) fn router(app: &App) -> Router<App> {
    let guarded = Router::new();
    let guarded = both(guarded, "/api/0/", get(login::root));
    let guarded = both(guarded, "/api/0/auth/", get(login::who_am_i));
    let guarded = both(guarded, "/api/0/auth/logout/", post(login::logout));
    let guarded = both(guarded, "/api/0/organizations/", get(organizations::list));
    let guarded = both(guarded, "/api/0/projects/", get(projects::list_all));
    let org = "/api/0/organizations/{org}";
    let guarded = both(guarded, &format!("{org}/"), get(organizations::detail));
    let guarded = both(guarded, &format!("{org}/projects/"), get(projects::list).post(projects::create));
    let guarded =
        both(guarded, &format!("{org}/issues/"), get(issues::list_in_org).put(issues::change_in_org));
    let guarded = both(guarded, &format!("{org}/outcomes/"), get(outcomes::list));
    let guarded = both(guarded, &format!("{org}/shortids/{{issue}}/"), get(issue::by_short_id));
    let guarded = both(guarded, &format!("{org}/eventids/{{event}}/"), get(events::by_event_id));
    let guarded = with_issue(guarded, &format!("{org}/issues/{{issue}}"));
    let guarded = with_issue(guarded, "/api/0/issues/{issue}");
    let project = "/api/0/projects/{org}/{project}";
    let guarded = both(guarded, &format!("{project}/"), get(projects::detail));
    let guarded = both(guarded, &format!("{project}/keys/"), get(keys::list));
    let guarded = both(
        guarded,
        &format!("{project}/issues/"),
        get(issues::list_in_project).put(issues::change_in_project),
    );
    let guarded = both(guarded, &format!("{project}/events/"), get(events::list));
    let guarded = both(guarded, &format!("{project}/events/{{event}}/"), get(events::detail));
    let guarded = both(guarded, &format!("{project}/events/{{event}}/json/"), get(events::json));
    let guarded =
        both(guarded, &format!("{project}/events/{{event}}/attachments/"), get(events::attachments));
    let guarded = both(
        guarded,
        &format!("{project}/events/{{event}}/attachments/{{attachment}}/"),
        get(events::attachment),
    );
    let guarded = guarded
        .route("/api/0/{*rest}", axum::routing::any(unknown))
        .layer(middleware::from_fn_with_state(app.clone(), caller::require));
    both(guarded, "/api/0/auth/login/", post(login::login))
}

fn with_issue(router: Router<App>, at: &str) -> Router<App> {
    let router = both(router, &format!("{at}/"), get(issue::detail).put(issue::change));
    let router = both(router, &format!("{at}/events/"), get(issue_events::list));
    let router = both(router, &format!("{at}/events/{{event}}/"), get(issue_events::detail));
    let router = both(router, &format!("{at}/tags/"), get(issue_tags::list));
    both(router, &format!("{at}/tags/{{key}}/"), get(issue_tags::detail))
}

/// A route with and without the last slash: a POST must never be answered with a redirect.
fn both(router: Router<App>, path: &str, methods: MethodRouter<App>) -> Router<App> {
    router.route(path, methods.clone()).route(path.trim_end_matches('/'), methods)
}

/// Calls that this server does not know are said in the log: they tell what a client would need.
async fn unknown(request: Request) -> impl IntoResponse {
    let (method, path) = (request.method(), request.uri().path());
    crate::log::info(format_args!("unknown API call: {method} {path}"));
    (http::StatusCode::NOT_FOUND, ApiError::NotFound("This server has no such API call.")).1.into_response()
}
