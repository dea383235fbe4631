//! Removing secrets before an event is stored or sent.
//!
//! Two rules. What was collected from the outside (request headers, cookies, query strings, bodies) is matched by the
//! mandatory terms as substrings of the key, and by the `data_collection` option. Everywhere else a key is split into
//! words at `_ - .`, blanks and camel case, and compared word by word, so that `author` or `monkey` stay. Terms of
//! `sanitize_fields` match as substrings of any key. Keys are kept, values become `[Filtered]`. Free text is only
//! looked at when `scrub_patterns` asks for it.

mod clean;
mod generative;
mod json;
mod json_text;
mod json_tree;
mod pairs;
mod patterns;
mod terms;
mod url;
mod words;

use self::clean::Clean;
pub use self::json::JsonScrubber;
pub use self::json_tree::{JsonMap, JsonParts, JsonTree};
use crate::options::{Collect, DataCollection, MaxRequestBodySize, ScrubPatterns};
use crate::pipeline::limits;
use crate::protocol::{Event, Map, Value};
use crate::text::Text;

use self::terms::Terms;

/// What a removed value is replaced by.
pub(crate) const FILTERED: &str = "[Filtered]";

/// Where a key stands: decides when it is the key of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// What the application put in: extra, contexts, local variables.
    Data,
    /// What integrations put in: data of breadcrumbs, spans and logs. Addresses in it were collected.
    Trail,
    /// Headers of requests.
    RequestHeader,
    /// Headers of responses.
    ResponseHeader,
    /// The environment of a server, like `REMOTE_ADDR`.
    Environment,
    /// Cookies.
    Cookie,
    /// Query strings and the queries of addresses.
    Query,
    /// Bodies.
    Body,
    /// What somebody set on purpose (tags), and fields that the core does not know: by `sanitize_fields` only.
    Own,
    /// The user: by `sanitize_fields` only, and `scrub_patterns` do not hold.
    User,
}

/// The rules of one client, made once from its options. Reading them takes no lock and allocates nothing; the lock of
/// `clean` is held for a few instructions.
#[derive(Debug, Clone)]
pub(crate) struct Scrubber {
    sanitize: Terms,
    cookies: Rule,
    request_headers: Rule,
    response_headers: Rule,
    query: Rule,
    /// True keeps addresses of people.
    personal: bool,
    /// True if the old switch decides, and it is off: headers that say who asked are masked.
    mask_personal_headers: bool,
    patterns: ScrubPatterns,
    collection: DataCollection,
    is_collection_given: bool,
    max_body: MaxRequestBodySize,
    /// Contexts in which these rules found nothing to change.
    pub(crate) clean: Clean,
}

impl Default for Scrubber {
    fn default() -> Self {
        Self::new(None, false, &[], ScrubPatterns::default())
    }
}

/// An entry of `data_collection` that is a list of terms.
#[derive(Debug, Clone)]
enum Rule {
    /// Nothing is collected.
    Off,
    /// All but the mandatory terms.
    On,
    /// Only these, and never the mandatory terms.
    Allow(Terms),
    /// All but these and the mandatory terms.
    Deny(Terms),
}

impl Rule {
    fn of(collect: &Collect) -> Self {
        match collect {
            Collect::Off => Self::Off,
            Collect::On => Self::On,
            Collect::Allow(terms) => Self::Allow(Terms::new(terms)),
            Collect::Deny(terms) => Self::Deny(Terms::new(terms)),
        }
    }

    fn is_secret(&self, key: &str) -> bool {
        terms::is_mandatory(key)
            || match self {
                Self::Off => true,
                Self::On => false,
                Self::Allow(terms) => !terms.matches(key),
                Self::Deny(terms) => terms.matches(key),
            }
    }
}

impl Scrubber {
    /// The rules of these options; `collection` if the user gave one, else `send_default_pii` decides.
    pub(crate) fn new(
        collection: Option<&DataCollection>,
        send_default_pii: bool,
        sanitize_fields: &[Text],
        patterns: ScrubPatterns,
    ) -> Self {
        let rule = |part: fn(&DataCollection) -> &Collect| {
            collection.map_or(Rule::On, |given| Rule::of(part(given)))
        };
        Self {
            sanitize: Terms::new(sanitize_fields),
            cookies: rule(|given| &given.cookies),
            request_headers: rule(|given| &given.request_headers),
            response_headers: rule(|given| &given.response_headers),
            query: rule(|given| &given.query_params),
            personal: collection.map_or(send_default_pii, |given| given.user_info),
            mask_personal_headers: collection.is_none() && !send_default_pii,
            patterns,
            collection: collection.cloned().unwrap_or_else(|| DataCollection::from_pii(send_default_pii)),
            is_collection_given: collection.is_some(),
            max_body: MaxRequestBodySize::default(),
            clean: Clean::default(),
        }
    }

