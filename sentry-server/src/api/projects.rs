//! Projects.

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
use super::project_options::{self, Options, Privacy};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use super::{grouping_rules, page, settings, teams};
use crate::app::App;
use crate::auth::Secret;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::project::{GroupingSettings, ProjectSettings};
use crate::setup;
use crate::store::{Changed, NewProject, Organization, Project, Rename, Team};

pub(super) fn routes(routes: &mut Routes) {
    let in_org = "/api/0/organizations/{org}/projects/";
    let in_team = "/api/0/teams/{org}/{team}/projects/";
    let one = "/api/0/projects/{org}/{project}/";
    routes
        .get_by(
            "/api/0/projects/",
            Guard::Known,
            "Lists projects of all the caller's organizations",
            list_all,
            &[PAGE],
        )
        .answers(Shape::List(&answers::accounts::PROJECT))
        .get_by(in_org, Guard::Project, "Lists projects", list, &[PAGE])
        .answers(Shape::List(&answers::accounts::PROJECT))
        .post(in_org, Guard::Project, "Makes a project", create)
        .answers(answers::accounts::NEW_PROJECT)
        .get_by(in_team, Guard::Project, "Lists a team's projects", list_of_team, &[PAGE])
        .answers(Shape::List(&answers::accounts::PROJECT))
        .post(in_team, Guard::Project, "Makes a project of a team", create_in_team)
        .answers(answers::accounts::NEW_PROJECT)
        .get(one, Guard::Project, "Shows a project", detail)
        .answers(answers::accounts::PROJECT_WITH_SETTINGS)
        .put(one, Guard::Project, "Changes a project", change)
        .answers(answers::accounts::PROJECT_WITH_SETTINGS)
        .delete(one, Guard::Project, "Deletes a project with everything in it", delete)
        .answers(NOTHING);
}

async fn list_all(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let found = app
        .with_store(move |store| {
            let mut all = Vec::new();
            for org in store.organizations()? {
                let scopes = caller.scopes_in(org.id);
                if scopes.is_some_and(|scopes| Guard::Project.lets_in(&axum::http::Method::GET, &scopes)) {
                    let teams = store.teams(org.id)?;
                    let shapes =
                        store.projects(org.id)?.iter().map(|project| shape(&org, project, &teams)).collect();
                    let shapes: Vec<Value> = shapes;
                    all.extend(shapes);
                }
            }
            Ok(all)
        })
        .await?;
    Ok(page::of_list(&app, &uri, request, found.into_iter(), |project| project))
}

async fn list(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let teams = teams::all(&app, &found).await?;
    Ok(page::of_list(&app, &uri, request, found.projects.iter(), |project| {
        shape(&found.org, project, &teams)
    }))
}

async fn list_of_team(
    State(app): State<App>,
    found: InOrg,
    Path((_, team)): Path<(String, String)>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let teams = teams::all(&app, &found).await?;
    let team = teams::named(&teams, &team)?;
    let own = found.projects.iter().filter(|project| team.projects.contains(&project.id));
    Ok(page::of_list(&app, &uri, request, own, |project| shape(&found.org, project, &teams)))
}

async fn detail(State(app): State<App>, at: InProject) -> Result<Json<Value>, ApiError> {
    full(&app, &at, &at.project).await
}

/// With settings.
async fn full(app: &App, at: &InProject, project: &Project) -> Result<Json<Value>, ApiError> {
    let teams = teams::all(app, &at.found).await?;
    let mut answer = shape(&at.found.org, project, &teams);
    let id = project.id;
    let settings = settings::project_settings(app, id).await?;
    if let Value::Object(answer) = &mut answer {
        answer.extend(grouping_rules::settings_shape(&settings.grouping, app.now()));
        answer.extend(project_options::shape(&settings));
    }
    Ok(Json(answer))
}

#[derive(Deserialize, ToSchema)]
struct Form {
    name: Option<String>,
    slug: Option<String>,
    platform: Option<String>,
    #[serde(rename = "fingerprintingRules")]
    fingerprinting_rules: Option<String>,
    #[serde(rename = "groupingEnhancements")]
    grouping_enhancements: Option<String>,
    #[serde(rename = "groupingConfig")]
    grouping_config: Option<String>,
    #[serde(rename = "groupingAutoUpdate")]
    grouping_auto_update: Option<bool>,
    #[serde(rename = "dataScrubber")]
    data_scrubber: Option<bool>,
    #[serde(rename = "scrubIPAddresses")]
    scrub_ip_addresses: Option<bool>,
    #[serde(rename = "sensitiveFields")]
    sensitive_fields: Option<Vec<String>>,
    #[serde(rename = "safeFields")]
    safe_fields: Option<Vec<String>>,
    #[serde(default)]
    #[schema(inline)]
    options: Options,
}

