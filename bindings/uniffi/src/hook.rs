//! Functions of the application that the core calls.

use std::sync::Arc;

use watchpost_bindings::{HostHook, HostOptions, event_hook};
use watchpost_core::{Breadcrumb, Hint, HookFailure};

use crate::breadcrumb::HostBreadcrumb;
use crate::error::HookError;

/// A `before_send` hook, from JSON to JSON.
///
/// Called on the capturing thread, with no lock held. It may block, at the caller's expense. A failure drops the
/// event and counts it.
#[uniffi::export(with_foreign)]
pub trait EventHook: Send + Sync {
    /// The event, perhaps changed; `None` to drop it.
    ///
    /// # Errors
    /// When the application's function threw.
    fn on_event(&self, event_json: String) -> Result<Option<String>, HookError>;
}

/// A `before_breadcrumb` hook. The same rules as for [`EventHook`].
#[uniffi::export(with_foreign)]
pub trait BreadcrumbHook: Send + Sync {
    /// The breadcrumb, perhaps changed; `None` to drop it.
    ///
    /// # Errors
    /// When the application's function threw.
    fn on_breadcrumb(&self, breadcrumb: HostBreadcrumb) -> Result<Option<HostBreadcrumb>, HookError>;
}

/// The hooks of a client.
#[derive(Default, uniffi::Record)]
pub struct Hooks {
    /// Sees each event last.
    #[uniffi(default)]
    pub before_send: Option<Arc<dyn EventHook>>,
    /// Sees each breadcrumb first.
    #[uniffi(default)]
    pub before_breadcrumb: Option<Arc<dyn BreadcrumbHook>>,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks")
            .field("before_send", &self.before_send.is_some())
            .field("before_breadcrumb", &self.before_breadcrumb.is_some())
            .finish()
    }
}

impl Hooks {
    pub(crate) fn apply(self, mut options: HostOptions) -> HostOptions {
        if let Some(hook) = self.before_send {
            options = options.with_before_send(event_hook(json_hook(hook)));
        }
        if let Some(hook) = self.before_breadcrumb {
            options =
                options.with_before_breadcrumb(Arc::new(move |crumb, _: &Hint| breadcrumb(&*hook, &crumb)));
        }
        options
    }
}

pub(crate) fn json_hook(hook: Arc<dyn EventHook>) -> Arc<dyn HostHook> {
    Arc::new(Json(hook))
}

struct Json(Arc<dyn EventHook>);

impl HostHook for Json {
    fn call(&self, item: String, _hint: &Hint) -> Result<Option<String>, String> {
        self.0.on_event(item).map_err(|error| error.to_string())
    }
}

fn breadcrumb(hook: &dyn BreadcrumbHook, crumb: &Breadcrumb) -> Result<Option<Breadcrumb>, HookFailure> {
    let answer = hook.on_breadcrumb(HostBreadcrumb::from_core(crumb));
    let answer = answer.map_err(|error| HookFailure::new(error.to_string()))?;
    let answer = answer.map(HostBreadcrumb::into_core);
    answer.transpose().map_err(|error| HookFailure::new(error.to_string()))
}
