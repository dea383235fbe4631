//! What a data folder needs before it is useful: organisation, project, key, token, administrator.

use std::path::Path;

use serde::Serialize;
use watchpost_core::{Clock as _, SystemClock};

use crate::app::{StartError, open_store};
use crate::auth::{self, Secret};
use crate::instant::{Micros, SECOND};
use crate::store::{
    Access as _, NewProject, NewToken, Organization, Project, Role, Store, StoreError, TokenOwner,
};

/// What the first start made; the secrets are shown once and kept as hashes only.
#[derive(Debug, Serialize)]
pub struct FirstRun {
    /// The organisation's slug.
    pub organization: String,
    /// Where SDKs send to.
    pub project: ProjectAccess,
    /// A token for the API.
    pub token: String,
    /// Who may log in.
    pub admin: AdminAccount,
}

/// A project and the DSN of its key.
#[derive(Debug, Serialize)]
pub struct ProjectAccess {
    /// The number in the DSN.
    pub id: i64,
    /// The name in paths of the API.
    pub slug: String,
    /// What an SDK is initialised with.
    pub dsn: String,
}

/// A user and their password.
#[derive(Debug, Serialize)]
pub struct AdminAccount {
    /// The name to log in with.
    pub username: String,
    /// Shown once.
    pub password: String,
}

/// Makes whatever of organisation, project and administrator is missing. `None` when an administrator exists: this is
/// not the first start.
///
/// # Errors
/// When the data folder cannot be opened or written.
pub fn first_run(data: &Path, public_url: &str) -> Result<Option<FirstRun>, StartError> {
    let store = open_store(data)?;
    let fail = |error| StartError::new("the store", error);
    if store.has_users().map_err(fail)? {
        return Ok(None);
    }
    let org = organization(&store).map_err(fail)?;
    let existing = store.projects(org.id).map_err(fail)?.into_iter().next();
    let project = match existing {
        Some(project) => access(&store, public_url, &project)?,
        None => make_project(&store, &org, public_url, &NewProjectForm::named("default"))?,
    };
    let password = Secret::password().map_err(|error| StartError::new("the system's random bytes", error))?.0;
    let hash = auth::hash_password(&password).map_err(|error| StartError::new("the password hash", error))?;
    let now = SystemClock.now().micros();
    let user = store.create_user(ADMIN, &hash, now).map_err(fail)?;
    store.add_member(org.id, user, Role::Owner, now).map_err(fail)?;
    let token = make_token(&store, user, "first start", "*")?;
    Ok(Some(FirstRun {
        organization: org.slug,
        project,
        token,
        admin: AdminAccount { username: ADMIN.to_owned(), password },
    }))
}

/// Makes a project in a data folder; safe while no server runs, and beside a running one, which finds the new
/// key within a second. With `public_key` (32 hex digits) and `id`, an existing DSN keeps working.
///
/// # Errors
/// When the slug or id is taken or malformed, or the folder cannot be written.
pub fn create_project(
    data: &Path,
    public_url: &str,
    slug: &str,
    platform: Option<String>,
    id: Option<i64>,
    public_key: Option<String>,
) -> Result<ProjectAccess, StartError> {
    let store = open_store(data)?;
    let org = organization(&store).map_err(|error| StartError::new("the store", error))?;
    let form = NewProjectForm { slug: slug.to_owned(), platform, id, public_key };
    make_project(&store, &org, public_url, &form)
}

/// Makes an API token for the administrator, who is made too, without a usable password, if there is none.
///
/// # Errors
/// When the folder cannot be written.
pub fn create_token(data: &Path, label: &str, scopes: &[String]) -> Result<String, StartError> {
    let store = open_store(data)?;
    let fail = |error| StartError::new("the store", error);
    organization(&store).map_err(fail)?;
    let user = match store.user(ADMIN).map_err(fail)? {
        Some(user) => user.id,
        None => {
            let what = "this data folder: it has no administrator yet";
            return Err(StartError::new(what, "start the server once, or run `watchpost-server init`"));
        }
    };
    let scopes = if scopes.is_empty() { "*".to_owned() } else { scopes.join(" ") };
    auth::Scopes::parse(&scopes).map_err(|error| StartError::new("the new token", error))?;
    make_token(&store, user, label, &scopes)
}

