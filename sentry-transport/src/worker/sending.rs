//! One request after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use watchpost_core::{
    Category, ClientReport, DiscardReason, Timestamp, TransportOptions, UploadRequest, UploadResult, Uploader,
};

use super::Worker;
use crate::complete::complete;
use crate::config::Diagnostic;
use crate::delivery::{Fate, Load, judge, request};
use crate::limits::is_limited;
use crate::loss::{count_envelope, count_item};
use crate::outgoing::{is_sendable, trim};
use crate::queue::{Cursors, Mark};

impl Worker {
    /// Sends the next envelope that limits let through, with a mark only one from before it; false when there is none.
    pub(super) fn send_next(&mut self, mark: Option<&Mark>) -> bool {
        let (config, process) = (self.config.clone(), self.process.clone());
        let limits = process.limits.current(&*config.clock);
        self.refresh_cursors(limits.as_ref());
        let sendable =
            |envelope: &[u8]| limits.as_ref().is_none_or(|(limits, now)| is_sendable(envelope, limits, *now));
        let Some(pending) = process.queue().next(&config, &mut self.cursors, mark, sendable) else {
            return false;
        };
        let (place, manner) = (pending.place, pending.manner);
        if manner.at_most_once {
            process.queue().remove(&config, place);
        }
        let envelope = &self.in_hand.insert(pending).envelope;
        let mut trimmed = limits.as_ref().and_then(|(limits, now)| trim(envelope, limits, *now));
        let mut attachments = process.attachments.of(envelope);
        if let Some((limits, now)) = &limits
            && attachments.as_ref().is_some_and(|(_, items)| {
                items.iter().any(|item| is_limited(limits, &item.header.item_type, *now))
            })
            && let Some((_, items)) = attachments.take()
        {
            trimmed.get_or_insert_with(|| (envelope.clone(), Vec::new())).1.extend(items);
        }
        let now = config.clock.now();
        let report = config.send_reports.then(|| config.reports.take(now)).flatten();
        let stored = trimmed.as_ref().map_or(&envelope[..], |(bytes, _)| bytes);
        let completed = complete(config.options.resolver.as_deref(), stored);
        let load = Load {
            envelope: completed.as_deref().unwrap_or(stored),
            attachments: attachments.as_ref().map_or(&[], |(_, items)| items),
            report: report.as_ref(),
        };
        let request = request(&config, &mut self.compressor, &mut self.whole, &load, now);
        if report.is_some() {
            self.last_reports = now;
        }
        let (fate, certainly_not_taken) = self.upload(request, report);
        let whole = self.in_hand.take().map(|pending| pending.envelope).unwrap_or_default();
        if matches!(fate, Fate::Again { .. }) {
            if let Some(attachments) = attachments {
                process.attachments.restore(attachments, &config.reports);
            }
            if manner.at_most_once && certainly_not_taken {
                process.queue().push(&config, manner.priority, &[&whole], !process.is_stopping());
            } else if manner.at_most_once {
                count_envelope(&config.reports, DiscardReason::NetworkError, &whole);
            }
            return true;
        }
        self.lingers |= !manner.priority.is_urgent();
        if !manner.at_most_once && process.queue().remove_soon(&config, place) {
            let since = self.acks_owed_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= super::LINGER {
                self.write_acks();
            }
        }
        let (sent, left_out) = trimmed.unwrap_or((whole, Vec::new()));
        if fate == Fate::Refused {
            count_envelope(&config.reports, DiscardReason::SendError, &sent);
            for item in attachments.iter().flat_map(|(_, items)| items) {
                count_item(&config.reports, DiscardReason::SendError, &item.header, &item.payload);
            }
        }
        for item in left_out {
            count_item(&config.reports, DiscardReason::RatelimitBackoff, &item.header, &item.payload);
        }
        true
    }

    /// Notes on disk what was delivered and is not noted yet.
    pub(super) fn write_acks(&mut self) {
        if self.acks_owed_since.take().is_some() {
            self.process.queue().write_acks(&self.config);
        }
    }

