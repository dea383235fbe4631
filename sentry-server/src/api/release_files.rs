//! Files of a release, uploaded one by one: how source maps came before bundles.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answers::{self, NOTHING, Shape};
use super::guard::Guard;
use super::parameter::{CHECKSUM, DOWNLOAD, PAGE, PART};
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use super::{Params, debug_files, page, releases, uploads};
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::files::{FileError, sha1_of};
use crate::instant::rfc3339;
use crate::store::ReleaseFile;

pub(super) fn routes(routes: &mut Routes) {
    for at in ["organizations/{org}", "projects/{org}/{project}"] {
        let all = format!("/api/0/{at}/releases/{{version}}/files/");
        let one = format!("{all}{{file}}/");
        routes
            .get_by(&all, Guard::Release, "Lists a release's files", list, &[PART, CHECKSUM, PAGE])
            .answers(Shape::List(&answers::releases::RELEASE_FILE))
            .post_with(
                &all,
                Guard::Release,
                "Adds a file to a release",
                create,
                DefaultBodyLimit::max(MAX_BYTES),
            )
            .answers(answers::releases::RELEASE_FILE)
            .get_by(
                &one,
                Guard::Release,
                "Shows a release's file; with ?download=1 its content",
                detail,
                &[DOWNLOAD],
            )
            .answers(answers::releases::RELEASE_FILE.or_file())
            .delete(&one, Guard::Release, "Deletes a file of a release", delete)
            .answers(NOTHING);
    }
}

async fn list(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (request, release) = (query.page(100)?, releases::named(&app, &found, &path).await?);
    let all = app.with_store(move |store| store.release_files(release.id)).await?;
    let wanted: Vec<&str> = query.all("checksum").collect();
    let part = query.one("query").unwrap_or_default();
    let own = all.iter().filter(|file| {
        (wanted.is_empty() || wanted.contains(&hex(&file.sha1).as_str())) && file.name.contains(part)
    });
    Ok(page::of_list(&app, &uri, request, own, shape))
}

/// `file`, `name`, `dist`, and any number of `header` as `key:value`.
async fn create(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    mut form: Multipart,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let release = releases::named(&app, &found, &path).await?;
    let (mut content, mut name, mut dist, mut headers) = (None, None, None, BTreeMap::new());
    let wrong = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(format!("A file has at most {MAX_BYTES} bytes.")),
        _ => ApiError::BadRequest(format!("The form cannot be read: {}.", error.body_text())),
    };
    while let Some(field) = form.next_field().await.map_err(wrong)? {
        let (part, file_name) =
            (field.name().unwrap_or_default().to_owned(), field.file_name().map(str::to_owned));
        let bytes = field.bytes().await.map_err(wrong)?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match part.as_str() {
            "name" => name = Some(text()),
            "dist" => dist = Some(text()).filter(|dist| !dist.is_empty()),
            "header" => {
                let header = text();
                let pair = header.split_once(':').ok_or_else(|| {
                    ApiError::BadRequest(format!("The header {header:?} must be like key:value."))
                })?;
                headers.insert(pair.0.trim().to_ascii_lowercase(), pair.1.trim().to_owned());
            }
            "file" => {
                name = name.or(file_name);
                content = Some(bytes);
            }
            _ => {}
        }
    }
    let content =
        content.ok_or_else(|| ApiError::BadRequest("The form has no part named file.".to_owned()))?;
    let name = name.filter(|name| !name.is_empty() && name.len() <= 1_000);
    let name = name.ok_or_else(|| ApiError::BadRequest("name must have 1 to 1000 characters.".to_owned()))?;
    let now = app.now();
    let added = app
        .with_files(move |store, files| {
            let _writing = files.writing();
            let kept = files.put(store, &content)?;
            let mut file = ReleaseFile {
                id: 0,
                blob: kept.hash,
                sha1: sha1_of(&content),
                name,
                dist,
                headers: serde_json::to_string(&headers).unwrap_or_default(),
                size: kept.size as i64,
                created: now,
            };
            let added = store.add_release_file(release.id, &file)?;
            Ok::<_, FileError>(added.map(|id| {
                file.id = id;
                file
            }))
        })
        .await?
        .map_err(uploads::answer)?;
    app.symbolicator.uploaded();
    let file = added.ok_or_else(|| ApiError::Conflict("The release has a file of this name.".to_owned()))?;
    Ok((StatusCode::CREATED, Json(shape(&file))))
}

async fn detail(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    query: Query,
) -> Result<Response, ApiError> {
    let release = releases::named(&app, &found, &path).await?;
    let all = app.with_store(move |store| store.release_files(release.id)).await?;
    let id = path.get("file").map(String::as_str).unwrap_or_default();
    let file = all.iter().find(|file| file.id.to_string() == id);
    let file = file.ok_or(ApiError::NotFound("No such file."))?;
    if query.one("download").is_none() {
        return Ok(Json(shape(file)).into_response());
    }
    let hash = file.blob;
    let view = app.with_files(move |_, files| files.view(&hash)).await?.map_err(ApiError::internal)?;
    Ok(debug_files::attachment(view.to_vec()))
}

async fn delete(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
) -> Result<StatusCode, ApiError> {
    let release = releases::named(&app, &found, &path).await?;
    let id: i64 =
        path.get("file").and_then(|id| id.parse().ok()).ok_or(ApiError::NotFound("No such file."))?;
    let deleted = app.with_store(move |store| store.delete_release_file(release.id, id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("No such file.")) }
}

fn shape(file: &ReleaseFile) -> Value {
    json!({
        "id": file.id.to_string(),
        "name": file.name,
        "dist": file.dist,
        "headers": serde_json::from_str::<Value>(&file.headers).unwrap_or_default(),
        "size": file.size,
        "sha1": hex(&file.sha1),
        "dateCreated": rfc3339(file.created),
    })
}

const MAX_BYTES: usize = 64 * 1024 * 1024;
