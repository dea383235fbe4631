//! What a request means, for every framework: servers go through an [`Exchange`], clients through a [`Call`].

#[cfg(feature = "tower")]
mod body;
#[cfg(feature = "reqwest")]
mod call;
#[cfg(any(feature = "actix-web", feature = "tower"))]
mod exchange;
#[cfg(any(feature = "actix-web", feature = "tower"))]
mod kept;

#[cfg(feature = "tower")]
pub(super) use self::body::offer_body;
#[cfg(feature = "tower")]
pub use self::body::{RecordedBody, record_body};
#[cfg(feature = "reqwest")]
pub(super) use self::call::Call;
#[cfg(any(feature = "actix-web", feature = "tower"))]
pub(super) use self::exchange::{Exchange, Head};
