//! One request: how it is made, and what its answer means.

use std::time::Duration;

use watchpost_core::{ClientReport, Item, Timestamp, UploadRequest, UploadResponse, UploadResult};

use crate::compress::Compressor;
use crate::config::Config;
use crate::outgoing::{append_items, append_report, splice_header};
use crate::rate_limit::parse_retry_after;

/// What is to become of an envelope after an attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
    /// The server has it.
    Delivered,
    /// The server does not want it; it is lost, and counted.
    Refused,
    /// The server is busy with too much of it; it is gone, and the server knows.
    Limited,
    /// Nobody answered, or a proxy in place of the server: to be tried again, at the earliest when the server says.
    Again { at_earliest: Option<Duration> },
}

/// Judges an answer.
///
/// Source: transport, published spec, with one deviation: 408, 502, 503 and 504 come from a server that is starting,
/// stopping or hidden by a proxy, and would lose what was made durable; they count as network failures.
pub(crate) fn judge(result: &UploadResult, now: Timestamp) -> Fate {
    let UploadResult::Response(UploadResponse { status, retry_after, .. }) = result else {
        return Fate::Again { at_earliest: None };
    };
    match status {
        200..=299 => Fate::Delivered,
        429 => Fate::Limited,
        408 | 502 | 503 | 504 => {
            let seconds = retry_after.as_deref().and_then(|text| parse_retry_after(text, now));
            Fate::Again { at_earliest: seconds.map(Duration::from_secs_f64) }
        }
        _ => Fate::Refused,
    }
}

/// What one request carries.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    pub(crate) envelope: &'a [u8],
    /// Those that waited apart from it.
    pub(crate) attachments: &'a [Item],
    pub(crate) report: Option<&'a ClientReport>,
}

/// Makes the request. `whole` is room for the body before it is compressed, kept between requests: allocators that give
/// memory back to the system at once would do so for each.
pub(crate) fn request(
    config: &Config,
    compressor: &mut Compressor,
    whole: &mut Vec<u8>,
    load: &Load<'_>,
    now: Timestamp,
) -> UploadRequest {
    whole.clear();
    whole.reserve(load.envelope.len() + 512);
    splice_header(load.envelope, now, config.dsn_in_header.as_deref(), whole);
    append_items(load.attachments, whole);
    if let Some(report) = load.report {
        append_report(report, whole);
    }
    let mut headers = config.headers.clone();
    let body = match compressor.compress(whole) {
        Some((encoding, packed)) => {
            headers.push(("content-encoding".to_owned(), encoding.to_owned()));
            packed
        }
        None => whole.clone(),
    };
    if whole.capacity() > KEPT_BYTES {
        *whole = Vec::new();
    }
    UploadRequest { url: config.url.clone(), headers, body }
}

/// More room than this is given back: few events are so large.
const KEPT_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn fate(status: u16, retry_after: Option<&str>) -> Fate {
        let retry_after = retry_after.map(str::to_owned);
        judge(&UploadResult::Response(UploadResponse { status, retry_after, ..Default::default() }), NOW)
    }

    #[test]
    fn statuses_by_the_published_rules_and_one_deviation() {
        for status in [200, 202, 204] {
            assert_eq!(fate(status, None), Fate::Delivered);
        }
        for status in [301, 302, 400, 401, 403, 404, 413, 500, 501, 505] {
            assert_eq!(fate(status, None), Fate::Refused, "{status}");
        }
        for status in [408, 502, 503, 504] {
            assert_eq!(fate(status, None), Fate::Again { at_earliest: None }, "{status}");
        }
        assert_eq!(fate(429, Some("3")), Fate::Limited);
        assert_eq!(fate(503, Some("7")), Fate::Again { at_earliest: Some(Duration::from_secs(7)) });
        for result in [UploadResult::Unreachable(String::new()), UploadResult::Interrupted(String::new())] {
            assert_eq!(judge(&result, NOW), Fate::Again { at_earliest: None });
        }
    }
}
