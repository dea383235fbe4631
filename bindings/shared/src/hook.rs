//! Hooks of hosts that speak JSON.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use watchpost_core::{BreadcrumbHook, CheckInHook, EventHook, LogHook, MetricHook, SpanHook};
use watchpost_core::{Hint, HookFailure, HookOutcome};

use crate::payload::parse;

/// A host's function from JSON to JSON.
///
/// Called on the capturing thread, with no lock held. It may block, at the caller's expense. An error drops the item,
/// as `None` does, and says one diagnostic line.
pub trait HostHook: Send + Sync {
    /// The item, perhaps changed; `None` to drop it.
    ///
    /// # Errors
    /// The host's own words when its function threw.
    fn call(&self, item: String, hint: &Hint) -> Result<Option<String>, String>;
}

/// The core's form of a host's `before_send` or event processor.
pub fn event_hook(hook: Arc<dyn HostHook>) -> EventHook {
    Arc::new(move |event, hint| through_json("event", &*hook, &event.into_hook_form(), hint))
}

/// The core's form of a host's `before_send_log`.
pub fn log_hook(hook: Arc<dyn HostHook>) -> LogHook {
    Arc::new(move |log| through_json("log", &*hook, &log, &Hint::default()))
}

/// The core's form of a host's `before_send_metric`.
pub fn metric_hook(hook: Arc<dyn HostHook>) -> MetricHook {
    Arc::new(move |metric| through_json("metric", &*hook, &metric, &Hint::default()))
}

/// The core's form of a host's `before_send_check_in`.
pub fn check_in_hook(hook: Arc<dyn HostHook>) -> CheckInHook {
    Arc::new(move |check_in| through_json("check-in", &*hook, &check_in, &Hint::default()))
}

/// The core's form of a host's `before_send_span`.
pub fn span_hook(hook: Arc<dyn HostHook>) -> SpanHook {
    Arc::new(move |span| through_json("span", &*hook, &span, &Hint::default()))
}

/// The core's form of a host's `before_breadcrumb`.
pub fn breadcrumb_hook(hook: Arc<dyn HostHook>) -> BreadcrumbHook {
    Arc::new(move |crumb, hint| through_json("breadcrumb", &*hook, &crumb, hint))
}

fn through_json<T: Serialize + DeserializeOwned>(
    name: &'static str,
    hook: &dyn HostHook,
    item: &T,
    hint: &Hint,
) -> HookOutcome<T> {
    let json = serde_json::to_string(item).map_err(|error| HookFailure::new(error.to_string()))?;
    match hook.call(json, hint).map_err(HookFailure::new)? {
        None => Ok(None),
        Some(json) => {
            let wrong =
                |error| HookFailure::new(format!("it answered with something else than a {name}: {error}"));
            parse(name, &json).map(Some).map_err(wrong)
        }
    }
}
