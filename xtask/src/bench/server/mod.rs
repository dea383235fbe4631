//! `cargo xtask bench server`: the server beside Bugsink, on one machine, with the same events, in one run.

mod load;
mod meter;
mod ours;
mod payload;
mod peer;
mod report;
mod side;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::ours::{Ours, THINNED, WHOLE};
use self::payload::{Payloads, Size, event_id};
use self::peer::Peer;
use self::report::{Budget, head, row};
use self::side::{Batch, Side, batch, drained};
use super::table::median;
use crate::console::line;
use crate::failure::{Failure, Result};

/// How much is sent.
#[derive(Debug, Clone)]
struct Amount {
    rounds: usize,
    /// Events of a round.
    ours: usize,
    peer: usize,
    /// How long the paced load goes on.
    paced: Duration,
    /// Grow the folder to a million events, and look again.
    million: bool,
    /// A server that is built already.
    binary: Option<PathBuf>,
}

impl Amount {
    fn of(words: &[String]) -> Result<Self> {
        let mut amount = Self {
            rounds: 4,
            ours: 10_000,
            peer: 100,
            paced: Duration::from_secs(10),
            million: false,
            binary: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => {
                    amount =
                        Self { rounds: 2, ours: 3_000, peer: 40, paced: Duration::from_secs(4), ..amount };
                }
                "--full" => amount.million = true,
                "--binary" => amount.binary = Some(words.next().ok_or("--binary wants a path")?.into()),
                other => {
                    let known = "it knows --quick, --full and --binary PATH";
                    return Err(Failure::new(format!("bench server knows no {other:?}; {known}")));
                }
            }
        }
        Ok(amount)
    }
}

