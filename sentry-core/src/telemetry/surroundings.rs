//! What scopes and options add to the attributes of a log or metric.

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::options::ClientOptions;
use crate::pipeline::{FILTERED, Place, Scrubber};
use crate::protocol::{Attribute, AttributeValue, Attributes, User};
use crate::scope::Scopes;
use crate::text::Text;

/// The attributes around an item, taken when it was captured. A few pointers: they are merged when the item is sent,
/// or before, for a hook.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The current, the isolation and the global scope's.
    scopes: [Option<Arc<Attributes>>; 3],
    user: Option<Arc<User>>,
}

impl Surroundings {
    /// Looks at the scopes. The user is taken only where personal data may be collected.
    pub(crate) fn of(scopes: Scopes<'_>, with_user: bool) -> Self {
        let mut user = None;
        let found = [scopes.current, scopes.isolation, scopes.global].map(|scope| {
            scope.read(|scope| {
                if with_user && user.is_none() {
                    user = scope.user();
                }
                scope.attributes()
            })
        });
        Self { scopes: found, user }
    }

    /// The item's own attributes with all that the scopes and options add (attributes, published spec 1.6.0): item >
    /// current > isolation > global > user > defaults.
    pub(crate) fn merge(&self, own: &mut Attributes, defaults: &Attributes) {
        let scoped = self.scopes.iter().flatten();
        own.reserve(scoped.clone().map(|layer| layer.len()).sum::<usize>() + defaults.len());
        for (name, attribute) in scoped.flat_map(|layer| layer.iter()) {
            own.insert_default(name.clone(), attribute.clone());
        }
        for (name, text) in self.user() {
            own.insert_default(Text::from_static(name), text.clone());
        }
        for (name, attribute) in defaults.iter() {
            own.insert_default(name.clone(), attribute.clone());
        }
    }

    fn user(&self) -> impl Iterator<Item = (&'static str, &Text)> {
        let user = self.user.as_deref();
        let fields = user
            .map(|user| [("user.id", &user.id), ("user.name", &user.username), ("user.email", &user.email)]);
        fields.into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

/// What all items of a client have in common when they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Common<'a> {
    pub(crate) defaults: &'a Attributes,
    pub(crate) scrubber: &'a Scrubber,
}

/// The same merge, written without being made, and without secrets.
pub(crate) struct Merged<'a> {
    pub(super) own: &'a Attributes,
    pub(super) surroundings: Option<&'a Surroundings>,
    pub(super) common: Common<'a>,
}

impl Serialize for Merged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, attribute) in self.own.iter() {
            self.entry(&mut map, name, attribute)?;
        }
        let Some(around) = self.surroundings else { return map.end() };
        for (at, layer) in around.scopes.iter().enumerate() {
            for (name, attribute) in layer.iter().flat_map(|layer| layer.iter()) {
                if !self.is_known(name, &around.scopes[..at]) {
                    self.entry(&mut map, name, attribute)?;
                }
            }
        }
        for (name, text) in around.user() {
            if !self.is_known(name, &around.scopes) {
                self.entry(&mut map, name, &Attribute::from(text.clone()))?;
            }
        }
        for (name, attribute) in self.common.defaults.iter() {
            if !self.is_known(name, &around.scopes) {
                map.serialize_entry(name, attribute)?;
            }
        }
        map.end()
    }
}

impl<'a> Merged<'a> {
    pub(crate) fn new(
        own: &'a Attributes,
        surroundings: Option<&'a Surroundings>,
        common: Common<'a>,
    ) -> Self {
        Self { own, surroundings, common }
    }
}

impl Merged<'_> {
    fn is_known(&self, name: &str, nearer: &[Option<Arc<Attributes>>]) -> bool {
        self.own.get(name).is_some() || nearer.iter().flatten().any(|layer| layer.get(name).is_some())
    }

    /// Writes one attribute; its value is masked if its name says that it is a secret, or where it holds one. What the
    /// protocol itself names is left alone, but for `sanitize_fields` and for texts.
    fn entry<M: SerializeMap>(&self, map: &mut M, name: &str, attribute: &Attribute) -> Result<(), M::Error> {
        let scrubber = self.common.scrubber;
        let well_known = name.starts_with("sentry.") || name.starts_with("user.");
        let place = if well_known { Place::Own } else { Place::Trail };
        let quiet = |text: &Text| scrubber.keyed_text(place, name, text, super::MAX_TEXT).map(Text::from);
        let masked = if scrubber.is_secret(place, name) {
            Some(Attribute::from(Text::from_static(FILTERED)))
        } else {
            match &attribute.value {
                AttributeValue::String(text) => quiet(text).map(Attribute::from),
                AttributeValue::Strings(texts) => masked_list(texts, quiet),
                _ => None,
            }
        };
        map.serialize_entry(name, masked.as_ref().unwrap_or(attribute))
    }
}

/// The texts without their secrets; `None` if there are none.
fn masked_list(texts: &[Text], quiet: impl Fn(&Text) -> Option<Text>) -> Option<Attribute> {
    let masked: Vec<Option<Text>> = texts.iter().map(quiet).collect();
    if masked.iter().all(Option::is_none) {
        return None;
    }
    let both = masked.into_iter().zip(texts).map(|(masked, text)| masked.unwrap_or_else(|| text.clone()));
    Some(Attribute { value: AttributeValue::Strings(both.collect()), unit: None })
}

/// What every log and metric carries (logs, published spec).
pub(crate) fn defaults(options: &ClientOptions) -> Attributes {
    let sdk = options.sdk();
    let all = [
        ("sentry.environment", Some(options.environment())),
        ("sentry.release", options.release()),
        ("sentry.sdk.name", Some(&sdk.name)),
        ("sentry.sdk.version", Some(&sdk.version)),
        ("server.address", options.server_name()),
    ];
    let known = all.into_iter().filter_map(|(name, value)| Some((name, value?.clone())));
    known.map(|(name, value)| (Text::from_static(name), value)).collect()
}
