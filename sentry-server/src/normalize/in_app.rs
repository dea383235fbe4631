//! Tells an application's own frames from those of its libraries, where the client did not.

use crate::json::Value;

/// Where a frame comes from; absent parts are empty.
pub(super) struct Origin<'a> {
    pub(super) platform: &'a str,
    pub(super) function: &'a str,
    pub(super) module: &'a str,
    pub(super) package: &'a str,
    pub(super) path: &'a str,
}

/// Whether a frame looks like a library, by the platform's customs. An unknown platform has none: all is the app's.
pub(super) fn is_library(origin: &Origin<'_>) -> bool {
    if is_never_app(origin) {
        return true;
    }
    let path = origin.path;
    let has = |parts: &[&str]| parts.iter().any(|part| path.contains(part));
    match origin.platform {
        "python" => {
            has(&["site-packages", "dist-packages", "/lib/python", "\\lib\\"]) || path.starts_with('<')
        }
        "node" | "javascript" => has(&["node_modules/", "-extension://"]) || path.starts_with("internal/"),
        "java" | "kotlin" | "scala" | "groovy" | "android" => starts(origin.module, &JAVA),
        "php" => has(&["/vendor/", "\\vendor\\"]),
        "ruby" => has(&["/gems/", "/lib/ruby/", "/rubygems/"]) || path.starts_with("<internal:"),
        "csharp" | "dotnet" => {
            starts(origin.module, &["System.", "Microsoft.", "MS."]) || origin.module == "System"
        }
        "go" => {
            has(&["/pkg/mod/", "/go/src/", "/vendor/"])
                || matches!(origin.module, "runtime" | "testing" | "net/http")
        }
        "elixir" => origin.path.starts_with("deps/"),
        "dart" => starts(path, &["dart:", "package:flutter/"]),
        "cocoa" | "objc" | "swift" => starts(origin.package, &APPLE),
        "native" | "rust" | "c" => {
            starts(origin.package, &["/lib/", "/lib64/", "/usr/lib", "C:\\Windows", "/System/Library/"])
                || matches!(origin.package, "std" | "core" | "alloc")
                || is_entry(origin.function)
        }
        _ => false,
    }
}

/// Whether a native function is what a process or thread begins with, before the application.
pub(super) fn is_entry(function: &str) -> bool {
    starts(function, &["_start", "__libc_start", "start_thread", "clone3"])
}

/// Whether a frame belongs to an error tracking SDK.
pub(crate) fn is_sdk(frame: &Value) -> bool {
    let text = |key: &str| frame.get(key).and_then(Value::as_str).unwrap_or("");
    let path = if frame.get("abs_path").is_some() { text("abs_path") } else { text("filename") };
    ["node_modules/@sentry/", "node_modules/watchpost/", "-packages/sentry_sdk/", "-packages/watchpost/"]
        .iter()
        .any(|part| path.contains(part))
        || starts(text("module"), &["@sentry", "sentry_sdk.", "io.sentry.", "dev.watchpost."])
        || starts(text("function"), &["sentry_", "sentry::", "watchpost_", "watchpost::"])
}

/// Whether a frame cannot be the application's even if the client says so: the language runtime's own source, the
/// package cache of a compiled language, an SDK's machinery, and what a client failed to parse.
pub(super) fn is_never_app(origin: &Origin<'_>) -> bool {
    match origin.platform {
        "native" | "rust" => {
            ["/rustc/", "/registry/src/", "/.cargo/git/", "/rustlib/src/"].iter().any(|part| origin.path.contains(part))
                || starts(origin.function.trim_start_matches('<'), &RUST)
                // A line of a printed backtrace taken for a function.
                || origin.function.starts_with("at /")
        }
        "node" | "javascript" => {
            origin.path.starts_with("node:")
                || matches!(origin.path, "<anonymous>" | "[native code]" | "native code")
        }
        _ => false,
    }
}

fn starts(text: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| text.starts_with(prefix))
}

const RUST: [&str; 12] = [
    "std::",
    "core::",
    "alloc::",
    "backtrace::",
    "sentry::",
    "sentry_",
    "watchpost::",
    "watchpost_",
    "rust_begin_unwind",
    "__rust_",
    "rust_panic",
    "test::run_test",
];

const APPLE: [&str; 4] = ["/System/Library/", "/usr/lib/", "/Library/Developer/", "/Applications/Xcode"];

const JAVA: [&str; 34] = [
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "org.codehaus.groovy.",
    "clojure.",
    "android.",
    "androidx.",
    "com.android.",
    "dalvik.",
    "libcore.",
    "io.sentry.",
    "dev.watchpost.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.eclipse.jetty.",
    "org.jboss.",
    "org.junit.",
    "io.netty.",
    "io.undertow.",
    "io.ktor.",
    "io.micronaut.",
    "io.quarkus.",
    "reactor.",
    "akka.",
    "com.fasterxml.jackson.",
    "okhttp3.",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn library(platform: &str, module: &str, path: &str) -> bool {
        is_library(&Origin { platform, function: "f", module, package: "", path })
    }

    #[test]
    fn customs_by_platform() {
        assert!(library("python", "flask.app", "/app/venv/lib/python3.11/site-packages/flask/app.py"));
        assert!(!library("python", "shop.cart", "/app/shop/cart.py"));
        assert!(library("node", "", "/app/node_modules/express/lib/router.js"));
        assert!(library("node", "", "node:internal/modules/run_main"));
        assert!(library("java", "java.lang.Thread", ""));
        assert!(!library("java", "com.shop.Cart", ""));
        assert!(library("php", "", "/app/vendor/symfony/a.php"));
        assert!(!library("brainfuck", "java.lang", "/vendor/"));
    }

    #[test]
    fn rust_machinery_is_never_the_app() {
        let never = |function: &str, path: &str| {
            is_never_app(&Origin { platform: "native", function, module: "", package: "", path })
        };
        assert!(never("f", "/rustc/598/library/std/src/panicking.rs"));
        assert!(never("f", "/cargo/registry/src/index.example-1/tokio-1.0.0/src/task.rs"));
        assert!(never("<core::option::Option<T>>::unwrap", ""));
        assert!(never("at /rustc/x/library/std/src/panicking.rs:544:19", ""));
        assert!(!never("shop::payment::charge", "/srv/app/src/payment.rs"));
        assert!(!never("<shop::Cart as core::ops::Drop>::drop", "/srv/app/src/cart.rs"));
    }
}
