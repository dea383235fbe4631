//! How the process writes dates and numbers.

use watchpost_core::Map;

use super::{known, text};

pub(super) fn context() -> Map {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_TIME", "LANG"].into_iter().find_map(variable);
    let timezone = variable("TZ").or_else(zone_of_the_system);
    known([
        ("locale", locale.as_deref().and_then(locale_name).and_then(text)),
        ("timezone", timezone.as_deref().and_then(zone_name).and_then(text)),
    ])
}

/// `en_US` of `en_US.UTF-8`; `C` and `POSIX` are no culture.
fn locale_name(locale: &str) -> Option<&str> {
    let name = locale.split(['.', '@']).next().unwrap_or(locale);
    (!matches!(name, "" | "C" | "POSIX")).then_some(name)
}

/// `Europe/Vienna` of `Europe/Vienna`, `:Europe/Vienna` and `/usr/share/zoneinfo/Europe/Vienna`.
fn zone_name(zone: &str) -> Option<&str> {
    let zone = zone.strip_prefix(':').unwrap_or(zone);
    let name = zone.rfind("zoneinfo/").map_or(zone, |at| &zone[at + "zoneinfo/".len()..]);
    (!name.is_empty() && !name.starts_with('/')).then_some(name)
}

#[cfg(unix)]
fn zone_of_the_system() -> Option<String> {
    std::fs::read_link("/etc/localtime").ok()?.to_str().map(str::to_owned)
}

#[cfg(not(unix))]
fn zone_of_the_system() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_only() {
        assert_eq!((locale_name("de_AT.UTF-8"), locale_name("C.UTF-8")), (Some("de_AT"), None));
        assert_eq!(zone_name("../usr/share/zoneinfo/Etc/UTC"), Some("Etc/UTC"));
        assert_eq!((zone_name(":Europe/Vienna"), zone_name("/etc/zone")), (Some("Europe/Vienna"), None));
    }
}
