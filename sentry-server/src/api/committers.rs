//! Who may have broken it: commits of an event's release that touched files of its stack trace.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::answers;
use super::guard::Guard;
use super::routes::Routes;
use super::scope::InProject;
use super::{events, members};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::rfc3339;
use crate::store::{CodeMapping, Commit, OrgId, ProjectScope, Store, StoreError, StoredEvent};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/projects/{org}/{project}/events/{event}/committers/";
    routes
        .get(at, Guard::Event, "Lists commits that may have brought an event about", list)
        .answers(answers::events::COMMITTERS);
}

async fn list(
    State(app): State<App>,
    at: InProject,
    Path((_, _, event)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (event, _) = events::find(&app, &at, &event).await?;
    let (org, now_members) = (at.found.org.id, members::all(&app, &at.found).await?);
    let found = app.with_store(move |store| suspects(store, org, &event)).await?;
    let mut committers: Vec<(Option<String>, Value)> = Vec::new();
    for suspect in &found {
        let email = suspect.commit.author_email.clone();
        let shape = suspect.shape();
        if let Some((_, known)) = committers.iter_mut().find(|(known, _)| *known == email) {
            if let Some(commits) = known["commits"].as_array_mut() {
                commits.push(shape);
            }
            continue;
        }
        let is_author = |name: &str| email.as_deref().is_some_and(|email| name.eq_ignore_ascii_case(email));
        let member = now_members.iter().find(|member| is_author(&member.username));
        let author = json!({
            "id": member.map(|member| member.user.to_string()),
            "name": suspect.commit.author_name,
            "email": email,
        });
        committers.push((email, json!({ "author": author, "commits": [shape] })));
    }
    let committers: Vec<Value> = committers.into_iter().map(|(_, committer)| committer).collect();
    Ok(Json(json!({ "committers": committers })))
}

/// Owners to suggest for an issue: members who wrote suspect commits, the likeliest first.
pub(super) fn owners(store: &dyn Store, org: OrgId, event: &StoredEvent) -> Result<Vec<Value>, StoreError> {
    let members = store.members(org)?;
    let mut owners: Vec<Value> = Vec::new();
    for suspect in suspects(store, org, event)? {
        let Some(email) = &suspect.commit.author_email else { continue };
        let Some(member) = members.iter().find(|member| member.username.eq_ignore_ascii_case(email)) else {
            continue;
        };
        let owner = format!("user:{}", member.user);
        if owners.iter().all(|known| known["owner"] != owner.as_str()) {
            owners.push(json!({
                "type": "suspectCommit",
                "owner": owner,
                "date_added": suspect.commit.committed.map(rfc3339),
            }));
        }
    }
    Ok(owners)
}

/// A commit that touched a file of the stack trace.
struct Suspect {
    commit: Commit,
    release: String,
    path: String,
    /// How many trailing parts of the path agree.
    parts: usize,
    /// Frames between it and the crash.
    distance: usize,
}

impl Suspect {
    fn shape(&self) -> Value {
        json!({
            "id": self.commit.sha,
            "message": self.commit.message,
            "dateCreated": self.commit.committed.map(rfc3339),
            "repository": { "name": self.commit.repository },
            "release": self.release,
            "path": self.path,
            "score": self.parts,
            "suspectCommitType": "via commit in release",
        })
    }
}

/// The likeliest first: those of the frame nearest to the crash, whose paths agree most, and the newest.
fn suspects(store: &dyn Store, org: OrgId, event: &StoredEvent) -> Result<Vec<Suspect>, StoreError> {
    let body: Map<String, Value> =
        event.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let mappings = store.code_mappings(&ProjectScope::new([event.project]))?;
    let paths: Vec<Source> = paths(&body).into_iter().map(|path| Source::of(path, &mappings)).collect();
    let Some(version) = body.get("release").and_then(Value::as_str).filter(|_| !paths.is_empty()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut left = MAX_COMMITS;
    let mut next = store.release(org, version)?;
    for _ in 0..MAX_RELEASES {
        let Some(release) = next else { break };
        if release.commits > 0 {
            for commit in store.commits(release.id)?.into_iter().take(left) {
                left -= 1;
                found.extend(suspect(commit, &release.version, &paths));
            }
        }
        if left == 0 {
            break;
        }
        next = store.previous_with_commits(org, &release)?;
    }
    found.sort_by(|a, b| {
        let key = |one: &Suspect| (one.distance, std::cmp::Reverse((one.parts, one.commit.committed)));
        key(a).cmp(&key(b))
    });
    found.truncate(MAX_SUSPECTS);
    Ok(found)
}

/// A file of a stack trace, and what a code mapping says that it is in a repository.
struct Source {
    path: String,
    mapped: Option<(String, String)>,
}

impl Source {
    /// The mapping whose root is the longest counts; one without any says only which repository it is.
    fn of(path: String, mappings: &[CodeMapping]) -> Self {
        let fits =
            mappings.iter().filter_map(|mapping| Some((mapping, path.strip_prefix(&mapping.stack_root)?)));
        let best = fits.max_by_key(|(mapping, _)| mapping.stack_root.len());
        let mapped = best
            .map(|(mapping, rest)| (mapping.repository.clone(), format!("{}{rest}", mapping.source_root)));
        Self { path, mapped }
    }

    fn in_repository(&self, name: Option<&str>) -> &str {
        match &self.mapped {
            Some((repository, path)) if name.is_none_or(|name| name == repository) => path,
            _ => &self.path,
        }
    }
}

fn suspect(commit: Commit, release: &str, paths: &[Source]) -> Option<Suspect> {
    let files: Vec<Value> = serde_json::from_str(commit.patch_set.as_deref()?).ok()?;
    let files: Vec<&str> = files.iter().filter_map(|file| file.get("path")?.as_str()).collect();
    let (distance, path, parts) = paths.iter().enumerate().find_map(|(distance, path)| {
        let path = path.in_repository(commit.repository.as_deref());
        let best = files.iter().filter_map(|file| Some((*file, agree(path, file)?)));
        best.max_by_key(|(_, parts)| *parts).map(|(file, parts)| (distance, file.to_owned(), parts))
    })?;
    Some(Suspect { commit, release: release.to_owned(), path, parts, distance })
}

/// How many trailing parts of two paths agree; `None` unless it is two, or all of the shorter one.
fn agree(one: &str, other: &str) -> Option<usize> {
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
        parts.map(str::to_lowercase).collect()
    };
    let (one, other) = (parts(one), parts(other));
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    (same >= 2 || (same > 0 && same == one.len().min(other.len()))).then_some(same)
}

/// Files of the application's frames, the one nearest to the crash first, each once.
fn paths(body: &Map<String, Value>) -> Vec<String> {
    let list = |holder: &str| body.get(holder).and_then(|holder| holder.get("values")?.as_array());
    let frames =
        |owner: &Value| owner.get("stacktrace").and_then(|stack| stack.get("frames")?.as_array().cloned());
    let all = list("exception").and_then(|all| all.iter().rev().find_map(frames));
    let all = all.or_else(|| list("threads")?.iter().find_map(frames)).unwrap_or_default();
    let mut paths: Vec<String> = Vec::new();
    for frame in all.iter().rev().filter(|frame| frame["in_app"] == true) {
        let text = |key: &str| frame.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(path) = text("filename").or(text("abs_path")) else { continue };
        // Java has the folders in the module, and only the name of the file.
        let path = match text("module") {
            Some(module) if path.ends_with(".java") || path.ends_with(".kt") => match module.rsplit_once('.')
            {
                Some((package, _)) => format!("{}/{path}", package.replace('.', "/")),
                None => path.to_owned(),
            },
            _ => path.split(['?', '#']).next().unwrap_or(path).to_owned(),
        };
        if !paths.contains(&path) {
            paths.push(path);
        }
        if paths.len() == MAX_FRAMES {
            break;
        }
    }
    paths
}

const MAX_FRAMES: usize = 25;
const MAX_RELEASES: usize = 5;
const MAX_COMMITS: usize = 1_000;
const MAX_SUSPECTS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_agree_by_their_ends() {
        for (one, other, wanted) in [
            ("shop/cart.py", "src/shop/cart.py", Some(2)),
            ("/srv/app/shop/cart.py", "shop/cart.py", Some(2)),
            ("cart.py", "shop/cart.py", Some(1)),
            ("C:\\app\\Shop\\Cart.cs", "src/shop/cart.cs", Some(2)),
            ("./src/index.js", "src/index.js", Some(2)),
            ("shop/models.py", "blog/models.py", None),
            ("shop/cart.py", "shop/pay.py", None),
            ("", "a", None),
        ] {
            assert_eq!(agree(one, other), wanted, "{one} {other}");
        }
    }

    #[test]
    fn mappings_say_where_a_file_lies() {
        let mapping = |stack_root: &str, source_root: &str| CodeMapping {
            id: 1,
            project: 1,
            repository: "acme/shop".to_owned(),
            stack_root: stack_root.to_owned(),
            source_root: source_root.to_owned(),
            branch: "main".to_owned(),
            created: 0,
        };
        let mappings = [mapping("", "x/"), mapping("app/", "services/shop/src/")];
        let source = Source::of("app/cart.py".to_owned(), &mappings);
        assert_eq!(source.in_repository(Some("acme/shop")), "services/shop/src/cart.py");
        assert_eq!(source.in_repository(None), "services/shop/src/cart.py");
        assert_eq!(source.in_repository(Some("acme/other")), "app/cart.py");
        assert_eq!(Source::of("b.py".to_owned(), &mappings).in_repository(None), "x/b.py");
        assert_eq!(Source::of("b.py".to_owned(), &[]).in_repository(None), "b.py");
    }

    #[test]
    fn java_files_lie_in_their_packages() {
        let body = json!({"exception": {"values": [{"stacktrace": {"frames": [
            {"module": "com.shop.Main", "filename": "Main.java", "in_app": true},
            {"module": "java.lang.Thread", "filename": "Thread.java", "in_app": false},
            {"module": "com.shop.cart.Cart", "filename": "Cart.java", "in_app": true}]}}]}});
        let Value::Object(body) = body else { unreachable!() };
        assert_eq!(paths(&body), ["com/shop/cart/Cart.java", "com/shop/Main.java"]);
    }
}
