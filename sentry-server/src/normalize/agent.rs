//! What a `User-Agent` says of the browser and of the system that it runs on.

use crate::json::{Map, Value, json};

/// Adds the contexts `browser` and `client_os` where the client sent none. The system has a name of its own because `os` is
/// the one of the machine that reported, which may be a server that the browser asked.
pub(super) fn describe(body: &mut Map, user_agent: &str) {
    let found = [("browser", "browser", browser(user_agent)), ("client_os", "os", system(user_agent))];
    for (alias, kind, named) in found {
        let Some((name, version)) = named else { continue };
        let contexts = body.entry("contexts").or_insert_with(|| json!({}));
        let Value::Object(contexts) = contexts else { return };
        let known = contexts.get(alias).and_then(|context| context.get("name")).is_some();
        if !known {
            let mut context = json!({ "type": kind, "name": name });
            if let Some(version) = version {
                context["version"] = version.into();
            }
            contexts.insert(alias.into(), context);
        }
    }
}

type Named = (&'static str, Option<String>);

/// Name and major version of the common browsers. The order matters: each also claims to be the ones below it.
fn browser(user_agent: &str) -> Option<Named> {
    const MARKS: [(&str, &str); 8] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("CriOS/", "Chrome Mobile iOS"),
        ("FxiOS/", "Firefox iOS"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    MARKS.iter().find_map(|(mark, name)| {
        if *name == "Safari" && !user_agent.contains("Safari/") {
            return None;
        }
        let version = after(user_agent, mark)?;
        let digits = version.bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then(|| (*name, Some(version[..digits].to_owned())))
    })
}

/// Name and version of the system. Android and Chrome OS also claim to be Linux, and iOS to be like Mac OS X.
fn system(user_agent: &str) -> Option<Named> {
    if let Some(version) = after(user_agent, "Windows NT ") {
        let version = match number(version).as_deref() {
            // Browsers have said this of every newer one, too.
            Some("10.0") => ">=10".to_owned(),
            Some("6.3") => "8.1".to_owned(),
            Some("6.2") => "8".to_owned(),
            Some("6.1") => "7".to_owned(),
            other => other?.to_owned(),
        };
        return Some(("Windows", Some(version)));
    }
    if let Some(version) = after(user_agent, "Android ") {
        return Some(("Android", number(version)));
    }
    for mark in ["iPhone OS ", "CPU OS "] {
        if let Some(version) = after(user_agent, mark) {
            return Some(("iOS", number(version)));
        }
    }
    if let Some(version) = after(user_agent, "CrOS ") {
        return Some(("Chrome OS", version.split_once(' ').and_then(|(_, version)| number(version))));
    }
    if let Some(version) = after(user_agent, "Mac OS X ") {
        let version = number(version);
        // As with Windows: no browser says more than this any more.
        let version =
            if version.as_deref() == Some("10.15.7") { Some(">=10.15.7".to_owned()) } else { version };
        return Some(("Mac OS X", version));
    }
    user_agent.contains("Linux").then_some(("Linux", None))
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.find(mark).map(|at| &text[at + mark.len()..])
}

/// Numbers and what is between them, `_` as a dot.
fn number(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(text.len());
    let number = text[..end].replace('_', ".");
    (!number.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

    fn plain(named: Option<Named>) -> Option<(&'static str, String)> {
        named.map(|(name, version)| (name, version.unwrap_or_default()))
    }

    #[test]
    fn browsers_by_their_user_agent() {
        let found = |agent: &str| plain(browser(agent));
        assert_eq!(found(CHROME), Some(("Chrome", "156".to_owned())));
        assert_eq!(found(&format!("{CHROME} Edg/155.1")), Some(("Edge", "155".to_owned())));
        let safari = "Mozilla/5.0 (Mac) AppleWebKit/605 (KHTML) Version/19.1 Safari/605";
        assert_eq!(found(safari), Some(("Safari", "19".to_owned())));
        assert_eq!(found("curl/8"), None);
    }

    #[test]
    fn systems_by_their_user_agent() {
        for (part, name, version) in [
            ("X11; Linux x86_64", "Linux", ""),
            ("Windows NT 10.0; Win64; x64", "Windows", ">=10"),
            ("Windows NT 6.1", "Windows", "7"),
            ("Linux; Android 14; Pixel 8", "Android", "14"),
            ("iPhone; CPU iPhone OS 17_1_2 like Mac OS X", "iOS", "17.1.2"),
            ("iPad; CPU OS 18_0 like Mac OS X", "iOS", "18.0"),
            ("Macintosh; Intel Mac OS X 10_15_7", "Mac OS X", ">=10.15.7"),
            ("Macintosh; Intel Mac OS X 10.13; rv:99", "Mac OS X", "10.13"),
            ("X11; CrOS x86_64 14541.0.0", "Chrome OS", "14541.0.0"),
        ] {
            let agent = format!("Mozilla/5.0 ({part}) AppleWebKit/537.36");
            assert_eq!(plain(system(&agent)), Some((name, version.to_owned())), "{part}");
        }
        assert_eq!(system("curl/8"), None);
    }

    #[test]
    fn what_the_client_said_stays() {
        let mut body = Map::from_iter([("contexts".to_owned(), json!({ "browser": { "name": "Own" } }))]);
        describe(&mut body, CHROME);
        assert_eq!(body["contexts"]["browser"], json!({ "name": "Own" }));
        assert_eq!(body["contexts"]["client_os"], json!({ "type": "os", "name": "Linux" }));
        describe(&mut body, "curl/8");
    }
}
