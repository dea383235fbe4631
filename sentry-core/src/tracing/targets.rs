//! Which requests take the trace along.

use crate::dsn::Dsn;
use crate::tracing::Pattern;

/// True if a request to `url` may carry trace headers: it matches a target (all do while there is no list), and it does
/// not go to the SDK's own server.
pub(crate) fn may_propagate(url: &str, targets: Option<&[Pattern]>, dsn: Option<&Dsn>) -> bool {
    let own = dsn.is_some_and(|dsn| is_own(url, dsn));
    !own && targets.is_none_or(|targets| targets.iter().any(|target| target.matches(url)))
}

/// True if `url` has the host and port of the DSN.
pub(crate) fn is_own(url: &str, dsn: &Dsn) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host_port = authority.rsplit('@').next().unwrap_or("");
    let end_of_host = host_port.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match host_port[end_of_host..].find(':') {
        Some(at) => {
            let (host, port) = host_port.split_at(end_of_host + at);
            (host, port[1..].parse().ok())
        }
        None => (host_port, None),
    };
    let default = |scheme: &str| if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 };
    host.eq_ignore_ascii_case(dsn.host())
        && port.unwrap_or(default(scheme)) == dsn.port().unwrap_or(default(dsn.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_server_is_known_by_host_and_port() {
        let dsn: Dsn = "https://key@errors.example.com/42".parse().unwrap();
        for own in [
            "https://errors.example.com/api/42/",
            "https://u:p@ERRORS.example.com:443?x",
            "https://errors.example.com",
        ] {
            assert!(is_own(own, &dsn), "{own}");
        }
        for other in [
            "http://errors.example.com/",
            "https://errors.example.com:9/",
            "/errors.example.com",
            "https://x/",
        ] {
            assert!(!is_own(other, &dsn), "{other}");
        }
        let local: Dsn = "http://key@[::1]:9000/1".parse().unwrap();
        assert!(is_own("http://[::1]:9000/x", &local) && !is_own("http://[::1]/x", &local));
    }

    #[test]
    fn no_list_lets_all_through_and_an_empty_one_nothing() {
        assert!(may_propagate("http://a/", None, None));
        assert!(!may_propagate("http://a/", Some(&[]), None));
        assert!(may_propagate("http://a/b", Some(&["a/b".into()]), None));
    }
}
