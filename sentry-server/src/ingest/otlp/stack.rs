//! Stack traces that come as the text which a language prints: Python, JavaScript (V8) and Java, with their causes.

use serde_json::{Map, Value, json};

/// One exception of a chain.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Thrown {
    /// Type and text as the trace says them; of the one that was caught last, the attributes say it better.
    pub(super) kind: String,
    pub(super) value: String,
    /// In the protocol's order: the innermost call last.
    pub(super) frames: Vec<Value>,
}

/// The exceptions of a trace, the cause first and at least one; without frames where the text is none of the known kinds.
pub(super) fn parse(text: &str, platform: &str) -> Vec<Thrown> {
    let mut chain = match platform {
        "python" => python(text),
        "node" | "javascript" => vec![v8(text)],
        "java" => java(text),
        _ => Vec::new(),
    };
    chain.truncate(MAX_CHAIN);
    if chain.is_empty() {
        chain.push(Thrown::default());
    }
    chain
}

/// Sections, each with its frames and then `Type: text`; the cause comes first.
fn python(text: &str) -> Vec<Thrown> {
    let links = [
        "\nThe above exception was the direct cause of the following exception:\n",
        "\nDuring handling of the above exception, another exception occurred:\n",
    ];
    let mut sections = vec![text];
    for link in links {
        sections = sections.into_iter().flat_map(|section| section.split(link)).collect();
    }
    sections.into_iter().map(python_section).collect()
}

fn python_section(text: &str) -> Thrown {
    let mut thrown = Thrown::default();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(mut frame) = python_frame(line) {
            let source = lines.next_if(|next| next.starts_with("    ") && python_frame(next).is_none());
            if let Some(source) = source {
                frame.insert("context_line".to_owned(), source.trim().into());
            }
            push(&mut thrown, frame);
        } else if thrown.kind.is_empty()
            && !line.is_empty()
            && !line.starts_with(' ')
            && !line.starts_with("Traceback ")
        {
            // Texts of several lines go on behind it.
            (thrown.kind, thrown.value) = named(line);
        }
    }
    thrown
}

