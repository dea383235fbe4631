//! What a request means, for every framework: servers go through an [`Exchange`], clients through a [`Call`].

#[cfg(feature = "reqwest")]
mod call;
#[cfg(any(feature = "actix-web", feature = "tower"))]
mod exchange;
#[cfg(any(feature = "actix-web", feature = "tower"))]
mod kept;

#[cfg(feature = "reqwest")]
pub(super) use self::call::Call;
#[cfg(any(feature = "actix-web", feature = "tower"))]
pub(super) use self::exchange::{Exchange, Head};
