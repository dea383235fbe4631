//! The search line of an issue list: `is:unresolved level:error browser:Firefox some words`.

use crate::store::{IssueSort, Status};

/// A search line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) status: Option<Status>,
    pub(super) level: Option<String>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) words: Vec<String>,
}

impl Search {
    /// # Errors
    /// Names the term that cannot be understood.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let mut search = Self::default();
        for term in terms(line) {
            match term.split_once(':') {
                Some(("is", value)) => match Status::parse(value) {
                    Some(status) => search.status = Some(status),
                    None => {
                        return Err(format!(
                            "is:{value} is not known; use is:unresolved, is:resolved or is:ignored"
                        ));
                    }
                },
                Some(("level", value)) => search.level = Some(value.to_ascii_lowercase()),
                Some((key, value)) if is_key(key) && !value.is_empty() => {
                    search.tags.push((key.to_owned(), value.to_owned()));
                }
                _ => search.words.push(term),
            }
        }
        Ok(search)
    }
}

/// The order a list is asked for.
pub(super) fn sort(name: Option<&str>) -> Result<IssueSort, String> {
    match name.unwrap_or("date") {
        "" | "date" | "recommended" | "inbox" | "trends" => Ok(IssueSort::LastSeen),
        "new" => Ok(IssueSort::FirstSeen),
        "freq" => Ok(IssueSort::Count),
        "user" => Ok(IssueSort::Users),
        other => Err(format!("sort={other} is not known; use date, new, freq or user")),
    }
}

/// Splits at blanks; quotes keep blanks together and are taken off.
fn terms(line: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => {
                if !term.is_empty() {
                    terms.push(std::mem::take(&mut term));
                }
            }
            letter => term.push(letter),
        }
    }
    if !term.is_empty() {
        terms.push(term);
    }
    terms
}

/// `ValueError: x` and `http://..` are words, not tags.
fn is_key(key: &str) -> bool {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    !key.is_empty() && !matches!(key, "http" | "https") && key.chars().all(ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_told_apart() {
        let search = Search::parse(
            r#"is:unresolved level:Error browser:"Mobile Safari" lost  http://x ValueError: "two words""#,
        );
        let search = search.unwrap();
        assert_eq!(search.status, Some(Status::Unresolved));
        assert_eq!(search.level.as_deref(), Some("error"));
        assert_eq!(search.tags, [("browser".to_owned(), "Mobile Safari".to_owned())]);
        assert_eq!(search.words, ["lost", "http://x", "ValueError:", "two words"]);
        assert_eq!(Search::parse("  ").unwrap(), Search::default());
        assert!(Search::parse("is:odd").unwrap_err().contains("is:odd"));
        assert!(sort(Some("odd")).is_err());
    }
}
