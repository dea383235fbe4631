//! The places of an event.

use std::sync::Arc;

use super::{Place, Scrubber};
use crate::protocol::{Breadcrumb, Context, Event, Map, Request, Stacktrace, Value};
use crate::text::Text;

impl Scrubber {
    /// Masks secrets in place.
    pub(crate) fn event(&self, event: &mut Event) {
        if let Some(entry) = &mut event.logentry {
            self.text(&mut entry.formatted);
            self.text(&mut entry.message);
            entry.params.iter_mut().for_each(|param| self.item(Place::Data, "", param));
        }
        for exception in &mut event.exception {
            self.text(&mut exception.value);
            exception.stacktrace.iter_mut().for_each(|stack| self.stacktrace(stack));
        }
        for thread in &mut event.threads {
            thread.stacktrace.iter_mut().for_each(|stack| self.stacktrace(stack));
        }
        self.map(Place::Data, &mut event.extra);
        for (key, context) in &mut event.contexts {
            self.context(key, context);
        }
        event.breadcrumbs.iter_mut().for_each(|crumb| self.breadcrumb(crumb));
        event.request.iter_mut().for_each(|request| self.request(request));
        if let Some(user) = &mut event.user {
            self.map(Place::Own, &mut user.other);
        }
        self.map(Place::Own, &mut event.other);
    }

    /// Masks secrets in free text.
    pub(crate) fn text(&self, text: &mut Option<Text>) {
        if let Some(masked) = text.as_deref().and_then(|text| self.free_text(text, usize::MAX)) {
            *text = Some(masked.into());
        }
    }

    /// Masks the secrets of a breadcrumb; copies it only if there are some.
    pub(crate) fn breadcrumb(&self, crumb: &mut Arc<Breadcrumb>) {
        let message = crumb.message.as_deref().and_then(|text| self.free_text(text, usize::MAX));
        if let Some(message) = message {
            Arc::make_mut(crumb).message = Some(message.into());
        }
        if self.has_secret(Place::Trail, &crumb.data) {
            self.map(Place::Trail, &mut Arc::make_mut(crumb).data);
        }
    }

    /// Masks the secrets of the context `key`; copies it only if there are some.
    pub(crate) fn context(&self, key: &str, context: &mut Context) {
        match key {
            "response" => {
                let context = Arc::make_mut(context);
                for (key, value) in context.iter_mut() {
                    match key.as_str() {
                        "headers" => self.collected(Place::ResponseHeader, value),
                        "cookies" => self.collected(Place::Cookie, value),
                        "data" => self.collected(Place::Body, value),
                        _ => self.entry(Place::Trail, key, value),
                    }
                }
            }
            _ => {
                let place = if key == "trace" { Place::Trail } else { Place::Data };
                if self.has_secret(place, context) {
                    self.map(place, Arc::make_mut(context));
                }
            }
        }
    }

    fn stacktrace(&self, stack: &mut Stacktrace) {
        for frame in &mut stack.frames {
            self.map(Place::Data, &mut frame.vars);
        }
    }

    fn request(&self, request: &mut Request) {
        if let Some(masked) = request.url.as_deref().and_then(|url| self.url(url, usize::MAX)) {
            request.url = Some(masked.into());
        }
        for (place, value) in [
            (Place::RequestHeader, &mut request.headers),
            (Place::Cookie, &mut request.cookies),
            (Place::Query, &mut request.query_string),
            (Place::Body, &mut request.data),
        ] {
            value.iter_mut().for_each(|value| self.collected(place, value));
        }
        self.map(Place::Body, &mut request.env);
    }

    fn collected(&self, place: Place, value: &mut Value) {
        let Value::String(text) = value else { return self.entry(place, "", value) };
        let masked = match place {
            Place::Cookie => self.cookies(text, usize::MAX),
            Place::Query => self.query_string(text, usize::MAX),
            Place::Body => self.body(text),
            _ => None,
        };
        if let Some(masked) = masked {
            *text = masked;
        }
    }

    /// True if [`map`](Self::map) would change something: asked before something shared is copied.
    pub(crate) fn has_secret(&self, place: Place, map: &Map) -> bool {
        map.iter().any(|(key, value)| self.is_secret(place, key) || self.inside(place, key, value))
    }

    fn inside(&self, place: Place, key: &str, value: &Value) -> bool {
        match value {
            Value::Object(map) => self.has_secret(place, map),
            Value::Array(list) => list.iter().any(|item| self.inside(place, key, item)),
            Value::String(text) => self.keyed_text(place, key, text, usize::MAX).is_some(),
            _ => false,
        }
    }
}
