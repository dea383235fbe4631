//! Which proxy leads to the server.

use watchpost_core::TransportOptions;

/// A proxy, and the hosts that are reached without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProxyChoice {
    pub(crate) url: String,
    pub(crate) no_proxy: Option<String>,
}

/// The proxy for this address: the option of its scheme, for `https` else the one for `http`, else the environment's
/// variable of its scheme, else `ALL_PROXY`. Names in lower case come first, as everywhere.
///
/// `HTTP_PROXY` in capitals is not believed under CGI (`REQUEST_METHOD` is set), where a client's `Proxy` header
/// becomes that variable.
pub(crate) fn choose(
    url: &str,
    options: &TransportOptions,
    var: impl Fn(&str) -> Option<String>,
) -> Option<ProxyChoice> {
    let secure = url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
    let var = |names: [&str; 2]| names.iter().find_map(|name| var(name).filter(|value| !value.is_empty()));
    let option = match (secure, &options.https_proxy) {
        (true, Some(proxy)) => Some(proxy),
        _ => options.http_proxy.as_ref(),
    };
    let proxy = match option {
        Some(proxy) => Some(proxy.clone()),
        None => {
            let of_scheme = if secure {
                var(["https_proxy", "HTTPS_PROXY"])
            } else {
                let in_cgi = var(["REQUEST_METHOD", "REQUEST_METHOD"]).is_some();
                var(["http_proxy", if in_cgi { "http_proxy" } else { "HTTP_PROXY" }])
            };
            of_scheme.or_else(|| var(["all_proxy", "ALL_PROXY"]))
        }
    };
    let proxy = proxy.map(|proxy| proxy.trim().to_owned()).filter(|proxy| !proxy.is_empty())?;
    // curl's form: a bare host is an HTTP proxy.
    let url = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    let no_proxy = options.no_proxy.clone().or_else(|| var(["no_proxy", "NO_PROXY"]));
    // hyper-util takes `*` for all names, but for no address.
    let everything = no_proxy.iter().flat_map(|hosts| hosts.split(',')).any(|host| host.trim() == "*");
    (!everything).then_some(ProxyChoice { url, no_proxy })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, options: &TransportOptions, vars: &[(&str, &str)]) -> Option<String> {
        let var =
            |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        choose(url, options, var).map(|choice| choice.url)
    }

    #[test]
    fn options_win_over_the_environment_and_schemes_over_all() {
        let none = TransportOptions::default();
        let (plain, secure) = ("http://h/1", "https://h/1");
        let vars = [("HTTP_PROXY", "http://a"), ("https_proxy", "b:1"), ("ALL_PROXY", "socks5://c")];
        assert_eq!(chosen(plain, &none, &vars).as_deref(), Some("http://a"));
        assert_eq!(chosen(secure, &none, &vars).as_deref(), Some("http://b:1"));
        assert_eq!(chosen(secure, &none, &vars[2..]).as_deref(), Some("socks5://c"));
        assert_eq!(chosen(secure, &none, &[]), None);
        let cgi = [("HTTP_PROXY", "http://evil"), ("REQUEST_METHOD", "GET")];
        assert_eq!(chosen(plain, &none, &cgi), None);

        let mut options = TransportOptions::default();
        options.http_proxy = Some("http://option".to_owned());
        assert_eq!(chosen(plain, &options, &vars).as_deref(), Some("http://option"));
        assert_eq!(chosen(secure, &options, &vars).as_deref(), Some("http://option"));
        options.https_proxy = Some("http://other".to_owned());
        assert_eq!(chosen(secure, &options, &vars).as_deref(), Some("http://other"));
        options.https_proxy = Some(String::new());
        assert_eq!(chosen(secure, &options, &vars), None, "an empty one means none");
    }

    #[test]
    fn exceptions_come_from_the_option_or_the_environment() {
        let var = |name: &str| match name {
            "ALL_PROXY" => Some("http://a".to_owned()),
            "NO_PROXY" => Some("x".to_owned()),
            _ => None,
        };
        let mut options = TransportOptions::default();
        let no_proxy = |options: &TransportOptions| choose("http://h", options, var).unwrap().no_proxy;
        assert_eq!(no_proxy(&options).as_deref(), Some("x"));
        options.no_proxy = Some("y".to_owned());
        assert_eq!(no_proxy(&options).as_deref(), Some("y"));
        options.no_proxy = Some("x.example, *".to_owned());
        assert_eq!(choose("http://h", &options, var), None);
    }
}
