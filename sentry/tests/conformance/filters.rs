//! The options and hooks of privacy and filtering, and values that are too long to be written down.

use std::sync::Arc;

use serde_json::Value;
use watchpost::{ClientOptions, DataCollection, Error, MaxRequestBodySize, Pattern, Result, ScrubPatterns};

/// The options with this one; `None` if it is none of this file.
pub(crate) fn option(name: &str, value: &Value, options: &ClientOptions) -> Result<Option<ClientOptions>> {
    let options = options.clone();
    Ok(Some(match name {
        "send_default_pii" => options.with_send_default_pii(value.as_bool().unwrap()),
        "data_collection" => options.with_data_collection(DataCollection::from_value(value)?),
        "scrub_patterns" => options.with_scrub_patterns(ScrubPatterns::from_value(value)?),
        "sanitize_fields" => {
            match value.as_array().unwrap().iter().map(Value::as_str).collect::<Option<Vec<_>>>() {
                Some(fields) => options.with_sanitize_fields(fields.into_iter().map(Into::into).collect()),
                // Rust does not compile such a list.
                None => return Err(Error::option("sanitize_fields", "not a list of texts")),
            }
        }
        "max_request_body_size" => match value.as_str().and_then(MaxRequestBodySize::parse) {
            Some(size) => options.with_max_request_body_size(size),
            None => return Err(Error::option("max_request_body_size", "\"none\", \"small\", \"medium\"")),
        },
        "ignore_errors" => {
            let rules: Result<Vec<Pattern>> =
                value.as_array().unwrap().iter().map(Pattern::from_json).collect();
            let named = |error: Error| Error::option("ignore_errors", error.to_string());
            options.with_ignore_errors(rules.map_err(named)?)
        }
        _ => return Ok(None),
    }))
}

/// The options with the hooks of filtering.
pub(crate) fn hooks(mut options: ClientOptions, hooks: &Value) -> ClientOptions {
    if let Some(hook) = hooks["event_processor"].as_str() {
        options = options.with_event_processor(super::hooks::event_hook(hook));
    }
    if !hooks["error_sampler"].is_null() {
        let rule = hooks["error_sampler"].clone();
        options = options.with_error_sampler_hook(Arc::new(move |event, _| match &rule {
            Value::Number(rate) => Ok(rate.as_f64().unwrap()),
            Value::String(word) => match word.as_str() {
                "throw" => panic!("hook failed"),
                "bad_type" => Err(watchpost::HookFailure::new("`yes` is no rate")),
                "capture" => {
                    watchpost::capture_message("from the hook", None);
                    Ok(1.0)
                }
                other => panic!("the runner does not know the sampler {other}"),
            },
            by => {
                let (field, rates) = by.as_object().unwrap().iter().next().unwrap();
                let seen = match field.as_str() {
                    "type" => event.exception.last().and_then(|last| last.ty.as_ref()),
                    "message" => event.logentry.as_ref().and_then(|entry| entry.formatted.as_ref()),
                    tag => event.tags.get(tag.strip_prefix("tag.").unwrap()),
                };
                let rate = seen.and_then(|seen| rates.get(seen.as_str())).unwrap_or(&rates["*"]);
                Ok(rate.as_f64().unwrap())
            }
        }));
    }
    options
}
