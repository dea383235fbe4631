//! Logging in and out, and who one is.

use axum::extract::{Extension, Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::{self, COOKIE, Caller};
use crate::app::App;
use crate::auth::{self, Secret};
use crate::error::ApiError;
use crate::instant::{DAY, SECOND};
use crate::store::Holder;

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

pub(super) async fn logout(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(secret) = caller::cookie(&headers) {
        let hash = auth::fingerprint(secret);
        app.with_store(move |store| store.delete_session(&hash)).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(&app, "", 0))]).into_response())
}

pub(super) async fn who_am_i(Extension(Caller(holder)): Extension<Caller>) -> Json<Value> {
    Json(person(&holder))
}

/// What `sentry-cli info` asks.
pub(super) async fn root(Extension(Caller(holder)): Extension<Caller>) -> Json<Value> {
    Json(json!({ "version": "0", "user": person(&holder), "auth": { "scopes": SCOPES } }))
}

fn person(holder: &Holder) -> Value {
    json!({ "id": holder.id.to_string(), "username": holder.username, "name": holder.username, "email": null })
}

fn set_cookie(app: &App, value: &str, max_age: i64) -> String {
    let secure = if app.public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}")
}

const SESSION: i64 = 14 * DAY;
const SCOPES: [&str; 5] = ["org:read", "project:read", "project:write", "event:read", "event:write"];
