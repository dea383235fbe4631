//! Trace and span ids as hex digits.

/// Eight or sixteen bytes, perhaps absent, written as lower-case hex digits.
pub(crate) mod optional_hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<const LENGTH: usize, S: Serializer>(
        id: &Option<[u8; LENGTH]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => serializer.collect_str(&super::Hex(id)),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, const LENGTH: usize, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[u8; LENGTH]>, D::Error> {
        let Some(text) = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let wrong = || de::Error::custom(format!("`{text}` is not an id of {} hex digits", 2 * LENGTH));
        if text.len() != 2 * LENGTH {
            return Err(wrong());
        }
        let mut id = [0; LENGTH];
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit =
                |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = (digit(0).ok_or_else(wrong)? << 4) | digit(1).ok_or_else(wrong)?;
        }
        Ok(Some(id))
    }
}

/// Shows bytes as hex digits, without an allocation.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
