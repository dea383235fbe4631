//! Options that only the transport reads: how envelopes travel.

use std::path::PathBuf;
use std::sync::Arc;

use super::ClientOptions;
use super::environment::{Said, truth};
use crate::error::{Error, Result};
use crate::transport::Resolver;
use crate::upload::Uploader;

/// What the transport needs to know beside the DSN; set by the `with_*` methods of [`ClientOptions`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransportOptions {
    /// How bodies are compressed; gzip by default.
    pub compression: Compression,
    /// The proxy for `http` servers, and for `https` ones without a proxy of their own. An empty text means none.
    pub http_proxy: Option<String>,
    /// The proxy for `https` servers. An empty text means none.
    pub https_proxy: Option<String>,
    /// Hosts that are reached without a proxy: names, domains, addresses, networks, separated by commas.
    pub no_proxy: Option<String>,
    /// A PEM file with the authorities to trust in place of the system's.
    pub ca_certs: Option<PathBuf>,
    /// A PEM file with the certificate that the client shows, and perhaps its key.
    pub cert_file: Option<PathBuf>,
    /// A PEM file with the key of `cert_file`.
    pub key_file: Option<PathBuf>,
    /// The address to send envelopes to in place of the DSN's; they then carry the DSN in their header.
    pub tunnel: Option<String>,
    /// Whether and where a Spotlight sidecar gets a copy of everything.
    pub spotlight: Spotlight,
    /// True lowers the sample rate of traces while the queue is full or the server limits; true by default.
    pub enable_backpressure_handling: bool,
    /// True uses a connection for more than one request; true by default.
    pub keep_alive: bool,
    /// False keeps envelopes in memory; true by default.
    pub spool: bool,
    /// Who makes the HTTP requests; the transport's own by default.
    pub uploader: Option<Arc<dyn Uploader>>,
    /// Who fills in the frames of native stacks that were stored as addresses. Default: nobody, they are sent as they
    /// are.
    pub resolver: Option<Arc<dyn Resolver>>,
}

/// How bodies are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// gzip: every server takes it.
    #[default]
    Gzip,
    /// zstd: smaller and cheaper; small servers refuse it.
    Zstd,
    /// Not at all.
    None,
}

/// Whether a Spotlight sidecar gets a copy of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Spotlight {
    /// Nobody said; then it is off.
    #[default]
    Unset,
    /// No.
    Off,
    /// Yes, where it usually listens.
    On,
    /// Yes, at this address.
    At(String),
}

impl Spotlight {
    /// Where copies go, if they do.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Unset | Self::Off => None,
            Self::On => Some(SPOTLIGHT),
            Self::At(url) => Some(url),
        }
    }
}

/// Where a Spotlight sidecar listens unless told otherwise. Source: Spotlight, published spec.
const SPOTLIGHT: &str = "http://localhost:8969/stream";

const PROXIES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            compression: Compression::Gzip,
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
            ca_certs: None,
            cert_file: None,
            key_file: None,
            tunnel: None,
            spotlight: Spotlight::Unset,
            enable_backpressure_handling: true,
            keep_alive: true,
            spool: true,
            uploader: None,
            resolver: None,
        }
    }
}

impl ClientOptions {
    /// How envelopes travel.
    pub fn transport(&self) -> &TransportOptions {
        &self.transport
    }

    /// How bodies are compressed: `gzip` (the default), `zstd` or `none`.
    ///
    /// # Errors
    /// When it is another name.
    pub fn with_compression(mut self, name: &str) -> Result<Self> {
        self.transport.compression = match name.trim().to_ascii_lowercase().as_str() {
            "gzip" => Compression::Gzip,
            "zstd" => Compression::Zstd,
            "none" => Compression::None,
            _ => return Err(refuse("compression", name, "\"gzip\", \"zstd\" or \"none\"")),
        };
        Ok(self)
    }