/// `  File "shop.py", line 3, in pay`
fn python_frame(line: &str) -> Option<Map<String, Value>> {
    let (path, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let (number, function) = rest.split_once(", in ").unwrap_or((rest, "<module>"));
    Some(frame(path, function, number.trim().parse().ok(), None))
}

/// `    at pay (/app/shop.js:3:9)`, the innermost call first.
fn v8(text: &str) -> Thrown {
    let mut thrown = Thrown::default();
    let mut lines = text.lines();
    if let Some(first) = lines.next() {
        (thrown.kind, thrown.value) = named(first);
    }
    for line in lines {
        let Some(call) = line.trim_start().strip_prefix("at ") else { continue };
        let (function, place) = match call.strip_suffix(')').and_then(|call| call.split_once(" (")) {
            Some((function, place)) => (function, place),
            None => ("", call),
        };
        let function = function.strip_prefix("async ").unwrap_or(function);
        let place = place.strip_prefix("async ").unwrap_or(place);
        let mut parts = place.rsplitn(3, ':');
        let (column, line, path) = (parts.next(), parts.next(), parts.next());
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
        let frame = match (path, number(line), number(column)) {
            (Some(path), Some(line), Some(column)) => {
                frame(path.trim_start_matches("file://"), function, Some(line), Some(column))
            }
            _ => frame(place, function, None, None),
        };
        push(&mut thrown, frame);
    }
    thrown.frames.reverse();
    thrown
}

/// `\tat dev.shop.Checkout.pay(Checkout.java:42)`; what caused it comes after `Caused by:`.
fn java(text: &str) -> Vec<Thrown> {
    let mut chain: Vec<Thrown> = Vec::new();
    for line in text.lines() {
        let Some(call) = line.trim_start().strip_prefix("at ").and_then(|call| call.strip_suffix(')')) else {
            if let Some(head) = line.strip_prefix("Caused by: ").or_else(|| chain.is_empty().then_some(line))
            {
                let (kind, value) = named(head);
                chain.push(Thrown { kind, value, frames: Vec::new() });
            }
            continue;
        };
        let (Some(thrown), Some((method, place))) = (chain.last_mut(), call.split_once('(')) else {
            continue;
        };
        // Modules stand before a slash: `java.base/java.lang.Thread.run`.
        let method = method.rsplit_once('/').map_or(method, |(_, method)| method);
        let (class, function) = method.rsplit_once('.').unwrap_or(("", method));
        let (file, number) = place.rsplit_once(':').unwrap_or((place, ""));
        let mut frame = frame(file, function, number.parse().ok(), None);
        frame.remove("abs_path");
        frame.insert("module".to_owned(), class.into());
        push(thrown, frame);
    }
    for thrown in &mut chain {
        thrown.frames.reverse();
    }
    chain.reverse();
    chain
}

/// `Type: text`, as the first or last line of a trace says it.
fn named(line: &str) -> (String, String) {
    let (kind, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
    (kind.trim().to_owned(), value.trim().to_owned())
}

fn frame(path: &str, function: &str, line: Option<u64>, column: Option<u64>) -> Map<String, Value> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let mut frame = Map::new();
    frame.insert("filename".to_owned(), name.into());
    frame.insert("abs_path".to_owned(), path.into());
    if !function.is_empty() {
        frame.insert("function".to_owned(), function.into());
    }
    for (key, number) in [("lineno", line), ("colno", column)] {
        if let Some(number) = number {
            frame.insert(key.to_owned(), json!(number));
        }
    }
    frame
}

fn push(thrown: &mut Thrown, frame: Map<String, Value>) {
    if thrown.frames.len() < MAX_FRAMES {
        thrown.frames.push(Value::Object(frame));
    }
}

const MAX_CHAIN: usize = 50;
const MAX_FRAMES: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn places(thrown: &Thrown) -> Vec<(&str, u64)> {
        let place = |frame: &Value| frame["lineno"].as_u64().unwrap_or_default();
        thrown.frames.iter().map(|frame| (frame["function"].as_str().unwrap_or("?"), place(frame))).collect()
    }

    #[test]
    fn python_with_a_cause() {
        let text = "Traceback (most recent call last):\n  File \"/app/shop.py\", line 7, in charge\n    \
                    return int(amount)\n           ^^^^^^^^^^^\nValueError: invalid literal: '12,90'\n\n\
                    The above exception was the direct cause of the following exception:\n\n\
                    Traceback (most recent call last):\n  File \"/app/shop.py\", line 12, in <module>\n    \
                    charge(7)\n  File \"/app/shop.py\", line 9, in charge\n    raise ChargeError() from error\n\
                    shop.ChargeError: cart 7\n";
        let chain = parse(text, "python");
        assert_eq!(
            (chain[0].kind.as_str(), chain[0].value.as_str()),
            ("ValueError", "invalid literal: '12,90'")
        );
        assert_eq!(places(&chain[0]), [("charge", 7)]);
        assert_eq!(chain[0].frames[0]["context_line"], "return int(amount)");
        assert_eq!(
            (chain[1].kind.as_str(), places(&chain[1])),
            ("shop.ChargeError", vec![("<module>", 12), ("charge", 9)])
        );
        assert_eq!(
            (&chain[1].frames[1]["filename"], &chain[1].frames[1]["abs_path"]),
            (&json!("shop.py"), &json!("/app/shop.py"))
        );
    }

    #[test]
    fn v8_innermost_last() {
        let text = "SyntaxError: Cannot convert 12,90 to a BigInt\n    at BigInt (<anonymous>)\n    \
                    at charge (/app/shop.js:11:10)\n    at async file:///app/main.mjs:3:1\n    at new Shop (node:internal/x:1:2)";
        let [thrown] = &parse(text, "node")[..] else { panic!() };
        assert_eq!(thrown.kind, "SyntaxError");
        assert_eq!(places(thrown), [("new Shop", 1), ("?", 3), ("charge", 11), ("BigInt", 0)]);
        assert_eq!(thrown.frames[1]["abs_path"], "/app/main.mjs");
        assert_eq!(thrown.frames[2]["colno"], 10);
    }

    #[test]
    fn java_with_a_cause() {
        let text = "dev.shop.ChargeException: cart 7\n\tat dev.shop.Checkout.pay(Checkout.java:42)\n\t\
                    at java.base/java.lang.Thread.run(Thread.java:840)\nCaused by: java.lang.NumberFormatException: 12,90\n\t\
                    at dev.shop.Checkout.parse(Checkout.java:50)\n\t... 2 more\n";
        let chain = parse(text, "java");
        assert_eq!(
            (chain[0].kind.as_str(), places(&chain[0])),
            ("java.lang.NumberFormatException", vec![("parse", 50)])
        );
        assert_eq!(places(&chain[1]), [("run", 840), ("pay", 42)]);
        assert_eq!(chain[1].frames[0]["module"], "java.lang.Thread");
    }

    #[test]
    fn other_texts_have_no_frames() {
        for (text, platform) in
            [("goroutine 1 [running]:", "go"), ("", "python"), ("nonsense\n\nat (", "node"), ("at )", "java")]
        {
            let chain = parse(text, platform);
            assert_eq!((chain.len(), chain[0].frames.len()), (1, usize::from(platform == "node")), "{text}");
        }
    }
}
