//! What a crash leaves behind, as files that clients send.

use super::program::{Program, Run};

/// A minidump of a crashed run of a program: the thread that crashed and one that did not, on the same stack.
pub fn minidump(program: &Program, run: &Run, stack: &[u8]) -> Vec<u8> {
    let mut dump = Dump { bytes: vec![0; 32 + 5 * 12], streams: Vec::new() };
    let context = dump.add(&context(run));
    let memory = dump.add(stack);
    let stack_range = [register(run, "rsp").to_le_bytes().to_vec(), memory.to_vec()].concat();
    let name = dump.add(&text("/srv/shop/shop"));
    let build_id = program.build_id();
    let build_id = dump.add(&[&0x4270_454C_u32.to_le_bytes()[..], &build_id].concat());

    // Processor, its level and revision, number of processors, product; version, build, platform: Linux.
    let mut system = 9_u16.to_le_bytes().to_vec();
    system.extend([0, 0, 0, 0, 8, 1]);
    system.extend(words(&[6, 1, 0, 0x8201, 0]));
    system.resize(56, 0);
    dump.stream(7, &system);
    let mut threads = words(&[2]);
    for id in [78, 77] {
        threads.extend(words(&[id, 0, 0, 0, 0, 0]));
        threads.extend(&stack_range);
        threads.extend(&context);
    }
    dump.stream(3, &threads);
    dump.stream(5, &[words(&[1]), stack_range].concat());
    let mut modules = words(&[1]);
    modules.extend(run.image.0.to_le_bytes());
    modules.extend(words(&[run.image.1 as u32, 0, 0]));
    modules.extend(&name[4..]);
    modules.extend([0; 52]);
    modules.extend(&build_id);
    modules.extend([0; 24]);
    dump.stream(4, &modules);
    let [signal, code, address] = run.signal;
    let mut exception = words(&[77, 0, signal as u32, code as u32, 0, 0]);
    exception.extend(address.to_le_bytes());
    exception.resize(8 + 152, 0);
    exception.extend(&context);
    dump.stream(6, &exception);
    dump.finish()
}

fn register(run: &Run, name: &str) -> u64 {
    run.registers.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// CONTEXT of x86-64: control and integer registers.
fn context(run: &Run) -> Vec<u8> {
    let mut context = vec![0; 1232];
    context[48..52].copy_from_slice(&0x0010_0003_u32.to_le_bytes());
    let names = [
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15", "rip",
    ];
    for (number, name) in names.iter().enumerate() {
        let at = 120 + 8 * number;
        context[at..at + 8].copy_from_slice(&register(run, name).to_le_bytes());
    }
    context
}

struct Dump {
    bytes: Vec<u8>,
    streams: Vec<u8>,
}

impl Dump {
    /// Size and place, as references have them.
    fn add(&mut self, piece: &[u8]) -> [u8; 8] {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let reference = words(&[piece.len() as u32, self.bytes.len() as u32]);
        self.bytes.extend(piece);
        std::array::from_fn(|at| reference[at])
    }

    fn stream(&mut self, kind: u32, piece: &[u8]) {
        let place = self.add(piece);
        self.streams.extend(words(&[kind]));
        self.streams.extend(place);
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes[..4].copy_from_slice(b"MDMP");
        self.bytes[4..32].copy_from_slice(&words(&[0xA793, 5, 32, 0, 0, 0, 0]));
        self.bytes[32..32 + 60].copy_from_slice(&self.streams);
        self.bytes
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn text(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [words(&[units.len() as u32]), units, vec![0, 0]].concat()
}

/// Unreal's container of files, before it is compressed.
pub fn unreal(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut plain = b"CR1".to_vec();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(&260_u32.to_le_bytes());
        let mut fixed = text.as_bytes().to_vec();
        fixed.resize(260, 0);
        out.extend_from_slice(&fixed);
    };
    text(&mut plain, "UE4CC-Windows");
    text(&mut plain, "UE4CC-Windows.ue4crash");
    plain.extend_from_slice(&0_u32.to_le_bytes());
    plain.extend_from_slice(&(files.len() as u32).to_le_bytes());
    for (index, (name, bytes)) in files.iter().enumerate() {
        plain.extend_from_slice(&(index as u32).to_le_bytes());
        text(&mut plain, name);
        plain.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        plain.extend_from_slice(bytes);
    }
    plain
}
