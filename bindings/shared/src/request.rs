//! Requests that a host answers, for hosts that speak JSON.

use std::sync::Arc;

use serde::Deserialize;
use watchpost_core::{Client, EventHook, IncomingRequest, Map, Result, Text};

use crate::payload::parse;

/// All that a host knows of a request. What of it is collected is the core's decision.
#[derive(Debug, Deserialize)]
struct Given {
    #[serde(default)]
    method: String,
    /// With the query.
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    remote_addr: Option<String>,
    #[serde(default)]
    env: Map,
    /// What its transaction is called, `GET /orders/:id`.
    #[serde(default)]
    transaction: Option<String>,
}

/// An event processor that says which request an event belongs to, from JSON: `method`, `url`, `headers` as pairs,
/// `remote_addr`, `env`, and the `transaction` that events are named after unless a scope names another.
///
/// # Errors
/// When the text is no request; the error gives the path of what is wrong.
pub fn describe_request(client: &Arc<Client>, json: &str) -> Result<EventHook> {
    let given: Given = parse("request", json)?;
    let request = IncomingRequest {
        method: given.method.into(),
        url: given.url.into(),
        headers: given.headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        remote_addr: given.remote_addr.map(Into::into),
        body: None,
        body_type: None,
        env: given.env,
    };
    let client = Arc::clone(client);
    let transaction = given.transaction.map(Text::from);
    Ok(Arc::new(move |mut event, _| {
        request.describe(&mut event, &client);
        if event.transaction.is_none() {
            event.transaction.clone_from(&transaction);
        }
        Ok(Some(event))
    }))
}
