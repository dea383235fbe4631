//! Errors that nobody wants to hear of.

use super::scrub::prefix;
use crate::protocol::Event;
use crate::tracing::Pattern;

/// True if a rule occurs in the last exception's `type: value` or in the message; or, if it is a regular expression,
/// matches one of these, the type or the value; or, if it names a type, that is the last exception's.
pub(super) fn matches(event: &Event, rules: &[Pattern]) -> bool {
    if rules.is_empty() {
        return false;
    }
    let message =
        event.logentry.as_ref().and_then(|entry| entry.formatted.as_ref().or(entry.message.as_ref()));
    let exception = event.exception.last();
    let ty = exception.and_then(|exception| exception.ty.as_deref()).unwrap_or_default();
    let module = exception.and_then(|exception| exception.module.as_deref()).unwrap_or_default();
    let value = exception.and_then(|exception| exception.value.as_deref()).unwrap_or_default();
    // Made for the first expression only: text needs no line.
    let mut line: Option<String> = None;
    rules.iter().any(|rule| {
        if let Some(name) = rule.as_type() {
            return exception.is_some()
                && !name.is_empty()
                && (ty == name.as_str() || is_name(module, ty, name));
        }
        let Some(text) = rule.as_text() else {
            let in_exception = exception.is_some() && {
                let value = prefix(value, MATCHED);
                let line = line.get_or_insert_with(|| format!("{ty}: {value}"));
                rule.matches(ty) || rule.matches(value) || rule.matches(line)
            };
            return in_exception || message.is_some_and(|message| rule.matches(prefix(message, MATCHED)));
        };
        let in_exception = exception.is_some() && (in_line(ty, value, text) || is_name(module, ty, text));
        !text.is_empty() && (in_exception || message.is_some_and(|message| message.contains(text.as_str())))
    })
}

/// Expressions look at no more bytes of a text: it may be huge, and the thread that captures waits.
const MATCHED: usize = 16 * 1024;

/// True if the rule is the type's full name, with the module in front of it.
fn is_name(module: &str, ty: &str, rule: &str) -> bool {
    let tail = rule.strip_prefix(module).filter(|_| !module.is_empty());
    let tail = tail.and_then(|tail| tail.strip_prefix("::").or_else(|| tail.strip_prefix('.')));
    tail.is_some_and(|tail| tail == ty)
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

    #[test]
    fn a_full_name_is_the_module_and_the_type() {
        assert!(is_name("shop.cart", "Empty", "shop.cart.Empty") && is_name("shop", "Empty", "shop::Empty"));
        for rule in ["shop.cart", "shop.cart.", "shop.cartEmpty", "shop.cart.EmptyCart", "Empty", ".Empty"] {
            assert!(!is_name("shop.cart", "Empty", rule), "{rule}");
        }
        assert!(!is_name("", "Empty", ".Empty"));
    }
}
