//! The menu of hooks for events and breadcrumbs.

use std::sync::Arc;

use serde_json::Value;
use watchpost::{Breadcrumb, ClientOptions, Event, EventHook, HookFailure};

/// The options with `before_send` and `before_breadcrumb`.
pub(crate) fn of_events(mut options: ClientOptions, hooks: &Value) -> ClientOptions {
    if let Some(hook) = hooks["before_send"].as_str() {
        options = options.with_before_send_hook(event_hook(hook));
    }
    if let Some(hook) = hooks["before_breadcrumb"].as_str() {
        let hook = hook.to_owned();
        options = options.with_before_breadcrumb_hook(Arc::new(move |mut crumb, _| {
            match hook.as_str() {
                "drop" => return Ok(None),
                "throw" => panic!("hook failed"),
                "bad_type" => return Err(HookFailure::new("42 is no breadcrumb")),
                "set_tag" => drop(crumb.data.insert("hook", "ran")),
                "add_secret" => drop(crumb.data.insert("password", "hush")),
                "add_breadcrumb" | "capture" | "echo" => reenter(&hook),
                other => panic!("the runner does not know the hook {other}"),
            }
            Ok(Some(crumb))
        }));
    }
    options
}

/// `before_send`, or an event processor.
pub(crate) fn event_hook(hook: &str) -> EventHook {
    let hook = hook.to_owned();
    Arc::new(move |mut event: Event, _| {
        match hook.as_str() {
            "drop" => return Ok(None),
            "throw" => panic!("hook failed"),
            // A Rust hook cannot answer with another type; the failure is what other hosts make of one.
            "bad_type" => return Err(HookFailure::new("42 is no event")),
            "set_tag" => drop(event.tags.insert("hook".into(), "ran".into())),
            "set_fingerprint" => event.fingerprint = vec!["hooked".into(), "{{ default }}".into()],
            "set_message" => event.logentry.get_or_insert_default().formatted = Some("hooked".into()),
            "shout" => {
                let Some(entry) = &mut event.logentry else { panic!("an event without a message") };
                entry.formatted = entry.formatted.as_ref().map(|text| text.to_uppercase().into());
            }
            "add_secret" => drop(event.extra.insert("password".into(), "hush".into())),
            "add_breadcrumb" | "capture" | "echo" => reenter(&hook),
            other => {
                let mark = other.strip_prefix("mark:");
                let mark = mark.unwrap_or_else(|| panic!("the runner does not know the hook {other}"));
                let order = event.tags.get("order").map_or("", |order| order.as_str());
                let order = format!("{order}{mark}");
                event.tags.insert("order".into(), order.into());
            }
        }
        Ok(Some(event))
    })
}

/// What a hook does that must lead nowhere.
fn reenter(hook: &str) {
    match hook {
        "capture" => drop(watchpost::capture_message("from the hook", None)),
        "add_breadcrumb" => watchpost::add_breadcrumb(Breadcrumb {
            message: Some("from the hook".into()),
            ..Breadcrumb::default()
        }),
        _ => {}
    }
}
