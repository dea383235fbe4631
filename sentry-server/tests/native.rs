//! Addresses of real programs, and the debug files of their build.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Cursor, Read as _};

use serde_json::{Value, json};
use support::program::{Program, SOURCE, line};
use support::upload::{debug_file, doctor};
use support::{Server, event_envelope};
use symbolic::debuginfo::Object;
use symbolic::debuginfo::sourcebundle::SourceBundleWriter;

async fn send(server: &Server, id: u128, event: &Value) {
    server.envelope(event_envelope(id, event)).await.ok();
    server.settle().await;
}

async fn stored(server: &Server, id: u128) -> Value {
    server.get(&format!("/api/0/projects/default/shop/events/{id:032x}/")).await.ok()
}

fn frames(event: &Value) -> Vec<Value> {
    event["entries"][0]["data"]["values"][0]["stacktrace"]["frames"].as_array().unwrap().clone()
}

fn calls(frames: &[Value]) -> Vec<(&str, Option<usize>)> {
    let of = |frame: &Value, name: &str| frame[name].as_u64().map(|line| line as usize);
    frames.iter().map(|frame| (frame["function"].as_str().unwrap_or("?"), of(frame, "lineNo"))).collect()
}

fn expected() -> [(&'static str, Option<usize>); 6] {
    [
        ("main", Some(line("began here"))),
        ("checkout", Some(line("checked out here"))),
        ("pay", Some(line("paid here"))),
        ("charge", Some(line("charged here"))),
        ("store", Some(line("noted here"))),
        ("note", None),
    ]
}

/// The calls from `main` on; of the innermost only the name is known for sure.
fn shop(frames: &[Value]) -> Vec<(&str, Option<usize>)> {
    let calls = calls(frames);
    let main =
        calls.iter().position(|(function, _)| *function == "main").unwrap_or_else(|| panic!("{calls:?}"));
    let mut own = calls[main..].to_vec();
    own.last_mut().unwrap().1 = None;
    own
}

#[tokio::test]
async fn a_stripped_program_is_read_by_what_strip_took() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    let (_, taken) = program.stripped();
    let known = debug_file(&server, "shop.debug", &taken).await;
    assert_eq!(known["debugId"], program.image(&program.run(&["trace"]))["debug_id"]);
    for id in 1..=2 {
        // Every run is loaded somewhere else.
        send(&server, id, &program.event(&program.run(&["trace"]))).await;
    }
    let event = stored(&server, 1).await;
    let all = frames(&event);
    assert_eq!(shop(&all), expected());
    let (pay, store) = (&all[all.len() - 4], &all[all.len() - 2]);
    assert_eq!((pay["filename"].as_str(), pay["package"].as_str()), (Some("shop.c"), Some("/srv/shop/shop")));
    assert!(pay["absPath"].as_str().unwrap().ends_with("tests/programs/shop.c"), "{pay}");
    assert_eq!((&pay["symbolicatorStatus"], &pay["inApp"]), (&json!("symbolicated"), &json!(true)));
    assert_eq!((&store["data"]["inlined"], &pay["data"]["inlined"]), (&json!(true), &Value::Null));
    assert_eq!(pay["instructionAddr"], store["instructionAddr"]);
    assert!(pay["symbolAddr"].is_string() && pay["imageAddr"].is_string(), "{pay}");
    // Frames before `main` are in the program, too, but not the application's.
    assert_eq!(all.iter().find(|frame| frame["function"] == "_start").unwrap()["inApp"], false);
    let raw = event["entries"][0]["data"]["values"][0]["rawStacktrace"]["frames"].as_array().unwrap();
    assert!(raw.len() < all.len() && raw.iter().all(|frame| frame["function"].is_null()));
    let images =
        &event["entries"].as_array().unwrap().iter().find(|entry| entry["type"] == "debugmeta").unwrap();
    assert_eq!(images["data"]["images"][0]["debug_status"], "found");
    let verdicts = doctor(&server, &format!("{:032x}", 1)).await;
    assert_eq!(verdicts.last().unwrap()["resolvedWith"], "debug-file");
    assert!(verdicts.last().unwrap()["location"].as_str().unwrap().starts_with("shop + 0x"));
    // Both are one issue, by names and not by addresses.
    let issues = server.get("/api/0/organizations/default/issues/").await.ok();
    assert_eq!((issues.as_array().unwrap().len(), issues[0]["count"].as_str()), (1, Some("2")), "{issues}");
    assert!(issues[0]["culprit"].as_str().unwrap().contains("note"), "{issues}");
}

