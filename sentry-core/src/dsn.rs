//! Where events go and under which key.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::{Error, Result};

/// A parsed data source name: `scheme://public_key[:secret]@host[:port][/path]/project_id`.
///
/// Source: authentication, published transport spec. Key and project id are opaque strings; a path in front of the
/// project id is kept as a prefix of every derived URL; a slash after the project id is tolerated; the scheme's case
/// does not matter. What no HTTP client could reach is refused here, where somebody reads the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsn {
    scheme: &'static str,
    public_key: String,
    secret_key: Option<String>,
    host: String,
    port: Option<u16>,
    /// Empty, or with a leading and without a trailing slash.
    path: String,
    project_id: String,
}

const EXAMPLE: &str = "a right one looks like `https://public_key@errors.example.com/42`";

impl Dsn {
    /// The key that lets events in.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The last path segment.
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// Host name or address, IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, unless it is the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.scheme
    }

    /// The organisation's number, when the host's first label is `o<digits>`.
    pub fn org_id(&self) -> Option<&str> {
        let digits = self.host.split('.').next()?.strip_prefix('o')?;
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then_some(digits)
    }

    /// Where envelopes are posted: `base/api/<project_id>/envelope/`.
    pub fn envelope_url(&self) -> String {
        let Self { scheme, host, path, project_id, .. } = self;
        let port = self.port_suffix();
        format!("{scheme}://{host}{port}{path}/api/{project_id}/envelope/")
    }

    /// The value of `X-Sentry-Auth`; `client` is `<sdk name>/<version>`.
    pub fn auth_header(&self, client: &str) -> String {
        let mut header =
            format!("Sentry sentry_version=7, sentry_client={client}, sentry_key={}", self.public_key);
        if let Some(secret) = &self.secret_key {
            header.push_str(", sentry_secret=");
            header.push_str(secret);
        }
        header
    }

    fn port_suffix(&self) -> String {
        self.port.map(|port| format!(":{port}")).unwrap_or_default()
    }
}

impl FromStr for Dsn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |what: &str| Error::dsn(format!("{what}; {EXAMPLE}"));
        let text = text.trim();
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(refuse("it contains a blank or a control character"));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| refuse("it has no scheme"))?;
        let (scheme, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => ("http", 80),
            "https" => ("https", 443),
            _ => return Err(refuse("its scheme is not http or https")),
        };
        let (authority, path) = rest.split_once('/').ok_or_else(|| refuse("it has no project id"))?;
        let (keys, host_port) = authority.rsplit_once('@').ok_or_else(|| refuse("it has no public key"))?;
        let (public_key, secret_key) = match keys.split_once(':') {
            Some((public, secret)) => (public, Some(secret.to_owned())),
            None => (keys, None),
        };
        let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if public_key.is_empty() {
            return Err(refuse("its public key is empty"));
        }
        if !public_key.chars().all(is_key) {
            return Err(refuse("its public key has a character other than letters, digits, `_` and `-`"));
        }
        // A comma would end the value in the header that carries it.
        if secret_key.as_deref().unwrap_or_default().contains(|c: char| !c.is_ascii_graphic() || c == ',') {
            return Err(refuse("its secret key has a comma or a character outside of ASCII"));
        }
        let (host, port) =
            split_port(host_port).ok_or_else(|| refuse("its port is not a number below 65536"))?;
        if !is_host(host) {
            return Err(refuse("its host is empty or not a host name"));
        }
        let path = path.trim_matches('/');
        let (prefix, project_id) = match path.rsplit_once('/') {
            Some((prefix, project)) => (format!("/{}", prefix.trim_matches('/')), project),
            None => (String::new(), path),
        };
        if project_id.is_empty() {
            return Err(refuse("its project id is empty"));
        }
        if path.contains(['?', '#']) {
            return Err(refuse("it has a query or a fragment"));
        }
        // A client resolves both before it sends, so the path would lead elsewhere.
        if path.contains('\\') || path.split('/').any(is_dots) {
            return Err(refuse("its path has a backslash, or a part `.` or `..`"));
        }
        Ok(Self {
            scheme,
            public_key: public_key.to_owned(),
            secret_key,
            host: host.to_owned(),
            port: port.filter(|port| *port != default_port),
            path: prefix,
            project_id: project_id.to_owned(),
        })
    }
}

