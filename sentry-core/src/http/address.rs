//! The parts of an address that are told apart.

/// An address without user name and password, and what hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> Address<'a> {
    pub(super) fn parse(url: &'a str) -> Self {
        let (url, fragment) = split(url, '#');
        let (url, query) = split(url, '?');
        let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
        if scheme.is_empty() {
            return Self { scheme, host: "", path: rest, query, fragment };
        }
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Self { scheme, host, path, query, fragment }
    }

    /// `https://example.com/a`, without credentials, query and fragment.
    pub(super) fn bare(&self) -> String {
        if self.scheme.is_empty() {
            return self.path.to_owned();
        }
        format!("{}://{}{}", self.scheme, self.host, self.path)
    }

    pub(super) fn host(&self) -> Option<&'a str> {
        (!self.host.is_empty()).then_some(self.host)
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_query_and_fragment_come_off() {
        let address = Address::parse("https://ada:pw@shop.example:8443/a/b?x=1&y=2#top");
        assert_eq!(address.bare(), "https://shop.example:8443/a/b");
        assert_eq!((address.query, address.fragment), (Some("x=1&y=2"), Some("top")));
        assert_eq!(address.host(), Some("shop.example:8443"));
        let address = Address::parse("/a?b@c");
        assert_eq!((address.bare().as_str(), address.query, address.host()), ("/a", Some("b@c"), None));
        assert_eq!(Address::parse("http://shop.example?x").bare(), "http://shop.example");
    }
}