#[tokio::test]
async fn the_doctor_says_what_is_missing_and_an_event_is_resolved_afterwards() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    let (stripped, taken) = program.stripped();
    let mut event = program.event(&program.run(&["trace"]));
    let last = event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap().len() - 1;
    send(&server, 1, &event).await;
    let id = format!("{:032x}", 1);
    let verdict = async || doctor(&server, &id).await[last].clone();
    let reason = async || verdict().await["reason"].as_str().map(str::to_owned);
    assert_eq!(reason().await.as_deref(), Some("debug_file_not_uploaded"));
    assert!(verdict().await["message"].as_str().unwrap().contains("debug-files upload"));
    assert_eq!(stored(&server, 1).await["errors"][0]["reason"], "debug_file_not_uploaded");
    // Somebody uploads the files of another build.
    let other = Program::compile(dir.path(), "other", &["-g", "-DOTHER", "-O1"]);
    debug_file(&server, "shop.debug", &other.stripped().1).await;
    assert_eq!(reason().await.as_deref(), Some("debug_file_of_another_build"));
    let other_id = other.image(&other.run(&["trace"]))["debug_id"].as_str().unwrap().to_owned();
    assert!(verdict().await["message"].as_str().unwrap().contains(&other_id));
    // The right build, but with nothing in it: even what is exported is gone.
    let bare = dir.path().join("bare");
    let empty = ["-R", ".dynsym", "-R", ".gnu.hash"];
    std::fs::write(&bare, &stripped).unwrap();
    let mut objcopy = std::process::Command::new("objcopy");
    support::program::run(objcopy.args(empty).arg(&bare));
    let bare = std::fs::read(bare).unwrap();
    let features = debug_file(&server, "shop", &bare).await["data"]["features"].clone();
    if !features.as_array().unwrap().contains(&json!("symtab")) {
        assert_eq!(reason().await.as_deref(), Some("debug_file_without_symbols"), "{features}");
    }
    // The right debug file, damaged on its way: named, and nothing else happens.
    let mut damaged = taken.clone();
    damage(&mut damaged);
    debug_file(&server, "damaged.debug", &damaged).await;
    let told = verdict().await;
    assert_eq!(told["reason"], "debug_file_cannot_be_read", "{told}");
    assert!(told["message"].as_str().unwrap().contains("damaged.debug"), "{told}");
    assert_eq!(frames(&stored(&server, 1).await)[last]["function"], Value::Null);
    // At last.
    debug_file(&server, "shop.debug", &taken).await;
    assert_eq!(verdict().await["resolved"], true);
    let reprocess = format!("/api/0/projects/default/shop/events/{id}/reprocess/");
    for _ in 0..2 {
        server.post_json(&reprocess, Value::Null).await.ok();
        assert_eq!(shop(&frames(&stored(&server, 1).await)), expected());
    }
    assert_eq!(stored(&server, 1).await["errors"], json!([]));
    // An address of nothing, and one beside every function.
    let (base, _) = program.run(&["trace"]).image;
    event["debug_meta"]["images"][0]["image_addr"] = format!("{base:#x}").into();
    event["exception"]["values"][0]["stacktrace"]["frames"] =
        json!([{ "instruction_addr": "0x10" }, { "instruction_addr": format!("{:#x}", base + 1) }]);
    send(&server, 2, &event).await;
    let verdicts = doctor(&server, &format!("{:032x}", 2)).await;
    assert_eq!(verdicts[0]["reason"], "address_in_no_image");
    assert_eq!(verdicts[1]["reason"], "address_not_in_debug_file");
    assert_eq!(verdicts[1]["mayChange"], false);
}

/// Overwrites the lengths with which the debug information begins.
fn damage(file: &mut [u8]) {
    let section = |name: &str| {
        let object = symbolic::debuginfo::elf::ElfObject::parse(file).unwrap();
        use symbolic::debuginfo::dwarf::Dwarf as _;
        let data = object.raw_section(name).unwrap();
        (data.offset as usize, data.data.len())
    };
    let (at, bytes) = section("debug_info");
    for byte in &mut file[at + 12..at + bytes.min(400)] {
        *byte = 0xEE;
    }
}

#[tokio::test]
async fn all_events_of_an_issue_are_resolved_again() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    for id in 1..=3 {
        send(&server, id, &program.event(&program.run(&["trace"]))).await;
    }
    debug_file(&server, "shop.debug", &program.stripped().1).await;
    doctor(&server, &format!("{:032x}", 1)).await;
    let at = "/api/0/organizations/default/issues/1/reprocessing/";
    assert_eq!(server.post_json(at, json!({ "maxEvents": 0 })).await.status, 400);
    let done = server.post_json(at, json!({ "maxEvents": 2 })).await.ok();
    assert_eq!(done, json!({ "events": 2, "changed": 2, "hasMore": true }));
    let done = server.post_json(at, json!({})).await.ok();
    assert_eq!(done, json!({ "events": 3, "changed": 1, "hasMore": false }));
    for id in 1..=3 {
        assert_eq!(shop(&frames(&stored(&server, id).await)), expected());
    }
}