impl fmt::Display for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.public_key)?;
        if let Some(secret) = &self.secret_key {
            write!(f, ":{secret}")?;
        }
        write!(f, "@{}{}{}/{}", self.host, self.port_suffix(), self.path, self.project_id)
    }
}

/// Splits `host[:port]`; brackets around an IPv6 address stay on the host. `None` if the port is no port.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = text.rfind(']').map_or(0, |at| at + 1);
    match text[end_of_host..].find(':') {
        Some(at) => {
            let (host, port) = text.split_at(end_of_host + at);
            let port = Some(&port[1..]).filter(|port| port.bytes().all(|b| b.is_ascii_digit()))?;
            Some((host, Some(port.parse().ok()?)))
        }
        None => Some((text, None)),
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets. Names outside of ASCII are left to the HTTP client.
fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[') {
        return address.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let name_ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || !c.is_ascii();
    // A last part that is a number makes it an address, by the rules of URLs.
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    !last.is_empty() && text.chars().all(name_ok) && (!is_number || text.parse::<Ipv4Addr>().is_ok())
}

/// `.` and `..`, also as `%2e`.
fn is_dots(part: &str) -> bool {
    let part = part.to_ascii_lowercase().replace("%2e", ".");
    part == "." || part == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(dsn: &str) -> String {
        dsn.parse::<Dsn>().unwrap().envelope_url()
    }

    #[test]
    fn urls_keep_port_path_and_brackets() {
        assert_eq!(url("https://k@h/1"), "https://h/api/1/envelope/");
        assert_eq!(url("https://k@h:443/1/"), "https://h/api/1/envelope/");
        assert_eq!(url("http://k:@h:9000/a/b/1"), "http://h:9000/a/b/api/1/envelope/");
        assert_eq!(url("http://k@[::1]:9000/1"), "http://[::1]:9000/api/1/envelope/");
        assert_eq!(url("HTTPS://k@H.example:443/1"), "https://H.example/api/1/envelope/");
        assert_eq!(url("https://k@b\u{fc}cher.example/1"), "https://b\u{fc}cher.example/api/1/envelope/");
    }

    #[test]
    fn text_comes_back_and_the_secret_stays() {
        let dsn: Dsn = "https://k:s@o12.h.example/p/1".parse().unwrap();
        assert_eq!(dsn.to_string(), "https://k:s@o12.h.example/p/1");
        assert_eq!(dsn.org_id(), Some("12"));
        assert!(dsn.auth_header("a/1").ends_with("sentry_key=k, sentry_secret=s"));
    }

    #[test]
    fn a_refusal_names_the_option_and_shows_a_right_one() {
        for bad in [
            "",
            "x",
            "ftp://k@h/1",
            "https://h/1",
            "https://@h/1",
            "https://k@/1",
            "https://k@h/",
            "https://k@h",
            "https://k@h:x/1",
            "https://k@h:99999/1",
            "https://k k@h/1",
            "https://k@h/1?x=1",
            // Found by fuzzing: accepted once, and then no request could be sent, or it went elsewhere.
            "https://k@[x]/1",
            "https://k@[::1]y:80/1",
            "https://k@h:+80/1",
            "https://k@h%00/1",
            "https://k@a|b/1",
            "https://k@./1",
            "https://k@1.2.3.999/1",
            "https://k@h.0x/1",
            "https://k@h/..",
            "https://k@h/a/%2E%2e/1",
            "https://k@h/a\\1",
            "https://k:s,sentry_key=x@h/1",
            "https://k:\u{e9}@h/1",
        ] {
            let error = bad.parse::<Dsn>().unwrap_err();
            assert!(error.is_dsn() && error.field() == "dsn", "{bad}");
            assert!(error.to_string().contains(EXAMPLE), "{bad}: {error}");
        }
    }
}
