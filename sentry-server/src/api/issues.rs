//! Lists of issues, and changes to many at once.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::guard::Guard;
use super::issue_query::{self, Search};
use super::issue_shape::{self, Period};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject, OrgScope};
use super::{issue, page};
use crate::app::App;
use crate::error::ApiError;
use crate::instant;
use crate::store::{IssueFilter, ProjectScope};

pub(super) fn routes(routes: &mut Routes) {
    let org = "/api/0/organizations/{org}";
    routes.get(&format!("{org}/issues/"), Guard::Event, "Lists issues", list_in_org).put(
        &format!("{org}/issues/"),
        Guard::Event,
        "Changes many issues",
        change_in_org,
    );
    let project = "/api/0/projects/{org}/{project}";
    routes.get(&format!("{project}/issues/"), Guard::Event, "Lists a project's issues", list_in_project).put(
        &format!("{project}/issues/"),
        Guard::Event,
        "Changes many of a project's issues",
        change_in_project,
    );
    issue::routes(routes);
}

async fn list_in_org(
    State(app): State<App>,
    found: InOrg,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    list(&app, &found, scope, &uri, &query).await
}

async fn list_in_project(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    list(&app, &at.found, at.scope(), &uri, &query).await
}

async fn change_in_org(
    State(app): State<App>,
    found: InOrg,
    query: Query,
    body: Option<Json<Value>>,
) -> Result<Json<Value>, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    change(&app, scope, &query, body).await
}

async fn change_in_project(
    State(app): State<App>,
    at: InProject,
    query: Query,
    body: Option<Json<Value>>,
) -> Result<Json<Value>, ApiError> {
    change(&app, at.scope(), &query, body).await
}

async fn list(
    app: &App,
    found: &OrgScope,
    scope: ProjectScope,
    uri: &Uri,
    query: &Query,
) -> Result<Response, ApiError> {
    // A query left out asks for what is open, as clients of the API expect; an empty one asks for all.
    let search =
        Search::parse(query.one("query").unwrap_or("is:unresolved")).map_err(ApiError::BadRequest)?;
    let stats = Period::parse(query.one("groupStatsPeriod"))
        .ok_or_else(|| ApiError::BadRequest("groupStatsPeriod must be 24h or 14d.".to_owned()))?;
    let now = app.now();
    let seen_since = match query.one("statsPeriod") {
        None | Some("") => None,
        Some(text) => Some(
            now - instant::period(text).ok_or_else(|| {
                ApiError::BadRequest(
                    "statsPeriod must be a number and one of s, m, h, d, w, like 14d.".to_owned(),
                )
            })?,
        ),
    };
    let filter = IssueFilter {
        scope,
        status: search.status,
        level: search.level,
        tags: search.tags,
        words: search.words,
        seen_since,
        sort: issue_query::sort(query.one("sort")).map_err(ApiError::BadRequest)?,
        page: query.page(25)?,
    };
    let (page, hits, hours) = app
        .with_store(move |store| {
            let page = store.issues(&filter)?;
            let hits = store.count_issues(&filter, MAX_HITS)?;
            let ids: Vec<_> = page.rows.iter().map(|issue| issue.id).collect();
            let hours = store.issue_hours(&ids, stats.since_hour(now))?;
            Ok((page, hits, hours))
        })
        .await?;
    let projects = found.by_id();
    let rows = page.rows.iter().zip(&hours).filter_map(|(issue, hours)| {
        let mut row = issue_shape::shape(app, &found.org.slug, projects.get(&issue.project)?, issue);
        row["stats"] = json!({ stats.name(): stats.series(hours, now) });
        Some(row)
    });
    let rows = rows.collect();
    let mut response = page::answer(app, uri, &page, rows);
    response.headers_mut().insert("x-hits", HeaderValue::from(hits));
    response.headers_mut().insert("x-max-hits", HeaderValue::from(MAX_HITS));
    Ok(response)
}

/// Counting ends here, so that a list costs the same however many issues there are.
const MAX_HITS: usize = 1_000;

/// Changes the issues named by repeated `id`.
async fn change(
    app: &App,
    scope: ProjectScope,
    query: &Query,
    body: Option<Json<Value>>,
) -> Result<Json<Value>, ApiError> {
    let change = issue::read_change(body)?;
    let ids: Vec<i64> = query
        .all("id")
        .map(|id| id.parse().map_err(|_| ApiError::BadRequest(format!("id={id} is not a number."))))
        .collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Err(ApiError::BadRequest("Name the issues to change: ?id=1&id=2".to_owned()));
    }
    let changed = change.clone();
    app.with_store(move |store| store.change_issues(&scope, &ids, &changed)).await?;
    Ok(Json(issue::change_shape(&change)))
}
