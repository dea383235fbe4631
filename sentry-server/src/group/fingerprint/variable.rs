use std::borrow::Cow;

use crate::group::stacktrace;
use crate::json::Value;
use crate::normalize::{NormalizedEvent, trimmed_str};

/// Whether a part is `{{ default }}`, with any spacing.
pub(super) fn is_default(part: &str) -> bool {
    name_of(part) == Some("default")
}

/// The value of a part: a variable's value or a placeholder that names what is missing; other text stands for itself.
pub(super) fn resolve<'a>(part: &'a str, event: &'a NormalizedEvent) -> Cow<'a, str> {
    let Some(name) = name_of(part) else { return Cow::Borrowed(part) };
    if let Some(tag) = name.strip_prefix("tags.") {
        let found =
            event.tags.iter().find(|(key, _)| key == tag).map(|(_, value)| Cow::Borrowed(value.as_str()));
        return found.unwrap_or_else(|| format!("<no-value-for-tag-{tag}>").into());
    }
    let exception = last_exception(event);
    let in_exception = |key: &str| exception.and_then(|one| trimmed_str(one.get(key)));
    let in_frame = |key: &str| crash_frame(event).and_then(|frame| trimmed_str(frame.get(key)));
    let (found, missing) = match name {
        "transaction" => (event.transaction.as_deref(), "<no-transaction>"),
        "message" => (message(event).or_else(|| in_exception("value")), "<no-message>"),
        "type" | "error.type" => (in_exception("type"), "<no-type>"),
        "value" | "error.value" => (in_exception("value"), "<no-value>"),
        "function" | "stack.function" => (in_frame("function"), "<no-function>"),
        "path" | "stack.abs_path" => (in_frame("abs_path").or_else(|| in_frame("filename")), "<no-abs-path>"),
        "stack.filename" => (in_frame("filename").or_else(|| in_frame("abs_path")), "<no-filename>"),
        "module" | "stack.module" => (in_frame("module"), "<no-module>"),
        "package" | "stack.package" => {
            (in_frame("package").and_then(|package| package.rsplit(['/', '\\']).next()), "<no-package>")
        }
        "level" => (Some(event.level.as_str()), "<no-level>"),
        "logger" => (event.logger.as_deref(), "<no-logger>"),
        "release" => (event.release.as_deref(), "<no-release>"),
        "environment" => (Some(event.environment.as_str()), "<no-environment>"),
        unknown => return format!("<unrecognized-variable-{unknown}>").into(),
    };
    Cow::Borrowed(found.unwrap_or(missing))
}

/// A text with every variable in it replaced by its value.
pub(super) fn fill_in(text: &str, event: &NormalizedEvent) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let end = start + length + 2;
        out.push_str(&rest[..start]);
        out.push_str(&resolve(&rest[start..end], event));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The name between the braces; the whole part has to be the variable.
fn name_of(part: &str) -> Option<&str> {
    let name = part.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ':'));
    (plain && !name.is_empty()).then_some(name)
}

fn last_exception(event: &NormalizedEvent) -> Option<&Value> {
    event.body.get("exception")?.get("values")?.as_array()?.last()
}

fn message(event: &NormalizedEvent) -> Option<&str> {
    let entry = event.body.get("logentry")?;
    trimmed_str(entry.get("formatted")).or_else(|| trimmed_str(entry.get("message")))
}

fn crash_frame(event: &NormalizedEvent) -> Option<&Value> {
    let list = |key: &str| event.body.get(key)?.get("values")?.as_array();
    let of_exceptions = list("exception").and_then(|all| all.iter().rev().find_map(stacktrace::crash_frame));
    of_exceptions.or_else(|| list("threads")?.iter().find_map(stacktrace::crash_frame))
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;
    use crate::group::tests::event;

    #[test]
    fn every_variable() {
        let event = event(json!({
            "platform": "native", "level": "fatal", "logger": "db", "transaction": "/pay", "release": "1", "environment": "e",
            "message": "m", "tags": {"region": "eu"},
            "exception": {"type": "T", "value": "v", "stacktrace": {"frames": [{"function": "a::f", "abs_path": "/x/f.c",
                "filename": "f.c", "module": "a", "package": "/lib/liba.so"}]}},
        }));
        for (part, value) in [
            ("{{ transaction }}", "/pay"),
            ("{{message}}", "m"),
            ("{{ type }}", "T"),
            ("{{ error.type }}", "T"),
            ("{{ value }}", "v"),
            ("{{ error.value }}", "v"),
            ("{{ function }}", "a::f"),
            ("{{ stack.function }}", "a::f"),
            ("{{ path }}", "/x/f.c"),
            ("{{ stack.abs_path }}", "/x/f.c"),
            ("{{ stack.filename }}", "f.c"),
            ("{{ module }}", "a"),
            ("{{ stack.module }}", "a"),
            ("{{ package }}", "liba.so"),
            ("{{ level }}", "fatal"),
            ("{{ logger }}", "db"),
            ("{{ tags.region }}", "eu"),
            ("{{ release }}", "1"),
            ("{{ tags.zone }}", "<no-value-for-tag-zone>"),
            ("{{ odd }}", "<unrecognized-variable-odd>"),
            ("plain", "plain"),
            ("a {{ type }}", "a {{ type }}"),
            ("{{}}", "{{}}"),
        ] {
            assert_eq!(resolve(part, &event), value, "{part}");
        }
        for (text, filled) in [
            ("a {{ type }}-{{level}}!", "a T-fatal!"),
            ("{{ odd }} {{ tags.zone }}", "<unrecognized-variable-odd> <no-value-for-tag-zone>"),
            ("{{ type", "{{ type"),
            ("{{}} {{ type }}", "{{}} T"),
        ] {
            assert_eq!(fill_in(text, &event), filled);
        }
    }

    #[test]
    fn placeholders_name_what_is_missing() {
        let event = event(json!({}));
        for part in ["type", "value", "function", "module", "package", "logger", "transaction", "message"] {
            let braces = format!("{{{{ {part} }}}}");
            assert_eq!(resolve(&braces, &event), format!("<no-{part}>"));
        }
    }
}