    /// Sends pending client reports alone, when their time has come or somebody flushes.
    pub(super) fn send_reports(&mut self, flushing: bool) {
        let config = self.config.clone();
        let now = config.clock.now();
        let due = flushing || now.since(self.last_reports) >= super::REPORTS;
        let limited = self.process.limits.current(&*config.clock);
        let limited =
            limited.is_some_and(|(limits, now)| limits.limited_until(Category::Internal, now).is_some());
        if !due || limited || !config.send_reports {
            return;
        }
        self.last_reports = now;
        let Some(report) = config.reports.take(now) else { return };
        let load = Load { envelope: config.own_header.as_bytes(), attachments: &[], report: Some(&report) };
        let request = request(&config, &mut self.compressor, &mut self.whole, &load, now);
        self.upload(request, Some(report));
    }

    /// Makes an attempt and draws the conclusions that hold for all envelopes. Says also whether the server certainly
    /// did not take what has to be sent again.
    fn upload(&mut self, request: UploadRequest, report: Option<ClientReport>) -> (Fate, bool) {
        self.process.gate.set_under_way(true);
        let result = self.attempt(request);
        self.process.gate.set_under_way(false);
        let now = self.config.clock.now();
        let fate = judge(&result, now);
        if let UploadResult::Response(response) = &result {
            if self.process.limits.update(response, now) {
                self.cursors = Cursors::default();
            }
            if fate == Fate::Refused {
                let why = response.error.as_deref().unwrap_or("no reason given");
                self.config
                    .diagnostic
                    .say(|| format!("the server refused an envelope: {} ({why})", response.status));
            }
        }
        let certainly_not_taken = match &result {
            // A gateway that gave up waiting does not know; the others say that nobody was there.
            UploadResult::Response(response) => match fate {
                Fate::Again { .. } => response.status != 504,
                fate => fate == Fate::Limited,
            },
            UploadResult::Unreachable(_) => true,
            UploadResult::Interrupted(_) => false,
        };
        // A report is sent at most once, or it would count twice. A refused one is not sent again either, as it may
        // be what was refused.
        if let Some(report) = report.filter(|_| certainly_not_taken) {
            self.config.reports.restore(report);
        }
        self.conclude(&result, fate, now);
        (fate, certainly_not_taken)
    }

    fn attempt(&mut self, request: UploadRequest) -> UploadResult {
        let uploader = match &self.uploader {
            Some(uploader) => uploader.clone(),
            None => match new_uploader(&self.config.url, &self.config.options, &self.config.diagnostic) {
                Ok(uploader) => self.uploader.insert(uploader).clone(),
                Err(error) => return UploadResult::Unreachable(error),
            },
        };
        catch_unwind(AssertUnwindSafe(|| uploader.upload(request))).unwrap_or_else(|_| {
            self.uploader = None;
            UploadResult::Interrupted("the uploader panicked".to_owned())
        })
    }

    fn conclude(&mut self, result: &UploadResult, fate: Fate, now: Timestamp) {
        let Fate::Again { at_earliest } = fate else { return self.pauses.got_through(now) };
        if self.pauses.failed(at_earliest, now, &*self.config.rng) {
            self.config.diagnostic.say(|| match result {
                UploadResult::Unreachable(why) => format!("the server cannot be reached: {why}"),
                UploadResult::Interrupted(why) => format!("a request was interrupted: {why}"),
                UploadResult::Response(response) => format!("the server is not ready: {}", response.status),
            });
        }
    }
}

/// Who makes the requests to this address.
pub(crate) fn new_uploader(
    url: &str,
    options: &TransportOptions,
    diagnostic: &Diagnostic,
) -> Result<Arc<dyn Uploader>, String> {
    if let Some(uploader) = &options.uploader {
        return Ok(uploader.clone());
    }
    #[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
    return Ok(Arc::new(crate::http::HttpUploader::new(url, options, diagnostic)?));
    #[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
    {
        let _ = (url, diagnostic);
        Err("no uploader: enable `rustls-aws-lc` or `rustls-ring`, or bring one".to_owned())
    }
}
