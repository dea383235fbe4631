//! Bodies that are read beside the application.

use std::sync::{Arc, OnceLock};

use crate::client::Client;
use crate::pipeline::MAX_EVENT_BYTES;

/// What is known of a body once it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// All of it.
    Whole(Vec<u8>),
    /// It is larger than the options allow. Its length in bytes, if it said so beforehand.
    TooLarge(Option<u64>),
}

/// Where a body is found, once all of it was read. A clone is the same place.
#[derive(Debug, Clone, Default)]
pub struct BodyPlace(Arc<OnceLock<RequestBody>>);

impl BodyPlace {
    /// The body; `None` while it is not complete, and for one that nobody reads to its end.
    pub fn get(&self) -> Option<&RequestBody> {
        self.0.get()
    }
}

impl From<RequestBody> for BodyPlace {
    fn from(body: RequestBody) -> Self {
        let place = Self::default();
        let _ = place.0.set(body);
        place
    }
}

/// Copies a body while the application reads it, and never more than the options allow. It asks for nothing and waits
/// for nothing: what the application leaves unread stays unread.
#[derive(Debug)]
pub struct BodyTee {
    place: BodyPlace,
    bytes: Vec<u8>,
    max: usize,
    declared: Option<u64>,
    open: bool,
}

impl BodyTee {
    /// Begins with a request that the application answers; `header` looks one up by its name in lower case.
    ///
    /// No place if the body is not collected: nobody asked for it, it is neither JSON nor a form, or it is packed. No
    /// reader if the request says by itself that its body is too large.
    pub fn begin<'h>(
        client: &Client,
        header: impl Fn(&str) -> Option<&'h str>,
    ) -> (Option<BodyPlace>, Option<Self>) {
        let options = client.options();
        let max = options.max_request_body_size().bytes().min(MAX_EVENT_BYTES);
        if max == 0 || !options.data_collection().http_bodies.incoming_request {
            return (None, None);
        }
        let is_plain =
            header("content-encoding").is_none_or(|coding| coding.trim().eq_ignore_ascii_case("identity"));
        let declared = header("content-length").and_then(|length| length.trim().parse().ok());
        if !is_plain || declared == Some(0) || Media::of(header("content-type")).is_none() {
            return (None, None);
        }
        if declared.is_some_and(|length| length > max as u64) {
            return (Some(RequestBody::TooLarge(declared).into()), None);
        }
        let place = BodyPlace::default();
        let tee = Self { place: place.clone(), bytes: Vec::new(), max, declared, open: true };
        (Some(place), Some(tee))
    }

    /// The application has read this much more.
    pub fn push(&mut self, part: &[u8]) {
        if !self.open {
            return;
        }
        if part.len() > self.max - self.bytes.len() {
            self.close(RequestBody::TooLarge(self.declared));
            self.bytes = Vec::new();
            return;
        }
        self.bytes.extend_from_slice(part);
        if self.declared == Some(self.bytes.len() as u64) {
            self.finish();
        }
    }

    /// The application has read it to its end.
    pub fn finish(&mut self) {
        if self.open {
            let bytes = std::mem::take(&mut self.bytes);
            self.close(RequestBody::Whole(bytes));
        }
    }

    /// Something of it could not be copied, so that the body is left out.
    pub fn give_up(&mut self) {
        self.open = false;
        self.bytes = Vec::new();
    }

    fn close(&mut self, body: RequestBody) {
        self.open = false;
        let _ = self.place.0.set(body);
    }
}

/// The kinds of bodies that are collected. In anything else secrets could not be told from the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Form,
}