/// Runs it all and prints the table.
///
/// # Errors
/// When a server cannot be built or run, refuses an event or loses one: a figure with losses in it means nothing.
pub(super) fn run(words: &[String]) -> Result<()> {
    let amount = &Amount::of(words)?;
    let (mut ours, mut peer) = (Ours::create(amount.binary.as_deref())?, Peer::create()?);
    let started = (ours.start()?, peer.start()?);
    // What was only needed to start is given back within a moment.
    std::thread::sleep(Duration::from_secs(3));
    let idle = (meter::memory(&ours.leaders())?, meter::memory(&peer.leaders())?);
    let empty = (meter::disk(ours.data())?, meter::disk(peer.data())?);
    let peaks = (meter::Peak::watch(&ours.leaders()), meter::Peak::watch(&peer.leaders()));

    let mut large = Payloads::new(Size::Large, 0)?;
    let mut scenes = Vec::new();
    for (issues, family) in [(1, 0), (100, 1), (10_000, 2)] {
        scenes.push((issues, scene(amount, &mut large, issues, family, [&mut ours, &mut peer])?));
    }
    let peaks = (peaks.0.most()?, peaks.1.most()?);
    let rates = |at: usize| -> Vec<f64> { scenes[1].1[at].iter().map(|batch| batch.per_second).collect() };
    let half = (median(&rates(0)) / 2.0, median(&rates(1)) / 2.0);
    let waits =
        (paced(&mut ours, &mut large, half.0, amount)?, paced(&mut peer, &mut large, half.1, amount)?);
    let sent = large.next();
    let digested = (ours.digested()?, peer.digested()?);
    if digested.0 + digested.1 != sent {
        return Err(Failure::new(format!("{sent} events were sent, {digested:?} are digested")));
    }
    readable(&ours, &large)?;
    let lists = lists(&ours)?;
    let peer_list = (0..LISTS).map(|_| Ok(peer.list()?.as_secs_f64() * 1e3)).collect::<Result<Vec<_>>>()?;
    ours.stop();
    peer.stop();
    let full = (meter::disk(ours.data())? - empty.0, meter::disk(peer.data())? - empty.1);
    let fsync = meter::fsync(ours.data())?;
    ours.start()?;
    peer.start()?;
    let mut small = Payloads::new(Size::Small, sent)?;
    let small_scene = scene(amount, &mut small, 100, 3, [&mut ours, &mut peer])?;
    peer.stop();
    let storm = storm(amount, &mut ours, small.next())?;

    head(&format!("{} B events, gzip, thinning off", large.mean_bytes()));
    for (issues, [a, b]) in &scenes {
        rows(&format!("{issues} issues"), a, b);
    }
    row("p50 of POST at half the maximum, ms", &[waits.0.0], &[waits.1.0], Budget::None);
    row("p99 of POST at half the maximum, ms", &[waits.0.1], &[waits.1.1], Budget::AtMost(20.0));
    let per_event = |bytes: u64, events: u64| bytes as f64 / events as f64;
    row(
        "disk per event, bytes",
        &[per_event(full.0, digested.0)],
        &[per_event(full.1, digested.1)],
        Budget::Part(0.25),
    );
    let seconds = |time: Duration| vec![time.as_secs_f64()];
    row(
        "start to the first 200, empty folder, s",
        &seconds(started.0),
        &seconds(started.1),
        Budget::AtMost(0.5),
    );
    let megabytes = |bytes: u64| vec![bytes as f64 / 1e6];
    row("memory idle, MB", &megabytes(idle.0), &megabytes(idle.1), Budget::AtMost(60.0));
    row("memory under load, most, MB", &megabytes(peaks.0), &megabytes(peaks.1), Budget::AtMost(250.0));
    head(&format!("lists at {} and {} events", digested.0, digested.1));
    for (at, (title, times, cpu)) in lists.iter().enumerate() {
        let peer: &[f64] = if at == 0 { &peer_list } else { &[] };
        row(&format!("{title}, ms"), times, peer, Budget::AtMost(20.0));
        row("  of that the processor", &[*cpu], &[], Budget::None);
    }
    head(&format!("{} B events, gzip, thinning off", small.mean_bytes()));
    rows("100 issues", &small_scene[0], &small_scene[1]);
    head(&format!("{} B events of one issue, thinning on", large.mean_bytes()));
    let unthinned = cpu(&scenes[0].1[0]);
    row("CPU per event, us", &cpu(&storm), &[], Budget::AtMost(median(&unthinned)));
    row(
        "digested per second",
        &storm.iter().map(|batch| batch.per_second).collect::<Vec<_>>(),
        &[],
        Budget::None,
    );
    line(format_args!(
        "medians of {} rounds of {} and {} events, taking turns; {} and 4 connections; the sender took {:.0} us of processor\n\
         time per event of ours; 16 kB and an fsync on this disk: {:.2} ms, 99th {:.2} ms",
        amount.rounds,
        amount.ours,
        amount.peer,
        ours.connections(),
        median(&scenes[1].1[0].iter().map(|batch| batch.sender_cpu_us).collect::<Vec<_>>()),
        fsync.0,
        fsync.1,
    ));
    if amount.million {
        million(&mut ours, &mut large)?;
    }
    Ok(())
}

/// Rounds of both in turn.
fn scene(
    amount: &Amount,
    payloads: &mut Payloads,
    issues: usize,
    family: u8,
    sides: [&mut dyn Side; 2],
) -> Result<[Vec<Batch>; 2]> {
    let mut batches = [Vec::new(), Vec::new()];
    let [ours, peer] = sides;
    for _ in 0..amount.rounds {
        let requests = payloads.requests(ours.target(), amount.ours, issues, family)?;
        batches[0].push(batch(ours, &requests)?);
        let requests = payloads.requests(peer.target(), amount.peer, issues, family)?;
        batches[1].push(batch(peer, &requests)?);
    }
    line(format_args!(
        "bench: {issues} issues: {:.0} and {:.1} a second",
        median(&batches[0].iter().map(|batch| batch.per_second).collect::<Vec<_>>()),
        median(&batches[1].iter().map(|batch| batch.per_second).collect::<Vec<_>>()),
    ));
    Ok(batches)
}

/// One issue, in a project that thins out.
fn storm(amount: &Amount, ours: &mut Ours, first: u64) -> Result<Vec<Batch>> {
    let target = ours.target_of(THINNED)?;
    let mut payloads = Payloads::new(Size::Large, first)?;
    (0..amount.rounds)
        .map(|_| {
            let requests = payloads.requests(&target, amount.ours, 1, 4)?;
            batch(ours, &requests)
        })
        .collect()
}

