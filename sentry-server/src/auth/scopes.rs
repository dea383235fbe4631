//! What a credential may do: scopes by name, and what each role includes.

use std::collections::BTreeSet;

use crate::store::Role;

/// A set of scopes. A stronger scope includes the weaker ones: `project:admin` has `project:write` has `project:read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scopes {
    /// Everything that the holder's role allows.
    All,
    Some(BTreeSet<&'static str>),
}

impl Scopes {
    /// Reads names separated by blanks; `*` is everything.
    ///
    /// # Errors
    /// With the first name that is not known.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut known = BTreeSet::new();
        for name in text.split_whitespace() {
            if name == "*" {
                return Ok(Self::All);
            }
            let found = KNOWN.iter().find(|scope| **scope == name);
            known.insert(*found.ok_or_else(|| {
                format!("The scope {name:?} is not known; there are {}.", KNOWN.join(", "))
            })?);
        }
        Ok(Self::Some(known))
    }

    pub(crate) fn of_role(role: Role) -> Self {
        let mut scopes: BTreeSet<&'static str> = MEMBER.into();
        if role >= Role::Admin {
            scopes.extend(ADMIN);
        }
        if role >= Role::Manager {
            scopes.extend(MANAGER);
        }
        if role >= Role::Owner {
            scopes.extend(KNOWN);
        }
        Self::Some(scopes)
    }

    pub(crate) fn has(&self, wanted: &str) -> bool {
        let Self::Some(own) = self else { return true };
        if own.contains(wanted) {
            return true;
        }
        let Some((area, level)) = wanted.split_once(':') else { return false };
        let stronger: &[&str] = match level {
            "read" => &["write", "admin"],
            "write" => &["admin"],
            _ => &[],
        };
        stronger.iter().any(|level| own.iter().any(|scope| scope.split_once(':') == Some((area, level))))
    }

    /// What both allow.
    pub(crate) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, other) | (other, Self::All) => other.clone(),
            (Self::Some(_), Self::Some(_)) => {
                Self::Some(KNOWN.into_iter().filter(|scope| self.has(scope) && other.has(scope)).collect())
            }
        }
    }

    /// The names, in a steady order.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        KNOWN.into_iter().filter(|scope| self.has(scope)).collect()
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Some(scopes) => scopes.iter().copied().collect::<Vec<_>>().join(" "),
        }
    }
}

/// Every scope that a token may have.
const KNOWN: [&str; 22] = [
    "org:read",
    "org:write",
    "org:admin",
    "org:ci",
    "org:integrations",
    "project:read",
    "project:write",
    "project:admin",
    "project:releases",
    "project:distribution",
    "event:read",
    "event:write",
    "event:admin",
    "team:read",
    "team:write",
    "team:admin",
    "member:read",
    "member:write",
    "member:admin",
    "member:invite",
    "alerts:read",
    "alerts:write",
];
const MEMBER: [&str; 10] = [
    "org:read",
    "project:read",
    "project:releases",
    "event:read",
    "event:write",
    "event:admin",
    "team:read",
    "member:read",
    "alerts:read",
    "alerts:write",
];
const ADMIN: [&str; 4] = ["project:write", "project:admin", "team:write", "team:admin"];
const MANAGER: [&str; 5] = ["org:write", "org:integrations", "member:invite", "member:write", "member:admin"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stronger_scopes_include_weaker_ones() {
        let scopes = Scopes::parse("project:write event:admin org:ci").unwrap();
        for has in ["project:read", "project:write", "event:read", "event:write", "event:admin", "org:ci"] {
            assert!(scopes.has(has), "{has}");
        }
        for lacks in ["project:admin", "project:releases", "org:read", "member:read"] {
            assert!(!scopes.has(lacks), "{lacks}");
        }
        assert!(Scopes::parse("project:all").unwrap_err().contains("project:all"));
        assert!(Scopes::parse("a:b *").unwrap_err().contains("a:b"));
        assert_eq!(Scopes::parse("* x").unwrap(), Scopes::All);
    }

    #[test]
    fn a_token_never_exceeds_its_holders_role() {
        let member = Scopes::of_role(Role::Member);
        let both = Scopes::All.and(&member);
        assert_eq!(both, member);
        let both = Scopes::parse("project:admin event:read").unwrap().and(&member);
        assert_eq!(
            both.names(),
            ["project:read", "project:releases", "event:read"]
                .into_iter()
                .filter(|scope| *scope != "project:releases")
                .collect::<Vec<_>>()
        );
        assert!(Scopes::of_role(Role::Owner).has("org:admin"));
        assert!(!Scopes::of_role(Role::Manager).has("org:admin"));
    }
}