impl Form {
    fn grouping(&self) -> grouping_rules::Form {
        grouping_rules::Form {
            fingerprinting_rules: self.fingerprinting_rules.clone(),
            grouping_enhancements: self.grouping_enhancements.clone(),
            grouping_config: self.grouping_config.clone(),
            grouping_auto_update: self.grouping_auto_update,
        }
    }

    fn privacy(&self) -> Privacy {
        Privacy {
            data_scrubber: self.data_scrubber,
            scrub_ip_addresses: self.scrub_ip_addresses,
            sensitive_fields: self.sensitive_fields.clone(),
            safe_fields: self.safe_fields.clone(),
            options: self.options.clone(),
        }
    }
}

async fn create(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    make(&app, &found, None, form).await
}

async fn create_in_team(
    State(app): State<App>,
    found: InOrg,
    Path((_, team)): Path<(String, String)>,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let teams = teams::all(&app, &found).await?;
    let team = teams::named(&teams, &team)?.id;
    make(&app, &found, Some(team), form).await
}

/// 201 with the project and its DSN.
async fn make(
    app: &App,
    found: &InOrg,
    team: Option<i64>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let grouping = form.grouping();
    // A project without events has nothing to keep together.
    let grouping = grouping.change(&GroupingSettings::default(), app.now())?;
    let mut settings = ProjectSettings {
        grouping: GroupingSettings { previous: None, ..grouping },
        ..ProjectSettings::default()
    };
    form.privacy().put_over(&mut settings);
    settings.check().map_err(ApiError::BadRequest)?;
    let (name, slug) = setup::names(form.name, form.slug).map_err(ApiError::BadRequest)?;
    let public_key = Secret::public_key().map_err(ApiError::internal)?;
    let project = NewProject {
        id: None,
        org: found.org.id,
        slug: slug.clone(),
        name,
        platform: form.platform,
        public_key: public_key.clone(),
        created: app.now(),
    };
    let org = found.org.id;
    let made = app
        .with_store(move |store| {
            let Some(made) = store.create_project(&project)? else { return Ok(None) };
            if let Some(team) = team {
                store.own_project(team, made.id, true)?;
            }
            if settings != ProjectSettings::default() {
                store.set_project_settings(made.id, &settings)?;
            }
            Ok(Some((made, store.teams(org)?)))
        })
        .await?;
    let (made, teams) =
        made.ok_or_else(|| ApiError::Conflict(format!("A project with the slug {slug} exists already.")))?;
    app.reload_keys().await?;
    let mut answer = shape(&found.org, &made, &teams);
    answer["dsn"] = setup::dsn(&app.public_url, &public_key, made.id).into();
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn change(
    State(app): State<App>,
    at: InProject,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    let (grouping, privacy) = (form.grouping(), form.privacy());
    if let Some(slug) = &form.slug {
        setup::check_slug(slug).map_err(ApiError::BadRequest)?;
    }
    let rename = Rename { slug: form.slug, name: form.name, platform: form.platform };
    let id = at.project.id;
    if !grouping.is_empty() || !privacy.is_empty() {
        let now = app.now();
        settings::change_project_settings(&app, id, move |old| {
            let mut new = old.clone();
            new.grouping = grouping.change(&old.grouping, now)?;
            privacy.put_over(&mut new);
            Ok(new)
        })
        .await?;
    }
    let (changed, project) =
        app.with_store(move |store| Ok((store.rename_project(id, &rename)?, store.project(id)?))).await?;
    if changed == Changed::Taken {
        return Err(ApiError::Conflict("A project with this slug exists already.".to_owned()));
    }
    let project = project.ok_or(ApiError::NotFound("No such project."))?;
    full(&app, &at, &project).await
}

async fn delete(State(app): State<App>, at: InProject) -> Result<StatusCode, ApiError> {
    let id = at.project.id;
    app.with_store(move |store| store.delete_project(id)).await?;
    app.reload_keys().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn shape(org: &Organization, project: &Project, teams: &[Team]) -> Value {
    let own: Vec<Value> =
        teams.iter().filter(|team| team.projects.contains(&project.id)).map(teams::reference).collect();
    json!({
        "id": project.id.to_string(),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "dateCreated": rfc3339(project.created),
        "firstEvent": project.first_event.map(rfc3339),
        "status": "active",
        "isMember": true,
        "hasAccess": true,
        "features": [],
        "team": own.first(),
        "teams": own,
        "organization": super::organizations::shape(org),
    })
}