/// Makes a token of an organisation, in the form that tells `sentry-cli` the server's address and the organisation.
///
/// # Errors
/// When there is no such organisation, or the folder cannot be written.
pub fn create_org_token(data: &Path, public_url: &str, org: &str, label: &str) -> Result<String, StartError> {
    let store = open_store(data)?;
    let fail = |error| StartError::new("the store", error);
    let found = store.organizations().map_err(fail)?.into_iter().find(|known| known.slug == org);
    let found =
        found.ok_or_else(|| StartError::new(format!("the organization {org}"), "there is no such one"))?;
    let now = SystemClock.now().micros();
    let secret = org_token(public_url, org, now)
        .map_err(|error| StartError::new("the system's random bytes", error))?;
    add_token(&store, TokenOwner::Org(found.id), label, ORG_SCOPES, secret)
}

/// Gives a user a new random password and ends their sessions.
///
/// # Errors
/// When there is no such user, or the folder cannot be written.
pub fn set_password(data: &Path, username: &str) -> Result<AdminAccount, StartError> {
    let store = open_store(data)?;
    let password = Secret::password().map_err(|error| StartError::new("the system's random bytes", error))?.0;
    let hash = auth::hash_password(&password).map_err(|error| StartError::new("the password hash", error))?;
    let known = store.set_password(username, &hash).map_err(|error| StartError::new("the store", error))?;
    if !known {
        return Err(StartError::new(format!("the account {username}"), "there is no such user"));
    }
    Ok(AdminAccount { username: username.to_owned(), password })
}

/// `scheme://key@host/id` below a public URL.
pub(crate) fn dsn(public_url: &str, public_key: &str, project: i64) -> String {
    let base = public_url.trim_end_matches('/');
    match base.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{public_key}@{rest}/{project}"),
        None => format!("http://{public_key}@{base}/{project}"),
    }
}

/// A slug made from a name.
pub(crate) fn slug_of(name: &str) -> String {
    let words = name.to_lowercase();
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Name and slug, each made from the other when it is left out.
///
/// # Errors
/// Says what a slug looks like.
pub(crate) fn names(name: Option<String>, slug: Option<String>) -> Result<(String, String), String> {
    let name = name.or_else(|| slug.clone()).unwrap_or_default();
    let slug = slug.unwrap_or_else(|| slug_of(&name));
    check_slug(&slug)?;
    Ok((name, slug))
}

/// # Errors
/// Says what a slug looks like.
pub(crate) fn check_slug(slug: &str) -> Result<(), String> {
    let ok =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_');
    let numeric = slug.chars().all(|letter| letter.is_ascii_digit());
    if slug.is_empty() || slug.len() > 50 || numeric || !slug.chars().all(ok) {
        return Err(format!(
            "slug {slug:?} must be 1 to 50 lower-case letters, digits, - or _, and not a number; for example my-shop"
        ));
    }
    Ok(())
}

struct NewProjectForm {
    slug: String,
    platform: Option<String>,
    id: Option<i64>,
    public_key: Option<String>,
}

impl NewProjectForm {
    fn named(slug: &str) -> Self {
        Self { slug: slug.to_owned(), platform: None, id: None, public_key: None }
    }
}

fn organization(store: &dyn Store) -> Result<Organization, StoreError> {
    match store.organizations()?.into_iter().next() {
        Some(org) => Ok(org),
        None => store.create_organization("default", "Watchpost", SystemClock.now().micros()),
    }
}

fn make_project(
    store: &dyn Store,
    org: &Organization,
    public_url: &str,
    form: &NewProjectForm,
) -> Result<ProjectAccess, StartError> {
    let refuse = |why: String| StartError::new(format!("the new project {}", form.slug), why);
    check_slug(&form.slug).map_err(refuse)?;
    let public_key = match &form.public_key {
        Some(key) if key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()) => key.clone(),
        Some(_) => return Err(refuse("its key must be 32 hex digits".to_owned())),
        None => Secret::public_key().map_err(|error| StartError::new("the system's random bytes", error))?,
    };
    let project = NewProject {
        id: form.id,
        org: org.id,
        slug: form.slug.clone(),
        name: form.slug.clone(),
        platform: form.platform.clone(),
        public_key: public_key.clone(),
        created: SystemClock.now().micros(),
    };
    let made = store.create_project(&project).map_err(|error| StartError::new("the store", error))?;
    let made = made.ok_or_else(|| refuse("its slug or id is taken".to_owned()))?;
    Ok(ProjectAccess { id: made.id, slug: made.slug, dsn: dsn(public_url, &public_key, made.id) })
}

