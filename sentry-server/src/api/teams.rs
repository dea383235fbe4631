//! Teams: who works together, and on which projects.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::guard::Guard;
use super::parameter::PAGE;
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use super::{members, page, projects};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::setup;
use crate::store::{Changed, Rename, Team};

pub(super) fn routes(routes: &mut Routes) {
    let all = "/api/0/organizations/{org}/teams/";
    let one = "/api/0/teams/{org}/{team}/";
    let joined = "/api/0/organizations/{org}/members/{member}/teams/{team}/";
    let owned = "/api/0/projects/{org}/{project}/teams/";
    routes
        .get_by(all, Guard::Team, "Lists teams", list, &[PAGE])
        .answers(Shape::List(&answers::accounts::TEAM_WITH_PROJECTS))
        .post(all, Guard::Team, "Makes a team", create)
        .answers(answers::accounts::TEAM)
        .get(one, Guard::Team, "Shows a team", detail)
        .answers(answers::accounts::TEAM_WITH_PROJECTS)
        .put(one, Guard::Team, "Renames a team", change)
        .answers(answers::accounts::TEAM)
        .delete(one, Guard::Team, "Deletes a team", delete)
        .answers(NOTHING)
        .get_by(
            "/api/0/teams/{org}/{team}/members/",
            Guard::Team,
            "Lists a team's members",
            list_members,
            &[PAGE],
        )
        .answers(Shape::List(&answers::accounts::MEMBER))
        .post(joined, Guard::Team, "Puts a member into a team", join)
        .answers(answers::accounts::TEAM)
        .delete(joined, Guard::Team, "Takes a member out of a team", leave)
        .answers(answers::accounts::TEAM)
        .get_by(owned, Guard::Project, "Lists a project's teams", list_of_project, &[PAGE])
        .answers(Shape::List(&answers::accounts::TEAM))
        .post(&format!("{owned}{{team}}/"), Guard::Project, "Gives a project to a team", own)
        .answers(answers::accounts::PROJECT)
        .delete(&format!("{owned}{{team}}/"), Guard::Project, "Takes a project from a team", disown)
        .answers(answers::accounts::PROJECT);
}

pub(super) async fn all(app: &App, found: &InOrg) -> Result<Vec<Team>, ApiError> {
    let org = found.org.id;
    app.with_store(move |store| store.teams(org)).await
}

/// A team by slug or id.
pub(super) fn named<'a>(teams: &'a [Team], name: &str) -> Result<&'a Team, ApiError> {
    let team = teams.iter().find(|team| team.slug == name || team.id.to_string() == name);
    team.ok_or(ApiError::NotFound("No such team."))
}

async fn list(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let (request, teams) = (query.page(100)?, all(&app, &found).await?);
    Ok(page::of_list(&app, &uri, request, teams.iter(), |team| with_projects(&found, team)))
}

async fn list_of_project(
    State(app): State<App>,
    at: InProject,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, teams) = (query.page(100)?, all(&app, &at.found).await?);
    let own = teams.iter().filter(|team| team.projects.contains(&at.project.id));
    Ok(page::of_list(&app, &uri, request, own, shape))
}

async fn list_members(
    State(app): State<App>,
    found: InOrg,
    Path((_, team)): Path<(String, String)>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let teams = all(&app, &found).await?;
    let slug = named(&teams, &team)?.slug.clone();
    let people = members::all(&app, &found).await?;
    let own = people.iter().filter(|member| member.teams.contains(&slug));
    Ok(page::of_list(&app, &uri, request, own, members::shape))
}

