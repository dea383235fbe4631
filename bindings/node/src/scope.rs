//! Scopes as handles.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use watchpost_bindings::{HostScope, global_scope, guard};
use watchpost_core::SharedScope;

use crate::attach::attachment;
use crate::span::NativeSpan;

/// A scope of the core. Values that are not text come as JSON. No method throws: what has not its shape is ignored
/// and answered with the reason.
#[napi]
#[derive(Debug)]
pub struct NativeScope(pub(crate) HostScope);

#[napi]
impl NativeScope {
    /// An empty scope.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self(HostScope::new())
    }

    /// The scope of the whole process, threads included.
    #[napi(factory)]
    pub fn global() -> Self {
        Self(HostScope::from_shared(global_scope().clone()))
    }

    /// What it holds, as the JSON of an event that has nothing else.
    #[napi]
    pub fn contents(&self) -> String {
        let contents = || serde_json::to_string(&self.0.shared().snapshot().contents());
        guard(contents).and_then(Result::ok).unwrap_or_else(|| "{}".to_owned())
    }

    /// Another scope that starts with what this one holds.
    #[napi]
    pub fn fork(&self) -> Self {
        Self(self.0.fork())
    }

    /// A fork for a new piece of work: it starts a trace of its own.
    #[napi]
    pub fn fork_isolation(&self) -> Self {
        Self(self.0.fork_isolation())
    }

    /// Makes a span the active one of this handle; nothing for none.
    #[napi]
    pub fn set_span(&mut self, span: Option<&NativeSpan>) {
        self.0 = self.0.with_span(span.map(|span| &span.0));
    }

    /// Makes it a piece of work of its own, with a trace of its own.
    #[napi]
    pub fn start_trace(&self) {
        guard(|| self.0.shared().update(watchpost_core::Scope::start_trace));
    }

    /// Forgets the trace that was set.
    #[napi]
    pub fn clear_trace(&self) {
        guard(|| self.0.shared().update(|scope| scope.set_propagation(None)));
    }

    /// Sets a tag.
    #[napi]
    pub fn set_tag(&self, key: String, value: String) {
        guard(|| self.0.set_tag(&key, &value));
    }

    /// Removes a tag.
    #[napi]
    pub fn remove_tag(&self, key: String) {
        guard(|| self.0.remove_tag(&key));
    }

    /// Sets an extra value from JSON.
    #[napi]
    pub fn set_extra(&self, key: String, json: String) -> Option<String> {
        reason(|| self.0.set_extra(&key, &json))
    }

    /// Removes an extra value.
    #[napi]
    pub fn remove_extra(&self, key: String) {
        guard(|| self.0.remove_extra(&key));
    }

    /// Replaces a context from a JSON object; `null` removes it.
    #[napi]
    pub fn set_context(&self, key: String, json: String) -> Option<String> {
        reason(|| self.0.set_context(&key, &json))
    }

    /// Replaces the user from a JSON object; `null` forgets it.
    #[napi]
    pub fn set_user(&self, json: String) -> Option<String> {
        reason(|| self.0.set_user(&json))
    }

    /// Overrides the level by name; nothing takes it back.
    #[napi]
    pub fn set_level(&self, level: Option<String>) -> Option<String> {
        reason(|| self.0.set_level(level.as_deref()))
    }

    /// Overrides the grouping; an empty list takes it back.
    #[napi]
    pub fn set_fingerprint(&self, parts: Vec<String>) {
        guard(|| self.0.set_fingerprint(parts));
    }

    /// Names the route or task.
    #[napi]
    pub fn set_transaction_name(&self, name: Option<String>) {
        guard(|| self.0.set_transaction_name(name.as_deref()));
    }

    /// Adds a file: by its path, or as bytes with a name.
    #[napi]
    pub fn add_attachment(
        &self,
        path: Option<String>,
        bytes: Option<Uint8Array>,
        filename: Option<String>,
        content_type: Option<String>,
        attachment_type: Option<String>,
        add_to_transactions: bool,
    ) -> Option<String> {
        reason(|| {
            let added =
                attachment(path, bytes, filename, content_type, attachment_type, add_to_transactions)?;
            self.0.add_attachment(added);
            Ok(())
        })
    }

    /// Forgets the attachments.
    #[napi]
    pub fn clear_attachments(&self) {
        guard(|| self.0.clear_attachments());
    }

    /// Notes that a feature flag was asked for.
    #[napi]
    pub fn add_feature_flag(&self, flag: String, result: bool) {
        guard(|| self.0.add_feature_flag(&flag, result));
    }

    /// Forgets a feature flag.
    #[napi]
    pub fn remove_feature_flag(&self, flag: String) {
        guard(|| self.0.remove_feature_flag(&flag));
    }

    /// Sets an attribute of logs, metrics and streamed spans from JSON.
    #[napi]
    pub fn set_attribute(&self, key: String, json: String) -> Option<String> {
        reason(|| self.0.set_attribute(&key, &json))
    }

    /// Removes an attribute.
    #[napi]
    pub fn remove_attribute(&self, key: String) {
        guard(|| self.0.remove_attribute(&key));
    }

    /// Forgets the breadcrumbs.
    #[napi]
    pub fn clear_breadcrumbs(&self) {
        guard(|| self.0.clear_breadcrumbs());
    }

    /// Forgets everything.
    #[napi]
    pub fn clear(&self) {
        guard(|| self.0.clear());
    }

    pub(crate) fn host(&self) -> &HostScope {
        &self.0
    }

    pub(crate) fn shared(&self) -> &SharedScope {
        self.0.shared()
    }
}

/// Why a setter refused its value.
pub(crate) fn reason(set: impl FnOnce() -> watchpost_core::Result<()>) -> Option<String> {
    match guard(set) {
        Some(Ok(())) => None,
        Some(Err(error)) => Some(error.to_string()),
        None => Some("it panicked".to_owned()),
    }
}
