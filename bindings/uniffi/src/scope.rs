//! A scope as an object.

use std::sync::Arc;

use watchpost_bindings::{HostScope, global_scope};

use crate::error::HostError;
use crate::hook::{EventHook, json_hook};
use crate::level::HostLevel;
use crate::user::HostUser;

/// Data for the events of a piece of work. Safe to use from several threads.
#[derive(Debug, Default, uniffi::Object)]
pub struct Scope(HostScope);

impl Scope {
    pub(crate) fn host(&self) -> &HostScope {
        &self.0
    }
}

#[uniffi::export]
impl Scope {
    /// An empty scope.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The scope of the whole process.
    #[uniffi::constructor]
    pub fn global() -> Arc<Self> {
        Arc::new(Self(HostScope::from_shared(global_scope().clone())))
    }

    /// Another scope that starts with what this one holds.
    pub fn fork(&self) -> Arc<Self> {
        Arc::new(Self(self.0.fork()))
    }

    /// A fork for a new piece of work (request, task): it starts a trace of its own.
    pub fn fork_isolation(&self) -> Arc<Self> {
        Arc::new(Self(self.0.fork_isolation()))
    }

    /// Sets a tag.
    pub fn set_tag(&self, key: String, value: String) {
        self.0.set_tag(&key, &value);
    }

    /// Removes a tag.
    pub fn remove_tag(&self, key: String) {
        self.0.remove_tag(&key);
    }

    /// Sets an extra value from JSON.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub fn set_extra(&self, key: String, json: String) -> Result<(), HostError> {
        Ok(self.0.set_extra(&key, &json)?)
    }

    /// Removes an extra value.
    pub fn remove_extra(&self, key: String) {
        self.0.remove_extra(&key);
    }

    /// Replaces a context from a JSON object; `null` removes it.
    ///
    /// # Errors
    /// When the text is no JSON object.
    pub fn set_context(&self, key: String, json: String) -> Result<(), HostError> {
        Ok(self.0.set_context(&key, &json)?)
    }

    /// Replaces the user; `None` forgets it.
    ///
    /// # Errors
    /// When its data is no JSON object.
    pub fn set_user(&self, user: Option<HostUser>) -> Result<(), HostError> {
        let user = user.map(HostUser::into_core).transpose()?;
        self.0.shared().update(|scope| scope.set_user(user));
        Ok(())
    }

    /// Overrides the level; `None` takes it back.
    pub fn set_level(&self, level: Option<HostLevel>) {
        self.0.shared().update(|scope| scope.set_level(level.map(Into::into)));
    }

    /// Overrides the grouping; an empty list takes it back.
    pub fn set_fingerprint(&self, parts: Vec<String>) {
        self.0.set_fingerprint(parts);
    }

    /// Names the route, task or screen.
    pub fn set_transaction(&self, name: Option<String>) {
        self.0.set_transaction_name(name.as_deref());
    }

    /// Adds a processor: it sees each event of this scope before `before_send` does.
    pub fn add_event_processor(&self, hook: Arc<dyn EventHook>) {
        self.0.add_event_processor(json_hook(hook));
    }

    /// Forgets the breadcrumbs.
    pub fn clear_breadcrumbs(&self) {
        self.0.clear_breadcrumbs();
    }

    /// Forgets everything but the processors.
    pub fn clear(&self) {
        self.0.clear();
    }
}
