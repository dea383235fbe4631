//! Request bodies: JSON whatever the content type says, with errors in the API's own form.

use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, schema::Schema};

use crate::error::ApiError;

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

/// A part of a `T`, to be put over one that there is; described as a `T`.
#[derive(Debug)]
pub(super) struct Part<T> {
    pub(super) given: Value,
    of: PhantomData<fn() -> T>,
}

impl<'de, T> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { given: Value::deserialize(from)?, of: PhantomData })
    }
}

impl<T: PartialSchema> PartialSchema for Part<T> {
    fn schema() -> RefOr<Schema> {
        T::schema()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| match error.status().as_u16() {
            413 => ApiError::TooLarge("The body is larger than this call takes.".to_owned()),
            _ => ApiError::BadRequest(format!("The body cannot be read: {error}")),
        })?;
        let value = serde_json::from_slice(&bytes);
        value.map(Self).map_err(|error| ApiError::BadRequest(format!("The body must be JSON: {error}.")))
    }
}
