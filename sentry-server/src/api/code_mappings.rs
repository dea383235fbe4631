//! Code mappings: where the paths of stack traces lie in a repository. Suspect commits are looked for by them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::guard::Guard;
use super::page;
use super::parameter::{PAGE, PROJECTS};
use super::query::Query;
use super::routes::Routes;
use super::scope::{InOrg, OrgScope};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::CodeMapping;

pub(super) fn routes(routes: &mut Routes) {
    let all = "/api/0/organizations/{org}/code-mappings/";
    routes
        .get_by(all, Guard::Release, "Lists code mappings", list, &[PROJECTS, PAGE])
        .answers(Shape::List(&answers::releases::CODE_MAPPING))
        .post(
            &format!("{all}bulk/"),
            Guard::Release,
            "Makes code mappings of a project, or changes them",
            bulk,
        )
        .answers(answers::releases::CODE_MAPPINGS_DONE)
        .delete(&format!("{all}{{mapping}}/"), Guard::Release, "Deletes a code mapping", delete)
        .answers(NOTHING);
}

async fn list(State(app): State<App>, found: InOrg, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let (request, scope) = (query.page(100)?, found.chosen(query.all("project"))?);
    let all = app.with_store(move |store| store.code_mappings(&scope)).await?;
    Ok(page::of_list(&app, &uri, request, all.iter(), |mapping| shape(&found, mapping)))
}

/// Mappings of one project into one repository.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Form {
    project: String,
    repository: String,
    provider: Option<String>,
    default_branch: Option<String>,
    #[schema(inline)]
    mappings: Vec<Roots>,
}

/// What paths of stack traces begin with, and what those in the repository begin with instead.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Roots {
    stack_root: String,
    source_root: String,
}

/// One that cannot be costs the others nothing: each is answered by itself. A repository that is not known is added.
async fn bulk(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (org, project, now) = (found.org.id, found.project(&form.project)?.id, app.now());
    let Form { repository, provider, default_branch, mappings, .. } = form;
    if repository.trim().is_empty() || repository.len() > MAX_ROOT {
        return Err(ApiError::BadRequest(format!("repository must have 1 to {MAX_ROOT} characters.")));
    }
    if mappings.is_empty() || mappings.len() > MAX_AT_ONCE {
        return Err(ApiError::BadRequest(format!("mappings must be 1 to {MAX_AT_ONCE}.")));
    }
    let branch = default_branch.filter(|branch| !branch.is_empty()).unwrap_or_else(|| "main".to_owned());
    let done = app
        .with_store(move |store| {
            if store.repositories(org)?.iter().all(|known| known.name != repository) {
                store.add_repository(org, &repository, None, provider.as_deref(), now)?;
            }
            let mut done = Vec::new();
            for Roots { stack_root, source_root } in mappings {
                if stack_root.len() > MAX_ROOT || source_root.len() > MAX_ROOT {
                    done.push((stack_root, source_root, "error"));
                    continue;
                }
                let mapping = CodeMapping {
                    id: 0,
                    project,
                    repository: repository.clone(),
                    stack_root,
                    source_root,
                    branch: branch.clone(),
                    created: now,
                };
                let status = if store.put_code_mapping(&mapping)? { "created" } else { "updated" };
                done.push((mapping.stack_root, mapping.source_root, status));
            }
            Ok(done)
        })
        .await?;
    let count = |wanted: &str| done.iter().filter(|(.., status)| *status == wanted).count();
    let (created, updated, errors) = (count("created"), count("updated"), count("error"));
    let rows = done.iter().map(|(stack_root, source_root, status)| {
        let mut row = json!({ "stackRoot": stack_root, "sourceRoot": source_root, "status": status });
        if *status == "error" {
            row["detail"] = format!("stackRoot and sourceRoot have at most {MAX_ROOT} characters.").into();
        }
        row
    });
    let rows: Vec<Value> = rows.collect();
    let status = if errors > 0 { StatusCode::MULTI_STATUS } else { StatusCode::OK };
    Ok((status, Json(json!({ "created": created, "updated": updated, "errors": errors, "mappings": rows }))))
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Path((_, mapping)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (missing, scope) = (ApiError::NotFound("No such code mapping."), found.all());
    let Ok(id) = mapping.parse() else { return Err(missing) };
    let deleted = app.with_store(move |store| store.delete_code_mapping(&scope, id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(missing) }
}

fn shape(found: &OrgScope, mapping: &CodeMapping) -> Value {
    let projects = found.by_id();
    json!({
        "id": mapping.id.to_string(),
        "projectId": mapping.project.to_string(),
        "projectSlug": projects.get(&mapping.project).map(|project| &project.slug),
        "repoName": mapping.repository,
        "stackRoot": mapping.stack_root,
        "sourceRoot": mapping.source_root,
        "defaultBranch": mapping.branch,
        "dateCreated": rfc3339(mapping.created),
    })
}

const MAX_ROOT: usize = 255;
const MAX_AT_ONCE: usize = 300;
