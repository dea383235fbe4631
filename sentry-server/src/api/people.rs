//! The people around a project: members of its teams, and those whom its events happened to.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use super::answers::{self, Shape};
use super::guard::Guard;
use super::parameter::{PAGE, PART};
use super::query::Query;
use super::routes::Routes;
use super::scope::InProject;
use super::{members, page, teams};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::TagValue;

pub(super) fn routes(routes: &mut Routes) {
    let project = "/api/0/projects/{org}/{project}";
    routes
        .get_by(
            &format!("{project}/members/"),
            Guard::Member,
            "Lists members of the teams that a project belongs to",
            members_of,
            &[PAGE],
        )
        .answers(Shape::List(&answers::accounts::MEMBER))
        .get_by(
            &format!("{project}/users/"),
            Guard::Event,
            "Lists users whom a project's errors happened to, those of most events first",
            users,
            &[PART, PAGE],
        )
        .answers(Shape::List(&answers::accounts::EVENT_USER));
}

async fn members_of(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let (teams, people) = (teams::all(&app, &at.found).await?, members::all(&app, &at.found).await?);
    let own: Vec<&str> = teams
        .iter()
        .filter(|team| team.projects.contains(&at.project.id))
        .map(|team| team.slug.as_str())
        .collect();
    let own = people.iter().filter(|member| member.teams.iter().any(|team| own.contains(&team.as_str())));
    Ok(page::of_list(&app, &uri, request, own, members::shape))
}

async fn users(State(app): State<App>, at: InProject, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(100)?, at.scope());
    let part = query.one("query").unwrap_or_default().to_lowercase();
    let all = app.with_store(move |store| store.tag_values(&scope, "user", MAX_USERS)).await?;
    let own = all.iter().filter(|user| user.value.to_lowercase().contains(&part));
    Ok(page::of_list(&app, &uri, request, own, user))
}

/// Events know somebody by `id:`, `email:`, `username:` or `ip:`, whichever comes first.
fn user(value: &TagValue) -> Value {
    let by = |kind: &str| value.value.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':'));
    json!({
        "id": value.value,
        "tagValue": value.value,
        "identifier": by("id"),
        "username": by("username"),
        "email": by("email"),
        "name": by("username").or(by("email")),
        "ipAddress": by("ip"),
        "count": value.count,
        "dateCreated": rfc3339(value.first_seen),
        "lastSeen": rfc3339(value.last_seen),
    })
}

/// As many as are looked at.
const MAX_USERS: usize = 10_000;
