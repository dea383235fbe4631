//! A client's own word on grouping, `checksum` and `fingerprint`, and that of a project's rules.

mod variable;

use super::component::Component;
use super::grouper::Lens;
use super::{Basis, Choice, MatchedRule, Variant};
use crate::normalize::{NormalizedEvent, shorten, trimmed_str};

/// Replaces or extends what the strategies chose by what the client asked for.
///
/// A checksum replaces everything. A fingerprint without `{{ default }}` replaces everything too; one that holds it
/// and more is wrapped around each variant; the bare default changes nothing. A project's rule wins over the client, the
/// client over a built-in rule.
pub(super) fn apply(event: &NormalizedEvent, choice: &mut Choice<'_>, lens: &Lens<'_>) {
    if let Some(checksum) = trimmed_str(event.body.get("checksum")) {
        choice.basis = Basis::Checksum;
        replace(choice, Component::leaf("checksum", checksum.to_ascii_lowercase()), "the checksum decides");
        return;
    }
    let given = event.body.get("fingerprint").and_then(|parts| parts.as_array());
    let given: Vec<&str> = given.into_iter().flatten().filter_map(|part| part.as_str()).collect();
    let says_something =
        |parts: &[&str]| !parts.is_empty() && !matches!(parts, [one] if variable::is_default(one));
    let rule = lens.grouper.rule(event, says_something(&given));
    let parts = match rule {
        Some((rule, _)) => rule.values.iter().map(String::as_str).collect(),
        None => given,
    };
    if let Some((rule, built_in)) = rule {
        choice.rule = Some(MatchedRule { text: rule.text.clone(), line: rule.line, built_in });
        choice.title = rule.title.as_ref().map(|title| shorten(&variable::fill_in(title, event), MAX_TITLE));
    }
    if !says_something(&parts) {
        return;
    }
    let defaults = parts.iter().filter(|part| variable::is_default(part)).count();
    // A client's word is taken as it stands unless all of it is a variable; a rule is written for its variables.
    let resolved: Vec<String> = parts
        .iter()
        .map(|part| match (variable::is_default(part), rule) {
            (true, _) => "{{ default }}".to_owned(),
            (false, Some(_)) => variable::fill_in(part, event),
            (false, None) => variable::resolve(part, event).into_owned(),
        })
        .collect();
    let value = |value: &String| Component::leaf("value", value.as_str());
    choice.fingerprint.clone_from(&resolved);
    if defaults == 0 {
        choice.basis = Basis::Fingerprint;
        replace(
            choice,
            Component::node("fingerprint", resolved.iter().map(value)),
            "the fingerprint decides",
        );
        return;
    }
    choice.basis = Basis::Hybrid;
    for variant in choice.variants.iter_mut().filter(|variant| variant.component.contributes) {
        let inner = std::mem::replace(&mut variant.component, Component::node("empty", []));
        let around = parts
            .iter()
            .zip(&resolved)
            .map(|(part, text)| if variable::is_default(part) { inner.clone() } else { value(text) });
        variant.component = Component::node("fingerprint", around);
    }
}

const MAX_TITLE: usize = 200;

fn replace(choice: &mut Choice<'_>, component: Component, hint: &'static str) {
    for variant in &mut choice.variants {
        variant.component.switch_off(hint);
        variant.hint = Some(hint);
    }
    choice.variants.insert(0, Variant::new("custom", component));
}

#[cfg(test)]
mod tests {
    use crate::json::{Value, json};

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
        let lens = Lens::new(super::super::Grouper::standard());
        let mut choice = super::super::strategy::choose(&event, &lens);
        apply(&event, &mut choice, &lens);
        assert_eq!(choice.basis, Basis::Checksum);
        assert_eq!(choice.variants[0].name, "custom");
    }
}
