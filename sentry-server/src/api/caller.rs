//! Who calls: a token in `Authorization: Bearer`, or the session cookie of the page.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::{self, Scopes};
use crate::error::ApiError;
use crate::store::{Holder, OrgId, Role, Store, StoreError, TokenOwner, UserId};

/// The name of the session cookie.
pub(super) const COOKIE: &str = "watchpost_session";

/// A caller whose credentials were checked; handlers find it in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Nobody in particular when an organisation's own token is used.
    pub(super) holder: Option<Holder>,
    /// What the credential allows, whatever the role.
    pub(super) scopes: Scopes,
    /// The organisations that the credential opens; without a role where it is the organisation's own token.
    memberships: Vec<(OrgId, Option<Role>)>,
}

impl Caller {
    fn person(store: &dyn Store, holder: Holder, scopes: Scopes) -> Result<Self, StoreError> {
        let memberships = store.memberships(holder.id)?;
        let memberships = memberships.into_iter().map(|(org, role)| (org, Some(role))).collect();
        Ok(Self { holder: Some(holder), scopes, memberships })
    }

    /// What may be done in an organisation; `None` where the caller does not belong.
    pub(super) fn scopes_in(&self, org: OrgId) -> Option<Scopes> {
        let (_, role) = self.memberships.iter().find(|(own, _)| *own == org)?;
        Some(match role {
            Some(role) => self.scopes.and(&Scopes::of_role(*role)),
            None => self.scopes.clone(),
        })
    }

    /// The caller's role, if a person called.
    pub(super) fn role_in(&self, org: OrgId) -> Option<Role> {
        self.memberships.iter().find(|(own, _)| *own == org)?.1
    }

    pub(super) fn belongs_to(&self, org: OrgId) -> bool {
        self.memberships.iter().any(|(own, _)| *own == org)
    }

    /// Everything that may be done in any of the caller's organisations.
    pub(super) fn scope_names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self
            .memberships
            .iter()
            .filter_map(|(org, _)| self.scopes_in(*org))
            .flat_map(|scopes| scopes.names())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The person who calls.
    ///
    /// # Errors
    /// 403 for an organisation's own token.
    pub(super) fn user(&self) -> Result<UserId, ApiError> {
        let holder = self.holder.as_ref();
        holder.map(|holder| holder.id).ok_or_else(|| {
            ApiError::Forbidden("Only a person can do this, not an organization's token.".to_owned())
        })
    }
}

/// Lets known callers through.
pub(super) async fn require(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match identify(&app, request.method(), request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            let mut response = next.run(request).await;
            let headers = response.headers_mut();
            headers.entry(header::CACHE_CONTROL).or_insert(header::HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, method: &Method, headers: &HeaderMap) -> Result<Caller, ApiError> {
    if let Some(token) = bearer(headers) {
        let hash = auth::fingerprint(token);
        let caller = app.with_store(move |store| by_token(store, &hash)).await?;
        return caller.ok_or(ApiError::Unauthorized("Unknown token."));
    }
    let Some(session) = cookie(headers) else {
        return Err(ApiError::Unauthorized("Log in, or send `Authorization: Bearer <token>`."));
    };
    let (hash, now) = (auth::fingerprint(session), app.now());
    let caller = app.with_store(move |store| match store.session_holder(&hash, now)? {
        Some(holder) => Caller::person(store, holder, Scopes::All).map(Some),
        None => Ok(None),
    });
    let caller = caller.await?.ok_or(ApiError::Unauthorized("The session is over; log in again."))?;
    if is_write(method) && !from_our_page(headers) {
        return Err(ApiError::Forbidden(
            "Send the header X-Watchpost-Request: 1 with calls that change something.".to_owned(),
        ));
    }
    Ok(caller)
}

fn by_token(store: &dyn Store, hash: &[u8; 32]) -> Result<Option<Caller>, StoreError> {
    let Some(token) = store.token(hash)? else { return Ok(None) };
    let scopes = Scopes::parse(&token.scopes).map_err(|error| StoreError::new("a token's scopes", error))?;
    match token.owner {
        TokenOwner::User(id) => {
            let Some(username) = store.user_name(id)? else { return Ok(None) };
            Caller::person(store, Holder { id, username }, scopes).map(Some)
        }
        TokenOwner::Org(org) => Ok(Some(Caller { holder: None, scopes, memberships: vec![(org, None)] })),
    }
}

/// The session's secret, if the request has one.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A form on another site can neither set a header of its own nor send this content type without being asked.
fn from_our_page(headers: &HeaderMap) -> bool {
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("application/json"));
    json || headers.contains_key("x-watchpost-request")
}
