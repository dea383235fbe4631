//! Which key a request shows: header, query string or the envelope's own DSN.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use watchpost_core::Dsn;

use super::refusal::Refusal;

/// A public key and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownKey(pub(crate) String);

/// The key from header or query. All forms that are present count in this order: `X-Sentry-Auth`,
/// `Authorization: Sentry`, `Authorization: Basic`, query string; the first one decides, as it does for
/// clients behind proxies that add a header of their own.
pub(crate) fn shown(headers: &HeaderMap, query: Option<&str>) -> Result<Option<ShownKey>, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(found) = text("x-sentry-auth").map(sentry_header).transpose()?.flatten() {
        return Ok(Some(found));
    }
    if let Some(authorization) = text(header::AUTHORIZATION.as_str()) {
        let (scheme, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
        let found = match scheme.to_ascii_lowercase().as_str() {
            "sentry" => sentry_header(authorization)?,
            "basic" => basic(rest),
            _ => None,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    query.map_or(Ok(None), in_query)
}

/// The key of the DSN in an envelope's header, whose project must be the one in the path.
pub(crate) fn in_envelope(dsn: &str, project: &str) -> Result<ShownKey, Refusal> {
    let dsn: Dsn = dsn.parse().map_err(|error| Refusal::envelope(format!("dsn in the header: {error}")))?;
    if dsn.project_id() != project {
        return Err(Refusal::envelope(format!(
            "dsn in the header is for project {}, the request for project {project}",
            dsn.project_id()
        )));
    }
    Ok(ShownKey(dsn.public_key().to_owned()))
}

/// `Sentry sentry_key=..., sentry_version=7, ...`; the leading word may be missing.
fn sentry_header(value: &str) -> Result<Option<ShownKey>, Refusal> {
    let value = value.trim();
    let fields = match value.get(..6) {
        Some(word) if word.eq_ignore_ascii_case("sentry") && value[6..].starts_with([' ', ',']) => {
            &value[7..]
        }
        _ => value,
    };
    pairs(fields.split(',').map(|field| field.split_once('=').unwrap_or((field, ""))))
}

fn in_query(query: &str) -> Result<Option<ShownKey>, Refusal> {
    let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    pairs(fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
}

fn pairs<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Option<ShownKey>, Refusal> {
    let mut key = None;
    for (name, value) in fields {
        let value = value.trim().trim_matches('"');
        match name.trim() {
            "sentry_key" if !value.is_empty() => key = Some(ShownKey(plain_key(value).to_owned())),
            "sentry_version" if value.parse::<f64>().is_ok_and(|version| version > 7.0) => {
                return Err(Refusal::malformed(format!("sentry_version is {value}; this server speaks 7")));
            }
            _ => {}
        }
    }
    Ok(key)
}

fn basic(credentials: &str) -> Option<ShownKey> {
    let decoded = base64::engine::general_purpose::STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let key = text.split(':').next().filter(|key| !key.is_empty())?;
    Some(ShownKey(plain_key(key).to_owned()))
}

/// A key may carry flags after a colon.
fn plain_key(key: &str) -> &str {
    key.split_once(':').map_or(key, |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(name: &'static str, value: &str, query: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        shown(&headers, query).unwrap().map(|key| key.0)
    }

    #[test]
    fn reads_every_form() {
        let k = || Some("abc".to_owned());
        assert_eq!(key("x-sentry-auth", "Sentry sentry_key=abc, sentry_version=7", None), k());
        assert_eq!(key("x-sentry-auth", "Sentry sentry_version=7,sentry_key=abc:no-cache", None), k());
        assert_eq!(key("x-sentry-auth", "sentry_key=abc", None), k());
        assert_eq!(key("authorization", "sentry sentry_key=abc", None), k());
        assert_eq!(key("authorization", "Basic YWJjOg==", None), k());
        assert_eq!(key("accept", "*/*", Some("a=b&sentry_key=abc&sentry_version=7")), k());
        assert_eq!(key("accept", "*/*", Some("sentry%5Fkey=%61bc")), k());
        assert_eq!(key("authorization", "Bearer xyz", Some("sentry_key=abc")), k());
        assert_eq!(key("x-sentry-auth", "Sentry sentry_key=abc", Some("sentry_key=other")), k());
        assert_eq!(key("accept", "*/*", Some("a=b")), None);
    }

    #[test]
    fn refuses_a_newer_protocol_and_a_foreign_dsn() {
        assert!(shown(&HeaderMap::new(), Some("sentry_key=a&sentry_version=8")).is_err());
        assert!(in_envelope("http://k@h/1", "2").is_err());
        assert_eq!(in_envelope("http://k@h/1", "1").unwrap(), ShownKey("k".into()));
    }
}
