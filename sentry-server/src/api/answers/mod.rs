//! What a route says that it answers when all is well, and holding it to that.

pub(super) mod accounts;
pub(super) mod events;
pub(super) mod issues;
pub(super) mod releases;
mod shape;
pub(super) mod telemetry;

use std::sync::{Arc, OnceLock};

use axum::body::{Body, to_bytes};
use axum::http::header;
use axum::response::Response;
use serde_json::Value;

pub(super) use self::shape::{Named, Shape};

/// What a call may answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) json: Option<Shape>,
    /// An answer without a body.
    pub(super) nothing: bool,
    /// A file, to be saved.
    pub(super) file: bool,
}

/// Only that it is done.
pub(super) const NOTHING: Answer = Answer { json: None, nothing: true, file: false };
pub(super) const FILE: Answer = Answer { json: None, nothing: false, file: true };

impl From<Shape> for Answer {
    fn from(shape: Shape) -> Self {
        Self { json: Some(shape), nothing: false, file: false }
    }
}

impl Shape {
    /// JSON of this shape, or a file.
    pub(super) const fn or_file(self) -> Answer {
        Answer { json: Some(self), nothing: false, file: true }
    }

    /// JSON of this shape, or only that it is done.
    pub(super) const fn or_nothing(self) -> Answer {
        Answer { json: Some(self), nothing: true, file: false }
    }
}

/// What a route answers, once it is said.
pub(super) type Declared = Arc<OnceLock<Answer>>;

/// Debug builds panic on an answer that is not what its route declares; a test that makes one fails by it.
pub(super) async fn held(declared: &Declared, call: &str, response: Response) -> Response {
    if !cfg!(debug_assertions) || !response.status().is_success() {
        return response;
    }
    let Some(answer) = declared.get() else { panic!("{call} does not declare what it answers") };
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { panic!("{call}: the answer breaks off") };
    let kind =
        parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match (kind, &answer.json) {
        _ if bytes.is_empty() => assert!(answer.nothing, "{call} does not declare an answer without a body"),
        ("application/json", Some(shape)) => {
            let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            if let Err(why) = shape.check(&value) {
                panic!("{call} answers what it does not declare: {why}");
            }
        }
        ("application/octet-stream", _) => assert!(answer.file, "{call} does not declare a file"),
        _ => panic!("{call} does not declare an answer of type {kind:?}"),
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use axum::Json;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use serde_json::json;

    use super::*;

    async fn answered(answer: Answer, response: impl IntoResponse) -> StatusCode {
        let declared = Declared::default();
        declared.set(answer).unwrap();
        held(&declared, "GET /", response.into_response()).await.status()
    }

    const THING: Shape = Shape::Object("Thing", &[&[("id", Shape::Text)]]);

    #[tokio::test]
    async fn what_is_declared_passes() {
        assert_eq!(answered(THING.into(), Json(json!({ "id": "1" }))).await, 200);
        assert_eq!(answered(THING.or_nothing(), StatusCode::NO_CONTENT).await, 204);
        let file = ([(header::CONTENT_TYPE, "application/octet-stream")], "x");
        assert_eq!(answered(THING.or_file(), file).await, 200);
        // Errors have a form of their own.
        assert_eq!(answered(NOTHING, (StatusCode::NOT_FOUND, Json(json!({ "detail": "" })))).await, 404);
    }

    #[tokio::test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "GET / answers what it does not declare: .more is not declared")]
    async fn another_field_stops_the_call() {
        answered(THING.into(), Json(json!({ "id": "1", "more": 1 }))).await;
    }

    #[tokio::test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "does not declare a file")]
    async fn another_kind_of_answer_stops_the_call() {
        answered(THING.into(), ([(header::CONTENT_TYPE, "application/octet-stream")], "x")).await;
    }
}
