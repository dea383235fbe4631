//! Uploads in pieces: what the server takes, the pieces, and what they are put together to.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING};
use super::body::Body;
use super::guard::Guard;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use super::{debug_files, releases};
use crate::app::App;
use crate::error::ApiError;
use crate::files::{self, Bundle, FileError, FileStore, identify, sha1_of, sha1_text};
use crate::store::{NewBundle, OrgId, ProjectId, Sha1, Store};

pub(super) fn routes(routes: &mut Routes) {
    let chunks = "/api/0/organizations/{org}/chunk-upload/";
    routes
        .get(chunks, Guard::Release, "Says how files are to be uploaded", options)
        .answers(answers::releases::UPLOAD_OPTIONS)
        .post_with(
            chunks,
            Guard::Release,
            "Takes pieces of files",
            upload,
            DefaultBodyLimit::max(MAX_REQUEST_BYTES),
        )
        .answers(NOTHING)
        .post(
            "/api/0/organizations/{org}/artifactbundle/assemble/",
            Guard::Release,
            "Puts an artifact bundle together",
            assemble_bundle,
        )
        .answers(answers::releases::ASSEMBLY)
        .post(
            "/api/0/organizations/{org}/releases/{version}/assemble/",
            Guard::Release,
            "Puts a bundle of a release's files together",
            assemble_release,
        )
        .answers(answers::releases::ASSEMBLY)
        .post(
            "/api/0/projects/{org}/{project}/files/difs/assemble/",
            Guard::Release,
            "Puts debug files together",
            assemble_debug_files,
        )
        .answers(answers::releases::ASSEMBLIES);
}

async fn options(State(app): State<App>, found: InOrg) -> Json<Value> {
    let url = format!("{}/api/0/organizations/{}/chunk-upload/", app.public_url, found.org.slug);
    Json(json!({
        "url": url,
        "chunkSize": CHUNK_BYTES,
        "chunksPerRequest": MAX_CHUNKS,
        "maxFileSize": app.files.limits().file_bytes,
        "maxRequestSize": MAX_REQUEST_BYTES - ROOM_FOR_HEADERS,
        "concurrency": 4,
        "hashAlgorithm": "sha1",
        "compression": ["gzip"],
        "accept": [
            "debug_files", "release_files", "artifact_bundles", "artifact_bundles_v2", "pdbs", "sources", "proguard",
        ],
    }))
}

/// Parts named `file` or `file_gzip`; the file name is the SHA-1 of what is inside.
async fn upload(State(app): State<App>, found: InOrg, mut form: Multipart) -> Result<StatusCode, ApiError> {
    let wrong = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::TooLarge(format!("A request has at most {MAX_REQUEST_BYTES} bytes."))
        }
        _ => ApiError::BadRequest(format!("The form cannot be read: {}.", error.body_text())),
    };
    let mut pieces = 0;
    while let Some(field) = form.next_field().await.map_err(wrong)? {
        pieces += 1;
        if pieces > MAX_CHUNKS {
            return Err(ApiError::BadRequest(format!("A request has at most {MAX_CHUNKS} pieces.")));
        }
        let zipped = field.name() == Some("file_gzip");
        let name = field.file_name().unwrap_or_default().to_owned();
        let sha1 = sha1_text(&name)
            .ok_or_else(|| ApiError::BadRequest(format!("The file name {name:?} is no SHA-1 in hex.")))?;
        let bytes = field.bytes().await.map_err(wrong)?;
        let (org, now) = (found.org.id, app.now());
        let done = app.with_files(move |store, files| {
            let inflated;
            let bytes: &[u8] = if zipped {
                inflated = files::gunzip(&bytes, CHUNK_BYTES).map_err(|error| {
                    FileError::Refused(format!("The piece {name} cannot be inflated: {error}."))
                })?;
                &inflated
            } else {
                &bytes
            };
            if bytes.len() > CHUNK_BYTES {
                return Err(FileError::Refused(format!("A piece has at most {CHUNK_BYTES} bytes.")));
            }
            if sha1_of(bytes) != sha1 {
                return Err(FileError::Refused(format!("The piece {name} has another SHA-1.")));
            }
            files.put_chunk(store, org, &sha1, bytes, now)
        });
        done.await?.map_err(answer)?;
    }
    let now = app.now();
    app.with_files(move |store, files| files.clean_up(store, now)).await?.map_err(answer)?;
    Ok(StatusCode::OK)
}

#[derive(Deserialize, ToSchema)]
struct BundleForm {
    checksum: String,
    chunks: Vec<String>,
    #[serde(default)]
    projects: Vec<Value>,
    version: Option<String>,
    dist: Option<String>,
}

async fn assemble_bundle(
    State(app): State<App>,
    found: InOrg,
    Body(form): Body<BundleForm>,
) -> Result<Json<Value>, ApiError> {
    if form.projects.is_empty() {
        return Err(ApiError::BadRequest("projects must name at least one project.".to_owned()));
    }
    let version = form.version.clone().filter(|version| !version.is_empty());
    bundle(&app, &found, version, form).await
}

async fn assemble_release(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<super::Params>,
    Body(mut form): Body<BundleForm>,
) -> Result<Json<Value>, ApiError> {
    let release = releases::named(&app, &found, &path).await?;
    if form.projects.is_empty() {
        form.projects = release.projects.iter().map(|id| Value::from(id.to_string())).collect();
    }
    bundle(&app, &found, Some(release.version), form).await
}

