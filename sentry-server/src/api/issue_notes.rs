//! What happened to an issue, and what people wrote about it.

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
use super::parameter::PAGE;
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use super::{Params, issue, page};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{Activity, IssueId};

pub(super) fn routes(routes: &mut Routes) {
    for at in ["/api/0/organizations/{org}/issues/{issue}", "/api/0/issues/{issue}"] {
        routes
            .get(&format!("{at}/activities/"), Guard::Event, "Lists what happened to an issue", activities)
            .answers(answers::issues::ACTIVITIES)
            .get_by(&format!("{at}/notes/"), Guard::Event, "Lists an issue's notes", notes, &[PAGE])
            .answers(Shape::List(&answers::issues::ACTIVITY))
            .post(&format!("{at}/notes/"), Guard::Event, "Adds a note to an issue", create)
            .answers(answers::issues::ACTIVITY)
            .get(
                &format!("{at}/external-issues/"),
                Guard::Event,
                "Lists an issue's counterparts elsewhere",
                elsewhere,
            )
            .answers(Shape::List(&Shape::Any))
            .delete(&format!("{at}/notes/{{note}}/"), Guard::Event, "Deletes a note", delete)
            .answers(NOTHING);
    }
}

/// There is no integration that could make one.
async fn elsewhere(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<Json<Vec<Value>>, ApiError> {
    issue::find(&app, &found, &path).await?;
    Ok(Json(Vec::new()))
}

/// Newest first.
pub(super) async fn history(app: &App, issue: IssueId) -> Result<Vec<Value>, ApiError> {
    let all = app.with_store(move |store| store.activity(issue)).await?;
    Ok(all.iter().rev().map(shape).collect())
}

async fn activities(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<Json<Value>, ApiError> {
    let issue = issue::find(&app, &found, &path).await?;
    Ok(Json(json!({ "activity": history(&app, issue.id).await? })))
}

async fn notes(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, issue) = (query.page(100)?, issue::find(&app, &found, &path).await?);
    let all = app.with_store(move |store| store.activity(issue.id)).await?;
    let notes = all.iter().rev().filter(|activity| activity.kind == "note");
    Ok(page::of_list(&app, &uri, request, notes, shape))
}

#[derive(Deserialize, ToSchema)]
struct Form {
    text: String,
}

async fn create(
    State(app): State<App>,
    found: InOrg,
    Extension(caller): Extension<Caller>,
    Path(path): Path<Params>,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    if form.text.trim().is_empty() || form.text.len() > MAX_NOTE_BYTES {
        return Err(ApiError::BadRequest(format!("text must have 1 to {MAX_NOTE_BYTES} bytes.")));
    }
    let issue = issue::find(&app, &found, &path).await?;
    let (user, now) = (caller.holder.as_ref().map(|holder| holder.id), app.now());
    let text = form.text;
    let made = app
        .with_store(move |store| {
            let id = store.add_note(issue.id, user, &text, now)?;
            Ok(store.activity(issue.id)?.into_iter().find(|activity| activity.id == id))
        })
        .await?;
    let made = made.ok_or_else(|| ApiError::internal("a note vanished while it was made"))?;
    Ok((StatusCode::CREATED, Json(shape(&made))))
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<StatusCode, ApiError> {
    let issue = issue::find(&app, &found, &path).await?;
    let id: i64 =
        path.get("note").and_then(|id| id.parse().ok()).ok_or(ApiError::NotFound("No such note."))?;
    let deleted = app.with_store(move |store| store.delete_note(issue.id, id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("No such note.")) }
}

fn shape(activity: &Activity) -> Value {
    let user = activity
        .user
        .as_ref()
        .map(|(id, name)| json!({ "id": id.to_string(), "name": name, "username": name, "email": name }));
    json!({
        "id": activity.id.to_string(),
        "type": activity.kind,
        "user": user,
        "data": activity.data,
        "dateCreated": rfc3339(activity.created),
    })
}

const MAX_NOTE_BYTES: usize = 10_000;
