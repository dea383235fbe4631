//! Which packages an application was built of, from its `Cargo.lock`.

use std::collections::{HashMap, HashSet, VecDeque};

use watchpost_core::Modules;

/// The packages that the application was built of, for
/// [`ClientOptions::with_modules`](crate::ClientOptions::with_modules): the `Cargo.lock` beside its `Cargo.toml`, or at
/// another place given from there, becomes part of the program. In a workspace that is `modules!("../Cargo.lock")`.
///
/// `Cargo.lock` does not tell what only tests, build scripts or other platforms need: that is listed, too. Read once, where
/// it stands: put it into the options. It costs every event up to 8 KiB, and the capturing thread one copy of them.
///
/// ```
/// # fn main() -> watchpost::Result<()> {
/// use watchpost::ClientOptions;
///
/// let options = ClientOptions::new().with_modules(watchpost::modules!("../Cargo.lock"));
/// let _guard = watchpost::init(options)?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! modules {
    () => {
        $crate::modules!("Cargo.lock")
    };
    ($path:literal) => {
        $crate::modules_of_lock_file(
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)),
            env!("CARGO_PKG_NAME"),
        )
    };
}

/// What `package` needs, by the text of a `Cargo.lock`, itself included; all packages if it is not there. The nearest
/// come first, so that they stay if not all of them fit. [`modules!`](crate::modules) gives it the text.
///
/// ```
/// let lock = r#"
/// [[package]]
/// name = "shop"
/// version = "0.1.0"
/// dependencies = [
///  "serde",
/// ]
///
/// [[package]]
/// name = "serde"
/// version = "1.0.228"
/// "#;
/// assert_eq!(watchpost::modules_of_lock_file(lock, "shop").get("serde"), Some("1.0.228"));
/// ```
pub fn modules_of_lock_file(text: &str, package: &str) -> Modules {
    let packages = parse(text);
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, found) in packages.iter().enumerate() {
        by_name.entry(found.name).or_default().push(place);
    }
    let mut order: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for Package { name, version, .. } in reached(&packages, &by_name, package) {
        let place = *places.entry(name).or_insert_with(|| {
            order.push((name, Vec::new()));
            order.len() - 1
        });
        if let Some((_, versions)) = order.get_mut(place) {
            versions.push(version);
        }
    }
    let joined = order.into_iter().map(|(name, mut versions)| {
        versions.sort_unstable();
        (name, versions.join(", "))
    });
    joined.collect()
}

#[derive(Debug, Default)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    /// The application's own have none.
    source: Option<&'a str>,
    /// Names, with a version and perhaps a source where the name alone is not enough.
    dependencies: Vec<&'a str>,
}

/// The file is written by one program, in one form.
fn parse(text: &str) -> Vec<Package<'_>> {
    let mut packages: Vec<Package<'_>> = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[[package]]";
            if inside {
                packages.push(Package::default());
            }
            continue;
        }
        let Some(package) = packages.last_mut().filter(|_| inside) else { continue };
        match line.split_once(" = ") {
            Some(("name", value)) => package.name = value.trim_matches('"'),
            Some(("version", value)) => package.version = value.trim_matches('"'),
            Some(("source", value)) => package.source = Some(value.trim_matches('"')),
            Some(_) => {}
            None if line.starts_with('"') => {
                package.dependencies.push(line.trim_end_matches(',').trim_matches('"'));
            }
            None => {}
        }
    }
    packages
}

/// The packages that `root` leads to, the nearest first.
fn reached<'p, 'a>(
    packages: &'p [Package<'a>],
    by_name: &HashMap<&str, Vec<usize>>,
    root: &str,
) -> Vec<&'p Package<'a>> {
    let own = by_name.get(root).into_iter().flatten().copied();
    let own = own.min_by_key(|place| packages.get(*place).and_then(|package| package.source).is_some());
    let Some(own) = own else { return packages.iter().collect() };
    let (mut waiting, mut seen, mut found) = (VecDeque::from([own]), HashSet::from([own]), Vec::new());
    while let Some(package) = waiting.pop_front().and_then(|place| packages.get(place)) {
        found.push(package);
        for dependency in &package.dependencies {
            let mut parts = dependency.split(' ');
            let (name, version) = (parts.next().unwrap_or_default(), parts.next());
            let source = parts.next().map(|source| source.trim_matches(['(', ')']));
            for place in by_name.get(name).into_iter().flatten().copied() {
                let fits = packages.get(place).is_some_and(|candidate| {
                    version.is_none_or(|version| version == candidate.version)
                        && source
                            .is_none_or(|source| candidate.source.is_some_and(|own| own.starts_with(source)))
                });
                if fits && seen.insert(place) {
                    waiting.push_back(place);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
# This file is automatically @generated by Cargo.
version = 4

[[package]]
name = "far"
version = "0.3.0"
source = "registry+https://registry.example/index"

[[package]]
name = "near"
version = "1.0.0"
source = "registry+https://registry.example/index"
checksum = "00"
dependencies = [
 "far",
 "twice 2.0.0",
]

[[package]]
name = "shop"
version = "0.1.0"
dependencies = [
 "near",
 "twice 1.0.0 (registry+https://registry.example/index)",
]

[[package]]
name = "other-program"
version = "0.1.0"
dependencies = [
 "unused",
]

[[package]]
name = "twice"
version = "1.0.0"
source = "registry+https://registry.example/index"

[[package]]
name = "twice"
version = "2.0.0"
source = "registry+https://registry.example/index"

[[package]]
name = "twice"
version = "1.0.0"
source = "git+https://git.example/twice#00"

[[package]]
name = "unused"
version = "9.0.0"
source = "registry+https://registry.example/index"

[metadata]
name = "none"
"#;

    fn listed(package: &str) -> Vec<(String, String)> {
        let modules = modules_of_lock_file(LOCK, package);
        modules.iter().map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
    }

    #[test]
    fn what_the_application_needs_and_nothing_else() {
        let expected = [("far", "0.3.0"), ("near", "1.0.0"), ("shop", "0.1.0"), ("twice", "1.0.0, 2.0.0")];
        assert_eq!(listed("shop"), expected.map(|(name, version)| (name.to_owned(), version.to_owned())));
        assert_eq!(listed("far").len(), 1);
        assert_eq!(listed("not-there").len(), 6, "all names of the file");
        assert!(modules_of_lock_file("<<<<<<< ours", "shop").is_empty());
    }

    #[test]
    fn the_nearest_stay_if_not_all_fit() {
        let mut lock = String::new();
        for number in 0..2000 {
            let next = if number < 1999 {
                format!("dependencies = [\n \"p{:04}\",\n]\n", 2998 - number)
            } else {
                String::new()
            };
            lock.push_str(&format!(
                "[[package]]\nname = \"p{:04}\"\nversion = \"1.0.0\"\n{next}\n",
                2999 - number
            ));
        }
        let modules = modules_of_lock_file(&lock, "p2999");
        assert!(modules.len() > 400 && modules.get("p2998").is_some() && modules.get("p1000").is_none());
    }

    #[test]
    fn the_macro_reads_our_own() {
        let modules = crate::modules!("../Cargo.lock");
        assert_eq!(modules.get("watchpost"), Some(env!("CARGO_PKG_VERSION")));
        assert!(modules.get("serde_json").is_some_and(|version| version.starts_with("1.")));
    }
}
