//! What is kept of a request, should an event ask for it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use watchpost_core::{BodyPlace, IncomingRequest, Map, Text};

use super::Head;

/// So many requests may wait for the next one to take their room over, on each thread.
const MAX_SPARE: usize = 16;
/// What has grown beyond this, in bytes, is not kept for the next.
const MAX_SPARE_BYTES: usize = 16 * 1024;

thread_local! {
    static SPARE: RefCell<VecDeque<Arc<Kept>>> = const { RefCell::new(VecDeque::new()) };
}

/// A copy of a request's head. The request itself goes to its handler, so that nothing can be looked up later.
///
/// It lies in one buffer, which a later request of the thread uses again: a request in which nothing is captured
/// copies some hundred bytes, and allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    /// Where each piece ends: method, scheme, authority, target, then names and values of headers in turn.
    ends: Vec<usize>,
    remote_addr: Option<IpAddr>,
}

/// How many pieces come before the headers.
const FIRST: usize = 4;

impl Kept {
    pub(super) fn copy<'a>(head: &Head<'a>, headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Arc<Self> {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().pop_front()).ok().flatten();
        let mut kept = spare.unwrap_or_default();
        // The last request of this room may still be under way.
        if Arc::get_mut(&mut kept).is_none() {
            kept = Arc::default();
        }
        if let Some(kept) = Arc::get_mut(&mut kept) {
            kept.fill(head, headers);
        }
        kept
    }

    /// The request is over: once nobody looks at it any more, the next takes its room.
    pub(super) fn give_back(self: Arc<Self>) {
        if self.bytes.capacity() <= MAX_SPARE_BYTES {
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < MAX_SPARE {
                    spare.push_back(self);
                }
            });
        }
    }

    fn fill<'a>(&mut self, head: &Head<'a>, headers: impl Iterator<Item = (&'a str, &'a [u8])>) {
        self.bytes.clear();
        self.ends.clear();
        self.remote_addr = head.remote_addr;
        for piece in
            [head.method, head.scheme.unwrap_or_default(), head.authority.unwrap_or_default(), head.target]
        {
            self.push(piece.as_bytes());
        }
        for (name, value) in headers {
            self.push(name.as_bytes());
            self.push(value);
        }
    }

    fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
        self.ends.push(self.bytes.len());
    }

    fn piece(&self, place: usize) -> &[u8] {
        let start =
            place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(place).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The headers whose values are text, in order; names are in lower case.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let places = (FIRST..self.ends.len()).step_by(2);
        places.filter_map(|place| {
            Some((str::from_utf8(self.piece(place)).ok()?, str::from_utf8(self.piece(place + 1)).ok()?))
        })
    }

    /// What the core is told about it.
    pub(super) fn describe(&self, body: Option<BodyPlace>) -> IncomingRequest {
        let text = |place| String::from_utf8_lossy(self.piece(place)).into_owned();
        let headers = (FIRST..self.ends.len()).step_by(2);
        IncomingRequest {
            method: text(0).into(),
            url: format!("{}://{}{}", self.scheme(), self.host(), text(3)).into(),
            headers: headers.map(|place| (Text::from(text(place)), Text::from(text(place + 1)))).collect(),
            remote_addr: self.remote_addr.map(|address| address.to_string().into()),
            body,
            body_type: None,
            env: Map::new(),
        }
    }

    /// As the client sees it: what a proxy says comes first.
    fn scheme(&self) -> &str {
        let own = || str::from_utf8(self.piece(1)).ok().filter(|own| !own.is_empty());
        self.forwarded("proto", "x-forwarded-proto").or_else(own).unwrap_or("http")
    }

    fn host(&self) -> &str {
        let own = || str::from_utf8(self.piece(2)).ok().filter(|own| !own.is_empty());
        let host = self.forwarded("host", "x-forwarded-host").or_else(own).or_else(|| self.header("host"));
        host.unwrap_or("localhost")
    }

    /// What the first proxy says: in `Forwarded` (RFC 7239), or in a header of its own.
    fn forwarded(&self, key: &str, header: &str) -> Option<&str> {
        let pairs = self.header("forwarded").and_then(|list| list.split(',').next()).into_iter();
        let mut pairs =
            pairs.flat_map(|first| first.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let found =
            pairs.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.trim_matches('"'));
        let found = found.or_else(|| self.header(header)?.split(',').next().map(str::trim));
        found.filter(|text| !text.is_empty())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(headers: &[(&'static str, &'static str)]) -> IncomingRequest {
        let head = Head {
            method: "GET",
            path: "/orders/7",
            target: "/orders/7?full=1",
            scheme: None,
            authority: None,
            remote_addr: Some(IpAddr::from([10, 0, 0, 1])),
            route: None,
            origin: "auto.http.test",
        };
        let kept = Kept::copy(&head, headers.iter().map(|(name, value)| (*name, value.as_bytes())));
        let described = kept.describe(None);
        kept.give_back();
        described
    }

    #[test]
    fn the_address_is_the_one_that_the_client_asked_for() {
        for (headers, url) in [
            (&[][..], "http://localhost/orders/7?full=1"),
            (&[("host", "shop.example")], "http://shop.example/orders/7?full=1"),
            (
                &[
                    ("host", "10.0.0.1"),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-host", "shop.example, b"),
                ],
                "https://shop.example/orders/7?full=1",
            ),
            (
                &[("forwarded", "for=192.0.2.60;Proto=https; host=\"shop.example\", for=b"), ("host", "a")],
                "https://shop.example/orders/7?full=1",
            ),
        ] {
            assert_eq!(described(headers).url, url);
        }
    }

    #[test]
    fn room_is_used_again_but_not_what_is_looked_at() {
        let one = described(&[("a", "1"), ("b", "two")]);
        assert_eq!(one.headers, [("a".into(), "1".into()), ("b".into(), Text::from("two"))]);
        assert_eq!(one.remote_addr.as_deref(), Some("10.0.0.1"));
        let two = described(&[("c", "")]);
        assert_eq!(two.headers, [("c".into(), Text::from(""))], "nothing is left of the one before");
        assert_eq!(one.headers.len(), 2);
    }
}