async fn detail(
    State(app): State<App>,
    found: InOrg,
    Path((_, team)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let teams = all(&app, &found).await?;
    Ok(Json(with_projects(&found, named(&teams, &team)?)))
}

#[derive(Deserialize, ToSchema)]
struct Form {
    name: Option<String>,
    slug: Option<String>,
}

async fn create(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (name, slug) = setup::names(form.name, form.slug).map_err(ApiError::BadRequest)?;
    let (org, now) = (found.org.id, app.now());
    let taken = format!("A team with the slug {slug} exists already.");
    let made = app.with_store(move |store| store.add_team(org, &slug, &name, now)).await?;
    let made = made.ok_or(ApiError::Conflict(taken))?;
    let teams = all(&app, &found).await?;
    Ok((StatusCode::CREATED, Json(shape(named(&teams, &made.to_string())?))))
}

async fn change(
    State(app): State<App>,
    found: InOrg,
    Path((_, team)): Path<(String, String)>,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    if let Some(slug) = &form.slug {
        setup::check_slug(slug).map_err(ApiError::BadRequest)?;
    }
    let id = named(&all(&app, &found).await?, &team)?.id;
    let rename = Rename { slug: form.slug, name: form.name, platform: None };
    let org = found.org.id;
    let changed = app.with_store(move |store| store.rename_team(org, id, &rename)).await?;
    if changed == Changed::Taken {
        return Err(ApiError::Conflict("A team with this slug exists already.".to_owned()));
    }
    let teams = all(&app, &found).await?;
    Ok(Json(shape(named(&teams, &id.to_string())?)))
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Path((_, team)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (org, id) = (found.org.id, named(&all(&app, &found).await?, &team)?.id);
    app.with_store(move |store| store.delete_team(org, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn join(
    State(app): State<App>,
    found: InOrg,
    Path((_, member, team)): Path<(String, String, String)>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    set_joined(&app, &found, &member, &team, true).await.map(|team| (StatusCode::CREATED, Json(team)))
}

async fn leave(
    State(app): State<App>,
    found: InOrg,
    Path((_, member, team)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    set_joined(&app, &found, &member, &team, false).await.map(Json)
}

async fn set_joined(app: &App, found: &InOrg, member: &str, team: &str, on: bool) -> Result<Value, ApiError> {
    let id = named(&all(app, found).await?, team)?.id;
    let people = members::all(app, found).await?;
    let member = members::named(&people, member)?.id;
    app.with_store(move |store| store.join_team(id, member, on)).await?;
    Ok(shape(named(&all(app, found).await?, team)?))
}

async fn own(
    State(app): State<App>,
    at: InProject,
    Path((_, _, team)): Path<(String, String, String)>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    set_owned(&app, &at, &team, true).await.map(|project| (StatusCode::CREATED, Json(project)))
}

async fn disown(
    State(app): State<App>,
    at: InProject,
    Path((_, _, team)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    set_owned(&app, &at, &team, false).await.map(Json)
}

async fn set_owned(app: &App, at: &InProject, team: &str, on: bool) -> Result<Value, ApiError> {
    let id = named(&all(app, &at.found).await?, team)?.id;
    let project = at.project.id;
    app.with_store(move |store| store.own_project(id, project, on)).await?;
    let teams = all(app, &at.found).await?;
    Ok(projects::shape(&at.found.org, &at.project, &teams))
}

/// As other things refer to it.
pub(super) fn reference(team: &Team) -> Value {
    json!({ "id": team.id.to_string(), "slug": team.slug, "name": team.name })
}

fn shape(team: &Team) -> Value {
    json!({
        "id": team.id.to_string(),
        "slug": team.slug,
        "name": team.name,
        "dateCreated": rfc3339(team.created),
        "isMember": true,
        "memberCount": team.members,
        "hasAccess": true,
        "isPending": false,
        "avatar": { "avatarType": "letter_avatar", "avatarUuid": null },
    })
}

fn with_projects(found: &InOrg, team: &Team) -> Value {
    let mut answer = shape(team);
    let own = found.projects.iter().filter(|project| team.projects.contains(&project.id));
    answer["projects"] =
        own.map(|project| projects::shape(&found.org, project, std::slice::from_ref(team))).collect();
    answer["organization"] = super::organizations::shape(&found.org);
    answer
}