#[tokio::test]
async fn without_debug_information_there_are_names_and_the_doctor_says_how_to_get_lines() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &[]);
    debug_file(&server, "shop", &program.bytes()).await;
    let run = program.run(&["trace"]);
    let mut event = program.event(&run);
    // Relative to their image, in the spelling of those who do not know where it was loaded.
    for frame in event["exception"]["values"][0]["stacktrace"]["frames"].as_array_mut().unwrap() {
        let at = u64::from_str_radix(&frame["instruction_addr"].as_str().unwrap()[2..], 16).unwrap();
        if at >= run.image.0 && at < run.image.0 + run.image.1 {
            frame["instruction_addr"] = format!("{:#x}", at - run.image.0).into();
            frame["addr_mode"] = "rel:0".into();
        }
    }
    event["debug_meta"]["images"][0]["image_addr"] = Value::Null;
    // By the build id alone.
    event["debug_meta"]["images"][0]["debug_id"] = Value::Null;
    send(&server, 1, &event).await;
    let all = frames(&stored(&server, 1).await);
    let names: Vec<&str> = calls(&all).into_iter().map(|(name, _)| name).collect();
    assert!(names.ends_with(&["checkout", "pay", "note"]), "{names:?}");
    let verdict = doctor(&server, &format!("{:032x}", 1)).await.pop().unwrap();
    assert_eq!((&verdict["resolved"], &verdict["resolvedWith"]), (&json!(true), &json!("symbol-table")));
    assert_eq!((&verdict["reason"], &verdict["mayChange"]), (&json!("no_line_information"), &json!(true)));
}

#[tokio::test]
async fn source_lines_come_from_a_bundle() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    let bytes = program.bytes();
    let mut bundle = Cursor::new(Vec::new());
    let object = Object::parse(&bytes).unwrap();
    let writer = SourceBundleWriter::start(&mut bundle).unwrap();
    let written =
        writer.write_object_with_filter(&object, "shop", |file, _| file.abs_path_str().ends_with("shop.c"));
    assert!(written.unwrap());
    debug_file(&server, "shop", &bytes).await;
    debug_file(&server, "shop.src.zip", &bundle.into_inner()).await;
    send(&server, 1, &program.event(&program.run(&["trace"]))).await;
    let all = frames(&stored(&server, 1).await);
    assert_eq!(shop(&all), expected());
    let charge = &all[all.len() - 3];
    let at = line("charged here");
    let wanted: Vec<Value> =
        SOURCE.lines().enumerate().skip(at - 6).take(11).map(|(n, text)| json!([n + 1, text])).collect();
    assert_eq!(charge["context"], json!(wanted));
}

#[tokio::test]
async fn what_a_client_named_itself_stays() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let program = Program::compile(dir.path(), "shop", &["-g"]);
    debug_file(&server, "shop", &program.bytes()).await;
    let mut event = program.event(&program.run(&["trace"]));
    event["platform"] = "rust".into();
    let frames_of = &mut event["exception"]["values"][0]["stacktrace"]["frames"];
    let mut pay = frames_of[frames_of.as_array().unwrap().len() - 2].clone();
    pay["function"] = "shop::pay".into();
    // With its line, it is whole, and the next one is what was inlined in it.
    pay["lineno"] = 7.into();
    let mut inner = pay.clone();
    inner["function"] = "shop::store".into();
    // A name alone may be a guess at an exported neighbour.
    let mut guess = pay.clone();
    guess["lineno"] = Value::Null;
    *frames_of = json!([guess, pay, inner]);
    send(&server, 1, &event).await;
    let all = frames(&stored(&server, 1).await);
    let names: Vec<&str> = calls(&all).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["pay", "charge", "store", "shop::pay", "shop::store"]);
    let verdicts = doctor(&server, &format!("{:032x}", 1)).await;
    assert_eq!([0, 1].map(|n| verdicts[n]["resolvedWith"].clone()), ["debug-file", "client"]);
}

