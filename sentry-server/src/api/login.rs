//! Logging in and out, and who one is.

use axum::extract::{Extension, Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::{self, NOTHING, Shape};
use super::caller::{self, COOKIE, Caller};
use super::guard::Guard;
use super::routes::Routes;
use crate::app::App;
use crate::auth::{self, Secret};
use crate::error::ApiError;
use crate::instant::{DAY, SECOND};
use crate::store::Holder;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/0/", Guard::Known, "Says who calls and what they may do", root)
        .answers(answers::accounts::ROOT)
        .get("/api/0/auth/", Guard::Known, "Says who is logged in", who_am_i)
        .answers(Shape::Maybe(&answers::accounts::PERSON))
        .post("/api/0/auth/logout/", Guard::Known, "Ends the session", logout)
        .answers(NOTHING);
}

#[derive(Deserialize)]
pub(super) struct Form {
    username: String,
    password: String,
}

pub(super) async fn login(State(app): State<App>, body: Option<Json<Form>>) -> Result<Response, ApiError> {
    let Some(Json(form)) = body else {
        return Err(ApiError::BadRequest("Send JSON with username and password.".to_owned()));
    };
    app.attempts.begin(&form.username, app.now()).map_err(ApiError::TooManyAttempts)?;
    let name = form.username.clone();
    let user = app.with_store(move |store| store.user(&name)).await?;
    let checked = tokio::task::spawn_blocking(move || match user {
        Some(user) => auth::verify_password(&form.password, &user.password_hash).then_some(user),
        None => {
            auth::verify_nobody(&form.password);
            None
        }
    });
    let user = checked.await.map_err(|error| ApiError::Internal(Box::new(error)))?;
    let user = user.ok_or(ApiError::Unauthorized("Wrong user name or password."))?;
    app.attempts.succeeded(&user.username);
    let secret = Secret::session().map_err(|error| ApiError::Internal(Box::new(error)))?;
    let (hash, expires) = (auth::fingerprint(&secret.0), app.now() + SESSION);
    let id = user.id;
    app.with_store(move |store| store.create_session(id, &hash, expires)).await?;
    let holder = Holder { id, username: user.username };
    let cookie = set_cookie(&app, &secret.0, SESSION / SECOND);
    Ok(([(header::SET_COOKIE, cookie)], Json(person(&holder))).into_response())
}

async fn logout(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(secret) = caller::cookie(&headers) {
        let hash = auth::fingerprint(secret);
        app.with_store(move |store| store.delete_session(&hash)).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(&app, "", 0))]).into_response())
}

async fn who_am_i(Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(caller.holder.as_ref().map_or(Value::Null, person))
}

/// What `sentry-cli info` asks.
async fn root(Extension(caller): Extension<Caller>) -> Json<Value> {
    let user = caller.holder.as_ref().map_or(Value::Null, person);
    Json(json!({ "version": "0", "user": user, "auth": { "scopes": caller.scope_names() } }))
}

fn person(holder: &Holder) -> Value {
    json!({ "id": holder.id.to_string(), "username": holder.username, "name": holder.username, "email": holder.username })
}

fn set_cookie(app: &App, value: &str, max_age: i64) -> String {
    let secure = if app.public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}")
}

const SESSION: i64 = 14 * DAY;
