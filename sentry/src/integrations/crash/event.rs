//! From a record to an event.

use std::sync::Arc;

use watchpost_core::{
    DebugImage, DebugMeta, Event, Exception, Frame, Level, Map, Mechanism, MechanismMeta, SignalMeta,
    Stacktrace, Text, Thread, Timestamp, Value,
};

use super::image::Image;
use super::record::Record;
use super::signals::{Signal, code_name, has_address, signal};
use super::stack::{Address, unwind};
use super::{registers, stack};
use crate::integrations::{backtrace, debug_images};

/// The event that says what the process died of.
pub(super) fn of(record: &Record, images: &[Image]) -> Event {
    let now: Vec<Image> = debug_images::all().iter().filter_map(Image::read).collect();
    let addresses = unwind(record, images);
    let facts = &record.facts;
    let died_of =
        signal(facts.signal).unwrap_or(Signal { number: facts.signal, name: "signal", says: "crash" });
    let mut frames: Vec<Frame> =
        addresses.iter().flat_map(|address| frames(*address, images, &now)).collect();
    frames.reverse();
    let thread_id = Value::from(facts.thread);
    let exception = Exception {
        ty: Some(died_of.name.into()),
        value: Some(what_happened(died_of, facts.code, facts.address).into()),
        thread_id: Some(thread_id.clone()),
        mechanism: Some(mechanism(died_of, facts.code)),
        stacktrace: Some(Stacktrace {
            frames,
            registers: shown_registers(&facts.registers),
            ..Stacktrace::default()
        }),
        ..Exception::default()
    };
    let name = facts.thread_name.split(|byte| *byte == 0).next().unwrap_or_default();
    let thread = Thread {
        id: Some(thread_id),
        name: Some(String::from_utf8_lossy(name).into_owned().into()),
        crashed: Some(true),
        ..Thread::default()
    };
    let text = |key: &str| record.known.get(key).and_then(Value::as_str).map(Text::from);
    let needed =
        images.iter().filter(|image| addresses.iter().any(|address| image.range.contains(&address.value)));
    let needed: Vec<DebugImage> =
        needed.filter_map(|image| serde_json::from_value(image.shape()).ok()).collect();
    let micros = facts.seconds.saturating_mul(1_000_000).saturating_add(facts.nanoseconds / 1000);
    Event {
        event_id: record.known.get("event_id").and_then(|id| serde_json::from_value(id.clone()).ok()),
        timestamp: i64::try_from(micros).ok().map(Timestamp::from_micros),
        platform: Some(Text::from_static("native")),
        level: Some(Level::Fatal),
        release: text("release"),
        environment: text("environment"),
        dist: text("dist"),
        server_name: text("server_name"),
        threads: vec![thread],
        debug_meta: (!needed.is_empty())
            .then(|| Arc::new(DebugMeta { images: needed, ..DebugMeta::default() })),
        ..Event::exception(vec![exception])
    }
}

fn what_happened(died_of: Signal, code: i32, address: u64) -> String {
    let mut text = died_of.says.to_owned();
    if has_address(died_of.number, code) {
        text.push_str(&format!(" at {address:#x}"));
    }
    if let Some(code) = code_name(died_of.number, code) {
        text.push_str(&format!(" ({code})"));
    }
    text
}

fn mechanism(died_of: Signal, code: i32) -> Mechanism {
    let signal = SignalMeta {
        number: died_of.number.into(),
        name: Some(died_of.name.into()),
        code: Some(code.into()),
        code_name: code_name(died_of.number, code).map(Text::from),
        ..SignalMeta::default()
    };
    Mechanism {
        ty: Text::from_static("signalhandler"),
        handled: Some(false),
        synthetic: Some(true),
        meta: Some(Box::new(MechanismMeta { signal: Some(signal), ..MechanismMeta::default() })),
        ..Mechanism::default()
    }
}

fn shown_registers(values: &[u64]) -> Map {
    let pairs = registers::NAMES.iter().zip(values);
    pairs.map(|(name, value)| ((*name).to_owned(), format!("{value:#x}").into())).collect()
}

/// The frames of one address, innermost first, named if the same file is loaded in this process.
fn frames(address: stack::Address, images: &[Image], now: &[Image]) -> Vec<Frame> {
    let Address { value, is_return } = address;
    let image = images.iter().find(|image| image.range.contains(&value));
    let here = image.and_then(|image| {
        let twin = now.iter().find(|twin| image.is_same_file(twin))?;
        usize::try_from(image.translate(value, twin)?).ok()
    });
    // What is looked up is the byte before a return address; for the instruction that failed, it is that one.
    let lookup = here.map(|here| if is_return { here } else { here.saturating_add(1) });
    let mut frames = lookup.map(backtrace::frames_of).unwrap_or_default();
    if frames.is_empty() {
        frames.push(Frame::default());
    }
    for frame in &mut frames {
        frame.instruction_addr = Some(format!("{value:#x}").into());
        frame.package = image.map(|image| image.path.as_str().into());
    }
    frames
}
