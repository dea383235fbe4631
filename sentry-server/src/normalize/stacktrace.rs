use super::in_app::{self, Origin};
use super::notes::{Notes, Path};
use super::{function_name, text, trim};
use crate::json::{Map, Value};

/// Frames kept of one stack; what is more goes from the middle, since both ends say most.
const MAX_FRAMES: usize = 250;

/// Brings the stack trace of an exception or a thread that was made here into canonical form.
pub(crate) fn stack_of(owner: &mut Map, platform: &str) {
    normalize(owner, platform, &Path::root("stacktrace"), &mut Notes::default());
}

/// Brings `stacktrace` of an exception or a thread into canonical form; removes it if it holds no frame.
///
/// Afterwards every frame has a boolean `in_app` (the client's own in `data.orig_in_app` where it was changed),
/// numbers are numbers, a URL stands in `abs_path` with its path in `filename`, and native functions are short
/// with the full signature in `raw_function`.
pub(super) fn normalize(owner: &mut Map, platform: &str, path: &Path<'_>, notes: &mut Notes) {
    let Some(stacktrace) = owner.get_mut("stacktrace") else { return };
    let path = path.name("stacktrace");
    if let Value::Array(frames) = stacktrace {
        let frames = Value::Array(std::mem::take(frames));
        *stacktrace = Value::Object(Map::from_iter([("frames".to_owned(), frames)]));
    }
    let frames = match stacktrace.get_mut("frames") {
        Some(Value::Array(frames)) => frames,
        _ => {
            if !stacktrace.is_null() {
                notes.invalid(&path, None, "expected an object with a list of frames");
            }
            owner.remove("stacktrace");
            return;
        }
    };
    let path = path.name("frames");
    frames.retain(|frame| frame.as_object().is_some_and(says_something));
    if frames.len() > MAX_FRAMES {
        notes.cut_items(&path, frames.len());
        frames.drain(MAX_FRAMES / 2..frames.len() - MAX_FRAMES / 2);
    }
    for (index, frame) in frames.iter_mut().enumerate() {
        if let Value::Object(frame) = frame {
            one(frame, platform, &path.index(index), notes);
        }
    }
    if frames.is_empty() {
        owner.remove("stacktrace");
    }
}

fn says_something(frame: &Map) -> bool {
    ["function", "filename", "abs_path", "module", "instruction_addr", "raw_function"]
        .iter()
        .any(|key| frame.get(*key).is_some_and(|value| !value.is_null()))
}

fn one(frame: &mut Map, event_platform: &str, path: &Path<'_>, notes: &mut Notes) {
    text::drop_nulls(frame);
    // Nearly every frame is as it should be: one look at all of it tells.
    if frame.iter().any(|(key, value)| is_odd(key, value)) {
        mend(frame);
    }
    paths(frame);
    code(frame, path, notes);
    if let Some(Value::Object(vars)) = frame.get_mut("vars") {
        trim::map(vars, trim::FRAME_VARS, &path.name("vars"), notes);
    }
    let own = frame.get("platform").and_then(Value::as_str).map(str::to_owned);
    let platform = own.as_deref().unwrap_or(event_platform);
    short_function(frame, platform);
    mark(frame, platform);
}

/// Whether a field has another shape than it should have.
fn is_odd(key: &str, value: &Value) -> bool {
    match key {
        "function" | "raw_function" | "filename" | "abs_path" | "module" | "package" | "context_line"
        | "platform" => !value.is_string(),
        "lineno" | "colno" => !value.is_u64(),
        _ => false,
    }
}

fn mend(frame: &mut Map) {
    for key in
        ["function", "raw_function", "filename", "abs_path", "module", "package", "context_line", "platform"]
    {
        if let Some(value) = frame.get(key).filter(|value| !value.is_string()) {
            match text::scalar(value) {
                Some(text) => frame.insert(key.into(), text.into()),
                None => frame.remove(key),
            };
        }
    }
    for key in ["lineno", "colno"] {
        if let Some(value) = frame.get_mut(key).filter(|value| !value.is_u64()) {
            match value.as_str().and_then(|text| text.trim().parse::<u64>().ok()) {
                Some(number) => *value = number.into(),
                None => {
                    frame.remove(key);
                }
            }
        }
    }
}

/// A URL belongs into `abs_path`; `filename` is then its path. Neither is left empty if the other is known.
fn paths(frame: &mut Map) {
    let filename = text::trimmed_str(frame.get("filename"));
    let abs_path = text::trimmed_str(frame.get("abs_path"));
    match (filename, abs_path) {
        (Some(filename), absolute) if is_url(filename) => {
            let short = url_path(filename).to_owned();
            if absolute.is_none() {
                let url = filename.to_owned();
                frame.insert("abs_path".into(), url.into());
            }
            frame.insert("filename".into(), short.into());
        }
        (None, Some(absolute)) => {
            let short = if is_url(absolute) { url_path(absolute) } else { absolute };
            let short = short.to_owned();
            frame.insert("filename".into(), short.into());
        }
        _ => {}
    }
}

