//! Release names and their order.

use std::cmp::Ordering;

/// The parts of `package@1.2.3-beta.1+45`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    pub(crate) package: Option<&'a str>,
    numbers: [u64; 4],
    pre: &'a str,
    build: &'a str,
}

impl<'a> Version<'a> {
    /// Reads a release name; `None` when what follows the package is not numbers with dots, one to four of them.
    pub(crate) fn parse(release: &'a str) -> Option<Self> {
        let (package, version) = match release.rsplit_once('@') {
            Some((package, version)) => (Some(package), version),
            None => (None, release),
        };
        let (version, build) = version.split_once('+').unwrap_or((version, ""));
        let (core, pre) = version.split_once('-').unwrap_or((version, ""));
        let mut numbers = [0; 4];
        let parts: Vec<&str> = core.strip_prefix('v').unwrap_or(core).split('.').collect();
        // A single number is as likely a date or a commit.
        if !(2..=4).contains(&parts.len()) {
            return None;
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            *number = part.parse().ok().filter(|_| digits)?;
        }
        Some(Self { package, numbers, pre, build })
    }

    /// The order of two versions of the same package, by Semantic Versioning 2.0.0; builds that are numbers count last.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.package != other.package {
            return None;
        }
        let pre = match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => identifiers(self.pre, other.pre),
        };
        let build = || match (self.build.parse::<u64>(), other.build.parse::<u64>()) {
            (Ok(own), Ok(other)) => own.cmp(&other),
            _ => Ordering::Equal,
        };
        Some(self.numbers.cmp(&other.numbers).then(pre).then_with(build))
    }
}

fn identifiers(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        let order = match (one.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(one: &str, other: &str) -> Option<Ordering> {
        Version::parse(one)?.compare(&Version::parse(other)?)
    }

    #[test]
    fn versions_have_an_order() {
        let sorted = [
            "shop@1.0.0-alpha",
            "shop@1.0.0-alpha.1",
            "shop@1.0.0-alpha.beta",
            "shop@1.0.0-beta.2",
            "shop@1.0.0-beta.11",
            "shop@1.0.0",
            "shop@1.0.0+7",
            "shop@1.0.1",
            "shop@1.2",
            "shop@1.10.0",
            "shop@2.0.0.1",
        ];
        for pair in sorted.windows(2) {
            let order = order(pair[0], pair[1]);
            // Builds count only where both have one.
            let equal = pair[1].contains('+') || pair[0].contains('+') && pair[1] == "shop@1.0.0";
            assert_eq!(order, Some(if equal { Ordering::Equal } else { Ordering::Less }), "{pair:?}");
        }
        assert_eq!(order("shop@1.0.0+7", "shop@1.0.0+12"), Some(Ordering::Less));
        assert_eq!(order("v1.2.3", "1.2.4"), Some(Ordering::Less));
        assert_eq!(order("shop@1.0.0", "cart@2.0.0"), None);
        for name in ["shop@1", "2026", "8f3a9c2", "shop@1.x", "shop@", "", "1.2.3.4.5", "1.+2"] {
            assert_eq!(Version::parse(name), None, "{name}");
        }
    }
}
