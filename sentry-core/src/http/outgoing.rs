//! A request that the application makes.

use super::address::Address;
use crate::client::Client;
use crate::options::Collect;
use crate::protocol::{Breadcrumb, Data, Level};
use crate::text::Text;
use crate::tracing::is_own;

/// What every client library knows of a request that it makes.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingRequest<'a> {
    method: &'a str,
    url: &'a str,
    address: Address<'a>,
}

impl<'a> OutgoingRequest<'a> {
    /// A request with this method to this address.
    pub fn new(method: &'a str, url: &'a str) -> Self {
        Self { method, url, address: Address::parse(url) }
    }

    /// True for a request of the SDK itself, or one that is none of its business: it goes to the server of the DSN.
    pub fn is_to_own_server(&self, client: &Client) -> bool {
        client.options().dsn().is_some_and(|dsn| is_own(self.url, dsn))
    }

    /// What a span of operation `http.client` is called: `GET https://example.com/a`.
    pub fn description(&self) -> String {
        format!("{} {}", self.method, self.address.bare())
    }

    /// The attributes of its span. The query only where it may be collected; secrets are masked later.
    pub fn attributes(&self, client: &Client) -> Data {
        let mut data = Data::from([
            (Text::from_static("http.request.method"), self.method.into()),
            (Text::from_static("url"), self.address.bare().into()),
        ]);
        data.extend(self.address.host().map(|host| (Text::from_static("server.address"), host.into())));
        if client.options().data_collection().query_params != Collect::Off {
            data.extend(self.address.query.map(|query| (Text::from_static("http.query"), query.into())));
        }
        let fragment = self.address.fragment;
        data.extend(fragment.map(|fragment| (Text::from_static("http.fragment"), fragment.into())));
        data
    }

    /// The breadcrumb of the finished request; `status` is `None` if there was no answer (breadcrumbs, published spec
    /// 1.1.0).
    pub fn breadcrumb(&self, client: &Client, status: Option<u16>) -> Breadcrumb {
        let mut data = self.attributes(client);
        data.remove("server.address");
        data.extend(status.map(|status| (Text::from_static("http.response.status_code"), status.into())));
        let level = match status {
            None | Some(500..) => Level::Error,
            Some(400..) => Level::Warning,
            Some(_) => Level::Info,
        };
        Breadcrumb {
            ty: Some(Text::from_static("http")),
            category: Some(Text::from_static("http")),
            level: Some(level),
            data,
            ..Breadcrumb::default()
        }
    }
}
