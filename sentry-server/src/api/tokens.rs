//! Tokens: a person's own, and those of an organisation. A secret is answered once, when it is made.

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
use crate::auth::{self, Scopes, Secret};
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::setup;
use crate::store::{NewToken, Token, TokenOwner};

pub(super) fn routes(routes: &mut Routes) {
    let own = "/api/0/api-tokens/";
    let org = "/api/0/organizations/{org}/org-auth-tokens/";
    routes
        .get_by(own, Guard::Known, "Lists the caller's tokens", list, &[PAGE])
        .answers(Shape::List(&answers::accounts::TOKEN))
        .post(own, Guard::Known, "Makes a token of the caller's", create)
        .answers(answers::accounts::NEW_TOKEN)
        .delete(&format!("{own}{{token}}/"), Guard::Known, "Deletes a token of the caller's", delete)
        .answers(NOTHING)
        .get_by(org, Guard::OrgTokens, "Lists the organization's tokens", list_of_org, &[PAGE])
        .answers(Shape::List(&answers::accounts::TOKEN))
        .post(org, Guard::OrgTokens, "Makes a token of the organization", create_in_org)
        .answers(answers::accounts::NEW_TOKEN)
        .delete(
            &format!("{org}{{token}}/"),
            Guard::OrgTokens,
            "Deletes a token of the organization",
            delete_in_org,
        )
        .answers(NOTHING);
}

async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    answer(&app, TokenOwner::User(caller.user()?), &uri, &query).await
}

async fn list_of_org(
    State(app): State<App>,
    found: InOrg,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    answer(&app, TokenOwner::Org(found.org.id), &uri, &query).await
}

async fn answer(app: &App, owner: TokenOwner, uri: &Uri, query: &Query) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let tokens = app.with_store(move |store| store.tokens(owner)).await?;
    Ok(page::of_list(app, uri, request, tokens.iter(), shape))
}

#[derive(Deserialize, ToSchema)]
struct Form {
    name: Option<String>,
    scopes: Option<Vec<String>>,
}

async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let user = caller.user()?;
    let wanted = form.scopes.unwrap_or_default().join(" ");
    let scopes = Scopes::parse(&wanted).map_err(ApiError::BadRequest)?;
    let exceeds = match &scopes {
        Scopes::All => caller.scopes != Scopes::All,
        Scopes::Some(scopes) => scopes.iter().any(|scope| !caller.scopes.has(scope)),
    };
    if exceeds {
        return Err(ApiError::Forbidden("A token cannot be given scopes that its maker lacks.".to_owned()));
    }
    if scopes == Scopes::Some([].into()) {
        return Err(ApiError::BadRequest(
            "Send scopes, like [\"project:releases\", \"event:read\"].".to_owned(),
        ));
    }
    let secret = Secret::token().map_err(ApiError::internal)?;
    let owner = TokenOwner::User(user);
    make(&app, owner, form.name, scopes.to_text(), secret).await
}

async fn create_in_org(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let secret = setup::org_token(&app.public_url, &found.org.slug, app.now()).map_err(ApiError::internal)?;
    make(&app, TokenOwner::Org(found.org.id), form.name, setup::ORG_SCOPES.to_owned(), secret).await
}

async fn make(
    app: &App,
    owner: TokenOwner,
    name: Option<String>,
    scopes: String,
    secret: Secret,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let token = NewToken {
        owner,
        label: name.unwrap_or_default(),
        scopes,
        hash: auth::fingerprint(&secret.0),
        tail: Some(secret.tail()),
        created: app.now(),
    };
    let made = app.with_store(move |store| store.add_token(&token)).await?;
    let mut answer = shape(&made);
    answer["token"] = secret.0.into();
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn delete(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(token): Path<String>,
) -> Result<StatusCode, ApiError> {
    remove(&app, TokenOwner::User(caller.user()?), &token).await
}

async fn delete_in_org(
    State(app): State<App>,
    found: InOrg,
    Path((_, token)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    remove(&app, TokenOwner::Org(found.org.id), &token).await
}

async fn remove(app: &App, owner: TokenOwner, token: &str) -> Result<StatusCode, ApiError> {
    let id = token.parse().map_err(|_| ApiError::NotFound("No such token."))?;
    let deleted = app.with_store(move |store| store.delete_token(owner, id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("No such token.")) }
}

fn shape(token: &Token) -> Value {
    json!({
        "id": token.id.to_string(),
        "name": token.label,
        "scopes": token.scopes.split_whitespace().collect::<Vec<_>>(),
        "tokenLastCharacters": token.tail,
        "dateCreated": rfc3339(token.created),
    })
}