/// Whether a path has an origin that names a host or a page, not a file.
pub(crate) fn is_url(path: &str) -> bool {
    path.split_once(':').is_some_and(|(scheme, rest)| {
        matches!(scheme, "http" | "https" | "applewebdata" | "blob")
            && (rest.starts_with("//") || scheme == "blob")
    })
}

fn url_path(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

fn code(frame: &mut Map, path: &Path<'_>, notes: &mut Notes) {
    trim::text(frame, "context_line", trim::CODE_LINE, path, notes);
    for key in ["pre_context", "post_context"] {
        match frame.get_mut(key) {
            Some(Value::Array(lines)) => {
                for line in lines {
                    match line {
                        Value::String(line) => trim::cut_text(line, trim::CODE_LINE, &path.name(key), notes),
                        // A line must stay, or the numbers of the others would shift.
                        other => *other = "".into(),
                    }
                }
            }
            Some(_) => {
                frame.remove(key);
            }
            None => {}
        }
    }
}

fn short_function(frame: &mut Map, platform: &str) {
    if !function_name::applies_to(platform) {
        return;
    }
    let Some(Value::String(raw)) = frame.get("function") else { return };
    if let Some(short) = function_name::shortened(raw) {
        let raw = raw.clone();
        frame.insert("function".into(), short.into());
        frame.entry("raw_function").or_insert(raw.into());
    }
}

/// What a frame is after its address was looked up: a short name, with the full one in `raw_function`, and `in_app` as the
/// client or the customs had it, unless the name or the path now tells that it cannot be.
pub(crate) fn resolved_frame(frame: &mut Map, platform: &str) {
    short_function(frame, platform);
    let function = frame.get("raw_function").or(frame.get("function"));
    if function.and_then(Value::as_str).is_some_and(in_app::is_entry) {
        frame.insert("in_app".into(), false.into());
    }
    mark(frame, platform);
}

fn mark(frame: &mut Map, platform: &str) {
    let mut origin = Origin { platform, function: "", module: "", package: "", path: "" };
    let (mut raw_function, mut abs_path, mut given) = (None, None, None);
    for (key, value) in frame.iter() {
        let text = || value.as_str().unwrap_or("");
        match key.as_str() {
            "function" => origin.function = text(),
            "raw_function" => raw_function = value.as_str(),
            "module" => origin.module = text(),
            "package" => origin.package = text(),
            "filename" => origin.path = text(),
            "abs_path" => abs_path = Some(text()),
            "in_app" => given = value.as_bool(),
            _ => {}
        }
    }
    origin.function = raw_function.unwrap_or(origin.function);
    origin.path = abs_path.unwrap_or(origin.path);
    let in_app = match given {
        Some(true) => !in_app::is_never_app(&origin),
        Some(false) => false,
        None => !in_app::is_library(&origin),
    };
    if given != Some(in_app) {
        frame.insert("in_app".into(), in_app.into());
    }
    if given.is_some_and(|given| given != in_app) {
        let data = frame.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(data) = data {
            data.insert("orig_in_app".into(), true.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn frames(platform: &str, frames: Value) -> Value {
        let Value::Object(mut owner) = json!({"stacktrace": {"frames": frames}}) else { panic!() };
        normalize(&mut owner, platform, &Path::root("exception"), &mut Notes::default());
        owner.remove("stacktrace").unwrap_or_default()["frames"].take()
    }

    #[test]
    fn fields_are_mended() {
        let got = frames(
            "python",
            json!([7, {}, {"function": "f", "module": null, "lineno": "12", "colno": -1, "vars": null}]),
        );
        assert_eq!(got, json!([{"function": "f", "lineno": 12, "in_app": true}]));
        assert_eq!(frames("python", json!([{"lineno": 3}])), Value::Null);
    }

    #[test]
    fn urls_move_to_the_absolute_path() {
        let got = frames(
            "javascript",
            json!([{"filename": "https://shop.example/static/app.js?v=3", "function": "f"}]),
        );
        assert_eq!(got[0]["filename"], "/static/app.js");
        assert_eq!(got[0]["abs_path"], "https://shop.example/static/app.js?v=3");
        assert!(is_url("blob:https://x/1"));
        assert!(!is_url("file:///x.js"));
        assert_eq!(url_path("https://host"), "/");
    }

    #[test]
    fn native_functions_are_shortened_and_machinery_leaves_the_app() {
        let got = frames(
            "native",
            json!([
                {"function": "shop::main::h0123456789abcdef", "in_app": true},
                {"function": "std::panicking::panic_handler", "abs_path": "/rustc/5980/library/std/src/panicking.rs", "in_app": true},
            ]),
        );
        assert_eq!(
            got[0],
            json!({"function": "shop::main", "in_app": true, "raw_function": "shop::main::h0123456789abcdef"})
        );
        assert_eq!((&got[1]["in_app"], &got[1]["data"]["orig_in_app"]), (&json!(false), &json!(true)));
    }

    #[test]
    fn the_middle_of_an_endless_stack_goes() {
        let many: Vec<Value> = (0..999).map(|n| json!({"function": format!("f{n}")})).collect();
        let got = frames("python", json!(many));
        let got = got.as_array().unwrap();
        assert_eq!(
            (got.len(), &got[0]["function"], &got[249]["function"]),
            (250, &json!("f0"), &json!("f998"))
        );
    }
}