impl Media {
    /// By the value of `Content-Type`.
    pub(super) fn of(content_type: Option<&str>) -> Option<Self> {
        let media = content_type?.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "application/json" => Some(Self::Json),
            other => other.ends_with("+json").then_some(Self::Json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientOptions, MaxRequestBodySize};

    const JSON: (&str, &str) = ("content-type", "application/json");

    fn begin(
        options: ClientOptions,
        headers: &[(&'static str, &'static str)],
    ) -> (Option<BodyPlace>, Option<BodyTee>) {
        let client = Client::builder(options).build();
        BodyTee::begin(&client, |name| headers.iter().find(|(own, _)| *own == name).map(|(_, value)| *value))
    }

    fn all() -> ClientOptions {
        ClientOptions::new().with_send_default_pii(true)
    }

    fn small() -> ClientOptions {
        all().with_max_request_body_size(MaxRequestBodySize::Small)
    }

    #[test]
    fn only_what_was_asked_for_and_can_be_masked() {
        for (options, headers) in [
            (ClientOptions::new(), &[JSON][..]),
            (all().with_max_request_body_size(MaxRequestBodySize::None), &[JSON][..]),
            (all(), &[]),
            (all(), &[("content-type", "application/octet-stream")]),
            (all(), &[("content-type", "multipart/form-data; boundary=x")]),
            (all(), &[JSON, ("content-encoding", "gzip")]),
            (all(), &[JSON, ("content-length", "0")]),
        ] {
            let (place, tee) = begin(options, headers);
            assert!(place.is_none() && tee.is_none(), "{headers:?}");
        }
        for kind in [
            "application/json; charset=utf-8",
            "Application/Problem+JSON",
            "application/x-www-form-urlencoded",
        ] {
            let (place, tee) = begin(all(), &[("content-type", kind), ("content-encoding", "identity")]);
            assert!(place.is_some() && tee.is_some(), "{kind}");
        }
    }

    #[test]
    fn a_body_is_there_once_it_is_complete() {
        let (place, tee) = begin(all(), &[JSON]);
        let (place, mut tee) = (place.unwrap(), tee.unwrap());
        tee.push(b"{\"a\":");
        tee.push(b"1}");
        assert_eq!(place.get(), None, "it may go on");
        tee.finish();
        assert_eq!(place.get(), Some(&RequestBody::Whole(b"{\"a\":1}".to_vec())));

        let (place, tee) = begin(all(), &[JSON, ("content-length", "2")]);
        let mut tee = tee.unwrap();
        tee.push(b"{}");
        assert_eq!(place.unwrap().get(), Some(&RequestBody::Whole(b"{}".to_vec())), "it said how long it is");

        let (place, tee) = begin(all(), &[JSON]);
        let mut tee = tee.unwrap();
        tee.push(b"1");
        tee.give_up();
        tee.push(b"2");
        tee.finish();
        assert_eq!(place.unwrap().get(), None);
    }

    #[test]
    fn no_more_is_kept_than_may_be_sent() {
        let (place, tee) = begin(small(), &[JSON, ("content-length", "1001")]);
        assert!(tee.is_none(), "it is not even begun");
        assert_eq!(place.unwrap().get(), Some(&RequestBody::TooLarge(Some(1001))));

        let (place, tee) = begin(small(), &[JSON]);
        let mut tee = tee.unwrap();
        tee.push(&[b'1'; 1000]);
        tee.push(b"");
        let place = place.unwrap();
        assert_eq!(place.get(), None, "just as large as it may be");
        tee.push(b"1");
        assert_eq!(place.get(), Some(&RequestBody::TooLarge(None)));
        assert_eq!(tee.bytes.capacity(), 0);
        tee.push(&[b'1'; 5000]);
        tee.finish();
        assert_eq!((place.get(), tee.bytes.capacity()), (Some(&RequestBody::TooLarge(None)), 0));
    }

    #[test]
    fn a_length_that_was_a_lie_changes_nothing() {
        let (place, tee) = begin(small(), &[JSON, ("content-length", "1")]);
        let mut tee = tee.unwrap();
        tee.push(&[b'1'; 2000]);
        assert_eq!(place.unwrap().get(), Some(&RequestBody::TooLarge(Some(1))));
    }
}
