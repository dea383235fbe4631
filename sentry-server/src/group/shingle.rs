//! What makes two groups alike: small pieces of what contributed, as numbers.

use super::component::{Component, Content};
use super::{Basis, Grouping};

/// The pieces of an event's grouping: functions, each with the one that called it, and the words of messages. Empty where
/// somebody said how to group, as likeness means nothing then.
pub(super) fn of(grouping: &Grouping) -> Vec<u64> {
    if matches!(grouping.basis, Basis::Checksum | Basis::Fingerprint | Basis::Fallback) {
        return Vec::new();
    }
    let Some(variant) = grouping.variants.iter().find(|variant| variant.hash.is_some()) else {
        return Vec::new();
    };
    let mut pieces = Pieces::default();
    pieces.visit(&variant.component);
    pieces.all.sort_unstable();
    pieces.all.dedup();
    pieces.all.truncate(MAX_PIECES);
    pieces.all
}

#[derive(Default)]
struct Pieces {
    all: Vec<u64>,
    caller: Option<u64>,
}

impl Pieces {
    fn visit(&mut self, component: &Component) {
        if !component.contributes {
            return;
        }
        match component.id {
            "frame" => {
                let own = frame(component);
                self.all.push(own);
                if let Some(caller) = self.caller.replace(own) {
                    self.all.push(mix(caller.rotate_left(17) ^ own));
                }
            }
            "stacktrace" => {
                self.caller = None;
                component.children().for_each(|child| self.visit(child));
            }
            _ => match &component.content {
                Content::Nodes(nodes) => nodes.iter().for_each(|node| self.visit(node)),
                Content::Text(text) => self.words(component.id, text),
            },
        }
    }

    fn words(&mut self, id: &str, text: &str) {
        let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '<' | '>'));
        for word in words.filter(|word| !word.is_empty()) {
            self.all.push(mix(bytes(bytes(SEED, id.as_bytes()), word.as_bytes())));
        }
    }
}

/// Module or file, and function: the line of code changes with every edit.
fn frame(component: &Component) -> u64 {
    let mut hash = SEED;
    for part in component.children().filter(|part| part.contributes && part.id != "context_line") {
        if let Some(text) = part.text() {
            hash = bytes(bytes(hash, part.id.as_bytes()), text.as_bytes());
        }
    }
    if hash == SEED {
        let line = component.children().find(|part| part.contributes);
        if let Some(text) = line.and_then(Component::text) {
            hash = bytes(hash, text.as_bytes());
        }
    }
    mix(hash)
}

/// FNV-1a: nobody gains by two pieces that collide.
fn bytes(hash: u64, text: &[u8]) -> u64 {
    text.iter().fold(hash ^ 0xff, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Spreads a number over all its bits.
fn mix(mut number: u64) -> u64 {
    number ^= number >> 33;
    number = number.wrapping_mul(0xff51_afd7_ed55_8ccd);
    number ^= number >> 33;
    number = number.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ number >> 33
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;
/// More pieces than this tell no more.
const MAX_PIECES: usize = 256;

/// A sketch of pieces: two sketches agree in as many places as their pieces do in share.
pub(crate) fn sketch(pieces: &[u64]) -> Option<[u16; SKETCH]> {
    if pieces.is_empty() {
        return None;
    }
    let mut least = [u64::MAX; SKETCH];
    for piece in pieces {
        for (place, least) in least.iter_mut().enumerate() {
            // Another order of all numbers for each place.
            let rank = mix(piece.wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            *least = (*least).min(rank);
        }
    }
    // Places that differ agree in their low bits once in 65,536 times.
    Some(least.map(|rank| rank as u16))
}

/// The share of places in which two sketches agree: about that of the pieces which two groups share, 0 to 1.
pub(crate) fn likeness(one: &[u16; SKETCH], other: &[u16; SKETCH]) -> f64 {
    let agree = one.iter().zip(other).filter(|(a, b)| a == b).count();
    agree as f64 / SKETCH as f64
}

/// Places of a sketch.
pub(crate) const SKETCH: usize = 32;

#[cfg(test)]
mod tests {
    use crate::json::{Value, json};

    use super::super::tests::group_of;
    use super::*;

    fn of_functions(names: &[&str]) -> [u16; SKETCH] {
        let frames: Vec<Value> =
            names.iter().map(|name| json!({"function": name, "module": "m", "in_app": true})).collect();
        let event =
            json!({"platform": "python", "exception": {"type": "A", "stacktrace": {"frames": frames}}});
        sketch(&of(&group_of(event))).unwrap()
    }

    #[test]
    fn alike_is_what_shares_most_frames() {
        let names = ["main", "serve", "route", "checkout", "pay", "charge", "send", "write"];
        let one = of_functions(&names);
        let mut longer = names.to_vec();
        longer.push("retry");
        assert!((likeness(&one, &one) - 1.0).abs() < f64::EPSILON);
        assert!(likeness(&one, &of_functions(&longer)) > 0.6);
        assert!(likeness(&one, &of_functions(&["a", "b", "c", "d", "e", "f"])) < 0.3);
    }

    #[test]
    fn messages_are_alike_by_their_words() {
        let of_message = |text: &str| sketch(&of(&group_of(json!({"message": text})))).unwrap();
        let one = of_message("connection to the payment service was refused by the peer");
        let near = of_message("connection to the payment service was refused by the proxy");
        assert!(likeness(&one, &near) > 0.5);
        assert!(likeness(&one, &of_message("disk full")) < 0.2);
        assert!(sketch(&of(&group_of(json!({"message": "x", "fingerprint": ["a"]})))).is_none());
        assert!(sketch(&of(&group_of(json!({})))).is_none());
    }
}
