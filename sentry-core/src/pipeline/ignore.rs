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
    let line = format!("{ty}: {value}");
    rules.iter().filter(|rule| !rule.is_empty()).any(|rule| {
        let in_exception = exception.is_some() && (ty == rule.as_str() || line.contains(rule.as_str()));
        in_exception || message.is_some_and(|text| text.contains(rule.as_str()))
    })
}
