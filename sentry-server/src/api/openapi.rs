//! The API's description, made from the table of routes that serves it.

use std::sync::Arc;

use axum::Json;
use axum::http::Method;
use axum::routing::{MethodRouter, get};
use utoipa::openapi::path::{
    OperationBuilder, ParameterBuilder, ParameterIn, ParameterStyle, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, KnownFormat, OpenApi, OpenApiBuilder, Ref,
    RefOr, Required, ResponseBuilder, ResponsesBuilder,
};

use super::answers::{Answer, Named};
use super::guard::Guard;
use super::parameter::Parameter;
use super::routes::Operation;
use crate::app::App;

/// Answers the description, to anybody: it says nothing about this server's data.
pub(super) fn serve(operations: &[Operation]) -> MethodRouter<App> {
    let document = Arc::new(document(operations));
    get(move || {
        let document = Arc::clone(&document);
        async move { Json(document.as_ref().clone()) }
    })
}

fn document(operations: &[Operation]) -> OpenApi {
    let (mut paths, mut named) = (PathsBuilder::new(), Named::new());
    for operation in operations {
        let method = match operation.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        paths = paths.path(&operation.path, PathItem::new(method, describe(operation, &mut named)));
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let error = ObjectBuilder::new()
        .property("detail", ObjectBuilder::new().schema_type(Type::String))
        .required("detail")
        .description(Some("What went wrong and how to put it right."));
    let components = ComponentsBuilder::new()
        .security_scheme("token", SecurityScheme::Http(bearer.build()))
        .schema("Error", Schema::Object(error.build()))
        .schemas_from_iter(named)
        .build();
    let about = "Lists are paged: the Link header has a cursor for the previous and the next page.";
    let info =
        InfoBuilder::new().title("Watchpost").version(env!("CARGO_PKG_VERSION")).description(Some(about));
    OpenApiBuilder::new().info(info.build()).paths(paths.build()).components(Some(components)).build()
}

fn describe(operation: &Operation, named: &mut Named) -> utoipa::openapi::path::Operation {
    let scopes = operation.guard.any_of(&operation.method);
    let mut described = OperationBuilder::new()
        .summary(Some(operation.summary))
        .operation_id(Some(format!("{} {}", operation.method, operation.path)))
        .tag(tag(operation.guard));
    for name in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let text = Schema::Object(ObjectBuilder::new().schema_type(Type::String).build());
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(RefOr::T(text)));
        described = described.parameter(parameter);
    }
    for read in operation.reads.all() {
        described = described.parameter(behind_the_question_mark(read));
    }
    if scopes.is_empty() {
        described = described.security(SecurityRequirement::new("token", Vec::<String>::new()));
    }
    for scope in scopes {
        described = described.security(SecurityRequirement::new("token", [*scope]));
    }
    if let Some(taken) = &operation.takes {
        let content = ContentBuilder::new().schema(Some(taken.schema.clone())).build();
        let body =
            RequestBodyBuilder::new().content(taken.content.as_ref(), content).required(Some(Required::True));
        described = described.request_body(Some(body.build()));
    }
    let problem = |why: &str| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error")));
        ResponseBuilder::new().description(why).content("application/json", content.build()).build()
    };
    let responses = match operation.answers.get() {
        Some(answer) => done(answer, named),
        None => ResponsesBuilder::new(),
    };
    let responses = responses
        .response("400", problem("The request is wrong; detail names the field."))
        .response("401", problem("No credentials, or unknown ones."))
        .response("403", problem("The credentials lack the scope."))
        .response("404", problem("No such thing, or not for this caller."));
    described.responses(responses.build()).build()
}

/// The answers when all is well.
fn done(answer: &Answer, named: &mut Named) -> ResponsesBuilder {
    let mut responses = ResponsesBuilder::new();
    if answer.json.is_some() || answer.file {
        let mut done = ResponseBuilder::new().description("Done.");
        if let Some(shape) = &answer.json {
            let content = ContentBuilder::new().schema(Some(shape.schema(named)));
            done = done.content("application/json", content.build());
        }
        if answer.file {
            let bytes = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
            let content = ContentBuilder::new().schema(Some(Schema::Object(bytes.build())));
            done = done.content("application/octet-stream", content.build());
        }
        responses = responses.response("2XX", done);
    }
    if answer.nothing {
        let what = "Done; there is no body.";
        let code = if answer.json.is_some() { "204" } else { "2XX" };
        responses = responses.response(code, ResponseBuilder::new().description(what));
    }
    responses
}

fn behind_the_question_mark(read: &Parameter) -> ParameterBuilder {
    let text = RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).build()));
    let schema =
        if read.repeats { RefOr::T(Schema::Array(ArrayBuilder::new().items(text).build())) } else { text };
    let parameter = ParameterBuilder::new()
        .name(read.name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(read.about))
        .schema(Some(schema));
    // `a=1&a=2`, which is how lists are written unless a description says otherwise; said for those who do not know.
    if read.repeats { parameter.style(Some(ParameterStyle::Form)).explode(Some(true)) } else { parameter }
}

fn tag(guard: Guard) -> &'static str {
    match guard {
        Guard::Known => "Account",
        Guard::Org => "Organizations",
        Guard::Project => "Projects",
        Guard::Release => "Releases",
        Guard::Event => "Events and issues",
        Guard::Team => "Teams",
        Guard::Member => "Members",
        Guard::Alert => "Monitors",
        Guard::OrgTokens => "Tokens",
    }
}
