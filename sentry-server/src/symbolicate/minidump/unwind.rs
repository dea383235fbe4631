//! From the registers and the stack of a thread to its calls, with what debug files say about unwinding.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use minidump::{MinidumpContext, MinidumpModuleList, Module, UnifiedMemory};
use minidump_unwind::{
    CallStack, FileError, FileKind, FillSymbolError, FrameSymbolizer, FrameWalker, StackFrame, SymbolFile,
    SymbolProvider, SystemInfo, walk_stack,
};
use symbolic::symcache::SymCache;

use crate::store::ProjectId;
use crate::symbolicate::Symbolicator;
use crate::symbolicate::native::{Image, Kind, Table, Unwinding};

/// Unwinds the threads of one dump, within a bound of time.
pub(super) struct Unwinder<'a> {
    symbols: Option<(&'a Symbolicator, ProjectId)>,
    modules: &'a MinidumpModuleList,
    system: SystemInfo,
    /// By the address of the module.
    known: Mutex<HashMap<u64, Arc<Known>>>,
    until: Instant,
}

/// What uploaded files say about a module.
#[derive(Debug, Default)]
struct Known {
    names: Option<Table>,
    unwinding: Option<Table>,
}

impl<'a> Unwinder<'a> {
    /// `symbols` is where debug files are; without them frames are found by frame pointers, and by looking for addresses
    /// of code on the stack.
    pub(super) fn new(
        symbols: Option<(&'a Symbolicator, ProjectId)>,
        modules: &'a MinidumpModuleList,
        system: SystemInfo,
    ) -> Self {
        Self { symbols, modules, system, known: Mutex::default(), until: Instant::now() + PATIENCE }
    }

    /// Whether there is time for another thread.
    pub(super) fn has_time(&self) -> bool {
        Instant::now() < self.until
    }

    /// The frames of a thread, the innermost first; at most `most`.
    pub(super) fn walk(
        &self,
        context: MinidumpContext,
        memory: Option<UnifiedMemory<'_, '_>>,
        most: usize,
    ) -> Vec<StackFrame> {
        let mut stack = CallStack::with_context(context);
        // The walker asks nobody whether it may go on. A panic that no hook hears of is the only way to end it, and one
        // of its own ends it as well: what was found so far stays.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let watch = |number: usize, _: &StackFrame| {
                if number + 1 >= most || !self.has_time() {
                    resume_unwind(Box::new(()));
                }
            };
            let walk = walk_stack(0, watch, &mut stack, memory, self.modules, &self.system, self);
            // Nothing in it waits for anything: it is done when it was polled once.
            let _ = pin!(walk).poll(&mut Context::from_waker(Waker::noop()));
        }));
        stack.frames.truncate(most);
        stack.frames
    }

    fn known(&self, module: &(dyn Module + Sync)) -> Arc<Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let base = module.base_address();
        let entry = known.entry(base);
        Arc::clone(entry.or_insert_with(|| Arc::new(self.look(module))))
    }

    fn look(&self, module: &(dyn Module + Sync)) -> Known {
        let Some((symbolicator, project)) = self.symbols.filter(|_| self.has_time()) else {
            return Known::default();
        };
        let image = Image::of_module(module);
        let table = |kind| match symbolicator.native_table(project, &image, kind) {
            Ok(found) => found.ok(),
            Err(error) => {
                crate::log::error(format_args!("symbolication: {error}"));
                None
            }
        };
        Known { names: table(Kind::Names), unwinding: table(Kind::Unwinding) }
    }
}

#[async_trait]
impl SymbolProvider for Unwinder<'_> {
    async fn fill_symbol(
        &self,
        module: &(dyn Module + Sync),
        frame: &mut (dyn FrameSymbolizer + Send),
    ) -> Result<(), FillSymbolError> {
        let known = self.known(module);
        let unknown = || FillSymbolError {};
        let names = known.names.as_ref().ok_or_else(unknown)?;
        let cache = SymCache::parse(&names.bytes).map_err(|_| unknown())?;
        let address = frame.get_instruction().wrapping_sub(module.base_address());
        // The last one is the function that was called, the others are inlined in it.
        if let Some(location) = cache.lookup(address).last() {
            let function = location.function();
            let base = module.base_address().wrapping_add(u64::from(function.entry_pc()));
            let arguments = rules(&known, address).and_then(|rules| {
                let frame_data = rules.win_stack_framedata_info.get(address).map(|info| info.parameter_size);
                frame_data.or_else(|| rules.win_stack_fpo_info.get(address).map(|info| info.parameter_size))
            });
            frame.set_function(function.name(), base, arguments.unwrap_or_default());
        }
        Ok(())
    }

    async fn walk_frame(
        &self,
        module: &(dyn Module + Sync),
        walker: &mut (dyn FrameWalker + Send),
    ) -> Option<()> {
        let known = self.known(module);
        let address = walker.get_instruction().checked_sub(module.base_address())?;
        rules(&known, address)?.walk_frame(module, walker)
    }

    async fn get_file_path(&self, _: &(dyn Module + Sync), _: FileKind) -> Result<PathBuf, FileError> {
        Err(FileError::NotFound)
    }
}

/// The rules that cover an address of a module.
fn rules(known: &Known, address: u64) -> Option<SymbolFile> {
    let table = known.unwinding.as_ref()?;
    let lines = Unwinding::read(&table.bytes)?.lines(address);
    if lines.is_empty() { None } else { SymbolFile::from_bytes(&lines).ok() }
}

/// For all threads of a dump together.
const PATIENCE: Duration = Duration::from_secs(30);
