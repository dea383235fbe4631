//! What a handler's arguments say about a call, so that the API's description cannot differ from what is read.

use std::borrow::Cow;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Multipart, Path, Query as Typed, State};
use axum::http::{HeaderMap, Uri};
use utoipa::PartialSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};

use super::body::Body;
use super::query::Query;
use super::scope::{InOrg, InProject};

/// What a call takes in its body: the content type, and the schema.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) content: Cow<'static, str>,
    pub(super) schema: RefOr<Schema>,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Taken").field(&self.content).finish()
    }
}

/// The arguments of a handler, as axum numbers them.
pub(super) trait Signature {
    /// What is read from the body; `None` where nothing is.
    fn takes() -> Option<Taken>;
}

/// One argument.
pub(super) trait Argument {
    /// What it reads from the body.
    fn takes() -> Option<Taken> {
        None
    }
}

impl<S> Argument for State<S> {}
impl<T> Argument for Extension<T> {}
impl<T> Argument for Path<T> {}
impl<T> Argument for Typed<T> {}
impl Argument for InOrg {}
impl Argument for InProject {}
impl Argument for Query {}
impl Argument for Uri {}
impl Argument for HeaderMap {}

impl<T: PartialSchema> Argument for Body<T> {
    fn takes() -> Option<Taken> {
        Some(Taken { content: "application/json".into(), schema: T::schema() })
    }
}

impl Argument for Multipart {
    fn takes() -> Option<Taken> {
        let file = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        let form = ObjectBuilder::new().property("file", file).build();
        Some(Taken { content: "multipart/form-data".into(), schema: RefOr::T(Schema::Object(form)) })
    }
}

impl Argument for Bytes {
    fn takes() -> Option<Taken> {
        let any = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        Some(Taken {
            content: "application/octet-stream".into(),
            schema: RefOr::T(Schema::Object(any.build())),
        })
    }
}

impl Signature for ((),) {
    fn takes() -> Option<Taken> {
        None
    }
}

macro_rules! signatures {
    ($($name:ident)+) => {
        impl<Marker, $($name: Argument),+> Signature for (Marker, $($name,)+) {
            fn takes() -> Option<Taken> {
                [$($name::takes()),+].into_iter().flatten().next()
            }
        }
    };
}

signatures!(A);
signatures!(A B);
signatures!(A B C);
signatures!(A B C D);
signatures!(A B C D E);
signatures!(A B C D E F);
signatures!(A B C D E F G);
