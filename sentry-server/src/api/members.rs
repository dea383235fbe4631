//! Members of an organisation and their roles.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::caller::Caller;
use super::guard::Guard;
use super::page;
use super::parameter::PAGE;
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use crate::app::App;
use crate::auth::{self, Secret};
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{Changed, Member, Role};

pub(super) fn routes(routes: &mut Routes) {
    let all = "/api/0/organizations/{org}/members/";
    let one = "/api/0/organizations/{org}/members/{member}/";
    routes
        .get_by(all, Guard::Member, "Lists members", list, &[PAGE])
        .answers(Shape::List(&answers::accounts::MEMBER))
        .post(all, Guard::Member, "Adds a member; a new user's password is answered once", create)
        .answers(answers::accounts::NEW_MEMBER)
        .get(one, Guard::Member, "Shows a member", detail)
        .answers(answers::accounts::MEMBER)
        .put(one, Guard::Member, "Changes a member's role", change)
        .answers(answers::accounts::MEMBER)
        .delete(one, Guard::Member, "Removes a member", delete)
        .answers(NOTHING)
        .get_by(
            "/api/0/organizations/{org}/users/",
            Guard::Member,
            "Lists the users who are members",
            list,
            &[PAGE],
        )
        .answers(Shape::List(&answers::accounts::MEMBER));
}

pub(super) async fn all(app: &App, found: &InOrg) -> Result<Vec<Member>, ApiError> {
    let org = found.org.id;
    app.with_store(move |store| store.members(org)).await
}

pub(super) fn named<'a>(members: &'a [Member], id: &str) -> Result<&'a Member, ApiError> {
    members.iter().find(|member| member.id.to_string() == id).ok_or(ApiError::NotFound("No such member."))
}

async fn list(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let (request, people) = (query.page(100)?, all(&app, &found).await?);
    Ok(page::of_list(&app, &uri, request, people.iter(), shape))
}

async fn detail(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path((_, member)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let people = all(&app, &found).await?;
    if member == "me" {
        let user = caller.user()?;
        let own = people.iter().find(|member| member.user == user);
        return own.map(|member| Json(shape(member))).ok_or(ApiError::NotFound("No such member."));
    }
    Ok(Json(shape(named(&people, &member)?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Form {
    #[serde(alias = "username")]
    email: Option<String>,
    #[serde(alias = "role")]
    org_role: Option<String>,
}

impl Form {
    /// The role asked for, which may not be above the caller's own.
    fn role(&self, caller: &Caller, found: &InOrg) -> Result<Option<Role>, ApiError> {
        let Some(name) = &self.org_role else { return Ok(None) };
        let role = Role::parse(name).ok_or_else(|| {
            let known = Role::ALL.map(Role::as_str).join(", ");
            ApiError::BadRequest(format!("orgRole {name:?} is not known; there are {known}."))
        })?;
        if caller.role_in(found.org.id).is_none_or(|own| own < role) {
            return Err(ApiError::Forbidden("Nobody can give a role above their own.".to_owned()));
        }
        Ok(Some(role))
    }
}

async fn create(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let role = form.role(&caller, &found)?.unwrap_or(Role::Member);
    let username = form.email.unwrap_or_default().trim().to_owned();
    if username.is_empty() || username.len() > 200 || username.chars().any(char::is_control) {
        return Err(ApiError::BadRequest("email must have 1 to 200 characters.".to_owned()));
    }
    let name = username.clone();
    let known = app.with_store(move |store| store.user(&name)).await?;
    let mut password = None;
    let (org, now) = (found.org.id, app.now());
    let user = match known {
        Some(user) => user.id,
        None => {
            let secret = Secret::password().map_err(ApiError::internal)?.0;
            let hashed = secret.clone();
            let hash = tokio::task::spawn_blocking(move || auth::hash_password(&hashed)).await;
            let hash =
                hash.map_err(ApiError::internal)?.map_err(|error| ApiError::internal(error.to_string()))?;
            password = Some(secret);
            app.with_store(move |store| store.create_user(&username, &hash, now)).await?
        }
    };
    let made = app.with_store(move |store| store.add_member(org, user, role, now)).await?;
    let made = made.ok_or_else(|| ApiError::Conflict("This user is a member already.".to_owned()))?;
    let people = all(&app, &found).await?;
    let mut answer = shape(named(&people, &made.to_string())?);
    answer["password"] = password.into();
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn change(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path((_, member)): Path<(String, String)>,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    let Some(role) = form.role(&caller, &found)? else {
        return Err(ApiError::BadRequest("Send orgRole.".to_owned()));
    };
    let (org, id) = (found.org.id, reachable(&app, &found, &caller, &member).await?);
    let changed = app.with_store(move |store| store.set_role(org, id, role)).await?;
    done(changed)?;
    let people = all(&app, &found).await?;
    Ok(Json(shape(named(&people, &member)?)))
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path((_, member)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (org, id) = (found.org.id, reachable(&app, &found, &caller, &member).await?);
    done(app.with_store(move |store| store.remove_member(org, id)).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A member whose role is not above the caller's.
async fn reachable(app: &App, found: &InOrg, caller: &Caller, member: &str) -> Result<i64, ApiError> {
    let people = all(app, found).await?;
    let member = named(&people, member)?;
    if caller.role_in(found.org.id).is_none_or(|own| own < member.role) {
        return Err(ApiError::Forbidden("This member's role is above yours.".to_owned()));
    }
    Ok(member.id)
}

fn done(changed: Changed) -> Result<(), ApiError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::Missing => Err(ApiError::NotFound("No such member.")),
        Changed::Taken => Err(ApiError::Conflict("An organization needs an owner.".to_owned())),
    }
}

pub(super) fn shape(member: &Member) -> Value {
    let user = json!({
        "id": member.user.to_string(),
        "name": member.username,
        "username": member.username,
        "email": member.username,
    });
    json!({
        "id": member.id.to_string(),
        "email": member.username,
        "name": member.username,
        "user": user,
        "role": member.role.as_str(),
        "orgRole": member.role.as_str(),
        "pending": false,
        "expired": false,
        "dateCreated": rfc3339(member.created),
        "teams": member.teams,
        "flags": {},
    })
}
