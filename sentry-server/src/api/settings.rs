//! Settings of organisations, projects and keys: quotas, filters, scrubbing, grouping. The same as on the command line.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answers;
use super::body::{Body, Part};
use super::guard::Guard;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use super::{Params, keys};
use crate::app::App;
use crate::error::ApiError;
use crate::project::{KeySettings, OrganizationSettings, ProjectSettings};
use crate::store::ProjectId;

pub(super) fn routes(routes: &mut Routes) {
    let org = "/api/0/organizations/{org}/settings/";
    let project = "/api/0/projects/{org}/{project}/settings/";
    let key = "/api/0/projects/{org}/{project}/keys/{key}/settings/";
    routes
        .get(org, Guard::Org, "Shows quotas over all projects", of_org)
        .answers(answers::accounts::QUOTAS)
        .put(org, Guard::Org, "Changes quotas over all projects; what is left out stays", change_org)
        .answers(answers::accounts::QUOTAS)
        .get(project, Guard::Project, "Shows a project's quotas, filters, scrubbing and grouping", of_project)
        .answers(answers::accounts::SETTINGS)
        .put(
            project,
            Guard::Project,
            "Changes a project's quotas, filters, scrubbing and grouping; what is left out stays",
            change_project,
        )
        .answers(answers::accounts::SETTINGS)
        .get(key, Guard::Project, "Shows a client key's quotas", of_key)
        .answers(answers::accounts::QUOTAS)
        .put(key, Guard::Project, "Changes a client key's quotas; what is left out stays", change_key)
        .answers(answers::accounts::QUOTAS);
}

async fn of_org(State(app): State<App>, found: InOrg) -> Result<Json<OrganizationSettings>, ApiError> {
    let id = found.org.id;
    let all = app.with_store(|store| store.all_settings()).await?;
    Ok(Json(all.organizations.get(&id).cloned().unwrap_or_default()))
}

async fn change_org(
    State(app): State<App>,
    found: InOrg,
    Body(part): Body<Part<OrganizationSettings>>,
) -> Result<Json<OrganizationSettings>, ApiError> {
    let id = found.org.id;
    let changed = app
        .with_store(move |store| {
            let old = store.all_settings()?.organizations.remove(&id).unwrap_or_default();
            let new = with(&old, &part.given).and_then(|new: OrganizationSettings| {
                new.check().map(|()| new).map_err(ApiError::BadRequest)
            });
            if let Ok(new) = &new {
                store.set_organization_settings(id, new)?;
            }
            Ok(new)
        })
        .await?;
    app.reload_keys().await?;
    changed.map(Json)
}

async fn of_project(State(app): State<App>, at: InProject) -> Result<Json<ProjectSettings>, ApiError> {
    project_settings(&app, at.project.id).await.map(Json)
}

pub(super) async fn project_settings(app: &App, id: ProjectId) -> Result<ProjectSettings, ApiError> {
    Ok(app.with_store(|store| store.all_settings()).await?.projects.remove(&id).unwrap_or_default())
}

async fn change_project(
    State(app): State<App>,
    at: InProject,
    Body(part): Body<Part<ProjectSettings>>,
) -> Result<Json<ProjectSettings>, ApiError> {
    change_project_settings(&app, at.project.id, move |old| with(old, &part.given)).await.map(Json)
}

/// Stores what `change` makes of a project's settings, if it can be.
pub(super) async fn change_project_settings(
    app: &App,
    id: ProjectId,
    change: impl FnOnce(&ProjectSettings) -> Result<ProjectSettings, ApiError> + Send + 'static,
) -> Result<ProjectSettings, ApiError> {
    let now = app.now();
    let changed = app
        .with_store(move |store| {
            let old = store.all_settings()?.projects.remove(&id).unwrap_or_default();
            let new = change(&old).and_then(|mut new| {
                new.check().map_err(ApiError::BadRequest)?;
                new.grouping.keep_old(&old.grouping, now);
                Ok(new)
            });
            if let Ok(new) = &new {
                store.set_project_settings(id, new)?;
            }
            Ok(new)
        })
        .await?;
    app.reload_keys().await?;
    changed
}

async fn of_key(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
) -> Result<Json<KeySettings>, ApiError> {
    let (key, mut all) =
        keys::find(&app, &at, path.get("key").map(String::as_str).unwrap_or_default()).await?;
    Ok(Json(all.remove(&key.id).unwrap_or_default()))
}

async fn change_key(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
    Body(part): Body<Part<KeySettings>>,
) -> Result<Json<KeySettings>, ApiError> {
    let (key, mut all) =
        keys::find(&app, &at, path.get("key").map(String::as_str).unwrap_or_default()).await?;
    let new: KeySettings = with(&all.remove(&key.id).unwrap_or_default(), &part.given)?;
    new.check().map_err(ApiError::BadRequest)?;
    let (id, kept) = (key.id, new.clone());
    app.with_store(move |store| store.set_key_settings(id, &kept)).await?;
    app.reload_keys().await?;
    Ok(Json(new))
}

/// Settings with what is given put over them: objects field by field, everything else as a whole.
fn with<T: Serialize + DeserializeOwned>(old: &T, given: &Value) -> Result<T, ApiError> {
    let mut new = serde_json::to_value(old).map_err(ApiError::internal)?;
    if !given.is_object() {
        return Err(ApiError::BadRequest("Send a JSON object with what is to change.".to_owned()));
    }
    put_over(&mut new, given, "").map_err(ApiError::BadRequest)?;
    serde_json::from_value(new)
        .map_err(|error| ApiError::BadRequest(format!("The settings cannot be: {error}.")))
}

/// What is no setting is refused by its name: it would change nothing.
fn put_over(old: &mut Value, given: &Value, at: &str) -> Result<(), String> {
    match (old, given) {
        (Value::Object(old), Value::Object(given)) => {
            for (name, value) in given {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                let Some(known) = old.get_mut(name) else {
                    let known: Vec<&str> = old.keys().map(String::as_str).collect();
                    return Err(format!("{at} is no setting; there are {}.", known.join(", ")));
                };
                put_over(known, value, &at)?;
            }
        }
        (old, given) => old.clone_from(given),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_stays() {
        let old = ProjectSettings { spike_protection: true, ..ProjectSettings::default() };
        let new = with(&old, &json!({ "filters": { "releases": ["old@*"] }, "bodies_per_hour": 5 })).unwrap();
        assert_eq!((new.spike_protection, new.bodies_per_hour), (true, 5));
        assert_eq!(new.filters.releases, ["old@*"]);
        for (wrong, word) in [
            (json!({ "filters": { "release": [] } }), "filters.release is no setting"),
            (json!({ "bodies_per_hour": "many" }), "bodies_per_hour"),
            (json!([]), "object"),
        ] {
            let why = with(&old, &wrong).unwrap_err();
            assert!(
                matches!(&why, ApiError::BadRequest(why) if why.contains(word) || word == "bodies_per_hour"),
                "{why:?}"
            );
        }
    }
}
