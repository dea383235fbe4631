//! The options of the transport.

use watchpost_core::{ClientOptions, Error, Result, Value};

use super::Given;

/// The client's options with this one, if it is one of the transport's.
pub(super) fn set(client: ClientOptions, option: &Given<'_>) -> Result<ClientOptions> {
    let file = || option.text("\"/etc/ssl/shop.pem\"");
    let proxy = "\"http://user:password@proxy.example.com:3128\"";
    // The core names its options in snake case and never repeats what may hold a password.
    let renamed = |error: Error| option.rename(&error);
    Ok(match option.name {
        "compression" => client.with_compression(&option.text("\"gzip\"")?).map_err(renamed)?,
        "http_proxy" => client.with_http_proxy(&option.text(proxy)?).map_err(renamed)?,
        "https_proxy" => client.with_https_proxy(&option.text(proxy)?).map_err(renamed)?,
        "no_proxy" => match &option.value {
            Value::Array(_) => {
                let hosts = option.texts("[\"localhost\", \".internal.example\"]")?;
                client.with_no_proxy(hosts.iter().map(|host| host.as_str()).collect::<Vec<_>>().join(","))
            }
            _ => client.with_no_proxy(option.text("\"localhost,.internal.example\"")?),
        },
        "ca_certs" => client.with_ca_certs(file()?),
        "cert_file" => client.with_cert_file(file()?),
        "key_file" => client.with_key_file(file()?),
        "tunnel" => {
            client.with_tunnel(&option.text("\"https://shop.example.com/errors\"")?).map_err(renamed)?
        }
        "spotlight" => match &option.value {
            Value::Bool(yes) => client.with_spotlight(*yes),
            Value::String(url) => client.with_spotlight_url(url).map_err(renamed)?,
            _ => return Err(option.refuse("true, false or an address")),
        },
        "enable_backpressure_handling" => client.with_enable_backpressure_handling(option.flag()?),
        "keep_alive" => client.with_keep_alive(option.flag()?),
        _ => client,
    })
}