    /// The proxy for `http` servers, and for `https` ones unless they have their own: `http://`, `https://`,
    /// `socks5://` or `socks5h://`, with `user:password@` if it wants them. Default: the environment's `HTTP_PROXY`
    /// or `ALL_PROXY`; an empty text means none whatever the environment says.
    ///
    /// # Errors
    /// When it is no such address.
    pub fn with_http_proxy(mut self, url: &str) -> Result<Self> {
        self.transport.http_proxy = Some(proxy("http_proxy", url)?);
        Ok(self)
    }

    /// The proxy for `https` servers, as [`with_http_proxy`](Self::with_http_proxy). Default: `http_proxy`, else the
    /// environment's `HTTPS_PROXY` or `ALL_PROXY`.
    ///
    /// # Errors
    /// When it is no such address.
    pub fn with_https_proxy(mut self, url: &str) -> Result<Self> {
        self.transport.https_proxy = Some(proxy("https_proxy", url)?);
        Ok(self)
    }

    /// Hosts that are reached without a proxy, separated by commas: `localhost,.internal.example,10.0.0.0/8`, or `*`.
    /// Default: the environment's `NO_PROXY`.
    #[must_use]
    pub fn with_no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.transport.no_proxy = Some(hosts.into());
        self
    }

    /// A PEM file with the authorities to trust in place of the system's.
    #[must_use]
    pub fn with_ca_certs(mut self, file: impl Into<PathBuf>) -> Self {
        self.transport.ca_certs = Some(file.into());
        self
    }

    /// A PEM file with the certificate that the client shows to the server, followed by its chain. It may hold the
    /// key too.
    #[must_use]
    pub fn with_cert_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.transport.cert_file = Some(file.into());
        self
    }

    /// A PEM file with the private key of `cert_file`.
    #[must_use]
    pub fn with_key_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.transport.key_file = Some(file.into());
        self
    }

    /// An address of your own that passes envelopes on; they carry the DSN in their header then, and no
    /// authentication header.
    ///
    /// # Errors
    /// When it is no `http` or `https` address.
    pub fn with_tunnel(mut self, url: &str) -> Result<Self> {
        let example = "an address like \"https://shop.example.com/errors\"";
        self.transport.tunnel = Some(checked("tunnel", url, &PROXIES[..2], example)?);
        Ok(self)
    }

    /// True sends a copy of everything, unsampled, to a Spotlight sidecar on this machine. Off by default.
    #[must_use]
    pub fn with_spotlight(mut self, yes: bool) -> Self {
        self.transport.spotlight = if yes { Spotlight::On } else { Spotlight::Off };
        self
    }

    /// Sends the copies to a Spotlight sidecar at this address.
    ///
    /// # Errors
    /// When it is no `http` or `https` address.
    pub fn with_spotlight_url(mut self, url: &str) -> Result<Self> {
        let example = "true, false or an address like \"http://localhost:8969/stream\"";
        self.transport.spotlight = Spotlight::At(checked("spotlight", url, &PROXIES[..2], example)?);
        Ok(self)
    }

    /// What the environment variable `SENTRY_SPOTLIGHT` says: yes, no, or an address. Code wins over it, except that an
    /// address counts where code only said yes. Source: Spotlight, published spec.
    ///
    /// # Errors
    /// As [`with_spotlight_url`](Self::with_spotlight_url).
    pub(super) fn with_spotlight_variable(self, text: &str) -> Result<Self> {
        let unset = self.transport.spotlight == Spotlight::Unset;
        match truth(text) {
            _ if text.trim().is_empty() => Ok(self),
            Some(yes) => Ok(if unset { self.with_spotlight(yes) } else { self }),
            None if unset || self.transport.spotlight == Spotlight::On => self.with_spotlight_url(text),
            None => Ok(self),
        }
    }

    /// True lowers the sample rate of traces while the queue is full or the server limits; true by default.
    #[must_use]
    pub fn with_enable_backpressure_handling(mut self, yes: bool) -> Self {
        self.transport.enable_backpressure_handling = yes;
        self
    }

    /// False makes a new connection for each request; true by default.
    #[must_use]
    pub fn with_keep_alive(mut self, yes: bool) -> Self {
        self.said.note(Said::KEEP_ALIVE);
        self.transport.keep_alive = yes;
        self
    }

    /// False keeps envelopes in memory only: what is not delivered when the process ends is lost. True by default.
    #[must_use]
    pub fn with_spool(mut self, yes: bool) -> Self {
        self.transport.spool = yes;
        self
    }

    /// Who fills in the frames of native stacks just before they are sent. For SDKs, not for applications.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.transport.resolver = Some(resolver);
        self
    }

    /// Who makes the HTTP requests in place of the transport's own client.
    #[must_use]
    pub fn with_uploader(mut self, uploader: Arc<dyn Uploader>) -> Self {
        self.transport.uploader = Some(uploader);
        self
    }
}

