//! What the client asks for crashes, and tells when to record them.

use watchpost_core::{Attachment, ClientOptions, Crash, CrashRecorder, Hint};
use watchpost_transport::storage_folders;

use super::record::Record;
use super::{event, file, handler, minidump, record};

/// Records in a file beside the spool.
#[derive(Debug)]
pub(super) struct Recorder;

impl CrashRecorder for Recorder {
    fn take(&self, options: &ClientOptions, process: Option<&str>, report: &mut dyn FnMut(Crash)) {
        for folder in storage_folders(options) {
            file::take_left_behind(&folder, |bytes| {
                let Some(recorded) = Record::parse(bytes) else { return process.is_none() };
                if process.is_some_and(|process| process != recorded.process()) {
                    return false;
                }
                let process = recorded.process().to_owned();
                let images = recorded.images();
                let mut hint = Hint::default();
                // Memory cannot be masked, so it is sent only where personal data may be.
                if options.send_default_pii() {
                    hint = hint.with_attachment(attachment(&minidump::of(&recorded, &images)));
                }
                report(Crash { process, event: event::of(&recorded, &images), hint });
                true
            });
        }
    }

    fn watch(&self, options: &ClientOptions) {
        let prelude = record::prelude(options);
        match storage_folders(options).iter().find_map(|folder| file::create(folder, &prelude).ok()) {
            Some(file) => handler::watch(file),
            None => {
                options.diagnostics().say(|| "crashes are not recorded: no folder to write to".to_owned());
            }
        }
    }

    fn unwatch(&self) {
        handler::unwatch();
    }
}

fn attachment(dump: &[u8]) -> Attachment {
    let attachment = Attachment::from_bytes("crash.dmp", dump);
    attachment.with_attachment_type("event.minidump").with_content_type("application/x-dmp")
}
