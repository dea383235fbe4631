//! The pieces of a replay's recording, as a player reads them.

use std::io::Read as _;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use super::answers;
use super::guard::Guard;
use super::parameter::{DOWNLOAD, PAGE};
use super::query::Query;
use super::routes::Routes;
use super::scope::InProject;
use super::{Params, events, page};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{EventKey, PageRequest, ProjectId, Store, StoreError, StoredItem};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/projects/{org}/{project}/replays/{replay}/recording-segments/";
    routes
        .get_by(
            at,
            Guard::Event,
            "Lists the pieces of a replay, or with `download` what is in them",
            list,
            &[DOWNLOAD, PAGE],
        )
        .answers(answers::telemetry::PIECES)
        .get_by(
            &format!("{at}{{segment}}/"),
            Guard::Event,
            "Shows a piece of a replay, or with `download` what is in it",
            one,
            &[DOWNLOAD],
        )
        .answers(answers::telemetry::ONE_PIECE);
}

/// A piece: its number and the item that holds it.
#[derive(Debug)]
struct Piece {
    number: u64,
    item: StoredItem,
}

async fn list(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
    uri: Uri,
    query: Query,
) -> Result<Response, ApiError> {
    let (replay, project) = (replay_of(&path)?, at.project.id);
    let mut request = query.page(100)?;
    let is_download = downloads(&query);
    let (pieces, read) = app
        .with_store(move |store| {
            let pieces = pieces(store, project, &replay)?;
            let read =
                if is_download { Some(unpacked(store, &pieces, project, &replay, request)?) } else { None };
            Ok((pieces, read))
        })
        .await?;
    let Some(read) = read else {
        let shape = |piece: &Piece| shape(piece, project, &replay);
        return Ok(page::of_list(&app, &uri, request, pieces.iter(), shape));
    };
    // A page ends early where its pieces have become large; the next one goes on there.
    let (before, here) = (skipped(request), read.len());
    request.limit = here.max(1);
    let others = |count: usize| std::iter::repeat_n(Value::Null, count);
    let after = pieces.len().saturating_sub(before + here);
    let rows = others(before).chain(read).chain(others(after));
    Ok(page::of_list(&app, &uri, request, rows, |row| row))
}

async fn one(
    State(app): State<App>,
    at: InProject,
    Path(path): Path<Params>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let (replay, project) = (replay_of(&path)?, at.project.id);
    let missing = ApiError::NotFound("This replay has no such piece.");
    let Some(number) = path.get("segment").and_then(|text| text.parse::<u64>().ok()) else {
        return Err(missing);
    };
    let is_download = downloads(&query);
    let (piece, body) = app
        .with_store(move |store| {
            let piece = pieces(store, project, &replay)?.into_iter().find(|piece| piece.number == number);
            let body = match &piece {
                Some(piece) if is_download => store.item_body(project, &replay, piece.item.seq)?,
                _ => None,
            };
            Ok((piece, body))
        })
        .await?;
    let piece = piece.ok_or(missing)?;
    if !is_download {
        return Ok(Json(json!({ "data": shape(&piece, project, &replay) })));
    }
    let body = body.ok_or(ApiError::NotFound("The content of this piece was not kept."))?;
    Ok(Json(unpack(&body).ok_or(ApiError::NotFound("This piece of the recording cannot be read."))?))
}

fn replay_of(path: &Params) -> Result<EventKey, ApiError> {
    let id = events::parse_id(path.get("replay").map(String::as_str).unwrap_or_default())?;
    Ok(*id.as_bytes())
}

/// `download`, with or without a value.
fn downloads(query: &Query) -> bool {
    query.one("download").is_some_and(|value| !matches!(value, "false" | "0"))
}

/// All pieces by their number; one that came twice counts once.
fn pieces(store: &dyn Store, project: ProjectId, replay: &EventKey) -> Result<Vec<Piece>, StoreError> {
    let items = store.items(project, replay)?.into_iter().filter(|item| item.kind == "replay_recording");
    let mut pieces: Vec<Piece> = items
        .enumerate()
        .map(|(place, item)| {
            let number = item.header.get("segment_id").and_then(Value::as_u64);
            Piece { number: number.unwrap_or(place as u64), item }
        })
        .collect();
    pieces.sort_by_key(|piece| piece.number);
    pieces.dedup_by_key(|piece| piece.number);
    Ok(pieces)
}

fn shape(piece: &Piece, project: ProjectId, replay: &EventKey) -> Value {
    json!({
        "replayId": crate::auth::hex(replay),
        "segmentId": piece.number,
        "projectId": project.to_string(),
        "dateAdded": rfc3339(piece.item.received),
        "size": piece.item.size_bytes,
    })
}

/// The content of a page's pieces. One that cannot be read is empty, so that it does not cost the others.
fn unpacked(
    store: &dyn Store,
    pieces: &[Piece],
    project: ProjectId,
    replay: &EventKey,
    request: PageRequest,
) -> Result<Vec<Value>, StoreError> {
    let (mut read, mut bytes) = (Vec::new(), 0);
    for piece in pieces.iter().skip(skipped(request)).take(request.limit) {
        let body = store.item_body(project, replay, piece.item.seq)?;
        let text = body.as_deref().and_then(inflate);
        bytes += text.as_ref().map_or(0, Vec::len);
        if bytes > MAX_PAGE_BYTES && !read.is_empty() {
            break;
        }
        read.push(text.and_then(|text| events_of(&text)).unwrap_or_else(|| json!([])));
    }
    Ok(read)
}

fn skipped(request: PageRequest) -> usize {
    request.cursor.map_or(0, |cursor| usize::try_from(cursor.id).unwrap_or_default())
}

fn unpack(body: &[u8]) -> Option<Value> {
    events_of(&inflate(body)?)
}

/// What follows the line with the number: a JSON list of events, as it is or packed by zlib.
fn inflate(body: &[u8]) -> Option<Vec<u8>> {
    let start = body.iter().position(|byte| *byte == b'\n')? + 1;
    let events = &body[start..];
    if events.first() == Some(&b'[') {
        return Some(events.to_vec());
    }
    let mut text = Vec::new();
    let mut reader = flate2::read::ZlibDecoder::new(events).take(MAX_PIECE_BYTES + 1);
    reader.read_to_end(&mut text).ok()?;
    (text.len() as u64 <= MAX_PIECE_BYTES).then_some(text)
}

fn events_of(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok().filter(Value::is_array)
}

/// Published limit of a recording, expanded.
const MAX_PIECE_BYTES: u64 = 100 * 1024 * 1024;
/// What the pieces of one answer may have together.
const MAX_PAGE_BYTES: usize = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn pieces_are_read_packed_and_plain() {
        let mut packed = b"{\"segment_id\":3}\n".to_vec();
        let mut zlib = flate2::write::ZlibEncoder::new(&mut packed, flate2::Compression::fast());
        zlib.write_all(br#"[{"type":4}]"#).unwrap();
        zlib.finish().unwrap();
        for body in [packed.as_slice(), b"{\"segment_id\":3}\n[{\"type\":4}]"] {
            assert_eq!(unpack(body), Some(json!([{ "type": 4 }])));
        }
        for broken in [&b"[1]"[..], b"{}\nnonsense", b"{}\n{\"type\":4}", &packed[..packed.len() - 5]] {
            assert_eq!(unpack(broken), None);
        }
    }
}
