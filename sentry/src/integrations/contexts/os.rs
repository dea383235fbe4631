//! The operating system.

#[cfg(any(unix, test))]
use std::collections::HashMap;

use watchpost_core::Map;

use super::{known, text};

#[cfg(unix)]
pub(super) fn context() -> Map {
    let uname = rustix::system::uname();
    let lossy = |part: &std::ffi::CStr| text(part.to_string_lossy());
    let distribution = distribution();
    let field = |key: &str| distribution.get(key).and_then(|value| text(value.as_str()));
    known([
        ("name", lossy(uname.sysname())),
        ("version", lossy(uname.release())),
        ("kernel_version", lossy(uname.version())),
        ("distribution_name", field("ID")),
        ("distribution_version", field("VERSION_ID")),
        ("distribution_pretty_name", field("PRETTY_NAME")),
    ])
}

#[cfg(not(unix))]
pub(super) fn context() -> Map {
    known([("name", text(std::env::consts::OS))])
}

#[cfg(unix)]
pub(super) fn host_name() -> Option<String> {
    Some(rustix::system::uname().nodename().to_string_lossy().into_owned()).filter(|name| !name.is_empty())
}

#[cfg(not(unix))]
pub(super) fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok().filter(|name| !name.is_empty())
}

/// What `os-release(5)` says; nothing where there is no such file.
#[cfg(unix)]
fn distribution() -> HashMap<String, String> {
    let read = |path| std::fs::read_to_string(path).ok();
    let text = read("/etc/os-release").or_else(|| read("/usr/lib/os-release")).unwrap_or_default();
    parse(&text)
}

#[cfg(any(unix, test))]
fn parse(text: &str) -> HashMap<String, String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let pairs = lines.filter_map(|line| line.trim().split_once('='));
    pairs
        .map(|(key, value)| {
            let quoted = ['"', '\'']
                .into_iter()
                .find_map(|quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)));
            (key.to_owned(), quoted.unwrap_or(value).to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_go() {
        let fields =
            parse("# a comment\nID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13\"\nVERSION_ID='13'\n\n");
        assert_eq!(fields["ID"], "debian");
        assert_eq!(fields["PRETTY_NAME"], "Debian GNU/Linux 13");
        assert_eq!((fields["VERSION_ID"].as_str(), fields.len()), ("13", 3));
    }
}
