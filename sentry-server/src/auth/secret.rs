//! Random secrets, and the hash that stands for one in the store.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD as STANDARD, BASE64_STANDARD_NO_PAD as STANDARD_NO_PAD};

/// A secret that is shown once.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// `sntryu_` and 64 hex digits: the form in which clients expect a user's token.
    pub(crate) fn token() -> Result<Self, getrandom::Error> {
        Ok(Self(format!("sntryu_{}", hex(&random::<32>()?))))
    }

    /// An organisation's token: `sntrys_`, what a client reads from it (the server's address and the organisation), and a
    /// secret of 32 bytes.
    pub(crate) fn org_token(public_url: &str, org: &str, issued: f64) -> Result<Self, getrandom::Error> {
        let facts =
            serde_json::json!({ "iat": issued, "url": public_url, "region_url": public_url, "org": org });
        let (facts, secret) = (STANDARD.encode(facts.to_string()), STANDARD_NO_PAD.encode(random::<32>()?));
        Ok(Self(format!("sntrys_{facts}_{secret}")))
    }

    /// The last characters, to tell tokens apart by.
    pub(crate) fn tail(&self) -> String {
        self.0.chars().skip(self.0.chars().count().saturating_sub(4)).collect()
    }

    /// What a session cookie holds.
    pub(crate) fn session() -> Result<Self, getrandom::Error> {
        Ok(Self(hex(&random::<32>()?)))
    }

    /// Twenty letters and digits without look-alikes: 100 bits.
    pub(crate) fn password() -> Result<Self, getrandom::Error> {
        let letters = random::<20>()?.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Ok(Self(letters.iter().collect()))
    }

    /// The public key of a DSN: 32 hex digits. Not a secret in the strict sense, but not to be guessed.
    pub(crate) fn public_key() -> Result<String, getrandom::Error> {
        Ok(hex(&random::<16>()?))
    }
}

/// The store's name for a secret. Secrets are random, so one fast hash is enough, and looking it up by the
/// hash leaks nothing about the secret through timing.
pub(crate) fn fingerprint(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_form_and_do_not_repeat() {
        let token = Secret::token().unwrap().0;
        assert!(token.starts_with("sntryu_") && token.len() == 71);
        assert_eq!(Secret::password().unwrap().0.len(), 20);
        assert_eq!(Secret::public_key().unwrap().len(), 32);
        assert_ne!(Secret::session().unwrap().0, Secret::session().unwrap().0);
        assert_ne!(fingerprint("a"), fingerprint("b"));
        assert_eq!(format!("{:?}", Secret("x".into())), "Secret(..)");
    }
}
