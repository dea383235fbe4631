//! Breadcrumbs: the call that applications make most often, so it crosses with as little as it can.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use std::cell::RefCell;
use std::sync::Arc;

use napi_derive::napi;
use watchpost_bindings::{HostClient, guard, parse};
use watchpost_core::{Breadcrumb, Data, Hint, Level, SharedScope, Timestamp};

use crate::call::{Dispatcher, with_dispatcher};
use crate::client::NativeClient;
use crate::scope::NativeScope;
use crate::trail;
use crate::words::Words;

thread_local! {
    /// Where breadcrumbs of this thread go. Checking the classes of two receivers costs more than all the rest.
    static TARGET: RefCell<Option<(Arc<HostClient>, SharedScope)>> = const { RefCell::new(None) };
}

/// Where the breadcrumbs of this thread go from now on.
#[napi]
pub fn aim_breadcrumbs(client: &NativeClient, scope: &NativeScope) {
    let target = (Arc::clone(&client.host), scope.shared().clone());
    TARGET.with(|current| current.replace(Some(target)));
}

/// Adds a breadcrumb; time in seconds since 1970, data as a JSON object. The answer is why it was refused.
#[napi]
pub fn add_breadcrumb(
    #[napi(ts_arg_type = "string | undefined")] message: Words,
    #[napi(ts_arg_type = "string | undefined")] category: Words,
    #[napi(ts_arg_type = "string | undefined")] data: Words,
    #[napi(ts_arg_type = "string | undefined")] level: Words,
    #[napi(ts_arg_type = "string | undefined")] kind: Words,
    timestamp: Option<f64>,
    #[napi(ts_arg_type = "string | undefined")] origin: Words,
    #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
    dispatcher: Option<Dispatcher<'_>>,
) -> Option<String> {
    guard(|| {
        let data: Option<Data> = match data.as_deref().map(|json| parse("data", json)).transpose() {
            Ok(data) => data,
            Err(error) => return Some(error.to_string()),
        };
        let crumb = Breadcrumb {
            timestamp: timestamp.and_then(Timestamp::from_seconds),
            ty: kind.text(),
            category: category.text(),
            message: message.text(),
            level: level.as_deref().and_then(Level::parse_lenient),
            origin: origin.text(),
            data: data.unwrap_or_default(),
            other: None,
        };
        // A hook may aim elsewhere meanwhile.
        let (host, scope) = TARGET.with(|target| target.borrow().clone())?;
        let add = || host.add_breadcrumb(crumb, &Hint::default(), &scope);
        match &dispatcher {
            Some(_) => with_dispatcher(dispatcher.as_ref(), add),
            None => add(),
        }
        None
    })
    .flatten()
}

/// Adds breadcrumbs that were held, see `trail`. False if the text could not be read.
#[napi]
pub fn add_trail(
    client: &NativeClient,
    scope: &NativeScope,
    #[napi(ts_arg_type = "string")] text: Words,
    fields: u32,
    start_ms: f64,
) -> bool {
    let added = guard(|| {
        let crumbs = trail::read(text.as_deref()?, fields, start_ms)?;
        client.host.client().add_held_breadcrumbs(crumbs, scope.shared());
        Some(())
    });
    added.flatten().is_some()
}
