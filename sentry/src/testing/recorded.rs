//! What a test asks about.

use watchpost_core::{Envelope, Event, ItemType, Value};

/// Everything that was captured, in order.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// As it would have been sent.
    pub envelopes: Vec<Envelope>,
}

impl Recorded {
    /// Errors and messages.
    pub fn events(&self) -> Vec<Event> {
        let payloads = self.payloads(&ItemType::Event).into_iter();
        payloads.filter_map(|payload| serde_json::from_value(payload).ok()).collect()
    }

    /// The JSON of every item of this type; items that are not JSON are left out.
    pub fn payloads(&self, item_type: &ItemType) -> Vec<Value> {
        let items = self.envelopes.iter().flat_map(|envelope| &envelope.items);
        let wanted = items.filter(|item| item.header.item_type == *item_type);
        wanted.filter_map(|item| serde_json::from_slice(&item.payload).ok()).collect()
    }

    /// Transactions, with their spans.
    pub fn transactions(&self) -> Vec<Value> {
        self.payloads(&ItemType::Transaction)
    }

    /// Logs, out of their containers.
    pub fn logs(&self) -> Vec<Value> {
        let containers = self.payloads(&ItemType::Log).into_iter();
        let lists = containers.filter_map(|mut container| match container.get_mut("items")?.take() {
            Value::Array(list) => Some(list),
            _ => None,
        });
        lists.flatten().collect()
    }

    /// The event that was captured.
    ///
    /// # Panics
    /// When it was none or several: the text lists them.
    #[track_caller]
    pub fn only_event(&self) -> Event {
        let mut events = self.events();
        match events.len() {
            1 => events.remove(0),
            number => panic!("expected one event, there are {number}: {:#?}", titles(&events)),
        }
    }

    /// Asserts that nothing was captured: no event, no transaction, no session, nothing.
    ///
    /// # Panics
    /// When something was.
    #[track_caller]
    pub fn assert_nothing(&self) {
        let items = self.envelopes.iter().flat_map(|envelope| &envelope.items);
        let types: Vec<&str> = items.map(|item| item.header.item_type.as_str()).collect();
        assert!(types.is_empty(), "expected nothing, there is: {types:?} {:#?}", titles(&self.events()));
    }

    /// Asserts that an event was captured whose message, or type and value of an exception, contains `text`, and gives
    /// it.
    ///
    /// # Panics
    /// When there is none: the text lists those that there are.
    #[track_caller]
    pub fn assert_event(&self, text: &str) -> Event {
        let events = self.events();
        match events.iter().find(|event| title(event).contains(text)) {
            Some(event) => event.clone(),
            None => panic!("no event contains {text:?}: {:#?}", titles(&events)),
        }
    }
}

fn titles(events: &[Event]) -> Vec<String> {
    events.iter().map(title).collect()
}

fn title(event: &Event) -> String {
    let message =
        event.logentry.iter().flat_map(|entry| entry.formatted.iter().chain(&entry.message)).take(1);
    let exceptions = event.exception.iter().map(|exception| {
        let part = |text: &Option<_>| text.as_ref().map_or_else(String::new, ToString::to_string);
        format!("{}: {}", part(&exception.ty), part(&exception.value))
    });
    message.map(ToString::to_string).chain(exceptions).collect::<Vec<_>>().join("; ")
}
