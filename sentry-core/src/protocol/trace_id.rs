//! The identities of traces and spans.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rng::Rng;

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The id that these bytes are.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Reads exactly as many hex digits as the id has; `None` for anything else, and for nothing but zeros.
            pub fn parse(text: &str) -> Option<Self> {
                let text = text.as_bytes();
                if text.len() != $digits {
                    return None;
                }
                let mut bytes = [0; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
                    *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
                }
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }
        }

        impl $name {
            /// The digits, which are ASCII.
            fn hex(&self) -> [u8; $digits] {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let mut hex = [0; $digits];
                for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 0x0F)];
                }
                hex
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&self.hex()).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // Not by way of formatting, which costs more than the digits.
                let hex = self.hex();
                serializer.serialize_str(std::str::from_utf8(&hex).map_err(serde::ser::Error::custom)?)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                let wrong = || format!("`{text}` is not an id of {} hex digits", $digits);
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(wrong()))
            }
        }
    };
}

hex_id! {
    /// A trace: sixteen bytes, 32 lower-case hex digits on the wire, never all zero.
    TraceId, 16, 32
}

hex_id! {
    /// A span: eight bytes, 16 lower-case hex digits on the wire, never all zero.
    SpanId, 8, 16
}

impl TraceId {
    /// A fresh id.
    pub fn random(rng: &dyn Rng) -> Self {
        Self(rng.id())
    }
}

impl SpanId {
    /// A fresh id.
    pub fn random(rng: &dyn Rng) -> Self {
        Self(rng.next_u64().to_be_bytes())
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hex_of_the_right_length_is_an_id() {
        let text = "771a43a4192642f0b136d5159a501700";
        assert_eq!(TraceId::parse(text).unwrap().to_string(), text);
        assert_eq!(TraceId::parse(&text.to_uppercase()).unwrap().to_string(), text);
        for bad in ["", "771a", "00000000000000000000000000000000", "771a43a4192642f0b136d5159a50170g"] {
            assert!(TraceId::parse(bad).is_none(), "{bad}");
        }
        assert!(SpanId::parse("0000000000000000").is_none());
        assert_eq!(SpanId::parse("b7ad6b7169203331").unwrap().to_string(), "b7ad6b7169203331");
    }
}
