//! Inbound filters one by one, by the names that clients of the API know. All of them, and patterns, are settings as well.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::guard::Guard;
use super::routes::Routes;
use super::scope::InProject;
use super::{Params, settings};
use crate::app::App;
use crate::error::ApiError;
use crate::project::FilterSettings;

pub(super) fn routes(routes: &mut Routes) {
    let all = "/api/0/projects/{org}/{project}/filters/";
    routes
        .get(all, Guard::Project, "Lists inbound filters", list)
        .answers(Shape::List(&answers::accounts::FILTER))
        .put(&format!("{all}{{filter}}/"), Guard::Project, "Switches an inbound filter on or off", change)
        .answers(NOTHING);
}

async fn list(State(app): State<App>, at: InProject) -> Result<Json<Vec<Value>>, ApiError> {
    let mut filters = settings::project_settings(&app, at.project.id).await?.filters;
    Ok(Json(NAMES.map(|name| json!({ "id": name, "active": switch(&mut filters, name) })).to_vec()))
}

#[derive(Deserialize, ToSchema)]
struct Form {
    active: Option<bool>,
    /// Kinds of old browsers; here they are one: any of them switches the filter on, none off.
    subfilters: Option<Vec<String>>,
}

async fn change(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
    Body(form): Body<Form>,
) -> Result<StatusCode, ApiError> {
    let name = path.get("filter").cloned().unwrap_or_default();
    if !NAMES.contains(&name.as_str()) {
        return Err(ApiError::NotFound("No such filter."));
    }
    let active = form.active.or_else(|| form.subfilters.map(|kinds| !kinds.is_empty()));
    let active = active.ok_or_else(|| ApiError::BadRequest("active must be true or false.".to_owned()))?;
    settings::change_project_settings(&app, at.project.id, move |old| {
        let mut new = old.clone();
        if let Some(switch) = switch(&mut new.filters, &name) {
            *switch = active;
        }
        Ok(new)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

const NAMES: [&str; 5] =
    ["browser-extensions", "localhost", "legacy-browsers", "web-crawlers", "filtered-transaction"];

/// Where a filter is switched.
fn switch<'a>(filters: &'a mut FilterSettings, name: &str) -> Option<&'a mut bool> {
    Some(match name {
        "browser-extensions" => &mut filters.browser_extensions,
        "localhost" => &mut filters.localhost,
        "legacy-browsers" => &mut filters.legacy_browsers,
        "web-crawlers" => &mut filters.web_crawlers,
        "filtered-transaction" => &mut filters.health_checks,
        _ => return None,
    })
}
