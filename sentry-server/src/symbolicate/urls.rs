//! Names under which a file of a release may have been uploaded.

/// From the most to the least specific: whole, without query, and both with `~` for scheme and host.
pub(super) fn candidates(url: &str) -> Vec<String> {
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    let mut all = vec![url.to_owned()];
    for name in [bare.to_owned(), tilde(url), tilde(bare)] {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// `~` for scheme and host; `~` before a path that has neither.
fn tilde(url: &str) -> String {
    match url.split_once("://") {
        Some((_, rest)) => match rest.find('/') {
            Some(path) => format!("~{}", &rest[path..]),
            None => "~/".to_owned(),
        },
        None if url.starts_with("~/") => url.to_owned(),
        None if url.starts_with('/') => format!("~{url}"),
        None => format!("~/{url}"),
    }
}

/// A reference as seen from a file.
pub(super) fn join(base: &str, reference: &str) -> String {
    if reference.contains("://") || reference.starts_with("~/") || reference.starts_with("data:") {
        return reference.to_owned();
    }
    let (origin, path) = match base.split_once("://") {
        Some((scheme, rest)) => {
            let path = rest.find('/').unwrap_or(rest.len());
            (format!("{scheme}://{}", &rest[..path]), &rest[path..])
        }
        None => match base.strip_prefix('~') {
            Some(path) => ("~".to_owned(), path),
            None => (String::new(), base),
        },
    };
    if let Some(absolute) = reference.strip_prefix('/') {
        return format!("{origin}/{absolute}");
    }
    let folder =
        path.split(['?', '#']).next().unwrap_or(path).rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in reference.split('/') {
        match part {
            "." => {}
            ".." => {
                if parts.len() > 1 {
                    parts.pop();
                }
            }
            part => parts.push(part),
        }
    }
    format!("{origin}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_from_specific_to_general() {
        assert_eq!(
            candidates("https://shop.test/a/app.min.js?v=1"),
            [
                "https://shop.test/a/app.min.js?v=1",
                "https://shop.test/a/app.min.js",
                "~/a/app.min.js?v=1",
                "~/a/app.min.js"
            ]
        );
        assert_eq!(candidates("app:///x.js"), ["app:///x.js", "~/x.js"]);
        assert_eq!(candidates("/srv/x.js"), ["/srv/x.js", "~/srv/x.js"]);
        assert_eq!(candidates("~/x.js"), ["~/x.js"]);
    }

    #[test]
    fn references_are_seen_from_their_file() {
        for (base, reference, joined) in [
            ("https://h/a/b.js", "b.js.map", "https://h/a/b.js.map"),
            ("https://h/a/b.js?x", "../c.map", "https://h/c.map"),
            ("https://h/a/b.js", "/m/c.map", "https://h/m/c.map"),
            ("https://h/a/b.js", "https://o/c.map", "https://o/c.map"),
            ("~/a/b.js", "c.map", "~/a/c.map"),
            ("/srv/a/b.js", "./c.map", "/srv/a/c.map"),
            ("https://h", "c.map", "https://h/c.map"),
            ("https://h/b.js", "../../c.map", "https://h/c.map"),
        ] {
            assert_eq!(join(base, reference), joined, "{base} {reference}");
        }
    }
}
