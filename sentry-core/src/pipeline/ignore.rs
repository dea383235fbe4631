//! Errors that nobody wants to hear of.

use crate::protocol::Event;
use crate::text::Text;

/// True if a rule names the type of the last exception, or occurs in its `type: value` or in the message.
pub(super) fn matches(event: &Event, rules: &[Text]) -> bool {
    if rules.is_empty() {
        return false;
    }
    let message =
        event.logentry.as_ref().and_then(|entry| entry.formatted.as_ref().or(entry.message.as_ref()));
    let exception = event.exception.last();
    let ty = exception.and_then(|exception| exception.ty.as_deref()).unwrap_or_default();
    let value = exception.and_then(|exception| exception.value.as_deref()).unwrap_or_default();
    rules.iter().filter(|rule| !rule.is_empty()).any(|rule| {
        let in_exception = exception.is_some() && (ty == rule.as_str() || in_line(ty, value, rule));
        in_exception || message.is_some_and(|text| text.contains(rule.as_str()))
    })
}

/// True if the rule occurs in `type: value`, without putting the two together: a value may be huge.
fn in_line(ty: &str, value: &str, rule: &str) -> bool {
    const JOINT: &str = ": ";
    if value.contains(rule) || ty.contains(rule) {
        return true;
    }
    // Otherwise it touches the joint: it begins in the type or the joint and ends behind it.
    (0..=rule.len()).filter(|at| rule.is_char_boundary(*at)).any(|at| {
        let (head, tail) = rule.split_at(at);
        let across =
            tail.strip_prefix(JOINT).is_some_and(|rest| ty.ends_with(head) && value.starts_with(rest));
        let ends_inside = JOINT.starts_with(tail) && ty.ends_with(head);
        let starts_inside = at > 0 && JOINT.ends_with(head) && value.starts_with(tail);
        across || ends_inside || starts_inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_as_if_type_and_value_were_one_text() {
        let (ty, value) = ("IOError", "disk: full");
        let line = format!("{ty}: {value}");
        for from in 0..line.len() {
            for to in from + 1..=line.len() {
                assert!(in_line(ty, value, &line[from..to]), "{}", &line[from..to]);
            }
        }
        for rule in ["IOError:  disk", "OErrordisk", "rorr: d", ":disk", "full:", "x"] {
            assert!(!in_line(ty, value, rule), "{rule}");
        }
        assert!(in_line("", "x", ": x") && in_line("A", "", "A: "));
    }
}
