//! Apple crash reports as events: what they say in their first lines.

use crate::json::{Map, json};

/// The first lines of an Apple crash report say what happened.
pub(super) fn add_apple_report(event: &mut Map, report: &[u8]) {
    let text = String::from_utf8_lossy(&report[..report.len().min(MAX_HEAD_BYTES)]);
    let line = |name: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.map(str::trim).filter(|rest| !rest.is_empty()).map(str::to_owned)
    };
    let kind = line("Exception Type").unwrap_or_else(|| "Apple crash report".to_owned());
    let value = line("Exception Codes").or_else(|| line("Termination Reason")).unwrap_or_default();
    event.entry("level").or_insert_with(|| "fatal".into());
    event.entry("platform").or_insert_with(|| "cocoa".into());
    event.entry("exception").or_insert_with(|| {
        json!({ "values": [{ "type": kind, "value": value,
            "mechanism": { "type": "applecrashreport", "handled": false, "synthetic": true } }] })
    });
}

const MAX_HEAD_BYTES: usize = 16 * 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_happened() {
        let mut apple = Map::new();
        add_apple_report(&mut apple, b"Process: Shop\nException Type:  EXC_CRASH (SIGABRT)\n");
        assert_eq!(apple["exception"]["values"][0]["type"], "EXC_CRASH (SIGABRT)");
    }
}