    pub(crate) fn with_max_body(self, max_body: MaxRequestBodySize) -> Self {
        Self { max_body, ..self }
    }

    /// Masks secrets, takes out what may not be collected, and brings every part within its limit.
    // A function of its own, so that a tool can count the instructions in it.
    #[inline(never)]
    pub(crate) fn event(&self, event: &mut Event) {
        limits::tidy(event, self);
    }

    /// What is collected: `data_collection`, else what `send_default_pii` stands for.
    pub(crate) fn collection(&self) -> &DataCollection {
        &self.collection
    }

    /// True if the user gave a `data_collection`: what it forbids is also taken out of what is handed in.
    pub(crate) fn is_collection_given(&self) -> bool {
        self.is_collection_given
    }

    pub(crate) fn max_body(&self) -> MaxRequestBodySize {
        self.max_body
    }

    /// True if the value of this key must be masked.
    pub(crate) fn is_secret(&self, place: Place, key: &str) -> bool {
        let by_place = match place {
            Place::Data | Place::Trail => {
                (words::is_secret(key, !self.personal) && !generative::is_count(key))
                    || self.is_generative(key)
            }
            Place::RequestHeader => {
                self.request_headers.is_secret(key)
                    || (self.mask_personal_headers
                        && (terms::is_personal_header(key) || words::is_address(key)))
            }
            Place::Environment => terms::is_mandatory(key) || words::is_secret(key, !self.personal),
            Place::ResponseHeader => self.response_headers.is_secret(key),
            Place::Cookie => self.cookies.is_secret(key),
            Place::Query => self.query.is_secret(key),
            Place::Body => terms::is_mandatory(key),
            Place::Own | Place::User => false,
        };
        by_place || self.sanitize.matches(key)
    }

    /// True if the value was given to a generative model, or came from one, and that may not be collected.
    fn is_generative(&self, key: &str) -> bool {
        (!self.collection.generative_ai_inputs && generative::is_input(key))
            || (!self.collection.generative_ai_outputs && generative::is_output(key))
    }

    /// Masks secrets in free text (messages, exception values, log bodies, span descriptions) if the options ask for
    /// it. Looks at no more than the first `keep` bytes and a little, and drops the rest if something was found there:
    /// the caller cuts at `keep` anyway.
    pub(crate) fn free_text(&self, text: &str, keep: usize) -> Option<String> {
        if self.patterns.is_empty() {
            return None;
        }
        patterns::mask(window(text, keep), self.patterns)
    }

    /// Masks secrets in a text that is the value of a key: the keys of JSON and form bodies, addresses, and what
    /// `scrub_patterns` asks for. The same bound as for [`free_text`](Self::free_text).
    pub(crate) fn keyed_text(&self, place: Place, key: &str, text: &str, keep: usize) -> Option<String> {
        let text = window(text, keep);
        let masked = self.structured(place, key, text);
        if place == Place::User { masked } else { self.without_patterns(text, masked) }
    }

    /// What `scrub_patterns` leave of a text of which `masked` is left already.
    fn without_patterns(&self, text: &str, masked: Option<String>) -> Option<String> {
        if self.patterns.is_empty() {
            return masked;
        }
        patterns::mask(masked.as_deref().unwrap_or(text), self.patterns).or(masked)
    }

    fn structured(&self, place: Place, key: &str, text: &str) -> Option<String> {
        if matches!(place, Place::Own | Place::User) && self.sanitize.is_empty() {
            return None;
        }
        if text.starts_with(['{', '[']) {
            return json_text::mask(text, |key| self.is_secret(place, key));
        }
        let in_query = match place {
            Place::Data | Place::Body | Place::Own | Place::User => place,
            _ => Place::Query,
        };
        if url::looks_like_url(text) {
            return url::mask(text, self.query_of_addresses(place), |key| self.is_secret(in_query, key));
        }
        match place {
            Place::RequestHeader | Place::ResponseHeader if is_cookie_header(key) => {
                self.cookie_header(key, text)
            }
            // Nothing of it may be collected, and what is not a pair has no key to go by.
            Place::Trail if is_query_key(key) && matches!(self.query, Rule::Off) => Some(FILTERED.to_owned()),
            Place::Trail if is_query_key(key) => {
                pairs::mask_query(text, |key| self.is_secret(Place::Query, key))
            }
            _ if pairs::is_form(text) => pairs::mask_query(text, |key| self.is_secret(place, key)),
            _ => None,
        }
    }

