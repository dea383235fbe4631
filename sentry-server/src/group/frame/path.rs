/// The last part of a path, Unix or Windows.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A path or URL without query and extension, as modules are named after it.
pub(super) fn without_extension(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let base = path.len() - base_name(path).len();
    path[base..].find('.').map_or(path, |dot| &path[..base + dot])
}

/// Python's child processes carry descriptor numbers in the line that starts them.
pub(super) fn spawn_arguments(line: String) -> String {
    if !line.contains("spawn_main(") {
        return line;
    }
    let mut out = String::with_capacity(line.len());
    let mut digits = false;
    for c in line.chars() {
        if c.is_ascii_digit() {
            if !digits {
                out.push_str("<int>");
            }
            digits = true;
        } else {
            digits = false;
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions() {
        assert_eq!(base_name("a/b\\c.rs"), "c.rs");
        assert_eq!(without_extension("https://x.y/a/b.min.js?v=1.2"), "https://x.y/a/b");
        assert_eq!(without_extension("x.y/a"), "x.y/a");
        assert_eq!(
            spawn_arguments("from m import spawn_main; spawn_main(tracker_fd=12, pipe_handle=7)".into()),
            "from m import spawn_main; spawn_main(tracker_fd=<int>, pipe_handle=<int>)"
        );
    }
}
