//! The verbs, hooks and options of traces.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use watchpost::{
    ClientOptions, HookFailure, IgnoreSpan, Pattern, SamplingContext, Span, SpanLink, SpanOptions,
    SpanStatus, Timestamp, TraceHeaders, TransactionOptions, TransactionSource,
};
use watchpost_core::SpanV2;

thread_local! {
    static NAMED: RefCell<HashMap<String, Span>> = RefCell::default();
    static HEADERS: RefCell<Vec<Value>> = RefCell::default();
}

/// Forgets what the last vector left.
pub(crate) fn reset() {
    NAMED.take();
    HEADERS.take();
}

/// What `get_trace_data` and `outgoing_headers` answered, in order.
pub(crate) fn headers() -> Value {
    HEADERS.with_borrow(|headers| json!(headers))
}

/// Runs a call if it is one of traces; `inner` runs the calls inside of it.
pub(crate) fn call(call: &Value, inner: &mut dyn FnMut(&Value)) -> bool {
    let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
    match text("do").as_str() {
        "start_transaction" => {
            let mut options = TransactionOptions::new(text("name"), text("op"));
            if let Some(source) = call["source"].as_str() {
                options = options.source(TransactionSource::parse(source).unwrap());
            }
            if let Some(sampled) = call["sampled"].as_bool() {
                options = options.sampled(sampled);
            }
            if let Some(origin) = call["origin"].as_str() {
                options = options.origin(origin.to_owned());
            }
            if let Some(start) = call["start"].as_f64() {
                options = options.started_at(Timestamp::from_seconds(start).unwrap());
            }
            for (key, value) in entries(&call["attributes"]) {
                options = options.attribute(key, value);
            }
            options = links(call).fold(options, TransactionOptions::link);
            for (key, value) in entries(&call["sampling_context"]) {
                options = options.sampling_context(key, value);
            }
            match call["calls"] {
                Value::Null => name(call, &watchpost::start_transaction_detached(options)),
                _ => {
                    let span = watchpost::start_transaction_with(options);
                    name(call, &span);
                    inner(&call["calls"]);
                }
            }
        }
        "start_span" => {
            let description = text("description");
            let mut options = SpanOptions::new(text("op"), description.as_str());
            if let Some(origin) = call["origin"].as_str() {
                options = options.origin(origin.to_owned());
            }
            if let Some(start) = call["start"].as_f64() {
                options = options.started_at(Timestamp::from_seconds(start).unwrap());
            }
            for (key, value) in entries(&call["attributes"]) {
                options = options.attribute(key, value);
            }
            options = links(call).fold(options, SpanOptions::link);
            if call["in"].is_string() {
                name(call, &named(call, "in").start_child_with(options));
            } else {
                let span = watchpost::start_span_with(options);
                name(call, &span);
                inner(&call["calls"]);
            }
        }
        "set_span" => set(call, &target(call)),
        "add_link" => target(call).add_link(link(&call["link"])),
        "finish_span" => match call["at"].as_f64() {
            Some(at) => target(call).finish_at(Timestamp::from_seconds(at).unwrap()),
            None => target(call).finish(),
        },
        "with_span" => watchpost::with_span(&named(call, "span"), || inner(&call["calls"])),
        "continue_trace" => {
            watchpost::continue_trace(
                entries(&call["headers"]).map(|(k, v)| (k, v.as_str().unwrap().to_owned())),
            );
        }
        "start_new_trace" => watchpost::start_new_trace(|| inner(&call["calls"])),
        "get_trace_data" => note(watchpost::get_trace_data()),
        "outgoing_headers" => note(watchpost::outgoing_headers(&text("url"), call["baggage"].as_str())),
        _ => return false,
    }
    true
}

/// The options with this one, one of [`OPTIONS`].
pub(crate) fn option(name: &str, value: &Value, options: ClientOptions) -> watchpost::Result<ClientOptions> {
    let list = || value.as_array().unwrap().iter();
    Ok(match name {
        "traces_sample_rate" => options.with_traces_sample_rate(value.as_f64().unwrap())?,
        "max_spans" => options.with_max_spans(value.as_u64().unwrap() as usize),
        "trace_propagation_targets" => {
            let targets: watchpost::Result<Vec<Pattern>> = list().map(Pattern::from_json).collect();
            options.with_trace_propagation_targets(targets?)
        }
        "propagate_traceparent" => options.with_propagate_traceparent(value.as_bool().unwrap()),
        "strict_trace_continuation" => options.with_strict_trace_continuation(value.as_bool().unwrap()),
        "org_id" => options.with_org_id(value.as_str().unwrap()),
        "ignore_spans" => {
            let rules: watchpost::Result<Vec<IgnoreSpan>> = list().map(IgnoreSpan::from_json).collect();
            options.with_ignore_spans(rules?)
        }
        "trace_lifecycle" => options.with_trace_lifecycle(value.as_str().unwrap())?,
        other => panic!("the runner does not know the option {other}"),
    })
}

/// The names that [`option`] knows.
pub(crate) const OPTIONS: [&str; 8] = [
    "traces_sample_rate",
    "max_spans",
    "trace_propagation_targets",
    "propagate_traceparent",
    "strict_trace_continuation",
    "org_id",
    "ignore_spans",
    "trace_lifecycle",
];

