//! Lists of issues, and changes to many at once.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answers::{self, NOTHING, Shape};
use super::body::{Body, Part};
use super::caller::Caller;
use super::guard::Guard;
use super::issue_shape::{self, Period};
use super::parameter::{CHOSEN, ENVIRONMENTS, ISSUE_LIST, PAGE, PROJECTS, SEARCH, SPAN};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject, OrgScope};
use super::{issue, issue_change, page, short_id};
use crate::app::App;
use crate::error::ApiError;
use crate::files::debug_key;
use crate::search::{self, Expr};
use crate::store::{IssueContext, IssueFilter, IssueId, IssueSort, PageRequest, ProjectScope};

pub(super) fn routes(routes: &mut Routes) {
    let org = "/api/0/organizations/{org}/issues/";
    routes
        .get_by(
            org,
            Guard::Event,
            "Lists issues",
            list_in_org,
            &[SEARCH, ISSUE_LIST, PROJECTS, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(Shape::List(&answers::issues::LISTED_ISSUE))
        .put_by(
            org,
            Guard::Event,
            "Changes many issues, or merges them",
            change_in_org,
            &[CHOSEN, SEARCH, ISSUE_LIST, PROJECTS, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(answers::issues::CHANGED.or_nothing())
        .delete_by(
            org,
            Guard::Event,
            "Deletes many issues",
            delete_in_org,
            &[CHOSEN, SEARCH, ISSUE_LIST, PROJECTS, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(NOTHING);
    let project = "/api/0/projects/{org}/{project}/issues/";
    routes
        .get_by(
            project,
            Guard::Event,
            "Lists a project's issues",
            list_in_project,
            &[SEARCH, ISSUE_LIST, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(Shape::List(&answers::issues::LISTED_ISSUE))
        .put_by(
            project,
            Guard::Event,
            "Changes many of a project's issues, or merges them",
            change_in_project,
            &[CHOSEN, SEARCH, ISSUE_LIST, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(answers::issues::CHANGED.or_nothing())
        .delete_by(
            project,
            Guard::Event,
            "Deletes many of a project's issues",
            delete_in_project,
            &[CHOSEN, SEARCH, ISSUE_LIST, ENVIRONMENTS, SPAN, PAGE],
        )
        .answers(NOTHING);
    issue::routes(routes);
}

async fn list_in_org(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    list(&app, &found, &caller, scope, &uri, &query).await
}

async fn list_in_project(
    State(app): State<App>,
    at: InProject,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    list(&app, &at.found, &caller, at.scope(), &uri, &query).await
}

async fn change_in_org(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    query: Query,
    Body(body): Body<Part<issue_change::Form>>,
) -> Result<Response, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    change(&app, &found, &caller, scope, &query, &body.given).await
}

async fn change_in_project(
    State(app): State<App>,
    at: InProject,
    Extension(caller): Extension<Caller>,
    query: Query,
    Body(body): Body<Part<issue_change::Form>>,
) -> Result<Response, ApiError> {
    change(&app, &at.found, &caller, at.scope(), &query, &body.given).await
}

async fn delete_in_org(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    query: Query,
) -> Result<StatusCode, ApiError> {
    let scope = found.chosen(query.all("project"))?;
    delete(&app, &found, &caller, scope, &query).await
}

async fn delete_in_project(
    State(app): State<App>,
    at: InProject,
    Extension(caller): Extension<Caller>,
    query: Query,
) -> Result<StatusCode, ApiError> {
    delete(&app, &at.found, &caller, at.scope(), &query).await
}

async fn list(
    app: &App,
    found: &OrgScope,
    caller: &Caller,
    scope: ProjectScope,
    uri: &Uri,
    query: &Query,
) -> Result<Response, ApiError> {
    let stats = Period::parse(query.one("groupStatsPeriod"))
        .ok_or_else(|| ApiError::BadRequest("groupStatsPeriod must be 24h or 14d.".to_owned()))?;
    let now = app.now();
    // A query left out asks for what is open, as clients of the API expect; an empty one asks for all.
    let line = query.one("query").unwrap_or("is:unresolved");
    let looked_up = match query.one("shortIdLookup") {
        Some("1" | "true") => looked_up(app, found, line).await?,
        _ => None,
    };
    let mut filter = match looked_up {
        // Of whichever project.
        Some(id) => filter(app, found, caller, found.all(), (&format!("issue.id:{id}"), query))?,
        None => filter(app, found, caller, scope, (line, query))?,
    };
    filter.sort = sort(query.one("sort")).map_err(ApiError::BadRequest)?;
    filter.page = query.page(25)?;
    let (page, hits, hours) = app
        .with_store(move |store| {
            store.wake_issues(now)?;
            let page = store.issues(&filter)?;
            let hits = store.count_issues(&filter, MAX_HITS)?;
            let ids: Vec<_> = page.rows.iter().map(|issue| issue.id).collect();
            let hours = store.issue_hours(&ids, stats.since_hour(now))?;
            Ok((page, hits, hours))
        })
        .await?;
    let ids = page.rows.iter().map(|issue| issue.id).collect();
    let people = issue_shape::People::read(app, found, caller, ids).await?;
    let projects = found.by_id();
    let rows = page.rows.iter().zip(&hours).filter_map(|(issue, hours)| {
        let mut row = issue_shape::shape(app, &found.org.slug, projects.get(&issue.project)?, issue, &people);
        row["stats"] = json!({ stats.name(): stats.series(hours, now) });
        Some(row)
    });
    let rows = rows.collect();
    let mut response = page::answer(app, uri, &page, rows);
    response.headers_mut().insert("x-hits", HeaderValue::from(hits));
    response.headers_mut().insert("x-max-hits", HeaderValue::from(MAX_HITS));
    Ok(response)
}

/// The issue whose short id a search line is.
async fn looked_up(app: &App, found: &OrgScope, line: &str) -> Result<Option<IssueId>, ApiError> {
    let Some((slug, number)) = short_id::parse(line.trim()) else { return Ok(None) };
    let Some(project) = found.projects.iter().find(|project| project.slug.eq_ignore_ascii_case(slug)) else {
        return Ok(None);
    };
    let project = project.id;
    let issue = app.with_store(move |store| store.issue_by_number(project, number)).await?;
    Ok(issue.map(|issue| issue.id))
}

/// What a search line and the other parameters let through, newest first.
fn filter(
    app: &App,
    found: &OrgScope,
    caller: &Caller,
    scope: ProjectScope,
    (line, query): (&str, &Query),
) -> Result<IssueFilter, ApiError> {
    let now = app.now();
    let (seen_since, seen_until) = super::discover::span(app, query)?;
    let hashes = query.all("hashes").flat_map(|list| list.split(',')).filter(|hash| !hash.is_empty());
    let hashes = hashes.map(|hash| debug_key(hash).ok_or(hash)).collect::<Result<Vec<_>, _>>();
    let hashes = hashes
        .map_err(|odd| ApiError::BadRequest(format!("hashes={odd} is no hash of 32 hexadecimal digits.")))?;
    let context = IssueContext {
        now,
        user: caller.holder.as_ref().map(|holder| holder.id),
        projects: found.projects.iter().map(|project| (project.id, project.slug.clone())).collect(),
    };
    Ok(IssueFilter {
        scope,
        search: search::parse(line).map_err(|error| ApiError::BadRequest(error.to_string()))?,
        context,
        seen_since,
        seen_until,
        hashes,
        environments: query.all("environment").filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        sort: IssueSort::LastSeen,
        page: PageRequest { cursor: None, limit: MAX_AT_ONCE },
    })
}

/// The order a list is asked for.
fn sort(name: Option<&str>) -> Result<IssueSort, String> {
    match name.unwrap_or("date") {
        "" | "date" | "recommended" | "inbox" | "trends" => Ok(IssueSort::LastSeen),
        "new" => Ok(IssueSort::FirstSeen),
        "freq" => Ok(IssueSort::Count),
        "user" => Ok(IssueSort::Users),
        other => Err(format!("sort={other} is not known; use date, new, freq or user")),
    }
}

/// The issues that a call means: those named by repeated `id`, else those that `query` or `status` let through, else all.
async fn chosen(
    app: &App,
    found: &OrgScope,
    caller: &Caller,
    scope: ProjectScope,
    query: &Query,
) -> Result<Vec<IssueId>, ApiError> {
    let named: Vec<IssueId> = query
        .all("id")
        .map(|id| id.parse().map_err(|_| ApiError::BadRequest(format!("id={id} is not a number."))))
        .collect::<Result<_, _>>()?;
    if !named.is_empty() {
        return Ok(named);
    }
    let states = query.all("status").filter(|status| !status.is_empty()).map(|status| format!("is:{status}"));
    let states: Vec<String> = states.collect();
    let mut filter = filter(app, found, caller, scope, (query.one("query").unwrap_or_default(), query))?;
    if !states.is_empty() {
        let states =
            search::parse(&states.join(" OR ")).map_err(|error| ApiError::BadRequest(error.to_string()))?;
        filter.search = Expr::All(vec![filter.search, states]);
    }
    let all = app.with_store(move |store| {
        let mut ids = Vec::new();
        loop {
            let page = store.issues(&filter)?;
            ids.extend(page.rows.iter().map(|issue| issue.id));
            if !page.has_next || ids.len() >= MAX_CHANGED {
                return Ok(ids);
            }
            filter.page.cursor = page.next;
        }
    });
    all.await
}

/// 204 when nothing matches.
async fn change(
    app: &App,
    found: &InOrg,
    caller: &Caller,
    scope: ProjectScope,
    query: &Query,
    body: &Value,
) -> Result<Response, ApiError> {
    let ids = chosen(app, found, caller, scope.clone(), query).await?;
    if body["merge"] == true || body["merge"] == 1 {
        return merge(app, caller, scope, ids).await;
    }
    if body["discard"] == true {
        remove(app, found, scope, ids, true).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let change = issue_change::read(app, found, caller, body).await?;
    let changed = change.clone();
    let done = app.with_store(move |store| store.change_issues(&scope, &ids, &changed)).await?;
    if done.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(issue_change::shape(&change)).into_response())
}

/// Everything goes into the first.
async fn merge(
    app: &App,
    caller: &Caller,
    scope: ProjectScope,
    ids: Vec<IssueId>,
) -> Result<Response, ApiError> {
    let [into, others @ ..] = ids.as_slice() else {
        return Err(ApiError::BadRequest("Name the issues to merge: ?id=1&id=2".to_owned()));
    };
    if others.is_empty() {
        return Err(ApiError::BadRequest("Merging takes at least two issues.".to_owned()));
    }
    let (into, others) = (*into, others.to_vec());
    let answer = json!({ "merge": {
        "parent": into.to_string(),
        "children": others.iter().map(ToString::to_string).collect::<Vec<_>>(),
    } });
    let (by, now) = (caller.holder.as_ref().map(|holder| holder.id), app.now());
    let done = app.with_store(move |store| store.merge_issues(&scope, into, &others, by, now)).await?;
    if !done {
        return Err(ApiError::BadRequest(
            "Issues to merge must exist, differ, and be in one project.".to_owned(),
        ));
    }
    Ok(Json(answer).into_response())
}

async fn delete(
    app: &App,
    found: &InOrg,
    caller: &Caller,
    scope: ProjectScope,
    query: &Query,
) -> Result<StatusCode, ApiError> {
    if query.one("id").is_none() && query.one("query").is_none() && query.one("status").is_none() {
        return Err(ApiError::BadRequest("Name the issues to delete: ?id=1&id=2, or ?query=".to_owned()));
    }
    let ids = chosen(app, found, caller, scope.clone(), query).await?;
    remove(app, found, scope, ids, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove(
    app: &App,
    found: &InOrg,
    scope: ProjectScope,
    ids: Vec<IssueId>,
    discard: bool,
) -> Result<usize, ApiError> {
    if discard && !found.scopes.has("event:admin") {
        return Err(ApiError::Forbidden("This needs the scope event:admin.".to_owned()));
    }
    let now = app.now();
    app.with_store(move |store| store.delete_issues(&scope, &ids, discard, now)).await
}

/// Counting ends here, so that a list costs the same however many issues there are.
const MAX_HITS: usize = 1_000;
/// Issues that are read at a time when many are changed.
const MAX_AT_ONCE: usize = 500;
/// Issues that one call changes at most.
const MAX_CHANGED: usize = 10_000;
