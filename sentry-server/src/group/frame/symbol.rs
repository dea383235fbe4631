//! Names as they count for grouping, by language.

/// The part of a function's name that counts, or why it does not.
pub(super) fn function(name: &str, platform: &str) -> Result<String, &'static str> {
    match platform {
        "javascript" | "node" => javascript(name),
        "ruby" => Ok(ruby(name)),
        "php" => php(name),
        "java" if name.starts_with("lambda$") => Err("a lambda's number"),
        "native" | "rust" | "c" | "cocoa" | "objc" | "swift" => native(name),
        _ => Ok(name.to_owned()),
    }
}

/// Whether a JavaScript engine gave the function a name.
pub(super) fn is_named_js(name: &str) -> bool {
    !matches!(name, "" | "?" | "<anonymous>" | "<anonymous function>" | "Anonymous function" | "anonymous")
        && !name.ends_with("/<")
}

/// What generators number in class names is replaced by a mark.
pub(super) fn java_module(module: &str) -> String {
    const REFLECTION: [&str; 3] = [
        "GeneratedMethodAccessor",
        "GeneratedConstructorAccessor",
        "GeneratedSerializationConstructorAccessor",
    ];
    for accessor in REFLECTION {
        if let Some(at) = module.find(accessor)
            && module[..at].ends_with("reflect.")
        {
            return format!("{}<auto>", &module[..at + accessor.len()]);
        }
    }
    const CUTS: [&str; 7] = [
        "$$EnhancerBy",
        "$$FastClassBy",
        "$$SpringCGLIB$$",
        "$HibernateProxy$",
        "_$$_jvst",
        "_$$_javassist_",
        "$$CGLIB$$",
    ];
    // File names arrive in lower case.
    let lower = module.to_lowercase();
    for cut in CUTS {
        if lower.len() == module.len()
            && let Some(at) = lower.find(&cut.to_lowercase())
            && module.is_char_boundary(at)
        {
            return format!("{}{}<auto>", &module[..at], cut);
        }
    }
    clojure(module)
}

/// `core$handler$fn__1234` becomes `core$handler$fn__<auto>`.
fn clojure(module: &str) -> String {
    let mut parts = module.split("$fn__");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(if digits > 0 { "$fn__<auto>" } else { "$fn__" });
        out.push_str(&part[digits..]);
    }
    out
}

fn javascript(name: &str) -> Result<String, &'static str> {
    if !is_named_js(name) {
        return Err("no name");
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    if is_named_js(last) { Ok(last.to_owned()) } else { Err("no name") }
}

fn ruby(name: &str) -> String {
    if name.starts_with("block ") {
        return "block".into();
    }
    // ERB templates: `_app_views_cart_html_erb__4218937_1234`.
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if let Some((head, tail)) = name.rsplit_once("__")
        && tail.trim_start_matches('_').split('_').all(is_number)
    {
        return head.to_owned();
    }
    name.to_owned()
}

fn php(name: &str) -> Result<String, &'static str> {
    if name.starts_with("[Anonymous") {
        return Err("anonymous");
    }
    if name.starts_with("class@anonymous") {
        return name.rsplit_once("::").map(|(_, method)| method.to_owned()).ok_or("anonymous");
    }
    // `{closure:/app/cart.php:12}` carries a path and a line.
    if name.starts_with("{closure") || name.contains("\\{closure") {
        return Ok("{closure}".into());
    }
    Ok(name.to_owned())
}

fn native(name: &str) -> Result<String, &'static str> {
    if matches!(name, "<redacted>" | "<unknown>" | "<unknown module>") {
        return Err("unknown symbol");
    }
    if name.starts_with("at /") || name.starts_with("0x") {
        return Err("not a symbol");
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javascript_keeps_the_last_segment() {
        assert_eq!(function("Object.exports.render", "node").as_deref(), Ok("render"));
        for none in ["?", "<anonymous>", "foo/<", "a.<anonymous>", "Anonymous function"] {
            assert!(function(none, "javascript").is_err(), "{none}");
        }
    }

    #[test]
    fn generated_names_lose_their_numbers() {
        assert_eq!(function("block (2 levels) in run", "ruby").as_deref(), Ok("block"));
        assert_eq!(
            function("_app_views_cart_html_erb__4218937_1234", "ruby").as_deref(),
            Ok("_app_views_cart_html_erb")
        );
        assert_eq!(
            function("_app_views_cart_html_erb___4218937_1234", "ruby").as_deref(),
            Ok("_app_views_cart_html_erb_")
        );
        assert_eq!(function("class@anonymous\u{0}/app/a.php:3::run", "php").as_deref(), Ok("run"));
        assert!(function("class@anonymous\u{0}/app/a.php", "php").is_err());
        assert!(function("lambda$add$0", "java").is_err());
        assert!(function("<redacted>", "cocoa").is_err());
        assert_eq!(
            java_module("sun.reflect.GeneratedMethodAccessor123"),
            "sun.reflect.GeneratedMethodAccessor<auto>"
        );
        assert_eq!(
            java_module("com.shop.Cart$$EnhancerBySpringCGLIB$$1ebd5f32"),
            "com.shop.Cart$$EnhancerBy<auto>"
        );
        assert_eq!(java_module("core$handler$fn__1234$x"), "core$handler$fn__<auto>$x");
        assert_eq!(java_module("com.shop.Cart"), "com.shop.Cart");
    }
}
