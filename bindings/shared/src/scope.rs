//! Setters for hosts that speak JSON.

use std::sync::Arc;

use watchpost_core::{Level, Map, Result, SharedScope, Text, User, Value};

use crate::hook::{HostHook, event_hook};
use crate::payload::parse;

/// A scope as a handle. A clone is the same scope; [`fork`](Self::fork) makes another.
#[derive(Debug, Clone, Default)]
pub struct HostScope(SharedScope);

impl HostScope {
    /// An empty scope.
    pub fn new() -> Self {
        Self::default()
    }

    /// The handle of an existing scope.
    pub fn from_shared(scope: SharedScope) -> Self {
        Self(scope)
    }

    /// The core's scope.
    pub fn shared(&self) -> &SharedScope {
        &self.0
    }

    /// Another scope that starts with what this one holds.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(self.0.fork())
    }

    /// A fork for a new piece of work (request, task): it starts a trace of its own.
    #[must_use]
    pub fn fork_isolation(&self) -> Self {
        let fork = self.fork();
        fork.0.update(watchpost_core::Scope::start_trace);
        fork
    }

    /// Sets a tag.
    pub fn set_tag(&self, key: &str, value: &str) {
        let (key, value) = (Text::from(key), Text::from(value));
        self.0.update(|scope| scope.set_tag(key, value));
    }

    /// Removes a tag.
    pub fn remove_tag(&self, key: &str) {
        self.0.update(|scope| scope.remove_tag(key));
    }

    /// Sets an extra value from JSON.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub fn set_extra(&self, key: &str, json: &str) -> Result<()> {
        let value: Value = parse("extra", json)?;
        let key = key.to_owned();
        self.0.update(|scope| scope.set_extra(key, value));
        Ok(())
    }

    /// Removes an extra value.
    pub fn remove_extra(&self, key: &str) {
        self.0.update(|scope| scope.remove_extra(key));
    }

    /// Replaces a context from a JSON object; `null` removes it.
    ///
    /// # Errors
    /// When the text is no JSON object.
    pub fn set_context(&self, key: &str, json: &str) -> Result<()> {
        match parse::<Option<Map>>("context", json)? {
            Some(map) => {
                let key = Text::from(key);
                self.0.update(|scope| scope.set_context(key, map));
            }
            None => self.0.update(|scope| scope.remove_context(key)),
        }
        Ok(())
    }

    /// Replaces the user from a JSON object; `null` forgets it.
    ///
    /// # Errors
    /// When the text is no JSON object.
    pub fn set_user(&self, json: &str) -> Result<()> {
        let user: Option<User> = parse("user", json)?;
        self.0.update(|scope| scope.set_user(user));
        Ok(())
    }

    /// Overrides the level; `None` takes it back.
    ///
    /// # Errors
    /// When the text is no level.
    pub fn set_level(&self, level: Option<&str>) -> Result<()> {
        let level = level.map(level_of).transpose()?;
        self.0.update(|scope| scope.set_level(level));
        Ok(())
    }

    /// Overrides the grouping; an empty list takes it back.
    pub fn set_fingerprint(&self, parts: Vec<String>) {
        let parts = parts.into_iter().map(Text::from).collect();
        self.0.update(|scope| scope.set_fingerprint(parts));
    }

    /// Names the route, task or screen.
    pub fn set_transaction_name(&self, name: Option<&str>) {
        let name = name.map(Text::from);
        self.0.update(|scope| scope.set_transaction(name));
    }

    /// Adds a processor.
    pub fn add_event_processor(&self, hook: Arc<dyn HostHook>) {
        let processor = event_hook(hook);
        self.0.update(|scope| scope.add_event_processor(processor));
    }

    /// Forgets the breadcrumbs.
    pub fn clear_breadcrumbs(&self) {
        self.0.update(watchpost_core::Scope::clear_breadcrumbs);
    }

    /// Forgets everything but the processors.
    pub fn clear(&self) {
        self.0.update(watchpost_core::Scope::clear);
    }
}

/// Reads a level, also by the names that logging libraries use.
pub(crate) fn level_of(text: &str) -> Result<Level> {
    let wanted = "fatal, error, warning, info or debug";
    Level::parse_lenient(text)
        .ok_or_else(|| watchpost_core::Error::payload("level", format!("`{text}` is not one of {wanted}")))
}
