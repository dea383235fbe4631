//! Deploys: when a release went where.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, Shape};
use super::body::Body;
use super::guard::Guard;
use super::parameter::PAGE;
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use super::{page, releases};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::Deploy;

/// Below one release.
pub(super) fn routes(routes: &mut Routes, release: &str) {
    let at = format!("{release}deploys/");
    routes
        .get_by(&at, Guard::Release, "Lists a release's deploys", list, &[PAGE])
        .answers(Shape::List(&answers::releases::DEPLOY))
        .post(&at, Guard::Release, "Adds a deploy", create)
        .answers(answers::releases::DEPLOY);
}

async fn list(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, release) = (query.page(100)?, releases::named(&app, &found, &path).await?);
    let deploys = app.with_store(move |store| store.deploys(release.id)).await?;
    Ok(page::of_list(&app, &uri, request, deploys.iter(), |deploy| shape(&found, deploy)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Form {
    environment: String,
    name: Option<String>,
    url: Option<String>,
    date_started: Option<String>,
    date_finished: Option<String>,
    projects: Option<Vec<Value>>,
}

async fn create(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let release = releases::named(&app, &found, &path).await?;
    if form.environment.is_empty() || form.environment.len() > 64 {
        return Err(ApiError::BadRequest("environment must have 1 to 64 characters.".to_owned()));
    }
    let mut deploy = Deploy {
        id: 0,
        environment: form.environment,
        name: form.name,
        url: form.url,
        started: releases::date("dateStarted", form.date_started.as_deref())?,
        finished: releases::date("dateFinished", form.date_finished.as_deref())?.unwrap_or_else(|| app.now()),
        projects: releases::projects(&found, &form.projects.unwrap_or_default())?,
    };
    if deploy.projects.is_empty() {
        deploy.projects = release.projects;
    }
    let (id, kept) = (release.id, deploy.clone());
    deploy.id = app.with_store(move |store| store.add_deploy(id, &kept)).await?;
    Ok((StatusCode::CREATED, Json(shape(&found, &deploy))))
}

fn shape(found: &InOrg, deploy: &Deploy) -> Value {
    let projects = found.projects.iter().filter(|project| deploy.projects.contains(&project.id));
    json!({
        "id": deploy.id.to_string(),
        "environment": deploy.environment,
        "name": deploy.name,
        "url": deploy.url,
        "dateStarted": deploy.started.map(rfc3339),
        "dateFinished": rfc3339(deploy.finished),
        "projects": projects.map(|project| &project.slug).collect::<Vec<_>>(),
    })
}
