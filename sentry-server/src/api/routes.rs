//! The table of routes: what is served, what is checked before, and what the API's description says are one thing.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::routing::{MethodFilter, on};

use super::answers::{self, Answer, Declared};
use super::guard::Guard;
use super::parameter::Parameter;
use super::query::Reads;
use super::scope;
use super::signature::{Signature, Taken};
use crate::app::App;

/// Routes under construction.
#[derive(Debug)]
pub(super) struct Routes {
    app: App,
    router: Router<App>,
    operations: Vec<Operation>,
}

/// One call, as the API's description has it.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: Method,
    pub(super) guard: Guard,
    pub(super) summary: &'static str,
    /// What its body is.
    pub(super) takes: Option<Taken>,
    /// What it reads behind the question mark.
    pub(super) reads: Reads,
    /// What it answers.
    pub(super) answers: Declared,
}

macro_rules! methods {
    ($($name:ident, $reading:ident: $method:ident, $filter:ident;)*) => {$(
        /// Adds a call, with and without the last slash: a POST must never be answered with a redirect.
        pub(super) fn $name<H: Handler<T, App>, T: Signature + 'static>(
            &mut self,
            path: &str,
            guard: Guard,
            summary: &'static str,
            handler: H,
        ) -> &mut Self {
            self.$reading(path, guard, summary, handler, &[])
        }

        /// The same for a call that reads these parameters behind the question mark.
        pub(super) fn $reading<H: Handler<T, App>, T: Signature + 'static>(
            &mut self,
            path: &str,
            guard: Guard,
            summary: &'static str,
            handler: H,
            reads: &'static [&'static [Parameter]],
        ) -> &mut Self {
            let (path, reads, takes) = (path.to_owned(), Reads(reads), T::takes());
            let (method, answers) = (Method::$method, Declared::default());
            let operation = Operation { path, method, guard, summary, takes, reads, answers };
            self.add(operation, MethodFilter::$filter, handler)
        }
    )*};
}

impl Routes {
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), router: Router::new(), operations: Vec::new() }
    }

    methods! {
        get, get_by: GET, GET;
        post, post_by: POST, POST;
        put, put_by: PUT, PUT;
        delete, delete_by: DELETE, DELETE;
    }

    /// A POST whose body may have another size than those of other calls.
    pub(super) fn post_with<H: Handler<T, App>, T: Signature + 'static>(
        &mut self,
        path: &str,
        guard: Guard,
        summary: &'static str,
        handler: H,
        limit: DefaultBodyLimit,
    ) -> &mut Self {
        self.post(path, guard, summary, handler.layer(limit))
    }

    /// Says what the call that was added last answers; a debug build holds it to that.
    pub(super) fn answers(&mut self, answer: impl Into<Answer>) -> &mut Self {
        if let Some(operation) = self.operations.last() {
            // A second word would be a slip of the table, which the first answer brings to light.
            let _ = operation.answers.set(answer.into());
        }
        self
    }

    pub(super) fn finish(self) -> (Router<App>, Vec<Operation>) {
        (self.router, self.operations)
    }

    fn add<H: Handler<T, App>, T: 'static>(
        &mut self,
        operation: Operation,
        filter: MethodFilter,
        handler: H,
    ) -> &mut Self {
        let (path, guard, reads) = (operation.path.as_str(), operation.guard, operation.reads);
        let (app, declared) = (self.app.clone(), operation.answers.clone());
        let call: Arc<str> = format!("{} {path}", operation.method).into();
        let enter = middleware::from_fn(move |mut request: Request, next: Next| {
            request.extensions_mut().insert(reads);
            let (app, declared, call) = (app.clone(), declared.clone(), Arc::clone(&call));
            async move { answers::held(&declared, &call, scope::enter(app, guard, request, next).await).await }
        });
        let route = on(filter, handler).layer(enter);
        let router = std::mem::take(&mut self.router);
        let bare = path.trim_end_matches('/');
        self.router = if bare == path {
            router.route(path, route)
        } else {
            router.route(path, route.clone()).route(bare, route)
        };
        self.operations.push(operation);
        self
    }
}
