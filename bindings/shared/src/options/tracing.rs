//! The options of traces and spans.

use watchpost_core::{ClientOptions, Error, EventHook, IgnoreSpan, Result, SpanHook, TracesSampler};

use super::{Given, HostOptions};

/// The client's options with this one, if it is one of traces.
pub(super) fn set(client: ClientOptions, option: &Given<'_>) -> Result<ClientOptions> {
    let renamed = |error: Error| option.rename(&error);
    Ok(match option.name {
        "traces_sample_rate" => {
            let rate = option.number("0.25")?;
            client
                .with_traces_sample_rate(rate)
                .map_err(|_| option.refuse("a number between 0 and 1, like 0.25"))?
        }
        "max_spans" => client.with_max_spans(option.count("1000")?),
        "trace_propagation_targets" => {
            let example = "[\"api.example.com\", {\"regex\": \"^/\"}]";
            client.with_trace_propagation_targets(option.patterns(example)?)
        }
        "propagate_traceparent" => client.with_propagate_traceparent(option.flag()?),
        "strict_trace_continuation" => client.with_strict_trace_continuation(option.flag()?),
        "org_id" => match option.value.as_u64() {
            Some(number) => client.with_org_id(number.to_string()),
            None => client.with_org_id(option.text("\"42\"")?),
        },
        "ignore_spans" => {
            let wanted = "a list of texts, patterns and rules, like [\"GET /health\", {\"op\": \"cache\"}]";
            let list = option.value.as_array().ok_or_else(|| option.refuse(wanted))?;
            let rules: Result<Vec<IgnoreSpan>> = list.iter().map(IgnoreSpan::from_json).collect();
            client.with_ignore_spans(rules.map_err(renamed)?)
        }
        "trace_lifecycle" => {
            let text = option.text("\"stream\"")?;
            client.with_trace_lifecycle(&text).map_err(|_| option.refuse("\"static\" or \"stream\""))?
        }
        _ => client,
    })
}

impl HostOptions {
    /// A `traces_sampler`.
    #[must_use]
    pub fn with_traces_sampler(mut self, sampler: TracesSampler) -> Self {
        self.client = self.client.with_traces_sampler_hook(sampler);
        self
    }

    /// A `before_send_transaction` hook.
    #[must_use]
    pub fn with_before_send_transaction(mut self, hook: EventHook) -> Self {
        self.client = self.client.with_before_send_transaction_hook(hook);
        self
    }

    /// A `before_send_span` hook.
    #[must_use]
    pub fn with_before_send_span(mut self, hook: SpanHook) -> Self {
        self.client = self.client.with_before_send_span_hook(hook);
        self
    }
}