async fn bundle(
    app: &App,
    found: &InOrg,
    release: Option<String>,
    form: BundleForm,
) -> Result<Json<Value>, ApiError> {
    let (sha1, chunks) = checksums(&form.checksum, &form.chunks)?;
    let projects = releases::projects(found, &form.projects)?;
    let (org, now) = (found.org.id, app.now());
    let done = app.with_files(move |store, files| {
        let dist = form.dist.filter(|dist| !dist.is_empty());
        if store.share_bundle(org, &sha1, release.as_deref(), dist.as_deref(), &projects)? {
            return Ok(Progress::Done);
        }
        let missing = files.missing(store, org, &chunks)?;
        if chunks.is_empty() || !missing.is_empty() {
            return Ok(Progress::Missing(missing));
        }
        let _writing = files.writing();
        let assembled = files.assemble(store, org, &sha1, &chunks)?;
        let view = files.view(&assembled.hash)?;
        let bundle = Bundle::read(&view).map_err(FileError::Refused)?;
        let new = NewBundle {
            org,
            blob: assembled.hash,
            size: assembled.size,
            sha1,
            release,
            dist,
            projects,
            files: bundle.files,
            created: now,
        };
        store.add_bundle(&new)?;
        files.forget_chunks(store, org, &chunks)?;
        Ok(Progress::Done)
    });
    let done = done.await?;
    app.symbolicator.uploaded();
    state(done).map(Json)
}

#[derive(Deserialize, ToSchema)]
struct DebugFileForm {
    name: String,
    debug_id: Option<String>,
    #[serde(default)]
    chunks: Vec<String>,
}

async fn assemble_debug_files(
    State(app): State<App>,
    at: InProject,
    Body(form): Body<BTreeMap<String, DebugFileForm>>,
) -> Result<Json<Value>, ApiError> {
    let mut answers = serde_json::Map::new();
    for (checksum, form) in form {
        let (sha1, chunks) = checksums(&checksum, &form.chunks)?;
        let (org, project, now) = (at.found.org.id, at.project.id, app.now());
        let (done, known) = app
            .with_files(move |store, files| {
                let done = debug_file(store, files, (org, project), (&sha1, &chunks), &form, now);
                let known = store.debug_files_by_sha1(project, &sha1);
                (done, known)
            })
            .await?;
        let mut answer = state(done)?;
        let known = known?;
        if let Some(file) = known.first() {
            answer["dif"] = debug_files::shape(file);
        }
        app.symbolicator.expect(&known);
        answers.insert(checksum, answer);
    }
    Ok(Json(answers.into()))
}

fn debug_file(
    store: &dyn Store,
    files: &FileStore,
    (org, project): (OrgId, ProjectId),
    (sha1, chunks): (&Sha1, &[Sha1]),
    form: &DebugFileForm,
    now: i64,
) -> Result<Progress, FileError> {
    if !store.debug_files_by_sha1(project, sha1)?.is_empty() {
        return Ok(Progress::Done);
    }
    let missing = files.missing(store, org, chunks)?;
    if chunks.is_empty() || !missing.is_empty() {
        return Ok(Progress::Missing(missing));
    }
    let _writing = files.writing();
    let assembled = files.assemble(store, org, sha1, chunks)?;
    let view = files.view(&assembled.hash)?;
    for identity in identify(&view, &form.name, form.debug_id.as_deref()).map_err(FileError::Refused)? {
        let file = identity.into_file(&form.name, *sha1, (assembled.hash, assembled.size), now);
        store.add_debug_file(project, &file)?;
    }
    files.forget_chunks(store, org, chunks)?;
    Ok(Progress::Done)
}

/// How far an upload is.
enum Progress {
    Done,
    Missing(Vec<Sha1>),
}

/// What is wrong with a file is an answer, not a failed call: clients show it.
fn state(done: Result<Progress, FileError>) -> Result<Value, ApiError> {
    match done {
        Ok(Progress::Done) => Ok(json!({ "state": "ok", "missingChunks": [], "detail": null })),
        Ok(Progress::Missing(chunks)) => {
            let chunks: Vec<String> = chunks.iter().map(|chunk| crate::auth::hex(chunk)).collect();
            Ok(json!({ "state": "not_found", "missingChunks": chunks, "detail": null }))
        }
        Err(FileError::Refused(detail)) => {
            Ok(json!({ "state": "error", "missingChunks": [], "detail": detail }))
        }
        Err(FileError::Failed(error)) => Err(ApiError::Internal(error)),
    }
}

fn checksums(whole: &str, chunks: &[String]) -> Result<(Sha1, Vec<Sha1>), ApiError> {
    if chunks.len() > MAX_CHUNKS_PER_FILE {
        return Err(ApiError::BadRequest(format!("A file has at most {MAX_CHUNKS_PER_FILE} pieces.")));
    }
    let read = |text: &str| {
        sha1_text(text).ok_or_else(|| ApiError::BadRequest(format!("{text:?} is no SHA-1 in hex.")))
    };
    let chunks = chunks.iter().map(|chunk| read(chunk)).collect::<Result<_, _>>()?;
    Ok((read(whole)?, chunks))
}

pub(super) fn answer(error: FileError) -> ApiError {
    match error {
        FileError::Refused(detail) => ApiError::BadRequest(detail),
        FileError::Failed(error) => ApiError::Internal(error),
    }
}

/// A power of two, which older clients insist on.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;
const MAX_CHUNKS: usize = 64;
const MAX_CHUNKS_PER_FILE: usize = 4_096;
const MAX_REQUEST_BYTES: usize = 33 * 1024 * 1024;
const ROOM_FOR_HEADERS: usize = 1024 * 1024;
