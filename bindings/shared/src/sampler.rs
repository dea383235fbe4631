//! Samplers of hosts that speak JSON.

use std::sync::Arc;

use serde_json::json;
use watchpost_core::{ErrorSampler, Hint, HookFailure, TracesSampler, Value};

use crate::hook::HostHook;

/// The core's form of a host's `traces_sampler`. It is given `name`, `op`, `source`, `parent_sampled`,
/// `parent_sample_rate`, `attributes` and `sampling_context`, and answers with a number from 0 to 1, or with true or
/// false.
pub fn traces_sampler(hook: Arc<dyn HostHook>) -> TracesSampler {
    Arc::new(move |context| {
        let given = json!({
            "name": context.name,
            "op": context.op,
            "source": context.source.as_str(),
            "parent_sampled": context.parent_sampled,
            "parent_sample_rate": context.parent_sample_rate,
            "attributes": context.attributes,
            "sampling_context": context.custom,
        });
        rate(hook.call(given.to_string(), &Hint::default()))
    })
}

/// The core's form of a host's `error_sampler`. It is given the event and answers as a `traces_sampler` does.
pub fn error_sampler(hook: Arc<dyn HostHook>) -> ErrorSampler {
    Arc::new(move |event, hint| {
        let event = event.clone().into_hook_form();
        let json = serde_json::to_string(&event).map_err(|error| HookFailure::new(error.to_string()))?;
        rate(hook.call(json, hint))
    })
}

fn rate(answer: Result<Option<String>, String>) -> Result<f64, HookFailure> {
    let answer = answer.map_err(HookFailure::new)?;
    match answer.as_deref().map(serde_json::from_str::<Value>) {
        Some(Ok(Value::Bool(yes))) => Ok(f64::from(u8::from(yes))),
        Some(Ok(Value::Number(rate))) => Ok(rate.as_f64().unwrap_or(f64::NAN)),
        _ => {
            let answer = answer.as_deref().unwrap_or("nothing");
            Err(HookFailure::new(format!("it answered with {answer} instead of a number")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_or_a_decision() {
        let given = |text: &str| rate(Ok(Some(text.to_owned()))).ok();
        assert_eq!(given("0.25"), Some(0.25));
        assert_eq!(given("true"), Some(1.0));
        assert_eq!(given("false"), Some(0.0));
        assert_eq!(given("\"yes\""), None);
        assert!(rate(Ok(None)).is_err());
        assert_eq!(rate(Err("boom".to_owned())).unwrap_err().message, "boom");
    }
}
