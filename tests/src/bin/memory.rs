//! `memory DSN STORAGE_DIR COUNT`: captures COUNT events with breadcrumbs that differ, and prints how many kB of it
//! are resident after each tenth, with nothing left to deliver.
#![expect(clippy::print_stdout, reason = "the test that runs it reads the figures")]

use std::error::Error;
use std::time::Duration;

use watchpost::{Breadcrumb, ClientOptions, Event, Exception};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [dsn, storage, count] = words.as_slice() else { return Err("memory DSN STORAGE_DIR COUNT".into()) };
    let count: u32 = count.parse()?;
    let options = ClientOptions::new().with_dsn(dsn)?.with_storage_dir(Some(storage.into()));
    let _guard = watchpost::init(options)?;
    // As many as are kept, so that every event is of one size.
    (0..100).for_each(remember);
    for tenth in 0..10 {
        for number in 0..count / 10 {
            let number = tenth * (count / 10) + number;
            remember(number);
            watchpost::set_tag("order", number.to_string());
            let exception = Exception {
                ty: Some("OrderError".into()),
                value: Some(format!("order {number} has no address").into()),
                ..Exception::default()
            };
            let captured = watchpost::capture_event(Event::exception(vec![exception]));
            captured.ok_or("a capture was refused")?;
            // As fast as it is delivered: a full spool would evict, and eviction is not what is measured.
            if number % 2000 == 1999 && !watchpost::flush(Duration::from_secs(120)) {
                return Err("not everything was delivered within 120 s".into());
            }
        }
        if !watchpost::flush(Duration::from_secs(120)) {
            return Err("not everything was delivered within 120 s".into());
        }
        println!("{}", resident_kilobytes()?);
    }
    Ok(())
}

fn remember(number: u32) {
    let text = format!("query {number} took its time: select * from orders where id = {number}");
    watchpost::add_breadcrumb(Breadcrumb { message: Some(text.into()), ..Breadcrumb::default() });
}

fn resident_kilobytes() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