    /// What happens to the queries of addresses that were collected.
    fn query_of_addresses(&self, place: Place) -> url::Query {
        match self.query {
            Rule::Off if !matches!(place, Place::Data | Place::Own | Place::User) => url::Query::Remove,
            _ => url::Query::Mask,
        }
    }

    /// The address of a request.
    pub(crate) fn url(&self, text: &str, keep: usize) -> Option<String> {
        let text = window(text, keep);
        let masked =
            url::mask(text, self.query_of_addresses(Place::Query), |key| self.is_secret(Place::Query, key));
        self.without_patterns(text, masked)
    }

    /// A query string as text.
    pub(crate) fn query_string(&self, text: &str, keep: usize) -> Option<String> {
        let text = window(text, keep);
        let masked = pairs::mask_query(text, |key| self.is_secret(Place::Query, key));
        self.without_patterns(text, masked)
    }

    /// Cookies as text: what cannot be told apart is masked as a whole.
    pub(crate) fn cookies(&self, text: &str, keep: usize) -> Option<String> {
        let text = window(text, keep);
        if !pairs::is_cookies(text) {
            return Some(FILTERED.to_owned());
        }
        let masked = pairs::mask_cookies(text, |key| self.is_secret(Place::Cookie, key));
        self.without_patterns(text, masked)
    }

    /// The headers `Cookie` and `Set-Cookie`; of the latter only the first pair is a cookie.
    fn cookie_header(&self, key: &str, text: &str) -> Option<String> {
        if matches!(self.cookies, Rule::Off) {
            return Some(FILTERED.to_owned());
        }
        if key.len() == "cookie".len() {
            return self.cookies(text, usize::MAX);
        }
        let (pair, attributes) = text.split_at(text.find(';').unwrap_or(text.len()));
        self.cookies(pair, usize::MAX).map(|masked| masked + attributes)
    }

    /// A body as text: what is neither JSON nor a form is masked as a whole.
    pub(crate) fn body(&self, text: &str) -> Option<String> {
        let is_secret = |key: &str| self.is_secret(Place::Body, key);
        let masked = if text.trim().is_empty() {
            None
        } else if json_text::is_json(text) {
            json_text::mask(text, is_secret)
        } else if pairs::is_form(text) {
            pairs::mask_query(text, is_secret)
        } else {
            return Some(FILTERED.to_owned());
        };
        self.without_patterns(text, masked)
    }

    /// Masks the secrets of an object in place.
    pub(crate) fn map(&self, place: Place, map: &mut Map) {
        for (key, value) in map.iter_mut() {
            self.entry(place, key, value);
        }
    }

    /// Masks the value of a key in place, or the secrets inside of it.
    pub(crate) fn entry(&self, place: Place, key: &str, value: &mut Value) {
        if self.is_secret(place, key) {
            *value = FILTERED.into();
            return;
        }
        match value {
            Value::Object(map) => self.map(place, map),
            Value::Array(list) => list.iter_mut().for_each(|item| self.item(place, key, item)),
            Value::String(text) => {
                if let Some(masked) = self.keyed_text(place, key, text, usize::MAX) {
                    *text = masked;
                }
            }
            _ => {}
        }
    }

    /// An element of a list: in a list of pairs, the first of two texts is a key.
    pub(crate) fn item(&self, place: Place, key: &str, item: &mut Value) {
        match item {
            Value::Array(pair) if matches!(pair.as_slice(), [Value::String(_), _]) => {
                if let [Value::String(key), value] = pair.as_mut_slice() {
                    self.entry(place, key, value);
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|item| self.item(place, key, item)),
            Value::Object(map) => self.map(place, map),
            Value::String(text) => {
                if let Some(masked) = self.keyed_text(place, key, text, usize::MAX) {
                    *text = masked;
                }
            }
            _ => {}
        }
    }
}

/// The first `keep` bytes and a little: a secret that is cut through at the end must still be told.
fn window(text: &str, keep: usize) -> &str {
    const SLACK: usize = 256;
    prefix(text, keep.saturating_add(SLACK))
}

/// The first `max` bytes, or a few less so that no character is cut through.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = (0..=max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

fn is_cookie_header(key: &str) -> bool {
    key.eq_ignore_ascii_case("cookie") || key.eq_ignore_ascii_case("set-cookie")
}

/// `http.query`, `url.query`, `query_string`, `http.fragment`.
fn is_query_key(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    ["query", "query_string", "fragment"].iter().any(|name| last.eq_ignore_ascii_case(name))
}
