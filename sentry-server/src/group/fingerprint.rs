//! A client's own word on grouping: `checksum` and `fingerprint`.

mod variable;

use super::component::Component;
use super::{Basis, Choice, Variant};
use crate::normalize::{NormalizedEvent, trimmed_str};

/// Replaces or extends what the strategies chose by what the client asked for.
///
/// A checksum replaces everything. A fingerprint without `{{ default }}` replaces everything too; one that holds it
/// and more is wrapped around each variant; the bare default changes nothing.
pub(super) fn apply(event: &NormalizedEvent, choice: &mut Choice<'_>) {
    if let Some(checksum) = trimmed_str(event.body.get("checksum")) {
        choice.basis = Basis::Checksum;
        replace(choice, Component::leaf("checksum", checksum.to_ascii_lowercase()), "the checksum decides");
        return;
    }
    let Some(parts) = event.body.get("fingerprint").and_then(|parts| parts.as_array()) else { return };
    let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_str()).collect();
    let defaults = parts.iter().filter(|part| variable::is_default(part)).count();
    if parts.is_empty() || (parts.len() == 1 && defaults == 1) {
        return;
    }
    let value = |part: &&str| Component::leaf("value", variable::resolve(part, event));
    if defaults == 0 {
        choice.basis = Basis::Fingerprint;
        replace(choice, Component::node("fingerprint", parts.iter().map(value)), "the fingerprint decides");
        return;
    }
    choice.basis = Basis::Hybrid;
    for variant in choice.variants.iter_mut().filter(|variant| variant.component.contributes) {
        let inner = std::mem::replace(&mut variant.component, Component::node("empty", []));
        let around =
            parts.iter().map(|part| if variable::is_default(part) { inner.clone() } else { value(part) });
        variant.component = Component::node("fingerprint", around);
    }
}

fn replace(choice: &mut Choice<'_>, component: Component, hint: &'static str) {
    for variant in &mut choice.variants {
        variant.component.switch_off(hint);
        variant.hint = Some(hint);
    }
    choice.variants.insert(0, Variant::new("custom", component));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{event, group_of};
    use super::*;

    fn hash(fingerprint: Value, value: &str) -> (Basis, Vec<super::super::GroupHash>) {
        let grouping =
            group_of(json!({"fingerprint": fingerprint, "exception": {"type": "A", "value": value}}));
        (grouping.basis, grouping.hashes)
    }

    #[test]
    fn the_bare_default_changes_nothing() {
        assert_eq!(hash(json!(["{{default}}"]), "v"), hash(json!([]), "v"));
        assert_eq!(hash(json!(["{{  default }}"]), "v").0, Basis::Exception);
    }

    #[test]
    fn custom_decides_alone_and_hybrid_adds() {
        assert_eq!(hash(json!(["db"]), "v"), hash(json!(["db"]), "w"));
        assert_ne!(hash(json!(["db"]), "v").1, hash(json!(["db", "x"]), "v").1);
        let hybrid = |value| hash(json!(["{{ default }}", "db"]), value);
        assert_eq!(hybrid("v").0, Basis::Hybrid);
        assert_ne!(hybrid("v").1, hybrid("w").1);
        assert_ne!(hybrid("v").1, hash(json!([]), "v").1);
        assert_ne!(hash(json!(["a", "{{ default }}"]), "v").1, hash(json!(["{{ default }}", "a"]), "v").1);
    }

    #[test]
    fn a_checksum_beats_a_fingerprint() {
        let raw = json!({"checksum": "ABC", "fingerprint": ["x"], "message": "m"});
        let event = event(raw);
        let mut choice = super::super::strategy::choose(&event);
        apply(&event, &mut choice);
        assert_eq!(choice.basis, Basis::Checksum);
        assert_eq!(choice.variants[0].name, "custom");
    }
}
