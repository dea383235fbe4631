//! Cursors and the `Link` header.

use axum::Json;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::error::ApiError;
use crate::store::{Cursor, Page, PageRequest};

/// Reads `cursor` (as a `Link` header gave it; empty is the first page) and the page size.
pub(super) fn request(
    cursor: Option<&str>,
    limit: Option<&str>,
    default: usize,
) -> Result<PageRequest, ApiError> {
    let limit = match limit {
        None | Some("") => default,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| ApiError::BadRequest("limit must be a number above 0.".to_owned()))?,
    };
    let cursor =
        match cursor {
            None | Some("") => None,
            Some(text) => Some(parse(text).ok_or_else(|| {
                ApiError::BadRequest("cursor must be one that a Link header gave.".to_owned())
            })?),
        };
    Ok(PageRequest { cursor, limit: limit.min(MAX_LIMIT) })
}

/// The rows with a `Link` header for both directions.
pub(super) fn answer<T>(app: &crate::app::App, uri: &Uri, page: &Page<T>, rows: Vec<Value>) -> Response {
    let links = [
        link(app, uri, "previous", page.previous, page.has_previous),
        link(app, uri, "next", page.next, page.has_next),
    ];
    let mut response = Json(rows).into_response();
    if let Ok(value) = HeaderValue::from_str(&links.join(", ")) {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}

/// One page of a list that is small enough to be read whole; the cursor's id is how many rows come before it.
pub(super) fn of_list<T>(
    app: &crate::app::App,
    uri: &Uri,
    request: PageRequest,
    rows: impl Iterator<Item = T>,
    shape: impl Fn(T) -> Value,
) -> Response {
    let skip = request.cursor.map_or(0, |cursor| usize::try_from(cursor.id).unwrap_or_default());
    let mut rows: Vec<T> = rows.skip(skip).take(request.limit + 1).collect();
    let has_next = rows.len() > request.limit;
    rows.truncate(request.limit);
    let at = |id: usize| Some(Cursor { value: 0, id: id as i64, backwards: false });
    let page = Page {
        previous: at(skip.saturating_sub(request.limit)),
        next: at(skip + rows.len()),
        has_previous: skip > 0,
        has_next,
        rows: Vec::<()>::new(),
    };
    answer(app, uri, &page, rows.into_iter().map(shape).collect())
}

/// The same page with its rows inside something.
pub(super) async fn wrapped(
    answer: Response,
    wrap: impl FnOnce(Value) -> Value,
) -> Result<Response, ApiError> {
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(ApiError::internal)?;
    let rows: Value = serde_json::from_slice(&body).map_err(ApiError::internal)?;
    let mut response = Json(wrap(rows)).into_response();
    if let Some(link) = parts.headers.get(header::LINK) {
        response.headers_mut().insert(header::LINK, link.clone());
    }
    Ok(response)
}

fn link(app: &crate::app::App, uri: &Uri, rel: &str, cursor: Option<Cursor>, results: bool) -> String {
    let cursor = cursor.map_or_else(
        || format!("0:0:{}", u8::from(rel == "previous")),
        |cursor| format!("{}:{}:{}", cursor.value, cursor.id, u8::from(cursor.backwards)),
    );
    let others = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let mut query: Vec<&str> = others.collect();
    let own = format!("cursor={cursor}");
    query.push(&own);
    let (base, path) = (&app.public_url, uri.path());
    format!("<{base}{path}?{}>; rel=\"{rel}\"; results=\"{results}\"; cursor=\"{cursor}\"", query.join("&"))
}

fn parse(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(3, ':');
    Some(Cursor {
        value: parts.next()?.parse().ok()?,
        id: parts.next()?.parse().ok()?,
        backwards: match parts.next()? {
            "0" => false,
            "1" => true,
            _ => return None,
        },
    })
}

const MAX_LIMIT: usize = 100;
