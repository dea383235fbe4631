//! Removing secrets before an event is stored or sent.
//!
//! Two rules. What was collected from the outside (request headers, cookies, query strings, bodies) is matched by the
//! mandatory terms as substrings of the key. Everywhere else a key is split into words at `_ - .`, blanks and camel
//! case, and compared word by word, so that `author` or `monkey` stay. Keys are kept, values become `[Filtered]`.

use std::sync::Arc;

use crate::protocol::{Event, Map, Value};

/// What a removed value is replaced by.
const FILTERED: &str = "[Filtered]";

/// Substrings of keys in collected data (data collection, published spec 0.1.0).
const MANDATORY: [&str; 17] = [
    "auth",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "key",
    "jwt",
    "bearer",
    "sso",
    "saml",
    "csrf",
    "xsrf",
    "credentials",
    "session",
    "sid",
    "identity",
];

/// Words, and runs of words written together, that make a key a secret anywhere.
const WORDS: [&str; 27] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "token",
    "tokens",
    "auth",
    "authorization",
    "credential",
    "credentials",
    "apikey",
    "privatekey",
    "accesskey",
    "secretkey",
    "session",
    "sessionid",
    "cookie",
    "cookies",
    "setcookie",
    "csrf",
    "csrftoken",
    "xsrf",
    "jwt",
    "bearer",
    "phpsessid",
];

/// The longest text that `WORDS` can match.
const LONGEST: usize = 13;

/// Masks secrets in place.
pub(super) fn event(event: &mut Event) {
    for exception in &mut event.exception {
        for frame in exception.stacktrace.iter_mut().flat_map(|stack| &mut stack.frames) {
            mask_map(&mut frame.vars, is_secret);
        }
    }
    for thread in &mut event.threads {
        for frame in thread.stacktrace.iter_mut().flat_map(|stack| &mut stack.frames) {
            mask_map(&mut frame.vars, is_secret);
        }
    }
    mask_map(&mut event.extra, is_secret);
    for context in event.contexts.values_mut() {
        if has_secret(context, is_secret) {
            mask_map(Arc::make_mut(context), is_secret);
        }
    }
    for crumb in &mut event.breadcrumbs {
        if has_secret(&crumb.data, is_secret) {
            mask_map(&mut Arc::make_mut(crumb).data, is_secret);
        }
    }
    if let Some(request) = &mut event.request {
        for part in [&mut request.headers, &mut request.cookies, &mut request.query_string, &mut request.data]
        {
            part.iter_mut().for_each(collected);
        }
        mask_map(&mut request.env, is_mandatory);
    }
}

type Rule = fn(&str) -> bool;

fn mask_map(map: &mut Map, rule: Rule) {
    for (key, value) in map.iter_mut() {
        if rule(key) {
            *value = FILTERED.into();
        } else {
            mask_value(value, rule);
        }
    }
}

fn mask_value(value: &mut Value, rule: Rule) {
    match value {
        Value::Object(map) => mask_map(map, rule),
        Value::Array(list) => list.iter_mut().for_each(|item| mask_value(item, rule)),
        _ => {}
    }
}

fn has_secret(map: &Map, rule: Rule) -> bool {
    fn inside(value: &Value, rule: Rule) -> bool {
        match value {
            Value::Object(map) => has_secret(map, rule),
            Value::Array(list) => list.iter().any(|item| inside(item, rule)),
            _ => false,
        }
    }
    map.iter().any(|(key, value)| rule(key) || inside(value, rule))
}

/// Collected data comes as an object, as a list of pairs, or as text of the form `a=1&b=2` or `a=1; b=2`.
fn collected(value: &mut Value) {
    match value {
        Value::Array(list) => {
            for item in list {
                match item {
                    Value::Array(pair) => {
                        if let [Value::String(key), value] = pair.as_mut_slice()
                            && is_mandatory(key)
                        {
                            *value = FILTERED.into();
                        }
                    }
                    other => mask_value(other, is_mandatory),
                }
            }
        }
        Value::String(text) => {
            if let Some(masked) = mask_text(text) {
                *text = masked;
            }
        }
        other => mask_value(other, is_mandatory),
    }
}

/// Masks the values of pairs in a query string, form body or cookie header, or of the keys of a JSON body.
fn mask_text(text: &str) -> Option<String> {
    if text.trim_start().starts_with(['{', '[']) {
        let mut json: Value = serde_json::from_str(text).ok()?;
        mask_value(&mut json, is_mandatory);
        return Some(json.to_string());
    }
    if !text.contains('=') {
        return None;
    }
    let separator = if text.contains(';') && !text.contains('&') { ';' } else { '&' };
    let mut masked = String::with_capacity(text.len());
    for (index, pair) in text.split(separator).enumerate() {
        if index > 0 {
            masked.push(separator);
        }
        match pair.split_once('=') {
            Some((key, _)) if is_mandatory(key) => {
                masked.push_str(key);
                masked.push('=');
                masked.push_str(FILTERED);
            }
            _ => masked.push_str(pair),
        }
    }
    Some(masked)
}

fn is_mandatory(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    MANDATORY.iter().any(|term| lower.contains(term))
}

/// True if one word of the key, or two neighbours written together, are in the list.
fn is_secret(key: &str) -> bool {
    let mut previous: Option<&str> = None;
    for word in words(key) {
        if listed(word, "") || previous.is_some_and(|before| listed(before, word)) {
            return true;
        }
        previous = Some(word);
    }
    false
}

fn listed(first: &str, second: &str) -> bool {
    let length = first.len() + second.len();
    if length > LONGEST {
        return false;
    }
    let joined = || first.bytes().chain(second.bytes()).map(|b| b.to_ascii_lowercase());
    WORDS.iter().any(|word| word.len() == length && word.bytes().eq(joined()))
}

/// The words of `snake_case`, `kebab-case`, `dotted.names` and `camelCase`.
fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split(['_', '-', '.', ' ', ':', '/']).flat_map(|part| {
        let bytes = part.as_bytes();
        let mut start = 0;
        let mut cuts: Vec<(usize, usize)> = Vec::new();
        for at in 1..bytes.len() {
            let starts_word = bytes[at].is_ascii_uppercase()
                && (bytes[at - 1].is_ascii_lowercase()
                    || bytes[at - 1].is_ascii_digit()
                    || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase));
            if starts_word {
                cuts.push((start, at));
                start = at;
            }
        }
        cuts.push((start, bytes.len()));
        cuts.into_iter().filter_map(|(from, to)| part.get(from..to)).filter(|word| !word.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide_outside_of_collected_data() {
        for secret in [
            "password",
            "db_password",
            "userPassword",
            "API_KEY",
            "apiKey",
            "x-csrf-token",
            "Set-Cookie",
            "auth",
            "session.id",
            "HTTPAuthorization",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for plain in
            ["author", "monkey", "residence", "passport", "key", "tokenizer", "secretary", "sessionless"]
        {
            assert!(!is_secret(plain), "{plain}");
        }
    }

    #[test]
    fn text_is_masked_by_pair() {
        assert_eq!(mask_text("a=1&api_key=2").unwrap(), "a=1&api_key=[Filtered]");
        assert_eq!(mask_text("a=1; sid=2").unwrap(), "a=1; sid=[Filtered]");
        assert_eq!(
            mask_text("{\"token\":1,\"b\":[{\"pwd\":2}]}").unwrap(),
            "{\"token\":\"[Filtered]\",\"b\":[{\"pwd\":\"[Filtered]\"}]}"
        );
    }
}