/// The options with the hooks of traces.
pub(crate) fn hooks(hooks: &Value, mut options: ClientOptions) -> ClientOptions {
    if let Some(hook) = hooks["before_send_transaction"].as_str() {
        let hook = hook.to_owned();
        let other = super::hooks::event_hook(&hook);
        options = options.with_before_send_transaction_hook(Arc::new(move |mut event, hint| {
            if hook == "drop_spans" {
                event.spans.clear();
                return Ok(Some(event));
            }
            other(event, hint)
        }));
    }
    if let Some(hook) = hooks["before_send_span"].as_str() {
        let hook = hook.to_owned();
        options = options.with_before_send_span_hook(Arc::new(move |mut span: SpanV2| match hook.as_str() {
            "drop" => Ok(None),
            "throw" => panic!("hook failed"),
            "bad_type" => Err(HookFailure::new("42 is no span")),
            "set_tag" => {
                span.attributes.insert("hook", "ran");
                Ok(Some(span))
            }
            "echo" => Ok(Some(span)),
            other => panic!("the runner does not know the hook {other}"),
        }));
    }
    if !hooks["traces_sampler"].is_null() {
        let rule = hooks["traces_sampler"].clone();
        options = options.with_traces_sampler_hook(Arc::new(move |context| sample(&rule, context)));
    }
    options
}

/// The menu of `traces_sampler`: a number, `throw`, `bad_type`, `parent_rate`, `parent_sampled`; or one of the
/// context's fields with a rate for each of its values, `*` for all others.
fn sample(rule: &Value, context: &SamplingContext<'_>) -> Result<f64, HookFailure> {
    match rule {
        Value::Number(rate) => Ok(rate.as_f64().unwrap()),
        Value::String(word) => match word.as_str() {
            "throw" => panic!("hook failed"),
            "bad_type" => Err(HookFailure::new("`yes` is no rate")),
            "parent_rate" => Ok(context.parent_sample_rate.unwrap_or(0.0)),
            "parent_sampled" => Ok(f64::from(u8::from(context.parent_sampled == Some(true)))),
            other => panic!("the runner does not know the sampler {other}"),
        },
        Value::Object(by) => {
            let (field, rates) = by.iter().next().unwrap();
            let value = match field.as_str() {
                "name" => context.name,
                "op" => context.op,
                "source" => context.source.as_str(),
                "custom" => return Ok(context.custom[rates.as_str().unwrap()].as_f64().unwrap()),
                "attribute" => return Ok(context.attributes[rates.as_str().unwrap()].as_f64().unwrap()),
                other => panic!("the runner does not know the field {other}"),
            };
            let rate = rates.get(value).unwrap_or(&rates["*"]);
            Ok(rate.as_f64().unwrap())
        }
        other => panic!("the runner does not know the sampler {other}"),
    }
}

fn set(call: &Value, span: &Span) {
    let text = |key: &str| call[key].as_str();
    if let Some(name) = text("name") {
        span.set_name(name);
    }
    if let Some(source) = text("source") {
        span.set_source(TransactionSource::parse(source).unwrap());
    }
    if let Some(op) = text("op") {
        span.set_op(op.to_owned());
    }
    if let Some(description) = text("description") {
        span.set_description(description);
    }
    if let Some(origin) = text("origin") {
        span.set_origin(origin.to_owned());
    }
    if let Some(status) = text("status") {
        span.set_status(SpanStatus::parse(status).unwrap());
    }
    if let Some(code) = call["http_status"].as_u64() {
        span.set_http_status(u16::try_from(code).unwrap());
    }
    for (key, value) in entries(&call["tags"]) {
        span.set_tag(key, value.as_str().unwrap());
    }
    for (key, value) in entries(&call["data"]) {
        span.set_data(key, value);
    }
    for (key, value) in entries(&call["measurements"]) {
        let unit = value["unit"].as_str().unwrap_or_default().to_owned();
        span.set_measurement(key, value["value"].as_f64().unwrap(), unit);
    }
}

/// A link to a span by its name, or to one of another service by its ids.
fn link(given: &Value) -> SpanLink {
    if given["to"].is_string() {
        let link = SpanLink::to(&named(given, "to"));
        return entries(&given["attributes"]).fold(link, |link, (key, value)| link.attribute(key, value));
    }
    serde_json::from_value(given.clone()).unwrap()
}

fn links(call: &Value) -> impl Iterator<Item = SpanLink> {
    call["links"].as_array().into_iter().flatten().map(link)
}

fn entries(object: &Value) -> impl Iterator<Item = (String, Value)> + use<> {
    object.as_object().cloned().unwrap_or_default().into_iter()
}

fn name(call: &Value, span: &Span) {
    if let Some(name) = call["as"].as_str() {
        NAMED.with_borrow_mut(|named| named.insert(name.to_owned(), span.clone()));
    }
}

fn named(call: &Value, key: &str) -> Span {
    let name = call[key].as_str().unwrap();
    NAMED.with_borrow(|named| named[name].clone())
}

/// The span that a call names, else the active one.
fn target(call: &Value) -> Span {
    if call["span"].is_string() { named(call, "span") } else { watchpost::current_span().unwrap() }
}

fn note(headers: Option<TraceHeaders>) {
    let shown = headers.map_or(Value::Null, |headers| {
        let mut parts = headers.sentry_trace.split('-');
        let members = headers.baggage.split(',').filter_map(|member| member.split_once('='));
        let members: Map<String, Value> =
            members.map(|(key, value)| (key.to_owned(), value.into())).collect();
        json!({
            "trace_id": parts.next(), "span_id": parts.next(), "sampled": parts.next(),
            "baggage": headers.baggage, "members": members, "traceparent": headers.traceparent,
        })
    });
    HEADERS.with_borrow_mut(|all| all.push(shown));
}