fn proxy(name: &'static str, url: &str) -> Result<String> {
    if url.trim().is_empty() {
        return Ok(String::new());
    }
    checked(name, url, &PROXIES, "an address like \"http://user:password@proxy.example.com:3128\"")
}

/// The address without blanks around it, if it has one of these schemes and a host.
fn checked(name: &'static str, url: &str, schemes: &[&str], example: &str) -> Result<String> {
    let url = url.trim();
    let host = url
        .split_once("://")
        .filter(|(scheme, _)| schemes.contains(&scheme.to_ascii_lowercase().as_str()))
        .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
        .map(|authority| authority.rsplit('@').next().unwrap_or_default());
    match host {
        Some(host) if !host.is_empty() && !host.starts_with(':') && !url.contains(char::is_whitespace) => {
            Ok(url.to_owned())
        }
        // The value may hold a password: it is not repeated.
        _ => Err(Error::option(name, format!("it is not {example}"))),
    }
}

fn refuse(name: &'static str, given: &str, wanted: &str) -> Error {
    Error::option(name, format!("{given:?} is not {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_passwords_are_not_repeated() {
        let options = ClientOptions::new;
        for url in ["http://p:1", "https://u:p@proxy.example/", "socks5://[::1]:9050", "SOCKS5H://h", ""] {
            assert!(options().with_http_proxy(url).is_ok(), "{url}");
        }
        for url in ["proxy:3128", "ftp://secret@h", "http://", "http://secret@", "http://:80", "http://a b"] {
            let error = options().with_https_proxy(url).unwrap_err();
            assert_eq!(error.field(), "https_proxy");
            assert!(!error.to_string().contains("secret") && error.to_string().contains("3128"), "{error}");
        }
        assert!(options().with_tunnel("socks5://h").is_err());
    }

    #[test]
    fn code_wins_over_the_spotlight_variable_but_yes_takes_its_address() {
        let url = |options: ClientOptions, variable: &str| {
            let options = options.with_spotlight_variable(variable).unwrap();
            options.transport().spotlight.url().map(str::to_owned)
        };
        let new = ClientOptions::new;
        let (usual, other) = (Some(SPOTLIGHT.to_owned()), Some("http://h:1/s".to_owned()));
        assert_eq!(url(new(), ""), None);
        for yes in ["true", "t", "Y", "yes", "on", "1"] {
            assert_eq!(url(new(), yes), usual);
            assert_eq!(url(new().with_spotlight(false), yes), None);
        }
        for no in ["false", "f", "n", "NO", "off", "0"] {
            assert_eq!(url(new(), no), None);
            assert_eq!(url(new().with_spotlight(true), no), usual);
        }
        assert_eq!(url(new(), "http://h:1/s"), other);
        assert_eq!(url(new().with_spotlight(true), "http://h:1/s"), other);
        assert_eq!(url(new().with_spotlight(false), "http://h:1/s"), None);
        assert_eq!(url(new().with_spotlight_url("http://h:1/s").unwrap(), "http://h:2"), other);
        assert!(new().with_spotlight_variable("perhaps").is_err());
    }

    #[test]
    fn compression_has_three_names() {
        for (name, compression) in
            [("gzip", Compression::Gzip), (" ZSTD ", Compression::Zstd), ("none", Compression::None)]
        {
            let options = ClientOptions::new().with_compression(name).unwrap();
            assert_eq!(options.transport().compression, compression);
        }
        assert_eq!(ClientOptions::new().with_compression("brotli").unwrap_err().field(), "compression");
    }
}