/// The median and the 99th of the waits at a pace, in milliseconds.
fn paced(
    side: &mut dyn Side,
    payloads: &mut Payloads,
    per_second: f64,
    amount: &Amount,
) -> Result<(f64, f64)> {
    let count = (per_second * amount.paced.as_secs_f64()).ceil() as usize;
    let requests = payloads.requests(side.target(), count, 100, 1)?;
    let before = side.digested()?;
    let sent = load::paced(&side.target().address, &requests, side.connections(), per_second)?;
    drained(side, before, count)?;
    Ok((sent.at(0.5).as_secs_f64() * 1e3, sent.at(0.99).as_secs_f64() * 1e3))
}

/// Some hundred events, spread over all that were sent: those of ours have their bodies.
fn readable(ours: &Ours, payloads: &Payloads) -> Result<()> {
    let api = ours.api()?;
    let mut found = 0;
    for number in (0..payloads.next()).step_by((payloads.next() / 300).max(1) as usize) {
        let id = event_id(number);
        // Those that are missing went to the peer, and all are counted.
        let Some(event) = api.event(WHOLE, &id)? else { continue };
        let has_entries = event["entries"].as_array().is_some_and(|entries| !entries.is_empty());
        if event["bodyDropped"] != false || !has_entries {
            return Err(Failure::new(format!("event {id} has lost its body: {event}")));
        }
        found += 1;
    }
    if found < 200 {
        return Err(Failure::new(format!("of 300 events {found} can be read")));
    }
    Ok(())
}

/// What people ask for most, how long the answers took, and what each took of the server's processor, in milliseconds.
fn lists(ours: &Ours) -> Result<Vec<(&'static str, Vec<f64>, f64)>> {
    let api = ours.api()?;
    let questions = [
        ("issue list", ""),
        ("issue list, most events first", "&sort=freq"),
        ("search: is:unresolved level:error", "&query=is:unresolved%20level:error"),
        ("search: words of a title", "&query=ValueError"),
        ("search: a tag", "&query=runtime.name:CPython"),
        ("search: words that nothing has", "&query=nothinghasthis"),
    ];
    let ask = |query: &str| -> Result<f64> {
        let target = format!("/api/0/organizations/default/issues/?limit=25{query}");
        let began = Instant::now();
        api.json(&target)?;
        Ok(began.elapsed().as_secs_f64() * 1e3)
    };
    let measured = |(title, query): &(&'static str, &str)| {
        let before = meter::cpu(&ours.leaders())?;
        let times = (0..LISTS).map(|_| ask(query)).collect::<Result<Vec<_>>>()?;
        let cpu = (meter::cpu(&ours.leaders())? - before) * 1e3 / LISTS as f64;
        Ok((*title, times, cpu))
    };
    questions.iter().map(measured).collect()
}

/// Sends what is missing to a million events, and starts and asks again.
fn million(ours: &mut Ours, payloads: &mut Payloads) -> Result<()> {
    let mut events = payloads.next() as usize;
    // Ids go on where the storm's ended.
    let mut payloads = Payloads::new(Size::Large, 100_000_000)?;
    let began = Instant::now();
    while events < 1_000_000 {
        let requests = payloads.requests(ours.target(), 20_000, 10_000, 2)?;
        batch(ours, &requests)?;
        events += requests.len();
        if began.elapsed() > Duration::from_secs(60 * 60) {
            return Err(Failure::new(format!("after an hour there are {events} events")));
        }
    }
    ours.stop();
    let started = ours.start()?;
    head(&format!("at {events} events"));
    row("start to the first 200, s", &[started.as_secs_f64()], &[], Budget::AtMost(3.0));
    for (title, times, cpu) in lists(ours)? {
        row(&format!("{title}, ms"), &times, &[], Budget::AtMost(100.0));
        row("  of that the processor", &[cpu], &[], Budget::None);
    }
    Ok(())
}

fn rows(title: &str, ours: &[Batch], peer: &[Batch]) {
    let rate = |batches: &[Batch]| batches.iter().map(|batch| batch.per_second).collect::<Vec<_>>();
    row(&format!("{title}: digested per second"), &rate(ours), &rate(peer), Budget::Times(100.0));
    row(&format!("{title}: CPU per event, us"), &cpu(ours), &cpu(peer), Budget::Part(0.01));
}

fn cpu(batches: &[Batch]) -> Vec<f64> {
    batches.iter().map(|batch| batch.cpu_us).collect()
}

const LISTS: usize = 50;
