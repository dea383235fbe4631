//! Organisations.

use axum::Json;
use axum::extract::{Extension, State};
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
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::setup;
use crate::store::{Changed, Organization, Rename};

pub(super) fn routes(routes: &mut Routes) {
    let one = "/api/0/organizations/{org}/";
    routes
        .get_by("/api/0/organizations/", Guard::Known, "Lists the caller's organizations", list, &[PAGE])
        .answers(Shape::List(&answers::accounts::ORGANIZATION))
        .post("/api/0/organizations/", Guard::Known, "Makes an organization", create)
        .answers(answers::accounts::ORGANIZATION)
        .get(one, Guard::Org, "Shows an organization", detail)
        .answers(answers::accounts::ORGANIZATION_WITH_ACCESS)
        .put(one, Guard::Org, "Renames an organization", change)
        .answers(answers::accounts::ORGANIZATION)
        .delete(one, Guard::Org, "Deletes an organization with everything in it", delete)
        .answers(NOTHING);
}

async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let all = app.with_store(|store| store.organizations()).await?;
    let own = all.iter().filter(|org| caller.belongs_to(org.id));
    Ok(page::of_list(&app, &uri, request, own, shape))
}

async fn detail(found: InOrg) -> Json<Value> {
    let mut answer = shape(&found.org);
    answer["access"] = found.scopes.names().into();
    Json(answer)
}

#[derive(Deserialize, ToSchema)]
struct Form {
    name: Option<String>,
    slug: Option<String>,
}

async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let user = caller.user()?;
    if !caller.scope_names().contains(&"org:admin") {
        return Err(ApiError::Forbidden("This needs the scope org:admin.".to_owned()));
    }
    let (name, slug) = setup::names(form.name, form.slug).map_err(ApiError::BadRequest)?;
    let now = app.now();
    let taken = format!("An organization with the slug {slug} exists already.");
    let made = app.with_store(move |store| store.found_organization(&slug, &name, user, now)).await?;
    let made = made.ok_or(ApiError::Conflict(taken))?;
    Ok((StatusCode::CREATED, Json(shape(&made))))
}

async fn change(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    if let Some(slug) = &form.slug {
        setup::check_slug(slug).map_err(ApiError::BadRequest)?;
    }
    let rename = Rename { slug: form.slug, name: form.name, platform: None };
    let (id, names) = (found.org.id, rename.clone());
    let changed = app.with_store(move |store| store.rename_organization(id, &names)).await?;
    if changed == Changed::Taken {
        return Err(ApiError::Conflict("An organization with this slug exists already.".to_owned()));
    }
    let mut org = found.org.clone();
    org.slug = rename.slug.unwrap_or(org.slug);
    org.name = rename.name.unwrap_or(org.name);
    Ok(Json(shape(&org)))
}

async fn delete(State(app): State<App>, found: InOrg) -> Result<StatusCode, ApiError> {
    let id = found.org.id;
    app.with_store(move |store| store.delete_organization(id)).await?;
    app.reload_keys().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn shape(org: &Organization) -> Value {
    json!({
        "id": org.id.to_string(),
        "slug": org.slug,
        "name": org.name,
        "dateCreated": rfc3339(org.created),
        "status": { "id": "active", "name": "active" },
        "isEarlyAdopter": false,
        "require2FA": false,
        "requireEmailVerification": false,
        "features": [],
    })
}
