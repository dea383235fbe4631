//! The verbs of what goes beside events: feedback, attachments, flags, attributes and the user's consent.

use watchpost_core::{Attachment, Attribute, Event, EventId, Feedback, Hint, Result, Text};

use crate::api::remember;
use crate::init::with_client;
use crate::scopes::{isolation_scope, with_all};

/// Sends what a user says. The id of the feedback, or `None` if it was dropped.
///
/// # Errors
/// When it says nothing; the error names the field.
///
/// ```
/// use watchpost::Feedback;
/// let feedback = Feedback { name: Some("Ada".into()), ..Feedback::new("The export is slow") };
/// watchpost::capture_feedback(feedback)?;
/// # Ok::<(), watchpost::Error>(())
/// ```
pub fn capture_feedback(feedback: Feedback) -> Result<Option<EventId>> {
    capture_feedback_with(feedback, &Hint::default())
}

/// The same with files that go with it, like a screenshot.
///
/// # Errors
/// As [`capture_feedback`].
pub fn capture_feedback_with(feedback: Feedback, hint: &Hint) -> Result<Option<EventId>> {
    with_client(|client| with_all(|scopes| client.capture_feedback(feedback, hint, scopes)))
        .unwrap_or(Ok(None))
}

/// Reports an event that the caller made, with files that go with it and what hooks may look at.
///
/// ```
/// use watchpost::{Attachment, Event, Hint, Level};
/// let hint = Hint::default().with_attachment(Attachment::from_bytes("state.json", *b"{}"));
/// watchpost::capture_event_with(Event::message("inconsistent state", Level::Error), &hint);
/// ```
pub fn capture_event_with(event: Event, hint: &Hint) -> Option<EventId> {
    let captured = with_client(|client| with_all(|scopes| client.capture_event(event, hint, scopes)));
    remember(captured.flatten())
}

/// Adds a file to the isolation scope: it goes with every event from now on. A path is read then, not now.
///
/// ```
/// watchpost::add_attachment(watchpost::Attachment::from_path("/var/log/shop.log").with_content_type("text/plain"));
/// ```
pub fn add_attachment(attachment: Attachment) {
    isolation_scope().update(|scope| scope.add_attachment(attachment));
}

/// Takes the attachments of the isolation scope back.
pub fn clear_attachments() {
    isolation_scope().update(watchpost_core::Scope::clear_attachments);
}

/// Notes on the isolation scope that a feature flag was asked for. Events tell the last 100.
///
/// ```
/// watchpost::add_feature_flag("new-checkout", true);
/// ```
pub fn add_feature_flag(flag: impl Into<Text>, result: bool) {
    let flag = flag.into();
    isolation_scope().update(|scope| scope.add_feature_flag(flag, result));
}

/// Sets an attribute of every log and metric on the isolation scope.
///
/// ```
/// watchpost::set_attribute("region", "eu");
/// ```
pub fn set_attribute(name: impl Into<Text>, value: impl Into<Attribute>) {
    let (name, value) = (name.into(), value.into());
    isolation_scope().update(|scope| scope.set_attribute(name, value));
}

/// Sets several attributes of every log and metric on the isolation scope.
///
/// ```
/// use watchpost::Attribute;
/// watchpost::set_attributes([("region", Attribute::from("eu")), ("shard", 7.into())]);
/// ```
pub fn set_attributes<N: Into<Text>, V: Into<Attribute>>(attributes: impl IntoIterator<Item = (N, V)>) {
    for (name, value) in attributes {
        set_attribute(name, value);
    }
}

/// Removes an attribute from the isolation scope.
pub fn remove_attribute(name: &str) {
    isolation_scope().update(|scope| scope.remove_attribute(name));
}

/// Says whether the user agrees to be reported about. With the option `require_consent`, nothing is collected, stored,
/// sent or counted before `true`; `false` stops at once. To be said again after each start.
///
/// ```
/// # fn main() -> watchpost::Result<()> {
/// let options = watchpost::ClientOptions::new().with_require_consent(true);
/// let _guard = watchpost::init(options)?;
/// // Once the user has agreed:
/// watchpost::set_consent(true);
/// # Ok(())
/// # }
/// ```
pub fn set_consent(given: bool) {
    with_client(|client| client.set_consent(given));
}