fn access(store: &dyn Store, public_url: &str, project: &Project) -> Result<ProjectAccess, StartError> {
    let keys = store.client_keys().map_err(|error| StartError::new("the store", error))?;
    let key = keys.iter().find(|key| key.project == project.id && key.active);
    let dsn = key.map(|key| dsn(public_url, &key.public, project.id)).unwrap_or_default();
    Ok(ProjectAccess { id: project.id, slug: project.slug.clone(), dsn })
}

fn make_token(store: &dyn Store, user: i64, label: &str, scopes: &str) -> Result<String, StartError> {
    let secret = Secret::token().map_err(|error| StartError::new("the system's random bytes", error))?;
    add_token(store, TokenOwner::User(user), label, scopes, secret)
}

fn add_token(
    store: &dyn Store,
    owner: TokenOwner,
    label: &str,
    scopes: &str,
    secret: Secret,
) -> Result<String, StartError> {
    let token = NewToken {
        owner,
        label: label.to_owned(),
        scopes: scopes.to_owned(),
        hash: auth::fingerprint(&secret.0),
        tail: Some(secret.tail()),
        created: SystemClock.now().micros(),
    };
    store.add_token(&token).map_err(|error| StartError::new("the store", error))?;
    Ok(secret.0)
}

pub(crate) fn org_token(public_url: &str, org: &str, now: Micros) -> Result<Secret, getrandom::Error> {
    Secret::org_token(public_url.trim_end_matches('/'), org, now as f64 / SECOND as f64)
}

/// What an organisation's token may do: what a build needs.
pub(crate) const ORG_SCOPES: &str = "org:ci";

const ADMIN: &str = "admin";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dsns_keep_port_and_path() {
        assert_eq!(dsn("http://127.0.0.1:8700", "k", 1), "http://k@127.0.0.1:8700/1");
        assert_eq!(dsn("https://h/errors/", "k", 2), "https://k@h/errors/2");
    }

    #[test]
    fn slugs_are_made_and_checked() {
        assert_eq!(slug_of("My Shop (EU)"), "my-shop-eu");
        assert!(check_slug("my-shop_2").is_ok());
        for wrong in ["", "My", "42", "a b", "ä"] {
            assert!(check_slug(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_start_happens_once() {
        let dir = tempfile::tempdir().unwrap();
        assert!(create_token(dir.path(), "x", &[]).is_err());
        let own =
            create_project(dir.path(), "http://h", "own", None, Some(42), Some("0".repeat(32))).unwrap();
        assert_eq!(own.dsn, format!("http://{}@h/42", "0".repeat(32)));
        assert!(create_project(dir.path(), "http://h", "own", None, None, None).is_err());
        let first = first_run(dir.path(), "http://h").unwrap().unwrap();
        assert_eq!((first.project.slug.as_str(), first.admin.username.as_str()), ("own", "admin"));
        assert!(first_run(dir.path(), "http://h").unwrap().is_none());
        assert!(create_token(dir.path(), "x", &["all".to_owned()]).is_err());
        let token = create_token(dir.path(), "x", &[]).unwrap();
        let store = open_store(dir.path()).unwrap();
        assert!(store.token(&auth::fingerprint(&token)).unwrap().is_some());
        assert!(store.token(&auth::fingerprint("sntryu_0")).unwrap().is_none());
        let fresh = set_password(dir.path(), "admin").unwrap();
        let stored = store.user("admin").unwrap().unwrap().password_hash;
        assert!(auth::verify_password(&fresh.password, &stored));
        assert!(!auth::verify_password(&first.admin.password, &stored));
    }
}
