//! Debug files of a project.

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answers::{self, NOTHING, Shape};
use super::guard::Guard;
use super::parameter::{CHECKSUMS, DEBUG_FILE, ID, PAGE, PART};
use super::query::Query;
use super::routes::Routes;
use super::scope::InProject;
use super::{page, uploads};
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::files::{FileError, archive_entries, identify, sha1_of};
use crate::instant::rfc3339;
use crate::store::DebugFile;

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/projects/{org}/{project}/files/dsyms/";
    routes
        .get_by(
            at,
            Guard::Release,
            "Lists debug files, or downloads the one with ?id=",
            list,
            &[PAGE, PART, DEBUG_FILE],
        )
        .answers(Shape::List(&answers::releases::DEBUG_FILE).or_file())
        .post_with(
            at,
            Guard::Release,
            "Takes debug files in an archive",
            upload,
            DefaultBodyLimit::max(MAX_ARCHIVE_BYTES),
        )
        .answers(Shape::List(&answers::releases::DEBUG_FILE))
        .delete_by(at, Guard::Release, "Deletes the debug file with ?id=", delete, &[ID])
        .answers(NOTHING)
        .get_by(
            &format!("{at}unknown/"),
            Guard::Release,
            "Says which checksums are not there",
            unknown,
            &[CHECKSUMS],
        )
        .answers(answers::releases::MISSING);
}

async fn list(State(app): State<App>, at: InProject, uri: Uri, query: Query) -> Result<Response, ApiError> {
    let request = query.page(100)?;
    let project = at.project.id;
    let all = app.with_store(move |store| store.debug_files(project)).await?;
    if let Some(id) = query.one("id") {
        let file = all.iter().find(|file| file.id.to_string() == id);
        return download(&app, file.ok_or(ApiError::NotFound("No such debug file."))?).await;
    }
    let (part, wanted) = (query.one("query").unwrap_or_default(), query.one("debug_id"));
    let own = all.iter().filter(|file| {
        let texts = [&file.debug_id, &file.name, &file.cpu];
        wanted.is_none_or(|wanted| file.debug_id.eq_ignore_ascii_case(wanted))
            && (part.is_empty() || texts.iter().any(|text| text.contains(part)))
    });
    Ok(page::of_list(&app, &uri, request, own, shape))
}

async fn download(app: &App, file: &DebugFile) -> Result<Response, ApiError> {
    let hash = file.blob;
    let view = app.with_files(move |_, files| files.view(&hash)).await?.map_err(ApiError::internal)?;
    Ok(attachment(view.to_vec()))
}

/// Saved, never shown: it is not ours.
pub(super) fn attachment(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Bytes::from(bytes)).into_response()
}

/// One part named `file`: a zip archive. How clients upload mappings that know nothing of pieces.
async fn upload(
    State(app): State<App>,
    at: InProject,
    mut form: Multipart,
) -> Result<Json<Vec<Value>>, ApiError> {
    let wrong = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::TooLarge(format!("An archive has at most {MAX_ARCHIVE_BYTES} bytes."))
        }
        _ => ApiError::BadRequest(format!("The form cannot be read: {}.", error.body_text())),
    };
    let mut archive = None;
    while let Some(field) = form.next_field().await.map_err(wrong)? {
        if field.name() == Some("file") {
            archive = Some(field.bytes().await.map_err(wrong)?);
        }
    }
    let archive =
        archive.ok_or_else(|| ApiError::BadRequest("The form has no part named file.".to_owned()))?;
    let (project, now) = (at.project.id, app.now());
    let added = app
        .with_files(move |store, files| {
            let _writing = files.writing();
            let mut added = Vec::new();
            for (name, content) in
                archive_entries(&archive, MAX_UNPACKED_BYTES).map_err(FileError::Refused)?
            {
                let kept = files.put(store, &content)?;
                let sha1 = sha1_of(&content);
                for identity in identify(&content, &name, None).map_err(FileError::Refused)? {
                    let file = identity.into_file(&name, sha1, (kept.hash, kept.size), now);
                    store.add_debug_file(project, &file)?;
                }
                added.extend(store.debug_files_by_sha1(project, &sha1)?);
            }
            Ok::<_, FileError>(added)
        })
        .await?
        .map_err(uploads::answer)?;
    app.symbolicator.expect(&added);
    Ok(Json(added.iter().map(shape).collect()))
}

async fn delete(State(app): State<App>, at: InProject, query: Query) -> Result<StatusCode, ApiError> {
    let id: i64 = query
        .one("id")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| ApiError::BadRequest("Name the file to delete: ?id=1".to_owned()))?;
    let project = at.project.id;
    let deleted = app.with_store(move |store| store.delete_debug_file(project, id)).await?;
    app.symbolicator.uploaded();
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("No such debug file.")) }
}

async fn unknown(State(app): State<App>, at: InProject, query: Query) -> Result<Json<Value>, ApiError> {
    let project = at.project.id;
    let all = app.with_store(move |store| store.debug_files(project)).await?;
    let missing: Vec<&str> =
        query.all("checksums").filter(|sum| !all.iter().any(|file| hex(&file.sha1) == *sum)).collect();
    Ok(Json(json!({ "missing": missing })))
}

pub(super) fn shape(file: &DebugFile) -> Value {
    json!({
        "id": file.id.to_string(),
        "uuid": file.debug_id,
        "debugId": file.debug_id,
        "codeId": file.code_id,
        "cpuName": file.cpu,
        "objectName": file.name,
        "symbolType": file.kind,
        "headers": { "Content-Type": "application/octet-stream" },
        "size": file.size,
        "sha1": hex(&file.sha1),
        "dateCreated": rfc3339(file.created),
        "data": { "type": symbolic_kind(&file.kind), "features": file.features },
    })
}

/// The kinds that clients know.
fn symbolic_kind(kind: &str) -> Option<&str> {
    matches!(kind, "dbg" | "exe" | "lib" | "src" | "rel" | "other").then_some(kind)
}

const MAX_ARCHIVE_BYTES: usize = 128 * 1024 * 1024;
const MAX_UNPACKED_BYTES: u64 = 512 * 1024 * 1024;
