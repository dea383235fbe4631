//! Crash files as events: what a minidump or an Apple crash report says without symbols.

use minidump::system_info::Os;
use minidump::{
    Minidump, MinidumpException, MinidumpModuleList, MinidumpSystemInfo, MinidumpThreadList, Module as _,
};
use serde_json::{Map, Value, json};

/// Adds what a minidump says to the event that it came with, where that does not say it itself. A dump that cannot be
/// read is a crash all the same.
pub(super) fn add_minidump(event: &mut Map<String, Value>, dump: &[u8]) {
    let facts = facts(dump);
    let (reason, value) = match &facts {
        Some(facts) => (facts.reason.clone(), facts.value.clone()),
        None => ("Minidump".to_owned(), "The minidump could not be read".to_owned()),
    };
    event.entry("level").or_insert_with(|| "fatal".into());
    event.entry("platform").or_insert_with(|| "native".into());
    let mut exception = json!({
        "type": reason,
        "value": value,
        "mechanism": { "type": "minidump", "handled": false, "synthetic": true },
    });
    let Some(facts) = facts else {
        event.entry("exception").or_insert_with(|| json!({ "values": [exception] }));
        return;
    };
    if let Some(thread) = facts.thread {
        exception["thread_id"] = thread.into();
    }
    if let Some(address) = facts.instruction {
        exception["stacktrace"] = json!({ "frames": [{ "instruction_addr": address, "trust": "context" }] });
    }
    event.entry("exception").or_insert_with(|| json!({ "values": [exception] }));
    event.entry("debug_meta").or_insert_with(|| json!({ "images": facts.images }));
    let contexts = event.entry("contexts").or_insert_with(|| json!({}));
    if let Some(contexts) = contexts.as_object_mut() {
        contexts.entry("os").or_insert(facts.os);
        contexts.entry("device").or_insert(facts.device);
    }
    if !facts.threads.is_empty() {
        event.entry("threads").or_insert_with(|| json!({ "values": facts.threads }));
    }
}

/// The first lines of an Apple crash report say what happened.
pub(super) fn add_apple_report(event: &mut Map<String, Value>, report: &[u8]) {
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

struct Facts {
    reason: String,
    value: String,
    thread: Option<u32>,
    instruction: Option<String>,
    os: Value,
    device: Value,
    images: Vec<Value>,
    threads: Vec<Value>,
}

fn facts(dump: &[u8]) -> Option<Facts> {
    let dump = Minidump::read(dump).ok()?;
    let system = dump.get_stream::<MinidumpSystemInfo>().ok();
    let exception = dump.get_stream::<MinidumpException<'_>>().ok();
    let mut facts = Facts {
        reason: "Minidump".to_owned(),
        value: "The process was dumped without a crash".to_owned(),
        thread: None,
        instruction: None,
        os: json!({}),
        device: json!({}),
        images: Vec::new(),
        threads: Vec::new(),
    };
    if let Some(system) = &system {
        let (version, build) = system.os_parts();
        facts.os = json!({ "name": os_name(system.os), "version": version, "build": build });
        facts.device = json!({ "arch": system.cpu.to_string() });
    }
    if let (Some(exception), Some(system)) = (&exception, &system) {
        let reason = exception.get_crash_reason(system.os, system.cpu).to_string();
        facts.reason = reason.split([' ', '/']).next().unwrap_or("Minidump").to_owned();
        let address = exception.get_crash_address(system.os, system.cpu);
        facts.value = format!("Fatal error: {reason} at {address:#x}");
        facts.thread = Some(exception.get_crashing_thread_id());
        let context = exception.context(system, None);
        facts.instruction = context.map(|context| format!("{:#x}", context.get_instruction_pointer()));
    }
    if let Ok(modules) = dump.get_stream::<MinidumpModuleList>() {
        let kind = match system.as_ref().map(|system| system.os) {
            Some(Os::Windows) => "pe",
            Some(Os::MacOs | Os::Ios) => "macho",
            _ => "elf",
        };
        for module in modules.iter().take(MAX_IMAGES) {
            facts.images.push(json!({
                "type": kind,
                "code_file": module.code_file(),
                "code_id": module.code_identifier().map(|id| id.to_string()),
                "debug_file": module.debug_file(),
                "debug_id": module.debug_identifier().map(|id| id.to_string()),
                "image_addr": format!("{:#x}", module.base_address()),
                "image_size": module.size(),
            }));
        }
    }
    if let Ok(threads) = dump.get_stream::<MinidumpThreadList<'_>>() {
        let ids = threads.threads.iter().map(|thread| thread.raw.thread_id).take(MAX_THREADS);
        facts.threads = ids.map(|id| json!({ "id": id, "crashed": facts.thread == Some(id) })).collect();
    }
    Some(facts)
}

fn os_name(os: Os) -> String {
    match os {
        Os::Windows => "Windows".to_owned(),
        Os::MacOs => "macOS".to_owned(),
        Os::Ios => "iOS".to_owned(),
        Os::Linux => "Linux".to_owned(),
        Os::Android => "Android".to_owned(),
        other => other.to_string(),
    }
}

const MAX_HEAD_BYTES: usize = 16 * 1_024;
const MAX_IMAGES: usize = 1_000;
const MAX_THREADS: usize = 250;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_file_that_says_nothing_is_a_crash_all_the_same() {
        let mut event = Map::new();
        add_minidump(&mut event, b"MDMP and then nothing");
        assert_eq!(event["level"], "fatal");
        assert_eq!(event["exception"]["values"][0]["mechanism"]["handled"], false);
        let mut own = Map::new();
        own.insert("exception".to_owned(), json!("its own"));
        add_minidump(&mut own, b"");
        assert_eq!(own["exception"], "its own");
        let mut apple = Map::new();
        add_apple_report(&mut apple, b"Process: Shop\nException Type:  EXC_CRASH (SIGABRT)\n");
        assert_eq!(apple["exception"]["values"][0]["type"], "EXC_CRASH (SIGABRT)");
    }
}
