//! Strategies that need no frames.

use super::component::Component;
use super::message as text;
use crate::normalize::{NormalizedEvent, trimmed_str};

/// The template a log call was written with, else its text, without what varies.
pub(super) fn message(event: &NormalizedEvent) -> Option<Component> {
    let entry = event.body.get("logentry")?;
    let raw = trimmed_str(entry.get("message")).or_else(|| trimmed_str(entry.get("formatted")))?;
    normal("message", raw)
}

/// What a user wrote.
pub(super) fn feedback(event: &NormalizedEvent) -> Option<Component> {
    let feedback = event.body.get("contexts")?.get("feedback")?;
    normal("feedback", trimmed_str(feedback.get("message"))?)
}

/// A transaction's name.
pub(super) fn transaction(event: &NormalizedEvent) -> Option<Component> {
    Some(Component::leaf("transaction", event.transaction.as_deref()?))
}

/// The template file and line of a rendering error.
pub(super) fn template(event: &NormalizedEvent) -> Option<Component> {
    let template = event.body.get("template")?;
    let part = |key: &str, id: &'static str| {
        let text = trimmed_str(template.get(key))?;
        Some(Component::leaf(id, text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    let file = part("filename", "filename").or_else(|| part("abs_path", "filename"))?;
    Some(Component::node(
        "template",
        [Some(file), part("context_line", "context_line")].into_iter().flatten(),
    ))
}

/// The directive that was violated and what violated it.
pub(super) fn csp(event: &NormalizedEvent) -> Option<Component> {
    let report = event.body.get("csp")?;
    let text = |keys: [&str; 2]| keys.iter().find_map(|key| trimmed_str(report.get(*key)));
    let directive = text(["effective_directive", "effective-directive"])
        .or_else(|| text(["violated_directive", "violated-directive"]))?
        .split_whitespace()
        .next()?;
    let blocked = text(["blocked_uri", "blocked-uri"]).unwrap_or("self");
    let document = text(["document_uri", "document-uri"]).and_then(host);
    Some(Component::node(
        "csp",
        [
            Component::leaf("directive", directive),
            Component::leaf("blocked_uri", blocked_by(blocked, document)),
        ],
    ))
}

/// What is left when an event says nothing: enough to keep unlike sources apart.
pub(super) fn fallback(event: &NormalizedEvent) -> Component {
    let optional = |id, value: &Option<String>| value.as_ref().map(|text| Component::leaf(id, text.as_str()));
    let parts = [
        Some(Component::leaf("platform", event.platform.as_str())),
        Some(Component::leaf("level", event.level.as_str())),
        optional("logger", &event.logger),
        optional("transaction", &event.transaction),
    ];
    Component::node("fallback", parts.into_iter().flatten())
}

fn normal(id: &'static str, raw: &str) -> Option<Component> {
    let normal = text::normalize(raw);
    let changed = normal != raw;
    let mut leaf = Component::leaf(id, normal);
    if changed {
        leaf.hint = Some("without what varies".into());
    }
    leaf.text().is_none_or(|text| !text.is_empty()).then_some(leaf)
}

fn host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())
}

fn blocked_by(uri: &str, document: Option<&str>) -> String {
    match uri {
        "self" | "'self'" => "self".into(),
        "inline" | "eval" | "wasm-eval" | "trusted-types-policy" | "trusted-types-sink" => uri.into(),
        _ => match (host(uri), uri.split_once(':')) {
            (Some(host), _) if Some(host) == document => "self".into(),
            (Some(host), _) => host.to_lowercase(),
            (None, Some((scheme, _))) => format!("{}:", scheme.to_lowercase()),
            (None, None) => uri.to_lowercase(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_uris_lose_their_paths() {
        assert_eq!(blocked_by("https://CDN.example/a.js?x", Some("shop.example")), "cdn.example");
        assert_eq!(blocked_by("https://shop.example/a.js", Some("shop.example")), "self");
        assert_eq!(blocked_by("data:image/png;base64,x", None), "data:");
        assert_eq!(blocked_by("inline", None), "inline");
    }
}
