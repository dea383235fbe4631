//! What a minidump says, in the shapes of the protocol.

use minidump::system_info::{Cpu, Os};
use minidump::{
    CrashReason, Minidump, MinidumpBreakpadInfo, MinidumpContext, MinidumpException, MinidumpMiscInfo,
    MinidumpModuleList, MinidumpSystemInfo, MinidumpThread, MinidumpThreadList, MinidumpThreadNames,
    Module as _, UnifiedMemoryList,
};
use minidump_unwind::{StackFrame, SystemInfo};

use super::names;
use super::unwind::Unwinder;
use crate::json::{Map, Value, json};
use crate::store::ProjectId;
use crate::symbolicate::Symbolicator;

/// A dump in the shapes of an event.
#[derive(Debug)]
pub(super) struct Report {
    /// In a word, like `SIGSEGV`.
    pub(super) reason: String,
    pub(super) value: String,
    /// The thread that crashed.
    pub(super) thread: Option<u32>,
    /// Its stack trace.
    pub(super) trace: Option<Value>,
    pub(super) mechanism_meta: Option<Value>,
    pub(super) os: Value,
    pub(super) device: Value,
    pub(super) images: Vec<Value>,
    /// All threads; the one that crashed without a trace, which the exception has.
    pub(super) threads: Vec<Value>,
}

impl Report {
    /// `None` for what is no minidump.
    pub(super) fn read(bytes: &[u8], symbols: Option<(&Symbolicator, ProjectId)>) -> Option<Self> {
        let dump = Minidump::read(bytes).ok()?;
        let system = dump.get_stream::<MinidumpSystemInfo>().ok();
        let exception = dump.get_stream::<MinidumpException<'_>>().ok();
        let modules = names::of_modules(&dump, bytes).then(|| dump.get_stream::<MinidumpModuleList>().ok());
        let modules = modules.flatten().unwrap_or_default();
        let names = names::of_threads(&dump, bytes).then(|| dump.get_stream::<MinidumpThreadNames>().ok());
        let names = names.flatten().unwrap_or_default();
        let mut report = Self {
            reason: "Minidump".to_owned(),
            value: "The process was dumped without a crash".to_owned(),
            thread: None,
            trace: None,
            mechanism_meta: None,
            os: json!({}),
            device: json!({}),
            images: images(&modules, system.as_ref()),
            threads: Vec::new(),
        };
        if let Some(system) = &system {
            let (version, build) = system.os_parts();
            report.os = json!({ "name": os_name(system.os), "version": version, "build": build });
            report.device = json!({ "arch": arch(system.cpu) });
        }
        if let (Some(exception), Some(system)) = (&exception, &system) {
            report.crash(exception, system);
        }
        if let Some(system) = &system {
            report.unwind(&dump, system, exception.as_ref(), (&modules, &names), symbols);
        }
        Some(report)
    }

    fn crash(&mut self, exception: &MinidumpException<'_>, system: &MinidumpSystemInfo) {
        let reason = exception.get_crash_reason(system.os, system.cpu);
        let address = exception.get_crash_address(system.os, system.cpu);
        let words = reason.to_string();
        self.reason = words.split([' ', '/']).next().unwrap_or("Minidump").to_owned();
        self.value = format!("Fatal error: {words} at {address:#x}");
        self.thread = Some(exception.get_crashing_thread_id());
        let record = &exception.raw.exception_record;
        // POSIX systems write the signal where Windows has its code.
        self.mechanism_meta = matches!(
            reason,
            CrashReason::LinuxGeneral(..)
                | CrashReason::LinuxSigill(_)
                | CrashReason::LinuxSigtrap(_)
                | CrashReason::LinuxSigfpe(_)
                | CrashReason::LinuxSigsegv(_)
                | CrashReason::LinuxSigbus(_)
                | CrashReason::LinuxSigsys(_)
        )
        .then(|| json!({ "signal": { "number": record.exception_code, "code": record.exception_flags, "name": self.reason } }));
    }

