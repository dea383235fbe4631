//! The options, hooks and verbs of logs, metrics, check-ins, feedback, attachments, flags, attributes and consent.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use watchpost::{
    Attachment, Attribute, Attributes, CheckIn, ClientOptions, Event, Feedback, Hint, HookFailure, Log,
    LogLevel, Metric, SharedScope,
};

/// Sets an option of this file; `None` if it is none.
pub(crate) fn option(options: ClientOptions, name: &str, value: &Value) -> Option<ClientOptions> {
    let flag = || value.as_bool().unwrap();
    Some(match name {
        "enable_logs" => options.with_enable_logs(flag()),
        "enable_metrics" => options.with_enable_metrics(flag()),
        "require_consent" => options.with_require_consent(flag()),
        "max_attachment_size" => options.with_max_attachment_size(value.as_u64().unwrap()),
        _ => return None,
    })
}

/// Sets the hooks that a vector names.
pub(crate) fn hooks(mut options: ClientOptions, hooks: &Value) -> ClientOptions {
    let named = |name: &str| hooks[name].as_str().map(str::to_owned);
    if let Some(hook) = named("before_send_log") {
        let change = |log: &mut Log, (name, value)| log.attributes.insert(name, value);
        options = options.with_before_send_log_hook(Arc::new(move |log| answer(&hook, log, change)));
    }
    if let Some(hook) = named("before_send_metric") {
        let change = |metric: &mut Metric, (name, value)| metric.attributes.insert(name, value);
        options = options.with_before_send_metric_hook(Arc::new(move |metric| answer(&hook, metric, change)));
    }
    if let Some(hook) = named("before_send_check_in") {
        let change = |check_in: &mut CheckIn, _| check_in.environment = Some("hooked".into());
        options = options.with_before_send_check_in_hook(Arc::new(move |item| answer(&hook, item, change)));
    }
    if let Some(hook) = named("before_send_feedback") {
        options = options.with_before_send_feedback_hook(super::hooks::event_hook(&hook));
    }
    options
}

fn answer<T>(
    hook: &str,
    mut item: T,
    change: impl Fn(&mut T, (&'static str, &'static str)),
) -> Result<Option<T>, HookFailure> {
    match hook {
        "echo" => {}
        "drop" => return Ok(None),
        "throw" => panic!("hook failed"),
        // A Rust hook cannot answer with another type; the failure is what other hosts make of one.
        "bad_type" => return Err(HookFailure::new("42 is no item")),
        "set_tag" => change(&mut item, ("hook", "ran")),
        "add_secret" => change(&mut item, ("password", "hush")),
        "capture" => {
            watchpost::capture_message("from the hook", None);
            watchpost::logs::log(LogLevel::Info, "from the hook", Attributes::new());
        }
        other => panic!("the runner does not know the hook {other}"),
    }
    Ok(Some(item))
}

