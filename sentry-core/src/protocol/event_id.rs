//! The identity of an event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;
use crate::rng::Rng;

/// A version 4 UUID, written as 32 lower-case hex digits without dashes; dashes are accepted when read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 16]);

impl EventId {
    /// A fresh id.
    pub fn random(rng: &dyn Rng) -> Self {
        let mut bytes = rng.id();
        bytes[6] = (bytes[6] & 0x0F) | 0x40;
        bytes[8] = (bytes[8] & 0x3F) | 0x80;
        Self(bytes)
    }

    /// The sixteen bytes of the UUID.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes of the UUID.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The digits, without an allocation.
    pub fn hex(&self) -> [u8; 32] {
        let mut hex = [0; 32];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0x0F)];
        }
        hex
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.hex();
        f.write_str(std::str::from_utf8(&hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || Error::payload("event_id", format!("`{text}` is not a UUID of 32 hex digits"));
        let dashed = text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-');
        if text.len() != 32 && !dashed {
            return Err(refuse());
        }
        let mut nibbles = text.bytes().filter(|b| !(dashed && *b == b'-'));
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            for _ in 0..2 {
                let digit = nibbles.next().and_then(|b| char::from(b).to_digit(16)).ok_or_else(refuse)?;
                *byte = (*byte << 4) | u8::try_from(digit).unwrap_or(0);
            }
        }
        if nibbles.next().is_some() { Err(refuse()) } else { Ok(Self(bytes)) }
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_are_read_and_not_written() {
        let id: EventId = "FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0".parse().unwrap();
        assert_eq!(id.to_string(), "fc6d8c0c43fc4630ad850ee518f1b9d0");
        for bad in ["", "fc6d", "fc6d8c0c43fc4630ad850ee518f1b9dg", "fc6d8c0c43fc4630ad850ee518f1b9-d"] {
            assert!(bad.parse::<EventId>().is_err(), "{bad}");
        }
    }
}
