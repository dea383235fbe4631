//! The address that is posted to, as HTTP wants it.

use http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use http::{HeaderMap, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// An address, taken apart once.
#[derive(Debug)]
pub(super) struct Target {
    url: String,
    /// The whole address, with its port.
    whole: Uri,
    /// What an HTTP/1.1 request line says.
    line: Uri,
    host: HeaderValue,
    /// Who we are to the server and to the proxy, if the address says so.
    credentials: Vec<(HeaderName, HeaderValue)>,
}

impl Target {
    /// # Errors
    /// When it is no address of a host; in words.
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let none = || "the address is none".to_owned();
        // Also makes a name in any script what the network knows.
        let mut parsed = Url::parse(url).map_err(|_| none())?;
        let credentials = basic_auth(&parsed).map(|value| (AUTHORIZATION, value));
        let bare = parsed.set_username("").and_then(|()| parsed.set_password(None));
        bare.map_err(|()| none())?;
        parsed.set_fragment(None);
        let name = parsed.host_str().ok_or_else(none)?;
        let port = parsed.port_or_known_default().ok_or_else(none)?;
        let host = parsed.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let path = parsed[url::Position::BeforePath..].to_owned();
        let whole = Uri::builder().scheme(parsed.scheme()).authority(format!("{name}:{port}"));
        Ok(Self {
            url: url.to_owned(),
            whole: whole.path_and_query(&path).build().map_err(|_| none())?,
            line: path.parse().map_err(|_| none())?,
            host: host.try_into().map_err(|_| none())?,
            credentials: credentials.into_iter().collect(),
        })
    }

    /// The address as it was given.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The address with its port, which is where to connect to.
    pub(super) fn whole(&self) -> &Uri {
        &self.whole
    }

    pub(super) fn is_secure(&self) -> bool {
        self.whole.scheme_str() == Some("https")
    }

    /// From now on requests go to a proxy that passes them on: it has to see the whole address.
    pub(super) fn ask_proxy(&mut self, credentials: Option<&HeaderValue>) {
        self.line = self.whole.clone();
        self.credentials.extend(credentials.map(|value| (PROXY_AUTHORIZATION, value.clone())));
    }

    /// What a request is addressed to; adds the headers that belong to it.
    pub(super) fn address(&self, http_2: bool, headers: &mut HeaderMap) -> Uri {
        for (name, value) in &self.credentials {
            headers.insert(name, value.clone());
        }
        if http_2 {
            return self.whole.clone();
        }
        headers.insert(HOST, self.host.clone());
        self.line.clone()
    }
}

/// The headers of a request.
///
/// # Errors
/// When one of them cannot be sent; in words.
pub(super) fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::with_capacity(headers.len() + 4);
    for (name, value) in headers {
        let value =
            HeaderValue::from_str(value).map_err(|_| format!("the header {name} has a wrong value"))?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header"))?;
        map.append(name, value);
    }
    Ok(map)
}

/// The user and password of an address, as a header's value.
fn basic_auth(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    // For the server what it is for a proxy.
    let address = Uri::from_static("http://server");
    Matcher::builder().all(url.as_str()).build().intercept(&address)?.basic_auth().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_each_version_of_http_wants() {
        let target = Target::new("https://user:se%20cret@münchen.example/a/b?c=1#d").unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(target.address(false, &mut headers), "/a/b?c=1");
        assert_eq!(headers[HOST], "xn--mnchen-3ya.example");
        // user:se cret
        assert_eq!(headers[AUTHORIZATION], "Basic dXNlcjpzZSBjcmV0");
        let mut headers = HeaderMap::new();
        let whole = "https://xn--mnchen-3ya.example:443/a/b?c=1";
        assert_eq!(target.address(true, &mut headers), whole);
        assert!(!headers.contains_key(HOST));
        assert!(target.is_secure());

        let mut target = Target::new("http://[::1]:9000").unwrap();
        target.ask_proxy(Some(&HeaderValue::from_static("Basic x")));
        let mut headers = HeaderMap::new();
        assert_eq!(target.address(false, &mut headers), "http://[::1]:9000/");
        assert_eq!(headers[HOST], "[::1]:9000");
        assert_eq!(headers[PROXY_AUTHORIZATION], "Basic x");
        assert!(Target::new("nowhere").is_err());
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named() {
        let header = |name: &str, value: &str| header_map(&[(name.to_owned(), value.to_owned())]);
        assert_eq!(header("x-a", "b").unwrap()["x-a"], "b");
        assert!(header("x-a", "b\nc").unwrap_err().contains("x-a"));
        assert!(header("x a", "b").unwrap_err().contains("x a"));
    }
}