fn fixture(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// `pay` in `shop.rs`, with what was inlined in it, as it was called from `mainCRTStartup`.
fn is_rust_shop(all: &[Value], outermost: &str) {
    let source = include_str!("debug-files/shop.rs");
    let line = |text: &str| source.lines().position(|line| line.trim() == text).map(|at| at + 1);
    assert_eq!(
        calls(all),
        [
            (outermost, line("pay(8 as *mut u32, 3);")),
            ("shop::pay", line("charge(place, amount);")),
            ("shop::charge", line("write(place, amount);")),
            ("shop::write", line("unsafe { *place = amount }")),
        ]
    );
    assert_eq!(all[1]["filename"], "shop.rs", "{}", all[1]);
}

fn rust_event(image: Value, addresses: [u64; 2]) -> Value {
    let frames = addresses.map(|at| json!({ "instruction_addr": format!("{at:#x}") }));
    json!({ "platform": "native", "debug_meta": { "images": [image] },
        "exception": { "values": [{ "type": "Crash", "value": "no", "stacktrace": { "frames": frames } }] } })
}

#[tokio::test]
async fn a_program_of_windows_is_read_by_its_pdb() {
    let server = Server::start();
    let program = fixture(include_bytes!("debug-files/shop.exe.gz"));
    let known = debug_file(&server, "shop.pdb", &fixture(include_bytes!("debug-files/shop.pdb.gz"))).await;
    let object = Object::parse(&program).unwrap();
    assert_eq!(known["debugId"], object.debug_id().to_string(), "the program names its PDB");
    let base = 0x7ff6_1234_0000_u64;
    let image = json!({ "type": "pe", "code_file": "C:\\shop\\shop.exe", "debug_file": "C:\\b\\shop.pdb",
        "debug_id": object.debug_id().breakpad().to_string(), "image_addr": base, "image_size": 16384 });
    // Behind the call in `mainCRTStartup`; the store in `pay`.
    send(&server, 1, &rust_event(image, [base + 0x1019, base + 0x1000])).await;
    is_rust_shop(&frames(&stored(&server, 1).await), "shop::mainCRTStartup");
}

#[tokio::test]
async fn a_program_of_macos_is_read_by_its_dwarf_file() {
    let server = Server::start();
    let dwarf = fixture(include_bytes!("debug-files/shop.dwarf.gz"));
    // In an archive, as clients send what they do not cut into pieces.
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("shop", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut writer, &dwarf).unwrap();
    let archive = writer.finish().unwrap().into_inner();
    let at = "/api/0/projects/default/shop/files/dsyms/";
    support::upload::send_part(&server, at, "file", "shop.zip", &archive).await.ok();
    let base = 0x1_0400_0000_u64;
    let id = Object::parse(&dwarf).unwrap().debug_id().to_string().to_uppercase();
    let image = json!({ "type": "macho", "code_file": "/Applications/Shop.app/shop", "debug_id": id,
        "image_addr": format!("{base:#x}"), "image_size": 32768 });
    // Behind the branch in `mainCRTStartup`; the store in `pay`.
    let mut event = rust_event(image, [base + 0x2bc, base + 0x2a8]);
    event["platform"] = "cocoa".into();
    send(&server, 1, &event).await;
    is_rust_shop(&frames(&stored(&server, 1).await), "mainCRTStartup");
}

#[tokio::test]
async fn a_breakpad_file_is_read_too() {
    let server = Server::start();
    let id = "DFB8E43AF22423D73A453AEB6A777EF70";
    let file = format!(
        "MODULE Linux x86_64 {id} shop\nFILE 0 /build/shop.cc\nFILE 1 /build/store.h\n\
         INLINE_ORIGIN 0 Store::put(int)\nFUNC 1000 40 0 _ZN4Shop3payEi\nINLINE 0 12 0 0 1010 10\n\
         1000 10 11 0\n1010 10 77 1\n1020 20 13 0\nPUBLIC 2000 0 exported\n"
    );
    debug_file(&server, "shop.sym", file.as_bytes()).await;
    let image = json!({ "type": "elf", "code_file": "shop", "debug_id": id, "image_addr": "0x400000", "image_size": 65536 });
    send(&server, 1, &rust_event(image, [0x0040_2008, 0x0040_1014])).await;
    let all = frames(&stored(&server, 1).await);
    assert_eq!(calls(&all), [("exported", None), ("Shop::pay", Some(12)), ("Store::put", Some(77))]);
    assert_eq!(
        (&all[1]["rawFunction"], &all[1]["symbol"]),
        (&json!("Shop::pay(int)"), &json!("_ZN4Shop3payEi"))
    );
    assert_eq!(
        (&all[2]["absPath"], &all[1]["absPath"]),
        (&json!("/build/store.h"), &json!("/build/shop.cc"))
    );
}
