use super::component::Component;
use super::grouper::Lens;
use super::message;
use super::stacktrace::{self, Scoped};
use crate::json::Value;

/// One exception's contribution in each scope: its type, its frames, and its value only where there are no frames to go by.
pub(super) fn components(exception: &Value, platform: &str, lens: &Lens<'_>) -> Scoped<Component> {
    let text =
        |key: &str| exception.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let mechanism = exception.get("mechanism");
    let synthetic = mechanism.and_then(|m| m.get("synthetic")).and_then(Value::as_bool) == Some(true);

    let kind = text("type").map(|kind| {
        if synthetic { Component::leaf_off("type", kind, "synthetic") } else { Component::leaf("type", kind) }
    });
    let ns_error =
        mechanism.and_then(|m| m.get("meta")).and_then(|meta| meta.get("ns_error")).and_then(|error| {
            let domain = error.get("domain")?.as_str()?;
            let code = error.get("code")?.as_i64()?;
            Some(Component::node(
                "ns_error",
                [Component::leaf("domain", domain), Component::leaf("code", code.to_string())],
            ))
        });
    let stack = match stacktrace::frames(exception) {
        Some(frames) => {
            let judged = lens.judge(frames, platform, Some(exception));
            let judged = judged.as_deref();
            // Thrown text has the trace of whoever caught it: the engine and the SDK, the same for every text.
            let is_invented = synthetic
                && matches!(platform, "javascript" | "node")
                && !stacktrace::any_in_app(frames, judged);
            stacktrace::components(frames, platform, judged).map(|_, mut stack| {
                if is_invented {
                    stack.switch_off("invented by the SDK, without a frame of the application");
                }
                Some(stack)
            })
        }
        None => Scoped { app: None, system: None },
    };
    let normal = text("value").map(message::normalize);
    stack.map(|_, stack| {
        let by_frames = stack.as_ref().is_some_and(|stack| stack.contributes);
        let value = normal.as_deref().map(|normal| {
            if by_frames {
                Component::leaf_off("value", normal, "the frames are more exact")
            } else if ns_error.is_some() {
                Component::leaf_off("value", normal, "the error's domain and code are more exact")
            } else {
                Component::leaf("value", normal)
            }
        });
        Component::node("exception", [kind.clone(), value, ns_error.clone(), stack].into_iter().flatten())
    })
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;
    use crate::group::Grouper;

    fn on(exception: Value) -> Vec<&'static str> {
        let lens = Lens::new(Grouper::standard());
        let component = components(&exception, "python", &lens).app;
        component.children().filter(|part| part.contributes).map(|part| part.id).collect()
    }

    #[test]
    fn the_value_counts_only_without_frames() {
        let frames = json!({"frames": [{"function": "f", "in_app": true}]});
        assert_eq!(on(json!({"type": "A", "value": "v"})), ["type", "value"]);
        assert_eq!(on(json!({"type": "A", "value": "v", "stacktrace": frames})), ["type", "stacktrace"]);
        assert_eq!(
            on(json!({"type": "A", "stacktrace": frames, "mechanism": {"synthetic": true}})),
            ["stacktrace"]
        );
        let ns_error = json!({"type": "A", "value": "v", "mechanism": {"meta": {"ns_error": {"domain": "d", "code": 3}}}});
        assert_eq!(on(ns_error), ["type", "ns_error"]);
    }
}
