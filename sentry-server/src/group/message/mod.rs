//! Takes out of a message what varies from one event to the next.
//!
//! One pass of a hand-written scanner: at the start of each word it tries the patterns that can begin there, each of
//! which looks ahead over a bounded stretch or over what it then consumes. So the time is linear in the length, and no
//! message can make it slow.

mod cursor;
mod date;
mod id;
mod net;
mod number;
mod scan;

/// Longer messages are cut before scanning.
const MAX_BYTES: usize = 8192;

/// The first two lines of a message with ids, numbers, dates and the like replaced by their names: `<uuid>`, `<int>`.
///
/// Names, in order of precedence where several fit: `url`, `email`, `date`, `traceparent`, `uuid`, `mac`, `ip`,
/// `hostname`, `sha1`, `md5`, `swift_txn_id`, `duration`, `version`, `float`, `int`, `hex`, `git_sha`, `random_id`, and, only after
/// `=`, `quoted_str` and `bool`.
#[must_use]
pub fn normalize(message: &str) -> String {
    let mut out = String::with_capacity(message.len().min(MAX_BYTES) + 16);
    let mut end = message.len().min(MAX_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let mut lines = message[..end].lines().map(str::trim).filter(|line| !line.is_empty());
    for (index, line) in lines.by_ref().take(2).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        scan::line(line, &mut out);
    }
    if end < message.len() || lines.next().is_some() {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::cursor::LOOKED_AT;
    use super::normalize;

    fn check(cases: &[(&str, &str)]) {
        for (raw, expected) in cases {
            assert_eq!(normalize(raw), *expected, "{raw}");
        }
    }

    #[test]
    fn network_names() {
        check(&[
            ("smtp down for zoe.x+y@example.com!", "smtp down for <email>!"),
            ("GET https://api.example.com/v1/orders?id=3 failed", "GET <url> failed"),
            ("see (https://x.y/z).", "see (<url>)."),
            ("lookup db-1.prod.example.com: no such host", "lookup <hostname>: no such host"),
            ("connect 10.0.0.12:5432 refused", "connect <ip>:<int> refused"),
            ("from fe80::1ff:fe23:4567:890a%eth0", "from <ip>"),
            ("bind ::1 and 2001:db8:0:0:0:0:2:1", "bind <ip> and <ip>"),
            ("mac 00:1b:44:11:3a:b7 seen", "mac <mac> seen"),
            ("dead::beef and Cart::add and std::abs", "dead::beef and Cart::add and std::abs"),
            ("object.method is not a function", "object.method is not a function"),
            ("user.name.com.extra", "user.name.com.extra"),
        ]);
    }

    #[test]
    fn identifiers() {
        check(&[
            ("user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 gone", "user <uuid> gone"),
            ("trace 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "trace <traceparent>"),
            ("trace 1-67891233-abcdef012345678912345678", "trace <traceparent>"),
            ("commit da39a3ee5e6b4b0d3255bfef95601890afd80709", "commit <sha1>"),
            ("etag d41d8cd98f00b204e9800998ecf8427e", "etag <md5>"),
            ("at 0x7ffd1234 and 0xAB", "at <hex> and <hex>"),
            ("object ab12 vs 8f3a9c2d1", "object <hex> vs <hex>"),
            ("sha 1a2b3c4 bad", "sha <git_sha> bad"),
            ("facade decade effaced", "facade decade effaced"),
            ("txn tx274a77a8975c4a66aeb24-0052d95365", "txn <swift_txn_id>"),
            ("charge ch_3MmlLrLkdIwHu7ix0snN0B15 declined", "charge ch_<random_id> declined"),
            ("ulid 01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid <random_id>"),
            ("getUserByIdV2Handler", "getUserByIdV2Handler"),
            ("x86 utf8 base64 sha256", "x86 utf8 base64 sha256"),
        ]);
    }

    #[test]
    fn dates_and_times() {
        for date in [
            "2026-11-22T16:31:21.181548Z",
            "2026-11-22 16:31:21,123",
            "2026-11-22",
            "2026/11/22 16:31",
            "20261122T163121Z",
            "Sun, 22 Nov 2026 16:31:21 GMT",
            "22 Nov 26 16:31 UTC",
            "Sunday, 22-Nov-26 16:31:21 UTC",
            "Sun Nov 22 2026 16:31:21 GMT+0000 (Coordinated Universal Time)",
            "Sun Nov 22 16:31:21 2026",
            "Nov 22, 2026",
            "November 22, 2026",
            "16:31:21.5",
            "4:31 PM",
            "16:31",
            "22/11/2026",
            "22.11.2026 16:31:21",
            "2026-11-22T16:31:21+02:00",
            "datetime.datetime(2026, 11, 22, 16, 31, tzinfo=datetime.timezone.utc)",
        ] {
            assert_eq!(normalize(&format!("due {date}, late")), "due <date>, late", "{date}");
        }
        check(&[("May fail, Mark it, Sun shines, March on", "May fail, Mark it, Sun shines, March on")]);
    }

    #[test]
    fn numbers() {
        check(&[
            ("payment of order 1041 failed", "payment of order <int> failed"),
            ("index -3 of [1,2,3]", "index <int> of [<int>,<int>,<int>]"),
            ("ORD-3001, order_77, user123", "ORD-<int>, order_<int>, user123"),
            ("took 12ms, 1.5s, 1h30m, 250µs", "took <duration>, <duration>, <duration>, <duration>"),
            ("ratio -0.75 or 1e9 or 1.5e-7", "ratio <float> or <float> or <float>"),
            ("v 1.2.3 of node18", "v <version> of node18"),
            ("id 12345678 and 1234567", "id <hex> and <int>"),
            ("100% of 5xx, 3rd", "<int>% of 5xx, 3rd"),
            ("the len is 3 but the index is 7", "the len is <int> but the index is <int>"),
        ]);
    }

    #[test]
    fn values_after_an_equals_sign() {
        check(&[
            ("name='O Brien' ok=true x=\"a b\"", "name=<quoted_str> ok=<bool> x=<quoted_str>"),
            ("can't find 'title' true", "can't find 'title' true"),
            ("a='b", "a='b"),
            ("ok=truest", "ok=truest"),
        ]);
    }

    #[test]
    fn lines_and_length() {
        check(&[
            ("\n a 1 \n\n b 2\nc", "a <int>\nb <int>..."),
            ("", ""),
            ("価格 12 が無効です 🍕", "価格 <int> が無効です 🍕"),
        ]);
        assert!(normalize(&"価".repeat(5000)).ends_with("価..."));
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        let looked_at = |piece: &str, bytes: usize| {
            LOOKED_AT.set(0);
            std::hint::black_box(normalize(&piece.repeat(bytes / piece.len())));
            LOOKED_AT.get()
        };
        let mut sum = 0;
        for piece in [
            "a.",
            "1:",
            "a@",
            "='",
            "0x",
            "-1",
            "::",
            "1.",
            "http:",
            "ab-",
            "Jan ",
            "a_1",
            "%",
            "datetime.datetime(",
            "1h",
            "f:",
        ] {
            let (half, whole) = (looked_at(piece, MAX / 2), looked_at(piece, MAX));
            // Quadratic would be four times as much.
            assert!(whole < half * 9 / 4 + 100, "{piece:?}: {half} bytes, then {whole}");
            sum += whole;
        }
        assert!(sum > MAX, "{sum}");
    }

    const MAX: usize = super::MAX_BYTES;

    /// Run by hand, in release mode: `cargo test --release -p watchpost-server -- --ignored --nocapture message_speed`.
    #[test]
    #[ignore = "a measurement"]
    fn message_speed() {
        let messages = [
            "payment of order 1041 failed: bad amount",
            "invalid literal for int() with base 10: '12.90 €'",
            "Connection to 10.0.3.17:5432 refused after 30s (request 3f2504e0-4f89-11d3-9a0c-0305e82c3301)",
            "Cannot read properties of null (reading 'toFixed')",
            "could not bill user zoë@example.com at 2026-11-22T16:31:21.181548Z for https://shop.example.com/checkout/7?x=1",
            "called `Result::unwrap()` on an `Err` value: Inventory { sku: \"A-9\", wanted: 3, have: 1 }",
        ];
        let rounds = 100_000;
        for message in messages {
            let started = std::time::Instant::now();
            for _ in 0..rounds {
                std::hint::black_box(normalize(std::hint::black_box(message)));
            }
            println!("{:>5} ns  {}", started.elapsed().as_nanos() / rounds, normalize(message));
        }
    }
}
