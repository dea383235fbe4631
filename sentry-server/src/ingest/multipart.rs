//! Forms with files.

use axum::body::{Body, Bytes};
use multer::{Constraints, Multipart, SizeLimit};

use super::refusal::Refusal;

/// One field of a form.
pub(super) struct Part {
    pub(super) name: String,
    /// Set for files.
    pub(super) filename: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Bytes,
}

/// Reads a whole form, at most [`MAX_PARTS`] fields.
pub(super) async fn read(content_type: &str, body: Bytes) -> Result<Vec<Part>, Refusal> {
    let refuse = |error: multer::Error| Refusal::malformed(format!("multipart: {error}"));
    let boundary = multer::parse_boundary(content_type).map_err(refuse)?;
    let whole = SizeLimit::new().whole_stream(body.len() as u64);
    let stream = Body::from(body).into_data_stream();
    let constraints = Constraints::new().size_limit(whole);
    let mut form = Multipart::with_constraints(stream, boundary, constraints);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(refuse)? {
        if parts.len() == MAX_PARTS {
            return Err(Refusal::malformed(format!("the form has more than {MAX_PARTS} fields")));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().map(str::to_owned);
        let content_type = field.content_type().map(ToString::to_string);
        let bytes = field.bytes().await.map_err(refuse)?;
        parts.push(Part { name, filename, content_type, bytes });
    }
    Ok(parts)
}

const MAX_PARTS: usize = 200;
