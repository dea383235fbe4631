//! Small helpers that several wire shapes share.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An enum whose variants have a name on the wire.
macro_rules! wire_names {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads the name on the wire; `None` if it is unknown.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    let known = [$($text),*].join(", ");
                    serde::de::Error::custom(format!("`{text}` is not one of: {known}"))
                })
            }
        }
    };
}
pub(crate) use wire_names;

/// A list that is written as `{"values": [...]}` and read in that form or bare, as the protocol asks.
pub(crate) mod values {
    use std::fmt;
    use std::marker::PhantomData;

    use serde::de::{self, IntoDeserializer};

    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use crate::protocol::Map;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        list: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wrapped<'a, T> {
            values: &'a [T],
        }
        Wrapped { values: list }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(Visitor(PhantomData))
    }

    /// An object without `values` is the only entry of its list.
    struct Visitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list, or an object with a list under `values`")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(de::value::SeqAccessDeserializer::new(list))
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
            let mut values = None;
            let mut fields = Map::new();
            while let Some(key) = map.next_key::<String>()? {
                if key == "values" {
                    values = Some(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default());
                } else {
                    fields.insert(key, map.next_value()?);
                }
            }
            match values {
                Some(values) => Ok(values),
                None if fields.is_empty() => Ok(Vec::new()),
                None => Ok(vec![T::deserialize(fields.into_deserializer()).map_err(de::Error::custom)?]),
            }
        }
    }
}

/// `null` in a field that has a default means the default.
pub(crate) fn null_is_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A whole number, also as a float or as text; anything else reads as nothing, which is better than losing the event.
pub(crate) fn number<'de, T: TryFrom<i128>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    use serde_json::Value;
    let whole = match Value::deserialize(deserializer)? {
        Value::Number(number) => match number.as_i128() {
            Some(whole) => Some(whole),
            None => number.as_f64().filter(|float| float.fract() == 0.0).map(|float| float as i128),
        },
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(whole.and_then(|whole| T::try_from(whole).ok()))
}

/// A level, also by the names that logging libraries use; an unknown one reads as nothing.
pub(crate) fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<super::Level>, D::Error> {
    let text = Option::<crate::text::Text>::deserialize(deserializer)?;
    Ok(text.and_then(|text| super::Level::parse_lenient(&text)))
}

/// A field that is better lost than the whole object: anything that does not have its shape reads as nothing.
pub(crate) fn lenient<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}
