use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::component::{Component, Content};

/// Names one group of events within a project: 128 bits of BLAKE3 over what contributed.
///
/// *Input*: depth first, for each contributing component its name, then its parts; every text and every list is
/// preceded by its length, so that no two different trees have the same bytes.
/// *Text form*: `wp1:` and 32 hex digits; the number changes with the way of hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupHash([u8; 16]);

const PREFIX: &str = "wp1:";
const HEX: &[u8; 16] = b"0123456789abcdef";

impl GroupHash {
    pub(super) fn of(component: &Component) -> Self {
        let mut bytes = Vec::with_capacity(1024);
        write(component, &mut bytes);
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        Self(short)
    }

    /// A hash read back from storage.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, for storage.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for GroupHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        f.write_str(PREFIX)?;
        f.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl FromStr for GroupHash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix(PREFIX).filter(|d| d.len() == 32 && d.is_ascii()).ok_or(())?;
        let number = u128::from_str_radix(digits, 16).map_err(|_| ())?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl Serialize for GroupHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn write(component: &Component, out: &mut Vec<u8>) {
    write_text(component.id, out);
    match &component.content {
        Content::Text(text) => {
            out.extend_from_slice(&1_u64.to_le_bytes());
            out.push(0);
            write_text(text, out);
        }
        Content::Nodes(nodes) => {
            let contributing = || nodes.iter().filter(|node| node.contributes);
            out.extend_from_slice(&(contributing().count() as u64).to_le_bytes());
            for node in contributing() {
                out.push(1);
                write(node, out);
            }
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_into_each_other() {
        let pair = |a: &str, b: &str| {
            GroupHash::of(&Component::node("x", [Component::leaf("l", a), Component::leaf("l", b)]))
        };
        assert_ne!(pair("ab", "c"), pair("a", "bc"));
        let nested = Component::node(
            "x",
            [Component::node("x", [Component::leaf("l", "a")]), Component::leaf("l", "b")],
        );
        assert_ne!(GroupHash::of(&nested), pair("a", "b"));
    }

    #[test]
    fn what_is_off_does_not_count() {
        let with = Component::node("x", [Component::leaf("l", "a"), Component::leaf_off("l", "b", "why")]);
        assert_eq!(GroupHash::of(&with), GroupHash::of(&Component::node("x", [Component::leaf("l", "a")])));
    }

    #[test]
    fn the_way_of_hashing_is_pinned() {
        // Stored hashes must be found again: if this changes, so must the prefix.
        let hash = GroupHash::of(&Component::leaf("message", "hello"));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("wp1:xyz".parse::<GroupHash>(), Err(()));
        assert_eq!(hash.to_string(), "wp1:339e40b7832293f122f84748bee60cd1");
    }
}
