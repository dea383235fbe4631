//! Passwords, tokens and sessions: made from the system's random bytes, kept as hashes only.

mod attempts;
mod password;
mod scopes;
mod secret;

pub(crate) use self::attempts::Attempts;
pub(crate) use self::password::{hash as hash_password, verify as verify_password, verify_nobody};
pub(crate) use self::scopes::Scopes;
pub(crate) use self::secret::{Secret, fingerprint, hex};