    fn unwind(
        &mut self,
        dump: &Minidump<'_, &[u8]>,
        system: &MinidumpSystemInfo,
        exception: Option<&MinidumpException<'_>>,
        (modules, names): (&MinidumpModuleList, &MinidumpThreadNames),
        symbols: Option<(&Symbolicator, ProjectId)>,
    ) {
        let misc = dump.get_stream::<MinidumpMiscInfo>().ok();
        let notes = dump.get_stream::<MinidumpBreakpadInfo>().ok();
        let memory = dump.get_memory().unwrap_or_default();
        let threads =
            dump.get_stream::<MinidumpThreadList<'_>>().map(|list| list.threads).unwrap_or_default();
        let unwinder = Unwinder::new(symbols, modules, system_of(system));
        // A dump that was asked for has no exception, but says who asked.
        let blamed = self.thread.or(notes.as_ref().and_then(|notes| notes.requesting_thread_id));
        let crash = || exception.and_then(|exception| exception.context(system, misc.as_ref()));
        let mut crashed_has_thread = false;
        let mut room = MAX_OTHER_FRAMES;
        let order = |thread: &&MinidumpThread<'_>| Some(thread.raw.thread_id) != blamed;
        let mut sorted: Vec<&MinidumpThread<'_>> = threads.iter().take(MAX_THREADS).collect();
        // The blamed one first, while there is time.
        sorted.sort_by_key(order);
        for thread in sorted {
            let id = thread.raw.thread_id;
            let is_blamed = Some(id) == blamed;
            let mut shape =
                json!({ "id": id, "crashed": is_blamed && self.thread.is_some(), "current": is_blamed });
            if let Some(name) = names.get_name(id) {
                shape["name"] = short(&name).into();
            }
            // The thread that wrote the dump tells nothing but that.
            let is_writer = notes.as_ref().is_some_and(|notes| notes.dump_thread_id == Some(id));
            let own = || thread.context(system, misc.as_ref()).map(|context| context.into_owned());
            let context =
                if is_blamed { crash().map(|context| context.into_owned()).or_else(own) } else { own() };
            if let Some(context) =
                context.filter(|_| is_blamed || (!is_writer && room > 0 && unwinder.has_time()))
            {
                let most = if is_blamed { MAX_FRAMES } else { MAX_FRAMES_OF_OTHERS.min(room) };
                let frames = walk(&unwinder, thread, context, &memory, most);
                if is_blamed {
                    self.trace = Some(frames);
                } else {
                    room = room.saturating_sub(frames["frames"].as_array().map_or(0, Vec::len));
                    shape["stacktrace"] = frames;
                }
            }
            crashed_has_thread |= is_blamed;
            self.threads.push(shape);
        }
        // Without its thread, the crash still has its registers.
        if !crashed_has_thread && let Some(context) = crash() {
            self.trace = Some(trace(&unwinder.walk(context.into_owned(), None, 1)));
        }
    }
}

fn walk(
    unwinder: &Unwinder<'_>,
    thread: &MinidumpThread<'_>,
    context: MinidumpContext,
    memory: &UnifiedMemoryList<'_>,
    most: usize,
) -> Value {
    let pointer = context.get_stack_pointer();
    let holds = |range: std::ops::RangeInclusive<u64>| range.contains(&pointer);
    let own = thread.stack_memory(memory);
    // What a thread calls its stack need not be where it was.
    let stack = match own {
        Some(own) if own.memory_range().is_some_and(|range| holds(range.start..=range.end)) => Some(own),
        own => memory.memory_at_address(pointer).or(own),
    };
    trace(&unwinder.walk(context, stack, most))
}

/// Frames, the innermost first, as a trace of the protocol.
fn trace(frames: &[StackFrame]) -> Value {
    let shapes = frames.iter().rev().map(|frame| {
        let mut shape = json!({
            "instruction_addr": format!("{:#x}", frame.resume_address),
            "trust": frame.trust.as_str(),
        });
        if let Some(module) = frame.module.as_ref().filter(|module| module.name.len() <= MAX_PACKAGE_BYTES) {
            shape["package"] = module.name.as_str().into();
        }
        shape
    });
    let mut trace = json!({ "frames": shapes.collect::<Vec<_>>() });
    if let Some(innermost) = frames.first() {
        let registers: Map = innermost
            .context
            .valid_registers()
            .map(|(name, value)| (name.to_owned(), format!("{value:#x}").into()))
            .collect();
        trace["registers"] = registers.into();
    }
    trace
}

fn images(modules: &MinidumpModuleList, system: Option<&MinidumpSystemInfo>) -> Vec<Value> {
    let kind = match system.map(|system| system.os) {
        Some(Os::Windows) => "pe",
        Some(Os::MacOs | Os::Ios) => "macho",
        _ => "elf",
    };
    let image = |module: &minidump::MinidumpModule| {
        json!({
            "type": kind,
            "code_file": short(&module.code_file()),
            "code_id": module.code_identifier().map(|id| short(id.as_str()).to_owned()),
            "debug_file": module.debug_file().map(|file| short(&file).to_owned()),
            "debug_id": module.debug_identifier().map(|id| id.to_string()),
            "image_addr": format!("{:#x}", module.base_address()),
            "image_size": module.size(),
        })
    };
    modules.iter().take(MAX_IMAGES).map(image).collect()
}

/// Paths end with what tells them apart.
fn short(text: &str) -> &str {
    text.char_indices().rev().nth(MAX_NAME_CHARS - 1).map_or(text, |(at, _)| &text[at..])
}

fn system_of(system: &MinidumpSystemInfo) -> SystemInfo {
    let (version, build) = system.os_parts();
    SystemInfo {
        os: system.os,
        os_version: Some(version),
        os_build: build,
        cpu: system.cpu,
        cpu_info: None,
        cpu_microcode_version: None,
        cpu_count: system.raw.number_of_processors.into(),
    }
}

/// As clients of the protocol call processors.
fn arch(cpu: Cpu) -> String {
    match cpu {
        Cpu::X86_64 => "x86_64".to_owned(),
        other => other.to_string(),
    }
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

const MAX_IMAGES: usize = 1_000;
const MAX_THREADS: usize = 250;
/// As many as `normalize` keeps of a stack.
const MAX_FRAMES: usize = 250;
const MAX_FRAMES_OF_OTHERS: usize = 100;
const MAX_OTHER_FRAMES: usize = 2_000;
const MAX_PACKAGE_BYTES: usize = 256;
const MAX_NAME_CHARS: usize = 400;