/// Runs a verb of this file; false if it is none.
pub(crate) fn one(
    call: &Value,
    top: bool,
    scope: &SharedScope,
    captured: &mut Vec<bool>,
    run: impl FnOnce(&Value, &mut Vec<bool>),
) -> bool {
    let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
    match text("do").as_str() {
        "log" => {
            let level = LogLevel::parse(&text("level")).unwrap();
            let body = text("message").repeat(call["times"].as_u64().unwrap_or(1) as usize);
            let mut log = Log { attributes: read(&call["attributes"]), ..Log::new(level, body) };
            if let Some(template) = call["template"].as_str() {
                let list = call["parameters"].as_array().unwrap();
                log.set_template(template, list.iter().map(|value| Attribute::from_json(value).unwrap()));
            }
            watchpost::logs::capture(log);
        }
        "metric" => {
            let (name, value) = (text("name"), call["value"].as_f64().unwrap_or(f64::NAN));
            let mut metric = match text("type").as_str() {
                "counter" => watchpost::metrics::count(name, value),
                "gauge" => watchpost::metrics::gauge(name, value),
                _ => watchpost::metrics::distribution(name, value),
            };
            if let Some(unit) = call["unit"].as_str() {
                metric = metric.unit(unit);
            }
            for (name, value) in read::<Attributes>(&call["attributes"]).iter() {
                metric = metric.attribute(name.clone(), value.clone());
            }
            metric.send();
        }
        "check_in" => {
            let result = serde_json::from_value::<CheckIn>(call["check_in"].clone())
                .map_err(|error| error.to_string())
                .and_then(|item| watchpost::capture_check_in(item).map_err(|error| error.field().to_owned()));
            captured.push(judged(result, call));
        }
        "monitor" => {
            let config = call.get("config").map(read);
            let job = || {
                run(&call["calls"], captured);
                match call["outcome"].as_str() {
                    Some("error") => Err(()),
                    Some("throw") => std::panic::resume_unwind(Box::new("job failed")),
                    _ => Ok(()),
                }
            };
            let _ = catch_unwind(AssertUnwindSafe(|| watchpost::with_monitor(text("slug"), config, job)));
        }
        "feedback" => {
            let result = serde_json::from_value::<Feedback>(call["feedback"].clone())
                .map_err(|error| error.to_string())
                .and_then(|feedback| {
                    watchpost::capture_feedback_with(feedback, &hint(call))
                        .map_err(|error| error.field().to_owned())
                });
            captured.push(judged(result, call));
        }
        "capture_event" if call["attachments"].is_array() => {
            let event: Event = read(&call["event"]);
            captured.push(watchpost::capture_event_with(event, &hint(call)).is_some());
        }
        "write_file" => {
            let times = usize::try_from(call["times"].as_u64().unwrap_or(1)).unwrap();
            std::fs::write(file(&text("file")), text("content").repeat(times)).unwrap();
        }
        "remove_file" => std::fs::remove_file(file(&text("file"))).unwrap(),
        "add_attachment" if top => watchpost::add_attachment(attachment(&call["attachment"])),
        "add_attachment" => {
            let attachment = attachment(&call["attachment"]);
            scope.update(|scope| scope.add_attachment(attachment));
        }
        "clear_attachments" if top => watchpost::clear_attachments(),
        "clear_attachments" => scope.update(watchpost::Scope::clear_attachments),
        "add_feature_flag" if top => watchpost::add_feature_flag(text("flag"), call["result"] == true),
        "add_feature_flag" => {
            scope.update(|scope| scope.add_feature_flag(text("flag"), call["result"] == true));
        }
        "remove_feature_flag" => scope.update(|scope| scope.remove_feature_flag(&text("flag"))),
        "set_attribute" => {
            let value: Attribute = read(&call["value"]);
            if top {
                watchpost::set_attribute(text("key"), value);
            } else {
                scope.update(|scope| scope.set_attribute(text("key"), value));
            }
        }
        "set_attributes" => {
            let attributes: Attributes = read(&call["attributes"]);
            watchpost::set_attributes(attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        "remove_attribute" if top => watchpost::remove_attribute(&text("key")),
        "remove_attribute" => scope.update(|scope| scope.remove_attribute(&text("key"))),
        "set_consent" => watchpost::set_consent(call["given"] == true),
        _ => return false,
    }
    true
}

/// Whether an id came back; an error has to name what the vector says, and only then may there be one.
fn judged<T>(result: Result<Option<T>, String>, call: &Value) -> bool {
    match (result, call["refused"].as_str()) {
        (Ok(id), None) => id.is_some(),
        (Err(error), Some(wanted)) if error.contains(wanted) => false,
        (Ok(_), Some(wanted)) => panic!("{wanted} was not refused"),
        (Err(error), wanted) => panic!("refused for {error}, wanted {wanted:?}"),
    }
}

fn hint(call: &Value) -> Hint {
    let list = call["attachments"].as_array().into_iter().flatten();
    list.fold(Hint::default(), |hint, given| hint.with_attachment(attachment(given)))
}

fn attachment(given: &Value) -> Attachment {
    let text = |key: &str| given[key].as_str();
    let mut attachment = match text("path") {
        Some(path) => Attachment::from_path(file(path)),
        None => {
            let bytes = text("bytes").unwrap().repeat(given["times"].as_u64().unwrap_or(1) as usize);
            Attachment::from_bytes(text("filename").unwrap(), bytes.into_bytes())
        }
    };
    if let Some(name) = text("filename") {
        attachment = attachment.with_filename(name);
    }
    if let Some(content_type) = text("content_type") {
        attachment = attachment.with_content_type(content_type);
    }
    if let Some(attachment_type) = text("attachment_type") {
        attachment = attachment.with_attachment_type(attachment_type);
    }
    attachment.with_add_to_transactions(given["add_to_transactions"] == true)
}

/// A file of this process's vectors; one vector runs at a time.
fn file(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("watchpost-vectors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}
