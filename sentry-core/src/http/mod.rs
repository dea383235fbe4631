//! What requests mean, whatever framework answers or makes them: data, names, breadcrumbs.

mod address;
mod body;
mod exchange;
mod incoming;
mod outgoing;

pub use self::body::{BodyPlace, BodyTee, RequestBody};
pub use self::exchange::{Exchange, RequestHead};
pub use self::incoming::IncomingRequest;
pub use self::outgoing::OutgoingRequest;
