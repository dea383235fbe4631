//! What a `User-Agent` says of who asked: old browsers, and crawlers.

/// Whether it is a browser that its makers gave up long ago: any Internet Explorer, and others before these versions.
pub(super) fn is_legacy(agent: &str) -> bool {
    if agent.contains("MSIE ") || agent.contains("Trident/") {
        return true;
    }
    // Each also claims to be the ones below it.
    const OLDEST: [(&str, u32); 9] = [
        ("Edge/", 79),
        ("Edg/", 79),
        ("Opera Mini/", 35),
        ("OPR/", 51),
        ("Opera/", 51),
        ("Firefox/", 67),
        ("Chrome/", 63),
        ("Version/", 12),
        ("Android ", 4),
    ];
    let found = OLDEST.iter().find_map(|(name, oldest)| Some((version(agent, name)?, *oldest)));
    // Version/ is Safari's, and the old Android browser's.
    found.is_some_and(|(version, oldest)| version < oldest)
}

fn version(agent: &str, name: &str) -> Option<u32> {
    let rest = &agent[agent.find(name)? + name.len()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

/// Whether it is a program that reads the web by itself.
pub(super) fn is_crawler(agent: &str) -> bool {
    const NAMES: [&str; 18] = [
        "googlebot",
        "mediapartners-google",
        "adsbot-google",
        "feedfetcher-google",
        "bingbot",
        "bingpreview",
        "yandex",
        "baiduspider",
        "slurp",
        "twitterbot",
        "facebookexternalhit",
        "ia_archiver",
        "applebot",
        "duckduckbot",
        "crawler",
        "spider",
        "bot/",
        "bot;",
    ];
    let lower = agent.to_ascii_lowercase();
    NAMES.iter().any(|name| lower.contains(name)) || lower.ends_with("bot")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_told_apart() {
        let chrome = |version: &str| {
            format!(
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"
            )
        };
        for old in [
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)",
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
            &chrome("49.0"),
            "Mozilla/5.0 (Macintosh) AppleWebKit/534 (KHTML, like Gecko) Version/5.1 Safari/534",
            "Mozilla/5.0 (X11; rv:45.0) Gecko/20100101 Firefox/45.0",
        ] {
            assert!(is_legacy(old), "{old}");
        }
        let phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36";
        for new in
            [chrome("156.0"), format!("{} Edg/155.1", chrome("155.0")), phone.to_owned(), "curl/8".to_owned()]
        {
            assert!(!is_legacy(&new), "{new}");
        }
        for crawler in ["Mozilla/5.0 (compatible; Googlebot/2.1)", "AhrefsBot/7.0", "SomeCrawler", "a bot"] {
            assert!(is_crawler(crawler), "{crawler}");
        }
        assert!(!is_crawler(&chrome("156.0")) && !is_crawler("Cubot Robotics phone"));
    }
}
